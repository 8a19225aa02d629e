"""Where two pictures agree, once it is known how one lies in the other.

Points alone can't tell a copy from a shared logo: in both they agree at a hundred places. So the small grey copies are
laid upon each other, and cell by cell it is asked whether they show the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.local.features import Features, mirrored
from synsift.dedupe.local.geometry import Alignment, inverse, project
from synsift.dedupe.local.laying import (
    CELL_PX,
    CLOSE,
    PLAIN,
    SAME,
    STEP_PX,
    both_of,
    cells,
    grid_of,
    likeness_of,
    to_small,
    upon,
)
from synsift.dedupe.local.opencv import load_opencv
from synsift.dedupe.local.outline import outline, within_outline
from synsift.dedupe.local.wares import shows_ware

# Even a sky has a tenth of that, in compression alone.
_FLAT: Final = 0.5
# Parts along a side of the ground; of which those with fewer points say nothing; and how much less of these agree
# where something else is written.
_BLOCKS: Final = 4
_LEAST_IN_BLOCK: Final = 8
_FAR_LESS: Final = 0.25

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
        could: How many could.
        held: Which share shows the same of what lies between points that agree: of what was cut out of one and pasted
            into the other, all does, whatever is around it.
        held_cells: How many cells lie there.
        moved: How far the corners of the first lie from those of the second, as a share of the sides; 0 where one lies
            upon the other as if nothing had been turned, sized or cropped.
        flat: Which share of the cells is of one tone exactly: of the picture that has less of them.
        side_px: The longer side of the picture that was worked on, of the smaller one.
        covered: Which share of what lies in both the largest patch takes that differs, as a sticker does.
        around: Which share shows the same of what lies around that patch.
        around_met: As ``met``, of the points that lie around it.
        evenly: In which share of the places around it, of those with points enough, such a share of them agrees as
            does elsewhere: in a copy, however faint, in all; of pages with other texts not where the texts are.
        closely: As ``agreed``, but of what is much more alike: lines of letters are somewhat, whatever they say.
        of_ware: Whether either is a photograph of something on an even ground, which is flat as that of drawings is.
    """

    agreed: float
    first: float
    second: float
    cells: int
    told: float
    met: float
    could: int
    held: float
    held_cells: int
    moved: float
    flat: float
    side_px: int
    covered: float = 0.0
    around: float = 0.0
    around_met: float = 0.0
    evenly: float = 0.0
    closely: float = 0.0
    of_ware: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """Cells of one small picture that lie within the other.

    Attributes:
        likeness: ``(n,)``, correlation with what lies there in the other.
        told: ``(n,)``, whether either isn't plain.
        middles: ``(n, 2)``, in pixels.
        patch: Which of all cells of the ground lie in or beside the largest patch that differs, ``(rows, columns)``.
        within: ``(n,)``, whether the cell does.
    """

    likeness: Floats
    told: NDArray[np.bool_]
    middles: Floats
    patch: NDArray[np.bool_]
    within: NDArray[np.bool_]

    def share(self, among: NDArray[np.bool_], least: float = SAME) -> float:
        """Which share of some cells show the same in both, or are so much alike."""
        return float((self.likeness[among] > least).mean()) if among.any() else 0.0

    def is_around(self, places: Floats) -> NDArray[np.bool_]:
        """Which places, in pixels of the ground, lie in no cell of the patch."""
        cells = np.rint((places - (CELL_PX - 1) / 2) / STEP_PX).astype(np.intp)
        columns, rows = cells.T.clip(0, np.array(self.patch.shape[::-1])[:, None] - 1)
        outside: NDArray[np.bool_] = ~self.patch[rows, columns]
        return outside

    def by_block(self, places: Floats) -> NDArray[np.intp]:
        """``(_BLOCKS²,)``: how many of some places lie around the patch in each part of the ground."""
        around = places[self.is_around(places)]
        height, width = (STEP_PX * side + CELL_PX - STEP_PX for side in self.patch.shape)
        parts = (around * _BLOCKS / (width, height)).astype(np.intp).clip(0, _BLOCKS - 1)
        return np.bincount(parts[:, 1] * _BLOCKS + parts[:, 0], minlength=_BLOCKS**2)


