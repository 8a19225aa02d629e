"""Average images: the more alike the pictures are, the more is left to be seen of them."""

import io
import math

import numpy as np
import pytest
from PIL import Image

from synsift.dedupe import fingerprint
from synsift.dedupe.average import average_of, lossless_bytes, png_of
from tests.dedupe.pictures import photograph, scene


def test_the_average_of_one_picture_looks_like_it() -> None:
    picture = scene(3, (320, 320))
    average = average_of([fingerprint(picture)])
    wanted = np.asarray(picture.resize((32, 32), Image.Resampling.BOX)).astype(float)
    assert average.shape == (32, 32, 3)
    assert np.corrcoef(average.ravel(), wanted.ravel())[0, 1] > 0.9


def test_pictures_that_differ_leave_less_than_pictures_that_are_alike() -> None:
    different = [fingerprint(photograph(seed, (120, 90))) for seed in range(40)]
    base = np.asarray(photograph(99, (120, 90))).astype(float)
    alike = []
    for seed in range(40):
        mixed = 0.8 * base + 0.2 * np.asarray(photograph(seed, (120, 90)))
        alike.append(fingerprint(Image.fromarray(mixed.astype(np.uint8))))
    few, many = average_of(different), average_of(alike)
    assert lossless_bytes(few) < 0.7 * lossless_bytes(many)
    assert len(png_of(few)) < len(png_of(many))


def test_one_colour_needs_nothing_and_noise_needs_all_of_it() -> None:
    assert lossless_bytes(np.full((32, 32, 3), 77, dtype=np.uint8)) == 0
    noise = np.random.default_rng(1).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    assert lossless_bytes(noise) == pytest.approx(noise.size, rel=0.05)


def test_the_predictor_is_that_of_jpeg_ls() -> None:
    picture = np.random.default_rng(2).integers(0, 256, (9, 7, 1), dtype=np.uint8)
    residuals = []
    for y in range(9):
        for x in range(7):
            left = int(picture[y, x - 1, 0]) if x else int(picture[y, 0, 0])
            above = int(picture[y - 1, x, 0]) if y else int(picture[0, x, 0])
            corner = int(picture[max(y - 1, 0), max(x - 1, 0), 0])
            if corner >= max(left, above):
                foreseen = min(left, above)
            elif corner <= min(left, above):
                foreseen = max(left, above)
            else:
                foreseen = left + above - corner
            residuals.append((int(picture[y, x, 0]) - foreseen) % 256)
    counts = [residuals.count(value) for value in set(residuals)]
    bits = -sum(count * math.log2(count / len(residuals)) for count in counts)
    assert lossless_bytes(picture) == pytest.approx(bits / 8)


def test_the_picture_is_written_without_loss() -> None:
    average = average_of([fingerprint(scene(1))])
    with Image.open(io.BytesIO(png_of(average))) as image:
        assert np.array_equal(np.asarray(image), average)
