"""Whatever a caller has of a picture → a file's bytes, or a picture in memory.

    bytes, bytearray, memoryview ──────────────────────▶ bytes
    str, PathLike ─▶ opened, read, closed ─────────────▶ bytes     the one place of this package that opens a file
    an open binary file ─▶ read from where it stands ──▶ bytes
    a PIL image ───────────────────────────────────────▶ the image
    a NumPy array, (h, w) or (h, w, 3 | 4), uint8 ─────▶ an image

A caller's mistake is a ``TypeError`` or a ``ValueError`` that says what came and what is taken. It is never an
``ImageError``: those speak of what is inside of a file.
"""

import io
from typing import Final, Protocol, TypeAlias, TypeGuard, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synsift.dedupe.errors import TooManyPixels


@runtime_checkable
class PathLike(Protocol):
    """A path as an object, such as ``pathlib.Path``."""

    def __fspath__(self) -> str:
        """The path as text."""


class BinaryFile(Protocol):
    """Whatever gives bytes when it is read, such as ``open(path, "rb")`` or a member of an archive."""

    def read(self) -> bytes:
        """All that is left."""


Source: TypeAlias = bytes | bytearray | memoryview | str | PathLike | BinaryFile | Image.Image | NDArray[np.uint8]
"""What ``fingerprint`` and ``compare`` take for a picture."""

_TAKEN: Final = "bytes, a path, an open binary file, a PIL image, or a NumPy array"
_SHAPES: Final = "an array of shape (height, width), (height, width, 3) or (height, width, 4)"


def read_source(source: Source, max_pixels: int = 0) -> bytes | Image.Image:
    """Give the bytes of a file, or a picture that was decoded already.

    Args:
        source: What a caller has.
        max_pixels: Limit on width × height of an array; 0 for none.

    Raises:
        TooManyPixels: An array above the limit.
        TypeError: Nothing of what is taken, such as None, a file that was opened as text, or an array of floats.
        ValueError: An array of another shape, an empty picture, or a URL where a path is taken.
        OSError: The path can't be read.
    """
    if isinstance(source, Image.Image):
        return source
    if isinstance(source, np.ndarray):
        return image_of_array(source, max_pixels)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    if isinstance(source, (str, PathLike)):
        return _read_path(source)
    if _is_file(source):
        return _read_file(source)
    raise TypeError(f"a picture is {_TAKEN}, not `{_name(source)}`")


def name_of(source: Source) -> str:
    """The path of a file, for people; empty for what has none."""
    path = source if isinstance(source, (str, PathLike)) else getattr(source, "name", "")
    return str(path) if isinstance(path, (str, PathLike)) else ""


def image_of_array(array: NDArray[np.uint8], max_pixels: int = 0) -> Image.Image:
    """Make an image of an array: grey ``(h, w)``, RGB ``(h, w, 3)`` or RGBA ``(h, w, 4)``, ``uint8``.

    Args:
        array: Its pixels.
        max_pixels: As for ``read_source``.

    Raises:
        TooManyPixels: It is above the limit: it may be a view that takes no memory, where an image does.
        TypeError: Of another type of number.
        ValueError: Of another shape, or empty.
    """
    came = f"`{array.dtype}` of shape {array.shape}"
    if array.dtype != np.uint8:
        raise TypeError(
            f"an array of pixels is `uint8`, not {came}: scale the values to 0…255 and use .astype('uint8')"
        )
    if array.ndim == 1:
        raise ValueError(f"{_SHAPES} is taken, not {came}: for a file's bytes in an array, give its .tobytes()")
    if array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.shape[2] not in (3, 4):
        raise ValueError(f"{_SHAPES} is taken, not {came}: colours come last, so .transpose(1, 2, 0) may help")
    if array.ndim != 2 and not (array.ndim == 3 and array.shape[2] in (3, 4)):
        raise ValueError(f"{_SHAPES} is taken, not {came}")
    if not array.size:
        raise ValueError(f"a picture has pixels; this array is {came}")
    if 0 < max_pixels < array.shape[0] * array.shape[1]:
        raise TooManyPixels(f"{array.shape[1]}×{array.shape[0]} is more than the limit of {max_pixels} pixels")
    return Image.fromarray(np.ascontiguousarray(array))


def _read_path(path: str | PathLike) -> bytes:
    text = path if isinstance(path, str) else path.__fspath__()
    if not isinstance(text, str):
        raise TypeError(f"a path is text, not `{_name(text)}`")
    if text.startswith(("http://", "https://", "data:")):
        raise ValueError(f"`{text[:80]}` is a URL: a path is taken, or the bytes that you downloaded")
    with open(text, "rb") as file:
        return file.read()


def _read_file(file: BinaryFile) -> bytes:
    if isinstance(file, io.TextIOBase):
        raise TypeError(f"`{_name(file)}` is a file that was opened as text: open it with mode 'rb'")
    data = file.read()
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"reading `{_name(file)}` gave `{_name(data)}`, not bytes: open it with mode 'rb'")
    return bytes(data)


def _is_file(source: object) -> TypeGuard[BinaryFile]:
    return callable(getattr(source, "read", None)) and not isinstance(source, type)


def _name(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
