"""Borders around a picture: frames, letterboxes, bars with a caption.

A border is of one colour, and is looked for on one size of the picture, whichever decoder it came from. From each edge
inwards:

    lines of its colour alone, or with a line of letters on it ──▶ cut up to the last that shows nothing else
    such a line, and behind it one that has hardly any of it ────▶ the picture's own edge: cut up to it, whatever stands
                                                                   before it, such as heavy letters

A bar is of another ground than what it stands at. Windows, tables and pages of text are on one ground as a whole: what
is written there, and how much of it on a line, is no matter of borders, and each version of it would be trimmed at
another line. So where what is inside would be such a **page**, nothing is cut off but frames, which end all at once
on both sides, the margins of its own ground, and what is above or below it and too high for a title: a caption, as
products before a white wall have it, too.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache
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
# A page is mostly of one ground, and much of that is nearly of one level, as no sky or wall of a photograph is: such
# shares of it are within so many levels of some. Of 67 photographs under captions 63 are none, of windows all are.
_GROUND: Final = (0.5, 12)
_EVEN_GROUND: Final = (0.25, 3)
# A margin of a page is of its ground, within so many levels. A line of another colour at one edge is a title's ground,
# unless it is so thin as what scaling makes of a frame's end.
_OWN: Final = 6
_THIN_PX: Final = 2
# What is above or below a page is a caption from such a share of the height on, and up to another: the ground of a
# title takes less, and what is more is a part of the page.
_CAPTION: Final = 0.105
_MOST_CAPTION: Final = 0.3
_NO_CAPTION: Final = (1, 0)
_MIN_PX: Final = 8
# Where a border ends, its last line and the next one are mixed, and the one behind that shows what is inside. So many
# grey levels away from the border's colour are a file's noise.
_BEHIND_PX: Final = 2
_NOISE: Final = 2.0
_ROUNDS: Final = 3
# Seven of 200 photographs have so large a share of neighbours of one tone, within a grey level; of 256 flags 251.
_PAINTED: Final = 0.65
_ONE_TONE: Final = 1
# Of what is inside of a border, if that is hardly anything but one tone.
_ALL_PLAIN: Final = 0.9
# All grey levels above are those of a picture that is bright somewhere. One in weaker light is taken as if its
# brightest pixel were so bright, so that it has the same borders; but made so many times as bright at most, as noise
# is, too.
_BRIGHT: Final = 230
_MOST_TIMES: Final = 3.0
_LEVELS: Final = 255


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


def inside_of(luma: Image.Image, extent: tuple[float, float, float, float] | None = None) -> Part:
    """Find the picture within its borders: the same of any size it was decoded at.

    Args:
        luma: Its luminance.
        extent: Left, top, right and bottom of what is looked at, in pixels; by default the whole.
    """
    side = TRIMMED_SIDE_PX
    if all(_is_mixed(line) for line in _outermost(luma, extent or (0, 0, luma.width, luma.height))):
        return WHOLE_PART
    small = luma
    if luma.size != (side, side) or extent is not None:
        small = luma.resize((side, side), Image.Resampling.BILINEAR, box=extent)
    pixels = in_full_light(np.asarray(small))
    box = trim(pixels)
    rows, columns = pixels[:, box.left : box.right], pixels[box.top : box.bottom].T
    return Part(
        _end_of(columns, box.left) / side,
        _end_of(rows, box.top) / side,
        1 - _end_of(columns[::-1], side - box.right) / side,
        1 - _end_of(rows[::-1], side - box.bottom) / side,
    )


def _outermost(luma: Image.Image, extent: tuple[float, float, float, float]) -> Iterator[bytes]:
    """The first and last lines of each axis of the square that borders are looked for in, at a small part of its cost.

    Each comes of the same pixels in the same shares as if all lines were made: of a part that is one line high.
    """
    left, top, right, bottom = extent
    side, (across, down) = TRIMMED_SIDE_PX, ((right - left) / TRIMMED_SIDE_PX, (bottom - top) / TRIMMED_SIDE_PX)
    for size, box in (
        ((side, 1), (left, top, right, top + down)),
        ((side, 1), (left, bottom - down, right, bottom)),
        ((1, side), (left, top, left + across, bottom)),
        ((1, side), (right - across, top, right, bottom)),
    ):
        yield luma.resize(size, Image.Resampling.BILINEAR, box=box).tobytes()


def _is_mixed(line: bytes) -> bool:
    """Whether not nearly all of a line is of one colour; in full light, tones lie no nearer to one another."""
    edge = sorted(line)
    return not _is_of_one_colour(edge, edge[len(edge) // 2])


def _is_of_one_colour(edge: list[int], colour: int) -> bool:
    """Whether nearly all pixels of a line, in order, are within a border's tolerance of a colour."""
    return bisect_right(edge, colour + _TOLERANCE) - bisect_left(edge, colour - _TOLERANCE) >= _ALL * len(edge)


