"""What lies elsewhere in one of two drawings that lie over one another: hands, needles, levels, parts of a whole.

An edit changes all of a picture. What was drawn with another state differs in one place, by less than a line's width
perhaps, and fits everywhere else. So it is looked for in three ways:

    moved     a part lies beside where it lies in the other one: what differs there is explained by a shift (Lucas and
              Kanade 1981, in each place by itself), and the other places differ by less
    shifted   both have the same borders, so that one box lies over the other as it is; but the pictures agree only
              where one is stretched or shifted, as a level at half is one at a third, seen closer
    outside   both have the same borders and agree inside of them, and the hashes of the wholes differ: what is
              trimmed as a caption is, such as drops below a cloud or a key beside the others, is another
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.alignment import mean_in, slopes_of, windows
from synsift.dedupe.fine import FINE_SIDE
from synsift.dedupe.frequencies import HASH_BYTES, Floats, oriented_hashes

# Places: eight on a side; and how much of one is seen at least.
_WINDOWS: Final = windows(FINE_SIDE, 8)
_SEEN: Final = 0.3
# What noise adds to the slopes of a place, in squares of grey levels a pixel; with so many times as much it has edges.
_NOISE: Final = 50.0
_EDGES: Final = 2.0
# So many places with the largest shifts; and which share of what the places with edges usually differ by is no shift.
_MOST: Final = 3
_USUAL: Final = 0.75
_USUAL_SHARE: Final = 0.5
# Borders, as shares of the sides, are the same within so much (three of 255 steps), and are there from so much on; and
# the box inside of them is known to so much of its sides.
_SAME: Final = 3.2 / 255
_THERE: Final = 2.2 / 255
_THERE_IN_ALL: Final = 10.2 / 255
_KNOWN: Final = 0.012
_CORNERS: Final = np.array([[-0.5, 0.5, -0.5, 0.5], [-0.5, -0.5, 0.5, 0.5]])


def moved(mine: Floats, theirs: Floats, weights: Floats) -> float:
    """How far a part lies from where it lies in the other picture, in pixels, beyond what is usual in the two.

    Args:
        mine: A thumbnail, ``(64²,)``, in grey levels.
        theirs: What the other has there, with its tones as in mine.
        weights: 1 where it is seen, else 0.
    """
    slopes = slopes_of(np.float32(0.5) * (mine + theirs), FINE_SIDE)
    right, down = slopes
    off = theirs - mine
    products = np.empty((7, len(off)), dtype=np.float32)
    products[0] = 1
    np.multiply(slopes, right, out=products[1:3])
    np.multiply(down, down, out=products[3])
    np.multiply(slopes, off, out=products[4:6])
    np.multiply(off, off, out=products[6])
    products *= weights
    seen, across, both, along, by_right, by_down, differs = mean_in(_WINDOWS, products)
    noise = _NOISE * np.maximum(seen, 1e-6)
    determinant = (across + noise) * (along + noise) - both * both
    to_right = ((along + noise) * by_right - both * by_down) / determinant
    to_bottom = ((across + noise) * by_down - both * by_right) / determinant
    explained = np.minimum(np.maximum((to_right * by_right + to_bottom * by_down) / (differs + 1e-6), 0), 1)
    shifts = np.where(seen > _SEEN, np.hypot(to_right, to_bottom) * explained, 0)
    has_edges = (seen > _SEEN) & (across + along > _EDGES * noise)
    if not has_edges.any():
        return 0.0
    unlike = np.sort(np.sqrt(differs / (0.5 * (across + along) + noise))[has_edges])
    usual = float(unlike[int(_USUAL * (len(unlike) - 1))])
    return max(0.0, float(np.add.reduce(np.sort(shifts, axis=None)[-_MOST:])) / _MOST - _USUAL_SHARE * usual)


def are_framed_alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether two pictures have the same borders, and have any: widths at the left, top, right and bottom."""
    return bool(np.abs(one - other).max() <= _SAME and min(one.sum(), other.sum()) >= _THERE_IN_ALL)


def shifted(one: NDArray[np.float64], other: NDArray[np.float64], place: Floats) -> float:
    """How far a map moves a corner of the box inside of the same borders, of its sides, beyond what is known of it.

    Asked of an axis along which both have a border on either side: of others the box may have been cropped.

    Args:
        one: Widths of its borders, left, top, right and bottom, as shares of the sides.
        other: The same.
        place: The map ``(2, 3)`` from places in the one to places in the other, inside of their borders.
    """
    if not are_framed_alike(one, other):
        return 0.0
    away = np.abs(place[:, :2] @ _CORNERS + place[:, 2:] - _CORNERS).max(axis=1)
    has_both = np.minimum(one, other).reshape(2, 2).min(axis=0) >= _THERE
    inside = 1 - np.minimum(one, other).reshape(2, 2).sum(axis=0)
    known = _KNOWN + np.abs(one - other).reshape(2, 2).max(axis=0) / np.maximum(inside, 0.1)
    return float(np.where(has_both, np.maximum(0, away - known), 0).max())


def outside_bits(one: bytes, other: bytes, orientation: int, inside_bits: int) -> int:
    """In how many more bits the hashes of wholes differ than those of what is inside of the same borders.

    Args:
        one: The query's hashes: of the whole, and of what is inside; nothing where it has no borders.
        other: The stored picture's.
        orientation: Of the query.
        inside_bits: In how many bits the insides differ where one is laid over the other.
    """
    if not one or not other:
        return 0
    mine = oriented_hashes(np.frombuffer(one, np.uint8).reshape(2, HASH_BYTES))[:, orientation]
    theirs = np.frombuffer(other, np.uint8).reshape(2, HASH_BYTES)
    whole, inside = (int(bits) for bits in np.bitwise_count(mine ^ theirs).sum(axis=1))
    return max(0, whole - max(inside, inside_bits))
