#!/usr/bin/env python3
"""What ``--thorough`` says of drawings that are alike and are no copies, and of true copies of the same drawings.

    benchmarks/thorough.py DIR... [--edits N] [--seed S] [--sheet FOLDER] [--jobs N]

DIR: a folder in which every picture is its own, as ``benchmarks/drawings.py`` makes them; packages of a distribution
have more: manuals with windows, games, flags, sheet music. Of each are printed the pairs that hashes leave apart and
the shortlist proposes, how many of them are said to be copies, and how many to be parts; of ``--edits`` pictures, by
lot, which share of their edits is found by hashes, and with local features as well. ``--sheet`` draws the pairs that
are said to be copies, for a person to judge: some are copies indeed.
"""

import argparse
import io
import os
import random
from collections import Counter
from collections.abc import Callable, Mapping
from multiprocessing import Pool
from multiprocessing.pool import Pool as Workers
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from synsift.dedupe import Fingerprint, ImageError, Kind, Matcher, Tie, cluster, describe, fingerprint, relate
from synsift.dedupe.local.features import Features
from synsift.dedupe.local.shortlist import Shortlist

_PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif")
_SAME: Final = (Tie.COPY, Tie.PART_OF, Tie.CONTAINS)
# Below it icons are too small to be worked on; above it, too slow.
_LEAST_SIDE_PX: Final = 100
_MOST_PX: Final = 6_000_000

Edit = Callable[[Image.Image], Image.Image]


class Pair(NamedTuple):
    """Two pictures, and what one is said to be to the other."""

    one: Path
    other: Path
    tie: Tie


def part(image: Image.Image, share: float) -> Image.Image:
    """What is left if so much is cut off at every side."""
    x, y = round(image.width * share), round(image.height * share)
    return image.crop((x, y, image.width - x, image.height - y))


