"""An image's bytes → what near-duplicate search needs to know of it.

The hash is a perceptual hash of 256 bits: the signs of the 16×16 lowest frequencies of the two-dimensional DCT of a
64×64 grey thumbnail (the method of pHash, Zauner 2010, with more bits). Bits are signs rather than comparisons to a
median, so that the hash of every orientation follows from the hash itself: mirroring negates the odd frequencies of
one axis, transposing swaps the axes.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from dedupe.decode import DEFAULT_MAX_PIXELS, decode

HASH_BITS: Final = 256
HASH_BYTES: Final = HASH_BITS // 8
ORIENTATIONS: Final = (
    "identity",
    "mirrored",
    "flipped",
    "rotated-180",
    "transposed",
    "rotated-90",
    "rotated-270",
    "transverse",
)
"""Names of the eight symmetries of a rectangle, in the order of ``Fingerprint.orientations``."""

_SIDE_PX: Final = 64
_FREQUENCIES: Final = 16
_VERSION: Final = "1"
_SHA256: Final = re.compile("[0-9a-f]{64}")
_MAX_SIDE_PX: Final = 2**32 - 1
_MAX_FORMAT: Final = 8
# Standard deviation, in grey levels, of what the hash sees of a picture. Below it the signs are those of noise and
# of rounding: lower, and plain pictures collide at distance 0; higher, and faint sketches are no longer compared.
_PLAIN_BELOW: Final = 2.0


def _dct_matrix(rows: int, size: int) -> NDArray[np.float32]:
    """The first ``rows`` basis vectors of the orthonormal DCT-II, ``(rows, size)``."""
    k, n = np.arange(rows)[:, None], np.arange(size)[None, :]
    basis = np.sqrt(2 / size) * np.cos(np.pi * k * (2 * n + 1) / (2 * size))
    basis[0] /= np.sqrt(2)
    return np.asarray(basis, dtype=np.float32)


_DCT: Final = _dct_matrix(_FREQUENCIES, _SIDE_PX)


def _sign_masks() -> NDArray[np.bool_]:
    """Which bits change under identity, mirror (x), flip (y) and both: ``(4, 16, 16)``."""
    odd = np.arange(_FREQUENCIES) % 2 == 1
    x = np.broadcast_to(odd[None, :], (_FREQUENCIES, _FREQUENCIES))
    y = x.T
    return np.stack([np.zeros_like(x), x, y, x ^ y])


_SIGN_MASKS: Final = _sign_masks()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of an image for comparing it.

    Attributes:
        sha256: Of the file, lower-case hexadecimal.
        hash256: The perceptual hash, 32 bytes.
        information: Standard deviation of the picture as the hash sees it, in grey levels of 255.
        width_px: Width, upright.
        height_px: Height, upright.
        format: As named by the decoder, for example ``JPEG``.
        size_bytes: Of the file.
    """

    sha256: str
    hash256: bytes
    information: float
    width_px: int
    height_px: int
    format: str
    size_bytes: int

    @property
    def is_plain(self) -> bool:
        """Whether the picture is too plain to hash: it is compared by SHA-256 only."""
        return self.information < _PLAIN_BELOW

    def orientations(self) -> NDArray[np.uint8]:
        """Hashes of the picture in its eight orientations, ``(8, 32) uint8``, ordered as ``ORIENTATIONS``."""
        bits = np.unpackbits(np.frombuffer(self.hash256, dtype=np.uint8)).reshape(_FREQUENCIES, _FREQUENCIES)
        upright = bits ^ _SIGN_MASKS
        # The DC bit is always 0; the masks leave it alone, as 0 is an even frequency.
        both = np.concatenate([upright, upright.transpose(0, 2, 1)])
        return np.packbits(both.reshape(8, HASH_BITS), axis=1)

    def to_text(self) -> str:
        """The stable text form: version and hash, for example ``1:q83v…``."""
        return f"{_VERSION}:{base64.b64encode(self.hash256).decode()}"

    @classmethod
    def from_text(cls, text: str, *, sha256: str, **others: Any) -> Self:  # noqa: ANN401 - the other attributes
        """Make one of its text form and the other attributes, none of them trusted.

        Raises:
            ValueError: Another version, or a value that no picture has.
        """
        if not _SHA256.fullmatch(sha256):
            raise ValueError("a SHA-256 has 64 hexadecimal digits in lower case")
        found = cls(sha256=sha256, hash256=hash_from_text(text), **others)
        if not (0 <= found.width_px <= _MAX_SIDE_PX and 0 <= found.height_px <= _MAX_SIDE_PX):
            raise ValueError(f"no picture has {found.width_px} x {found.height_px} pixels")
        if not 0 <= found.size_bytes < 2**63:
            raise ValueError(f"no file has {found.size_bytes} bytes")
        if not (found.format.isascii() and 0 < len(found.format) <= _MAX_FORMAT):
            raise ValueError(f"no format is called {found.format[:40]!r}")
        return found


def hash_from_text(text: str) -> bytes:
    """Read the hash of ``Fingerprint.to_text``.

    Raises:
        ValueError: Another version, or not 32 bytes of base64.
    """
    version, _, encoded = text.partition(":")
    if version != _VERSION:
        raise ValueError(f"fingerprint version {version!r} is unknown; this program reads {_VERSION!r}")
    value = base64.b64decode(encoded, validate=True)
    if len(value) != HASH_BYTES:
        raise ValueError(f"a fingerprint has {HASH_BYTES} bytes, not {len(value)}")
    return value


def fingerprint(data: bytes, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> Fingerprint:
    """Fingerprint an image file.

    Args:
        data: The whole file, untrusted.
        max_pixels: Limit on width × height, enforced before decoding.

    Raises:
        ImageError: One of its kinds, if the bytes can't be decoded.
    """
    decoded = decode(data, side_px=_SIDE_PX, max_pixels=max_pixels)
    frequencies = _DCT @ decoded.grey @ _DCT.T
    frequencies[0, 0] = 0.0
    return Fingerprint(
        sha256=hashlib.sha256(data).hexdigest(),
        hash256=np.packbits(frequencies > 0).tobytes(),
        information=float(np.sqrt(np.square(frequencies).sum())) / _SIDE_PX,
        width_px=decoded.width_px,
        height_px=decoded.height_px,
        format=decoded.format,
        size_bytes=len(data),
    )
