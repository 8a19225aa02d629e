"""What shows through: the ground that a transparent picture is seen on.

White, as pages have it and as programs fill in that don't keep transparency. White artwork on nothing would vanish
there, and all such pictures would be alike: it is seen on black, where it is as plain as day. Which of the two, is
decided by the pixels alone, at one small size, so that every format and size of a picture gets the same ground.
"""

from typing import Final

import numpy as np
from PIL import Image

WHITE: Final = "white"
BLACK: Final = "black"
# Standard deviation, in grey levels, below which next to nothing is seen over white; and how many times as much must be
# seen over black. Higher, and pale drawings would be compared over black while their copies lie on white pages; lower,
# and a white logo's grey hairline would be all that is seen of it.
_FAINT: Final = 4.0
_TIMES: Final = 4.0
_SIDE_PX: Final = 64


def ground_of(picture: Image.Image) -> str:
    """The ground for a picture: ``WHITE``, or ``BLACK`` where hardly anything would be seen over white.

    Args:
        picture: Of mode ``RGBA``, of any size.
    """
    if picture.getchannel("A").getextrema()[0] == 255:
        return WHITE
    small = picture.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BOX, reducing_gap=None)
    over_white = _seen_over(small, WHITE)
    return BLACK if over_white < _FAINT and _seen_over(small, BLACK) > _TIMES * over_white else WHITE


def composed(picture: Image.Image, ground: str) -> Image.Image:
    """A picture of mode ``RGBA`` over a ground; still ``RGBA``, and nowhere transparent."""
    return Image.alpha_composite(Image.new("RGBA", picture.size, ground), picture)


def flat(image: Image.Image) -> Image.Image:
    """An image of any mode that has an RGB form, as ``RGB``, over the ground that fingerprints see it on."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    picture = image.convert("RGBA")
    return composed(picture, ground_of(picture)).convert("RGB")


def _seen_over(small: Image.Image, ground: str) -> float:
    return float(np.asarray(composed(small, ground).convert("L"), dtype=np.float32).std())
