"""Edits that people make of a picture: each takes and gives a PIL image in RGB, or gives a file's bytes.

None of them was looked at when the thresholds of ``synsift.dedupe`` were chosen on the half of the photographs that is
called ``tune`` in ``benchmarks/copies.py``; what is reported is the other half.
"""

import io
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Edit = Callable[[Image.Image], Image.Image | bytes]


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """A file."""
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def cut(left: float, top: float, right: float, bottom: float) -> Edit:
    """Without shares of the sides."""

    def apply(image: Image.Image) -> Image.Image:
        width, height = image.size
        return image.crop((int(width * left), int(height * top), int(width * (1 - right)), int(height * (1 - bottom))))

    return apply


def levels(change: Callable[[np.ndarray], np.ndarray]) -> Edit:
    """Pixels ``(h, w, 3)``, 0…1, changed."""

    def apply(image: Image.Image) -> Image.Image:
        pixels = np.asarray(image, dtype=np.float32) / 255
        return Image.fromarray((change(pixels) * 255).clip(0, 255).astype(np.uint8))

    return apply


def gain(factor: float) -> Edit:
    """Brighter or darker."""
    return levels(lambda pixels: pixels * factor)


def vignette(pixels: np.ndarray) -> np.ndarray:
    """Darker towards the corners."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return pixels * np.clip(1.15 - 0.55 * np.hypot(x, y), 0, 1)[..., None].astype(np.float32)


def sepia(image: Image.Image) -> Image.Image:
    """Brown."""
    return ImageOps.colorize(image.convert("L"), "#2b1a08", "#fff2d8")


def patched(left: float, top: float, width: float, height: float, fill: tuple[int, int, int]) -> Edit:
    """A rectangle over it; shares of the sides."""

    def apply(image: Image.Image) -> Image.Image:
        out = image.copy()
        w, h = image.size
        box = (int(left * w), int(top * h), int((left + width) * w), int((top + height) * h))
        ImageDraw.Draw(out).rectangle(box, fill=fill)
        return out

    return apply


def smiling(x: float, y: float, size: float) -> Edit:
    """A yellow face over it."""

    def apply(image: Image.Image) -> Image.Image:
        out = image.copy()
        r = int(min(image.size) * size / 2)
        cx, cy = int(image.width * x), int(image.height * y)
        pen = ImageDraw.Draw(out)
        pen.ellipse(
            (cx - r, cy - r, cx + r, cy + r), fill=(255, 205, 50), outline=(150, 100, 10), width=max(1, r // 12)
        )
        for side in (-1, 1):
            ex = cx + side * r * 0.4
            pen.ellipse((ex - r * 0.12, cy - r * 0.4, ex + r * 0.12, cy - r * 0.1), fill=(70, 40, 10))
        pen.arc(
            (cx - r * 0.55, cy - r * 0.3, cx + r * 0.55, cy + r * 0.6), 20, 160, fill=(70, 40, 10), width=max(1, r // 8)
        )
        return out

    return apply


def slanted(image: Image.Image) -> Image.Image:
    """A red ribbon with words over a corner."""
    out = image.copy()
    w, h = image.size
    ImageDraw.Draw(out).polygon([(w * 0.62, 0), (w * 0.8, 0), (w, h * 0.27), (w, h * 0.5)], fill=(200, 20, 30))
    return out


def meme(*places: str, share: float = 0.2) -> Edit:
    """White bars with heavy letters that fill them, ``above`` or ``below``."""

    def apply(image: Image.Image) -> Image.Image:
        bar = int(image.height * share)
        out = ImageOps.expand(image, (0, bar * ("above" in places), 0, bar * ("below" in places)), "white")
        pen = ImageDraw.Draw(out)
        words = "WHEN THE BUILD IS GREEN"
        for place in places:
            y = 0 if place == "above" else out.height - bar
            size = bar * 0.8
            while size > 8 and pen.textlength(words, font_size=size) > image.width * 0.96:
                size -= 1
            pen.text(
                (image.width / 2, y + bar / 2),
                words,
                fill="black",
                font_size=size,
                anchor="mm",
                stroke_width=max(1, int(size / 14)),
                stroke_fill="black",
            )
        return out

    return apply


def tiled(image: Image.Image) -> Image.Image:
    """A stock agency's mark all over."""
    over = Image.new("RGBA", image.size)
    pen = ImageDraw.Draw(over)
    step = max(40, image.width // 4)
    for y in range(0, image.height, step // 2):
        for x in range((y // 2) % step - step, image.width, step):
            pen.text((x, y), "PREVIEW", fill=(255, 255, 255, 110), font_size=max(8, step // 5))
    return Image.alpha_composite(image.convert("RGBA"), over).convert("RGB")


def rounded(image: Image.Image) -> Image.Image:
    """Round white corners."""
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *image.size), min(image.size) // 8, fill=255)
    return Image.composite(image, Image.new("RGB", image.size, "white"), mask)


def status_bar(image: Image.Image) -> Image.Image:
    """On a telephone's black screen, with a line of signs above and buttons below."""
    width, height = image.size
    out = Image.new("RGB", (width, int(height * 1.3)), "black")
    out.paste(image, (0, int(height * 0.15)))
    pen = ImageDraw.Draw(out)
    pen.text((8, 4), "12:41", fill="white", font_size=max(8, height // 28))
    pen.text((width - width // 6, 4), "87 %", fill="white", font_size=max(8, height // 28))
    for place in (0.2, 0.5, 0.8):
        x, y, r = int(width * place), int(height * 1.22), height // 40
        pen.ellipse((x - r, y - r, x + r, y + r), outline="white", width=2)
    return out


def noisy(image: Image.Image) -> Image.Image:
    """With strong noise."""
    pixels = np.asarray(image)
    noise = np.random.default_rng(1).normal(0, 25, pixels.shape)
    return Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))


def mosaic(image: Image.Image) -> Image.Image:
    """In squares of 8 px."""
    small = image.resize((max(1, image.width // 8), max(1, image.height // 8)), Image.Resampling.BOX)
    return small.resize(image.size, Image.Resampling.NEAREST)


def lettered(image: Image.Image) -> Image.Image:
    """Large letters across the top and the bottom."""
    out = image.copy()
    pen = ImageDraw.Draw(out)
    size = max(8, image.height // 9)
    for text, y in (("TOP TEXT HERE", 0.02), ("BOTTOM TEXT", 0.85)):
        place = (image.width // 10, int(image.height * y))
        pen.text(place, text, fill="white", stroke_fill="black", stroke_width=2, font_size=size)
    return out


def turned(degrees: float) -> Edit:
    """Rotated, as large as before."""
    return lambda image: image.rotate(degrees, Image.Resampling.BICUBIC)


UNSEEN: Final[Mapping[str, Edit]] = {
    **{f"gain {factor}": gain(factor) for factor in (0.3, 0.4, 0.55, 0.7, 1.4, 1.7, 2.0, 2.5)},
    "washed out": levels(lambda pixels: 0.5 + pixels / 2),
    "washed out, grey": levels(lambda pixels: 0.35 + pixels * 0.3),
    "faded and dark": levels(lambda pixels: 0.1 + pixels * 0.4),
    "gamma 0.45": levels(lambda pixels: pixels**0.45),
    "gamma 2.2": levels(lambda pixels: pixels**2.2),
    "contrast 1.8": lambda image: ImageEnhance.Contrast(image).enhance(1.8),
    "s-curve": levels(lambda pixels: pixels**2 * (3 - 2 * pixels)),
    "equalised": ImageOps.equalize,
    "levels stretched": lambda image: ImageOps.autocontrast(image, cutoff=3),
    "posterised": lambda image: ImageOps.posterize(image, 2),
    "solarised a little": lambda image: ImageOps.solarize(image, 225),
    "vignette": levels(vignette),
    "sepia": sepia,
    "sepia, vignette": lambda image: levels(vignette)(sepia(image)),
    "duotone": lambda image: ImageOps.colorize(image.convert("L"), "#101040", "#ffe0a0", mid="#c04060"),
    "warm": levels(lambda pixels: pixels * np.float32([1.15, 1.0, 0.8])),
    "cold": levels(lambda pixels: pixels * np.float32([0.85, 1.0, 1.15])),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "saturation 2.5": lambda image: ImageEnhance.Color(image).enhance(2.5),
    "saturation 0.3": lambda image: ImageEnhance.Color(image).enhance(0.3),
    "patch, middle": patched(0.33, 0.33, 0.34, 0.34, (20, 90, 200)),
    "patch, corner": patched(0.66, 0.66, 0.34, 0.34, (250, 250, 250)),
    "stripe across": patched(0.0, 0.45, 1.0, 0.11, (220, 30, 40)),
    "stripe down": patched(0.2, 0.0, 0.11, 1.0, (0, 0, 0)),
    "face, middle": smiling(0.5, 0.5, 0.4),
    "face, corner": smiling(0.8, 0.25, 0.36),
    "ribbon": slanted,
    "meme above": meme("above"),
    "meme below": meme("below"),
    "meme, both": meme("above", "below", share=0.16),
    "letters": lettered,
    "marks all over": tiled,
    "round corners": rounded,
    "telephone": status_bar,
    "frame, red 8 %": lambda image: ImageOps.expand(image, image.width // 12, (180, 30, 40)),
    "card": lambda image: ImageOps.expand(image, (image.width // 20,) * 3 + (image.height // 4,), (245, 240, 230)),
    "padded to a square": lambda image: ImageOps.pad(image, (max(image.size),) * 2, color="white"),
    "crop 12 %": cut(0.06, 0.06, 0.06, 0.06),
    "crop 20 %": cut(0.1, 0.1, 0.1, 0.1),
    "left 10 % cut": cut(0.1, 0, 0, 0),
    "bottom 10 % cut": cut(0, 0, 0, 0.1),
    "corner 10 % cut": cut(0.1, 0.1, 0, 0),
    "rotated 1°": turned(1),
    "rotated 3°": turned(-3),
    "12 % wider": lambda image: image.resize((int(image.width * 1.12), image.height)),
    "mirrored, grey": lambda image: ImageOps.mirror(image.convert("L").convert("RGB")),
    "half turn, dark": lambda image: gain(0.5)(image.transpose(Image.Transpose.ROTATE_180)),  # type: ignore[arg-type]
    "blur 3 px": lambda image: image.filter(ImageFilter.GaussianBlur(3)),
    "noise": noisy,
    "mosaic": mosaic,
    "sharpened": lambda image: image.filter(ImageFilter.UnsharpMask(4, 250, 2)),
    "48 px": lambda image: ImageOps.contain(image, (48, 48)),
    "PNG": lambda image: encoded(image, "PNG", compress_level=1),
    "PNG, 32 colours": lambda image: encoded(image.quantize(32), "PNG"),
    "WebP, quality 50": lambda image: encoded(image, "WEBP", quality=50, method=0),
    "WebP, lossless": lambda image: encoded(image, "WEBP", lossless=True, quality=0, method=0),
    "GIF": lambda image: encoded(image.quantize(128), "GIF"),
    "JPEG, quality 5": lambda image: encoded(image, quality=5),
}
"""By name."""


def as_file(made: Image.Image | bytes) -> bytes:
    """What an edit made, as a file."""
    return made if isinstance(made, bytes) else encoded(made.convert("RGB"), quality=88)
