"""Hashes of other people's kinds, as lists of them have them.

Each kind is made by its own library and compared by its own rule, so that a list means here what it means there:

    md5, sha1, sha256   of the file's bytes; equal
    pdq                 256 bits, by ``pdqhash``; within 31 bits, and only where its quality is 50 or more (Meta, 2019)
    phash, dhash        64 bits, by ``imagehash``; within 9 and 6 bits: one wrong pair in a million (near-duplicates.md)

The perceptual ones see the picture as their libraries' users do: decoded at full size, not turned by EXIF.
"""

import hashlib
import importlib
import io
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image

from synsift.dedupe.costs import refuse_costly
from synsift.dedupe.cut import Load, whole_or_cut
from synsift.dedupe.decode import DEFAULT_MAX_PIXELS, readable_formats, refuse_promises, too_many, translated
from synsift.dedupe.errors import TooManyPixels

PDQ_LEAST_QUALITY: Final = 50
"""Below it a picture is too plain for its PDQ hash to say anything."""


@dataclass(frozen=True, slots=True)
class HashKind:
    """A kind of hash.

    Attributes:
        name: Its word in options, headers and columns.
        bits: How long it is.
        radius_bits: Up to which Hamming distance two are the same.
        library: What makes it, as it is imported; empty for Python itself.
    """

    name: str
    bits: int
    radius_bits: int
    library: str = ""

    @property
    def digits(self) -> int:
        """Length in hexadecimal digits."""
        return self.bits // 4


KINDS: Final[Mapping[str, HashKind]] = {
    kind.name: kind
    for kind in (
        HashKind("md5", 128, 0),
        HashKind("sha1", 160, 0),
        HashKind("sha256", 256, 0),
        HashKind("pdq", 256, 31, "pdqhash"),
        HashKind("phash", 64, 9, "imagehash"),
        HashKind("dhash", 64, 6, "imagehash"),
    )
}


class LibraryMissing(ImportError):
    """A kind's library isn't installed; ``pip install 'synsift[hashes]'`` brings it."""


def load_libraries(kinds: Iterable[str]) -> None:
    """Import what some kinds need, so that it is missed at the start or never.

    Raises:
        LibraryMissing: One isn't there.
    """
    for kind in kinds:
        _library(KINDS[kind])


def hashes_of(data: bytes, kinds: Collection[str], *, max_pixels: int = DEFAULT_MAX_PIXELS) -> dict[str, bytes]:
    """Make the hashes of a file.

    Args:
        data: The whole file.
        kinds: Which, of ``KINDS``.
        max_pixels: Limit on width × height, where pixels are asked for.

    Returns:
        The digests by kind. ``pdq`` is missing where the picture's quality is too low for it.

    Raises:
        ImageError: Pixels are asked for, and can't be decoded or cost too much.
        LibraryMissing: A kind's library isn't installed.
    """
    found = {kind: hashlib.new(kind, data, usedforsecurity=False).digest() for kind in kinds if not KINDS[kind].library}
    perceptual = [kind for kind in kinds if kind not in found]
    if perceptual:
        load_libraries(perceptual)
        image = _pixels_of(data, max_pixels)
        if image.mode == "LAB":  # which Pillow makes nothing but RGB of
            image = image.convert("RGB")
        for kind in perceptual:
            with translated():
                digest = _MAKERS[kind](image)
            if digest is not None:
                found[kind] = digest
    return found


def pdq_of(image: Image.Image) -> tuple[bytes, int]:
    """The PDQ hash of a picture, 32 bytes, and its quality, 0…100."""
    bits, quality = _library(KINDS["pdq"]).compute(np.asarray(image.convert("RGB")))
    return np.packbits(np.asarray(bits, np.uint8)).tobytes(), int(quality)


def _pdq(image: Image.Image) -> bytes | None:
    digest, quality = pdq_of(image)
    return digest if quality >= PDQ_LEAST_QUALITY else None


def _imagehash(name: str) -> Callable[[Image.Image], bytes]:
    return lambda image: bytes.fromhex(str(getattr(_library(KINDS[name]), name)(image)))


_MAKERS: Final[Mapping[str, Callable[[Image.Image], bytes | None]]] = {
    "pdq": _pdq,
    "phash": _imagehash("phash"),
    "dhash": _imagehash("dhash"),
}


def _library(kind: HashKind) -> Any:  # noqa: ANN401 - libraries without types
    if not kind.library:
        return None
    try:
        return importlib.import_module(kind.library)
    except ImportError as exc:
        raise LibraryMissing(f"{kind.name} hashes are made by `{kind.library}`, which isn't installed") from exc


def _pixels_of(data: bytes, max_pixels: int) -> Image.Image:
    refuse_costly(data)
    with translated():
        return whole_or_cut(data, lambda data, load: _open(data, load, max_pixels))[0]


def _open(data: bytes, load: Load, max_pixels: int) -> Image.Image:
    refuse_promises(data, max_pixels)
    with Image.open(io.BytesIO(data), formats=readable_formats()) as image:
        if image.width * image.height > max_pixels:
            raise TooManyPixels(too_many(image.width, image.height, max_pixels))
        load(image)
        return image.copy()
