"""Whether what differs between two pictures was laid over one of them, of which the other one goes on there.

    one                      the other           Around a sticker there is an edge in the picture that bears it, and
┌───────────────┐        ┌───────────────┐       none in the other one, which goes on. Two pictures that were made of
│     ┌───┐     │        │               │       one part, such as slides, windows or collages, have an edge in both
│     │:-)│     │        │               │       where the common part ends, or each has its own.
│     └───┘     │        │               │
└───────────────┘        └───────────────┘

What differs is found pixel by pixel, in the same light, so that it may have any shape; its border is looked at across.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.local.features import Features
from synsift.dedupe.local.geometry import Alignment
from synsift.dedupe.local.inset import Edge
from synsift.dedupe.local.laying import CELL_PX, SAME, STEP_PX, Floats, both_of, cells, grid_of, likeness_of, upon
from synsift.dedupe.local.opencv import load_opencv
from synsift.dedupe.local.rows import NOISE, alike

_FEWEST: Final = 6
# Of the light, by least squares of which what lies far off has less to say each time; weaker light shows nothing.
_ROUNDS: Final = 4
_FAR: Final = 1.5
_LEAST_GAIN: Final = 0.05
# A median of differences is so many times less than what two in three have.
_SPREAD: Final = 1.48
# So many levels, or so many times what is usual where cells agree, a pixel differs by …
_DIFFERS: Final = 10.0
_TIMES: Final = 3.0
# … in an area of such a width, in pixels, and of so many.
_WIDTH: Final = 5
_LEAST_PX: Final = 40
# Rows so far on either side of a border are compared, and those so far outwards, for what is usual; by so many pixels.
_ACROSS: Final = 2
_USUAL: Final = (3, 7)
_OUTWARDS: Final = 8
_LEAST_LONG: Final = 20
# A cell lies around what covers if so little of it is covered.
_FREE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Cover:
    """What differs between two pictures that lie upon each other.

    Attributes:
        share: Which share of what lies in both differs.
        around: Which share of the cells around it, that aren't plain, show the same.
        cells: How many these are.
        left: By how many levels pixels differ where cells agree, in the same light.
        enclosed: Which share of its outline lies within both pictures, rather than where one of them ends.
        edges: How each picture changes across the border of what differs: by how many times more than it does
            farther out, and how alike both sides are.
    """

    share: float
    around: float
    cells: int
    left: float
    enclosed: float
    edges: tuple[Edge, Edge]


def cover(first: Features, second: Features, alignment: Alignment) -> Cover | None:
    """Look at what differs between two pictures; None where nothing does, or too little agrees.

    Args:
        first: The picture that the map leads from.
        second: The one that it leads to.
        alignment: The map.
    """
    ground = both_of(first, second, alignment).coarser_first
    sampled, within = upon(*ground)
    inside = cells(within.astype(np.float64)).min(1) > 0
    likeness, told = likeness_of(cells(ground.one), cells(sampled))
    told &= inside
    agreed = _pixels_of(told & (likeness > SAME), ground.one.shape)
    lit = None if agreed.sum() < _FEWEST * STEP_PX**2 else _in_light_of(ground.one, sampled, agreed)
    if lit is None:
        return None
    apart = load_opencv().blur(abs(lit - ground.one), (3, 3))
    left = float(np.median(apart[agreed]))
    covered = _areas((apart > max(_DIFFERS, _TIMES * _SPREAD * left)) & within)
    if not covered.any():
        return None
    edges = _across(covered, within, (ground.one, lit))
    if edges is None:
        return None
    free = told & (cells(covered.astype(np.float64)).mean(1) < _FREE)
    return Cover(
        share=float(covered.sum() / within.sum()),
        around=float((likeness[free] > SAME).mean()) if free.any() else 0.0,
        cells=int(free.sum()),
        left=left,
        enclosed=_enclosed(covered, within),
        edges=edges,
    )


def _pixels_of(kept: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which pixels lie in some cells."""
    found = np.zeros(shape, np.bool_)
    for row, column in np.argwhere(kept.reshape(grid_of(shape))) * STEP_PX:
        found[row : row + CELL_PX, column : column + CELL_PX] = True
    return found


