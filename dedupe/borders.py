"""Borders around a picture: frames, letterboxes, bars with a caption.

A border is of one colour, and is looked for on one size of the picture, whichever decoder it came from. From each edge
inwards:

    lines of its colour alone, or with a line of letters on it ──▶ cut up to the last that shows nothing else
    such a line, and behind it one that has hardly any of it ────▶ the picture's own edge: cut up to it, whatever stands
                                                                   before it, such as heavy letters
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TRIMMED_SIDE_PX: Final = 128
"""Side of the square that borders are looked for in."""
# Grey levels by which JPEG at low quality moves the pixels of one colour.
_TOLERANCE: Final = 12
# Share of a line's pixels that makes it all border.
_ALL: Final = 0.97
# Of a line of letters on it.
_MOST: Final = 0.4
# Of a line of the picture behind a bar, and how wide that may be at most, of the side.
_HARDLY: Final = 0.25
_WIDEST_BAR: Final = 0.4
# More than this of one side is no border but a plain ground, on which "most" would run far into the subject.
_MOST_OF_SIDE: Final = 0.6
# Less than this must not remain.
_MIN_SHARE: Final = 0.3
# So little of a line's pixels are left of a border where it ends sharply; so many grey levels vary on a flat one.
_SHARP: Final = 0.6
_FLAT: Final = 2
_MIN_PX: Final = 8
_ROUNDS: Final = 3


class Box(NamedTuple):
    """What is inside of the borders, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


class Part(NamedTuple):
    """What is inside of the borders, as shares of the sides."""

    left: float
    top: float
    right: float
    bottom: float


WHOLE_PART: Final = Part(0.0, 0.0, 1.0, 1.0)


def inside_of(luma: Image.Image) -> Part:
    """Find the picture within its borders: the same of any size it was decoded at."""
    side = TRIMMED_SIDE_PX
    small = luma if luma.size == (side, side) else luma.resize((side, side), Image.Resampling.BILINEAR)
    box = trim(np.asarray(small))
    # A border ends within a pixel of the small picture as a rule: half of one more, so that no line of it is left.
    left, top = ((edge + 0.5 * (edge > 0)) / side for edge in box[:2])
    right, bottom = ((edge - 0.5 * (edge < side)) / side for edge in box[2:])
    return Part(left, top, right, bottom)


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
    is_ground = (lines >= low) & (lines <= high)
    shares = np.count_nonzero(is_ground, axis=1) / len(edge)
    all_border = shares >= _ALL
    end = _run(shares >= _MOST)
    if end >= _MOST_OF_SIDE * len(lines):
        found = _run(all_border)
    else:
        found = int(np.flatnonzero(all_border[:end])[-1]) + 1
        behind = int(_WIDEST_BAR * len(lines))
        # Scaling mixes the line between the bar and the picture, so the one after that is asked.
        edges = np.flatnonzero(all_border[:behind] & (shares[2 : behind + 2] < _HARDLY))
        found = max(found, int(edges[-1]) + 1) if len(edges) else found
    return found if _is_sure(lines, shares, found, colour) else 0


def _is_sure(lines: NDArray[np.uint8], shares: NDArray[np.float64], count: int, colour: int) -> bool:
    """Whether a border ends where every decoder sees it end: at a sharp edge, or on a ground that is flat indeed."""
    if shares[count : count + 2].min(initial=1.0) < _SHARP:
        return True
    plain = lines[:count][shares[:count] >= _ALL]
    away = np.abs(plain.astype(np.int16) - colour)
    return bool(np.count_nonzero(away <= _FLAT) >= _ALL * away.size)


def _run(lines: NDArray[np.bool_]) -> int:
    """How many at the beginning are true."""
    return len(lines) if lines.all() else int(np.argmin(lines))
