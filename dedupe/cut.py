"""Files that lack their last bytes: decoded as far as they go, if that is nearly all.

Downloads that ended early are the most common damage of pictures. A JPEG is ended where it breaks off; its decoder then
fills the rest with one colour. A GIF's decoder keeps the lines that it had; the others are of palette entry 0.
"""

from typing import Final

import numpy as np
from PIL import Image

MOST_MISSING: Final = 0.05
"""Share of the rows that may be missing."""
_END_OF_JPEG: Final = b"\xff\xd9"


def ended_jpeg(data: bytes) -> bytes:
    """A JPEG that breaks off, with an end."""
    return data + _END_OF_JPEG


def keep_what_came(image: Image.Image) -> None:
    """After a failed ``load``, have Pillow take the picture as it is."""
    setattr(image, "tile", [])  # noqa: B010 - of ImageFile, as whatever was opened is
    image.load()


def missing_share(image: Image.Image) -> float:
    """The share of rows that didn't come, 0…1: what its decoder filled them with is all that they hold.

    A picture that really ends in one flat colour has rows like that; such a one counts as more damaged than it is.
    """
    pixels = np.asarray(image)
    rows = pixels.reshape(len(pixels), -1)
    if image.format == "GIF" and image.mode == "P":
        return float((rows == 0).all(axis=1).mean())
    flat = (pixels == pixels[-1, -1]).reshape(len(pixels), -1).all(axis=1)
    return float(np.argmin(flat[::-1]) if not flat.all() else len(flat)) / len(flat)
