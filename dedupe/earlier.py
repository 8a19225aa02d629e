"""How hard a picture was compressed before it was saved as it is: an earlier JPEG, seen in its pixels.

JPEG rounds the frequencies of each block of 8×8 pixels to multiples of a step, larger steps the lower its quality.
Saved again at a higher quality, or without loss, frequencies are still near to multiples of the earlier steps, and
seldom between them. So of some low frequencies the values are counted, and for each step that may have been before it
is said how much likelier these counts are with it than without: a sum of logarithms. Steps that give one quality by
the tables of ITU-T T.81, annex K.1, from which most encoders derive theirs, are added up. (Double quantisation: Fan and
de Queiroz 2003, Lukáš and Fridrich 2003.)

That holds where the blocks lie as they did. Of what was shifted, turned, or made another size since, nothing is known.
Decoded at half its size a JPEG still has the lower half of its frequencies, near enough; at a quarter it hasn't.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.frequencies import Floats

UNKNOWN: Final = 0
"""Stands for what wasn't compressed before, or shows no trace of that."""
_BLOCK_PX: Final = 8
# Frequencies that are looked at, down and across, and their steps at quality 50.
_FREQUENCIES: Final = ((0, 1), (1, 0), (1, 1), (1, 2), (2, 1))
_STEPS: Final = np.array([11, 12, 12, 14, 13], dtype=np.float64)
# So many blocks are enough; fewer than these, as icons have, are like anything now and then. Of a picture that is half
# its size, those with little in the higher frequencies are taken, which are seen in the lower ones there.
_MOST_BLOCKS: Final = 300
_FEWEST_BLOCKS: Final = 150
_LITTLE: Final = 27.0
_HIGHER: Final = np.array([0, 0, 0, 1, 1], dtype=np.float32)
# Steps that may have been: from where the rounding of pixels hides them to where a picture is spoiled, each so much
# larger than the one before. Those of one quality are rounded: so many on either side may be meant.
_LEAST_STEP: Final = 1.9
_GROWTH: Final = 1.05
_EARLIER: Final = _LEAST_STEP * _GROWTH ** np.arange(54)
_ROUNDED: Final = 3
# Values are counted to this one, in bins of half a unit, or of a step where the file has larger ones.
_TOP: Final = 36.0
_BIN: Final = 0.5
_BINS: Final = int(_TOP / _BIN)
# How far values are off the multiples, by the side of a block as it was decoded: of pixels that were rounded. And how
# many are anywhere, of what was drawn over the picture.
_OFF: Final = {8: 0.5, 4: 0.75}
_OFF_STEPS: Final = 0.6
_SLOPE: Final = 1.702
_ANYWHERE: Final = 0.15


def _basis(side_px: int) -> Floats:
    """What gives a block's frequencies, ``(side_px², 5)``, of blocks whose pixels were averaged to that side."""
    place = np.arange(side_px)
    averaged = np.arange(_BLOCK_PX)

    def wave(frequency: int) -> NDArray[np.float64]:
        mine = np.cos((2 * place + 1) * frequency * math.pi / (2 * side_px))
        whole = np.cos((2 * averaged + 1) * frequency * math.pi / (2 * _BLOCK_PX)).reshape(side_px, -1).mean(axis=1)
        # The height of the wave in what was averaged, and the norm of the transform of 8×8.
        norm = math.sqrt((1 if frequency else 0.5) * 2 / _BLOCK_PX) * _BLOCK_PX / side_px
        return np.asarray(mine * norm * float(mine @ mine) / float(mine @ whole))

    return np.stack([np.outer(wave(down), wave(across)).ravel() for down, across in _FREQUENCIES], axis=1).astype("f4")


_BASES: Final = {side_px: _basis(side_px) for side_px in _OFF}
# Of all frequencies, the place of a quality among the steps: those of each are as many places farther as it has larger
# ones, with room at both ends.
_LOG_EARLIER: Final = np.log(_EARLIER)
_LOG_STEPS: Final = float(np.log(_STEPS).mean())
_PLACES: Final = np.rint(np.log(_STEPS / _STEPS.min()) / math.log(_GROWTH)).astype(np.intp)
_SCALES: Final = _EARLIER[: len(_EARLIER) - int(_PLACES.max())] / _STEPS.min()
_MEANT: Final = _PLACES[:, None] + np.arange(len(_SCALES))
_ROWS: Final = np.arange(len(_FREQUENCIES))
_NOT_ASKED: Final = -1e9
_PLACE: Final = np.arange(_BINS - 1, dtype=np.float32)
_LEAST_MEAN: Final = np.float32(0.1)
# An earlier quality has steps so many times as large as the file's own, which aren't larger than this; and it is taken
# for one if it is so likely in all, and of so many frequencies, and so much likelier, in the mean of what was counted,
# than of values that grow fewer evenly.
_LARGER: Final = 1.2
_LARGEST_OWN: Final = 10
_LIKELY_IN_ALL: Final = 15.0
_MOST_OF_THEM: Final = 3
_LIKELIER: Final = 0.06


