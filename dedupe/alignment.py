"""Lay one small picture over another: by an affine map, refined where they differ.

The map begins with what hashes say of orientation and crop, and is refined by Gauss-Newton steps on the difference of
the pictures (Lucas and Kanade 1981; gain and offset of the light are fitted along with it, as in Bartoli 2008).
"""

import math
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.frequencies import Floats

_MAX_STEP: Final = 0.08
MIN_OVERLAP: Final = 0.3
_GAINED: Final = 0.001
_LEAST_GAIN: Final = 0.05
# Of a fit that leaves places out: which share at most, and what of the variance isn't different; how much two pictures
# overlap; and which correlations say that there is nothing to be found, after two steps and in the end.
_MOST_LEFT_OUT: Final = 0.25
_HARDLY_DIFFERENT: Final = 0.12
_MOST_OVERLAP: Final = 0.5
_HOPELESS: Final = 0.5
_MOST_AGREE: Final = 0.9
_DAMPING: Final = float(np.float32(1e-3 / 6))
_HALF: Final = np.float32(0.5)
POWERS: Final = 4
"""Of a polynomial of the third degree."""
_LEAST_POWER: Final = 1e-4 * np.eye(POWERS)


class Grid:
    """The places of a square picture, and what is the same for all pictures of its size."""

    def __init__(self, side: int) -> None:
        """Prepare.

        Args:
            side: Of the picture, in pixels.
        """
        place = ((np.arange(side) + 0.5) / side - 0.5).astype(np.float32)
        self.side = side
        self.places = side * side
        self.xy: Floats = np.stack([np.tile(place, side), np.repeat(place, side)])

    def layers(self, luma: Floats, others: Floats | None = None) -> Floats:
        """``(3 + others, n)``: luminance, its slopes to the right and down, and other values of the same places."""
        found = np.empty((3 + (0 if others is None else len(others)), self.places), dtype=np.float32)
        found[0] = luma
        np.multiply(slopes_of(luma, self.side), np.float32(self.side), out=found[1:3])
        if others is not None:
            found[3:] = others
        return found


class Seen:
    """What another picture has at each place of the query, interpolated linearly.

    Of most maps that are tried only the luminance is asked for, so all else is interpolated when it is.

    Attributes:
        place: The affine map ``(2, 3)`` from places in the query to places in the other picture; sides are of length 1,
            centres at 0.
        weights: ``(n,)``: 1 where that place is inside of the other picture, else 0.
        counted: How many of the places are inside.
        share: Which share of them.
        luma: ``(n,)``.
    """

    def __init__(self, grid: Grid, layers: Floats, place: Floats) -> None:
        self.grid = grid
        self.place = place
        self._layers = layers
        side = grid.side
        there = place[:, :2] @ grid.xy
        there += place[:, 2:]
        inside = np.abs(there) <= _HALF
        self._count(np.logical_and(inside[0], inside[1]).astype(np.float32))
        there += _HALF
        there *= np.float32(side)
        there -= _HALF
        np.minimum(np.maximum(there, 0, out=there), np.float32(side - 1.001), out=there)
        whole = np.floor(there)
        there -= whole
        self._right, self._below = there
        at = (whole[1] * np.float32(side) + whole[0]).astype(np.intp)
        below = at + side
        self._corners = at, at + 1, below, below + 1
        self.luma: Floats = self._interpolated(layers[0])

    def softened(self, mine: Floats) -> Floats:
        """The query's own picture ``(n,)``, as soft at each place as interpolation makes the other one there.

        Halfway between two pixels nothing is left of what is as fine as they are, and on a pixel all of it: a picture
        and its crop differ by that where nothing else differs. A linear interpolation at a fraction f passes a
        frequency w with the magnitude √(1 - 2f(1-f)(1-cos w)), of which this is the symmetric kernel to first order.
        """
        side = self.grid.side
        picture = mine.reshape(side, side)
        padded = np.pad(picture, 1, mode="edge")
        across = padded[1:-1, :-2] + padded[1:-1, 2:] - 2 * picture
        down = padded[:-2, 1:-1] + padded[2:, 1:-1] - 2 * picture
        half = np.float32(0.5)
        by_right, by_down = (half * part * (1 - part) for part in (self._right, self._below))
        return np.asarray(mine + by_right * across.ravel() + by_down * down.ravel(), dtype=np.float32)

    def slopes(self) -> Floats:
        """``(2, n)``: to the right and down."""
        return self._interpolated(self._layers[1:3])

    @cached_property
    def others(self) -> Floats:
        """``(…, n)``: the other layers."""
        return self._interpolated(self._layers[3:])

    def _interpolated(self, layers: Floats) -> Floats:
        """Values of layers ``(…, n)``."""
        # Layer by layer: a third of the time that the values of a place together take, as there are but a few.
        at, right, below, across = self._corners
        seen: Floats = layers.take(at, axis=-1)
        lower: Floats = layers.take(below, axis=-1)
        step = layers.take(right, axis=-1)
        step -= seen
        step *= self._right
        seen += step
        step = layers.take(across, axis=-1)
        step -= lower
        step *= self._right
        lower += step
        lower -= seen
        lower *= self._below
        seen += lower
        return seen

    def _count(self, weights: Floats) -> None:
        self.weights = weights
        self.counted = float(np.add.reduce(weights))
        self.share = self.counted / self.grid.places

    def leave_out(self, weights: Floats) -> None:
        """Count the places by such weights, of 0 and 1, besides."""
        self._count(self.weights * weights)

    def mean(self, values: Floats) -> float:
        """Of the values at places inside."""
        return float(values @ self.weights) / max(1.0, self.counted)

    def centred(self, values: Floats) -> Floats:
        """Values without their mean, and 0 at places that aren't inside."""
        off = values - np.float32(self.mean(values))
        off *= self.weights
        return off

    def correlation(self, luma: Floats) -> float:
        """Of a luminance and what is seen, where it is inside."""
        return cosine(self.centred(luma), self.centred(self.luma))


