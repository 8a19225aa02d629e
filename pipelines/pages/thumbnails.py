"""Pictures of any kind → small ones for people to look at. The one place that makes them.

What ``dedupe.decode`` makes for hashing has lost its shape, its colours and its transparency to that purpose, and is
never shown. The bytes come from anywhere: whatever is wrong with them, the answer is that there is no thumbnail.
"""

import base64
import io
import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageStat

from synsift.dedupe import DEFAULT_MAX_PIXELS
from synsift.dedupe.cut import Load, whole_or_cut
from synsift.dedupe.decode import EXIF_ORIENTATION, EXIF_TRANSPOSE, of_its_mode, readable_formats

SIDE_PX: Final = 200
"""Longer side of a thumbnail: sharp at the 160 px at which pages show it on a fine display, and some 5 kB."""

_QUALITY: Final = 60
# Pillow's fourth of seven efforts costs three times the time of the first, and saves a tenth of the size.
_EFFORT: Final = 2
# What has a palette is thinned out to this before it gets colours that can be averaged: bounded memory.
_THINNED_PX: Final = 8 * SIDE_PX
_SQUARE_PX: Final = 8
_LIGHT: Final = (255, 232)
_DARK: Final = (56, 40)
_BRIGHT: Final = 170
"""Mean grey level above which what is drawn on a transparent ground would vanish on a light one."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture.

    Attributes:
        data: WebP.
        width_px: Its width, of a picture that stands upright.
        height_px: Its height.
    """

    data: bytes
    width_px: int
    height_px: int

    def to_base64(self) -> str:
        """The data as text."""
        return base64.b64encode(self.data).decode()

    def to_uri(self) -> str:
        """What an ``img`` can have as its ``src``."""
        return f"data:image/webp;base64,{self.to_base64()}"


def thumbnail(data: bytes, *, side_px: int = SIDE_PX, max_pixels: int = DEFAULT_MAX_PIXELS) -> Thumbnail | None:
    """Make a thumbnail: upright, in its own shape, transparency on squares.

    Args:
        data: The whole file, of any format in ``dedupe.FORMATS``; of an animation the first frame is shown.
        side_px: Its longer side at most; what is smaller stays as it is.
        max_pixels: Limit on width × height of the original.

    Returns:
        None if the bytes aren't such a picture, or too large a one.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            return whole_or_cut(data, lambda data, load: _make(data, load, side_px, max_pixels))[0]
    except Exception:  # noqa: BLE001 - hostile bytes make decoders raise anything
        return None


def _make(data: bytes, load: Load, side_px: int, max_pixels: int) -> Thumbnail | None:
    with Image.open(io.BytesIO(data), formats=readable_formats()) as image:
        if image.width * image.height > max_pixels:
            return None
        if image.mode in ("L", "RGB", "CMYK", "YCbCr"):
            image.draft(None, (2 * side_px, 2 * side_px))
        load(image)
        if image.width * image.height > max_pixels:  # a GIF's first frame can be larger than its screen
            return None
        orientation = _orientation(image)  # now: Pillow turns a TIFF itself as it loads it
        small = _averageable(of_its_mode(image))
        small.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    if orientation in EXIF_TRANSPOSE:
        small = small.transpose(EXIF_TRANSPOSE[orientation])
    if small.mode == "RGBA":
        small = _on_squares(small)
    target = io.BytesIO()
    small.convert("RGB").save(target, "WEBP", quality=_QUALITY, method=_EFFORT)
    return Thumbnail(target.getvalue(), *small.size)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(EXIF_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - a broken EXIF block says nothing of the picture
        return 1
    return value if isinstance(value, int) else 1


def _averageable(image: Image.Image) -> Image.Image:
    """A picture in a mode whose pixels can be averaged: ``L``, ``RGB``, ``RGBA`` or one without transparency."""
    if image.mode == "F" or image.mode.startswith("I"):
        return _stretched(image)
    if image.mode in ("L", "RGB") and image.has_transparency_data:
        image.thumbnail((_THINNED_PX, _THINNED_PX), Image.Resampling.NEAREST)
        return image.convert("RGBA")
    if image.mode in ("P", "PA", "1", "LA", "La", "RGBa"):
        image.thumbnail((_THINNED_PX, _THINNED_PX), Image.Resampling.NEAREST)
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def _stretched(image: Image.Image) -> Image.Image:
    """Grey levels of more than eight bits, from the darkest to the brightest that the picture has."""
    image.thumbnail((_THINNED_PX, _THINNED_PX), Image.Resampling.NEAREST)
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    return Image.fromarray(((values - low) * (255 / ((high - low) or 1))).astype(np.uint8))


def _on_squares(image: Image.Image) -> Image.Image:
    """A picture on the squares that stand for transparency: dark ones where it is bright itself."""
    alpha = image.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return image.convert("RGB")
    bright = alpha.getbbox() is not None and ImageStat.Stat(image.convert("L"), alpha).mean[0] > _BRIGHT
    rows, columns = np.indices((image.height, image.width)) // _SQUARE_PX
    squares = np.array(_DARK if bright else _LIGHT, dtype=np.uint8)[(rows + columns) % 2]
    ground = Image.fromarray(squares).convert("RGBA")
    return Image.alpha_composite(ground, image).convert("RGB")