def earlier_quality(pixels: NDArray[np.uint8], steps: Sequence[int] | None, side_px: int = _BLOCK_PX) -> int:
    """The quality of a JPEG that a picture was before, as encoders count it, 1 to 99; ``UNKNOWN`` without a trace.

    Args:
        pixels: Luminance, ``(h, w)``, from the corner of a block on.
        steps: Of a JPEG, the 64 steps of its luminance, row by row; ``None`` of what has no such blocks.
        side_px: Of a block in it: 8, or 4 where it was decoded at half its size. With others nothing is known.
    """
    own = tuple(steps[_BLOCK_PX * down + across] if steps else 1 for down, across in _FREQUENCIES)
    blocks = pixels.shape[0] // side_px * (pixels.shape[1] // side_px)
    if side_px not in _BASES or blocks < _FEWEST_BLOCKS or not 0 < min(own) <= max(own) <= _LARGEST_OWN:
        return UNKNOWN
    bins = _bins_of(own)
    counts = _counts(_values(pixels, side_px), bins)
    said = np.full((len(own), len(_EARLIER) + 2 * _ROUNDED), _NOT_ASKED, dtype=np.float32)
    tables = _likelihoods_of(own, side_px)
    said[:, _ROUNDED:-_ROUNDED] = np.matmul(counts[:, None], tables)[:, 0]
    together = np.add.reduce(_best_nearby(said)[_ROWS[:, None], _MEANT])
    together[: bins.least] = _NOT_ASKED
    place = int(together.argmax())
    if together[place] < _LIKELY_IN_ALL:
        return UNKNOWN
    found = [int(row[at : at + 2 * _ROUNDED + 1].argmax()) + at for row, at in zip(said, _PLACES + place, strict=True)]
    earlier = np.array(found) - _ROUNDED
    scale = math.exp(float(_LOG_EARLIER[earlier].mean()) - _LOG_STEPS)
    if scale < bins.least_scale or np.count_nonzero(said[_ROWS, found] > 0) < _MOST_OF_THEM:
        return UNKNOWN
    likelihoods = tables[_ROWS, :, earlier]
    counted = float(np.vdot(counts, bins.middles >= np.maximum(0.5 * _EARLIER[earlier], 1.0)[:, None]))
    if float(np.vdot(counts - _evenly(counts), likelihoods)) < _LIKELIER * counted:
        return UNKNOWN
    return quality_of(scale)


def quality_of(scale: float) -> int:
    """The quality whose steps are so many times as large as those of quality 50, 1 to 100."""
    return min(100, max(1, round(50 / scale if scale > 1 else 100 - 50 * scale)))


def scale_of(quality: int) -> float:
    """How many times as large as those of quality 50 the steps of another one are."""
    return 50 / quality if quality < 50 else (100 - quality) / 50


class _Bins(NamedTuple):
    """What values are counted in, by the steps of a file.

    Attributes:
        of_one: How many bins a value of one is, of each frequency, ``(5,)``.
        first: Where those of a frequency begin, and how much of the first is below 0: half of it where steps are larger
            than 1.
        last: The one after the last of a frequency, for what is too large.
        middles: Of each bin, ``(5, bins)``.
        least_scale: How many times as large as those of quality 50 earlier steps are at least.
        least: From which place on they are.
    """

    of_one: Floats
    first: Floats
    last: Floats
    middles: Floats
    least_scale: float
    least: int


@lru_cache(maxsize=64)
def _bins_of(own: tuple[int, ...]) -> _Bins:
    has_steps = np.array(own) > 1
    widths = np.where(has_steps, own, _BIN)
    first = np.where(has_steps, 0.5, 0.0)
    middles = (np.arange(_BINS) + 0.5 - first[:, None]) * widths[:, None]
    least_scale = _LARGER * math.exp(float(np.log(own).mean()) - _LOG_STEPS)
    least = int(np.searchsorted(_SCALES, least_scale))
    begins = _ROWS * (_BINS + 1)
    of_one, begin, last, middle = (
        each.astype(np.float32) for each in (1 / widths, begins + first, begins + _BINS, middles)
    )
    return _Bins(of_one, begin, last, middle, least_scale, least)