def slopes_of(luma: Floats, side: int) -> Floats:
    """Slopes of a square picture, to the right and down, ``(2, side²)``, a pixel: as ``np.gradient`` has them."""
    square = luma.reshape(side, side)
    found = np.empty((2, side, side), dtype=np.float32)
    right, down = found
    np.subtract(square[:, 2:], square[:, :-2], out=right[:, 1:-1])
    np.subtract(square[2:], square[:-2], out=down[1:-1])
    right[:, 1:-1] *= _HALF
    down[1:-1] *= _HALF
    np.subtract(square[:, 1], square[:, 0], out=right[:, 0])
    np.subtract(square[:, -1], square[:, -2], out=right[:, -1])
    np.subtract(square[1], square[0], out=down[0])
    np.subtract(square[-1], square[-2], out=down[-1])
    return found.reshape(2, side * side)


def powers_of(values: Floats) -> Floats:
    """``(4, n)``: what a polynomial of the third degree, which tone curves are fitted by, is made of."""
    found = np.empty((POWERS, len(values)), dtype=np.float32)
    found[0], found[1] = 1, values
    np.multiply(values, values, out=found[2])
    np.multiply(found[2], values, out=found[3])
    return found


def toned(mine: Floats, seen: Seen) -> Floats:
    """What is seen, with the tone curve that makes it most like mine: a polynomial, by least squares."""
    centred = seen.luma - np.float32(seen.mean(seen.luma))
    centred /= np.float32(largest(centred) + 1e-6)
    powers = powers_of(centred).astype(np.float64)
    weighted = powers * seen.weights
    normal = weighted @ powers.T
    normal += _LEAST_POWER
    return np.asarray(np.linalg.solve(normal, weighted @ mine) @ powers, dtype=np.float32)


def largest(values: Floats) -> float:
    """Of all values, whatever their signs; ``(n,)``, and there are some."""
    return max(float(np.maximum.reduce(values)), -float(np.minimum.reduce(values)))


def windows(side: int, count: int) -> Floats:
    """Weights ``(count, side)`` of overlapping parts of a side, each of which sums to 1."""
    centre = (np.arange(count) + 0.5) * side / count - 0.5
    weight = np.clip(1 - np.abs(np.arange(side)[None, :] - centre[:, None]) / (side / count), 0, None)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float32)


def mean_in(parts: Floats, values: Floats) -> Floats:
    """Means ``(…, count, count)`` of square pictures ``(…, side²)`` in parts that ``windows`` gives."""
    side = parts.shape[1]
    return np.asarray(parts @ values.reshape(*values.shape[:-1], side, side) @ parts.T, dtype=np.float32)


