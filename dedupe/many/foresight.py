"""What will be seen of a picture when its turn comes: looked at before, as it hangs on no verdict on another one.

Whether a picture that is near is among those that are known then isn't sure yet: that is left to the verdict. So the
nearest that come earlier are looked at until one convinces; only where that one doesn't count in the end, is more
needed, and looked at then.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.fingerprint import PLAIN_BELOW
from synsift.dedupe.hash_batch import Hits, Numbers, Proposal, Rows
from synsift.dedupe.hits import NUMBER, PICTURE, in_order
from synsift.dedupe.judgement import look_and_judge
from synsift.dedupe.many.lookup import ManyLookup
from synsift.dedupe.many.prints import Prints
from synsift.dedupe.many.turns import Turns
from synsift.dedupe.matcher import MAX_LOOKS
from synsift.dedupe.verdicts import MatchOptions
from synsift.dedupe.ways import nearest_ways

SEEN: Final = np.dtype([("of", "<u4"), ("number", "<u4"), ("bits", "<u2"), ("orientation", "u1"), ("score", "<f8")])
"""A look: the picture, the one that it is near to, their distance, what turns the one into the other, the score."""
_LEAST_AT_ONCE: Final = 1_024
_MOST_AT_ONCE: Final = 32_768
_SHARE_AT_ONCE: Final = 128


def at_once(known: int) -> int:
    """How many pictures are best looked up together among so many.

    The more, the more queries a list serves that is at hand; but 32,768 take some 0.1 GB, and progress comes in jumps.
    """
    return min(max(_LEAST_AT_ONCE, known // _SHARE_AT_ONCE), _MOST_AT_ONCE)


class Foreseen(NamedTuple):
    """What is seen of some pictures.

    Attributes:
        looks: ``(n,)`` of ``SEEN``, those of each picture together, the nearest first.
        unsure: Pictures with more that is near than was looked at, ascending.
    """

    looks: NDArray[np.void]
    unsure: Numbers


class Foresight:
    """Looks at pictures, in any process, in any order. Not thread-safe."""

    def __init__(self, prints: Prints, lookup: ManyLookup, turns: Turns, options: MatchOptions) -> None:
        """Prepare.

        Args:
            prints: All pictures.
            lookup: Their index, without those whose bytes have had their first turn before.
            turns: In which order they come.
            options: What counts as near.
        """
        self._prints = prints
        self._lookup = lookup
        self._turns = turns
        self._options = options

    def of(self, numbers: Numbers) -> Foreseen:
        """Look at some pictures, none of which has the bytes of an earlier one."""
        looks: list[tuple[int, int, int, int, float]] = []
        unsure = []
        for number, nearest in self._nearest(numbers):
            for place, proposal in enumerate(nearest):
                score = self.score(number, proposal)
                looks.append((number, proposal.number, proposal.distance_bits, proposal.orientation, score))
                if score >= self._options.criteria.score or place + 1 == MAX_LOOKS:
                    if place + 1 < len(nearest):
                        unsure.append(number)
                    break
        return Foreseen(np.array(looks, dtype=SEEN), np.array(unsure, np.int64))

    def nearest(self, number: int, is_known: Callable[[int], bool]) -> Iterator[Proposal]:
        """All that is near to a picture and counts, the nearest first, each once."""
        batch = self._lookup.batch_of([number])
        hits = self._in_turn(self._lookup.hits(batch, 0, 1), np.array([number]))
        for proposal in nearest_ways(batch.proposals(0, hits), self._comes_before(number)):
            if is_known(proposal.number):
                yield proposal

    def score(self, number: int, proposal: Proposal) -> float:
        """What a second look says of a picture and one that is near to it."""
        mine, theirs = proposal.views
        _, judgement = look_and_judge(
            self._prints.side(number, mine),
            self._prints.side(proposal.number, theirs),
            orientation=proposal.orientation,
            distance_bits=proposal.distance_bits,
            criteria=self._options.criteria,
        )
        return judgement.score

    def _nearest(self, numbers: Numbers) -> Iterator[tuple[int, list[Proposal]]]:
        """Of those pictures that are near to any that come earlier, what they are near to."""
        shown = numbers[~is_plain(self._prints.rows[numbers])]
        step = at_once(len(self._prints))
        for begin in range(0, len(shown), step):
            some = shown[begin : begin + step]
            batch = self._lookup.batch_of(some)
            for first, last, hits in self._lookup.in_steps(batch):
                for at, near in by_picture(self._in_turn(hits, some), first, last):
                    number = int(some[at])
                    ways = nearest_ways(batch.proposals(at, near), self._comes_before(number))
                    yield number, list(islice(ways, MAX_LOOKS + 1))

    def _comes_before(self, number: int) -> Callable[[int], bool]:
        """Whether another picture is the first of two, by their bytes."""
        return lambda other: self._prints.sha256(other) < self._prints.sha256(number)

    def _in_turn(self, hits: Hits, asking: Numbers) -> Hits:
        """Of what is near to some pictures what comes before them; of equals the earlier one first."""
        first, last = self._turns.first, self._turns.last
        others, before = hits[:, NUMBER], last[asking[hits[:, PICTURE]]]
        hits = hits[(first[others] < before) & (others != asking[hits[:, PICTURE]])]
        hits[:, NUMBER] = first[hits[:, NUMBER]]
        hits = in_order(hits)
        hits[:, NUMBER] = self._turns.order[hits[:, NUMBER]]
        return hits


def by_picture(hits: Hits, first: int, last: int) -> Iterator[tuple[int, Hits]]:
    """Those of some pictures of a batch that have any, each with its own."""
    begins = np.searchsorted(hits[:, PICTURE], np.arange(first, last + 1))
    for at in np.flatnonzero(np.diff(begins)).tolist():
        yield first + at, hits[begins[at] : begins[at + 1]]


def is_plain(rows: Rows) -> NDArray[np.bool_]:
    """``Fingerprint.is_plain`` of rows."""
    return np.asarray((rows["information"] < PLAIN_BELOW) | (rows["views"] == 0))
