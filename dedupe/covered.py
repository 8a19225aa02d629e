"""A third look, where the second one doesn't find a copy: what two pictures agree in beside a part that is covered.

A sticker, a stripe, a ribbon or a patch leaves the rest of a picture as it was; but it draws the map to itself by which
one picture is laid over the other, and its colour spreads over what is beside it. So the map is fitted anew, from what
the hashes say on, by the places that agree best (``alignment.align_most``). What differs then is what covers a part,
if it is no more than a fifth, and the rest is compared by itself. There copies agree nearly in everything, since
nothing else was done to most of them: more is asked for than of a whole, see ``judgement.judge_beside``.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.alignment import Seen, align_most, differences, toned, variance
from synsift.dedupe.colours import colours_beside
from synsift.dedupe.evidence import GRID, PICTURE_SIDE, picture_of
from synsift.dedupe.frequencies import Floats
from synsift.dedupe.places import places_of
from synsift.dedupe.second_look import Side, area_of, detail_of, first_map, stretch_of

_STEPS: Final = 8
# A place is covered if around it differs so much of the variance of the rest, and of what differs most: the sixteen
# frequencies make rings around what is covered.
_DIFFERENT: Final = 0.12
_OF_THE_MOST: Final = 0.05
_MOST: Final = 99.0


@dataclass(frozen=True, slots=True)
class Beside:
    """How far two pictures agree beside what covers a part of one, or of both.

    Attributes:
        covered: Share of the places that is: 0.11 to 0.19 where a ninth is, as its edge is known to a place or two.
        detail: As ``Agreement.detail``, of the rest.
        places: Share of the places that agree, of those of the rest that show something.
        shown: How many of 64 places these are.
        colours: As ``Agreement.colours``, of the rest.
        one_tint: The same.
        overlap: As ``Agreement.overlap``.
        stretch: As ``Agreement.stretch``.
        contrast: Standard deviation of what shows less of the rest, in grey levels.
    """

    covered: float
    detail: float
    places: float
    shown: int
    colours: float
    one_tint: bool
    overlap: float
    stretch: float
    contrast: float


def look_beside(query: Side, stored: Side, *, orientation: int) -> Beside | None:
    """Compare two pictures beside what covers a part of them; None where no part is left that agrees.

    Args:
        query: The one.
        stored: The other.
        orientation: Which of the query's orientations is like the other, as a number of ``ORIENTATIONS``.
    """
    one, other = picture_of(query.evidence, orientation, query.fine), picture_of(stored.evidence, 0, stored.fine)
    first = first_map(one, query.view, other, stored.view)
    found = align_most(GRID, (one.luma, other.layers), first, steps=_STEPS)
    if found is None:
        return None
    seen = Seen(GRID, other.layers, found.place)
    inside, overlap = seen.weights, seen.share
    covered = _covered(one.luma, seen, found.weights)
    seen.leave_out(1 - _wider(covered))
    if not seen.share:  # all that agrees stands next to what doesn't
        return None
    places = places_of(one.luma, seen)
    colours, one_tint = colours_beside(one, seen, places, covered * inside)
    return Beside(
        covered=float(covered @ inside) / max(1.0, float(inside.sum())),
        detail=_detail(one.luma, seen),
        places=places.share,
        shown=int(places.show.sum()),
        colours=colours,
        one_tint=one_tint,
        overlap=overlap * max(1.0, area_of(seen.place)),
        stretch=stretch_of(seen.place, query.inside_px[:: -1 if orientation >= 4 else 1], stored.inside_px),
        contrast=min(variance(luma, seen.weights) for luma in (one.luma, seen.luma)) ** 0.5,
    )


def _covered(mine: Floats, seen: Seen, counted: Floats) -> Floats:
    """Which places are covered: 1, else 0."""
    different = differences(mine, seen, counted)
    most = float(np.percentile(different[seen.weights > 0], _MOST))
    return (different > max(_DIFFERENT * variance(mine, counted), _OF_THE_MOST * most)).astype(np.float32)


def _wider(covered: Floats) -> Floats:
    """With the places next to those that are covered."""
    square: NDArray[np.bool_] = np.pad(covered.reshape(PICTURE_SIDE, PICTURE_SIDE) > 0, 1)
    rows = square[:-2] | square[1:-1] | square[2:]
    return (rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]).ravel().astype(np.float32)


def _detail(mine: Floats, seen: Seen) -> float:
    """Of the rest alone: what lies over a part counts for nothing in either."""
    other = toned(mine, seen)
    return detail_of((mine - seen.mean(mine)) * seen.weights, (other - seen.mean(other)) * seen.weights)