def cosine(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Of the angle between two vectors; 0 where one of them is nothing."""
    return float(one @ other) / math.sqrt(float(one @ one) * float(other @ other) + 1e-6)


def align(grid: Grid, pictures: tuple[Floats, Floats], first: Floats, *, steps: int, enough: float) -> Seen | None:
    """Refine a map: what is seen by the one with the best correlation. None if they hardly overlap.

    Args:
        grid: Of both pictures.
        pictures: Luminance of the one, and layers of the other.
        first: The map to begin with.
        steps: How many at most.
        enough: The correlation that needs no further step.
    """
    mine, other = pictures
    best, best_seen = -1.0, None
    seen = Seen(grid, other, first)
    for step in range(steps + 1):
        if seen.share < MIN_OVERLAP:
            break
        correlation = seen.correlation(mine)
        gained = correlation - best
        if gained > 0:
            best, best_seen = correlation, seen
        if step == steps or best >= enough or (step > 1 and gained < _GAINED):
            break
        place = _step(mine, seen)
        if place is None:
            break
        seen = Seen(grid, other, place)
    return best_seen


def align_most(grid: Grid, pictures: tuple[Floats, Floats], first: Floats, *, steps: int) -> Seen | None:
    """Refine a map by those places that agree best, whatever lies over the others.

    As ``align``, but at each step up to a quarter of the places is left out: those around which most differs (least
    trimmed squares; Rousseeuw 1984). What is seen in the end counts the places by 1 and 0. None if they hardly overlap,
    or where the most of them don't agree.

    Args:
        grid: Of both pictures.
        pictures: Luminance of the one, and layers of the other.
        first: The map to begin with.
        steps: How many at most.
    """
    mine, other = pictures
    place, counted, best, best_seen = first, np.ones(grid.places, dtype=np.float32), -1.0, None
    for step in range(steps + 1):
        seen = Seen(grid, other, place)
        if seen.share < _MOST_OVERLAP:
            break
        inside, different = seen.weights, differences(mine, seen, counted)
        kept = int((1 - _MOST_LEFT_OUT) * np.count_nonzero(inside))
        most = float(np.partition(np.where(inside, different, np.inf), kept)[kept])
        counted = (different <= max(most, _HARDLY_DIFFERENT * variance(mine, inside * counted))).astype(np.float32)
        seen.leave_out(counted)
        correlation = seen.correlation(mine)
        gained = correlation - best
        if gained > 0:
            best, best_seen = correlation, seen
        if (step > 1 and (best < _HOPELESS or gained < _GAINED)) or (place_found := _step(mine, seen)) is None:
            break
        place = place_found
    return best_seen if best >= _MOST_AGREE else None


def differences(mine: Floats, seen: Seen, counted: Floats) -> Floats:
    """Mean squares of what differs around each place, ``(n,)``, with the gain and offset of those that are counted."""
    weights = seen.weights * counted
    total = max(1.0, float(weights.sum()))
    one, other = (luma - float(luma @ weights) / total for luma in (mine, seen.luma))
    weighted = other * weights
    off = one - max(_LEAST_GAIN, float(one @ weighted) / (float(other @ weighted) + 1e-6)) * other
    return around(np.square(off), seen.grid.side)


def around(values: Floats, side: int) -> Floats:
    """Means ``(side²,)`` of a square picture in 3×3 around each place; at an edge its own line counts twice."""
    padded = np.empty((side + 2, side + 2), dtype=np.float32)
    padded[1:-1, 1:-1] = values.reshape(side, side)
    padded[0], padded[-1] = padded[1], padded[-2]
    padded[:, 0], padded[:, -1] = padded[:, 1], padded[:, -2]
    rows = padded[:-2] + padded[1:-1]
    rows += padded[2:]
    found = rows[:, :-2] + rows[:, 1:-1]
    found += rows[:, 2:]
    found /= 9
    return found.ravel()


def variance(luma: Floats, weights: Floats) -> float:
    """Of the places that are counted."""
    total = max(1.0, float(weights.sum()))
    centred = luma - float(luma @ weights) / total
    return float(np.square(centred) @ weights) / total


def _step(mine: Floats, seen: Seen) -> Floats | None:
    """One Gauss-Newton step: least squares of ``mine - gain · other(map + change) - offset``, where it is inside."""
    xy = seen.grid.xy
    matrix = np.empty((8, seen.grid.places), dtype=np.float32)
    matrix[2], matrix[5] = seen.slopes()
    np.multiply(xy, matrix[2], out=matrix[0:2])
    np.multiply(xy, matrix[5], out=matrix[3:5])
    matrix[6], matrix[7] = seen.luma, 1
    matrix *= seen.weights  # of 0 and 1, which are their own squares
    normal = (matrix @ matrix.T).astype(np.float64)
    diagonal = normal.reshape(-1)[:: len(normal) + 1]
    diagonal[:6] += _DAMPING * float(np.add.reduce(diagonal[:6]))
    diagonal += 1e-6
    solution = np.linalg.solve(normal, matrix @ mine)
    gain = float(solution[6])
    if gain < _LEAST_GAIN:  # turning the light inside out is no way to a match
        return None
    change = np.minimum(np.maximum(solution[:6] / gain, -_MAX_STEP), _MAX_STEP).reshape(2, 3)
    return np.asarray(seen.place + change, dtype=np.float32)
