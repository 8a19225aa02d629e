#!/usr/bin/env python3
"""What the eye finds and what it takes for a copy wrongly, beside phash and PDQ in the same run.

    benchmarks/copies.py [--photos DIR] [--half tune|report|all] [--made DIR]... [--set DIR]... [--pairs FILE.html]

``--photos``: every photograph under every edit of ``benchmarks/edits.py``. ``--made``: a folder with ``originals`` and
``variants``, whose files are called ``<original>__<edit>``, as other programs make them. Of each edit is printed which
share is matched to its own photograph, by synsift, by ``imagehash.phash`` within 9 bits of 64 and by PDQ within 31 of
256 (if ``pdqhash`` is installed); and how many are matched to another one. ``--set``: a folder in which every picture
is its own: how many are thrown out. ``--pairs`` draws these pairs for a person to judge: some are copies indeed.

Half of the photographs are for choosing thresholds, the other half for what is reported: by turns, in the order of
their names.
"""

import argparse
import base64
import io
import sys
from collections import defaultdict
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

import imagehash
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.edits import UNSEEN, as_file, encoded
from synsift.dedupe import Fingerprint, ImageError, Matcher, cluster, fingerprint

try:
    import pdqhash
except ImportError:
    pdqhash = None

_RADII = (9, 31)
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif")


class Seen(NamedTuple):
    """What each tool keeps of a picture."""

    ours: Fingerprint
    phash: bytes
    pdq: bytes


def see(data: bytes) -> Seen:
    """A picture, as each tool sees it."""
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    pdq = b""
    if pdqhash is not None:
        pdq = np.packbits(pdqhash.compute(np.asarray(image))[0]).tobytes()
    return Seen(fingerprint(data), np.packbits(imagehash.phash(image).hash.ravel()).tobytes(), pdq)


def work(photo: Path) -> tuple[Seen, dict[str, Seen]]:
    """A photograph, and all its copies."""
    data = photo.read_bytes()
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    return see(data), {name: see(as_file(edit(image))) for name, edit in UNSEEN.items()}


def work_made(files: tuple[Path, list[Path]]) -> tuple[Seen, dict[str, Seen]]:
    """The same, of files that are there."""
    original, copies = files
    return see(original.read_bytes()), {path.stem.split("__")[1]: see(path.read_bytes()) for path in copies}


def nearest(query: bytes, known: np.ndarray, radius: int) -> int | None:
    """Number of the nearest hash within a radius."""
    distances = np.bitwise_count(known ^ np.frombuffer(query, np.uint8)).sum(axis=1)
    found = int(distances.argmin())
    return found if distances[found] <= radius else None


class Score:
    """Right and wrong matches of the tools."""

    def __init__(self, found: list[tuple[Seen, dict[str, Seen]]]) -> None:
        self._found = found
        self._matcher = Matcher.of_reference(original.ours for original, _ in found)
        self._number = {original.ours.sha256: number for number, (original, _) in enumerate(found)}
        self._hashes = [
            np.stack([np.frombuffer(original[which], np.uint8) for original, _ in found]) for which in (1, 2)
        ]

    def of(self, name: str) -> tuple[int, list[int], list[int]]:
        """Of an edit: how many copies, how many are matched rightly, and how many wrongly, by each tool."""
        right, wrong, count = [0, 0, 0], [0, 0, 0], 0
        for number, (_, copies) in enumerate(self._found):
            if name not in copies:
                continue
            count += 1
            copy = copies[name]
            match = self._matcher.match(copy.ours).of
            answers = [None if match is None else self._number[match]]
            answers += [
                nearest(copy[1 + which], self._hashes[which], _RADII[which]) if copy[1 + which] else None
                for which in (0, 1)
            ]
            for tool, answer in enumerate(answers):
                right[tool] += answer == number
                wrong[tool] += answer not in (None, number)
        return count, right, wrong

    def show(self, what: str) -> None:
        """Print a table."""
        names = list(dict.fromkeys(name for _, copies in self._found for name in copies))
        print(f"\n{what}: {len(self._found)} pictures\n{'':24s}synsift   phash     PDQ   wrong")
        means, all_wrong, behind = [], np.zeros(3, int), []
        for name in names:
            count, right, wrong = self.of(name)
            shares = [one / count for one in right]
            means.append(shares)
            all_wrong += wrong
            if shares[1] > shares[0]:
                behind.append(name)
            print(f"{name:24s}{shares[0]:7.3f} {shares[1]:7.3f} {shares[2]:7.3f}   {' '.join(map(str, wrong))}")
        ours, phash, pdq = np.mean(means, axis=0)
        print(f"{'mean':24s}{ours:7.4f} {phash:7.4f} {pdq:7.4f}   {' '.join(map(str, all_wrong))}")
        print(f"phash finds more of: {', '.join(behind) or 'none'}", flush=True)


