"""Where a grey picture has something to recognise it by, and what surrounds each such point: SIFT (Lowe 2004).

    picture ──blur, step by step──▶ octaves ──differences──▶ peaks ──refine──▶ points ──directions──▶ descriptors

OpenCV has it, too, and takes longer: it doubles every picture first, and looks at each pixel around a point. Here the
picture is taken as it is, larger, and blurred less; each point has a grid of ``GRID`` × ``GRID`` samples, whatever its
size. OpenCV blurs, compares and samples, in whole numbers of 1/64 of a grey level.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.local.opencv import load_opencv

MOST_POINTS: Final = 600
"""More would find a picture that is small in another one more often, at 136 bytes and 8 µs each."""
# Some have two directions.
_MOST_PLACES: Final = 500
_TILES: Final = 6
# Less than Lowe has, as if the picture were enlarged by 1.6: what is small in another picture has finer points only.
_SIGMA: Final = 1.0
_CAMERA_SIGMA: Final = 0.5
_LAYERS: Final = 3
# A third of what Lowe has: washed-out copies, and soft pictures, keep their points. In grey levels.
_CONTRAST: Final = 0.012 * 255
_EDGE: Final = 10.0
_LEAST_SIDE_PX: Final = 24
_MARGIN_PX: Final = 3
_FLAT: Final = np.float32(1e-9)
# Of a grey level: differences of 255 still fit into 16 bits.
_UNITS: Final = 64
# Directions: a grid over 4.5 times the point's scale on either side, in 36 bins.
_TURN_GRID: Final = 9
_TURN_BINS: Final = 36
_TURN_WIDTH: Final = 4.5
_SECOND_PEAK: Final = 0.8
GRID: Final = 8
"""Samples along a side of what surrounds a point: two for each of the 4 × 4 cells; three find no more."""
_CELLS: Final = 4
_CELL_WIDTH: Final = 3.0
_DIRECTIONS: Final = 8
_CLIP: Final = 0.2
# What is looked at around a peak: 3 × 3 in its own difference, then itself and four neighbours in either next one.
_SQUARE: Final = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
_CROSS: Final = ((-1, 0), (0, -1), (0, 0), (0, 1), (1, 0))

Floats = NDArray[np.floating[Any]]
Pixels = NDArray[np.int16]


def _grid(number: int, ends: float) -> tuple[Floats, Floats]:
    """Places of a grid's samples, ``(number²,)`` x and y."""
    along = np.linspace(-ends, ends, number, dtype=np.float32)
    x, y = np.meshgrid(along, along)
    return x.ravel(), y.ravel()


def _framed(number: int, ends: float) -> tuple[Floats, Floats]:
    """The same with one more sample at every side, by which slopes are found."""
    return _grid(number + 2, ends * (number + 1) / (number - 1))


def _cell_weights() -> Floats:
    """``(GRID², 16)``: how much each sample counts for each cell: less, the farther from its middle."""
    along_x, along_y = _grid(GRID, _ENDS)
    middles = np.arange(_CELLS, dtype=np.float32) - (_CELLS - 1) / 2
    x, y = (np.maximum(0, 1 - abs(along[:, None] - middles[None])) for along in (along_x, along_y))
    fade = np.exp(-(along_x**2 + along_y**2) / (2 * (_CELLS / 2) ** 2))
    weights: Floats = ((y[:, :, None] * x[:, None, :]).reshape(-1, _CELLS**2) * fade[:, None]).astype(np.float32)
    return weights


# In cells: the samples are the middles of GRID equal parts.
_ENDS: Final = _CELLS / 2 * (1 - 1 / GRID)
_X, _Y = _framed(GRID, _ENDS)
_CELL_WEIGHTS: Final = _cell_weights()
_TURN_X, _TURN_Y = _framed(_TURN_GRID, _TURN_WIDTH)
_TURN_WEIGHTS: Final = np.exp(
    -sum(along**2 for along in _grid(_TURN_GRID, _TURN_WIDTH)) / (2 * 1.5**2), dtype=np.float32
)


