"""A picture → its local features: points, described as RootSIFT (Arandjelović and Zisserman 2012), and a small copy."""

import struct
from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synsift.dedupe.decode import DEFAULT_MAX_PIXELS, decode, decode_image
from synsift.dedupe.inputs import Source, read_source
from synsift.dedupe.local.exactness import HARDLY_EXACT, exact
from synsift.dedupe.local.opencv import load_opencv
from synsift.dedupe.local.points import find_points

SIDE_PX: Final = 512
"""Longer side of the picture that is worked on: less loses what is small in another picture, more costs time."""
LEAST_SIDE_PX: Final = 256
"""A smaller picture is enlarged: it would have hardly any points."""
VERSION: Final = 3
"""Of the binary form, and of how points are found: features of two versions can't be compared."""
_SMALL_SIDE_PX: Final = 96
# Of what may be a drawing: what differs in a word, or a line, is to be seen.
_FINER_SIDE_PX: Final = 192
_HEAD: Final = struct.Struct("<BHHHHHHH")
_POINT_BYTES: Final = 8
_DESCRIPTOR_BYTES: Final = 128
# What is kept of a point: 1/64 px of place, 1/256 px of size, 1/10,000 of a radian.
_STEPS: Final = np.array([64, 64, 256, 10_000], np.float32)
# A mirrored picture's descriptors are the same numbers in another order: rows of the 4 × 4 cells from below, and its
# eight directions the other way round.
_MIRRORED: Final = np.arange(128).reshape(4, 4, 8)[::-1][:, :, -np.arange(8) % 8].reshape(-1)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Features:
    """What is kept of a picture to find it in others: 91 kB at most, 128 of a drawing.

    Attributes:
        width_px: Width of the picture that was worked on.
        height_px: Its height.
        points: ``(n, 4) float32``: x and y in its pixels, size in pixels, direction in radians; the strongest first.
        descriptors: ``(n, 128) uint8``: square roots of shares, so that their length is about 255.
        picture: ``(h, w) uint8``, grey, at most 96 px at its longer side.
        finer: The same, at most 192 px, of what may be a drawing; ``(0, 0)`` of others.
    """

    width_px: int
    height_px: int
    points: NDArray[np.float32]
    descriptors: NDArray[np.uint8]
    picture: NDArray[np.uint8]
    finer: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, 0), np.uint8))

    def __repr__(self) -> str:
        """Short: how many points."""
        return f"<Features of {len(self.points)} points in {self.width_px}×{self.height_px} px>"

    def to_bytes(self) -> bytes:
        """The binary form, 136 bytes a point, and for the small pictures 9 kB at most, 46 of a drawing."""
        pictures = self.picture, self.finer
        sides = (side for picture in pictures for side in picture.shape[::-1])
        head = _HEAD.pack(VERSION, len(self.points), self.width_px, self.height_px, *sides)
        points = np.rint(self.points * _STEPS).clip(0, 65_535).astype("<u2")
        return b"".join((head, points.tobytes(), self.descriptors.tobytes(), *(one.tobytes() for one in pictures)))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read the binary form.

        Raises:
            ValueError: It isn't one.
        """
        if len(data) < _HEAD.size or data[0] != VERSION:
            raise ValueError("not the features of a picture, or those of another version")
        _, count, width_px, height_px, small_w, small_h, finer_w, finer_h = _HEAD.unpack_from(data)
        parts = _POINT_BYTES * count, _DESCRIPTOR_BYTES * count, small_w * small_h, finer_w * finer_h
        ends = np.cumsum([_HEAD.size, *parts])
        if len(data) != ends[-1]:
            raise ValueError("features of a picture that were cut short")
        points = np.frombuffer(data, "<u2", 4 * count, int(ends[0])).reshape(-1, 4).astype(np.float32) / _STEPS
        descriptors = np.frombuffer(data, np.uint8, _DESCRIPTOR_BYTES * count, int(ends[1])).reshape(-1, 128)
        picture = np.frombuffer(data, np.uint8, small_w * small_h, int(ends[2])).reshape(small_h, small_w)
        finer = np.frombuffer(data, np.uint8, finer_w * finer_h, int(ends[3])).reshape(finer_h, finer_w)
        return cls(width_px, height_px, points, descriptors, picture, finer)


def describe(source: Source, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> Features:
    """Find the local features of a picture.

    Args:
        source: What ``fingerprint`` takes: a path, bytes, an open file, a PIL image, an array.
        max_pixels: Limit on width × height.

    Raises:
        OpenCVMissing: OpenCV isn't installed.
        ImageError: The picture can't be decoded, or is above a limit.
        OSError: The path can't be read.
        TypeError, ValueError: Nothing of what is taken.
    """
    load_opencv()
    given = read_source(source)
    if isinstance(given, bytes):
        found = decode(given, max_pixels=max_pixels, side_px=SIDE_PX, grey=True)
    else:
        found = decode_image(given, max_pixels=max_pixels, side_px=SIDE_PX)
    picture = found.picture.getchannel(0)
    size = _within(found.width_px, found.height_px, SIDE_PX, least_px=LEAST_SIDE_PX)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.BOX if picture.width > size[0] else Image.Resampling.BICUBIC)
    small = np.asarray(picture.resize(_within(*size, _SMALL_SIDE_PX), Image.Resampling.BOX))
    made = Features(*size, *find_points(np.asarray(picture)), small)
    if exact(small) < HARDLY_EXACT:
        return made
    return replace(made, finer=np.asarray(picture.resize(_within(*size, _FINER_SIDE_PX), Image.Resampling.BOX)))


def mirrored(features: Features) -> Features:
    """The features of the same picture mirrored left to right, without looking at it again."""
    points = features.points.copy()
    points[:, 0] = features.width_px - 1 - points[:, 0]
    points[:, 3] = np.pi - points[:, 3]
    return Features(
        features.width_px,
        features.height_px,
        points,
        features.descriptors[:, _MIRRORED],
        features.picture[:, ::-1],
        features.finer[:, ::-1],
    )


def _within(width_px: int, height_px: int, side_px: int, *, least_px: int = 1) -> tuple[int, int]:
    """A size of the same shape whose longer side is ``side_px`` at most, and ``least_px`` at least."""
    longer_px = max(width_px, height_px)
    scale = min(side_px / longer_px, max(1.0, least_px / longer_px))
    return max(1, round(width_px * scale)), max(1, round(height_px * scale))
