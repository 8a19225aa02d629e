"""Damaged files: what pictures can still be made of, read in one way by all who open one.

    the file as it is ──▶ as far as it goes, if it lacks its last bytes ──▶ without what its pixels don't need
                                                                              └──▶ that, as far as it goes

Downloads that ended early are the most common damage of pictures: such a one is decoded if nearly all of it is there.
A JPEG is ended where it breaks off; its decoder then fills the rest with one colour. A GIF's decoder keeps the lines
that it had; the others are of palette entry 0. Of a PNG the data say themselves how far they reach. What is missing
becomes like the line above, which is nearer to the whole picture than any one colour. Damaged metadata are left aside
(``dedupe.bare``).
"""

from collections.abc import Callable
from functools import partial
from operator import methodcaller
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synsift.dedupe.bare import bare, missing_of_png
from synsift.dedupe.costs import refuse_costly
from synsift.dedupe.errors import ImageError, TruncatedImage

T = TypeVar("T")
Load = Callable[[Image.Image], object]

MOST_MISSING: Final = 0.05
"""Share of the rows that may be missing."""
_END_OF_JPEG: Final = b"\xff\xd9"
_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_GIF: Final = b"GIF8"


def whole_or_cut(data: bytes, read: Callable[[bytes, Load], T]) -> tuple[T, bool]:
    """Read a picture's file; if it is damaged, as far as that does no harm to the picture.

    Args:
        data: The whole file.
        read: Is given the bytes to open, and what to load the picture with instead of ``Image.load``.

    Returns:
        What ``read`` gives, and whether the last bytes are missing.

    Raises:
        TruncatedImage: So much is missing that it is no picture any more.
        ImageError: As ``read`` raises it.
        Exception: As Pillow raises it for the file as it is.
    """
    try:
        return _read(data, read, (_JPEG, _GIF))
    except (ImageError, MemoryError):
        raise
    except Exception as exc:  # noqa: BLE001 - hostile bytes make decoders raise anything
        error = exc
    pixels = bare(data)
    if pixels == data and not data.startswith(_PNG):
        raise error
    refuse_costly(pixels)
    try:
        return _read(pixels, read, (_JPEG, _PNG, _GIF))
    except (ImageError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - what is wrong with the file itself is said
        raise error from None


def _read(data: bytes, read: Callable[[bytes, Load], T], may_be_cut: tuple[bytes, ...]) -> tuple[T, bool]:
    try:
        return read(data, methodcaller("load")), False
    except OSError as exc:
        if not data.startswith(may_be_cut) or not breaks_off(exc):
            raise
        error = exc
    try:
        return read(ended_jpeg(data), partial(_load_cut, data=data)), True
    except OSError:
        raise error from None


def breaks_off(error: OSError) -> bool:
    """Whether Pillow says that a file ends early."""
    return "truncated" in str(error) or "broken data stream" in str(error)


def _load_cut(image: Image.Image, *, data: bytes) -> None:
    try:
        image.load()
    except OSError as exc:
        if image.format not in ("GIF", "PNG") or not breaks_off(exc):
            raise
        keep_what_came(image)
    if image.format == "PNG":
        missing = np.arange(image.height) >= image.height * (1 - missing_of_png(data))
    else:
        missing = missing_rows(image)
    if (share := float(missing.mean())) > MOST_MISSING:
        raise TruncatedImage(f"{share:.0%} of its rows are missing")
    if image.mode == "1":  # whose bytes are not one a pixel
        return
    above = np.maximum.accumulate(np.where(missing, 0, np.arange(len(missing))))
    image.frombytes(np.asarray(image)[above].tobytes())


def ended_jpeg(data: bytes) -> bytes:
    """A JPEG that breaks off, with an end; what isn't one takes no harm of it."""
    return data + _END_OF_JPEG


def keep_what_came(image: Image.Image) -> None:
    """After a failed ``load``, have Pillow take the picture as it is."""
    setattr(image, "tile", [])  # noqa: B010 - of ImageFile, as whatever was opened is
    image.load()


def missing_rows(image: Image.Image) -> NDArray[np.bool_]:
    """Which rows didn't come: what its decoder filled them with is all that they hold.

    A picture that really ends in one flat colour has rows like that; such a one counts as more damaged than it is.
    """
    pixels = np.asarray(image)
    if image.format == "GIF" and image.mode == "P":
        return np.asarray((pixels == 0).all(axis=1))
    flat = (pixels == pixels[-1, -1]).reshape(len(pixels), -1).all(axis=1)
    return np.asarray(np.logical_and.accumulate(flat[::-1])[::-1])
