#!/usr/bin/env python3
"""Copies planted under other synsets: how many are found, what is found beside them, and what a picture costs.

    benchmarks/conflicts.py --photos DIR [--edits 6]

Each photograph of DIR stands under a synset of its own. Under another synset it stands once more as the same bytes, and
as so many near copies; the peer looks for them by imagehash's phash (64 bits, distance up to 9), every picture with
every other, as scripts do. Prints recall of exact and near copies, false pairs, and milliseconds a picture of both.
"""

import argparse
import io
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image, ImageOps

from synsift.dedupe import Fingerprint, fingerprint
from synsift.dedupe.across import crossings

_RADIUS = 9


def jpeg(image: Image.Image, quality: int = 85) -> bytes:
    """A file."""
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return data.getvalue()


def cropped(image: Image.Image, share: float) -> Image.Image:
    """Without a share of each side."""
    width, height = image.size
    return image.crop((int(width * share), int(height * share), int(width * (1 - share)), int(height * (1 - share))))


EDITS: dict[str, Callable[[Image.Image], bytes]] = {
    "half the size": lambda image: jpeg(image.resize((image.width // 2, image.height // 2))),
    "quality 50": lambda image: jpeg(image, 50),
    "cropped by 5 %": lambda image: jpeg(cropped(image, 0.05)),
    "mirrored": lambda image: jpeg(ImageOps.mirror(image)),
    "grey": lambda image: jpeg(image.convert("L")),
    "framed": lambda image: jpeg(ImageOps.expand(image, image.width // 20, "white")),
}


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--edits", type=int, default=len(EDITS))
    arguments = parser.parse_args()
    pictures: list[tuple[str, Fingerprint]] = []
    names: dict[str, tuple[str, str]] = {}
    phashes: list[np.ndarray] = []
    files: list[Path] = sorted(path for path in arguments.photos.iterdir() if path.is_file())
    for number, path in enumerate(files):
        image = Image.open(path).convert("RGB")
        data = jpeg(image)
        made = {"exact": data, **{name: edit(image) for name, edit in islice(EDITS.items(), arguments.edits)}}
        for kind, copy in {"": data, **made}.items():
            found = fingerprint(copy)
            scope = f"s{number}" if not kind else f"s{(number * 7 + len(pictures)) % len(files)}x"
            pictures.append((scope, found))
            names.setdefault(found.sha256, (path.name, kind or "exact"))
            phashes.append(imagehash.phash(Image.open(io.BytesIO(copy))).hash.ravel())
    begun = time.perf_counter()
    found = list(crossings(pictures))
    ours_s = time.perf_counter() - begun
    begun = time.perf_counter()
    bits = np.stack(phashes)
    peer = [np.flatnonzero((bits[:at] != bits[at]).sum(1) <= _RADIUS) for at in range(len(bits))]
    peer_s = time.perf_counter() - begun
    report(names, pictures, [(one.sha256, one.other_sha256) for one in found], peer)
    each_ms = [1e3 * seconds / len(pictures) for seconds in (ours_s, peer_s)]
    print(f"{len(pictures)} pictures: {each_ms[0]:.2f} ms a picture, peer {each_ms[1]:.2f}")


def report(
    names: dict[str, tuple[str, str]],
    pictures: list[tuple[str, Fingerprint]],
    found: list[tuple[str, str]],
    peer: list[np.ndarray],
) -> None:
    """Print what was found of each kind: a copy counts as found if it crosses any picture of its photograph."""
    theirs = [(pictures[at][1].sha256, pictures[other][1].sha256) for at, near in enumerate(peer) for other in near]
    for who, pairs in (("synsift", found), ("phash", theirs)):
        right = {name for pair in pairs if names[pair[0]][0] == names[pair[1]][0] for name in pair}
        wrong = {frozenset(pair) for pair in pairs if names[pair[0]][0] != names[pair[1]][0]}
        kinds: dict[str, list[bool]] = {}
        for sha256, (_, kind) in names.items():
            kinds.setdefault(kind, []).append(sha256 in right)
        shares = ", ".join(f"{kind} {sum(hits) / len(hits):.3f}" for kind, hits in kinds.items())
        near = [hit for kind, hits in kinds.items() if kind != "exact" for hit in hits]
        print(f"{who}: near {sum(near) / len(near):.4f}; {shares}; {len(wrong)} false pairs")


if __name__ == "__main__":
    main()
