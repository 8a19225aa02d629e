"""What one drawing shows where another one shows nothing but its margin: accents, waves, a bar before an arrow.

A letter with an accent is that letter and more of it, as an original is more of what was cropped. But a crop ends where
it was cut, and a letter without an accent stands on its ground, with a margin in which the accent would be. Margins are
borders, and are trimmed; so what is inside of the one's borders is asked for where the other has a margin.

It counts only where that margin is one indeed. What was trimmed may have been a caption, or a part of the picture that
stands by itself: so the picture is put together again, of what is inside of its borders and of one ground around it,
and its hash must be that of the whole.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.evidence import Picture
from synsift.dedupe.faults import share_of
from synsift.dedupe.fine import FINE_SIDE, Thumbnail
from synsift.dedupe.frequencies import Floats, hash_bits, nothing_in, tapered_frequencies

# So far from the box, as a share of its sides, nothing of its edges lies: two pixels of a thumbnail, and a half.
_NEAR: Final = 2.5 / FINE_SIDE
# A margin is there from such a share of a side on.
_OWN: Final = 2.2 / 255
# What noise adds to edges, in squares of grey levels.
_NOISE: Final = 9.0
# How far the hash of what was put together again is from that of the whole, and from where on it is another picture.
_AS_IT_IS: Final = (0.3, 0.8)
_MOST: Final = 1.0
_WHITE: Final = 255.0
_EDGES: Final = np.arange(FINE_SIDE + 1) / FINE_SIDE
_PIXELS: Final = np.arange(FINE_SIDE)


def in_margin(one: tuple[Picture, Thumbnail], other: Picture, there: Floats) -> float:
    """Share of the one's edges that lie in the other's margin, and not near what is inside of it.

    Asked of sides at which the one has a margin, too: what reaches to the edge of a picture, such as corners of one
    that was turned, or a vignette, was done to all of it.

    Args:
        one: The picture, and its thumbnail.
        other: The other.
        there: Where each place of the thumbnail lies inside of the other's borders, ``(2, 4096)``; sides are of length
            1, around 0.
    """
    left, top, right, bottom = other.borders.tolist()
    across, down = max(0.01, 1 - left - right), max(0.01, 1 - top - bottom)
    sides = np.concatenate([-there, there]) > 0.5 + _NEAR
    beside = (sides & (one[0].borders > _OWN)[:, None]).any(axis=0)
    first = np.array([[-0.5 - left / across], [-0.5 - top / down]], dtype=np.float32)
    last = np.array([[0.5 + right / across], [0.5 + bottom / down]], dtype=np.float32)
    beside &= ((there > first) & (there < last)).all(axis=0)
    edges = one[1].edges
    return float(edges @ beside) / float(np.add.reduce(edges) + _NOISE)


def plain_margin(picture: Picture, whole: bytes) -> float:
    """How far there is nothing in a picture's margin but one ground: 0 to 1.

    Args:
        picture: With its finer thumbnail.
        whole: The hash of all of it, turned as the picture is.
    """
    if picture.thumbnail is None or not whole:
        return 0.0
    thumbnail = picture.thumbnail.luma.reshape(FINE_SIDE, FINE_SIDE)
    left, top, right, bottom = picture.borders.tolist()
    rows, columns = _shares(top, bottom), _shares(left, right)
    around = 1 - np.outer(rows.sum(axis=1), columns.sum(axis=1))
    ground = np.median(np.concatenate([thumbnail[0], thumbnail[-1], thumbnail[:, 0], thumbnail[:, -1]]))
    there = hash_bits(whole)
    inside = rows @ thumbnail @ columns.T
    away = min(
        _away(tapered_frequencies((inside + around * level).astype(np.float32)), there)
        for level in (float(ground), _WHITE, 0.0)
    )
    return 1 - share_of(away, _AS_IT_IS)


def _away(frequencies: Floats, there: NDArray[np.bool_]) -> float:
    """How strong the frequencies are whose signs are others than in a hash; each counts as much as the mean at most.

    What is nothing may have either sign in a hash that was turned.
    """
    flat = frequencies.ravel()
    strength = max(1e-6, float(np.sqrt(np.mean(np.square(flat)))))
    nothing = nothing_in(flat)
    is_other = (flat > nothing) != there
    return float((np.maximum(0, np.abs(flat) - nothing) / strength).clip(0, _MOST)[is_other].sum())


@lru_cache(256)
def _shares(before: float, behind: float) -> Floats:
    """What of each pixel of a side is each pixel of what is inside of its borders, ``(64, 64)``."""
    ends = (_EDGES - before) / max(0.01, 1 - before - behind) * FINE_SIDE
    first, last = ends[:-1, None].clip(0, FINE_SIDE), ends[1:, None].clip(0, FINE_SIDE)
    shared = np.minimum(last, _PIXELS + 1) - np.maximum(first, _PIXELS)
    return np.asarray(np.maximum(shared, 0) / (ends[1] - ends[0]), dtype=np.float32)