def _in_light_of(base: Floats, other: Floats, agreed: NDArray[np.bool_]) -> Floats | None:
    """A picture with the brightness and contrast of the one it lies upon; None where it shows nothing of that."""
    theirs, mine = other[agreed], base[agreed]
    weights = np.ones_like(theirs)
    gain, offset = 1.0, 0.0
    for _ in range(_ROUNDS):
        system = np.stack([theirs, np.ones_like(theirs)], 1) * weights[:, None]
        gain, offset = np.linalg.lstsq(system, mine * weights, rcond=None)[0]
        off = abs(gain * theirs + offset - mine)
        weights = 1 / np.maximum(1, off / (_FAR * max(2 * NOISE, _SPREAD * float(np.median(off)))))
    lit: Floats = gain * other + offset
    return lit if gain > _LEAST_GAIN else None


def _areas(differs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What differs in areas of some size; lines and specks don't."""
    opencv, near = load_opencv(), np.ones((_WIDTH, _WIDTH), np.uint8)
    whole = opencv.morphologyEx(differs.astype(np.uint8), opencv.MORPH_CLOSE, near)
    whole = opencv.morphologyEx(whole, opencv.MORPH_OPEN, near)
    _, whose, sizes, _ = opencv.connectedComponentsWithStats(whole)
    is_large = sizes[:, opencv.CC_STAT_AREA] >= _LEAST_PX
    is_large[0] = False
    found: NDArray[np.bool_] = is_large[whose]
    return found


def _enclosed(covered: NDArray[np.bool_], within: NDArray[np.bool_]) -> float:
    """Which share of the outline of what is covered lies within both pictures, rather than where one of them ends."""
    opencv, near = load_opencv(), np.ones((3, 3), np.uint8)
    free = opencv.dilate((within & ~covered).astype(np.uint8), near) > 0
    deep = opencv.erode(within.astype(np.uint8), near, borderType=opencv.BORDER_CONSTANT, borderValue=0) > 0
    inner, at_end = int((covered & free).sum()), int((covered & ~deep).sum())
    return inner / max(1, inner + at_end)


def _across(
    covered: NDArray[np.bool_], within: NDArray[np.bool_], pictures: tuple[Floats, Floats]
) -> tuple[Edge, Edge] | None:
    """How either picture changes across the border of what is covered; None where hardly any of it lies within both."""
    opencv = load_opencv()
    mask = covered.astype(np.uint8)
    depth, far = (opencv.distanceTransform(seen, opencv.DIST_L2, 3) for seen in (mask, 1 - mask))
    down, right = np.gradient(opencv.GaussianBlur(np.where(covered, depth, -far), (5, 5), 1))
    steep = np.hypot(down, right) + 1e-6
    rows, columns = np.nonzero(covered & (depth < _ACROSS - 0.5))

    def at(picture: NDArray[np.generic], inwards: int) -> Floats:
        y, x = (
            np.rint(place + inwards * (way / steep)[rows, columns]).astype(np.intp).clip(0, side - 1)
            for place, way, side in zip((rows, columns), (down, right), picture.shape, strict=True)
        )
        found: Floats = picture[y, x].astype(np.float64)
        return found

    is_border = (at(covered, -_USUAL[0]) == 0) & np.all(
        [at(within, step) > 0 for step in (-_OUTWARDS, -_USUAL[0] - 1, _USUAL[0])], axis=0
    )
    if is_border.sum() < _LEAST_LONG:
        return None
    edges = []
    for picture in pictures:
        inner, outer = (at(picture, step)[is_border] for step in (_ACROSS, -_ACROSS))
        usual = max(
            float(abs(at(picture, side * _USUAL[0]) - at(picture, side * _USUAL[1]))[is_border].mean())
            for side in (-1, 1)
        )
        edges.append(Edge(float(abs(inner - outer).mean()) / (usual + 2 * NOISE), alike(inner, outer)))
    return edges[0], edges[1]
