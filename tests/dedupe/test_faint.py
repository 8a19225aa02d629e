"""Faint pictures, such as textures and weak photographs: their copies, and others of the same kind."""

import itertools

import numpy as np
from PIL import Image, ImageFilter

from synsift.dedupe import compare, fingerprint
from tests.dedupe.pictures import encoded, photograph


def wood(seed: int) -> Image.Image:
    """Veins that run down, in one tone."""
    chance = np.random.default_rng(seed)
    bends = np.asarray(Image.fromarray(chance.normal(0, 1, (4, 10)).astype(np.float32)).resize((400, 300)))
    veins = 16 * np.sin((np.arange(400) + 20 * bends) / 7) + 5 * chance.normal(0, 1, (300, 400))
    return Image.fromarray((np.array([150, 105, 65]) + veins[..., None]).clip(0, 255).astype(np.uint8))


def weak(seed: int) -> Image.Image:
    """A photograph in mist: soft, and of little contrast."""
    seen = np.asarray(photograph(seed).filter(ImageFilter.GaussianBlur(16)), dtype=float)
    grain = np.random.default_rng(seed).normal(0, 2, seen.shape)
    return Image.fromarray((0.3 * seen + 100 + grain).clip(0, 255).astype(np.uint8))


def cropped(image: Image.Image) -> Image.Image:
    """By 3 % at each side."""
    width, height = image.size
    return image.crop((round(0.03 * width), round(0.03 * height), round(0.97 * width), round(0.97 * height)))


def test_a_faint_texture_that_was_cropped_is_a_copy() -> None:
    for seed in range(6):
        texture = wood(seed)
        assert compare(encoded(cropped(texture), "PNG"), encoded(texture, "PNG")).kind == "near"


def test_other_faint_pictures_of_a_kind_are_none() -> None:
    for kind in (wood, weak):
        seen = [fingerprint(encoded(kind(seed), "PNG")) for seed in range(8)]
        assert {compare(one, other).kind for one, other in itertools.combinations(seen, 2)} == {"different"}
