"""Wares on white, or on any even ground, told from drawings: what they show has the noise of a photograph.

The ground is of one level exactly, as that of a drawing is, so that the picture as a whole is as exact as one. But of
a drawing the subject is as exact as the ground: it has areas of one tone, even where it was compressed.
"""

from typing import Final

import numpy as np

from synsift.dedupe.local.exactness import in_rows, off_ground
from synsift.dedupe.local.features import Features
from synsift.dedupe.local.opencv import load_opencv

# Icons and pieces of games that were drawn with shades, or enlarged, are no more exact than wares are, but smaller.
_LEAST_SIDE_PX: Final = 288
# The subject's inside is so many pixels away from the ground; and takes such a share of the picture.
_DEEP_PX: Final = 2
_LEAST_DEEP: Final = 0.12
# Letters and lines are narrower than that; such a share of what isn't ground is wider.
_WIDE_PX: Final = 7
_LEAST_WIDE: Final = 0.8
# Of 1,000 photographs 89 may be drawings by their ground; 29 of these have a subject that is so large, so wide and no
# more exact, and of 284 icons and pieces of clip art none.
_MOST_EXACT: Final = 0.05


def shows_ware(features: Features) -> bool:
    """Whether what may be a drawing by its ground is a photograph by what stands on it.

    Args:
        features: Of the picture. Of one that has no finer copy, and so is no drawing, it isn't asked.
    """
    finer = features.finer
    if not finer.size or max(features.width_px, features.height_px) < _LEAST_SIDE_PX:
        return False
    opencv = load_opencv()
    subject = np.pad(off_ground(finer).astype(np.uint8), _WIDE_PX)
    deep = opencv.erode(subject, np.ones((2 * _DEEP_PX + 1,) * 2, np.uint8))[_WIDE_PX:-_WIDE_PX, _WIDE_PX:-_WIDE_PX] > 0
    wide = opencv.morphologyEx(subject, opencv.MORPH_OPEN, np.ones((_WIDE_PX, _WIDE_PX), np.uint8))
    is_large = deep.mean() >= _LEAST_DEEP and wide.sum() >= _LEAST_WIDE * subject.sum()
    return bool(is_large and in_rows(finer)[deep].mean() <= _MOST_EXACT)
