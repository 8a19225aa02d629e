"""The outline of points: their convex hull, which OpenCV finds."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.local.opencv import load_opencv

# In pixels: OpenCV rounds corners to 32 bits, and what lies on an edge is within.
_EDGE_PX: Final = 1e-3

Floats = NDArray[np.float64]


def outline(points: Floats) -> Floats:
    """The corners of the smallest convex polygon around points.

    Args:
        points: ``(n, 2)``.

    Returns:
        ``(m, 2)``, counter-clockwise where y grows upward; fewer than three where all points lie on a line.

    Raises:
        OpenCVMissing: OpenCV isn't installed.
    """
    opencv = load_opencv()
    if not len(points):
        return np.empty((0, 2))
    corners: Floats = opencv.convexHull(points.astype(np.float32))[:, 0].astype(np.float64)
    return corners


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
    far = (edges[:, :1] * y - edges[:, 1:] * x) / np.hypot(edges[:, :1], edges[:, 1:])
    inside: NDArray[np.bool_] = np.all(far >= -_EDGE_PX, axis=0)
    return inside
