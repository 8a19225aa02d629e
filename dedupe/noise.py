"""How much noise a photograph has where it is smoothest: what noise adds looks like detail, and is none.

Measured are second differences along some lines, in pieces of eight pixels: of twenty pieces the smoothest one says how
much there is everywhere. It is kept in five bits, which is enough to tell twice as much.

Noise that was added raises what the smoothest pieces have far more than detail. Blur, and what takes noise away, takes
detail, too: a noisy original is told from a noisy copy by that, as far as it goes.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

UNKNOWN: Final = 0
"""Stands for what wasn't measured: of fingerprints that were made before there was this, and of what is too small."""
MOST: Final = 31
_LEAST_SIDE_PX: Final = 64
_LINES: Final = 32
_PIECE_PX: Final = 8
_SMOOTHEST: Final = 0.05
_MEAN: Final = np.full(_PIECE_PX, 1 / _PIECE_PX, dtype=np.float32)
# What is less in the mean is flat, as patches are, and what is blown out: it says nothing of noise. So much at least is
# asked of what isn't.
_FLAT: Final = 0.5
_ENOUGH: Final = 0.1
# From one step of what is told to the next.
_STEP: Final = 1.15


def noise_step(pixels: NDArray[np.uint8]) -> int:
    """How much noise there is, 1 to 31 in steps of 15 %; ``UNKNOWN`` of what is too small.

    Args:
        pixels: Luminance, ``(h, w)``, as ``sharpness.measured_pixels`` gives it.
    """
    if min(pixels.shape) < _LEAST_SIDE_PX:
        return UNKNOWN
    lines = pixels[:: max(1, len(pixels) // _LINES)].astype(np.float32)
    end = (lines.shape[1] - 2) // _PIECE_PX * _PIECE_PX
    rough = 2 * lines[:, 1 : end + 1]
    rough -= lines[:, 2 : end + 2]
    rough -= lines[:, :end]
    means = np.abs(rough, out=rough).reshape(-1, _PIECE_PX) @ _MEAN
    rough_ones = means[means > _FLAT]
    if len(rough_ones) < _ENOUGH * len(means):
        return UNKNOWN
    place = int(_SMOOTHEST * len(rough_ones))
    rough_ones.partition(place)
    smoothest = float(rough_ones[place])
    return min(MOST, 1 + round(math.log(smoothest / _FLAT, _STEP)))


def times_the_noise(step: int, other: int) -> float:
    """How many times the noise of another picture one has, by their steps; 1 where one of them isn't known."""
    return float(_STEP ** (step - other)) if step and other else 1.0
