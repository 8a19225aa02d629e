"""Borders around a picture: frames, letterboxes, bars with a caption.

A border is of one colour. From each edge inwards, lines belong to it as long as most of their pixels have the edge's
colour, and it ends with the last line that has nothing else: so a bar with a line of text in it is a border, and a
picture whose subject stands before a plain ground is trimmed to the subject at most.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Grey levels by which JPEG at low quality moves the pixels of one colour.
_TOLERANCE: Final = 12
# Shares of a line's pixels: of a line that is all border; of one that may be a line of text on it.
_ALL: Final = 0.97
_MOST: Final = 0.4
# More than this of one side is no border but a plain ground, on which "most" would run far into the subject.
_MOST_OF_SIDE: Final = 0.6
# Less than this must not remain.
_MIN_SHARE: Final = 0.3
_MIN_PX: Final = 8
_ROUNDS: Final = 3


class Box(NamedTuple):
    """What is inside of the borders, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


def trim(luma: NDArray[np.uint8]) -> Box:
    """Find the picture within its borders.

    Args:
        luma: ``(height, width)``.

    Returns:
        The whole, if there is no border, or if hardly anything would remain.
    """
    height, width = luma.shape
    whole = Box(0, 0, width, height)
    box = whole
    for _ in range(_ROUNDS):  # a frame within a frame
        before = box
        rows = luma[box.top : box.bottom, box.left : box.right]
        top, bottom = _border(rows), _border(rows[::-1])
        if rows.shape[0] - top - bottom < max(_MIN_PX, _MIN_SHARE * height):
            return whole
        box = box._replace(top=box.top + top, bottom=box.bottom - bottom)
        columns = luma[box.top : box.bottom, box.left : box.right].T
        left, right = _border(columns), _border(columns[::-1])
        if columns.shape[0] - left - right < max(_MIN_PX, _MIN_SHARE * width):
            return whole
        box = box._replace(left=box.left + left, right=box.right - right)
        if box == before:
            break
    return box


def _border(lines: NDArray[np.uint8]) -> int:
    """How many of the first lines are border."""
    edge = lines[0]
    middle = len(edge) // 2
    colour = int(np.partition(edge, middle)[middle])
    low, high = max(0, colour - _TOLERANCE), min(255, colour + _TOLERANCE)
    if np.count_nonzero((edge >= low) & (edge <= high)) < _ALL * len(edge):
        return 0
    shares = np.count_nonzero((lines >= low) & (lines <= high), axis=1) / len(edge)
    all_border = shares >= _ALL
    end = _run(shares >= _MOST)
    if end >= _MOST_OF_SIDE * len(lines):
        return _run(all_border)
    return int(np.flatnonzero(all_border[:end])[-1]) + 1


def _run(lines: NDArray[np.bool_]) -> int:
    """How many at the beginning are true."""
    return len(lines) if lines.all() else int(np.argmin(lines))
