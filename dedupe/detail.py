"""What is really in a picture: how many bits its details are worth, whatever its size says.

A picture that was enlarged, blurred, or compressed hard and saved again has many pixels and few details. Measured is
how many bits a pixel it takes as a JPEG of quality 85. A JPEG says that by its own size and quality, at no cost; of
what was decoded whole anyway, a sample is encoded.
"""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from PIL import Image

from synsift.dedupe.depth import eight_bits, is_numeric, scale_of
from synsift.dedupe.earlier import UNKNOWN, earlier_quality
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
# What was saved again takes as much as a picture that is so many of the steps, in logarithms, from what its earlier
# quality takes to what its own does: 0.6 to 0.8 for qualities of 50 to 88 before, and up to 98 now. Of what was spoiled
# before less is made up for.
_OF_THE_WAY: Final = 0.7
_SPOILED: Final = 60
# Tables and headers of a JPEG, in bytes.
_HEAD_BYTES: Final = 600
_QUALITY: Final = 85
PIXELS: Final = "PIXELS"
"""Stands for the format of a picture that came as pixels, not as a file."""
LOSSLESS: Final = 100
"""The quality of what lost nothing."""
LOSSLESS_FORMATS: Final = ("PNG", "BMP", "TIFF", PIXELS)
"""Those that lose nothing, whatever was lost before."""
# Quality by format, where the file doesn't say more: all pixels; 256 colours. And of what doesn't say how it was
# compressed.
_QUALITY_OF: Final = {**dict.fromkeys(LOSSLESS_FORMATS, LOSSLESS), "GIF": 60}
_UNKNOWN_QUALITY: Final = 75
# Sum of the 16 smallest of the luminance table of ITU-T T.81, annex K.1, from which encoders derive theirs. The larger
# ones end at 255, whatever the quality.
_JPEG_SMALLEST: Final = 16
_JPEG_SMALLEST_SUM: Final = 246
# The largest of it: where all the smallest are 1, it still tells qualities apart.
_JPEG_LARGEST: Final = 121
# The sample: so many tiles on each axis, each of so many pixels.
_TILES: Final = 8
_TILE_PX: Final = 32
_SAMPLE_PX: Final = _TILES * _TILE_PX
# Tiles begin where blocks of a JPEG do: what is left of one that was compressed hard takes as little again there. Off
# them, the edges of its blocks look like detail.
_TILE_BLOCK_PX: Final = 16
_BLOCK_PX: Final = 8
# Formats whose further frames are shown one after another: those of the others are pages, or smaller ones.
_ANIMATED: Final = ("GIF", "PNG", "WEBP", "AVIF")
_CAMERA_TAGS: Final = (0x010F, 0x0110)


class Inside(NamedTuple):
    """What is really in a picture.

    Attributes:
        detail_bits: In bits a pixel; 0 where it can't be said.
        quality: How little was lost in compressing, 1…100.
        earlier: The same of a JPEG that it was before, if that is less; 0 where it isn't known.
    """

    detail_bits: float
    quality: int
    earlier: int

    def saved_again(self, kind: str) -> "Inside":
        """The same as it is where the earlier quality is known: that is its quality, and there is more detail for it.

        Args:
            kind: Its format.
        """
        measured = self.quality if kind == "JPEG" else _QUALITY
        detail_bits = self.detail_bits
        if self.earlier < measured:
            detail_bits *= (_SIZE_OF[measured] / _SIZE_OF[max(_SPOILED, self.earlier)]) ** (1 - _OF_THE_WAY)
        return Inside(detail_bits, self.earlier, self.earlier)


