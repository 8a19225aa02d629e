"""Names of living things: what iNaturalist and GBIF have a use for."""

import re
from typing import Final

from synsift.crawler.queries import Rule, SynsetQuery

_BINOMIAL: Final = re.compile(r"[A-Z][a-z]+(?:-[a-z]+)? [a-z]+(?:-[a-z]+)?(?: [a-z]+(?:-[a-z]+)?)?", re.ASCII)
_NO_SPECIES: Final = frozenset(
    {"genus", "family", "order", "class", "phylum", "species", "of", "the", "and", "de", "du"}
)


def is_scientific_name(text: str) -> bool:
    """Whether a text is a binomial or trinomial such as ``Canis lupus familiaris``."""
    return _BINOMIAL.fullmatch(text) is not None and not _NO_SPECIES & set(text.lower().split())


def is_of_species(query: SynsetQuery) -> bool:
    """Whether a query is a synset's name, and a scientific one."""
    return query.rule in (Rule.SYNONYM, Rule.GIVEN) and is_scientific_name(query.text)
