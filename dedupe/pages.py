"""Pages that were photographed or scanned: paper in whatever light falls on it, with something written on it.

All that is large in such a picture is the paper and its light, and two pages agree in it whatever is written on them.
Their noise makes them photographs (``dedupe.drawn``), of which thumbnails aren't asked; so pages are told by this: what
is left of a thumbnail where everything small is filled with what is around it, is a smooth surface of second order.
Of 69 photographs with a thumbnail one is as smooth, of 96 made photographs of pages 95.
"""

from typing import Final

import numpy as np

from synsift.dedupe.faults import share_of
from synsift.dedupe.fine import FINE_SIDE, Fine
from synsift.dedupe.frequencies import Floats

# What is written is smaller than a square of so many pixels of a thumbnail.
_SMALL_PX: Final = 7
# From pages to other pictures: how far four fifths of the paper are from the surface at most, in grey levels.
_SMOOTH: Final = (4.5, 7.5)
_SURELY_NONE: Final = 20.0
_MOST_OF_IT: Final = 0.8
# What isn't paper, such as a table behind a corner of it, is left out by and by.
_TURNS: Final = 3


def _surfaces() -> Floats:
    across = np.linspace(-1, 1, FINE_SIDE)
    x, y = (axis.ravel() for axis in np.meshgrid(across, across))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]).astype(np.float32)


_SURFACES: Final = _surfaces()
"""``(6, 4096)``."""
_DAMPING: Final = 1e-6 * np.eye(len(_SURFACES))


def page_share(fine: Fine) -> float:
    """How far a picture is a page, by its finer thumbnail: 0 to 1."""
    # What is written is dark on paper, or light: as far as it is small, it is filled with what is around it.
    papers = (-_widened(-_widened(sign * fine.luma)) for sign in (1, -1))
    return 1 - share_of(min(_away(paper.ravel()) for paper in papers), _SMOOTH)


def _widened(picture: Floats) -> Floats:
    """The highest of a square of seven by seven pixels around each pixel."""
    for axis in (0, 1):
        edges = [(_SMALL_PX // 2,) * 2 if axis == one else (0, 0) for one in (0, 1)]
        rows = np.moveaxis(np.pad(picture, edges, mode="edge"), axis, 0)
        two = np.maximum(rows[1:], rows[:-1])
        four = np.maximum(two[2:], two[:-2])
        picture = np.moveaxis(np.maximum(four[3:], four[:-3]), 0, axis)
    return picture


def _away(paper: Floats) -> float:
    """How far most of it is from a smooth surface at most, in grey levels."""
    off, most = np.zeros_like(paper), 0.0
    for _ in range(_TURNS):
        kept = _SURFACES * (off <= most)
        surface = np.linalg.solve(kept @ _SURFACES.T + _DAMPING, kept @ paper).astype(np.float32) @ _SURFACES
        off = np.abs(paper - surface)
        most = float(np.partition(off, place := int(_MOST_OF_IT * len(off)))[place])
        if most > _SURELY_NONE:
            break
    return most
