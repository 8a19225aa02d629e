"""Untrusted bytes → a small upright picture.

The one place where bytes from the web meet a decoder. The format is taken from the bytes, never from a name; the
pixel limit is enforced on the header, before any pixel is decoded; JPEG is decoded at a reduced scale, which costs
no recall and saves most of the time (see docs/near-duplicates.md).
"""

import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from synsift.dedupe.codecs import OPTIONAL, UNKNOWN, can_read, jxl_pixels, kind_of, missing, unread, why_not
from synsift.dedupe.costs import refuse_costly, webp_pixels
from synsift.dedupe.cut import Load, breaks_off, whole_or_cut
from synsift.dedupe.depth import eight_bits, is_deep, is_numeric, scale_of
from synsift.dedupe.detail import PIXELS, inside_jpeg, inside_of, is_animated, is_camera
from synsift.dedupe.errors import CorruptImage, ImageError, TooManyPixels, TruncatedImage, UnsupportedFormat
from synsift.dedupe.extent import Extent, extent_of, turned
from synsift.dedupe.transparency import WHITE, composed, flat, ground_of

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", *(one.name for one in OPTIONAL))
"""All that are read; the last ones where their libraries are installed (``readable_formats``)."""
EXTENSIONS: Final = {
    "JPEG": "jpg",
    "PNG": "png",
    "WEBP": "webp",
    "GIF": "gif",
    "BMP": "bmp",
    "TIFF": "tiff",
    "AVIF": "avif",
    "HEIF": "heic",
    "JXL": "jxl",
}
_HEAD_BYTES: Final = 64
_NUMBER: Final = re.compile(r"(?:de|en)coder error -?\d+(?: when reading image file)?")
_UNDECODED: Final = "its pixels can't be decoded: they are damaged, or packed in a way that isn't read"
DEFAULT_MAX_PIXELS: Final = 100_000_000
# Smaller than the hash's 64×64 input needs loses recall; twice that keeps the resampling filter fed, and JPEG can
# skip seven eighths of its inverse transform for any photograph above 1024 px.
_REDUCED_SIDE_PX: Final = 128
# What is converted at once: some 16 MB.
_STRIP_PIXELS: Final = 4_000_000
EXIF_ORIENTATION: Final = 0x0112
EXIF_TRANSPOSE: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its EXIF orientation."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture, upright and small.

    Attributes:
        picture: Mode ``L`` or ``YCbCr`` (ITU-R BT.601, as in JPEG), each side at least 128 px where the original's is.
        luma: Of it, ``L``.
        extent: Left, top, right and bottom of the original in it, in its pixels: where a side isn't a multiple of what
            it was divided by, the last pixel is more than what there was.
        width_px: Width of the original, upright.
        height_px: Height of the original, upright.
        format: One of ``FORMATS``, or ``PIXELS``.
        quality: How little was lost in compressing, 1…100: of JPEG as encoders count it, estimated from the tables.
        detail_bits: What is really there, in bits a pixel; see ``dedupe.detail``. 0 where that can't be said.
        is_camera: Whether a camera's metadata say what it was taken with.
        is_cut: Whether its last bytes are missing, and with them a few of its rows.
        is_deep: Whether it has more than eight bits a channel; of PNG and TIFF.
        is_animated: Whether there are more frames than the first.
        earlier: The quality of a JPEG that it was before, as far as its pixels say; 0 where it isn't known. That holds
            of photographs: drawings have the like of their own. See ``dedupe.earlier``.
    """

    picture: Image.Image
    luma: Image.Image
    extent: Extent
    width_px: int
    height_px: int
    format: str
    quality: int
    detail_bits: float = 0.0
    is_camera: bool = False
    is_cut: bool = False
    is_deep: bool = False
    is_animated: bool = False
    earlier: int = 0


def looks_like_image(head: bytes) -> bool:
    """Whether the first bytes of a file, at least 12, may be those of an image of an allowed format."""
    return bool(kind_of(head))


@cache
def readable_formats() -> tuple[str, ...]:
    """Those of ``FORMATS`` that can be read here."""
    optional = {one.name for one in OPTIONAL}
    return tuple(name for name in FORMATS if name not in optional or can_read(name))


def decode(
    data: bytes,
    *,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    side_px: int = _REDUCED_SIDE_PX,
    draft_px: int = 0,
    grey: bool = False,
) -> Decoded:
    """Decode the first frame of an image at a reduced scale.

    Args:
        data: The whole file.
        max_pixels: Limit on width × height of the original.
        side_px: What each side keeps at least, where the original has it.
        draft_px: What each side of a JPEG keeps at least before its pixels are averaged as those of other formats are:
            decoded at a reduced scale, fine lines come out otherwise. At least ``side_px``.
        grey: Only luminance is wanted: a JPEG's colours aren't decoded then.

    Raises:
        UnsupportedFormat: Not an image of an allowed format.
        TooManyPixels: Above the limit.
        TooCostly: Decoding would cost far more than its pixels are worth.
        TruncatedImage: Data ends early.
        CorruptImage: Any other fault of the data.
        TypeError: Not bytes.
    """
    if not isinstance(data, bytes):
        raise TypeError(f"a file's bytes are taken, not `{type(data).__name__}`")
    _check_limit(max_pixels)
    refuse_costly(data)
    head = data[:_HEAD_BYTES]
    kind = kind_of(head)
    if missing(kind) if kind else unread(head):
        raise UnsupportedFormat(why_not(head, readable_formats()))
    with translated(kind):
        sides_px = side_px, max(side_px, draft_px)
        found, is_cut = whole_or_cut(data, lambda data, load: _decode(data, load, max_pixels, sides_px, grey=grey))
    return replace(found, is_cut=True) if is_cut else found


def decode_image(
    image: Image.Image, *, max_pixels: int = DEFAULT_MAX_PIXELS, side_px: int = _REDUCED_SIDE_PX
) -> Decoded:
    """Take a PIL image at a reduced scale, upright by its EXIF block; of several frames, the one that it stands at.

    Args:
        image: Its pixels are loaded if they aren't yet, as with any use of it; otherwise it stays as it is.
        max_pixels: Limit on width × height.
        side_px: As for ``decode``.

    Raises:
        TooManyPixels: Above the limit.
        TruncatedImage: It was opened from a file, whose data ends early.
        CorruptImage: It was opened from a file with another fault.
        ValueError: It is empty, was closed, or is of a mode that has no RGB form.
    """
    _check_limit(max_pixels)
    width_px, height_px = image.size
    if not width_px or not height_px:
        raise ValueError(f"a picture has pixels; this image is {width_px}×{height_px}")
    if width_px * height_px > max_pixels:
        raise TooManyPixels(too_many(width_px, height_px, max_pixels))
    _check_open(image)
    with translated():
        image.load()
        orientation = _exif_orientation(image)
    width_px, height_px = image.size  # of some formats Pillow turns the picture as it loads
    try:
        picture, ground = _reduced(image, side_px)
    except ValueError as exc:
        raise ValueError(f"an image of mode `{image.mode}` has no RGB form: {exc}") from exc
    extent = extent_of(image.size, image.size, _factors(image, side_px))
    inside = inside_of(image, PIXELS, ground)
    return _upright(
        Decoded(
            *(picture, _luma_of(picture), extent, width_px, height_px, PIXELS, inside.quality, inside.detail_bits),
            earlier=inside.earlier,
        ),
        orientation,
    )


def shown(image: Image.Image) -> Image.Image:
    """An image that was loaded, as ``RGB`` and as fingerprints see it: upright, 8 bits, on its ground, at its own size.

    Args:
        image: Of a size that was looked at before.
    """
    orientation = 1 if image.format == "TIFF" else _exif_orientation(image)  # which Pillow turns itself
    picture = of_its_mode(image)
    if is_numeric(picture):
        picture = _convert(picture, (1, 1), scale_of(picture))
    picture = flat(picture)
    return picture.transpose(EXIF_TRANSPOSE[orientation]) if orientation in EXIF_TRANSPOSE else picture


def pixels_digest(image: Image.Image) -> str:
    """SHA-256 of a PIL image's pixels, lower-case hexadecimal; the same for an array of them.

    Of the mode (``L``, ``RGB``, ``RGBA``, or another that Pillow keeps), the size, how EXIF turns it, and the pixels.
    """
    orientation = _exif_orientation(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode in ("P", "1"):
        image = image.convert("RGB")
    head = f"synsift pixels {image.mode} {image.width}x{image.height} {orientation}\n"
    return hashlib.sha256(head.encode() + image.tobytes()).hexdigest()


def _check_limit(max_pixels: int) -> None:
    if not isinstance(max_pixels, int):
        raise TypeError(f"max_pixels is a whole number, not `{type(max_pixels).__name__}`")
    if max_pixels < 1:
        raise ValueError(f"max_pixels is at least 1, not `{max_pixels}`")


def _check_open(image: Image.Image) -> None:
    try:
        image.getpixel((0, 0))
    except ValueError as exc:
        if "closed" in str(exc):
            raise ValueError("the image was closed: fingerprint it before, or give its path") from exc
    except Exception:  # noqa: BLE001, S110 - what is wrong with the data is said by loading it
        pass


def refuse_promises(data: bytes, max_pixels: int) -> None:
    """Refuse a picture by its header alone, of formats whose decoders take memory before they say its size.

    Raises:
        TooManyPixels: It is above the limit.
    """
    if (promised := webp_pixels(data) or jxl_pixels(data)) > max_pixels:
        raise TooManyPixels(f"{promised} pixels are more than the limit of {max_pixels}")


def too_many(width_px: int, height_px: int, max_pixels: int) -> str:
    """What is wrong with a picture above the limit, in words."""
    return f"{width_px}×{height_px} is more than the limit of {max_pixels} pixels"


@contextmanager
def translated(kind: str = "") -> Iterator[None]:
    """What decoders raise, as our errors; ``kind`` is the format that the first bytes say, if any."""
    try:
        yield
    except UnidentifiedImageError as exc:
        if kind:
            raise CorruptImage(f"begins as {kind} does, and no decoder makes anything of its headers") from exc
        raise UnsupportedFormat(UNKNOWN) from exc
    except Image.DecompressionBombError as exc:
        pixels, limit = re.findall(r"\d+", str(exc))[:2]
        raise TooManyPixels(f"{pixels} pixels are more than the limit of {limit}") from exc
    except OSError as exc:
        if breaks_off(exc):
            raise TruncatedImage(str(exc)) from exc
        raise CorruptImage(_UNDECODED if _NUMBER.fullmatch(str(exc)) else str(exc)) from exc
    except ImageError:
        raise
    except Exception as exc:  # hostile bytes make decoders raise anything, assertions included
        raise CorruptImage(f"its data make no sense to the decoder: {str(exc) or type(exc).__name__}") from exc


def _decode(data: bytes, load: Load, max_pixels: int, sides_px: tuple[int, int], *, grey: bool) -> Decoded:
    side_px, draft_px = sides_px
    refuse_promises(data, max_pixels)
    with Image.open(io.BytesIO(data), formats=readable_formats()) as image:
        width_px, height_px = image.size
        if width_px * height_px > max_pixels:
            raise TooManyPixels(too_many(width_px, height_px, max_pixels))
        # Pillow names a JPEG that has further pictures behind it, such as a camera's preview, MPO.
        kind = "JPEG" if image.format == "MPO" else image.format or ""
        exif = _exif(image)
        orientation = _orientation_of(exif)
        deep, animated = is_deep(image, data), is_animated(image, kind)
        image.draft("L" if grey or image.mode == "L" else "YCbCr", (draft_px, draft_px))
        load(image)
        if image.format == "TIFF":  # which Pillow turns itself as it loads it
            orientation, (width_px, height_px) = 1, image.size
        if image.width * image.height > max_pixels:  # a GIF's first frame can be larger than its screen
            raise TooManyPixels(too_many(image.width, image.height, max_pixels))
        picture, ground = _reduced(image, side_px)
        luma = _luma_of(picture)
        if kind == "JPEG":
            inside = inside_jpeg(len(data), image, (width_px, height_px), luma if picture is image else None)
        else:
            inside = inside_of(image, kind, ground)
    extent = extent_of((width_px, height_px) if kind == "JPEG" else image.size, image.size, _factors(image, side_px))
    return _upright(
        Decoded(
            *(picture, luma, extent, width_px, height_px, kind, inside.quality, inside.detail_bits),
            is_camera=is_camera(exif),
            is_deep=deep,
            is_animated=animated,
            earlier=inside.earlier,
        ),
        orientation,
    )


def _luma_of(picture: Image.Image) -> Image.Image:
    return picture if picture.mode == "L" else picture.getchannel(0)


def _upright(found: Decoded, orientation: int) -> Decoded:
    """Turn a picture as its EXIF block says."""
    if orientation not in EXIF_TRANSPOSE:
        return found
    width_px, height_px = found.width_px, found.height_px
    if orientation >= 5:
        width_px, height_px = height_px, width_px
    picture = found.picture.transpose(EXIF_TRANSPOSE[orientation])
    extent = turned(found.extent, found.picture.size, orientation)
    luma = _luma_of(picture)
    return replace(found, picture=picture, luma=luma, extent=extent, width_px=width_px, height_px=height_px)


def _exif_orientation(image: Image.Image) -> int:
    return _orientation_of(_exif(image))


def _exif(image: Image.Image) -> Mapping[int, object]:
    if "exif" not in image.info and image.format != "TIFF":
        return {}
    try:
        return dict(image.getexif())
    except Exception:  # noqa: BLE001 - as above
        return {}  # a broken EXIF block says nothing of the picture


def _orientation_of(exif: Mapping[int, object]) -> int:
    value = exif.get(EXIF_ORIENTATION, 1)
    return value if isinstance(value, int) else 1


def _reduced(image: Image.Image, side_px: int) -> tuple[Image.Image, str]:
    """Luminance, or luminance and colour, of any mode, 16 bits scaled to 8; and the ground that it is seen on."""
    small = _smaller(of_its_mode(image), side_px)
    ground = WHITE
    if small.mode == "RGBA":
        ground = ground_of(small)
        small = composed(small, ground)
    return small if small.mode in ("L", "YCbCr") else small.convert("RGB").convert("YCbCr"), ground


def _smaller(image: Image.Image, side_px: int) -> Image.Image:
    """A picture in a mode that can be averaged, and smaller if it is large.

    Strip by strip, so that what is converted on the way takes little memory beside the picture itself.
    """
    factors = _factors(image, side_px)
    rows = factors[1] * max(1, _STRIP_PIXELS // (image.width * factors[1]))
    scale = scale_of(image)
    if rows >= image.height:
        return _convert(image, factors, scale)
    edges = [(top, min(image.height, top + rows)) for top in range(0, image.height, rows)]
    strips = [_convert(image.crop((0, top, image.width, bottom)), factors, scale) for top, bottom in edges]
    picture = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    top = 0
    for strip in strips:
        picture.paste(strip, (0, top))
        top += strip.height
    return picture


def of_its_mode(image: Image.Image) -> Image.Image:
    """A picture that was loaded, in the mode that it says.

    Pillow gives a GIF whose first frame is grey, and whose screen isn't, the screen's palette, and calls it grey.
    """
    return image if image.im.mode == image.mode else Image.fromarray(np.asarray(image))


def _factors(image: Image.Image, side_px: int) -> tuple[int, int]:
    width, height = (max(1, length_px // (2 * side_px)) for length_px in image.size)
    return width, height


def _convert(image: Image.Image, factors: tuple[int, int], scale: float) -> Image.Image:
    if is_numeric(image):
        image = Image.fromarray(eight_bits(image, scale))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode in ("P", "PA", "1"):
        image = image.convert("RGB")
    # Before colours are converted: of a large picture that is most of the work.
    return image if factors == (1, 1) else image.reduce(factors)
