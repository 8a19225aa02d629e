"""Where a grey picture has something to recognise it by, and what surrounds each such point: SIFT (Lowe 2004).

    picture ──blur, step by step──▶ octaves ──differences──▶ peaks ──refine──▶ points ──directions──▶ descriptors

OpenCV has it, too, and takes longer: it doubles every picture first, and looks at each pixel around a point. Here the
picture is taken as it is, and larger; each point has a grid of ``GRID`` × ``GRID`` samples, whatever its size. OpenCV
blurs, compares and samples.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.local.opencv import load_opencv

MOST_POINTS: Final = 400
_SIGMA: Final = 1.6
_CAMERA_SIGMA: Final = 0.5
_LAYERS: Final = 3
# A third of what Lowe has: washed-out copies, and soft pictures, keep their points. In grey levels.
_CONTRAST: Final = 0.012 * 255
_EDGE: Final = 10.0
_LEAST_SIDE_PX: Final = 24
_MARGIN_PX: Final = 3
_FLAT: Final = np.float32(1e-9)
_AXES: Final = ((1, 0), (0, 1))
# Directions: a grid over 4.5 times the point's scale on either side, in 36 bins.
_TURN_GRID: Final = 11
_TURN_BINS: Final = 36
_TURN_WIDTH: Final = 4.5
_SECOND_PEAK: Final = 0.8
GRID: Final = 12
"""Samples along a side of what surrounds a point: three for each of the 4 × 4 cells."""
_CELLS: Final = 4
_CELL_WIDTH: Final = 3.0
_DIRECTIONS: Final = 8
_CLIP: Final = 0.2

Floats = NDArray[np.floating[Any]]


def _grid(number: int, ends: float) -> tuple[Floats, Floats]:
    """Places of a grid's samples, ``(number²,)`` x and y."""
    along = np.linspace(-ends, ends, number, dtype=np.float32)
    x, y = np.meshgrid(along, along)
    return x.ravel(), y.ravel()


def _cell_weights() -> Floats:
    """``(GRID², 16)``: how much each sample counts for each cell: less, the farther from its middle."""
    middles = np.arange(_CELLS, dtype=np.float32) - (_CELLS - 1) / 2
    x, y = (np.maximum(0, 1 - abs(along[:, None] - middles[None])) for along in (_X, _Y))
    fade = np.exp(-(_X**2 + _Y**2) / (2 * (_CELLS / 2) ** 2))
    weights: Floats = ((y[:, :, None] * x[:, None, :]).reshape(-1, _CELLS**2) * fade[:, None]).astype(np.float32)
    return weights


_TURN_X, _TURN_Y = _grid(_TURN_GRID, _TURN_WIDTH)
_TURN_WEIGHTS: Final = np.exp(-(_TURN_X**2 + _TURN_Y**2) / (2 * 1.5**2)).astype(np.float32)
# In cells: the samples are the middles of GRID equal parts.
_X, _Y = _grid(GRID, _CELLS / 2 * (1 - 1 / GRID))
_CELL_WEIGHTS: Final = _cell_weights()


@dataclass(frozen=True, slots=True, eq=False)
class _Peaks:
    """Points of one blurred picture, in its pixels.

    Attributes:
        octave: How often the picture was halved.
        layer: Which of the octave's.
        places: ``(n, 4) float32``: x, y, scale, and how much it stands out.
    """

    octave: int
    layer: int
    places: Floats