def find_points(picture: NDArray[np.uint8]) -> tuple[Floats, NDArray[np.uint8]]:
    """Find the points of a picture.

    Args:
        picture: ``(h, w)``, grey.

    Returns:
        ``(n, 4) float32``: x and y in pixels, size in pixels, direction in radians, the strongest first; and
        ``(n, 128) uint8``, RootSIFT: square roots of shares, so that their length is about 255.
    """
    opencv = load_opencv()
    octaves = _octaves(opencv, picture)
    # All points together from here on; of each it is known in which blurred picture it was found.
    blurred = [layer for layers in octaves for layer in layers[1 : _LAYERS + 1]]
    places, whose = _search(opencv, octaves)
    chosen = _chosen(places, _tiles(places * _zoom(whose)[:, None], picture.shape))
    places, whose = places[chosen], whose[chosen]
    if not len(places):
        return np.empty((0, 4), np.float32), np.empty((0, _CELLS**2 * _DIRECTIONS), np.uint8)
    scale = places[:, 2:3]
    around = places[:, 0:1] + _TURN_X * scale, places[:, 1:2] + _TURN_Y * scale
    which, turns = _turns(*_slopes(opencv, _sampled(opencv, blurred, whose, around)))
    kept = _first_turns(which, places[:, 3])
    which, turns = which[kept], turns[kept]
    places, whose = places[which], whose[which]
    descriptors = _described(*_slopes(opencv, _sampled(opencv, blurred, whose, _turned_grid(places, turns))))
    zoom = _zoom(whose)
    points = np.stack([places[:, 0] * zoom, places[:, 1] * zoom, 2 * places[:, 2] * zoom, turns], 1)
    order = np.argsort(-places[:, 3], kind="stable")
    return points[order].astype(np.float32), descriptors[order]


