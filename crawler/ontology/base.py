"""Concepts and how they hang together: what every ontology offers, wherever it comes from.

    entity ◀── … ◀── canine ◀── dog ◀── hound ◀── greyhound ◀── whippet
                                 ▲ several parents are possible: a directed graph without cycles

An ontology is a ``Concepts``: look-ups by identifier and by name. What follows from the graph is in ``graph``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol


@dataclass(frozen=True, slots=True)
class Synset:
    """A concept.

    Attributes:
        wnid: Its identifier: ``n`` and 8 digits in WordNet, any identifier elsewhere.
        lemmas: Its names in English, the usual first.
        definition: What it is, without examples.
        examples: Sentences that use a name of it.
        parents: Identifiers of its hypernyms, then of what it is an instance of.
        instance_of: Those of ``parents`` that it is an instance of, as Paris is of a city.
        children: Identifiers of its hyponyms and instances.
    """

    wnid: str
    lemmas: tuple[str, ...]
    definition: str = ""
    examples: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    instance_of: tuple[str, ...] = ()
    children: tuple[str, ...] = ()


class Concepts(Protocol):
    """An ontology."""

    def __contains__(self, wnid: object) -> bool:
        """Whether there is a concept of that identifier."""

    def __iter__(self) -> Iterator[str]:
        """All identifiers, always in the same order."""

    def get(self, wnid: str) -> Synset:
        """The concept of an identifier. ``KeyError`` if there is none."""

    def senses(self, lemma: str, lang: str = "en") -> Sequence[str]:
        """Identifiers of all concepts of a name, the usual sense first. Case and underscores don't matter."""

    def translations(self, wnid: str, lang: str) -> Sequence[str]:
        """Names of a concept in a language, ISO 639-1."""


_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_identifier(text: str) -> bool:
    """Whether a text can name a synset: it becomes a key and a part of object names."""
    return _ID.fullmatch(text) is not None


def tidy(lemma: str) -> str:
    """A name as it is written: single spaces, no underscores."""
    return " ".join(lemma.replace("_", " ").split())


def normal(lemma: str) -> str:
    """A name as it is looked up: tidy, in lower case."""
    return tidy(lemma).lower()
