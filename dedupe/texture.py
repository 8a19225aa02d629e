"""How far two thumbnails agree in what is as fine as their pixels: letters, lines, small signs.

Windows of one program, slides on one background and sheets of one form agree in all that is large. What is written on
them is a few grey levels of texture there, as a line of letters is a pixel high; but it is another texture in each
place. So each thumbnail is freed of what is larger than a few pixels, and the two are correlated place by place:
copies, however they were made smaller or compressed, agree in nearly all places, and other texts in none.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from synsift.dedupe.alignment import mean_in, windows
from synsift.dedupe.fine import FINE_SIDE
from synsift.dedupe.frequencies import Floats

# What is larger than a square of so many pixels is no texture.
_AROUND_PX: Final = 5
_PLACE: Final = np.arange(FINE_SIDE)
_NEAR: Final = np.abs(_PLACE[:, None] - _PLACE[None, :]) <= _AROUND_PX // 2
_AROUND: Final[Floats] = (_NEAR / _NEAR.sum(axis=1, keepdims=True)).astype(np.float32)
_WINDOWS: Final = windows(FINE_SIDE, 8)
_SEEN: Final = 0.5
# Rounding to sixteen levels makes noise of a twelfth of a level's square. A place has a texture with so many times as
# much in both, and one that can be relied on with more.
_ROUNDED: Final = 1 / 12
_TEXTURED: Final = 4.0
_SOME: Final = 3.0
_SURE: Final = 12.0
# So many of the places that agree least; fewer than twice as many say nothing.
_LEAST: Final = 3


class Texture(NamedTuple):
    """Of two thumbnails that lie over one another.

    Attributes:
        share: Of their places, which have a texture in both.
        unlike: How little the three places agree that agree least: 0 of the same texture, 1 of unrelated ones, 2 of
            opposite ones. 0.09 of 95 in a hundred copies at most; 0 where too few places have a texture.
        alike: The correlation of all of it.
        least: That of the three places that agree least, of all that have some texture, as photographs of letters
            have; 1 where too few have.
    """

    share: float
    unlike: float
    alike: float
    least: float


def texture(mine: Floats, theirs: Floats, weights: Floats, step: float) -> Texture:
    """Compare them.

    Args:
        mine: A thumbnail, ``(64²,)``, in grey levels.
        theirs: What the other has there, with its tones as in mine.
        weights: 1 where it is seen, else 0.
        step: From one of the sixteen levels to the next, in grey levels.
    """
    one, other = _without_the_large(mine), _without_the_large(theirs)
    values = np.empty((4, len(one)), dtype=np.float32)
    values[0] = 1
    np.multiply(one, one, out=values[1])
    np.multiply(other, other, out=values[2])
    np.multiply(one, other, out=values[3])
    values *= weights
    _, all_ones, all_others, in_all = np.add.reduce(values, axis=1).tolist()
    seen, ones, others, both = mean_in(_WINDOWS, values)
    known = np.maximum(seen, 1e-6)
    ones, others, both = ones / known, others / known, both / known
    noise = _ROUNDED * max(step, 1.0) ** 2
    weakest = np.where(seen > _SEEN, np.minimum(ones, others), 0)
    agree = both / np.sqrt(ones * others + 1e-6)
    return Texture(
        share=float(np.count_nonzero(weakest > _TEXTURED * noise) / weakest.size),
        unlike=1 - _least(agree[weakest > _SURE * noise]),
        alike=in_all / math.sqrt(all_ones * all_others + 1e-6),
        least=_least(agree[weakest > _SOME * noise]),
    )


def _least(agree: Floats) -> float:
    """The mean of the places that agree least; 1 of few places."""
    return float(np.partition(agree, _LEAST)[:_LEAST].mean()) if len(agree) >= 2 * _LEAST else 1.0


def _without_the_large(picture: Floats) -> Floats:
    square = picture.reshape(FINE_SIDE, FINE_SIDE)
    return np.asarray(square - _AROUND @ square @ _AROUND.T, dtype=np.float32).ravel()