def _values(pixels: NDArray[np.uint8], side_px: int) -> Floats:
    """How large each of the frequencies is in some blocks, ``(blocks, 5)``."""
    rows, columns = (length // side_px for length in pixels.shape)
    # A block's pixels of one row are moved at once, as one number.
    strips = pixels[: rows * side_px].reshape(rows, side_px, -1)[:: max(1, rows * columns // _MOST_BLOCKS)]
    lines = np.ascontiguousarray(strips[..., : columns * side_px]).view(f"u{side_px}")
    blocks = np.ascontiguousarray(lines.transpose(0, 2, 1)).view(np.uint8).reshape(-1, side_px**2)
    values = blocks.astype(np.float32) @ _BASES[side_px]
    np.abs(values, out=values)
    return values if side_px == _BLOCK_PX else values[values @ _HIGHER < _LITTLE]


def _counts(values: Floats, bins: _Bins) -> Floats:
    """How many values are in each bin, ``(5, bins)``."""
    places = np.minimum(values * bins.of_one + bins.first, bins.last).astype(np.intp)
    size = len(_ROWS) * (_BINS + 1)
    return np.bincount(places.ravel(), minlength=size).reshape(-1, _BINS + 1)[:, :_BINS].astype(np.float32)


def _evenly(counts: Floats) -> Floats:
    """As many values as were counted, each as many times fewer than those before, ``(5, bins)``; of the first, none."""
    some = counts[:, 1:]
    number = np.add.reduce(some, axis=1)[:, None]
    mean = (some @ _PLACE)[:, None] / np.maximum(1, number)
    share = np.maximum(mean, _LEAST_MEAN) / (1 + np.maximum(mean, _LEAST_MEAN))
    evenly = np.zeros_like(counts)
    evenly[:, 1:] = number * (1 - share) * share**_PLACE
    return evenly


def _best_nearby(said: Floats) -> Floats:
    """The largest of each and the six after it."""
    of_two = np.maximum(said[:, 1:], said[:, :-1])
    of_four = np.maximum(of_two[:, 2:], of_two[:, :-2])
    return np.maximum(of_four[:, 3:], of_four[:, :-3])


@lru_cache(maxsize=16)
def _likelihoods_of(own: tuple[int, ...], side_px: int) -> Floats:
    """Of a file's steps, ``(5, bins, steps)``; see ``_likelihoods``."""
    return np.stack([_likelihoods(step if step > 1 else 0, side_px) for step in own])


@lru_cache(maxsize=64)
def _likelihoods(step: int, side_px: int) -> Floats:
    """How much likelier values are with each earlier step than without, as logarithms, ``(bins, steps)``.

    Args:
        step: Of the file, where it is larger than 1; else 0.
        side_px: Of a block.
    """
    multiples = np.arange(int(_TOP / _LEAST_STEP) + 2)[:, None] * _EARLIER
    middles: NDArray[np.float64]
    if step:
        middles = np.arange(min(_BINS, int(_TOP / step) + 1)) * np.float64(step)
        below, above = (
            1 / (1 + np.exp(_SLOPE / _OFF_STEPS * (multiples - (middles + side)[:, None, None]).clip(-9, 9)))
            for side in (-step / 2, step / 2)
        )
        share = np.add.reduce(above - below, axis=1) * _EARLIER / step
    else:
        middles = np.asarray((np.arange(_BINS) + 0.5) * _BIN, dtype=np.float64)
        off = _OFF[side_px]
        near = np.add.reduce(np.exp(-0.5 * np.square((middles[:, None, None] - multiples) / off)), axis=1)
        share = near * _EARLIER / (off * math.sqrt(2 * math.pi))
    table = np.zeros((_BINS, len(_EARLIER)), dtype=np.float32)
    # In a file without steps of its own, what is nearer to nothing than to a step says nothing: most of it was nothing.
    says = middles[:, None] >= (0.5 if step else np.maximum(0.5 * _EARLIER, 1.0))
    np.log(_ANYWHERE + (1 - _ANYWHERE) * share, out=table[: len(middles)], where=says, casting="same_kind")
    return table
