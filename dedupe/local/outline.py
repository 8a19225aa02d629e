"""The outline of points: their convex hull, by Andrew's monotone chain (1979)."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def outline(points: Floats) -> Floats:
    """The corners of the smallest convex polygon around points.

    Args:
        points: ``(n, 2)``.

    Returns:
        ``(m, 2)``, counter-clockwise where y grows upward; fewer than three where all points lie on a line.
    """
    ordered = np.unique(points, axis=0)
    if len(ordered) < 3:
        return ordered
    return np.array(_half(ordered) + _half(ordered[::-1]))


def within_outline(corners: Floats, places: Floats) -> NDArray[np.bool_]:
    """``(n,)``: which of some places lie within an outline, its edge included.

    Args:
        corners: As ``outline`` gives them.
        places: ``(n, 2)``.
    """
    if len(corners) < 3:
        return np.zeros(len(places), np.bool_)
    edges = np.roll(corners, -1, 0) - corners
    x, y = (places[None, :, axis] - corners[:, None, axis] for axis in (0, 1))
    inside: NDArray[np.bool_] = np.all(edges[:, :1] * y - edges[:, 1:] * x >= -1e-9, axis=0)
    return inside


def _half(ordered: Floats) -> list[Floats]:
    """The corners of one side, from the first point to the one before the last."""
    kept: list[Floats] = []
    for point in ordered:
        while len(kept) >= 2 and _turns_right(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return kept[:-1]


def _turns_right(one: Floats, two: Floats, three: Floats) -> bool:
    """Whether the way over three points turns right, or not at all."""
    (ax, ay), (bx, by) = two - one, three - one
    return bool(ax * by - ay * bx <= 0)
