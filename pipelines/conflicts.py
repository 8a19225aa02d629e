"""Survivors that stand under two synsets, and what these are to each other.

the same picture, or a copy ──┬─ one synset is above the other ─▶ related: both labels may be right
                              └─ neither is ───────────────────▶ a conflict: one of them is probably wrong
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from synsift.crawler.ontology import Concepts, graph
from synsift.dedupe import MatchOptions
from synsift.dedupe.across import Crossing, crossings
from synsift.dedupe.fingerprint import Fingerprint
from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Broken, Skipped, read_all
from synsift.pipelines.records import Survivor
from synsift.pipelines.stages.dedupe_state import fingerprint_of


class Tie(StrEnum):
    """What the synset of the later picture is to that of the earlier one."""

    ABOVE = "above"
    BELOW = "below"
    DISJOINT = "disjoint"
    UNKNOWN = "unknown"
    """One of them is in no ontology that was named."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A crossing, and what its synsets are to each other."""

    crossing: Crossing
    tie: Tie

    @property
    def is_conflict(self) -> bool:
        """Whether one of the two labels is probably wrong."""
        return self.tie in (Tie.DISJOINT, Tie.UNKNOWN)


def find_conflicts(
    log: Log, concepts: Concepts, options: MatchOptions, skipped: Skipped | None = None
) -> Iterator[Conflict]:
    """Look through all survivors that stand.

    Args:
        log: Has them.
        concepts: The ontology.
        options: What counts as near.
        skipped: Takes note of records that can't be read.
    """
    ties = _Ties(concepts)
    for crossing in crossings(_standing(log, skipped), options):
        yield Conflict(crossing, ties.of(crossing.scope, crossing.other_scope))


def _standing(log: Log, skipped: Skipped | None) -> Iterator[tuple[str, Fingerprint]]:
    gone = {(one.candidate.wnid, one.replaces) for one in read_all(log, Survivor) if one.replaces}
    seen: set[tuple[str, str]] = set()
    for survivor in read_all(log, Survivor, skipped):
        candidate = survivor.candidate
        name = candidate.wnid, candidate.image.sha256
        if name in gone or name in seen:
            continue
        seen.add(name)
        found = fingerprint_of(candidate.image)
        if not isinstance(found, Broken):
            yield candidate.wnid, found


class _Ties:
    """What synsets are to each other, remembered."""

    def __init__(self, concepts: Concepts) -> None:
        self._concepts = concepts
        self._above = lru_cache(maxsize=100_000)(self._ancestors)

    def _ancestors(self, wnid: str) -> frozenset[str] | None:
        try:
            return frozenset(graph.ancestors(self._concepts, wnid))
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
