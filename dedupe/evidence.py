"""What a fingerprint carries for the second look: a small picture, as its lowest frequencies.

Sixteen frequencies of luminance on each axis and six of either colour, of what is inside of the borders, in eight bits.
"""

import math
import struct
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synsift.dedupe.alignment import Grid
from synsift.dedupe.borders import Part
from synsift.dedupe.fine import Fine, Subject, Thumbnail, read_fine, unrounded
from synsift.dedupe.frequencies import (
    FREQUENCIES,
    SIDE_PX,
    Floats,
    dct_matrix,
    hashes_of,
    oriented,
    turned_sides,
)
from synsift.dedupe.pages import page_share
from synsift.dedupe.views import extra_hashes

_COLOURS: Final = 6
EVIDENCE: Final = np.dtype(
    [
        ("border", "u1", 4),
        ("mean", "u1"),
        ("luma_scale", "<f4"),
        ("chroma_scale", "<f4"),
        ("luma", "i1", (FREQUENCIES, FREQUENCIES)),
        ("chroma", "i1", (2, _COLOURS, _COLOURS)),
    ]
)
"""Of the picture inside of its borders: their widths (left, top, right, bottom, in 255ths of the sides), the mean of
its luminance, and its lowest frequencies, as signed square roots of their share of the largest."""
EVIDENCE_BYTES: Final = EVIDENCE.itemsize
_BEGINS: Final = struct.Struct("<5Bff")
"""Borders, mean and scales of ``EVIDENCE``, for one picture at a time."""
_NO_CHROMA: Final = bytes(2 * _COLOURS**2)

PICTURE_SIDE: Final = 32
"""Side of the pictures that are made of evidence again, in pixels."""
PLACES: Final = PICTURE_SIDE**2
GRID: Final = Grid(PICTURE_SIDE)
"""Of these pictures."""

_MAX_SCALE: Final = 255 * SIDE_PX
_NO_COLOUR: Final = 128
# Pictures that are kept unpacked: 0.15 MB each at most.
_KEPT: Final = 64
_GREY_LEVELS: Final = 1.5
# The mean is kept without what is beyond a whole grey level.
_HALF_A_LEVEL: Final = 0.5
# Of what is plain, a share without noise that no drawing is below: in photographs noise does what rounding undid.
_NOISY: Final = 0.1
_CHROMA_PX: Final = 16
_TO_LUMA: Final = dct_matrix(FREQUENCIES, PICTURE_SIDE) * np.float32(np.sqrt(PICTURE_SIDE / SIDE_PX))
_TO_COLOUR: Final = _TO_LUMA[:_COLOURS]
_COARSE: Final[Floats] = (dct_matrix(_COLOURS, PICTURE_SIDE).T @ dct_matrix(_COLOURS, PICTURE_SIDE)).astype(np.float32)
_CHROMA_DCT: Final = dct_matrix(_COLOURS, _CHROMA_PX) * np.float32(np.sqrt(SIDE_PX / _CHROMA_PX))


def make_evidence(
    frequencies: Floats, picture: Image.Image, part: Part, box: tuple[float, float, float, float]
) -> bytes:
    """Make the evidence of a picture.

    Args:
        frequencies: The lowest ones of its luminance inside of its borders, as ``frequencies_of`` gives them.
        picture: The whole, ``L`` or ``YCbCr``.
        part: What is inside of its borders.
        box: The same in pixels: left, top, right and bottom.
    """
    border = [round(255 * width) for width in (part.left, part.top, 1 - part.right, 1 - part.bottom)]
    frequencies = frequencies.copy()
    mean = int(min(max(frequencies[0, 0] / SIDE_PX, 0), 255))
    frequencies[0, 0] = 0.0
    luma, luma_scale = _packed(frequencies)
    chroma_bytes, chroma_scale = _NO_CHROMA, np.float32(0)
    if picture.mode == "YCbCr":
        small = picture.resize((_CHROMA_PX, _CHROMA_PX), Image.Resampling.BOX, box=box)
        chroma = np.asarray(small, dtype=np.float32)[..., 1:].transpose(2, 0, 1) - _NO_COLOUR
        packed, chroma_scale = _packed(_CHROMA_DCT @ chroma @ _CHROMA_DCT.T)
        chroma_bytes = packed.tobytes()
    return _BEGINS.pack(*border, mean, luma_scale, chroma_scale) + luma.tobytes() + chroma_bytes


def _packed(frequencies: Floats) -> tuple[NDArray[np.int8], np.float32]:
    """Eight bits each: the square root spreads them, as most are far below the largest."""
    strength = np.abs(frequencies)
    scale = np.float32(np.maximum.reduce(strength, axis=None) + 1e-6)
    strength /= scale
    np.sqrt(strength, out=strength)
    strength *= np.float32(127)
    return np.rint(np.copysign(strength, frequencies, out=strength), out=strength).astype(np.int8), scale


def _unpacked(values: NDArray[np.int8], scale: np.float32 | Floats) -> Floats:
    share = values.astype(np.float32) / np.float32(127)
    return np.asarray(share * np.abs(share) * scale, dtype=np.float32)


def check_evidence(evidence: bytes) -> None:
    """Refuse numbers that no picture has, of evidence from elsewhere.

    Raises:
        ValueError: There are such.
    """
    left, top, right, bottom, _, *scales = _BEGINS.unpack_from(evidence)
    # The largest is that of a picture which is all white, times its side.
    if not all(0 <= scale <= _MAX_SCALE for scale in scales):
        raise ValueError("evidence with values that no picture has")
    if left + right >= 255 or top + bottom >= 255:
        raise ValueError("evidence of a picture that is all border")


