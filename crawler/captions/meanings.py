"""How many synsets a name may mean in a caption, of which nobody says what language it is in."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from synsift.crawler.ontology import LANGUAGES, Concepts, WordNet
from synsift.crawler.queries import Rule, SynsetQuery

_NAMES: Final = frozenset({Rule.SYNONYM, Rule.TRANSLATION})


def in_all_languages(queries: Iterable[SynsetQuery], concepts: Concepts) -> Iterator[SynsetQuery]:
    """Queries whose ambiguity counts the synsets of all languages: Italian ``cane`` is English ``cane``, too."""
    langs = LANGUAGES if isinstance(concepts, WordNet) else ()
    for query in queries:
        if query.rule in _NAMES:
            known = {wnid for lang in langs for wnid in concepts.senses(query.text, lang)}
            yield replace(query, ambiguity=max(query.ambiguity, len(known)))
        else:
            yield query
