"""Seconds that a take-down needs, by how many images the log and the store have.

    python -m benchmarks.removal --images 100000

The log has a record of ``survivors`` and one of ``fetched`` for each image, and a third as many of ``duplicates``;
the store has the manifests. One picture stands in several disguises under several synsets: these have their objects,
too, and ``remove --like`` with one more disguise finds and takes down all of them. Fingerprints of the others are
random. Memory is the highest that the process ever had.
"""

import argparse
import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from synsift.dedupe import Fingerprint, MatchOptions, fingerprint
from synsift.dedupe.fingerprint import RECORD
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.records import Candidate, Duplicate, Fetched, FoundBy, HttpAnswer, Image, Survivor
from synsift.pipelines.stages.image_record import image_record
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.manifests import encode_part
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.takedown.finding import find
from synsift.pipelines.takedown.named import Wanted
from synsift.pipelines.takedown.removing import Request, take_down
from synsift.pipelines.topics import Router
from tests.dedupe.pictures import encoded, photograph

_SYNSETS: Final = 200
_BATCH: Final = 2_000
_PART: Final = 500
_DUPLICATE_EVERY: Final = 3


def strangers(count: int) -> Iterator[Image]:
    """Images with made-up fingerprints."""
    rng = np.random.default_rng(1)
    like = fingerprint(encoded(photograph(2), "JPEG"))
    row = np.frombuffer(like.to_record()[: RECORD.itemsize], dtype=RECORD).copy()
    fine = like.to_record()[RECORD.itemsize :]
    luma = row["evidence"].copy()
    for number in range(count):
        digest = hashlib.sha256(number.to_bytes(8, "big")).digest()
        row["sha256"] = np.frombuffer(digest, dtype=np.uint8)
        row["hashes"] = rng.integers(0, 256, row["hashes"].shape, dtype=np.uint8)
        luma[0, 40:300] = rng.integers(0, 256, 260, dtype=np.uint8) & 0x7F
        row["evidence"] = luma
        yield image_record(Fingerprint.from_record(row.tobytes() + fine))


def disguises() -> Iterator[bytes]:
    """One picture again and again."""
    whole = photograph(1)
    made: list[Pillow.Image] = [whole, whole.resize((300, 225)), ImageOps.mirror(whole), whole.rotate(90, expand=True)]
    for number, one in enumerate([*made, ImageOps.expand(whole, 20, "black")]):
        yield encoded(one, "JPEG", quality=60 + 5 * number)


def candidate(image: Image, number: int) -> Candidate:
    """The record of an image."""
    return Candidate(
        wnid=f"n{number % _SYNSETS:08d}",
        url=f"https://img{number % 997}.example/{number}.jpg",
        image=image,
        found_by=FoundBy(source="flickr", query="a query", title=f"title {number}", author=f"author {number % 5000}"),
        answer=HttpAnswer(status=200, fetched_at="2026-01-02T03:04:05Z", content_type="image/jpeg"),
    )


def make(log: SqliteLog, objects: Objects, count: int) -> set[str]:
    """A log and a store; gives what is to be found."""
    router = Router(log.partitions)
    planted: dict[int, Image] = {}
    for number, data in enumerate(disguises()):
        image = image_record(fingerprint(data))
        at = (number + 1) * count // 7
        planted[at] = image
        objects.put(layout.blob(image.sha256), data)
        objects.put(layout.candidate(candidate(image, at).wnid, image), data)
        objects.put(layout.provenance(candidate(image, at).wnid, image.sha256), b"{}")
    rows: dict[str, list[tuple[int, Survivor]]] = {}
    entries = []
    for number, stranger in enumerate(strangers(count)):
        image = planted.get(number, stranger)
        found = candidate(image, number)
        survivor = Survivor(candidate=found)
        rows.setdefault(found.wnid, []).append((number, survivor))
        entries += [router.survivor(survivor), router.fetched(Fetched(url=found.url, outcome="fetched", image=image))]
        if number % _DUPLICATE_EVERY == 0 and number not in planted:
            copy = Duplicate(wnid=found.wnid, sha256=image.sha256, of=image.sha256, kind="exact", candidate=found)
            entries.append(router.duplicate(copy))
        if len(entries) >= _BATCH:
            log.produce(entries)
            entries = []
        if len(rows[found.wnid]) >= _PART:
            _write_part(objects, router, found.wnid, rows.pop(found.wnid))
    log.produce(entries)
    for wnid, some in rows.items():
        _write_part(objects, router, wnid, some)
    return {image.sha256 for image in planted.values()}


def _write_part(objects: Objects, router: Router, wnid: str, rows: list[tuple[int, Survivor]]) -> None:
    part = layout.ManifestPart(wnid, router.of_wnid(wnid), rows[0][0], rows[-1][0])
    objects.put(part.path, encode_part(rows))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=100_000)
    count = parser.parse_args().images
    with tempfile.TemporaryDirectory() as folder:
        log = SqliteLog(Path(folder) / "log.db", partitions=16)
        objects = Objects(StoreAddress(folder))
        began_s = time.perf_counter()
        planted = make(log, objects, count)
        sys.stdout.write(f"{count} images made in {time.perf_counter() - began_s:.0f} s\n")
        like = fingerprint(encoded(ImageOps.flip(photograph(1)), "PNG"))
        request = Request(Wanted(like=(like,)), "benchmark", "to measure")
        began_s, cpu_s = time.perf_counter(), time.process_time()
        found = find(log, request.wanted, options=MatchOptions())
        found_s = time.perf_counter() - began_s
        told = take_down(log, Router(log.partitions), objects, request, found)
        whole_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
        there = {one.sha256 for one in found} - {like.sha256}
        memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sys.stdout.write(
            f"found {len(there & planted)} of {len(planted)} and {len(there - planted)} others in {found_s:.1f} s; "
            f"taken down after {whole_s:.1f} s: {len(told['objects'])} objects, {sum(told['rows'].values())} rows; "
            f"{cpu_s:.1f} s of CPU; {memory_mb:.0f} MB\n"
        )
        log.close()


if __name__ == "__main__":
    main()