def find_points(picture: NDArray[np.uint8]) -> tuple[Floats, NDArray[np.uint8]]:
    """Find the points of a picture.

    Args:
        picture: ``(h, w)``, grey.

    Returns:
        ``(n, 4) float32``: x and y in pixels, size in pixels, direction in radians, the strongest first; and
        ``(n, 128) uint8``, RootSIFT: square roots of shares, so that their length is about 255.
    """
    opencv = load_opencv()
    octaves, found = _search(opencv, picture)
    strongest = _strongest(found)
    slopes = [
        [opencv.Sobel(octaves[one.octave][one.layer], opencv.CV_32F, *axis, ksize=1) for axis in _AXES]
        for one in strongest
    ]
    # All points together from here on: what is looked at of them is sampled from each blurred picture in turn.
    places, whose = _joined(strongest)
    if not len(places):
        return np.empty((0, 4), np.float32), np.empty((0, _CELLS**2 * _DIRECTIONS), np.uint8)
    scale = places[:, 2:3]
    around = places[:, 0:1] + _TURN_X * scale, places[:, 1:2] + _TURN_Y * scale
    which, turns = _turns(*_sampled(opencv, slopes, whose, around))
    places, whose = places[which], whose[which]
    descriptors = _described(*_sampled(opencv, slopes, whose, _turned_grid(places, turns)), turns)
    zoom = np.array([2**one.octave for one in strongest], np.float32)[whose]
    points = np.stack([places[:, 0] * zoom, places[:, 1] * zoom, 2 * places[:, 2] * zoom, turns], 1)
    order = np.argsort(-places[:, 3], kind="stable")[:MOST_POINTS]
    return points[order], descriptors[order]


def _search(opencv: Any, picture: NDArray[np.uint8]) -> tuple[list[list[Floats]], list[_Peaks]]:  # noqa: ANN401 - OpenCV has no types
    """The blurred pictures of each octave, and the peaks of their differences."""
    step = 2 ** (1 / _LAYERS)
    blurred = _blurred(opencv, picture.astype(np.float32), np.sqrt(_SIGMA**2 - _CAMERA_SIGMA**2))
    octaves: list[list[Floats]] = []
    found: list[_Peaks] = []
    while min(blurred.shape) >= _LEAST_SIDE_PX:
        layers = [blurred]
        for number in range(_LAYERS + 2):
            more = _SIGMA * step**number * np.sqrt(step * step - 1)
            layers.append(_blurred(opencv, layers[-1], more))
        apart = [opencv.subtract(after, before) for before, after in pairwise(layers)]
        for layer in range(1, _LAYERS + 1):
            places = _refined(apart[layer - 1 : layer + 2], _peaks(opencv, apart[layer - 1 : layer + 2]), layer)
            found.append(_Peaks(len(octaves), layer, places))
        octaves.append(layers)
        blurred = np.ascontiguousarray(layers[_LAYERS][::2, ::2])
    return octaves, found


def _blurred(opencv: Any, picture: Floats, sigma: float) -> Floats:  # noqa: ANN401
    """Blurred as far as three times sigma, which is all that matters."""
    side = 2 * math.ceil(3 * sigma) + 1
    found: Floats = opencv.GaussianBlur(picture, (side, side), sigma)
    return found


def _strongest(found: list[_Peaks]) -> list[_Peaks]:
    """The peaks that stand out most; without blurred pictures that have none."""
    strengths = np.concatenate([np.empty(0, np.float32), *(peaks.places[:, 3] for peaks in found)])
    least = float(np.sort(strengths)[-MOST_POINTS]) if len(strengths) > MOST_POINTS else 0.0
    kept = [_Peaks(one.octave, one.layer, one.places[one.places[:, 3] >= least]) for one in found]
    return [one for one in kept if len(one.places)]


def _joined(found: list[_Peaks]) -> tuple[Floats, NDArray[np.intp]]:
    """All places, and of which blurred picture each is."""
    whose = np.repeat(np.arange(len(found)), [len(one.places) for one in found])
    return np.concatenate([np.empty((0, 4), np.float32), *(one.places for one in found)]), whose


