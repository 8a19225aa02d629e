"""Pictures with much to see, each another."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def busy(seed: int, size: tuple[int, int] = (360, 270)) -> Image.Image:
    """Shapes upon coarse and fine noise."""
    rng = np.random.default_rng(seed)
    width, height = size
    image = Image.new("L", size)
    for cells, weight in ((6, 0.5), (20, 0.35), (60, 0.25)):
        noise = Image.fromarray(rng.integers(0, 256, (cells, cells), dtype=np.uint8)).resize(
            size, Image.Resampling.BICUBIC
        )
        image = Image.blend(image, noise, weight)
    image = image.convert("RGB")
    draw = ImageDraw.Draw(image)
    for number in range(40):
        x, y = rng.integers(0, width), rng.integers(0, height)
        w, h = rng.integers(8, width // 4), rng.integers(8, height // 4)
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        (draw.ellipse if number % 2 else draw.rectangle)((x, y, x + w, y + h), fill=colour)
    return image.filter(ImageFilter.GaussianBlur(0.7))