def sized(image: Image.Image, scale: float) -> Image.Image:
    """Made larger or smaller."""
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def captioned(image: Image.Image) -> Image.Image:
    """A line below."""
    height = max(16, image.height // 8)
    out = ImageOps.expand(image, (0, 0, 0, height), "white")
    place = (image.width // 2, image.height + height // 2)
    ImageDraw.Draw(out).text(place, "as it was found", fill="black", font_size=0.6 * height, anchor="mm")
    return out


def turned(image: Image.Image, angle: float) -> Image.Image:
    """Rotated, with black corners."""
    return image.rotate(angle, Image.Resampling.BICUBIC, expand=True)


def covered(image: Image.Image) -> Image.Image:
    """A disc over a tenth of it: of drawings that is another state, as nobody could tell."""
    out, radius, (x, y) = image.copy(), min(image.size) // 6, (image.width // 3, image.height // 2)
    box = (x - radius, y - radius, x + radius, y + radius)
    ImageDraw.Draw(out).ellipse(box, fill="#ffcc00", outline="black", width=max(2, radius // 10))
    return out


EDITS: Final[Mapping[str, tuple[Edit, int | None]]] = {
    "quality 30": (lambda image: image, 30),
    "quality 60": (lambda image: image, 60),
    "quality 95": (lambda image: image, 95),
    "half the size": (lambda image: sized(image, 0.5), None),
    "half, quality 40": (lambda image: sized(image, 0.5), 40),
    "a third": (lambda image: sized(image, 0.34), None),
    "5 % off each side": (lambda image: part(image, 0.05), None),
    "10 % off each side": (lambda image: part(image, 0.1), None),
    "turned by 5°": (lambda image: turned(image, 5), None),
    "turned by 15°": (lambda image: turned(image, 15), None),
    "framed": (lambda image: ImageOps.expand(image, max(4, image.width // 12), "#336699"), None),
    "captioned": (captioned, None),
    "brighter": (lambda image: ImageEnhance.Brightness(image).enhance(1.4), None),
    "darker": (lambda image: ImageEnhance.Brightness(image).enhance(0.6), None),
    "grey": (ImageOps.grayscale, None),
    "blurred": (lambda image: image.filter(ImageFilter.GaussianBlur(2)), None),
    "washed out": (lambda image: Image.blend(image, Image.new("RGB", image.size, "white"), 0.5), None),
    "mirrored": (ImageOps.mirror, None),
    "covered by a disc": (covered, None),
}
"""Each edit, and as JPEG of which quality it is kept; else as PNG."""


def as_file(image: Image.Image, quality: int | None = None) -> bytes:
    """The bytes of a picture."""
    target = io.BytesIO()
    if quality is None:
        image.save(target, "PNG")
    else:
        image.save(target, "JPEG", quality=quality)
    return target.getvalue()


def on_white(path: Path) -> Image.Image:
    """A picture, what is transparent over white."""
    with Image.open(path) as opened:
        image = opened.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def try_read(path: Path) -> Fingerprint | None:
    """A fingerprint, if it is a picture of some size."""
    try:
        with Image.open(path) as opened:
            if max(opened.size) < _LEAST_SIDE_PX or opened.width * opened.height > _MOST_PX:
                return None
        return fingerprint(path)
    except (ImageError, OSError):
        return None


def tie_of(pair: tuple[Features, Features]) -> Tie:
    """What the first is to the second."""
    return relate(*pair).tie


def found(path: Path) -> list[tuple[str, bool, bool]]:
    """Of each edit of a picture, whether hashes find it, and whether anything does."""
    image = on_white(path)
    data = as_file(image)
    of, features = fingerprint(data), describe(data)
    answers = []
    for name, (edit, quality) in EDITS.items():
        copy = as_file(edit(image), quality)
        matcher = Matcher()
        matcher.add(of)
        by_hash = matcher.match(fingerprint(copy)).kind in (Kind.NEAR, Kind.EXACT)
        answers.append((name, by_hash, by_hash or tie_of((describe(copy), features)) in _SAME))
    return answers


def ties(leads: list[Path], workers: Workers) -> tuple[int, list[Pair]]:
    """How many pairs are proposed among pictures, and those that are said to be the same, or parts."""
    known = workers.map(describe, leads, chunksize=8)
    shortlist = Shortlist()
    for features in known:
        shortlist.add(features)
    proposed = {
        (min(one, other), max(one, other))
        for one, features in enumerate(known)
        for other in shortlist.propose(features)
        if one != other
    }
    pairs = sorted(proposed)
    told = workers.map(tie_of, [(known[one], known[other]) for one, other in pairs], chunksize=32)
    same = [Pair(leads[one], leads[other], tie) for (one, other), tie in zip(pairs, told, strict=True) if tie in _SAME]
    return len(pairs), same


def draw(pairs: list[Pair], target: Path) -> None:
    """A sheet of pairs."""
    side, columns = 150, 4
    rows = -(-len(pairs) // columns)
    sheet = Image.new("RGB", (columns * (2 * side + 12), rows * (side + 16)), "#888888")
    pen = ImageDraw.Draw(sheet)
    for number, pair in enumerate(pairs):
        x, y = number % columns * (2 * side + 12), number // columns * (side + 16)
        for place, path in enumerate((pair.one, pair.other)):
            image = on_white(path)
            image.thumbnail((side, side))
            sheet.paste(image, (x + place * (side + 2), y))
        pen.text((x, y + side), f"{pair.one.stem[-24:]} {pair.other.stem[-24:]}", fill="white", font_size=10)
    sheet.save(target)


def main() -> None:
    """Look through each folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--edits", type=int, default=0, metavar="N", help="pictures of each folder to edit")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--sheet", type=Path, metavar="FOLDER")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311 - chooses pictures
    total, by_edit = Counter[str](), {name: Counter[str]() for name in EDITS}
    with Pool(options.jobs) as workers:
        for folder in options.folders:
            paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _PICTURES)
            prints = zip(paths, workers.map(try_read, paths, chunksize=8), strict=True)
            images = {path: image for path, image in prints if image is not None and not image.is_plain}
            leads = [group.name for group in cluster(images).groups]
            proposed, same = ties(leads, workers)
            copies = [pair for pair in same if pair.tie is Tie.COPY]
            total += Counter(proposed=proposed, copies=len(copies), parts=len(same) - len(copies))
            print(
                f"{folder.name:32s}{len(images):5d} pictures, {len(leads):5d} apart, {proposed:6d} pairs proposed, "
                f"{len(copies):4d} copies, {len(same) - len(copies):4d} parts",
                flush=True,
            )
            if copies and options.sheet:
                options.sheet.mkdir(parents=True, exist_ok=True)
                draw(copies[:80], options.sheet / f"{folder.name}.png")
            some = rng.sample(leads, min(options.edits, len(leads)))
            for name, by_hash, by_any in (
                answer for answers in workers.map(found, some, chunksize=1) for answer in answers
            ):
                by_edit[name] += Counter(all=1, hashes=by_hash, found=by_any)
    print(f"{total['proposed']} pairs proposed, {total['copies']} said to be copies, {total['parts']} parts")
    for name, counts in by_edit.items() if options.edits else ():
        print(f"{name:20s}{counts['hashes'] / counts['all']:7.3f}{counts['found'] / counts['all']:7.3f}")


if __name__ == "__main__":
    main()
