"""Pictures of more than eight bits a channel: as eight bits, and whether a file has more."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_BITS: Final = 8
_PNG_DEPTH_AT: Final = 24  # after the signature, and length, name, width and height of IHDR (PNG, section 11.2.1)
_BITS_PER_SAMPLE: Final = 258  # TIFF 6.0, section 8


def is_numeric(image: Image.Image) -> bool:
    """Whether its pixels are numbers of more than eight bits, in Pillow's modes for these: ``I`` and ``F``."""
    return image.mode == "F" or image.mode.startswith("I")


def is_deep(image: Image.Image, data: bytes) -> bool:
    """Whether a file that was opened has more than eight bits a channel; of PNG and TIFF, which are without loss.

    Args:
        image: As it was opened. Pillow makes eight bits of colours, and says so nowhere.
        data: The file.
    """
    if image.format == "PNG":
        return data[_PNG_DEPTH_AT : _PNG_DEPTH_AT + 1] > bytes([_BITS])
    if image.format != "TIFF":
        return False
    bits = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, ())
    return any(isinstance(one, int) and one > _BITS for one in (bits if isinstance(bits, tuple) else (bits,)))


def scale_of(image: Image.Image) -> float:
    """What floating-point pictures are multiplied by: they go to 1 or to 255, and say so nowhere."""
    return 255.0 if image.mode == "F" and float(np.nanmax(np.asarray(image), initial=0)) <= 1 else 1.0


def eight_bits(image: Image.Image, scale: float) -> NDArray[np.uint8]:
    """Grey levels ``(height, width)`` of a picture that ``is_numeric``.

    Args:
        image: The picture.
        scale: Of all of it; see ``scale_of``.
    """
    values = np.asarray(image)
    if image.mode != "F":
        return (values >> 8).clip(0, 255).astype(np.uint8)  # 16 bits, whatever they are kept in
    return np.nan_to_num(values * np.float32(scale), copy=False).clip(0, 255).astype(np.uint8)