def boxes_of(photo: Path) -> tuple[bool, bool]:
    """Whether PNG and WebP of a JPEG are trimmed as it is."""
    with Image.open(photo) as opened:
        image = opened.convert("RGB")
    borders = [
        np.frombuffer(fingerprint(data).evidence[:4], np.uint8).astype(int)
        for data in (encoded(image, quality=85), encoded(image, "PNG"), encoded(image, "WEBP", quality=80))
    ]
    one, two = (bool(np.abs(borders[0] - other).max() <= 1) for other in borders[1:])
    return one, two


def try_read(path: Path) -> Fingerprint | None:
    """A fingerprint, if it is a picture."""
    try:
        return fingerprint(path.read_bytes())
    except ImageError:
        return None


def thrown_out(folder: Path, pool: "Pool") -> Iterator[tuple[Path, Path, str]]:  # type: ignore[valid-type]
    """Pairs of what is thrown out of a set in which every picture is its own."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _PICTURES]
    images = {path: image for path, image in zip(paths, pool.map(try_read, paths, chunksize=16), strict=True) if image}
    of = {}
    for path, image in images.items():
        of.setdefault(image.sha256, path)
    pairs = [
        (copy.name, of[copy.verdict.via or ""], copy.verdict.transform or "")
        for group in cluster(images).groups
        for copy in group.copies
        if copy.verdict.via
    ]
    plain = sum(image.is_plain for image in images.values())
    share = len(pairs) / max(1, len(images))
    print(f"{folder.name:24s}{len(pairs):5d} of {len(images):5d} thrown out ({share:.1%}), {plain} plain", flush=True)
    return iter(pairs)


def draw(pairs: dict[str, list[tuple[Path, Path, str]]], target: Path) -> None:
    """A page of pairs."""
    with target.open("w") as page:
        for name, found in pairs.items():
            page.write(f"<h2>{name}: {len(found)}</h2>")
            for one, other, how in found:
                page.write("<span style='display:inline-block;margin:4px;font:9px sans-serif;width:170px'>")
                for path in (other, one):
                    with Image.open(path) as opened:
                        image = opened.convert("RGBA")
                    image.thumbnail((80, 80))
                    ground = Image.new("RGBA", image.size, "white")
                    data = base64.b64encode(encoded(Image.alpha_composite(ground, image).convert("RGB"), "PNG"))
                    page.write(f"<img src='data:image/png;base64,{data.decode()}'> ")
                page.write(f"<br>{other.stem[:22]} {one.stem[:22]} {how}</span>")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--half", choices=("tune", "report", "all"), default="report")
    parser.add_argument("--made", type=Path, action="append", default=[])
    parser.add_argument("--set", type=Path, action="append", default=[])
    parser.add_argument("--pairs", type=Path, metavar="FILE")
    options = parser.parse_args()
    half = {"tune": slice(0, None, 2), "report": slice(1, None, 2), "all": slice(None)}[options.half]
    with Pool() as pool:
        if options.photos:
            photos = sorted(path for path in options.photos.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))[half]
            Score(pool.map(work, photos, chunksize=2)).show(f"{options.photos.name}, unseen edits")
            same = np.mean(pool.map(boxes_of, photos, chunksize=4), axis=0)
            print(f"trimmed as the JPEG is: PNG {same[0]:.3f}, WebP {same[1]:.3f}")
        for made in options.made:
            copies = defaultdict(list)
            for path in sorted((made / "variants").iterdir()):
                copies[path.stem.split("__")[0]].append(path)
            originals = sorted((made / "originals").iterdir())
            tasks = [(path, copies[path.stem]) for path in originals]
            Score(pool.map(work_made, tasks, chunksize=2)).show(made.name)
        pairs = {folder.name: list(thrown_out(folder, pool)) for folder in options.set}
    if options.pairs:
        draw(pairs, options.pairs)


if __name__ == "__main__":
    main()
