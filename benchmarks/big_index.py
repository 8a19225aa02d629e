#!/usr/bin/env python3
"""The index on disk (``dedupe.many``) in one scope, as it grows to ten million pictures and 1.4 × 10^8 hashes.

    benchmarks/big_index.py [--sizes 10000,100000,1000000,10000000] [--queries N] [--crops all|centre] [--dir DIR]

Fingerprints are made without pictures, with frequencies as photographs have them; of more than ``--made`` (200,000) the
others are the same ones with random bits of their hashes changed, all hashes of a picture alike, as making ten million
would take an hour. The last of them are judged: half are new, half are copies of known ones. Printed for each size: CPU
seconds of making the lists; judged a second of CPU time of one core, look-ups and second looks together, at first and
when what they need has been read once, and how many copies were found; anonymous memory of a process that has the index
open and has judged, beyond what it had before; bytes on disk. Then what the index found for some queries is compared
with all keys, which must be the same; and beside it, for the same queries, FAISS compares all keys
(``IndexBinaryFlat``, 64 bits, the radius that the index has), and ``IndexBinaryMultiHash`` (three parts of 21 bits, two
flipped) where its memory allows.
"""

import argparse
import ctypes
import gc
import sys
import time
from pathlib import Path
from typing import Any

import faiss
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fingerprints import fingerprint_rows, random_frequencies
from synsift.dedupe import MatchOptions
from synsift.dedupe.fingerprint import RECORD
from synsift.dedupe.frequencies import HASH_BYTES
from synsift.dedupe.index import CLOSE, WIDE
from synsift.dedupe.many.foresight import Foresight, at_once
from synsift.dedupe.many.lookup import FLAT, HAS_FLAT, HASHES, USED, ManyLookup, ManyMaking, Piece
from synsift.dedupe.many.prints import FINE_BEGINS, FINES, ROWS, Prints
from synsift.dedupe.many.turns import LEFT_OUT, Turns
from synsift.pipelines.folders.room import NewRoom

_AT_ONCE = 8_192
_PEER_PICTURES = 16
_MOST_OF_PEER = 20_000_000


def anonymous_mb() -> float:
    """Memory of this process that is no file's."""
    text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Anonymous:")) / 1024


def make_rows(rng: np.random.Generator, rows: Any, made: int, queries: int) -> None:  # noqa: ANN401 - of fingerprints
    """Fingerprints of the first pictures; and of the last ones, new and copies of the first in turns."""
    first = random_frequencies(rng, queries)
    rows[:queries] = fingerprint_rows(rng, first)
    for begin in range(queries, made, _AT_ONCE):
        rows[begin : min(begin + _AT_ONCE, made)] = fingerprint_rows(
            rng, random_frequencies(rng, min(_AT_ONCE, made - begin))
        )
    last = random_frequencies(rng, queries)
    noise = rng.standard_normal(first.shape).astype(np.float32) * np.abs(first) * 0.2
    last[1::2] = (first + noise)[1::2]
    rows[-queries:] = fingerprint_rows(rng, last)


def make_hashes(rng: np.random.Generator, making: ManyMaking, room: NewRoom, made: int, queries: int) -> None:
    """Hashes: of those that were made; of the others the same with random bits changed."""
    making.begin()
    for begin in range(0, made, _AT_ONCE):
        making.make(Piece("hashes", begin, min(begin + _AT_ONCE, made)))
    hashes, used, flat, has_flat = (room.get(name) for name in (HASHES, USED, FLAT, HAS_FLAT))
    size = len(hashes)
    making.make(Piece("hashes", size - queries, size))
    for begin in range(made, size - queries, _AT_ONCE):
        end = min(begin + _AT_ONCE, size - queries)
        first = begin % max(1, made - _AT_ONCE)
        source = slice(first, first + end - begin)
        mask = rng.integers(0, 256, (end - begin, HASH_BYTES), dtype=np.uint8)
        hashes[begin:end] = hashes[source] ^ mask[:, None]
        flat[begin:end] = flat[source] ^ mask
        used[begin:end], has_flat[begin:end] = used[source], has_flat[source]


def make_turns(room: NewRoom, size: int) -> Turns:
    """Each picture in its order, and none twice."""
    order = room.make("order", np.int64, (size,))
    same, first, last = (room.make(name, np.int32, (size,)) for name in ("same-bytes", "first-turns", "last-turns"))
    order[:] = same[:] = first[:] = last[:] = np.arange(size)
    room.make(LEFT_OUT, np.bool_, (size,))
    return Turns(order, first, last, same)


def by_brute_force(
    room: NewRoom,
    sought: Any,  # noqa: ANN401 - hashes
    names: tuple[str, str],
    radius_bits: int,
) -> tuple[set[tuple[int, int]], float]:
    """Queries and hashes whose keys are near, by comparing all, and the CPU seconds of that, by FAISS."""
    hashes, used = (room.get(name) for name in names)
    queries = np.ascontiguousarray(sought[:, :8])
    found, spent_s, views = set[tuple[int, int]](), 0.0, used[:1].size
    for begin in range(0, len(hashes), 100_000):
        numbers = np.flatnonzero(used[begin : begin + 100_000])
        index = faiss.IndexBinaryFlat(64)
        index.add(np.ascontiguousarray(hashes[begin : begin + 100_000].reshape(-1, HASH_BYTES)[numbers, :8]))
        start_s = time.process_time()
        ends, _, places = index.range_search(queries, radius_bits + 1)
        spent_s += time.process_time() - start_s
        rows = np.arange(len(queries)).repeat(np.diff(ends.astype(np.int64)))
        found |= set(zip(rows.tolist(), (numbers[places] + begin * views).tolist(), strict=True))
        room.release()
    return found, spent_s


