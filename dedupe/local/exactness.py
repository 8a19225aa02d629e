"""How exact a small grey picture is: what tells drawings from photographs."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

HARDLY_EXACT: Final = 0.25
"""Drawings have more pixels than that in rows of one level, even where they were compressed."""
# What is within so many levels of the ground belongs to it.
_GROUND_LEVELS: Final = 12
# A drawing has rows or columns of so many pixels of exactly one level, even a window with a gradient has, and
# photographs have noise.
_RUN_PX: Final = 4


def exact(picture: NDArray[np.uint8]) -> float:
    """Which share of the pixels stands in a row or column of some that are of one level."""
    return float(in_rows(picture).mean())


def in_rows(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels do, ``(h, w)``.

    Args:
        picture: ``(h, w)``, grey.
    """
    found = np.zeros(picture.shape, np.bool_)
    for seen, turned in ((found, picture), (found.T, picture.T)):
        last = turned.shape[1] - _RUN_PX + 1
        if last < 1:
            continue
        parts = [turned[:, step : step + last] for step in range(_RUN_PX)]
        begins = np.all([part == parts[0] for part in parts[1:]], axis=0)
        for step in range(_RUN_PX):
            seen[:, step : step + last] |= begins
    return found


def off_ground(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels aren't of the ground, ``(h, w)``: the tone, with those next to it, that most are of.

    Args:
        picture: ``(h, w)``, grey.
    """
    tones = np.convolve(np.bincount(picture.ravel(), minlength=256), np.ones(2 * _GROUND_LEVELS + 1), "same")
    found: NDArray[np.bool_] = abs(picture - float(tones.argmax())) > _GROUND_LEVELS
    return found
