#!/usr/bin/env python3
"""Make copies that are harder than one edit: two and three edits composed, beside another picture, crops, rotations.

    benchmarks/composed.py PHOTOS OUT --transforms FILE [--count N] [--distractors N] [--composed N] [--seed S]

OUT/originals/<stem>.jpg          N photographs, then others that have no copies
OUT/variants/<stem>__<edit>.jpg   of each of the first N: every single edit, N compositions of two and of three, and
                                  those of ``EXTRA``; for ``benchmarks/local_features.py``
OUT/composed.json                 which edits each composition is made of

FILE is a Python file with a mapping ``TRANSFORMS``: name → a function of an image and of a background, which gives an
image; those of AugLy that the figures of the docs are of need an environment of its own, by whose Python this is run.
Backgrounds are photographs that are neither originals nor in the way of queries.
"""

import argparse
import json
import random
import runpy
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

Edit = Callable[[Image.Image, Image.Image], Image.Image]


def beside(image: Image.Image, other: Image.Image, *, is_below: bool) -> Image.Image:
    """Another picture beside it or below it, or the other way round."""
    size = (image.width, 2 * image.height) if is_below else (2 * image.width, image.height)
    second = (0, image.height) if is_below else (image.width, 0)
    out, places = Image.new("RGB", size), [(0, 0), second]
    random.shuffle(places)
    out.paste(image, places[0])
    out.paste(other.resize(image.size), places[1])
    return out


def cropped(image: Image.Image, share: float) -> Image.Image:
    """A part of it, anywhere; a share of both sides."""
    width, height = int(image.width * share), int(image.height * share)
    x = random.randint(0, image.width - width)  # noqa: S311 - the same pictures every time
    y = random.randint(0, image.height - height)  # noqa: S311
    return image.crop((x, y, x + width, y + height))


def turned(image: Image.Image) -> Image.Image:
    """Rotated by any angle."""
    angle = random.uniform(0, 360)  # noqa: S311 - the same pictures every time
    return image.rotate(angle, Image.Resampling.BICUBIC, expand=True)


EXTRA: Mapping[str, Edit] = {
    "beside": lambda image, other: beside(image, other, is_below=False),
    "below": lambda image, other: beside(image, other, is_below=True),
    "crop40area": lambda image, _: cropped(image, 0.4**0.5),
    "crop40side": lambda image, _: cropped(image, 0.4),
    "rotate45": lambda image, _: image.rotate(45, Image.Resampling.BICUBIC, expand=True),
    "rotate_any": lambda image, _: turned(image),
}


def jobs(single: Mapping[str, Edit], composed: int, seed: str) -> dict[str, list[Edit]]:
    """What to make of one photograph: edits by name, one after the other."""
    chance = random.Random(seed)  # noqa: S311 - the same pictures every time
    found = {name: [edit] for name, edit in {**single, **EXTRA}.items()}
    for number, word in ((2, "two"), (3, "three")):
        for which in range(composed):
            names = chance.sample(sorted(single), number)
            found[f"{word}{which}"] = [single[name] for name in names]
    return found


def main() -> None:
    """Make the folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--transforms", type=Path, required=True, metavar="FILE")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--distractors", type=int, default=100)
    parser.add_argument("--composed", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    single: Mapping[str, Edit] = runpy.run_path(str(wanted.transforms))["TRANSFORMS"]
    photos = sorted(wanted.photos.iterdir())
    random.Random(wanted.seed).shuffle(photos)  # noqa: S311
    last = wanted.count + wanted.distractors
    for name in ("originals", "variants"):
        shutil.rmtree(wanted.out / name, ignore_errors=True)
        (wanted.out / name).mkdir(parents=True)
    for path in photos[:last]:
        shutil.copy(path, wanted.out / "originals" / f"{path.stem}.jpg")
    names_of = {edit: name for name, edit in single.items()}
    made_of: dict[str, list[str]] = {}
    for number, path in enumerate(photos[: wanted.count]):
        image = Image.open(path).convert("RGB")
        ground = Image.open(photos[last:][number % len(photos[last:])]).convert("RGB")
        for name, edits in jobs(single, wanted.composed, f"{wanted.seed}-{number}").items():
            random.seed(f"{wanted.seed}-{number}-{name}")
            np.random.seed(wanted.seed * 10_000 + number)
            copy = image
            for edit in edits:
                copy = edit(copy.copy(), ground.resize(copy.size)).convert("RGB")
            target = wanted.out / "variants" / f"{path.stem}__{name}.jpg"
            copy.save(target, quality=88)
            made_of[target.name] = [names_of.get(edit, name) for edit in edits]
    (wanted.out / "composed.json").write_text(json.dumps(made_of, indent=1))


if __name__ == "__main__":
    main()