def _zoom(whose: NDArray[np.intp]) -> Floats:
    """How many pixels of the picture one of each point's blurred picture is wide."""
    return np.float32(2) ** (whose // _LAYERS).astype(np.float32)


def _octaves(opencv: Any, picture: NDArray[np.uint8]) -> list[list[Pixels]]:  # noqa: ANN401 - OpenCV has no types
    """The picture blurred more and more, then halved and so on."""
    step = 2 ** (1 / _LAYERS)
    blurred = _blurred(opencv, picture.astype(np.int16) * _UNITS, math.sqrt(_SIGMA**2 - _CAMERA_SIGMA**2))
    octaves: list[list[Pixels]] = []
    while min(blurred.shape) >= _LEAST_SIDE_PX:
        layers = [blurred]
        for number in range(_LAYERS + 2):
            layers.append(_blurred(opencv, layers[-1], _SIGMA * step**number * math.sqrt(step * step - 1)))
        octaves.append(layers)
        blurred = np.ascontiguousarray(layers[_LAYERS][::2, ::2])
    return octaves


def _blurred(opencv: Any, picture: Pixels, sigma: float) -> Pixels:  # noqa: ANN401
    """Blurred as far as three times sigma, which is all that matters."""
    side = 2 * math.ceil(3 * sigma) + 1
    found: Pixels = opencv.GaussianBlur(picture, (side, side), sigma)
    return found


def _search(opencv: Any, octaves: list[list[Pixels]]) -> tuple[Floats, NDArray[np.intp]]:  # noqa: ANN401
    """Points: ``(n, 4)`` x, y, scale and how much each stands out, in pixels of its octave; and which layer's it is."""
    at, around, widths = [np.empty(0, np.intp)], [np.empty((len(_SQUARE) + 2 * len(_CROSS), 0), np.int16)], []
    for layers in octaves:
        apart = [opencv.subtract(after, before) for before, after in pairwise(layers)]
        for three, found in zip(_threes(apart), _peaks(opencv, apart), strict=True):
            at.append(found)
            around.append(_around(three, found))
            widths.append(layers[0].shape[1])
    whose = np.repeat(np.arange(len(widths)), [len(found) for found in at[1:]])
    is_good, off, strength = _refined(np.concatenate(around, 1).astype(np.float32) / np.float32(_UNITS))
    whose = whose[is_good]
    rows, columns = np.divmod(np.concatenate(at)[is_good], np.array(widths, np.intp)[whose])
    scale = _SIGMA * 2 ** ((whose % _LAYERS + 1 + off[2]) / _LAYERS)
    return np.stack([columns + off[0], rows + off[1], scale, strength], 1).astype(np.float32), whose


def _threes(apart: Sequence[Pixels]) -> list[Sequence[Pixels]]:
    """Each difference that has one on either side of it, between these."""
    return [apart[number : number + 3] for number in range(len(apart) - 2)]


def _peaks(opencv: Any, apart: list[Pixels]) -> list[NDArray[np.intp]]:  # noqa: ANN401
    """Where each inner difference is above, or below, all 26 neighbours: places in it, flat."""
    kernel = np.ones((3, 3), np.uint8)
    least = 0.5 * _CONTRAST / _LAYERS * _UNITS
    found = []
    for before, middle, after in _threes(apart):
        # Of the three first, then of what lies around: three times instead of five.
        top = opencv.dilate(opencv.max(middle, opencv.max(before, after)), kernel)
        bottom = opencv.erode(opencv.min(middle, opencv.min(before, after)), kernel)
        high = opencv.compare(middle, top, opencv.CMP_EQ)
        low = opencv.compare(middle, bottom, opencv.CMP_EQ)
        high &= opencv.compare(middle, least, opencv.CMP_GT)
        low &= opencv.compare(middle, -least, opencv.CMP_LT)
        is_peak = high | low
        is_peak[:_MARGIN_PX] = is_peak[-_MARGIN_PX:] = 0
        is_peak[:, :_MARGIN_PX] = is_peak[:, -_MARGIN_PX:] = 0
        found.append(np.flatnonzero(is_peak != 0))
    return found


def _around(three: Sequence[Pixels], at: NDArray[np.intp]) -> Pixels:
    """``(19, n)``: what lies around places: ``_SQUARE`` in the middle one, ``_CROSS`` below, ``_CROSS`` above."""
    width = three[1].shape[1]
    found = []
    for one, offsets in ((three[1], _SQUARE), (three[0], _CROSS), (three[2], _CROSS)):
        found.append(one.ravel()[at + np.array([[dy * width + dx] for dy, dx in offsets])])
    return np.concatenate(found)


def _refined(around: Floats) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Peaks between pixels and layers, by a parabola (Brown and Lowe 2002); without faint ones, and those on edges.

    Returns:
        Which are good, ``(3, n)`` how far off their pixels they are in x, y and layers, and how much they stand out.
    """
    xx, yy = around[5] + around[3] - 2 * around[4], around[7] + around[1] - 2 * around[4]
    xy = (around[8] + around[0] - around[2] - around[6]) / 4
    flatness = xx * yy - xy * xy
    # An edge bends one way only; there a point could stand anywhere along it.
    corners = np.flatnonzero((flatness > 0) & ((xx + yy) ** 2 * _EDGE < (_EDGE + 1) ** 2 * flatness))
    around, xx, yy, xy = around[:, corners], xx[corners], yy[corners], xy[corners]
    middle, below, above = around[:9], around[9:14], around[14:]
    x, y, s = (middle[5] - middle[3]) / 2, (middle[7] - middle[1]) / 2, (above[2] - below[2]) / 2
    ss = above[2] + below[2] - 2 * middle[4]
    xs, ys = (above[3] - above[1] - below[3] + below[1]) / 4, (above[4] - above[0] - below[4] + below[0]) / 4
    off = _solved((xx, xy, xs, yy, ys, ss), (x, y, s))
    strength = abs(middle[4] + (x * off[0] + y * off[1] + s * off[2]) / 2)
    is_good = (abs(off).max(0, initial=0) < 1) & (strength * _LAYERS >= _CONTRAST)
    return corners[is_good], off[:, is_good], strength[is_good]


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


def _chosen(places: Floats, tiles: NDArray[np.intp]) -> NDArray[np.intp]:
    """Which ``_MOST_PLACES`` to take, in their order: half of them stand out most, half do so in their own tile.

    Else a page of text had all points of a screenshot, and the photograph on it none.
    """
    best = np.argsort(-places[:, 3], kind="stable")
    if len(best) <= _MOST_PLACES:
        return np.sort(best)
    first, rest = best[: _MOST_PLACES // 2], best[_MOST_PLACES // 2 :]
    by_tile = rest[np.argsort(tiles[rest], kind="stable")]
    _, begins, sizes = np.unique(tiles[by_tile], return_index=True, return_counts=True)
    rank = np.arange(len(by_tile)) - np.repeat(begins, sizes)
    return np.sort(np.concatenate([first, by_tile[np.argsort(rank, kind="stable")][: _MOST_PLACES - len(first)]]))


def _tiles(places: Floats, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """In which of ``_TILES`` × ``_TILES`` parts of the picture each point lies.

    Args:
        places: x and y in pixels of the picture.
        shape: Its height and width.
    """
    parts = (places[:, :2] * _TILES / (shape[1], shape[0])).astype(np.intp).clip(0, _TILES - 1)
    found: NDArray[np.intp] = parts[:, 1] * _TILES + parts[:, 0]
    return found


def _first_turns(which: NDArray[np.intp], strengths: Floats) -> NDArray[np.intp]:
    """Which directions to keep, in their order: the first of each point, then others of those that stand out most.

    Args:
        which: Whose direction each is, in order.
        strengths: How much each point stands out.
    """
    is_other = np.diff(which, prepend=-1) == 0
    return np.sort(np.lexsort((-strengths[which], is_other))[:MOST_POINTS])


def _turns(lengths: Floats, angles: Floats) -> tuple[NDArray[np.intp], Floats]:
    """The direction of each point, or its directions, the clearest first: which point, and radians."""
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
    clearest = np.lexsort((-counts[which, at], which))
    which, at = which[clearest], at[clearest]
    top, left, right = counts[which, at], before[which, at], after[which, at]
    between = (left - right) / 2 / (left - 2 * top + right)
    return which, ((at + between) * (2 * np.pi / _TURN_BINS) % (2 * np.pi)).astype(np.float32)


def _turned_grid(places: Floats, turns: Floats) -> tuple[Floats, Floats]:
    """Where what surrounds points is sampled, x and y: a grid that is turned and sized as each point is."""
    width = places[:, 2] * np.float32(_CELL_WIDTH)
    along, across = (np.cos(turns) * width)[:, None], (np.sin(turns) * width)[:, None]
    return places[:, 0:1] + along * _X - across * _Y, places[:, 1:2] + across * _X + along * _Y


def _described(lengths: Floats, angles: Floats) -> NDArray[np.uint8]:
    """``(n, 128)``: slopes by cell and by direction, as seen by somebody who is turned as the point is."""
    samples = GRID * GRID
    turned = angles * np.float32(_DIRECTIONS / (2 * np.pi))
    first = turned.astype(np.int32)
    upper = lengths * (turned - first)
    by_direction = np.zeros(len(lengths) * _DIRECTIONS * samples, np.float32)
    begins = np.arange(len(lengths), dtype=np.int32)[:, None] * np.int32(_DIRECTIONS * samples)
    places = begins + np.arange(samples, dtype=np.int32)
    by_direction[places + (first & (_DIRECTIONS - 1)) * samples] = lengths - upper
    by_direction[places + ((first + 1) & (_DIRECTIONS - 1)) * samples] = upper
    cells = by_direction.reshape(-1, samples) @ _CELL_WEIGHTS
    found = cells.reshape(-1, _DIRECTIONS, _CELLS**2).transpose(0, 2, 1).reshape(-1, _DIRECTIONS * _CELLS**2)
    found = found / np.maximum(_FLAT, np.linalg.norm(found, axis=1, keepdims=True))
    found = np.minimum(found, np.float32(_CLIP))
    shares = found / np.maximum(_FLAT, found.sum(1, keepdims=True))
    rooted: NDArray[np.uint8] = np.rint(255 * np.sqrt(shares)).astype(np.uint8)
    return rooted


def _sampled(
    opencv: Any,  # noqa: ANN401
    blurred: list[Pixels],
    whose: NDArray[np.intp],
    places: tuple[Floats, Floats],
) -> Floats:
    """``(n, side, side)``: samples around points, each in its blurred picture; beyond an edge all is as at the edge.

    Args:
        opencv: OpenCV.
        blurred: Pictures.
        whose: Which picture's each point is, in order.
        places: ``(n, side²)``, x and y.
    """
    x, y = places
    samples = np.empty(x.shape, np.float32)
    ends = np.searchsorted(whose, np.arange(len(blurred) + 1))
    for picture, (begin, end) in zip(blurred, pairwise(ends), strict=True):
        if begin < end:
            samples[begin:end] = opencv.remap(
                picture, x[begin:end], y[begin:end], opencv.INTER_LINEAR, borderMode=opencv.BORDER_REPLICATE
            )
    side = math.isqrt(x.shape[1])
    return samples.reshape(-1, side, side)


def _slopes(opencv: Any, samples: Floats) -> tuple[Floats, Floats]:  # noqa: ANN401
    """Length and angle of slopes, ``(n, inner samples)``, in the directions of the grid."""
    along = samples[:, 1:-1, 2:] - samples[:, 1:-1, :-2]
    across = samples[:, 2:, 1:-1] - samples[:, :-2, 1:-1]
    lengths, angles = opencv.cartToPolar(along.reshape(len(samples), -1), across.reshape(len(samples), -1))
    return lengths, angles
