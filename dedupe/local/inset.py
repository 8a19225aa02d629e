"""Whether what two pictures have in common is a crop of one that was pasted into the other.

    one                    the other            Where the common part ends, there is an edge in the one alone: the
┌───────────────┐      ┌───────────────┐        other goes on, so that is the photograph which was cropped, and then
│ text ┌──────┐ │      │    ┌ ─ ─ ─ ┐  │        pasted. Two pages, collages or frames with one photograph have an
│ text │ same │ │      │    │ same  │  │        edge there both, each its own.
│      └──────┘ │      │    └ ─ ─ ─ ┘  │
└───────────────┘      └───────────────┘
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.local.features import Features
from synsift.dedupe.local.geometry import Alignment
from synsift.dedupe.local.laying import (
    CELL_PX,
    SAME,
    STEP_PX,
    Floats,
    both_of,
    cells,
    grid_of,
    likeness_of,
    upon,
)
from synsift.dedupe.local.rows import NOISE, alike

# What a cell counts that differs, beside one that agrees; by it the common part is found.
_DIFFERS: Final = -1.5
# So many rows on either side of where cells say that the part ends are looked at: the edge lies among all but the last
# of them, which are what it stands out of.
_ROWS: Final = 7
_LAST: Final = 2
# A side is asked for where so many rows of it go on outwards, in such a share of its length, and that is so long.
_OUTWARDS: Final = 5
_SHARE: Final = 0.6
_LEAST_PX: Final = 6


class Edge(NamedTuple):
    """Two neighbouring rows of a picture.

    Attributes:
        strength: How many times more they differ than those around.
        alike: The correlation of what lies on either side.
    """

    strength: float
    alike: float


class Side(NamedTuple):
    """Where the common part ends within both pictures: at the strongest edge of one, and there in the other one.

    Attributes:
        of_first: The strongest edge of the first picture, and the second one there.
        of_second: The strongest edge of the second, and the first one there.
    """

    of_first: tuple[Edge, Edge]
    of_second: tuple[Edge, Edge]


def sides_of_common(first: Features, second: Features, alignment: Alignment) -> tuple[Side, ...]:
    """Look at the sides of the rectangle that shows the same in both, where both go on.

    Args:
        first: The picture that the map leads from.
        second: The one that it leads to.
        alignment: The map.
    """
    both = both_of(first, second, alignment)
    ground = both.coarser_first
    sampled, within = upon(*ground)
    box = _common(ground.one, sampled, within)
    found = () if box is None else tuple(_sides(ground.one, sampled, within, box))
    return found if ground is both else tuple(Side(side.of_second, side.of_first) for side in found)


class _Box(NamedTuple):
    """Pixels from the first to before the last, of rows and of columns."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def turned(self) -> "_Box":
        """The same with rows for columns."""
        return _Box(self.left, self.right, self.top, self.bottom)


def _common(ground: Floats, sampled: Floats, within: NDArray[np.bool_]) -> _Box | None:
    """The rectangle of cells that agree, with as few as may be that differ (Bentley 1984, in two dimensions)."""
    likeness, told = likeness_of(cells(ground), cells(sampled))
    worth = np.where(told, np.where(likeness > SAME, 1.0, _DIFFERS), 0.0)
    worth[cells(within.astype(np.float64)).min(1) == 0] = _DIFFERS
    above = np.pad(np.cumsum(worth.reshape(grid_of(ground.shape)), 0), ((1, 0), (0, 0)))
    top, bottom = np.triu_indices(len(above), 1)
    upto = np.pad(np.cumsum(above[bottom] - above[top], 1), ((0, 0), (1, 0)))
    gains = upto[:, 1:] - np.minimum.accumulate(upto, 1)[:, :-1]
    best, right = np.unravel_index(gains.argmax(), gains.shape)
    if gains[best, right] <= 0:
        return None
    left = int(upto[best, : right + 1].argmin())
    begins, behind = (int(top[best]), left), (int(bottom[best]), int(right) + 1)
    (first, last), (start, end) = (
        (STEP_PX * a, STEP_PX * b + CELL_PX - STEP_PX) for a, b in zip(begins, behind, strict=True)
    )
    return _Box(first, last, start, end)


def _sides(ground: Floats, sampled: Floats, within: NDArray[np.bool_], box: _Box) -> Iterator[Side]:
    both = within.astype(np.float64)
    for turned, seen in ((box, (ground, sampled, both)), (box.turned, (ground.T, sampled.T, both.T))):
        for begin, step in ((turned.top, -1), (turned.bottom - 1, 1)):
            rows = begin + step * np.arange(-_ROWS, _ROWS + 1)
            exist = (rows >= 0) & (rows < len(seen[0]))
            # Without the ends of rows; beyond the picture the last row stands for those that it hasn't.
            one, other, known = (
                picture[rows.clip(0, len(picture) - 1), turned.left + 1 : turned.right - 1] for picture in seen
            )
            found = _side(one, other, (known > 0) & exist[:, None])
            if found is not None:
                yield found


def _side(one: Floats, other: Floats, within: NDArray[np.bool_]) -> Side | None:
    shares = within.mean(1) if within.size else np.zeros(len(within))
    kept = within[_ROWS - 3 : _ROWS + _OUTWARDS].all(0)
    if (shares[_ROWS : _ROWS + _OUTWARDS] < _SHARE).any() or kept.sum() < _LEAST_PX:
        return None
    known = np.minimum(shares[1:], shares[:-1]) > _SHARE
    pictures = [seen[:, kept] for seen in (one, other)]
    differ = [abs(np.diff(seen, axis=0)).mean(1) * known for seen in pictures]
    at = [_LAST + int(rows[_LAST : 2 * _ROWS - _LAST].argmax()) for rows in differ]
    edges = [[_edge(seen, rows, row) for seen, rows in zip(pictures, differ, strict=True)] for row in at]
    return Side((edges[0][0], edges[0][1]), (edges[1][1], edges[1][0]))


def _edge(picture: Floats, differ: Floats, row: int) -> Edge:
    """How much two rows differ: those at one, or beside it, as maps are a pixel wrong."""
    around = np.concatenate([differ[max(0, row - 5) : max(0, row - 2)], differ[row + 3 : row + 6]])
    strength = differ[max(0, row - 1) : row + 2].max() / (around.max(initial=0.0) + NOISE)
    return Edge(float(strength), alike(picture[max(0, row - 1)], picture[min(len(picture) - 1, row + 2)]))
