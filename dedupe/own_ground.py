"""What two copies of one size are compared by where only one of them has a border: what stands on a plain ground.

Of a product on white nothing but the product is inside of its borders. A stripe, a sticker or a vignette over it, and
there is no border any more: with all of that ground the copy would have more pixels, and no border. But what was framed
over its edges has a border where the other copy shows something. So a border counts only for what is lost there.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.contrast import tones_of
from synsift.dedupe.evidence import PICTURE_SIDE
from synsift.dedupe.fingerprint import Fingerprint

# Borders that are no more than that apart are the same.
_APART: Final = 0.02
# Such a share of what is behind a border in the other copy is within so many grey levels: its ground.
_MOST: Final = 0.6
_LEVELS: Final = 16.0
# So many places of 32×32 at least are looked at.
_ENOUGH: Final = 16
_NO_BORDERS: Final = bytes(4)


def without_own_grounds(one: Fingerprint, other: Fingerprint) -> tuple[Fingerprint, Fingerprint]:
    """Two copies, without borders where one has the same ground behind those of the other, and none there.

    Args:
        one: The first copy.
        other: The second one.
    """
    if (one.width_px, one.height_px) != (other.width_px, other.height_px):
        return one, other
    trimmed, untrimmed = (one, other) if sum(one.borders) > sum(other.borders) else (other, one)
    if sum(trimmed.borders) <= sum(untrimmed.borders) + _APART or not _has_its_ground(untrimmed, trimmed):
        return one, other
    return _without_borders(one), _without_borders(other)


def _has_its_ground(image: Fingerprint, other: Fingerprint) -> bool:
    """Whether what is inside of the borders of one, and not of those of another one, is mostly of one tone."""
    (left, top, right, bottom), (across, down) = other.borders, _places(image)
    is_inside = ((down > top) & (down < 1 - bottom))[:, None] & ((across > left) & (across < 1 - right))
    behind = tones_of(image).reshape(is_inside.shape)[~is_inside]
    if len(behind) < _ENOUGH:
        return False
    return bool(np.count_nonzero(np.abs(behind - np.median(behind)) <= _LEVELS) >= _MOST * len(behind))


def _places(image: Fingerprint) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the middles of the columns and rows are that a fingerprint tells the tones of, as shares of the sides."""
    left, top, right, bottom = image.borders
    middles = (np.arange(PICTURE_SIDE) + 0.5) / PICTURE_SIDE
    return left + middles * (1 - left - right), top + middles * (1 - top - bottom)


def _without_borders(image: Fingerprint) -> Fingerprint:
    return replace(image, evidence=_NO_BORDERS + image.evidence[len(_NO_BORDERS) :])
