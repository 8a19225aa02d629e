"""The lowest frequencies of pictures: transform, crops, orientations and the bits that make a hash.

A picture of 64×64 px becomes the 16×16 lowest coefficients of its two-dimensional DCT-II. In that form mirroring
negates the odd frequencies of one axis and transposing swaps the axes, so all eight orientations follow from one
transform.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Part = tuple[float, float]

SIDE_PX: Final = 64
"""Side of the pictures that are transformed."""
FREQUENCIES: Final = 16
"""Frequencies on each axis, the constant included."""
HASH_BITS: Final = FREQUENCIES**2
HASH_BYTES: Final = HASH_BITS // 8
KEY_BITS: Final = 64
"""The first bits of a hash, those of the 8×8 lowest frequencies: what an index looks up."""
ORIENTATIONS: Final = (
    "identity",
    "mirrored",
    "flipped",
    "rotated-180",
    "transposed",
    "rotated-90",
    "rotated-270",
    "transverse",
)
"""Names of the eight symmetries of a rectangle: first mirrored or flipped, then transposed."""
BACK: Final = {"rotated-90": "rotated-270", "rotated-270": "rotated-90"}
"""What undoes an orientation, where that is another one."""

_KEY_FREQUENCIES: Final = 8
_ROOT_OF_2: Final = np.float32(math.sqrt(2))
# Of each half of a side, the share that keeps its full weight under the taper.
_FLAT: Final = 0.5


def undone_by(orientation: str) -> str:
    """The orientation that undoes one: most undo themselves."""
    return BACK.get(orientation, orientation)


def dct_matrix(rows: int, size: int) -> Floats:
    """The first ``rows`` basis vectors of the orthonormal DCT-II, ``(rows, size) float32``."""
    k, n = np.arange(rows)[:, None], np.arange(size)[None, :]
    basis = np.sqrt(2 / size) * np.cos(np.pi * k * (2 * n + 1) / (2 * size))
    basis[0] /= np.sqrt(2)
    return np.asarray(basis, dtype=np.float32)


def taper(side: int) -> Floats:
    """Weight of each of a side's pixels, ``(side,)``: a Tukey window.

    Towards the edges a picture counts for less and less: there is where crops, rotations, frames and captions change
    it most. At the same rate of false matches it halves the misses (docs/near-duplicates.md).
    """
    away = np.abs((np.arange(side) + 0.5) / side * 2 - 1)
    weight = np.where(away < _FLAT, 1.0, np.cos(np.pi / 2 * (away - _FLAT) / (1 - _FLAT)) ** 2)
    return np.asarray(weight, dtype=np.float32)


def _crop_matrix(length: float, centre: float) -> Floats:
    """Linear interpolation of a part of a side to the whole of it, ``(64, 64)``; a side is 1, its centre at 0."""
    place = (((np.arange(SIDE_PX) + 0.5) / SIDE_PX - 0.5) * length + centre + 0.5) * SIDE_PX - 0.5
    index = np.floor(place).astype(int)
    part = place - index
    matrix = np.zeros((SIDE_PX, SIDE_PX), dtype=np.float32)
    rows = np.arange(SIDE_PX)
    np.add.at(matrix, (rows, index.clip(0, SIDE_PX - 1)), 1 - part)
    np.add.at(matrix, (rows, (index + 1).clip(0, SIDE_PX - 1)), part)
    return matrix


DCT: Final = dct_matrix(FREQUENCIES, SIDE_PX)
_TAPER: Final = taper(SIDE_PX)
_TAPER_SHARE: Final = _TAPER / _TAPER.sum()
_TAPERED_DCT: Final = DCT * _TAPER
_TAPERED_CONSTANT: Final = np.outer(_TAPERED_DCT.sum(axis=1), _TAPERED_DCT.sum(axis=1))


@cache
def _cropped_and_tapered(length: float, centre: float) -> tuple[Floats, Floats]:
    """What makes the tapered coefficients ``(16, 64)`` and the weighted mean ``(64,)`` of one axis of a crop."""
    matrix = _crop_matrix(length, centre)
    return (_TAPERED_DCT @ matrix).astype(np.float32), (_TAPER_SHARE @ matrix).astype(np.float32)


@cache
def _crops_and_means(crops: tuple[float, ...]) -> tuple[Floats, Floats]:
    rows, means = zip(*(_cropped_and_tapered(crop, 0.0) for crop in crops), strict=True)
    return np.stack(rows), np.stack(means)


def frequencies_of(picture: Floats) -> Floats:
    """The lowest frequencies of a picture ``(64, 64)``: ``(16, 16)``, rows by vertical frequency."""
    return np.asarray(DCT @ picture @ DCT.T, dtype=np.float32)


def tapered_frequencies(picture: Floats) -> Floats:
    """The lowest frequencies ``(16, 16)`` of a picture ``(64, 64)``, faded out towards the edges."""
    return np.asarray(tapered_crops(picture, (1.0,))[0])


def tapered_crops(picture: Floats, crops: tuple[float, ...]) -> Floats:
    """The same of the centre of a picture, for each share of the sides that is kept: ``(crops, 16, 16)``."""
    rows, means = _crops_and_means(crops)
    found = rows @ picture @ rows.transpose(0, 2, 1)
    found -= (means[:, None] @ picture @ means[:, :, None]) * _TAPERED_CONSTANT
    found[:, 0, 0] = 0.0  # what is left of it is rounding
    return np.asarray(found, dtype=np.float32)


class TaperedCrops:
    """The same, of some parts of pictures, from their lowest frequencies alone: a little blurred, and much faster."""

    def __init__(self, parts: Sequence[tuple[Part, Part]]) -> None:
        """Prepare.

        Args:
            parts: Length and centre on the horizontal axis and on the vertical one; a side is 1, its centre at 0.
        """
        columns, column_means = zip(*(_cropped_and_tapered(*x) for x, _ in parts), strict=True)
        rows, row_means = zip(*(_cropped_and_tapered(*y) for _, y in parts), strict=True)
        self._rows = np.stack(rows) @ DCT.T
        self._columns = (np.stack(columns) @ DCT.T).transpose(0, 2, 1).copy()
        self._row_means = np.stack(row_means) @ DCT.T
        self._column_means = np.stack(column_means) @ DCT.T

    def of(self, frequencies: Floats) -> Floats:
        """Frequencies ``(n, 16, 16)`` → those of all parts, ``(n, parts, 16, 16)``."""
        means = np.sum((frequencies @ self._column_means.T).transpose(0, 2, 1) * self._row_means, axis=2)
        found = self._rows @ frequencies[:, None] @ self._columns - means[..., None, None] * _TAPERED_CONSTANT
        found[..., 0, 0] = 0.0
        return np.asarray(found, dtype=np.float32)


def _bit_order() -> NDArray[np.intp]:
    """Places in the flat 16×16 of the bits of a hash: first the 8×8 lowest frequencies, then the others.

    Of the lowest every third stands together: the taper makes frequencies that are next but one alike, and an index
    looks keys up by their thirds, which tell the more apart the less their bits have to do with each other.
    """
    is_low = np.zeros((FREQUENCIES, FREQUENCIES), dtype=bool)
    is_low[:_KEY_FREQUENCIES, :_KEY_FREQUENCIES] = True
    low = np.flatnonzero(is_low)
    return np.concatenate([low[1::3], low[2::3], low[0::3], np.flatnonzero(~is_low)])


def _signs() -> NDArray[np.bool_]:
    """Which coefficients change sign under identity, mirror (x), flip (y) and both: ``(4, 16, 16)``."""
    odd = np.arange(FREQUENCIES) % 2 == 1
    x = np.broadcast_to(odd[None, :], (FREQUENCIES, FREQUENCIES))
    return np.stack([np.zeros_like(x), x, x.T, x ^ x.T])


_BIT_ORDER: Final = _bit_order()
_SIGNS: Final = _signs()
_FACTORS: Final = np.where(_SIGNS, np.float32(-1), np.float32(1))


def _orientation_tables() -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """For each orientation, where its bits come from and which of them are negated: ``(8, 256)`` both."""
    place_of_bit = np.empty(HASH_BITS, dtype=np.intp)
    place_of_bit[_BIT_ORDER] = np.arange(HASH_BITS)
    sources, masks = [], []
    for transposed in (False, True):
        for signs in _SIGNS:
            grid = np.arange(HASH_BITS).reshape(FREQUENCIES, FREQUENCIES)
            source, mask = (grid.T, signs.T) if transposed else (grid, signs)
            sources.append(place_of_bit[source.ravel()[_BIT_ORDER]])
            masks.append(mask.ravel()[_BIT_ORDER])
    return np.stack(sources), np.stack(masks).astype(np.uint8)


_SOURCES, _MASKS = _orientation_tables()
# Where the bits of the transposed come from; and all masks, as hashes: the others' bits stay where they are.
_TRANSPOSED: Final = _SOURCES[len(_SIGNS)]
_MASKED: Final = np.packbits(_MASKS, axis=1)


# Of the root of a picture's mean square: what is smaller is nothing. Signs, letters and flags are symmetric, so that
# half of their frequencies are noise.
_NOTHING: Final = np.float32(0.02)


def hashes_of(frequencies: Floats) -> NDArray[np.uint8]:
    """The signs of coefficients ``(…, 16, 16)`` as hashes, ``(…, 32)``."""
    flat = frequencies.reshape(*frequencies.shape[:-2], HASH_BITS).astype(np.float32, copy=False)
    return np.packbits((flat > nothing_in(flat)).take(_BIT_ORDER, axis=-1), axis=-1)


def nothing_in(flat: Floats) -> Floats:
    """What is nothing among coefficients ``(…, 256)``, ``(…, 1)``: a larger one is a 1 in their hash."""
    # As ``np.mean``, to the last bit, and without what that costs beside.
    mean = np.add.reduce(np.square(flat), axis=-1, keepdims=True) / np.float32(HASH_BITS)
    return np.asarray(_NOTHING * np.sqrt(mean))


def hash_bits(hashed: bytes) -> NDArray[np.bool_]:
    """The bits of a hash as coefficients lie, ``(256,)``: where they are larger than nothing."""
    bits = np.empty(HASH_BITS, dtype=bool)
    bits[_BIT_ORDER] = np.unpackbits(np.frombuffer(hashed, np.uint8))
    return bits


def oriented_hashes(hashes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Hashes ``(n, 32)`` of pictures → those of their eight orientations, ``(n, 8, 32)`` as ``ORIENTATIONS``."""
    transposed = np.packbits(np.unpackbits(hashes, axis=1).take(_TRANSPOSED, axis=1), axis=1)
    half = len(_SIGNS)
    found = np.empty((len(hashes), 2 * half, HASH_BYTES), np.uint8)
    # The bit of the constant is always 0; the masks leave it alone, as 0 is an even frequency.
    np.bitwise_xor(hashes[:, None], _MASKED[:half], out=found[:, :half])
    np.bitwise_xor(transposed[:, None], _MASKED[half:], out=found[:, half:])
    return found


