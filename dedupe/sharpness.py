"""How far the edges of a photograph were sharpened: what that adds looks like detail, and is none.

Sharpening lightens one side of an edge and darkens the other, for as far as its radius. So light steps farther across
an edge than the surfaces beside it differ: of steps over three pixels, weighted by their squares, steps over nine that
have the same middle are 0.45 to 1.1 times as high in photographs, 0.2 to 0.5 times in those that were sharpened. Blur
makes it more, and loss by compression, other sizes and other contrast leave it as it is.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synsift.dedupe.faults import share_of
from synsift.dedupe.fine import exactness_of
from synsift.dedupe.frequencies import Floats

# Steps over so many pixels on either side of the middle and of it; so many lines are looked at of each axis.
_NEAR: Final = 3
_BESIDE: Final = 3
_FAR: Final = _NEAR + 2 * _BESIDE
_LINES: Final = 32
# A JPEG is decoded at less than twice this side where it can be; what is larger is measured at half its size, too.
_SIDE_PX: Final = 128
# Below what detail counts for less, and how much at least: blur takes more than that of it.
_NATURAL: Final = 0.35
_LEAST: Final = 0.6
# Of what is plain in drawings, the least share without noise.
_DRAWN: Final = 0.5


def measured_pixels(luma: Image.Image) -> NDArray[np.uint8]:
    """Luminance that is measured, ``(h, w)``: of what was decoded at another scale than a JPEG is, at about that one.

    Args:
        luma: The picture inside of its borders as it was decoded, ``L``.
    """
    return np.asarray(luma.reduce(min(luma.size) // _SIDE_PX) if min(luma.size) >= 2 * _SIDE_PX else luma)


def may_be_drawn(fine: bytes) -> bool:
    """Whether a picture shows little, and what is plain of it has less noise than most photographs have."""
    return bool(fine) and exactness_of(fine) >= _DRAWN


def credible_share(pixels: NDArray[np.uint8], fine: bytes) -> float:
    """How much of a photograph's detail is taken for its own: 1 unless it was sharpened strongly, and of drawings.

    Args:
        pixels: Those that ``measured_pixels`` gives.
        fine: Of its fingerprint: it says what is drawn, of which lines are all there is.
    """
    if may_be_drawn(fine) or min(pixels.shape) <= _FAR:
        return 1.0
    far = near = 0.0
    for lines in (pixels, pixels.T):
        some = lines[:: max(1, len(lines) // _LINES)].astype(np.float32)
        over_edge, over_all = _steps(some)
        weights = over_edge * np.abs(over_edge)
        far += float(np.vdot(over_all, weights))
        near += float(np.vdot(over_edge, weights))
    return max(_LEAST, share_of(far / near, (0.0, _NATURAL))) if near > 0 else 1.0


def _steps(lines: Floats) -> tuple[Floats, Floats]:
    """Over three pixels, and over nine with the same middle."""
    return lines[:, _FAR - _BESIDE : -_BESIDE] - lines[:, _BESIDE : -_FAR + _BESIDE], lines[:, _FAR:] - lines[:, :-_FAR]
