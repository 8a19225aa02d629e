"""What the quality of a copy says beside another one, where one of them was a JPEG of a lower quality before.

A copy that has the traces of the other one's compression was made of it. Edits hide such traces: rotated, cut, blurred,
a copy has none, though it was made of what has some. Where two are the same pixels but for compression, a trace that
one lacks wasn't there; where they aren't, nothing is known, and the quality of the file itself is what there is.
"""

from typing import Final

import numpy as np

from synsift.dedupe.contrast import times_the_contrast, tones_of
from synsift.dedupe.detail import LOSSLESS, LOSSLESS_FORMATS, own_quality_of
from synsift.dedupe.earlier import quality_of, scale_of
from synsift.dedupe.fingerprint import Fingerprint

SAME_QUALITY: Final = 2
"""What is no more than that apart is the same quality."""
# Traces say a quality to within so much.
_TRACE: Final = 3
# So many times the pixels at most have pictures that were cut or framed, and are still alike.
_CUT: Final = 1.25
# Compression moves the tones of most places by less, in grey levels.
_MOVED: Final = 1.4


def is_lossless(image: Fingerprint) -> bool:
    """Whether a file itself was compressed without loss, whatever it was before."""
    return image.quality == LOSSLESS or image.format in LOSSLESS_FORMATS


def quality_beside(image: Fingerprint, other: Fingerprint) -> int:
    """How little was lost in compressing one of two copies, 1 to 100, as far as the other one's says something.

    Args:
        image: The copy.
        other: The one that it is compared with.
    """
    if not image.is_saved_again or not _is_edited(image, other):
        return image.quality
    if other.is_saved_again:
        return quality_of(scale_of(image.quality) / times_the_contrast(image, other) ** 0.5)
    quality = _earlier_nearest(image, other, other.quality)
    return own_quality(image) if other.quality > quality + SAME_QUALITY else quality


def is_made_of(image: Fingerprint, other: Fingerprint) -> bool:
    """Whether one of two copies has the traces of the other one's compression, and was compressed less since.

    Then it has no more than that one. Of what has another size traces say something only if it was cut or framed: made
    smaller or larger, it has traces of something else.
    """
    if not image.is_saved_again or other.format != "JPEG" or other.is_cut:
        return False
    if (image.width_px, image.height_px) != (other.width_px, other.height_px):
        times = image.width_px * image.height_px / (other.width_px * other.height_px)
        if not 1 / _CUT <= times <= _CUT or not tones_differ(image, other):
            return False
    others = own_quality(other)
    # What isn't a JPEG doesn't say how it was compressed; but little, if traces are left.
    is_less_compressed = image.format != "JPEG" or own_quality(image) > others + SAME_QUALITY
    return is_less_compressed and abs(_earlier_nearest(image, other, others) - others) <= _TRACE


def _earlier_nearest(image: Fingerprint, other: Fingerprint, quality: int) -> int:
    """The earlier quality of a copy as it is, or as it is without contrast that was added; what is nearer to another.

    With so many times the contrast a picture has steps as many times as large.
    """
    without = quality_of(scale_of(image.quality) / times_the_contrast(image, other))
    return min((image.quality, without), key=lambda each: abs(each - quality))


def own_quality(image: Fingerprint) -> int:
    """Of the file itself, as its size says of what was saved again."""
    if not image.is_saved_again:
        return image.quality
    if image.format in LOSSLESS_FORMATS:
        return LOSSLESS
    bits = 8 * image.size_bytes / max(1, image.width_px * image.height_px)
    return own_quality_of(image.format, bits / max(1e-9, image.detail_bits), image.quality)


def _is_edited(image: Fingerprint, other: Fingerprint) -> bool:
    """Whether more differs than what compression makes of the same pixels."""
    if (image.width_px, image.height_px) != (other.width_px, other.height_px):
        return True
    return tones_differ(image, other)


def tones_differ(image: Fingerprint, other: Fingerprint) -> bool:
    """Whether most places inside of the borders have other tones than compression makes of the same ones."""
    return float(np.median(np.abs(tones_of(image) - tones_of(other)))) > _MOVED
