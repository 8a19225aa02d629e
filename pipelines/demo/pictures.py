"""Procedural pictures with the statistics of photographs: no two alike, and every copy of one recognisable.

Natural images have amplitude spectra that fall as 1/f (Field 1987) and scenes of things that occlude each other with
sizes of a power law ("dead leaves", Lee, Mumford and Huang 2001). Each picture has both: clouds of 1/f noise for
light, and a subject of many overlapping shapes.
"""

import colorsys
import functools
import io
import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

WIDTH_PX: Final = 448
HEIGHT_PX: Final = 336

Colour = tuple[int, int, int]


def picture(kind: str, seed: int) -> Image.Image:
    """Make a picture of one of ``KINDS``; the same for the same seed."""
    rng = np.random.default_rng(seed)
    image = _clouds(rng, *_PALETTES[kind](rng))
    KINDS[kind](image, rng)
    light = _noise(rng, exponent=1.4)
    grain = rng.normal(0, 4, (HEIGHT_PX, WIDTH_PX))
    flat = np.asarray(image.filter(ImageFilter.GaussianBlur(0.6)), dtype=np.float32)
    pixels = flat * (0.55 + 0.9 * light[..., None]) + grain[..., None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    """Encode a picture."""
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def _noise(rng: np.random.Generator, exponent: float) -> NDArray[np.float32]:
    """1/f noise in 0…1, ``(height, width) float32``."""
    falling = _powers_of_frequency(exponent)
    spectrum = np.exp(2j * math.pi * rng.random(falling.shape)) / falling
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, (HEIGHT_PX, WIDTH_PX))
    low, high = np.percentile(noise, [2, 98])
    return np.asarray(((noise - low) / (high - low)).clip(0, 1), dtype=np.float32)


@functools.cache
def _powers_of_frequency(exponent: float) -> NDArray[np.float64]:
    """What a picture's spectrum falls by, ``(height, width // 2 + 1) float64``; 1 for its mean."""
    frequency = np.hypot(np.fft.fftfreq(HEIGHT_PX)[:, None], np.fft.rfftfreq(WIDTH_PX)[None, :])
    frequency[0, 0] = 1.0
    return np.asarray(frequency**exponent)


def _clouds(rng: np.random.Generator, dark: Colour, bright: Colour) -> Image.Image:
    share = _noise(rng, exponent=1.2)[..., None]
    pixels = np.array(dark) * (1 - share) + np.array(bright) * share
    return Image.fromarray(pixels.astype(np.uint8))


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, min(1, max(0, saturation)), min(1, max(0, value)))
    return int(red * 255), int(green * 255), int(blue * 255)


def _daisies(image: Image.Image, rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(2, 8))):
        radius = float(25 * (1 - rng.random() * 0.97) ** -0.6)
        x, y = rng.random() * WIDTH_PX, rng.random() * HEIGHT_PX
        petals, turn, hue = int(rng.integers(7, 20)), rng.random() * 6.3, rng.choice([0.0, 0.13, 0.8, 0.95])
        for petal in range(petals):
            angle = turn + 2 * math.pi * petal / petals
            px, py = x + math.cos(angle) * radius * 0.62, y + math.sin(angle) * radius * 0.62
            size = radius * (0.30 + 0.08 * rng.random())
            shade = _hsv(hue, 0.08 + 0.3 * (hue > 0), 0.75 + 0.25 * rng.random())
            draw.ellipse((px - size, py - size, px + size, py + size), fill=shade)
        core = radius * 0.33
        draw.ellipse((x - core, y - core, x + core, y + core), fill=_hsv(0.12, 0.9, 0.9))


def _alps(image: Image.Image, rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(image)
    layers = int(rng.integers(2, 6))
    hue = 0.55 + 0.2 * rng.random()
    for layer in range(layers):
        base = HEIGHT_PX * (0.25 + 0.7 * (layer + rng.random()) / layers)
        ridge = _ridge(rng, roughness=0.45 + 0.25 * rng.random()) * HEIGHT_PX * (0.15 + 0.4 * rng.random())
        tilt = np.linspace(-1, 1, WIDTH_PX) * rng.normal(0, 45)
        line = [(x, float(base - ridge[x] + tilt[x])) for x in range(WIDTH_PX)]
        shade = _hsv(hue + rng.normal(0, 0.04), 0.15 + 0.5 * rng.random(), 0.15 + 0.75 * rng.random())
        draw.polygon([*line, (WIDTH_PX, HEIGHT_PX), (0, HEIGHT_PX)], fill=shade)
        draw.line(line, fill=(240, 244, 250), width=int(rng.integers(1, 7)))


def _ridge(rng: np.random.Generator, roughness: float) -> NDArray[np.float64]:
    """A mountain line in 0…1 by midpoint displacement, as wide as the picture."""
    points = rng.random(3)
    scale = 0.5
    while len(points) < WIDTH_PX:
        middles = (points[:-1] + points[1:]) / 2 + rng.normal(0, scale, len(points) - 1)
        points = np.insert(points, np.arange(1, len(points)), middles)
        scale *= roughness
    line = points[:WIDTH_PX]
    return np.asarray((line - line.min()) / (line.max() - line.min() + 1e-9))


def _balloons(image: Image.Image, rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(2, 7))):
        radius = float(22 * (1 - rng.random() * 0.97) ** -0.6)
        x, y = rng.random() * WIDTH_PX, rng.random() * HEIGHT_PX
        hue, stripes = rng.random(), int(rng.integers(3, 8))
        for stripe in range(stripes):
            half = radius * (1 - stripe / stripes)
            shade = _hsv(hue + 0.5 * (stripe % 2), 0.85, 0.55 + 0.45 * rng.random())
            draw.ellipse((x - half, y - radius, x + half, y + radius), fill=shade)
        basket = radius * 0.22
        draw.line((x - radius / 2, y + radius * 0.8, x, y + radius * 1.6), fill=(60, 40, 20), width=2)
        draw.line((x + radius / 2, y + radius * 0.8, x, y + radius * 1.6), fill=(60, 40, 20), width=2)
        draw.rectangle((x - basket, y + radius * 1.5, x + basket, y + radius * 1.8), fill=(110, 70, 30))


KINDS: Final[dict[str, Callable[[Image.Image, np.random.Generator], None]]] = {
    "daisy": _daisies,
    "alp": _alps,
    "balloon": _balloons,
}
"""Name of a subject → what draws it."""

_PALETTES: Final[dict[str, Callable[[np.random.Generator], tuple[Colour, Colour]]]] = {
    "daisy": lambda rng: (_hsv(0.30 + rng.normal(0, 0.03), 0.8, 0.15), _hsv(0.25 + rng.normal(0, 0.03), 0.7, 0.6)),
    "alp": lambda rng: (_hsv(0.60 + rng.normal(0, 0.06), 0.6, 0.4), _hsv(0.58 + rng.normal(0, 0.3), 0.3, 1.0)),
    "balloon": lambda rng: (_hsv(0.56 + rng.normal(0, 0.03), 0.7, 0.5), _hsv(0.55, 0.1, 1.0)),
}
