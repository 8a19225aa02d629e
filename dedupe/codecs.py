"""Formats that need a library of their own, and how files of all formats begin.

HEIC (``pillow-heif``) and JPEG XL (``pillow-jxl-plugin``) come with ``synsift[formats]``. Where they are missing such a
file is refused by a reason that says so: a phone's pictures must not be taken for something that is no picture.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

_SIGNATURES: Final[Mapping[bytes, str]] = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\xff\x0a": "JXL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JXL",
}
UNKNOWN: Final = "not an image of a known format"
# Formats of pictures that no decoder here is given: few pages show them, and each decoder is one more to attack.
_UNREAD: Final = {
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG 2000",
    b"\xffO\xffQ": "JPEG 2000",
    b"II\xbc\x01": "JPEG XR",
    b"8BPS": "Photoshop",
    b"v/1\x01": "OpenEXR",
    b"#?RADIANCE": "Radiance HDR",
    b"DDS ": "DDS",
    b"qoif": "QOI",
}
# ISO/IEC 23008-12 and 23000-22: brands of still pictures and sequences. ``mif1`` and ``msf1`` alone say neither codec.
_AVIF_BRANDS: Final = frozenset((b"avif", b"avis"))
_HEIF_BRANDS: Final = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"))
_ANY_BRANDS: Final = frozenset((b"mif1", b"msf1", b"mif2"))
_MAX_BRANDS_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class Optional:
    """A format whose library may be missing.

    Attributes:
        name: As Pillow has it.
        module: What is imported.
        people: What people call it.
        register: Makes Pillow read it.
        sample: A small file of it, in Base64: what its library loads late is loaded by reading that.
    """

    name: str
    module: str
    people: str
    register: Callable[[Any], object]
    sample: bytes


def _register_heif(module: Any) -> None:  # noqa: ANN401 - without types
    module.options.DECODE_THREADS = 1  # pictures are decoded side by side already
    module.register_heif_opener(thumbnails=False)


_HEIC: Final = (
    b"AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAXxtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    b"ACJpbG9jAAAAAERAAAEAAQAAAAABoAABAAAAAAAAADEAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRt"
    b"AAAAAAABAAAA/GlwcnAAAADcaXBjbwAAAHVodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    b"AAMAHroCQGEAAQApQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqrprm4CGgwIAAAAyAAAADAIRiAAEABkQBwXPBiQAAABNjb2xybmNs"
    b"eAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAAChjbGFwAAAAEAAAAAEAAAAQAAAAAf///9AAAAAC////0AAAAAIAAAAQcGl4"
    b"aQAAAAADCAgIAAAAGGlwbWEAAAAAAAAAAQABBYECAwWEAAAAOW1kYXQAAAAtKAGvEyFgY0D1JyL//xsKfeuf9V9lhZ3K6MFb8vrA"
    b"9mSbwPOqkZ6Ah2mnMBV4"
)
_JXL: Final = b"/wpDBgAUiAYAzACxYhUAgAqVUcYNXs71fPmhw2LaxnWGttq2sISx2V4YJCScIPNW4t48TuL4YigYhgEqSQA="
OPTIONAL: Final = (
    Optional("HEIF", "pillow_heif", "HEIC", _register_heif, _HEIC),
    Optional("JXL", "pillow_jxl", "JPEG XL", lambda _module: None, _JXL),  # importing it is enough
)


def kind_of(head: bytes) -> str:
    """The format that a file's first bytes, some 64, are of; empty if none that is known."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        size = min(int.from_bytes(head[:4], "big"), len(head), _MAX_BRANDS_BYTES)
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))}
        if brands & _AVIF_BRANDS:
            return "AVIF"
        if brands & _HEIF_BRANDS:
            return "HEIF"
        return "AVIF" if head[8:12] in _ANY_BRANDS else ""
    return next((kind for signature, kind in _SIGNATURES.items() if head.startswith(signature)), "")


@cache
def can_read(name: str) -> bool:
    """Whether an optional format's library is there; then Pillow reads it from now on."""
    found = next(one for one in OPTIONAL if one.name == name)
    try:
        found.register(importlib.import_module(found.module))
    except ImportError:
        return False
    return True


def missing(kind: str) -> str:
    """Why a file of a format can't be read though it is one of a picture; empty where it can."""
    found = next((one for one in OPTIONAL if one.name == kind), None)
    if found is None or can_read(kind):
        return ""
    return f"a {found.people} picture: reading it needs pip install 'synsift[formats]'"


def unread(head: bytes) -> str:
    """What people call the format of a picture that no decoder here is given, by its first bytes; empty for no such."""
    return next((name for signature, name in _UNREAD.items() if head.startswith(signature)), "")


def why_not(head: bytes, formats: Sequence[str]) -> str:
    """Why a file whose first bytes these are is no image that can be read, in words.

    Args:
        head: Some 64 bytes.
        formats: Those that are read, at least two.
    """
    if not head:
        return "empty"
    if name := unread(head):
        return f"a {name} picture, which isn't read; {', '.join(formats[:-1])} and {formats[-1]} are"
    return missing(kind_of(head)) or UNKNOWN


def jxl_pixels(data: bytes) -> int:
    """Width × height of a JPEG XL by its header (ISO/IEC 18181-1, SizeHeader); 0 if it is none or says none.

    Its library decodes a file before anyone can ask for its size.
    """
    at = data.find(b"\xff\x0a", 0, 4096) if data[4:8] == b"JXL " else 0
    if at < 0 or data[at : at + 2] != b"\xff\x0a":
        return 0
    bits = _Bits(data[at + 2 : at + 18])
    height = _side(bits, small := bits.take(1))
    ratio = bits.take(3)
    if ratio:
        over, under = _RATIOS[ratio - 1]
        return height * (height * over // under)
    return height * _side(bits, small)


_RATIOS: Final = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


class _Bits:
    """Bits of some bytes, the lowest first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        found = self._value & ((1 << count) - 1)
        self._value >>= count
        return found


def _side(bits: _Bits, small: int) -> int:
    if small:
        return 8 * (1 + bits.take(5))
    return 1 + bits.take((9, 13, 18, 30)[bits.take(2)])