def _peaks(opencv: Any, apart: list[Floats]) -> NDArray[np.intp]:  # noqa: ANN401
    """Where the middle one of three differences is above, or below, all 26 neighbours: places in it, flat."""
    below, middle, above = apart
    kernel = np.ones((3, 3), np.uint8)
    least = 0.5 * _CONTRAST / _LAYERS
    high = opencv.compare(middle, opencv.dilate(middle, kernel), opencv.CMP_EQ)
    low = opencv.compare(middle, opencv.erode(middle, kernel), opencv.CMP_EQ)
    high &= opencv.compare(middle, least, opencv.CMP_GT)
    low &= opencv.compare(middle, -least, opencv.CMP_LT)
    is_peak = high | low
    is_peak[:_MARGIN_PX] = is_peak[-_MARGIN_PX:] = 0
    is_peak[:, :_MARGIN_PX] = is_peak[:, -_MARGIN_PX:] = 0
    at = np.flatnonzero(is_peak)
    values = middle.ravel()[at]
    sign = np.sign(values)
    around = (np.arange(-1, 2)[:, None] * middle.shape[1] + np.arange(-1, 2)[None]).ravel()
    beside = at[:, None] + around
    tops = [(other.ravel()[beside] * sign[:, None]).max(1, initial=-np.inf) for other in (below, above)]
    found: NDArray[np.intp] = at[np.maximum(*tops) <= abs(values)]
    return found


def _refined(apart: list[Floats], at: NDArray[np.intp], layer: int) -> Floats:
    """Peaks between pixels and layers, by a parabola (Brown and Lowe 2002); without faint ones, and those on edges."""
    width = apart[1].shape[1]
    flat = [one.ravel() for one in apart]

    def near(which: int, dy: int, dx: int) -> Floats:
        found: Floats = flat[which][at + (dy * width + dx)]
        return found

    value = near(1, 0, 0)
    xx, yy = near(1, 0, 1) + near(1, 0, -1) - 2 * value, near(1, 1, 0) + near(1, -1, 0) - 2 * value
    xy: Floats = (near(1, 1, 1) - near(1, 1, -1) - near(1, -1, 1) + near(1, -1, -1)) / 4
    flatness = xx * yy - xy * xy
    # An edge bends one way only; there a point could stand anywhere along it.
    is_corner = (flatness > 0) & ((xx + yy) ** 2 * _EDGE < (_EDGE + 1) ** 2 * flatness)
    at = at[is_corner]
    value, xx, yy, xy = value[is_corner], xx[is_corner], yy[is_corner], xy[is_corner]
    x, y, s = (
        (near(1, 0, 1) - near(1, 0, -1)) / 2,
        (near(1, 1, 0) - near(1, -1, 0)) / 2,
        (near(2, 0, 0) - near(0, 0, 0)) / 2,
    )
    ss = near(2, 0, 0) + near(0, 0, 0) - 2 * value
    xs = (near(2, 0, 1) - near(2, 0, -1) - near(0, 0, 1) + near(0, 0, -1)) / 4
    ys = (near(2, 1, 0) - near(2, -1, 0) - near(0, 1, 0) + near(0, -1, 0)) / 4
    off = _solved((xx, xy, xs, yy, ys, ss), (x, y, s))
    strength = abs(value + (x * off[0] + y * off[1] + s * off[2]) / 2)
    is_good = (abs(off).max(0, initial=0) < 1) & (strength * _LAYERS >= _CONTRAST)
    off, strength = off[:, is_good], strength[is_good]
    rows, columns = np.divmod(at[is_good], width)
    places = [columns + off[0], rows + off[1], _SIGMA * 2 ** ((layer + off[2]) / _LAYERS), strength]
    return np.stack(places, 1).astype(np.float32)


def _solved(bend: tuple[Floats, ...], slope: tuple[Floats, ...]) -> Floats:
    """Where parabolas have their tops, ``(3, n)``: by Cramer's rule, many at once. Far away where they have none."""
    xx, xy, xs, yy, ys, ss = bend
    x, y, s = slope
    a, b, c = yy * ss - ys * ys, xs * ys - xy * ss, xy * ys - yy * xs
    whole = xx * a + xy * b + xs * c
    whole = np.where(abs(whole) < _FLAT, _FLAT, whole)
    tops: Floats = -np.stack(
        [
            a * x + b * y + c * s,
            b * x + (xx * ss - xs * xs) * y + (xy * xs - xx * ys) * s,
            c * x + (xy * xs - xx * ys) * y + (xx * yy - xy * xy) * s,
        ]
    )
    return tops / whole