def turned_back(hashes: NDArray[np.uint8], orientations: Sequence[int]) -> NDArray[np.uint8]:
    """What some orientations make these hashes ``(n, 32)`` of, ``(n, orientations, 32)``: each is undone.

    A hash that is turned is as far from another one as it is from that one turned back.
    """
    return oriented_hashes(hashes)[:, [ORIENTATIONS.index(undone_by(ORIENTATIONS[each])) for each in orientations]]


def turned_sides(sides: Sequence[float], orientation: int) -> tuple[float, float, float, float]:
    """What belongs to the left, top, right and bottom side of a picture → the same of one of its orientations."""
    left, top, right, bottom = sides
    if orientation % 4 in (1, 3):
        left, right = right, left
    if orientation % 4 in (2, 3):
        top, bottom = bottom, top
    return (top, left, bottom, right) if orientation >= 4 else (left, top, right, bottom)


def oriented(frequencies: Floats, orientation: int) -> Floats:
    """Coefficients ``(…, n, n)`` of pictures → those of one of their orientations."""
    size = frequencies.shape[-1]
    turned = frequencies * _FACTORS[orientation % 4, :size, :size]
    return turned.swapaxes(-1, -2) if orientation >= 4 else turned


def phash_of(frequencies: Floats) -> bytes:
    """The 64-bit pHash of a picture, by what ``frequencies_of`` gives: which of the 8×8 lowest are above their median.

    So ``imagehash`` computes it.
    """
    low = frequencies[:_KEY_FREQUENCIES, :_KEY_FREQUENCIES].copy()
    low[0] *= _ROOT_OF_2  # its DCT is not normalised: the constant weighs more there
    low[:, 0] *= _ROOT_OF_2
    before, behind = sorted(low.ravel().tolist())[31:33]
    return np.packbits(low > (np.float32(before) + np.float32(behind)) / np.float32(2)).tobytes()
