"""Verdicts on very many pictures, one after another, by what was foreseen: the groups that ``cluster`` makes."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, Generic, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.clusters import Clustering, Copy, Group, Groups, joins_for_its_leader, places_of
from synsift.dedupe.frequencies import ORIENTATIONS
from synsift.dedupe.many.foresight import Foreseen, Foresight, is_plain
from synsift.dedupe.many.prints import Prints
from synsift.dedupe.many.turns import Turns
from synsift.dedupe.matcher import MAX_LOOKS
from synsift.dedupe.quality import better
from synsift.dedupe.verdicts import KeepsOut, Kind, MatchOptions, Verdict

K = TypeVar("K", bound=Hashable)
_NEW: Final = Verdict(Kind.NEW)
_PLAIN: Final = Verdict(Kind.PLAIN)
_NONE: Final = -1


class _Near(NamedTuple):
    """A picture that is near, and how."""

    number: int
    bits: int
    orientation: int


class Pictures(NamedTuple, Generic[K]):
    """What is to be grouped.

    Attributes:
        names: Of all pictures.
        prints: Their fingerprints.
        turns: In which order they come.
    """

    names: Sequence[K]
    prints: Prints
    turns: Turns


class Grouping(Generic[K]):
    """Groups pictures as their turn comes. Memory is some 20 bytes a picture, beside the groups themselves."""

    def __init__(
        self,
        pictures: Pictures[K],
        foresight: Callable[[], Foresight],
        options: MatchOptions,
        *,
        reference: KeepsOut | None = None,
    ) -> None:
        """Begin.

        Args:
            pictures: Which.
            foresight: Where more needs to be seen than was foreseen.
            options: What counts as near.
            reference: What is near to one of its pictures is rejected.
        """
        self._names, self._prints, self._turns = pictures
        self._foresight = foresight
        self._options = options
        self._reference = reference
        self._groups: Groups[int] = Groups(self._prints.sha256)
        # By the number that stands for a picture's bytes.
        self._cluster_of: NDArray[np.int32] = np.full(len(pictures.prints), _NONE, np.int32)
        self._survivor_of_cluster: list[int] = []
        # Of the last picture that is near to one.
        self._cluster_of_last = _NONE
        # Of those pictures that a person judged.
        self._cluster_of_judged: dict[str, int] = {}
        # Looks of pictures whose bytes come again.
        self._kept: dict[int, Foreseen] = {}

    def take(self, begin: int, end: int, foreseen: Foreseen) -> None:
        """Judge the pictures of some turns, the next ones.

        Args:
            begin: The first turn.
            end: Behind the last.
            foreseen: What is seen of those whose bytes come for the first time.
        """
        numbers = self._turns.order[begin:end]
        plain = is_plain(self._prints.rows[numbers])
        for number, shows_nothing in zip(numbers.tolist(), plain.tolist(), strict=True):
            verdict = self._verdict(number, foreseen, is_plain=shows_nothing)
            self._groups.take(number, verdict)
            self._remember(number, verdict)

    def found(self) -> Clustering[K]:
        """The groups of all pictures."""
        places = places_of(self._names)
        found = self._groups.found(lambda number: places[self._names[number]])
        groups = [Group(self._names[group.name], list(map(self._named, group.copies))) for group in found.groups]
        return Clustering(groups, [Copy(self._names[copy.name], copy.verdict) for copy in found.rejected])

    def _named(self, copy: Copy[int]) -> Copy[K]:
        """A copy as the caller calls it, and what is kept of its group."""
        key = cast("int", copy.verdict.key)
        return Copy(self._names[copy.name], replace(copy.verdict, key=self._names[key]))

    def _verdict(self, number: int, foreseen: Foreseen, *, is_plain: bool) -> Verdict:
        same = int(self._turns.same[number])
        cluster = int(self._cluster_of[same])
        if cluster != _NONE:
            survivor = self._survivor_of_cluster[cluster]
            return Verdict(Kind.EXACT, self._prints.sha256(survivor), 0, ORIENTATIONS[0], key=survivor)
        if self._reference is not None:
            found = self._reference.match(self._prints[number])
            if found.of is not None:
                return replace(found, kind=Kind.REFERENCE, replaces=False)
        if is_plain:
            return _PLAIN
        near = self._nearest(same, self._looks_of(number, same, foreseen))
        if near is None:
            return _NEW
        self._cluster_of_last = int(self._cluster_of[near.number])
        survivor = self._survivor_of_cluster[self._cluster_of_last]
        return Verdict(
            Kind.NEAR,
            self._prints.sha256(survivor),
            near.bits,
            ORIENTATIONS[near.orientation],
            replaces=better(self._prints[number], self._prints[survivor]),
            via=self._prints.sha256(near.number),
            key=survivor,
        )

    def _remember(self, number: int, verdict: Verdict) -> None:
        """Keep what survives, and what is of a cluster for its survivor's sake."""
        if verdict.kind in (Kind.NEW, Kind.PLAIN):
            cluster = len(self._survivor_of_cluster)
            self._survivor_of_cluster.append(number)
        elif verdict.kind is Kind.NEAR and (verdict.replaces or joins_for_its_leader(verdict)):
            cluster = self._cluster_of_last
            if verdict.replaces:
                self._survivor_of_cluster[cluster] = number
        else:
            return
        self._cluster_of[self._turns.same[number]] = cluster
        if len(self._options.not_copies) and self._options.not_copies.of(sha256 := self._prints.sha256(number)):
            self._cluster_of_judged[sha256] = cluster

    def _looks_of(self, number: int, same: int, foreseen: Foreseen) -> Foreseen:
        if self._turns.last[same] == self._turns.first[same]:
            return _of_one(foreseen, same)
        if number == same:
            self._kept[same] = _of_one(foreseen, same)
        return self._kept[same]

    def _nearest(self, number: int, foreseen: Foreseen) -> _Near | None:
        """The nearest picture that counts and that a second look confirms, as ``Matcher`` has it."""
        apart = self._apart(number)
        scores: dict[int, float] = {}
        known = 0
        for _, other, bits, orientation, score in foreseen.looks.tolist():
            scores[other] = score
            if self._is_known(other):
                known += 1
                if self._convinces(other, score, apart):
                    return _Near(other, bits, orientation)
        if not len(foreseen.unsure) or known == MAX_LOOKS:
            return None
        foresight = self._foresight()
        for proposal in islice(foresight.nearest(number, self._is_known), MAX_LOOKS):
            if proposal.number not in scores:
                scores[proposal.number] = foresight.score(number, proposal)
            if self._convinces(proposal.number, scores[proposal.number], apart):
                return _Near(proposal.number, proposal.distance_bits, proposal.orientation)
        return None

    def _is_known(self, number: int) -> bool:
        return bool(self._cluster_of[number] != _NONE)

    def _convinces(self, other: int, score: float, apart: set[int]) -> bool:
        return score >= self._options.criteria.score and int(self._cluster_of[other]) not in apart

    def _apart(self, number: int) -> set[int]:
        """Clusters of pictures that are no copies of one, as a person said."""
        if not len(self._options.not_copies):
            return set()
        judged = self._options.not_copies.of(self._prints.sha256(number))
        return {self._cluster_of_judged[sha256] for sha256 in judged if sha256 in self._cluster_of_judged}


def _of_one(foreseen: Foreseen, number: int) -> Foreseen:
    """What is seen of one picture."""
    return Foreseen(foreseen.looks[foreseen.looks["of"] == number], foreseen.unsure[foreseen.unsure == number])
