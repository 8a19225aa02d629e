"""Files that lack their last bytes: decoded as far as they go, if that is nearly all.

Downloads that ended early are the most common damage of pictures. A JPEG is ended where it breaks off; its decoder then
fills the rest with one colour. A GIF's decoder keeps the lines that it had; the others are of palette entry 0. What is
missing becomes like the line above, which is nearer to the whole picture than any one colour.
"""

from collections.abc import Callable
from operator import methodcaller
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synsift.dedupe.errors import TruncatedImage

T = TypeVar("T")
Load = Callable[[Image.Image], object]

MOST_MISSING: Final = 0.05
"""Share of the rows that may be missing."""
_END_OF_JPEG: Final = b"\xff\xd9"
_MAY_BE_CUT: Final = (b"\xff\xd8\xff", b"GIF8")


def whole_or_cut(data: bytes, read: Callable[[bytes, Load], T]) -> tuple[T, bool]:
    """Read a picture's file; if it breaks off, as one that lacks its last bytes.

    Args:
        data: The whole file.
        read: Is given the bytes to open, and what to load the picture with instead of ``Image.load``.

    Returns:
        What ``read`` gives, and whether the last bytes are missing.

    Raises:
        TruncatedImage: So much is missing that it is no picture any more.
        OSError: As Pillow raises it.
    """
    try:
        return read(data, methodcaller("load")), False
    except OSError as exc:
        if not data.startswith(_MAY_BE_CUT) or not breaks_off(exc):
            raise
        error = exc
    try:
        return read(ended_jpeg(data), _load_cut), True
    except OSError:
        raise error from None


def breaks_off(error: OSError) -> bool:
    """Whether Pillow says that a file ends early."""
    return "truncated" in str(error) or "broken data stream" in str(error)


def _load_cut(image: Image.Image) -> None:
    try:
        image.load()
    except OSError as exc:
        if image.format != "GIF" or not breaks_off(exc):
            raise
        keep_what_came(image)
    missing = missing_rows(image)
    if (share := float(missing.mean())) > MOST_MISSING:
        raise TruncatedImage(f"{share:.0%} of its rows are missing")
    above = np.maximum.accumulate(np.where(missing, 0, np.arange(len(missing))))
    image.frombytes(np.asarray(image)[above].tobytes())


def ended_jpeg(data: bytes) -> bytes:
    """A JPEG that breaks off, with an end."""
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
