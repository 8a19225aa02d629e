"""What is really in a picture: how many bits its details are worth, whatever its size says.

A picture that was enlarged, blurred, or compressed hard and saved again has many pixels and few details. Measured is
how many bits a pixel it takes as a JPEG of quality 85. A JPEG says that by its own size and quality, at no cost; of
what was decoded whole anyway, a sample is encoded.
"""

import io
import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from PIL import Image

from synsift.dedupe.depth import eight_bits, is_numeric, scale_of
from synsift.dedupe.repeats import own_share
from synsift.dedupe.transparency import WHITE, composed

# Size of a JPEG of a photograph by quality, in that of quality 85: the median of 90 photographs, made smaller before,
# so that nothing of an earlier compression is left; from quality 60 to 95 nine of ten are within 9 % of it.
_QUALITIES: Final = (1, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 88, 90, 92, 93, 94, 95, 96, 97, 98, 100)
_SIZES: Final = (
    *(0.09, 0.177, 0.275, 0.359, 0.427, 0.493, 0.564, 0.673, 0.742, 0.851),
    *(1.0, 1.137, 1.253, 1.379, 1.493, 1.626, 1.783, 1.987, 2.218, 2.503, 3.387),
)
_LOG_SIZES: Final = np.log(_SIZES)
# Of each quality from 0 to 100.
_SIZE_OF: Final = tuple(np.exp(np.interp(quality, _QUALITIES, _LOG_SIZES)) for quality in range(101))
# Tables and headers of a JPEG, in bytes.
_HEAD_BYTES: Final = 600
_QUALITY: Final = 85
# The sample: so many tiles on each axis, each of so many pixels.
_TILES: Final = 8
_TILE_PX: Final = 32
_SAMPLE_PX: Final = _TILES * _TILE_PX
# Tiles begin where blocks of a JPEG do: what is left of one that was compressed hard takes as little again there. Off
# them, the edges of its blocks look like detail.
_BLOCK_PX: Final = 16
# Formats whose further frames are shown one after another: those of the others are pages, or smaller ones.
_ANIMATED: Final = ("GIF", "PNG", "WEBP", "AVIF")
_CAMERA_TAGS: Final = (0x010F, 0x0110)


def detail_of_jpeg(size_bytes: int, image: Image.Image, size_px: tuple[int, int], quality: int) -> float:
    """Of a JPEG, in bits a pixel.

    Args:
        size_bytes: Of the file.
        image: As it was opened; what it says beside its pixels isn't counted.
        size_px: Width and height of the original.
        quality: As encoders count it, 0…100.
    """
    beside = sum(len(value) for value in image.info.values() if isinstance(value, bytes))
    bits = 8 * max(1, size_bytes - beside - _HEAD_BYTES)
    return float(bits / (size_px[0] * size_px[1]) / _SIZE_OF[quality])


def detail_of(image: Image.Image, ground: str = WHITE) -> float:
    """Of a picture that is there with all its pixels, in bits a pixel; 0 where it can't be encoded.

    Args:
        image: The picture.
        ground: What it is seen on where it is transparent; see ``dedupe.transparency``.
    """
    sample = _sample(image)
    if is_numeric(sample):  # of which Pillow makes white what is above 255
        sample = Image.fromarray(eight_bits(sample, scale_of(image)))
    if sample.has_transparency_data:
        sample = composed(sample.convert("RGBA"), ground)
    target = io.BytesIO()
    try:
        sample.convert("L" if sample.mode in ("1", "L") else "RGB").save(target, "JPEG", quality=_QUALITY)
    except (OSError, ValueError):
        return 0.0
    bits = 8 * max(1, len(target.getvalue()) - _HEAD_BYTES) / (sample.width * sample.height)
    return bits * math.sqrt(own_share(sample, _TILE_PX))


def _sample(image: Image.Image) -> Image.Image:
    """Tiles from all over a picture, or all of a small one."""
    width, height = image.size
    if width <= _SAMPLE_PX or height <= _SAMPLE_PX:
        middle, across = (max(0, (side - _SAMPLE_PX) // 2) // _BLOCK_PX * _BLOCK_PX for side in (height, width))
        return image.crop((across, middle, min(width, across + _SAMPLE_PX), min(height, middle + _SAMPLE_PX)))
    sample = Image.new(image.mode, (_SAMPLE_PX, _SAMPLE_PX))
    if image.palette is not None:
        sample.putpalette(image.palette)
    if "transparency" in image.info:
        sample.info["transparency"] = image.info["transparency"]
    for row in range(_TILES):
        top = row * (height - _TILE_PX) // (_TILES - 1) // _BLOCK_PX * _BLOCK_PX
        for column in range(_TILES):
            left = column * (width - _TILE_PX) // (_TILES - 1) // _BLOCK_PX * _BLOCK_PX
            tile = image.crop((left, top, left + _TILE_PX, top + _TILE_PX))
            sample.paste(tile, (column * _TILE_PX, row * _TILE_PX))
    return sample


def is_camera(exif: Mapping[int, object]) -> bool:
    """Whether EXIF tags name a camera."""
    return any(isinstance(exif.get(tag), str) and str(exif[tag]).strip("\0 ") for tag in _CAMERA_TAGS)


def is_animated(image: Image.Image, kind: str) -> bool:
    """Whether a picture that was opened has frames after the first, as far as it can be told without their pixels.

    Args:
        image: As it was opened, before its pixels are loaded.
        kind: Its format.
    """
    if kind not in _ANIMATED:
        return False
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # noqa: BLE001 - hostile bytes make decoders raise anything
        return False  # what is broken behind the first frame says nothing of that
