"""The average of a set of pictures, and how much is left to be seen of it: little, where they are all different.

ImageNet's paper (Deng et al. 2009, § 2, figure 5) measures the diversity of a synset so: the smaller the losslessly
compressed average image, the greyer it is, and the more its pictures differ in place, pose and background. Fingerprints
hold a picture of 32×32 of each, without its borders and made square, so that no file is read.

Sizes depend on the number of pictures as much as on their diversity, and on the coder: only sizes of equally many, by
one coder, can be compared.
"""

import io
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synsift.dedupe.evidence import PICTURE_SIDE, Picture
from synsift.dedupe.fingerprint import Fingerprint

_MIDDLE: Final = 128.0


def average_of(pictures: Sequence[Fingerprint]) -> NDArray[np.uint8]:
    """The average of some pictures, ``(32, 32, 3)`` RGB.

    Args:
        pictures: At least one.
    """
    total = np.zeros((3, PICTURE_SIDE**2))
    for one in pictures:
        picture = Picture(one.evidence, 0)
        total[0] += picture.luma + picture.mean
        total[1:] += picture.chroma + _MIDDLE
    rounded = np.clip(np.round(total / len(pictures)), 0, 255).astype(np.uint8)
    planes = rounded.T.reshape(PICTURE_SIDE, PICTURE_SIDE, 3)
    return np.asarray(Image.fromarray(planes, "YCbCr").convert("RGB"))


def png_of(picture: NDArray[np.uint8]) -> bytes:
    """A picture as PNG: lossless."""
    target = io.BytesIO()
    Image.fromarray(picture).save(target, "PNG", optimize=True)
    return target.getvalue()


def lossless_bytes(picture: NDArray[np.uint8]) -> float:
    """What a picture needs losslessly, by the entropy of what LOCO-I (the predictor of JPEG-LS) doesn't foresee.

    The same on every machine, and without the fixed cost of a file: 0 for one colour.

    Args:
        picture: ``(h, w, 3) uint8``.
    """
    return float(sum(_entropy_bits(_residuals(picture[:, :, plane])) for plane in range(picture.shape[2])) / 8)


def _residuals(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What isn't foreseen, modulo 256, as JPEG-LS has it."""
    values = np.pad(plane.astype(np.int16), ((1, 0), (1, 0)), mode="edge")
    left, above, corner = values[1:, :-1], values[:-1, 1:], values[:-1, :-1]
    low, high = np.minimum(left, above), np.maximum(left, above)
    foreseen = np.where(corner >= high, low, np.where(corner <= low, high, left + above - corner))
    return np.asarray((values[1:, 1:] - foreseen) % 256, dtype=np.uint8)


def _entropy_bits(values: NDArray[np.uint8]) -> float:
    counts = np.unique(values, return_counts=True)[1]
    return float(-(counts * np.log2(counts / values.size)).sum())