def multi_hash_s(room: NewRoom, sought: Any) -> float | None:  # noqa: ANN401 - hashes
    """CPU seconds of FAISS's own multi-index hashing, in memory; None where there are too many."""
    hashes, used = room.get(HASHES), room.get(USED)
    if used.size > _MOST_OF_PEER:
        return None
    index = faiss.IndexBinaryMultiHash(64, 3, 21)
    index.nflip = 2
    index.add(np.ascontiguousarray(hashes[used][:, :8]))
    queries = np.ascontiguousarray(sought[:, :8])
    start_s = time.process_time()
    index.range_search(queries, CLOSE.radius_bits + 1)
    return time.process_time() - start_s


def judge(foresight: Foresight, numbers: Any) -> tuple[float, Any]:  # noqa: ANN401 - numbers of pictures
    """CPU seconds of judging some pictures, and what was seen of them."""
    start_s = time.process_time()
    seen = foresight.of(numbers)
    return time.process_time() - start_s, seen.looks


def compare(room: NewRoom, lookup: ManyLookup, numbers: Any) -> str:  # noqa: ANN401 - numbers of pictures
    """Look keys up in three ways; the index has to find what comparing all finds."""
    some = numbers[np.linspace(0, len(numbers) - 1, _PEER_PICTURES).astype(int)]
    batch = lookup.batch_of(some)
    sought = batch.sought(0, len(batch))
    many = lookup.batch_of(numbers)
    sought_by_many = many.sought(0, len(many))
    said = []
    for what, hashes, all_hashes, near, names, reach in (
        ("keys", sought.close.hashes, sought_by_many.close.hashes, lookup.near_keys, (HASHES, USED), CLOSE),
        ("flat keys", sought.flat.hashes, sought_by_many.flat.hashes, lookup.near_flat_keys, (FLAT, HAS_FLAT), WIDE),
    ):
        expected, flat_s = by_brute_force(room, hashes, names, reach.radius_bits)
        start_s = time.process_time()
        rows, found = near(all_hashes)
        own_ms = 1000 * (time.process_time() - start_s) / len(numbers)
        places = {hashes.tobytes(): row for row, hashes in enumerate(all_hashes)}
        wanted = [places[one.tobytes()] for one in hashes]
        of_many = {row: set(found[rows == row].tolist()) for row in set(wanted)}
        if {(row, number) for row, place in enumerate(wanted) for number in of_many[place]} != expected:
            sys.exit(f"the index is not complete: {what}")
        flat_ms = 1000 * flat_s / _PEER_PICTURES
        said.append(
            f"{what} of a picture, CPU ms: {own_ms:.2f}, brute force {flat_ms:.1f} ({flat_ms / own_ms:,.0f} times), "
            f"complete ({len(expected)} of {_PEER_PICTURES} pictures)"
        )
    hash_s = multi_hash_s(room, sought.close.hashes)
    said += [f"multi-hash {1000 * hash_s / _PEER_PICTURES:.2f}"] if hash_s is not None else []
    return "; ".join(said)


def measure(size: int, options: argparse.Namespace) -> None:
    """One line of the curve."""
    rng = np.random.default_rng(size)
    chosen = MatchOptions(all_crops=options.crops == "all")
    room = NewRoom(options.dir / "none.db")
    queries = options.queries or at_once(size)
    made = min(size - queries, options.made)
    for name, size_bytes in ((ROWS, size * RECORD.itemsize), (FINES, 0)):
        with open(room.file_of(name), "wb") as file:
            file.truncate(size_bytes)  # with holes: of most nothing but hashes is needed
    make_rows(rng, room.adopt(ROWS, RECORD), made, queries)
    room.adopt(FINES, np.uint8)
    room.make(FINE_BEGINS, np.int64, (size + 1,))
    making = ManyMaking(Prints(room), chosen, room)
    make_hashes(rng, making, room, made, queries)
    turns = make_turns(room, size)
    start_s = time.process_time()
    for piece in making.pieces()[1]:
        making.make(piece)
    made_s = time.process_time() - start_s
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before_mb = anonymous_mb()
    prints = Prints(room)
    lookup = ManyLookup(prints.rows, chosen, room)
    foresight = Foresight(prints, lookup, turns, chosen)
    numbers = np.arange(size - queries, size)
    cold_s, _ = judge(foresight, numbers)
    spent_s, looks = judge(foresight, numbers)
    memory_mb = anonymous_mb() - before_mb
    agreed = looks[looks["score"] >= chosen.criteria.score]
    copies = int((agreed["of"] - (size - queries) == agreed["number"]).sum())
    on_disk = sum(path.stat().st_blocks * 512 for path in Path(room.folder).iterdir())
    print(
        f"{size:,} pictures, {int(np.count_nonzero(room.get(USED))):,} hashes: lists made in {made_s:.1f} s of CPU; "
        f"{queries / spent_s:,.0f} judged a second ({queries / cold_s:,.0f} at first), {copies} of "
        f"{queries // 2} copies found, {len(agreed) - copies} more; anonymous memory {memory_mb:,.1f} MB, "
        f"{1e6 * memory_mb / size:,.0f} bytes a picture; {on_disk / 1e9:.2f} GB on disk; "
        + compare(room, lookup, numbers),
        flush=True,
    )
    room.close()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000,1000000,10000000")
    parser.add_argument(
        "--queries", type=int, help="pictures that are judged; by default as many as are looked up together"
    )
    parser.add_argument("--made", type=int, default=200_000)
    parser.add_argument("--crops", choices=("centre", "all"), default="all")
    parser.add_argument("--dir", type=Path, required=True, help="a folder on a disk with 2 kB a picture to spare")
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    for size in map(int, options.sizes.split(",")):
        measure(size, options)


if __name__ == "__main__":
    main()
