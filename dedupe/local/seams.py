"""Whether a picture goes on where another one ends that it overlaps: what tells a crop from a collage.

    ┌──────────────┐
    │ a screenshot │              The photograph ends within the screenshot, at an edge: it was pasted there. The
    │       ┌──────┼─────┐        screenshot ends within the photograph, which goes on: the screenshot was cropped.
    │       │ the same   │        Of two collages that share a part each has an edge where the other one ends, or
    └───────┼──────┘     │        shows another picture beyond; and two crops of one scene go on both.
            │ photograph │
            └────────────┘

What lies beside a side of one picture is looked at in the other one, in rows along that side: at an edge neighbouring
rows differ more than they do beside it, all along; where a picture goes on, they are as alike as any others.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from synsift.dedupe.local.features import Features
from synsift.dedupe.local.geometry import Alignment, inverse, project
from synsift.dedupe.local.laying import Floats, Shape, both_of, sample
from synsift.dedupe.local.rows import NOISE, alike

# So many rows of a pixel are looked at on either side of a border; those next to it are where it is, as maps are a
# pixel wrong.
_ROWS: Final = 6
_AT_BORDER: Final = 2
# … and so many outwards, for another edge.
_FAR_ROWS: Final = 48
_ACROSS: Final = 1
# Of the strongest edges there so many are looked at; where another picture begins, rows are no more alike than that.
_ASKED: Final = 8
_UNLIKE: Final = 0.5
# Of a shorter one nothing is said; each is looked at in so many places.
_LEAST_PX: Final = 7.0
_PLACES: Final = 96


class Border(NamedTuple):
    """What a picture shows where another one ends.

    Attributes:
        inner: How many times more rows differ there than they do anywhere within the other one.
        edge: The same, than they do on either side.
        alike: How alike rows are, on either side of it: their correlation; 0 where one is plain, 1 where both are.
        beyond: The strongest edge farther out, all along, as ``edge``: that of another picture that stands beside.
    """

    inner: float
    edge: float
    alike: float
    beyond: float


class Ends(NamedTuple):
    """Where each of two pictures ends within the other one; at most four borders each.

    Attributes:
        first: Of the first picture in the second.
        second: Of the second in the first.
    """

    first: tuple[Border, ...]
    second: tuple[Border, ...]


def ends(first: Features, second: Features, alignment: Alignment) -> Ends:
    """Look at where two pictures end within each other.

    Args:
        first: The picture that the map leads from.
        second: The one that it leads to.
        alignment: The map.
    """
    one, other, matrix, _ = both_of(first, second, alignment)
    return Ends(tuple(_borders(one.shape, other, matrix)), tuple(_borders(other.shape, one, inverse(matrix))))


def _borders(shape: Shape, picture: Floats, matrix: Floats) -> Iterator[Border]:
    """What a picture shows along the sides of another one that lie within it.

    Args:
        shape: Rows and columns of the other one.
        picture: The picture.
        matrix: From the other one's pixels to its own.
    """
    height, width = (side - 0.5 for side in shape)
    corners = np.array([(-0.5, -0.5), (width, -0.5), (width, height), (-0.5, height)])
    steps = (np.arange(_PLACES) + 0.5)[:, None] / _PLACES
    for begin, end in zip(corners, np.roll(corners, -1, 0), strict=True):
        side = project(matrix, begin + (end - begin) * steps)
        along = np.gradient(side, axis=0)
        lengths = np.hypot(*along.T)
        # Corners go round clockwise, as one sees them: inwards is to the right.
        inwards = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(1e-9, lengths)[:, None]
        found = _border(picture, side, inwards, lengths)
        if found is not None:
            yield found


def _border(picture: Floats, side: Floats, inwards: Floats, lengths: Floats) -> Border | None:
    rows = np.arange(-_FAR_ROWS, _ROWS + 1)
    places = side[:, None] + rows[:, None] * inwards[:, None]
    within = np.all((places >= 0) & (places <= np.array(picture.shape[::-1]) - 1), axis=2)
    near = within[:, _FAR_ROWS - _AT_BORDER : _FAR_ROWS + _AT_BORDER + 1].all(1)
    if lengths[near].sum() < _LEAST_PX:
        return None
    values = sample(picture, places.reshape(-1, 2))[0].reshape(within.shape)[near]
    within, lengths = within[near], lengths[near]
    weights = (within[:, 1:] & within[:, :-1]) * lengths[:, None]
    differ = (abs(np.diff(values, axis=1)) * weights).sum(0) / np.maximum(1e-9, weights.sum(0))
    differ[weights.sum(0) < lengths.sum() / 2] = 0
    outer, at, inner = np.split(differ, [_FAR_ROWS - _AT_BORDER, _FAR_ROWS + _AT_BORDER])
    beside = max(inner[1:].max(), outer[_AT_BORDER - _ROWS : -1].max())
    return Border(
        float(at.max() / (inner[1:].max() + NOISE)),
        float(at.max() / (beside + NOISE)),
        alike(values[:, _FAR_ROWS - _ACROSS], values[:, _FAR_ROWS + _ACROSS]),
        _strongest(outer, values[:, : len(outer) + 2]),
    )


def _strongest(differ: Floats, values: Floats) -> float:
    """The strongest edge among rows, beside which they aren't alike: how much more two differ than those around.

    Args:
        differ: ``(n,)``: by how much each row differs from the next.
        values: ``(places, n + 2)``: the rows, and two more.
    """
    around = sliding_window_view(np.pad(differ, _ROWS - 1), 2 * _ROWS - 1).copy()
    around[:, _ROWS - 1 - _AT_BORDER : _ROWS + _AT_BORDER] = 0
    strength = differ / (around.max(1) + NOISE)
    found = 0.0
    for row in np.argsort(-strength[1 : 1 - _AT_BORDER])[:_ASKED] + 1:
        if alike(values[:, row - 1], values[:, row + 2]) < _UNLIKE:
            found = max(found, float(strength[row]))
    return found
