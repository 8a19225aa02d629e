"""In which way two pictures are looked at, of all that their hashes propose: the nearest, whichever of the two asks.

Two ways may be equally near: a picture that is like itself when it is turned, crops that hardly differ. So what decides
then is the same from both sides, too.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final

from synsift.dedupe.frequencies import ORIENTATIONS, undone_by
from synsift.dedupe.hash_batch import Proposal

_BACK: Final = tuple(ORIENTATIONS.index(undone_by(name)) for name in ORIENTATIONS)


def nearest_ways(proposals: Iterator[Proposal], comes_first: Callable[[int], bool]) -> Iterator[Proposal]:
    """Each picture once, in the nearest way.

    Args:
        proposals: Of one picture, the nearest first.
        comes_first: Whether a known one, by its number, comes before that picture by some order of all pictures, such
            as that of their SHA-256. Asked where ways are equally near.
    """
    done: set[int] = set()
    for _, equal in groupby(proposals, key=attrgetter("distance_bits")):
        ways: dict[int, Proposal] = {}
        for proposal in equal:
            number = proposal.number
            if number in done:
                continue
            known = ways.get(number)
            ways[number] = proposal if known is None else _first_of(known, proposal, comes_first)
        done.update(ways)
        yield from ways.values()


def _first_of(one: Proposal, other: Proposal, comes_first: Callable[[int], bool]) -> Proposal:
    if one == other:
        return one
    is_first = comes_first(one.number)
    return min(one, other, key=lambda way: _rank(way, known_is_first=is_first))


def _rank(way: Proposal, *, known_is_first: bool) -> tuple[int, ...]:
    """The views that crop less first, and the orientations in their order; at last as the first of the two sees it."""
    (mine, theirs), turn = way.seen, way.orientation
    sees = (theirs, mine, _BACK[turn]) if known_is_first else (mine, theirs, turn)
    return min(mine, theirs), min(turn, _BACK[turn]), max(mine, theirs), *sees
