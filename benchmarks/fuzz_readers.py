#!/usr/bin/env python3
"""Mutated bytes against every reader of what comes back from outside: a value or a named error, nothing else, no hang.

    benchmarks/fuzz_readers.py [--inputs 100000] [--seed N] [READER...]

Records of every topic, dead letters, answers of the sources, lists, ontologies, configuration, robots.txt and headers,
and all that the pipeline keeps: fingerprints, sets, snapshots, index, cache, choices, log. What isn't a named error is
printed once a kind, with the input kept in a file, and the exit status is 1.
"""

import argparse
import logging
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from synsift.pipelines import records, topics
from synsift.pipelines.dead_letters import PREFIX, letter_of
from synsift.pipelines.folders import cache
from synsift.pipelines.log.base import Message, Position
from synsift.pipelines.log.watermark import Watermark
from synsift.pipelines.reading import read
from synsift.pipelines.topics import Router
from tests.outside.mutations import in_bytes, in_json
from tests.outside.readers import Reader, readers
from tests.pipelines.test_records import EXAMPLES

SLOW_S = 1.0
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - files are many and short-lived
_NAMES = ("topic", "partition", "offset", "stage", "outcome", "message", "attempts", "at")


def record_readers() -> Iterator[tuple[str, Reader]]:
    """Of what stands on topics."""
    router = Router(16)
    for example in EXAMPLES:
        kind = type(example)
        topic = topics.TOPIC_OF[kind].name
        yield (
            f"record {kind.__name__}",
            Reader(
                [records.encode(example)],
                in_json,
                lambda data, k=kind, t=topic: read(k, Message(t, 0, 0, b"k", data), router),
            ),
        )
    yield "dead letter", Reader([b"image-urls|3|9|fetch|timeout|m|4|2026-01-02T03:04:05Z"], in_bytes, _read_letter)
    yield "position note", Reader([_note()], in_bytes, lambda data: Watermark(Position(7, data.decode("latin-1"))))


def _read_letter(data: bytes) -> object:
    headers = tuple((PREFIX + name, part) for name, part in zip(_NAMES, data.split(b"|"), strict=False))
    return letter_of(Message("dead-letters", 0, 0, b"k", data, headers))


def _note() -> bytes:
    mark = Watermark(Position(0))
    for offset in range(300):
        mark.admit(offset)
        if offset % 3:
            mark.finish(offset)
    return mark.position().note.encode()


def fuzz(name: str, reader: Reader, inputs: int, seed: int) -> int:
    """Give a reader many inputs; how many kinds of surprises there were."""
    rng = random.Random(f"{seed}/{name}")  # noqa: S311 - to be repeated
    refused, read_well, slowest_s = 0, 0, 0.0
    surprises: dict[str, int] = {}
    for number in range(inputs):
        data = reader.tamper(rng, rng.choice(reader.seeds))
        start = time.perf_counter()
        try:
            reader.read(data)
            read_well += 1
        except reader.errors:
            refused += 1
        except Exception as exc:  # noqa: BLE001 - that is what is looked for
            frame = traceback.extract_tb(exc.__traceback__)[-1]
            place = f"{type(exc).__name__} in {Path(frame.filename).name}:{frame.lineno}"
            if place not in surprises:
                print(f"  {place}: {str(exc)[:150]}: {_keep(name, seed, number, data)}", flush=True)
            surprises[place] = surprises.get(place, 0) + 1
        took_s = time.perf_counter() - start
        if took_s > max(SLOW_S, slowest_s):
            print(f"  {took_s:.1f} s: {_keep(name, seed, number, data)}", flush=True)
        slowest_s = max(slowest_s, took_s)
    odd = f", SURPRISES {surprises}" if surprises else ""
    print(f"{name}: {inputs} inputs, {read_well} read, {refused} refused, slowest {slowest_s:.3f} s{odd}", flush=True)
    return len(surprises)


def _keep(name: str, seed: int, number: int, data: bytes) -> Path:
    kept = Path(tempfile.gettempdir()) / f"synsift-fuzz-{name.replace(' ', '-')}-{seed}-{number}"
    kept.write_bytes(data)
    return kept


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("reader", nargs="*")
    options = parser.parse_args()
    logging.disable()
    cache._BUSY_S = 0.01  # noqa: SLF001 - some damage looks like a lock, which is waited for
    surprises = 0
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as scratch:
        for name, reader in (*record_readers(), *readers(Path(scratch))):
            if not options.reader or any(name.startswith(wanted) for wanted in options.reader):
                surprises += fuzz(name, reader, options.inputs, options.seed)
    sys.exit(1 if surprises else 0)


if __name__ == "__main__":
    main()
