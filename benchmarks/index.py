#!/usr/bin/env python3
"""Matching in one scope: images a second, to judge a new one and to remember it, on one core, as the scope grows.

    benchmarks/index.py [--sizes 1000,10000,100000,1000000,3000000] [--peers 100000] [--crops centre|all]

Fingerprints are made without pictures, with frequencies as photographs have them. At each size a few hundred new images
are judged and remembered, and as many copies of known ones are judged; then all pairs of keys of some queries are
compared by brute force, and must be what the index found. Beside it, on the same hashes: brute force by FAISS
(``IndexBinaryFlat`` of all 256 bits), and up to ``--peers`` a BK-tree (pybktree), if it is installed, with the radius
of 9 bits of 64 that imagehash is used with. Memory is that of the whole process.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import faiss
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fingerprints import fingerprint_rows, random_frequencies
from synsift.dedupe import Fingerprint, Kind, Matcher, MatchOptions
from synsift.dedupe.frequencies import HASH_BYTES, Floats, oriented_hashes
from synsift.dedupe.index import KEY_RADIUS_BITS, HashIndex

_AT_ONCE = 10_000
_NEW = 500
_COPIES = 200
_CHECKED = 20


def fingerprints(rng: np.random.Generator, count: int) -> tuple[list[Fingerprint], Floats]:
    """New ones, and the frequencies that they were made of."""
    frequencies = random_frequencies(rng, count)
    rows = fingerprint_rows(rng, frequencies)
    return [Fingerprint.from_record(row.tobytes()) for row in rows], frequencies


def grow(matcher: Matcher, rng: np.random.Generator, size: int) -> float:
    """Fill a scope without judging; seconds."""
    spent_s = 0.0
    while len(matcher) < size:
        images, _ = fingerprints(rng, min(_AT_ONCE, size - len(matcher)))
        start = time.monotonic()
        for image in images:
            matcher.restore(image)
        spent_s += time.monotonic() - start
    return spent_s


def check(index: HashIndex, image: Fingerprint) -> None:
    """Compare what the index finds with brute force."""
    queries = oriented_hashes(image.view_hashes()[:1]).reshape(-1, HASH_BYTES)
    found = {(near.row, near.number) for near in index.search(queries, radius_bits=256)}
    keys = np.ascontiguousarray(index.hashes()[:, :8]).view(np.uint64).ravel()
    for row, query in enumerate(np.ascontiguousarray(queries[:, :8]).view(np.uint64).ravel()):
        expected = set(np.flatnonzero(np.bitwise_count(keys ^ query) <= KEY_RADIUS_BITS).tolist())
        if expected != {number for other, number in found if other == row}:
            sys.exit("the index is not complete")


def brute_force_ms(index: HashIndex, image: Fingerprint) -> float:
    """FAISS on all 256 bits: ms for the eight orientations of one image."""
    flat = faiss.IndexBinaryFlat(256)
    flat.add(np.ascontiguousarray(index.hashes()))
    queries = np.ascontiguousarray(oriented_hashes(image.view_hashes()[:1]).reshape(-1, HASH_BYTES))
    faiss.omp_set_num_threads(1)
    flat.search(queries, 1)
    start = time.monotonic()
    for _ in range(5):
        flat.search(queries, 1)
    return 200 * (time.monotonic() - start)


def tree_ms(rng: np.random.Generator, size: int) -> float | None:
    """A BK-tree of as many 64-bit hashes, radius 9: ms a query, one orientation."""
    try:
        import pybktree
    except ImportError:
        return None
    hashes = [int(value) for value in rng.integers(0, 1 << 63, size)]
    tree = pybktree.BKTree(lambda a, b: (a ^ b).bit_count(), hashes)
    start = time.monotonic()
    for value in hashes[:5]:
        tree.find(value ^ 5, 9)
    return 200 * (time.monotonic() - start)


def measure(matcher: Matcher, rng: np.random.Generator, size: int, options: argparse.Namespace) -> None:
    """One line of the curve."""
    restored_s = grow(matcher, rng, size)
    images, frequencies = fingerprints(rng, _NEW)
    start = time.monotonic()
    new = sum(matcher.add(image).kind is Kind.NEW for image in images)
    add_s = time.monotonic() - start
    noise = rng.standard_normal(frequencies[:_COPIES].shape).astype(np.float32) * np.abs(frequencies[:_COPIES]) * 0.2
    copies = [Fingerprint.from_record(row.tobytes()) for row in fingerprint_rows(rng, frequencies[:_COPIES] + noise)]
    start = time.monotonic()
    near = sum(matcher.match(image).of == original.sha256 for image, original in zip(copies, images, strict=False))
    match_s = time.monotonic() - start
    index = matcher._lookup._index._close.index  # noqa: SLF001 - what is measured here
    for image in images[:_CHECKED]:
        check(index, image)
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    flat_ms = brute_force_ms(index, images[0])
    tree = tree_ms(rng, size) if size <= options.peers else None
    print(
        f"{size:,d} images, {len(index):,d} hashes: add + query {_NEW / add_s:6,.0f} images/s ({new} of {_NEW} new); "
        f"copies {_COPIES / match_s:6,.0f}/s ({near} of {_COPIES} found); complete; "
        f"remembering alone {1e6 * restored_s / max(1, size):.0f} µs an image; brute force {1000 / flat_ms:,.0f}/s; "
        f"BK-tree, one orientation, {'-' if tree is None else f'{1000 / tree:,.1f}/s'}; peak {memory_mb:,.0f} MB",
        flush=True,
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000,1000000,3000000")
    parser.add_argument("--peers", type=int, default=100_000)
    parser.add_argument("--crops", choices=("centre", "all"), default="centre")
    options = parser.parse_args()
    matcher = Matcher(MatchOptions(all_crops=options.crops == "all"))
    rng = np.random.default_rng(1)
    for size in map(int, options.sizes.split(",")):
        measure(matcher, rng, size, options)


if __name__ == "__main__":
    main()
