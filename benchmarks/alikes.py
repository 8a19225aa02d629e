#!/usr/bin/env python3
"""How many of what is alike is thrown out, and how many copies of it are found, beside phash in the same run.

    benchmarks/alikes.py SETS [--only NAME]... [--copies 20] [--list FILE]

``SETS`` holds a folder a family, as ``benchmarks/families.py`` lays them out, in which every picture is its own. Of
each is printed how many pictures it has, how many are thrown out by ``synsift.cluster`` with its defaults, how many
come within 9 bits of 64 of an earlier one by ``imagehash.phash``; and of eight plain edits of ``--copies`` pictures by
lot, which share is matched to its own picture by each, and how many to another one. ``--list`` writes which are thrown
out, for a person to look at: some are copies indeed.
"""

import argparse
import io
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import imagehash
import numpy as np
from PIL import Image, ImageEnhance

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.edits import cut, encoded
from synsift.dedupe import Fingerprint, ImageError, Matcher, cluster, fingerprint

_RADIUS: Final = 9


def _sized(share: float) -> Callable[[Image.Image], bytes]:
    def apply(image: Image.Image) -> bytes:
        width, height = (max(1, round(side * share)) for side in image.size)
        return encoded(image.resize((width, height), Image.Resampling.LANCZOS), "PNG")

    return apply


EDITS: Final[dict[str, Callable[[Image.Image], bytes]]] = {
    "JPEG 75": lambda image: encoded(image, quality=75),
    "half": _sized(0.5),
    "0.8": _sized(0.8),
    "x1.5": _sized(1.5),
    "cropped": lambda image: encoded(cut(0.015, 0.015, 0.015, 0.015)(image), "PNG"),
    "brighter": lambda image: encoded(ImageEnhance.Brightness(image).enhance(1.15), "PNG"),
    "darker": lambda image: encoded(ImageEnhance.Brightness(image).enhance(0.8), quality=88),
    "WebP": lambda image: encoded(image, "WEBP", quality=80),
}


def phash(data: bytes) -> np.ndarray:
    """As bytes."""
    with Image.open(io.BytesIO(data)) as opened:
        return np.packbits(imagehash.phash(opened.convert("RGB")).hash.ravel())


def read(folder: Path) -> Iterator[tuple[Path, bytes, Fingerprint]]:
    """What can be hashed."""
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        try:
            print_ = fingerprint(data)
        except ImageError:
            continue
        yield path, data, print_


def copies(family: list[tuple[Path, bytes, Fingerprint]], number: int) -> dict[str, tuple[int, int, int, int, int]]:
    """Of each edit: how many, found by us and by phash, matched to another one by us and by phash."""
    matcher = Matcher.of_reference(print_ for _, _, print_ in family)
    stored = np.stack([phash(data) for _, data, _ in family])
    lot = random.Random(38).sample(range(len(family)), min(number, len(family)))  # noqa: S311 - a lot
    found = {}
    for name, edit in EDITS.items():
        ours, theirs, wrong, theirs_wrong = 0, 0, 0, 0
        for one in lot:
            with Image.open(io.BytesIO(family[one][1])) as opened:
                data = edit(opened.convert("RGB"))
            match = matcher.match(fingerprint(data)).of
            ours += match == family[one][2].sha256
            wrong += match not in (None, family[one][2].sha256)
            distances = np.bitwise_count(stored ^ phash(data)).sum(axis=1)
            is_near = int(distances.min()) <= _RADIUS
            theirs += is_near and int(distances.argmin()) == one
            theirs_wrong += is_near and int(distances.argmin()) != one
        found[name] = (len(lot), ours, theirs, wrong, theirs_wrong)
    return found


def thrown_out(family: list[tuple[Path, bytes, Fingerprint]]) -> list[tuple[str, str]]:
    """What is a copy, and of which other one."""
    images = {path.name: print_ for path, _, print_ in family}
    names = {print_.sha256: name for name, print_ in images.items()}
    return [
        (copy.name, names.get(copy.verdict.via or "", group.name))
        for group in cluster(images).groups
        for copy in group.copies
    ]


def main() -> None:
    """Print a line a family."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--only", action="append", metavar="NAME")
    parser.add_argument("--copies", type=int, default=20, metavar="N")
    parser.add_argument("--list", type=Path, metavar="FILE")
    options = parser.parse_args()
    listed, totals = [], np.zeros(5, int)
    by_edit = {name: np.zeros(5, int) for name in EDITS}
    print(f"{'family':18s}{'n':>5s}{'out':>5s}{'phash':>7s}   found phash   to another: ours phash")
    for folder in sorted(options.sets.iterdir()):
        if options.only and folder.name not in options.only:
            continue
        family = list(read(folder))
        out = thrown_out(family)
        listed += [f"{folder.name}\t{one}\t{other}" for one, other in out]
        hashes = np.stack([phash(data) for _, data, _ in family])
        near = sum(
            int((np.bitwise_count(hashes[:number] ^ hashes[number]).sum(axis=1) <= _RADIUS).any())
            for number in range(1, len(hashes))
        )
        line = np.zeros(5, int)
        for name, counted in copies(family, options.copies).items() if options.copies else ():
            by_edit[name] += counted
            line += counted
        totals += line
        share = line / max(1, line[0])
        counts = f"{folder.name:18s}{len(family):5d}{len(out):5d}{near:7d}"
        print(f"{counts}   {share[1]:.3f} {share[2]:.3f}  {line[3]:5d} {line[4]:5d}", flush=True)
    for name, line in [*by_edit.items(), ("all", totals)]:
        share = line / max(1, line[0])
        print(f"{name:18s}{line[0]:5d}            {share[1]:.3f} {share[2]:.3f}  {line[3]:5d} {line[4]:5d}")
    if options.list:
        options.list.write_text("\n".join(listed) + "\n")


if __name__ == "__main__":
    main()
