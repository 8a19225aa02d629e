#!/usr/bin/env python3
"""Mutated bytes against every reader of what comes back from outside: a value or a named error, nothing else, no hang.

    benchmarks/fuzz_readers.py [--inputs 100000] [--seed N] [READER...]

Records of every topic, dead letters, fingerprints in both forms, snapshots, sets, position notes, and answers of an
image source. Anything but a named error ends the run, with the input kept in a file.
"""

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fuzz import mutated
from synsift.crawler.errors import CrawlerError
from synsift.crawler.sources.base import PageQuery
from synsift.crawler.sources.commons import CommonsSource
from synsift.dedupe import Fingerprint, fingerprint
from synsift.pipelines import records, topics
from synsift.pipelines.dead_letters import PREFIX, letter_of
from synsift.pipelines.errors import StoreError
from synsift.pipelines.log.base import Message, Position
from synsift.pipelines.log.watermark import Watermark
from synsift.pipelines.reading import read
from synsift.pipelines.storage.snapshots import Snapshot, decode_snapshot, encode_snapshot
from synsift.pipelines.topics import Router
from tests.crawler.sources.test_odd_answers import GOOD
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.test_records import EXAMPLES


@dataclass(frozen=True)
class Reader:
    """Something that reads bytes of strangers.

    Attributes:
        seeds: Good inputs.
        read: Reads one.
        errors: What it may raise.
    """

    seeds: list[bytes]
    read: Callable[[bytes], object]
    errors: tuple[type[Exception], ...] = ()


def readers() -> Iterator[tuple[str, Reader]]:
    """All of them, by name."""
    router = Router(16)
    for example in EXAMPLES:
        kind = type(example)
        topic = topics.TOPIC_OF[kind].name
        yield (
            f"record {kind.__name__}",
            Reader(
                [records.encode(example)], lambda data, k=kind, t=topic: read(k, Message(t, 0, 0, b"k", data), router)
            ),
        )
    names = ("topic", "partition", "offset", "stage", "outcome", "message", "attempts", "at")
    yield (
        "dead letter",
        Reader(
            [b"image-urls|3|9|fetch|timeout|m|4|2026-01-02T03:04:05Z"],
            lambda data: letter_of(
                Message(
                    "dead-letters",
                    0,
                    0,
                    b"k",
                    data,
                    tuple((PREFIX + name, part) for name, part in zip(names, data.split(b"|"), strict=False)),
                )
            ),
        ),
    )
    picture = fingerprint(encoded(scene(3), "PNG"))
    yield "fingerprint", Reader([picture.to_record()], Fingerprint.from_record, (ValueError,))
    yield (
        "fingerprint text",
        Reader([picture.to_text().encode()], lambda data: Fingerprint.from_text(data.decode("latin-1")), (ValueError,)),
    )
    yield "snapshot", Reader([_snapshot()], decode_snapshot, (StoreError,))
    yield "position note", Reader([_note()], lambda data: Watermark(Position(7, data.decode("latin-1"))))
    query = PageQuery("s", "t", "en", "", 0, "n1")
    commons = CommonsSource(
        api_url="http://wiki.example/api.php", width_px=1024, page_size=50, maxlag_s=5, max_pages=200
    )
    yield "answer of commons", Reader([json.dumps(GOOD).encode()], lambda d: commons.page(query, d), (CrawlerError,))


def _snapshot() -> bytes:
    from synsift.dedupe import Matcher

    matcher = Matcher()
    for number in range(3):
        matcher.add(fingerprint(encoded(scene(number), "PNG")))
    return encode_snapshot(Snapshot(1, 7, "ab", {"n1": matcher.survivors()}))


def _note() -> bytes:
    mark = Watermark(Position(0))
    for offset in range(300):
        mark.admit(offset)
        if offset % 3:
            mark.finish(offset)
    return mark.position().note.encode()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("reader", nargs="*")
    options = parser.parse_args()
    logging.disable()
    for name, reader in readers():
        if options.reader and name not in options.reader:
            continue
        rng = random.Random(options.seed)  # noqa: S311 - to be repeated
        refused, slowest_s = 0, 0.0
        for number in range(options.inputs):
            data = mutated(rng, reader.seeds)
            start = time.monotonic()
            try:
                reader.read(data)
            except reader.errors:
                refused += 1
            except BaseException:
                kept = Path(tempfile.gettempdir()) / f"synsift-fuzz-{name.replace(' ', '-')}-{options.seed}-{number}"
                kept.write_bytes(data)
                print(f"input {number} of {name}, seed {options.seed}, is in {kept}")
                raise
            slowest_s = max(slowest_s, time.monotonic() - start)
        print(f"{name}: {options.inputs} inputs, {refused} refused, slowest {slowest_s:.3f} s", flush=True)


if __name__ == "__main__":
    main()
