"""Two images that stand under two synsets: their name, and what the synsets are to each other. Pure.

the same picture, or a copy ──┬─ one synset is above the other ─▶ linked: both labels may be right
                              └─ neither is ───────────────────▶ a conflict: one of them is probably wrong

A pair is named by its two images and their synsets, so that a vote on it can name it later, whoever found it.
"""

import hashlib
from collections.abc import Callable
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

import msgspec

from synsift.crawler.ontology import Concepts, graph
from synsift.pipelines.records import Conflict

Place = tuple[str, str]
"""Synset and SHA-256 of an image that stands under it."""
_ID_DIGITS: Final = 32


class Tie(StrEnum):
    """What the synset of one picture is to that of another one."""

    ABOVE = "above"
    BELOW = "below"
    DISJOINT = "disjoint"
    UNKNOWN = "unknown"
    """One of them is in no ontology that was named."""

    @property
    def reverse(self) -> "Tie":
        """The same, said of the other."""
        return {Tie.ABOVE: Tie.BELOW, Tie.BELOW: Tie.ABOVE}.get(self, self)


class Ended(StrEnum):
    """Why a pair doesn't stand any more."""

    BETTER_COPY = "better_copy"
    WITHDRAWN = "withdrawn"


class Ties:
    """What synsets are to each other, remembered."""

    def __init__(self, concepts: Callable[[], Concepts]) -> None:
        """Begin with none.

        Args:
            concepts: Gives the ontology; called when the first pair is found, and most runs find none.
        """
        self._concepts = cache(concepts)
        self._above = lru_cache(maxsize=100_000)(self._ancestors)

    def _ancestors(self, wnid: str) -> frozenset[str] | None:
        try:
            return frozenset(graph.ancestors(self._concepts(), wnid))
        except KeyError:
            return None

    def of(self, wnid: str, other: str) -> Tie:
        """What one is to another."""
        above, above_other = self._above(wnid), self._above(other)
        if above is None or above_other is None:
            return Tie.UNKNOWN
        if other in above:
            return Tie.BELOW
        return Tie.ABOVE if wnid in above_other else Tie.DISJOINT

    def knows(self, wnid: str) -> bool:
        """Whether a synset is in the ontology."""
        return self._above(wnid) is not None


def pair_id(one: Place, other: Place) -> str:
    """The name of a pair, whichever of the two comes first."""
    text = "\n".join(sorted(f"{wnid} {sha256}" for wnid, sha256 in (one, other)))
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]


def is_conflict(tie: str) -> bool:
    """Whether one of two labels is probably wrong."""
    return tie not in (Tie.ABOVE, Tie.BELOW)


def places_of(pair: Conflict) -> tuple[Place, Place]:
    """The two that a pair is of."""
    return (pair.wnid, pair.sha256), (pair.other_wnid, pair.other_sha256)


def seen_from(pair: Conflict, wnid: str) -> Conflict:
    """A pair, said of the image that stands under one of its synsets."""
    if pair.wnid == wnid:
        return pair
    (other_wnid, other_sha256), (own, sha256) = places_of(pair)
    tie = str(Tie(pair.tie).reverse) if pair.tie in list(Tie) else pair.tie
    return msgspec.structs.replace(
        pair, wnid=own, sha256=sha256, other_wnid=other_wnid, other_sha256=other_sha256, tie=tie
    )
