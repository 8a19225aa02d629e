"""Where two pictures agree, once it is known how one lies in the other.

Points alone can't tell a copy from a shared logo: in both they agree at a hundred places. So the small grey copies are
laid upon each other, and cell by cell it is asked whether they show the same.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from synsift.dedupe.local.features import Features, mirrored
from synsift.dedupe.local.geometry import Alignment, inverse, project

_CELL_PX: Final = 8
_STEP_PX: Final = 4
# Below it a cell is plain, and says nothing: noise of compression alone has two or three.
_PLAIN: Final = 5.0
_SAME: Final = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How two pictures lie upon each other; all shares are of cells that aren't plain.

    Attributes:
        agreed: Which share of what lies in both shows the same in both.
        first: Which share of the first picture lies within the second.
        second: Which share of the second lies within the first.
        cells: How many lie in both.
        told: Which share of all cells that lie in both that is: the rest is plain.
        met: How many points agree, as a share of those that could: of the picture that has fewer of them there.
    """

    agreed: float
    first: float
    second: float
    cells: int
    told: float
    met: float


def overlap(first: Features, second: Features, alignment: Alignment) -> Overlap:
    """Lay two pictures upon each other.

    Args:
        first: The picture that the map leads from.
        second: The one that it leads to.
        alignment: The map.
    """
    one = (first.picture[:, ::-1] if alignment.mirrored else first.picture).astype(np.float64)
    other = second.picture.astype(np.float64)
    matrix = _to_small(second) @ alignment.matrix @ inverse(_to_small(first))
    back = inverse(matrix)
    # The coarser one is the ground: the finer is made as coarse, and sampled there.
    scale = _scale(matrix, alignment, first)
    laid = (one, other, matrix, scale) if scale >= 1 else (other, one, back, 1 / scale)
    agreed, cells, told = _compare(*laid)
    inside = _inside(one, other.shape, matrix), _inside(other, one.shape, back)
    return Overlap(agreed, *inside, cells, told, _met(first, second, alignment))


def _met(first: Features, second: Features, alignment: Alignment) -> float:
    """Inliers as a share of the points that lie in both pictures."""
    seen = mirrored(first) if alignment.mirrored else first
    there = project(alignment.matrix, _places(seen))
    here = project(inverse(alignment.matrix), _places(second))
    inside = [
        int(((places >= 0) & (places < (features.width_px, features.height_px))).all(1).sum())
        for places, features in ((there, second), (here, first))
    ]
    return min(1.0, alignment.inliers / max(1, min(inside)))


def _places(features: Features) -> Floats:
    places: Floats = features.points[:, :2].astype(np.float64)
    return places


def _to_small(features: Features) -> Floats:
    """From pixels of the working picture to those of the small one; the middle of a pixel is a whole number."""
    height, width = features.picture.shape
    x, y = width / features.width_px, height / features.height_px
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


def _scale(matrix: Floats, alignment: Alignment, first: Features) -> float:
    centre = project(_to_small(first), alignment.first).mean(0)
    mapped = project(matrix, centre + np.array([[0, 0], [1, 0], [0, 1]]))
    return float(np.sqrt(max(1e-6, abs(np.linalg.det(mapped[1:] - mapped[0])))))


def _compare(ground: Floats, fine: Floats, matrix: Floats, scale: float) -> tuple[float, int, float]:
    """Share of cells that agree, how many there are, and which share of all of them that is."""
    height, width = fine.shape
    size = (max(1, round(width / scale)), max(1, round(height / scale)))
    coarse = np.asarray(Image.fromarray(fine.astype(np.float32)).resize(size, Image.Resampling.BOX), np.float64)
    x, y = size[0] / width, size[1] / height
    matrix = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]]) @ matrix
    rows, columns = np.indices(ground.shape)
    places = project(matrix, np.stack([columns.ravel(), rows.ravel()], 1).astype(np.float64))
    sampled, within = _sample(coarse, places)
    inside = _cells(within.reshape(ground.shape).astype(np.float64)).min(1) > 0
    one, other = _cells(ground)[inside], _cells(sampled.reshape(ground.shape))[inside]
    one, other = one - one.mean(1, keepdims=True), other - other.mean(1, keepdims=True)
    spread = np.sqrt((one * one).mean(1)), np.sqrt((other * other).mean(1))
    told = np.maximum(*spread) > _PLAIN
    likeness = (one * other).mean(1) / np.maximum(1e-6, spread[0] * spread[1])
    cells = int(told.sum())
    return (float((likeness[told] > _SAME).mean()) if cells else 0.0), cells, cells / max(1, len(told))


def _sample(picture: Floats, places: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Bilinear values at places, and which of these lie within the picture."""
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


def _inside(picture: Floats, shape: tuple[int, ...], matrix: Floats) -> float:
    """Which share of a picture's cells that aren't plain have their middle in the other picture."""
    told = _cells(picture).std(1) > _PLAIN
    if not told.any():
        return 0.0
    rows, columns = np.meshgrid(*(np.arange(side, dtype=np.float64) for side in picture.shape), indexing="ij")
    middles = np.stack([_cells(columns).mean(1), _cells(rows).mean(1)], 1)
    x, y = project(matrix, middles[told]).T
    return float(((x >= -0.5) & (y >= -0.5) & (x <= shape[1] - 0.5) & (y <= shape[0] - 0.5)).mean())


def _cells(picture: Floats) -> Floats:
    """``(n, 64)``: the cells of a picture, half of each in the next; none of what is narrower than a cell."""
    if min(picture.shape) < _CELL_PX:
        picture = np.pad(picture, [(0, max(0, _CELL_PX - side)) for side in picture.shape], mode="edge")
    windows = sliding_window_view(picture, (_CELL_PX, _CELL_PX))[::_STEP_PX, ::_STEP_PX]
    return windows.reshape(-1, _CELL_PX * _CELL_PX)