def overlap(first: Features, second: Features, alignment: Alignment) -> Overlap:
    """Lay two pictures upon each other.

    Args:
        first: The picture that the map leads from.
        second: The one that it leads to.
        alignment: The map.
    """
    one, other, matrix, scale = both_of(first, second, alignment)
    back = inverse(matrix)
    common = _common(first, second, alignment)
    # The coarser one is the ground: the finer is made as coarse, and sampled there.
    if scale >= 1:
        laid, to_ground = _lay(one, other, matrix, scale), to_small(first, one.shape)
        points, shared = alignment.first, common.first
    else:
        laid, to_ground = _lay(other, one, back, 1 / scale), to_small(second, other.shape)
        points, shared = alignment.second, common.second
    points, there = project(to_ground, points), [project(to_ground, places) for places in shared]
    held = laid.told & within_outline(outline(points), laid.middles)
    around = laid.told & ~laid.within
    could = min(len(places) for places in there)
    could_around = min(int(laid.is_around(places).sum()) for places in there)
    met_around = alignment.inliers * float(laid.is_around(points).mean())
    return Overlap(
        agreed=laid.share(laid.told),
        first=_inside(one, other.shape, matrix),
        second=_inside(other, one.shape, back),
        cells=int(laid.told.sum()),
        told=float(laid.told.sum() / max(1, len(laid.told))),
        met=min(1.0, alignment.inliers / max(1, could)),
        could=could,
        held=laid.share(held),
        held_cells=int(held.sum()),
        moved=_moved(first, second, alignment),
        flat=min(float((cells(picture).std(1) < _FLAT).mean()) for picture in (one, other)),
        side_px=min(max(seen.width_px, seen.height_px) for seen in (first, second)),
        covered=float(laid.within.mean()) if len(laid.within) else 0.0,
        around=laid.share(around),
        around_met=min(1.0, met_around / max(1, could_around)),
        evenly=_evenly(laid, points, there),
        closely=laid.share(laid.told, CLOSE),
        of_ware=shows_ware(first) or shows_ware(second),
    )


def _evenly(laid: _Laid, points: Floats, there: Sequence[Floats]) -> float:
    """In which share of blocks around the patch points agree as elsewhere.

    Args:
        laid: The cells.
        points: Those that agree, in pixels of the ground.
        there: Those of either picture that could.
    """
    could = np.min([laid.by_block(places) for places in there], axis=0)
    met = laid.by_block(points)
    enough = could >= _LEAST_IN_BLOCK
    if not enough.any():
        return 0.0
    usual = met[enough].sum() / could[enough].sum()
    return float((met[enough] > _FAR_LESS * usual * could[enough]).mean())


class _Common(NamedTuple):
    """Points of either picture that lie in both.

    Attributes:
        first: Those of the first, then those of the second, in pixels of the first, as it is or mirrored.
        second: The same in pixels of the second.
    """

    first: tuple[Floats, Floats]
    second: tuple[Floats, Floats]


def _common(first: Features, second: Features, alignment: Alignment) -> _Common:
    """Which points could agree."""
    here, there = _places(mirrored(first) if alignment.mirrored else first), _places(second)
    mapped, back = project(alignment.matrix, here), project(inverse(alignment.matrix), there)
    is_there, is_here = _is_within(mapped, second), _is_within(back, first)
    return _Common((here[is_there], back[is_here]), (mapped[is_there], there[is_here]))


def _is_within(places: Floats, features: Features) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = np.all((places >= 0) & (places < (features.width_px, features.height_px)), axis=1)
    return inside


def _moved(first: Features, second: Features, alignment: Alignment) -> float:
    """How far corners lie from corners, of the sides."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    mapped = project(alignment.matrix, corners * (first.width_px, first.height_px)) / (
        second.width_px,
        second.height_px,
    )
    return float(abs(mapped - corners).max())


def _places(features: Features) -> Floats:
    places: Floats = features.points[:, :2].astype(np.float64)
    return places


def _lay(ground: Floats, fine: Floats, matrix: Floats, scale: float) -> _Laid:
    """The cells of the ground upon which the finer picture lies."""
    sampled, within = upon(ground, fine, matrix, scale)
    inside = cells(within.astype(np.float64)).min(1) > 0
    likeness, told = likeness_of(cells(ground)[inside], cells(sampled)[inside])
    differs = np.zeros(len(inside), np.uint8)
    differs[inside] = told & (likeness <= SAME)
    patch = _largest(differs.reshape(grid_of(ground.shape)))
    return _Laid(likeness, told, _middles(ground)[inside], patch, patch.ravel()[inside])


def _largest(differs: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The largest patch of cells that hang together, and those beside it, which lie in part on the same pixels."""
    opencv = load_opencv()
    _, whose, sizes, _ = opencv.connectedComponentsWithStats(differs)
    if len(sizes) < 2:
        return np.zeros(differs.shape, np.bool_)
    largest = 1 + int(sizes[1:, opencv.CC_STAT_AREA].argmax())
    patch: NDArray[np.bool_] = opencv.dilate((whose == largest).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return patch


def _inside(picture: Floats, shape: tuple[int, ...], matrix: Floats) -> float:
    """Which share of a picture's cells that aren't plain have their middle in the other picture."""
    told = cells(picture).std(1) > PLAIN
    if not told.any():
        return 0.0
    x, y = project(matrix, _middles(picture)[told]).T
    return float(((x >= -0.5) & (y >= -0.5) & (x <= shape[1] - 0.5) & (y <= shape[0] - 0.5)).mean())


def _middles(picture: Floats) -> Floats:
    """``(n, 2)``: where the cells of a picture have their middles."""
    rows, columns = np.meshgrid(*(np.arange(side, dtype=np.float64) for side in picture.shape), indexing="ij")
    return np.stack([cells(columns).mean(1), cells(rows).mean(1)], 1)
