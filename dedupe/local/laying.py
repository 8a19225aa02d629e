"""One small picture laid upon another, by the map between the pictures that they are copies of."""

from typing import Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from synsift.dedupe.local.features import Features
from synsift.dedupe.local.geometry import Alignment, inverse, project

CELL_PX: Final = 8
"""The side of a cell, in which two pictures are compared."""
STEP_PX: Final = 4
"""How far the next cell is."""
PLAIN: Final = 5.0
"""Below that spread, in levels, a cell is plain, and says nothing: noise of compression alone has two or three."""
SAME: Final = 0.5
"""From which correlation on cells show the same."""
CLOSE: Final = 0.8
"""From which correlation on they are much alike: two lines of letters hardly are."""

Floats = NDArray[np.float64]
Shape = tuple[int, ...]


def to_small(features: Features, shape: Shape) -> Floats:
    """From pixels of the working picture to those of a small one; the middle of a pixel is a whole number.

    Args:
        features: Of the picture.
        shape: The small one's rows and columns.
    """
    height, width = shape
    return _resized(width / features.width_px, height / features.height_px)


def _resized(x: float, y: float) -> Floats:
    """From the pixels of a picture to those of the same, so many times as wide and high."""
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


class Both(NamedTuple):
    """Two pictures in small, and the map between them.

    Attributes:
        one: The one, ``(rows, columns)``, in levels.
        other: The other one.
        matrix: From the one's pixels to the other's.
        scale: How much it enlarges, along a side.
    """

    one: Floats
    other: Floats
    matrix: Floats
    scale: float

    @property
    def coarser_first(self) -> "Both":
        """The coarser one as the ground that the other is laid upon: the same, or the other way round."""
        return self if self.scale >= 1 else Both(self.other, self.one, inverse(self.matrix), 1 / self.scale)


def both_of(first: Features, second: Features, alignment: Alignment, *, finer: bool = False) -> Both:
    """Two pictures in small, the first one mirrored if the map says so.

    Args:
        first: The picture that the map leads from.
        second: The one that it leads to.
        alignment: The map.
        finer: Whether of their finer pictures, which both have then.
    """
    mine, theirs = (features.finer if finer else features.picture for features in (first, second))
    one = (mine[:, ::-1] if alignment.mirrored else mine).astype(np.float64)
    other = theirs.astype(np.float64)
    from_first = to_small(first, one.shape)
    matrix = to_small(second, other.shape) @ alignment.matrix @ inverse(from_first)
    return Both(one, other, matrix, _scale_of(matrix, project(from_first, alignment.first).mean(0)))


def _scale_of(matrix: Floats, centre: Floats) -> float:
    """How much a map enlarges about a place, along a side."""
    mapped = project(matrix, centre + np.array([[0, 0], [1, 0], [0, 1]]))
    return float(np.sqrt(max(1e-6, abs(np.linalg.det(mapped[1:] - mapped[0])))))


def upon(ground: Floats, fine: Floats, matrix: Floats, scale: float) -> tuple[Floats, NDArray[np.bool_]]:
    """What a picture shows at each pixel of a ground that is no finer, and which of these it covers.

    Args:
        ground: The coarser picture.
        fine: The other, which is made as coarse, and sampled.
        matrix: From the ground's pixels to those of the other.
        scale: How much it enlarges, 1 or more.
    """
    height, width = fine.shape
    size = (max(1, round(width / scale)), max(1, round(height / scale)))
    coarse = np.asarray(Image.fromarray(fine.astype(np.float32)).resize(size, Image.Resampling.BOX), np.float64)
    matrix = _resized(size[0] / width, size[1] / height) @ matrix
    rows, columns = np.indices(ground.shape)
    places = project(matrix, np.stack([columns.ravel(), rows.ravel()], 1).astype(np.float64))
    sampled, within = sample(coarse, places)
    return sampled.reshape(ground.shape), within.reshape(ground.shape)


def sample(picture: Floats, places: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Bilinear values at places, and which of these lie within the picture.

    Args:
        picture: ``(h, w)``.
        places: ``(n, 2)``, x and y in its pixels.
    """
    height, width = picture.shape
    x, y = places.T
    within: NDArray[np.bool_] = (x >= -0.5) & (y >= -0.5) & (x <= width - 0.5) & (y <= height - 0.5)
    x, y = x.clip(0, width - 1), y.clip(0, height - 1)
    left, top = np.minimum(x.astype(int), max(0, width - 2)), np.minimum(y.astype(int), max(0, height - 2))
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    x, y = x - left, y - top
    upper = picture[top, left] * (1 - x) + picture[top, right] * x
    lower = picture[bottom, left] * (1 - x) + picture[bottom, right] * x
    return upper * (1 - y) + lower * y, within


def cells(picture: Floats) -> Floats:
    """``(n, 64)``: the cells of a picture, half of each in the next; none of what is narrower than a cell.

    Args:
        picture: ``(h, w)``.
    """
    if min(picture.shape) < CELL_PX:
        picture = np.pad(picture, [(0, max(0, CELL_PX - side)) for side in picture.shape], mode="edge")
    windows = sliding_window_view(picture, (CELL_PX, CELL_PX))[::STEP_PX, ::STEP_PX]
    return windows.reshape(-1, CELL_PX * CELL_PX)


def grid_of(shape: Shape) -> tuple[int, ...]:
    """How many rows and columns of cells a picture has.

    Args:
        shape: Its rows and columns of pixels.
    """
    return tuple(1 + max(0, side - CELL_PX) // STEP_PX for side in shape)


def likeness_of(one: Floats, other: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """``(n,)`` each: the correlation of cells, and whether either isn't plain.

    Args:
        one: ``(n, 64)``.
        other: The same of another picture.
    """
    one, other = one - one.mean(1, keepdims=True), other - other.mean(1, keepdims=True)
    spread = np.sqrt((one * one).mean(1)), np.sqrt((other * other).mean(1))
    likeness: Floats = (one * other).mean(1) / np.maximum(1e-6, spread[0] * spread[1])
    return likeness, np.maximum(*spread) > PLAIN
