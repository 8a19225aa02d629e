"""The finer look at pictures that show little: drawings, texts, signs, a subject before a plain ground.

Sixteen frequencies tell photographs apart, and not two of diamonds from two of clubs. So a picture of which a good part
is flat carries a thumbnail of 48×48 pixels in sixteen levels, too, packed: at most ``FINE_BYTES``, some 500 as a rule.
Photographs carry none.
"""

import zlib
from typing import Final, NamedTuple

import numpy as np
from PIL import Image

from synsift.dedupe.borders import Part
from synsift.dedupe.frequencies import Floats

FINE_SIDE: Final = 48
"""Side of the thumbnail, in pixels."""
_BITS: Final = 4
_LEVELS: Final = (1 << _BITS) - 1
_TONES: Final = 8
_PLANE_BYTES: Final = FINE_SIDE**2 // 8
_RAW_BYTES: Final = 3 + _BITS * _PLANE_BYTES
FINE_BYTES: Final = _RAW_BYTES + 32
"""Most bytes that it takes."""

# A place is smooth if it is within so many grey levels of the middle of its neighbours on both axes. From this share of
# smooth places on a picture shows little: nearly all drawings do, and photographs with much sky or blur.
_SMOOTH: Final = 3.0
_SMOOTH_SHARE: Final = 0.35


def smoothness(picture: Floats) -> float:
    """Share of a picture ``(n, n)`` that is smooth."""
    inner = 2 * picture[1:-1, 1:-1]
    right = np.abs(picture[1:-1, :-2] - inner + picture[1:-1, 2:])
    down = np.abs(picture[:-2, 1:-1] - inner + picture[2:, 1:-1])
    return float(np.mean(np.maximum(right, down) <= _SMOOTH))


def make_fine(luma: Image.Image, part: Part, inside: Floats) -> bytes:
    """Pack the thumbnail of what is inside of the borders; empty if it shows much.

    Args:
        luma: The whole.
        part: What is inside of the borders.
        inside: The same, small.
    """
    smooth = smoothness(inside)
    if smooth < _SMOOTH_SHARE:
        return b""
    width, height = luma.size
    box = (part.left * width, part.top * height, part.right * width, part.bottom * height)
    small = np.asarray(luma.resize((FINE_SIDE, FINE_SIDE), Image.Resampling.BILINEAR, box=box))
    low, high = int(small.min()), int(small.max())
    levels = np.round((small.astype(np.float32) - low) * (_LEVELS / max(1, high - low))).astype(np.uint8)
    planes = [np.packbits((levels >> bit) & 1).tobytes() for bit in range(_BITS)]
    return zlib.compress(bytes([low, high, round(255 * smooth)]) + b"".join(planes), 6)


class Fine(NamedTuple):
    """What is packed.

    Attributes:
        luma: ``(48, 48)``, in grey levels.
        smooth: Share of the picture that is smooth.
        tones: How many of eight levels are used, as the exponential of their entropy: 1 to 8.
    """

    luma: Floats
    smooth: float
    tones: float


def read_fine(packed: bytes) -> Fine:
    """Unpack; it isn't trusted.

    Raises:
        ValueError: Not what ``make_fine`` gives.
    """
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(packed, _RAW_BYTES)
    except zlib.error as exc:
        raise ValueError(f"a thumbnail that can't be unpacked: {exc}") from exc
    if len(raw) != _RAW_BYTES or unpacker.unconsumed_tail or unpacker.unused_data or len(packed) > FINE_BYTES:
        raise ValueError("a thumbnail of another size")
    low, high, smooth = raw[:3]
    planes = np.unpackbits(np.frombuffer(raw[3:], np.uint8)).reshape(_BITS, FINE_SIDE, FINE_SIDE)
    levels = sum(planes[bit].astype(np.float32) * (1 << bit) for bit in range(_BITS))
    luma = np.asarray(low + levels * np.float32((high - low) / _LEVELS), dtype=np.float32)
    used = np.bincount((levels * (_TONES / (_LEVELS + 1))).astype(np.intp).ravel(), minlength=_TONES) / levels.size
    tones = float(2 ** -(used[used > 0] * np.log2(used[used > 0])).sum())
    return Fine(luma, smooth / 255, tones)