def in_full_light(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture as if it weren't in weak light; ``luma`` itself, if it isn't."""
    high = int(luma.max())
    if not 0 < high < _BRIGHT:
        return luma
    return np.frombuffer(luma.tobytes().translate(_brighter(high)), np.uint8).reshape(luma.shape)


@lru_cache(maxsize=_BRIGHT)
def _brighter(high: int) -> bytes:
    """What each grey level becomes where the brightest is ``high``."""
    times = min(_MOST_TIMES, _BRIGHT / high)
    return bytes(np.rint(np.arange(_LEVELS + 1) * times).clip(0, _LEVELS).astype(np.uint8))


def _end_of(lines: NDArray[np.uint8], count: int) -> float:
    """Where a border of so many of the first lines ends, as a number of lines and parts of one.

    Lines at an edge are mixed of what is before and behind it, and how much of either they have says where it is: in
    another size or file the edge lies between other lines, and is found at the same place.
    """
    if not count or count + _BEHIND_PX > len(lines):
        return float(count)
    colour = np.float32(np.median(lines[count - 1]))
    away = np.abs(lines[count - 1 : count + _BEHIND_PX] - colour)
    if np.count_nonzero(away[-1] <= _TOLERANCE) >= _HARDLY * away.shape[1]:  # no edge, but what begins little by little
        return count + 0.5
    *mixed, inside = np.maximum(away.mean(axis=1) - _NOISE, 0).tolist()
    # A quarter of a line more, so that what is made smaller again has none of it.
    return float(count + len(mixed) - 1 - sum(min(1.0, share / inside) for share in mixed) + 0.25)


def trim(luma: NDArray[np.uint8]) -> Box:
    """Find the picture within its borders.

    Args:
        luma: ``(height, width)``.

    Returns:
        The whole, if there is no border, or if hardly anything would remain. What is painted in flat colours has
        nothing within its outermost border but frames, and margins of its own ground: of a flag's stripes, each size
        of it would lose another.
    """
    height, width = luma.shape
    box = Box(0, 0, width, height)
    may_be_stripes = False
    for _ in range(_ROUNDS):  # a frame within a frame
        before = box
        rows = luma[box.top : box.bottom, box.left : box.right]
        top, bottom = _borders(rows, (int(_CAPTION * height), int(_MOST_CAPTION * height)), may_be_stripes)
        if rows.shape[0] - top - bottom < max(_MIN_PX, _MIN_SHARE * height):
            return _unless_plain(luma, before)
        box = box._replace(top=box.top + top, bottom=box.bottom - bottom)
        columns = luma[box.top : box.bottom, box.left : box.right].T
        left, right = _borders(columns, _NO_CAPTION, may_be_stripes)
        if columns.shape[0] - left - right < max(_MIN_PX, _MIN_SHARE * width):
            return _unless_plain(luma, before)
        box = box._replace(left=box.left + left, right=box.right - right)
        if box == before:
            break
        is_framed = box.left > 0 and box.top > 0 and box.right < width and box.bottom < height
        may_be_stripes = not is_framed and _is_painted(luma[box.top : box.bottom, box.left : box.right])
    return box


def _unless_plain(luma: NDArray[np.uint8], box: Box) -> Box:
    """A box, or the whole, if there is hardly anything but one tone in it."""
    inside = luma[box.top : box.bottom, box.left : box.right].astype(np.int16)
    is_plain = np.count_nonzero(np.abs(inside - np.median(inside)) <= _TOLERANCE) >= _ALL_PLAIN * inside.size
    return Box(0, 0, luma.shape[1], luma.shape[0]) if is_plain else box


def _is_painted(luma: NDArray[np.uint8]) -> bool:
    """Whether nearly all that lies side by side is of one tone."""
    luma = luma.astype(np.int16)
    equal = sum(int(np.count_nonzero(np.abs(np.diff(luma, axis=axis)) <= _ONE_TONE)) for axis in (0, 1))
    return equal >= _PAINTED * 2 * luma.size


class _Border(NamedTuple):
    """What may be cut off at one edge, in lines.

    Attributes:
        width: Of the border, with what is written on it.
        margin: Of its lines that show nothing but its colour.
        is_frame: Whether the picture begins all at once behind the margin.
        colour: In grey levels.
    """

    width: int
    margin: int
    is_frame: bool
    colour: int


_NO_BORDER: Final = _Border(0, 0, is_frame=False, colour=0)


def _borders(lines: NDArray[np.uint8], captions: tuple[int, int], may_be_stripes: bool) -> tuple[int, int]:
    """How many of the first lines, and how many of the last ones, are border.

    Args:
        lines: Of a picture.
        captions: How many lines a caption takes at least and at most, where the picture stands on one ground.
        may_be_stripes: Whether only margins of that ground are cut off.
    """
    first, last = _border(lines), _border(lines[::-1])
    if not first.width and not last.width:
        return 0, 0
    if may_be_stripes:
        ground = _ground_of_page(lines[first.width : len(lines) - last.width])
        return _own_margin(lines, first, ground), _own_margin(lines[::-1], last, ground)
    is_framed = first.is_frame and last.is_frame and abs(first.colour - last.colour) <= _TOLERANCE
    ground = None
    if not is_framed or first.width > first.margin or last.width > last.margin:
        ground = _ground_of_page(lines[first.width : len(lines) - last.width])
    if ground is None:
        return first.width, last.width
    return _of_page(first, ground, captions, is_framed), _of_page(last, ground, captions, is_framed)


def _own_margin(lines: NDArray[np.uint8], border: _Border, ground: int | None) -> int:
    """How many of the first lines are a margin of the ground that all stands on, with one that is mixed before it."""
    mixed = 0
    if 0 < border.margin <= _THIN_PX and ground is not None and abs(border.colour - ground) > _OWN:
        mixed, border = border.margin, _border(lines[border.margin :])
    is_own = ground is not None and border.margin > 0 and abs(border.colour - ground) <= _OWN
    return mixed + border.margin if is_own else 0


def _of_page(border: _Border, ground: int, captions: tuple[int, int], is_framed: bool) -> int:
    """How many lines of what may be a border are one, where all that is inside stands on one ground."""
    away = abs(border.colour - ground)
    if captions[0] <= border.width <= captions[1] and away > _TOLERANCE:
        return border.width
    if is_framed or away <= _OWN or (border.is_frame and border.margin <= _THIN_PX):
        return border.margin
    return 0


def _ground_of_page(inside: NDArray[np.uint8]) -> int | None:
    """The level of the ground that all of a picture stands on, as that of a page does; None of other pictures."""
    counts = np.bincount(inside.ravel(), minlength=256)
    found = []
    for least, within in (_GROUND, _EVEN_GROUND):
        around = np.convolve(counts, np.ones(2 * within + 1), "same")
        found.append(int(around.argmax()))
        if around.max() < max(1, least * inside.size):
            return None
    return found[-1]


def _border(lines: NDArray[np.uint8]) -> _Border:
    """What may be cut off before the first line."""
    edge = sorted(lines[0].tobytes())  # of so few pixels in half the time that an array takes
    colour = edge[len(edge) // 2]
    low, high = max(0, colour - _TOLERANCE), min(255, colour + _TOLERANCE)
    if not _is_of_one_colour(edge, colour):
        return _NO_BORDER
    is_ground = (lines >= low) & (lines <= high)
    shares = np.count_nonzero(is_ground, axis=1) / len(edge)
    all_border = shares >= _ALL
    margin = _run(all_border)
    width = _width(shares, all_border)
    if not _is_sure(lines, shares, width, colour):
        return _NO_BORDER
    is_frame = bool(shares[margin : margin + 2].min(initial=1.0) < _HARDLY)
    return _Border(width, margin if _is_sure(lines, shares, margin, colour) else 0, is_frame, colour)


def _width(shares: NDArray[np.float64], all_border: NDArray[np.bool_]) -> int:
    """How many of the first lines are border, letters on it included."""
    end = _run(shares >= _MOST)
    if end >= _MOST_OF_SIDE * len(shares):
        return _run(all_border)
    found = int(np.flatnonzero(all_border[:end])[-1]) + 1
    behind = int(_WIDEST_BAR * len(shares))
    # Scaling mixes the line between the bar and the picture, so the one after that is asked.
    edges = np.flatnonzero(all_border[:behind] & (shares[2 : behind + 2] < _HARDLY))
    return max(found, int(edges[-1]) + 1) if len(edges) else found


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
