"""Untrusted bytes → a small grey image.

The one place where bytes from the web meet a decoder. The format is taken from the bytes, never from a name; the
pixel limit is enforced on the header, before any pixel is decoded; JPEG is decoded at a reduced scale, which costs
no recall and saves most of the time (see docs/DESIGN.md).
"""

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from dedupe.errors import CorruptImage, TooManyPixels, TruncatedImage, UnsupportedFormat

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
EXTENSIONS: Final = {
    "JPEG": "jpg",
    "PNG": "png",
    "WEBP": "webp",
    "GIF": "gif",
    "BMP": "bmp",
    "TIFF": "tiff",
    "AVIF": "avif",
}
DEFAULT_MAX_PIXELS: Final = 100_000_000

# Smaller than the hash's 64×64 input needs loses recall; twice that keeps the resampling filter fed, and JPEG can
# skip seven eighths of its inverse transform for any photograph above 1024 px.
_REDUCED_SIDE_PX: Final = 128
_EXIF_ORIENTATION: Final = 0x0112
_EXIF_TRANSPOSE: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow's decoders raise on hostile bytes, besides OSError.
_DECODER_ERRORS: Final = (
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture, upright and small.

    Attributes:
        grey: ``(height, width) float32`` luminance in 0…255, at a reduced scale.
        width_px: Width of the original, upright.
        height_px: Height of the original, upright.
        format: One of ``FORMATS``.
    """

    grey: NDArray[np.float32]
    width_px: int
    height_px: int
    format: str


def decode(data: bytes, *, side_px: int, max_pixels: int = DEFAULT_MAX_PIXELS) -> Decoded:
    """Decode the first frame of an image to a square grey thumbnail.

    Args:
        data: The whole file.
        side_px: Side of the square that the picture is resampled to; at most 128.
        max_pixels: Limit on width × height of the original.

    Raises:
        UnsupportedFormat: Not an image of an allowed format.
        TooManyPixels: Above the limit.
        TruncatedImage: Data ends early.
        CorruptImage: Any other fault of the data.
    """
    try:
        return _decode(data, side_px, max_pixels)
    except UnidentifiedImageError as exc:
        raise UnsupportedFormat("not an image of a known format") from exc
    except Image.DecompressionBombError as exc:
        raise TooManyPixels(str(exc)) from exc
    except OSError as exc:
        if "truncated" in str(exc) or "broken data stream" in str(exc):
            raise TruncatedImage(str(exc)) from exc
        raise CorruptImage(str(exc)) from exc
    except _DECODER_ERRORS as exc:
        raise CorruptImage(f"{type(exc).__name__}: {exc}") from exc


def _decode(data: bytes, side_px: int, max_pixels: int) -> Decoded:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        width_px, height_px, kind = image.width, image.height, image.format or ""
        if width_px * height_px > max_pixels:
            raise TooManyPixels(f"{width_px}×{height_px} is more than the limit of {max_pixels} pixels")
        orientation = _exif_orientation(image)
        image.draft("L", (_REDUCED_SIDE_PX, _REDUCED_SIDE_PX))
        image.load()
        small = _grey(image).resize((side_px, side_px), Image.Resampling.BICUBIC)
    if orientation in _EXIF_TRANSPOSE:
        small = small.transpose(_EXIF_TRANSPOSE[orientation])
    if orientation >= 5:
        width_px, height_px = height_px, width_px
    return Decoded(np.asarray(small, dtype=np.float32), width_px, height_px, kind)


def _exif_orientation(image: Image.Image) -> int:
    if "exif" not in image.info and image.format != "TIFF":
        return 1
    try:
        value = image.getexif().get(_EXIF_ORIENTATION, 1)
    except (OSError, *_DECODER_ERRORS):
        return 1  # a broken EXIF block says nothing of the picture
    return value if isinstance(value, int) else 1


def _grey(image: Image.Image) -> Image.Image:
    """Luminance of any mode; transparency over white, 16 bits scaled to 8."""
    if image.mode == "L":
        return image
    if image.mode.startswith("I;16") or image.mode == "I":
        return Image.fromarray((np.asarray(image, dtype=np.int32) // 257).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("L")
    if image.mode == "P":
        return image.convert("RGB").convert("L")
    return image.convert("L")
