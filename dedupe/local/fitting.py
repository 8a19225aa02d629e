"""A map between two pictures made better by what they show: few points bend it, and miss where there are none.

    map of points ──▶ cells that agree under it ──slopes──▶ a step (Lucas and Kanade 1981) ──▶ a better map ──┐
                             ▲                                                                               │
                             └───────────────────── more cells agree ◀───────────────────────────────────────┘

Each cell counts as it would in its own light: the mean and the spread of its levels say nothing. What doesn't agree,
such as a sticker, or a page around a photograph, has no say, so what does agree grows from the points outwards.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.local.features import Features
from synsift.dedupe.local.geometry import Alignment, inverse, project
from synsift.dedupe.local.laying import PLAIN, Both, Floats, both_of, cells, to_small, upon

_ROUNDS: Final = 12
# From such a likeness on a cell has a say; fewer cells than these say nothing, and a homography wants more.
_SAY: Final = 0.4
_FEWEST: Final = 6
_BENDS: Final = 60
# Below such a step, in pixels at the corners, the map is as good as it gets; above such a one it has lost its way.
_STILL_PX: Final = 0.02
_FAR_PX: Final = 12.0
# How much a step is held back, as a share of what cells say.
_HELD: Final = 1e-3


def fit(first: Features, second: Features, alignment: Alignment) -> Alignment:
    """The same map made better; as it was where pictures don't say how.

    Args:
        first: The picture that the map leads from.
        second: The one that it leads to.
        alignment: The map.
    """
    both = both_of(first, second, alignment)
    ground = both.coarser_first
    matrix = _fitted(ground)
    if matrix is None:
        return alignment
    small = matrix if ground is both else inverse(matrix)
    full = inverse(to_small(second, both.other.shape)) @ small @ to_small(first, both.one.shape)
    return replace(alignment, matrix=full / full[2, 2])


def _fitted(ground: Both) -> Floats | None:
    """The map from the ground to what is laid upon it, made better; None where it gets lost."""
    height, width = ground.one.shape
    corners = np.array([(0.0, 0.0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)])
    here = cells(ground.one)
    here = here - here.mean(1, keepdims=True)
    spread = np.sqrt((here * here).mean(1, keepdims=True))
    normal = here / np.maximum(1e-6, spread)
    places = _places(ground.one.shape)
    step = np.eye(3)
    for _ in range(_ROUNDS):
        sampled, within = upon(ground.one, ground.other, ground.matrix @ step, ground.scale)
        move = _step(sampled, within, (normal, spread[:, 0]), places)
        if move is None:
            break
        step = step @ move
        step /= step[2, 2]
        # Put so that what is no number is lost, too.
        if not abs(project(step, corners) - corners).max() <= _FAR_PX + 0.25 * max(width, height):
            return None
        if abs(project(move, corners) - corners).max() < _STILL_PX:
            break
    return ground.matrix @ step


def _places(shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """``(n, 64)`` each: x and y of the pixels of cells, from -1 to 1 or so."""
    y, x = np.indices(shape).astype(np.float64)
    half = max(shape) / 2
    return cells((x - shape[1] / 2) / half), cells((y - shape[0] / 2) / half)


def _step(
    sampled: Floats, within: NDArray[np.bool_], normal: tuple[Floats, Floats], places: tuple[Floats, Floats]
) -> Floats | None:
    """Where the pixels of the ground ought to be sampled instead; None where too little agrees."""
    there = cells(sampled)
    there = there - there.mean(1, keepdims=True)
    spread = np.sqrt((there * there).mean(1))
    lit = there / np.maximum(1e-6, spread)[:, None]
    told = (np.minimum(spread, normal[1]) > PLAIN / 2) & (np.maximum(spread, normal[1]) > PLAIN)
    likeness = (lit * normal[0]).mean(1)
    kept = np.flatnonzero(told & (likeness > _SAY) & (cells(within.astype(np.float64)).min(1) > 0))
    if len(kept) < _FEWEST:
        return None
    slopes = np.gradient(sampled)
    lit, want = lit[kept], normal[0][kept]
    weights = np.repeat(likeness[kept], lit.shape[1])
    moves = []
    for slope in (slopes[1], slopes[0]):
        seen = cells(slope)[kept] / np.maximum(1e-6, spread[kept])[:, None]
        seen = seen - seen.mean(1, keepdims=True)
        moves.append((seen - lit * (seen * lit).mean(1, keepdims=True)).ravel())
    x, y = (place[kept].ravel() for place in places)
    along, across = moves
    columns = [along * x, along * y, along, across * x, across * y, across]
    if len(kept) >= _BENDS:
        bend = along * x + across * y
        columns += [bend * x, bend * y]
    system = np.stack(columns, 1)
    weighted = system * weights[:, None]
    square = weighted.T @ system
    square += _HELD * np.diag(np.diag(square)) + 1e-9 * np.eye(len(square))
    found = np.linalg.solve(square, weighted.T @ (want - lit).ravel())
    return _move(found, sampled.shape)


def _move(found: Floats, shape: tuple[int, ...]) -> Floats:
    """A map between pixels of the ground, near to none.

    Args:
        found: How far, in pixels, a place moves: for each unit that it lies to the right and below, and everywhere, in
            x and in y; and how both grow with it, of a homography.
        shape: Of the ground, of which half of the longer side is a unit, and whose middle is 0.
    """
    (a, b, c, d, e, f), bend = found[:6], found[6:]
    height, width = shape
    half = max(height, width) / 2
    g, h = bend if len(bend) else (0.0, 0.0)
    move = np.eye(3) + np.array([[a, b, c], [d, e, f], [-g, -h, 0]]) / half
    units = np.array([[1 / half, 0, -width / 2 / half], [0, 1 / half, -height / 2 / half], [0, 0, 1]])
    moved: Floats = inverse(units) @ move @ units
    return moved
