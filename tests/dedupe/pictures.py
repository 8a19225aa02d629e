"""Small pictures for tests."""

import io

import numpy as np
from PIL import Image, ImageDraw


def scene(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A picture of overlapping discs and a gradient; another for each seed."""
    rng = np.random.default_rng(seed)
    width, height = size
    ramp = np.linspace(0, 255, width)[None, :] * rng.random() + np.linspace(0, 255, height)[:, None] * rng.random()
    image = Image.fromarray((ramp / 2).astype(np.uint8)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for _ in range(25):
        x, y, r = rng.random() * width, rng.random() * height, width * (0.03 + 0.2 * rng.random())
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(int(c) for c in rng.integers(0, 255, 3)))
    return image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()
