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


def photograph(seed: int, size: tuple[int, int] = (500, 375)) -> Image.Image:
    """Light and colours that vary at all scales, as those of photographs do; another picture for each seed."""
    rng = np.random.default_rng(seed)
    width, height = size
    fall = 1 / np.maximum(1 / max(size), np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :]))
    planes = []
    for _ in range(3):
        plane = np.fft.ifft2(np.fft.fft2(rng.standard_normal((height, width))) * fall).real
        planes.append(plane / plane.std())
    light, red, blue = planes
    pixels = np.stack([light + 0.4 * red, light, light + 0.4 * blue], axis=2)
    return Image.fromarray((120 + 45 * pixels).clip(0, 255).astype(np.uint8))
