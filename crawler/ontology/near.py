"""Names that a misspelt one was probably meant to be."""

import difflib
import re
import string
from collections.abc import Iterable, Iterator
from typing import Final

from synsift.crawler.ontology.base import Concepts, normal
from synsift.crawler.ontology.wordnet import WordNet

_LETTERS: Final = string.ascii_lowercase + " -'"
_WNID_LIKE: Final = re.compile(r"n\d{6,10}")
_SHOWN: Final = 3
# Below, "blue whippet" is taken for "blue white"; above, two slips in one word go unseen.
_ALIKE: Final = 0.84


def near_terms(concepts: Concepts, term: str) -> list[str]:
    """Names or identifiers of an ontology that differ by a slip from a term that it doesn't have; the likeliest first.

    One letter too many, too few, exchanged or wrong is looked up, which costs a millisecond. Only if that gives nothing
    are the names read that begin with the same letter: a tenth of a second in WordNet.
    """
    wanted = term.strip().lower()
    if _WNID_LIKE.fullmatch(wanted):
        found = [edit for edit in _edits(wanted, string.digits) if edit in concepts]
        return sorted(found, key=lambda other: sorted(other) != sorted(wanted))[:_SHOWN]
    name = normal(term)
    found = list({normal(edit): edit for edit in _edits(name, _LETTERS) if concepts.senses(edit)})
    if not found:
        found = difflib.get_close_matches(name, _beginning_with(_names(concepts), name[:1]), _SHOWN, _ALIKE)
    return sorted(found, key=lambda other: -difflib.SequenceMatcher(None, name, other).ratio())[:_SHOWN]


def _names(concepts: Concepts) -> Iterable[str]:
    if isinstance(concepts, WordNet):
        return concepts.names()
    return (normal(lemma) for wnid in concepts for lemma in concepts.get(wnid).lemmas)


def _beginning_with(names: Iterable[str], letter: str) -> list[str]:
    return sorted({name for name in names if name.startswith(letter)})


def _edits(word: str, letters: str) -> Iterator[str]:
    """Every word at a distance of one slip (Damerau), each once."""
    seen = {word}
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        edits = [head + tail[1:], head + tail[1:2] + tail[:1] + tail[2:]] if tail else []
        edits += [head + letter + tail[1:] for letter in letters] if tail else []
        edits += [head + letter + tail for letter in letters]
        for edit in edits:
            if edit and edit not in seen:
                seen.add(edit)
                yield edit