def is_grey(evidence: bytes) -> bool:
    """Whether a picture has no colours to speak of: none of their frequencies is as large as a grey level or two."""
    return float(np.frombuffer(evidence, dtype=EVIDENCE)[0]["chroma_scale"]) < _GREY_LEVELS * SIDE_PX


def flat_hashes_of(evidence: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Hashes of what is inside of pictures' borders, all of which counts alike, ``(n, 32)``, from their evidence."""
    rows = np.ascontiguousarray(evidence).view(EVIDENCE)[:, 0]
    return hashes_of(rows["luma"])


def extra_hashes_of(evidence: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Hashes of pictures' further views, ``(n, 11, 32)`` as ``views.EXTRA``, from their evidence ``(n, bytes)``."""
    rows = np.ascontiguousarray(evidence).view(EVIDENCE)[:, 0]
    return extra_hashes(_unpacked(rows["luma"], rows["luma_scale"][:, None, None]))


class Picture:
    """Evidence, unpacked and turned. It is shared, see ``picture_of``: nothing of it is changed.

    Attributes:
        luma: ``(1024,)`` of a picture of 32×32, around 0.
        chroma: ``(2, 1024)``, around 0.
        soft_luma: ``(1024,)`` of the luminance as coarsely as the colours are known.
        mean: Of the luminance.
        borders: Their widths, left, top, right and bottom, as shares of the sides.
        packed_fine: The finer thumbnail, as it was packed; empty of a picture that shows much.
    """

    def __init__(self, evidence: bytes, orientation: int, fine: bytes = b"") -> None:
        row = np.frombuffer(evidence, dtype=EVIDENCE)[0]
        luma = oriented(_unpacked(row["luma"], row["luma_scale"]), orientation)
        chroma = oriented(_unpacked(row["chroma"], row["chroma_scale"]), orientation)
        soft = np.concatenate([chroma, luma[None, :_COLOURS, :_COLOURS]])
        self.luma: Floats = (_TO_LUMA.T @ luma @ _TO_LUMA).ravel()
        self._soft: Floats = (_TO_COLOUR.T @ soft @ _TO_COLOUR).reshape(-1, PLACES)
        _shared(self.luma), _shared(self._soft)
        self.chroma, self.soft_luma = self._soft[:2], self._soft[2]
        self.mean = float(row["mean"])
        self.borders = np.array(turned_sides(row["border"].astype(float) / 255, orientation))
        self.packed_fine = fine
        self._orientation = orientation
        self._frequencies = luma

    @cached_property
    def fine(self) -> Fine | None:
        """The finer thumbnail; None of a picture that shows much."""
        return read_fine(self.packed_fine) if self.packed_fine else None

    @cached_property
    def tones(self) -> Floats:
        """Grey levels inside of its borders, coarsely, ``(1024,)``."""
        return _shared(self.luma + np.float32(self.mean))

    @cached_property
    def tones_in_order(self) -> Floats:
        """These, the darkest first."""
        return _shared(np.sort(self.tones))

    @cached_property
    def contrast(self) -> float:
        """The standard deviation of these, in levels."""
        return float(self.tones.std())

    @cached_property
    def layers(self) -> Floats:
        """``(6, 1024)``, see ``Grid.layers``: luminance and its slopes, chroma, and the soft luminance."""
        return GRID.layers(self.luma, self._soft)

    @cached_property
    def subject(self) -> Subject:
        """What stands on its ground, by its finer thumbnail; of pictures without one nothing is asked."""
        return self.fine.subject if self.fine else Subject(1.0, 0.0, 0.0)

    @cached_property
    def page_share(self) -> float:
        """How far it is a page that was photographed; see ``dedupe.pages``."""
        return page_share(self.fine) if self.fine else 0.0

    @cached_property
    def thumbnail(self) -> Thumbnail | None:
        """The finer thumbnail, turned, and without most of what rounding did to it."""
        if self.fine is None:
            return None
        turned = turned_picture(self.fine.luma, self._orientation)
        if self.fine.exactness < _NOISY:
            return Thumbnail(turned.ravel())
        frequencies = self._frequencies.copy()
        frequencies[0, 0] = (self.mean + _HALF_A_LEVEL) * SIDE_PX
        return Thumbnail(unrounded(turned, self.fine.step, frequencies).ravel())


def _shared(values: Floats) -> Floats:
    values.setflags(write=False)
    return values


@lru_cache(maxsize=_KEPT)
def picture_of(evidence: bytes, orientation: int, fine: bytes = b"") -> Picture:
    """A ``Picture``, one of those made last if it was: most are looked at more than once, by one query or by some."""
    return Picture(evidence, orientation, fine)


def as_coarse_as_colours(pictures: Floats) -> Floats:
    """What is left of pictures ``(k, 1024)`` of 32×32 where only the frequencies are kept that colours are kept in."""
    square = pictures.reshape(-1, PICTURE_SIDE, PICTURE_SIDE)
    return np.asarray(_COARSE @ square @ _COARSE, dtype=np.float32).reshape(pictures.shape)


def strength_in(chroma: Floats, weights: Floats) -> float:
    """Of colours ``(2, n)`` at places that are counted by 1, in levels: the root of their mean square."""
    inside = (chroma * weights).ravel()
    return math.sqrt(float(inside @ inside) / max(1.0, float(np.add.reduce(weights))))


def turned_picture(picture: Floats, orientation: int) -> Floats:
    """One of the orientations of a picture: first mirrored or flipped, then transposed."""
    if orientation % 4 in (1, 3):
        picture = picture[:, ::-1]
    if orientation % 4 in (2, 3):
        picture = picture[::-1]
    return np.ascontiguousarray(picture.T if orientation >= 4 else picture)
