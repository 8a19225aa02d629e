#!/usr/bin/env python3
"""Recall on copies that are harder than those of the usual lists, beside imagehash.phash.

    benchmarks/recall.py --photos DIR [--draw FILE.png]

Each photograph is copied in every way of ``TRANSFORMS``; each copy is matched against all photographs. Printed for each
transform: the share that is matched to its own photograph, by synsift and by ``imagehash.phash`` within 9 bits of 64
(the radius at which unrelated photographs match once in a million pairs), and copies matched to another one. ``--draw``
draws the transforms that defeat synsift, on pictures that are drawn, too.
"""

import argparse
import io
import sys
from collections.abc import Callable, Mapping
from multiprocessing import Pool
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.edits import lettered
from synsift.dedupe import Fingerprint, Matcher, fingerprint
from tests.dedupe.pictures import scene

_PHASH_RADIUS = 9


def cut(left: float, top: float, right: float, bottom: float) -> Callable[[Image.Image], Image.Image]:
    """Without shares of the sides."""

    def apply(image: Image.Image) -> Image.Image:
        width, height = image.size
        return image.crop((int(width * left), int(height * top), int(width * (1 - right)), int(height * (1 - bottom))))

    return apply


def meme(image: Image.Image) -> Image.Image:
    """A white bar with a line of text above."""
    bar = image.height // 7
    out = ImageOps.expand(image, (0, bar, 0, 0), "white")
    ImageDraw.Draw(out).text((10, bar // 4), "When you see it, you see it", fill="black", font_size=max(8, bar // 3))
    return out


def polaroid(image: Image.Image) -> Image.Image:
    """On a card that is wider below."""
    width, height = image.size
    return ImageOps.expand(image, (width // 20, height // 20, width // 20, height // 4), (245, 240, 230))


def story(image: Image.Image) -> Image.Image:
    """Upright, before a blurred enlargement of itself."""
    height = max(image.height, image.width * 16 // 9)
    ground = image.resize((image.width, height)).filter(ImageFilter.GaussianBlur(25))
    ground.paste(image, (0, (height - image.height) // 2))
    return ground


def warm(image: Image.Image) -> Image.Image:
    """Under a warm light."""
    return Image.fromarray((np.asarray(image) * [1.1, 1.0, 0.85]).clip(0, 255).astype(np.uint8))


def noisy(image: Image.Image) -> Image.Image:
    """With strong noise."""
    pixels = np.asarray(image)
    noise = np.random.default_rng(1).normal(0, 25, pixels.shape)
    return Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))


TRANSFORMS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "crop 15 %": cut(0.075, 0.075, 0.075, 0.075),
    "crop 25 %": cut(0.125, 0.125, 0.125, 0.125),
    "crop 30 %": cut(0.15, 0.15, 0.15, 0.15),
    "crop 40 %": cut(0.2, 0.2, 0.2, 0.2),
    "left 10 % cut": cut(0.1, 0, 0, 0),
    "bottom 15 % cut": cut(0, 0, 0, 0.15),
    "corner 10 % cut": cut(0.1, 0.1, 0, 0),
    "square": lambda image: ImageOps.fit(image, (min(image.size),) * 2),
    "rotated 1°": lambda image: image.rotate(1, Image.Resampling.BICUBIC),
    "rotated 3°": lambda image: image.rotate(3, Image.Resampling.BICUBIC),
    "rotated 3°, whole": lambda image: image.rotate(3, Image.Resampling.BICUBIC, expand=True, fillcolor="white"),
    "rotated 8°": lambda image: image.rotate(8, Image.Resampling.BICUBIC),
    "mirrored, crop 5 %": lambda image: ImageOps.mirror(cut(0.025, 0.025, 0.025, 0.025)(image)),
    "half turn, grey": lambda image: image.transpose(Image.Transpose.ROTATE_180).convert("L"),
    "text above": meme,
    "letters": lettered,
    "card": polaroid,
    "frame 15 %": lambda image: ImageOps.expand(image, image.width * 15 // 100, "black"),
    "frame, red": lambda image: ImageOps.expand(image, image.width // 20, (180, 30, 40)),
    "blurred ground": story,
    "warm": warm,
    "sepia": lambda image: ImageOps.colorize(image.convert("L"), "#2b1a08", "#fff2d8"),
    "dark": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "bright": lambda image: ImageEnhance.Brightness(image).enhance(1.4),
    "levels stretched": lambda image: ImageOps.autocontrast(image, cutoff=2),
    "equalised": ImageOps.equalize,
    "negative": ImageOps.invert,
    "posterised": lambda image: ImageOps.posterize(image, 3),
    "blur 4 px": lambda image: image.filter(ImageFilter.GaussianBlur(4)),
    "noise": noisy,
    "20 % wider": lambda image: image.resize((image.width * 6 // 5, image.height)),
    "25 % flatter": lambda image: image.resize((image.width, image.height * 3 // 4)),
    "64 px": lambda image: ImageOps.contain(image, (64, 64)),
    "32 px": lambda image: ImageOps.contain(image, (32, 32)),
}


def encoded(image: Image.Image, quality: int = 85) -> bytes:
    """As JPEG."""
    data = io.BytesIO()
    image.convert("RGB").save(data, "JPEG", quality=quality)
    return data.getvalue()


def seen(data: bytes) -> tuple[Fingerprint, int]:
    """A fingerprint, and the hash of imagehash."""
    with Image.open(io.BytesIO(data)) as image:
        return fingerprint(data), int(str(imagehash.phash(image)), 16)


def work(photo: Path) -> tuple[tuple[Fingerprint, int], dict[str, tuple[Fingerprint, int]]]:
    """A photograph, and all its copies."""
    data = photo.read_bytes()
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    return seen(data), {name: seen(encoded(transform(image))) for name, transform in TRANSFORMS.items()}


def measure(photos: list[Path]) -> None:
    """Print the table."""
    with Pool() as pool:
        found = pool.map(work, photos, chunksize=4)
    matcher = Matcher.of_reference(original for (original, _), _ in found)
    hashes = [phash for (_, phash), _ in found]
    means = np.zeros(2)
    for name in TRANSFORMS:
        right, wrong, theirs, theirs_wrong = 0, 0, 0, 0
        for number, ((original, _), copies) in enumerate(found):
            image, phash = copies[name]
            match = matcher.match(image).of
            right += match == original.sha256
            wrong += match not in (None, original.sha256)
            distances = [(phash ^ other).bit_count() for other in hashes]
            nearest = int(np.argmin(distances))
            if distances[nearest] <= _PHASH_RADIUS:
                theirs += nearest == number
                theirs_wrong += nearest != number
        means += np.array([right, theirs]) / len(photos) / len(TRANSFORMS)
        print(
            f"{name:20s} synsift {right / len(photos):.3f} ({wrong} wrong)   "
            f"imagehash.phash {theirs / len(photos):.3f} ({theirs_wrong} wrong)"
        )
    print(f"{'mean':20s} synsift {means[0]:.3f}             imagehash.phash {means[1]:.3f}")


def draw(target: Path) -> None:
    """Draw what defeats synsift, with the share of drawn pictures that it misses."""
    pictures = [scene(seed) for seed in range(40)]
    matcher = Matcher.of_reference(fingerprint(encoded(picture)) for picture in pictures)
    missed = {}
    for name, transform in TRANSFORMS.items():
        share = np.mean([matcher.match(fingerprint(encoded(transform(picture)))).of is None for picture in pictures])
        if share >= 0.2:
            missed[name] = float(share)
    columns = 4
    rows = 1 + len(missed) // columns
    sheet = Image.new("RGB", (columns * 200, rows * 200), "white")
    pen = ImageDraw.Draw(sheet)
    tiles = [("the original", None), *sorted(missed.items(), key=lambda item: -item[1])]
    for number, (name, value) in enumerate(tiles):
        image = pictures[3] if value is None else TRANSFORMS[name](pictures[3]).convert("RGB")
        x, y = number % columns * 200, number // columns * 200
        small = ImageOps.contain(image, (184, 150))
        sheet.paste(small, (x + 8, y + 8))
        pen.text((x + 8, y + 166), name if value is None else f"{name}: {value:.0%} missed", fill="black", font_size=13)
    sheet.save(target, optimize=True)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--draw", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.photos:
        measure(sorted(path for path in options.photos.iterdir() if path.suffix.lower() in (".jpg", ".jpeg")))
    if options.draw:
        draw(options.draw)


if __name__ == "__main__":
    main()