def inside_jpeg(
    size_bytes: int, image: Image.Image, size_px: tuple[int, int], luma: Image.Image | None = None
) -> Inside:
    """Of a JPEG.

    Args:
        size_bytes: Of the file.
        image: As it was decoded, at a reduced scale where it was; what it says beside its pixels isn't counted.
        size_px: Width and height of the original.
        luma: Of the image, if that was taken out of it.
    """
    tables = getattr(image, "quantization", None)
    steps = tables[min(tables)] if tables else None
    quality = _quality_of(steps) if steps else _UNKNOWN_QUALITY
    earlier = UNKNOWN
    if steps and image.mode in ("L", "YCbCr"):
        luma = luma or (image if image.mode == "L" else image.getchannel(0))
        earlier = earlier_quality(np.asarray(luma), steps, _BLOCK_PX // round(size_px[0] / image.width))
    beside = sum(len(value) for value in image.info.values() if isinstance(value, bytes))
    bits = 8 * max(1, size_bytes - beside - _HEAD_BYTES)
    detail_bits = float(bits / (size_px[0] * size_px[1]) / _SIZE_OF[quality])
    return Inside(detail_bits, quality, earlier if earlier < quality else UNKNOWN)


def inside_of(image: Image.Image, kind: str, ground: str = WHITE) -> Inside:
    """Of a picture that is there with all its pixels.

    Args:
        image: The picture.
        kind: Its format.
        ground: What it is seen on where it is transparent; see ``dedupe.transparency``.
    """
    quality = _QUALITY_OF.get(kind, _UNKNOWN_QUALITY)
    sample = _sample(image)
    if is_numeric(sample):  # of which Pillow makes white what is above 255
        sample = Image.fromarray(eight_bits(sample, scale_of(image)))
    if sample.mode == "LAB":  # which Pillow makes nothing but RGB of
        sample = sample.convert("RGB")
    if sample.has_transparency_data:
        sample = composed(sample.convert("RGBA"), ground)
    target = io.BytesIO()
    try:
        sample.convert("L" if sample.mode in ("1", "L") else "RGB").save(target, "JPEG", quality=_QUALITY)
    except (OSError, ValueError):
        return Inside(0.0, quality, UNKNOWN)
    bits = 8 * max(1, len(target.getvalue()) - _HEAD_BYTES) / (sample.width * sample.height)
    # Where colours are few, or a picture was laid on a ground, frequencies are where they weren't.
    is_whole = sample.mode in ("L", "RGB") and not image.has_transparency_data
    earlier = earlier_quality(np.asarray(sample.convert("L")), None) if is_whole else UNKNOWN
    detail_bits = bits * math.sqrt(own_share(sample, _TILE_PX))
    return Inside(detail_bits, quality, earlier if earlier < quality else UNKNOWN)


def own_quality_of(kind: str, times: float, earlier: int) -> int:
    """Of a file that was a JPEG before, by how many times as many bits it takes as there are in it.

    Args:
        kind: Its format; only of JPEG size says something.
        times: Bits of the file by bits of detail.
        earlier: The quality of what it was before.
    """
    if kind != "JPEG":
        return _QUALITY_OF.get(kind, _UNKNOWN_QUALITY)
    way = math.log(max(1e-9, times)) - (1 - _OF_THE_WAY) * math.log(_SIZE_OF[max(_SPOILED, earlier)])
    return round(float(np.interp(way / _OF_THE_WAY, _LOG_SIZES, _QUALITIES)))


def _quality_of(steps: Sequence[int]) -> int:
    """Of a JPEG by the steps of its luminance, as encoders count it."""
    smallest = sum(sorted(steps)[:_JPEG_SMALLEST])
    scale = 100 * smallest / _JPEG_SMALLEST_SUM
    if smallest == _JPEG_SMALLEST:  # none is less than 1, so that from here on the largest says more
        scale = 100 * max(steps) / _JPEG_LARGEST
    quality = 5000 / scale if scale > 100 else (200 - scale) / 2
    return int(min(100, max(1, round(quality))))


def _sample(image: Image.Image) -> Image.Image:
    """Tiles from all over a picture, or all of a small one."""
    width, height = image.size
    if width <= _SAMPLE_PX or height <= _SAMPLE_PX:
        middle, across = (
            max(0, (side - _SAMPLE_PX) // 2) // _TILE_BLOCK_PX * _TILE_BLOCK_PX for side in (height, width)
        )
        return image.crop((across, middle, min(width, across + _SAMPLE_PX), min(height, middle + _SAMPLE_PX)))
    sample = Image.new(image.mode, (_SAMPLE_PX, _SAMPLE_PX))
    if image.palette is not None:
        sample.putpalette(image.palette)
    if "transparency" in image.info:
        sample.info["transparency"] = image.info["transparency"]
    for row in range(_TILES):
        top = row * (height - _TILE_PX) // (_TILES - 1) // _TILE_BLOCK_PX * _TILE_BLOCK_PX
        for column in range(_TILES):
            left = column * (width - _TILE_PX) // (_TILES - 1) // _TILE_BLOCK_PX * _TILE_BLOCK_PX
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