def _turns(lengths: Floats, angles: Floats) -> tuple[NDArray[np.intp], Floats]:
    """The direction of each point, or its directions: which point, and radians."""
    bins = (angles * np.float32(_TURN_BINS / (2 * np.pi)) + np.float32(0.5)).astype(np.int32)
    bins[bins >= _TURN_BINS] -= _TURN_BINS
    bins += _TURN_BINS * np.arange(len(bins), dtype=np.int32)[:, None]
    counts = np.bincount(bins.ravel(), (lengths * _TURN_WEIGHTS).ravel(), _TURN_BINS * len(bins))
    counts = counts.reshape(-1, _TURN_BINS)
    one, two = (np.roll(counts, by, 1) + np.roll(counts, -by, 1) for by in (1, 2))
    counts = (6 * counts + 4 * one + two) / 16
    before, after = np.roll(counts, 1, 1), np.roll(counts, -1, 1)
    is_peak = (counts > before) & (counts > after) & (counts >= _SECOND_PEAK * counts.max(1, keepdims=True))
    which, at = np.nonzero(is_peak)
    top, left, right = counts[which, at], before[which, at], after[which, at]
    between = (left - right) / 2 / (left - 2 * top + right)
    return which, ((at + between) * (2 * np.pi / _TURN_BINS) % (2 * np.pi)).astype(np.float32)


def _turned_grid(places: Floats, turns: Floats) -> tuple[Floats, Floats]:
    """Where what surrounds points is sampled, x and y: a grid that is turned and sized as each point is."""
    width = places[:, 2] * np.float32(_CELL_WIDTH)
    along, across = (np.cos(turns) * width)[:, None], (np.sin(turns) * width)[:, None]
    return places[:, 0:1] + along * _X - across * _Y, places[:, 1:2] + across * _X + along * _Y


def _described(lengths: Floats, angles: Floats, turns: Floats) -> NDArray[np.uint8]:
    """``(n, 128)``: slopes by cell and by direction, as seen by somebody who is turned as the point is."""
    # Of whole turns; one is added, so that none is below zero.
    turned = (angles - turns[:, None]) * np.float32(_DIRECTIONS / (2 * np.pi)) + np.float32(_DIRECTIONS)
    first = turned.astype(np.int32)
    share = turned - first
    by_direction = np.zeros((len(turns), _DIRECTIONS, GRID * GRID), np.float32)
    rows, columns = np.arange(len(turns))[:, None], np.arange(GRID * GRID)[None]
    by_direction[rows, first & (_DIRECTIONS - 1), columns] = lengths * (1 - share)
    by_direction[rows, (first + 1) & (_DIRECTIONS - 1), columns] = lengths * share
    cells = by_direction.reshape(-1, GRID * GRID) @ _CELL_WEIGHTS
    found = cells.reshape(-1, _DIRECTIONS, _CELLS**2).transpose(0, 2, 1).reshape(-1, _DIRECTIONS * _CELLS**2)
    found = found / np.maximum(_FLAT, np.linalg.norm(found, axis=1, keepdims=True))
    found = np.minimum(found, np.float32(_CLIP))
    shares = found / np.maximum(_FLAT, found.sum(1, keepdims=True))
    rooted: NDArray[np.uint8] = np.rint(255 * np.sqrt(shares)).astype(np.uint8)
    return rooted


def _sampled(
    opencv: Any,  # noqa: ANN401
    slopes: list[list[Floats]],
    whose: NDArray[np.intp],
    places: tuple[Floats, Floats],
) -> tuple[Floats, Floats]:
    """Length and angle of slopes, ``(n, samples)``, each sampled in its blurred picture; outside there are none."""
    x, y = places
    parts = []
    for number, both in enumerate(slopes):
        mine = whose == number
        at = x[mine], y[mine]
        parts.append([opencv.remap(one, *at, opencv.INTER_LINEAR, borderMode=opencv.BORDER_CONSTANT) for one in both])
    along, across = (np.concatenate(part) for part in zip(*parts, strict=True))
    lengths, angles = opencv.cartToPolar(along, across)
    return lengths, angles
