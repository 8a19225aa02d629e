"""Which blobs nobody needs any more."""

from collections.abc import Iterator
from dataclasses import dataclass

from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Skipped, read_state
from synsift.pipelines.records import Candidate, Survivor
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: blobs that stay, and those that went (or would go)."""

    kept: int
    removed: int


def sweep(log: Log, objects: ObjectStore, partitions: int, *, dry_run: bool) -> Swept:
    """Delete the blobs of duplicates.

    A blob stays if a survivor of any synset names it, if a survivor that hasn't landed yet does, or if a candidate
    that hasn't been judged yet does. No worker may run meanwhile.
    """
    needed = set(_survivors(log, partitions)) | set(_open_candidates(log, partitions))
    kept = removed = 0
    for path in objects.list(layout.BLOBS):
        if path.rpartition("/")[2] in needed:
            kept += 1
            continue
        removed += 1
        if not dry_run:
            objects.delete(path)
    return Swept(kept, removed)


def _survivors(log: Log, partitions: int) -> Iterator[str]:
    landed = {lag.partition: lag.committed for lag in log.lag("land", INPUTS["land"].name)}
    for partition in range(partitions):
        # The same image may survive in several synsets, and be replaced in only one of them.
        standing: set[tuple[str, str]] = set()
        for message, survivor in read_state(log, Survivor, partition, skipped=Skipped()):
            wnid, sha256 = survivor.candidate.wnid, survivor.candidate.image.sha256
            standing.add((wnid, sha256))
            if survivor.replaces:
                standing.discard((wnid, survivor.replaces))
            if message.offset >= landed.get(partition, 0):
                yield sha256
        yield from (sha256 for _, sha256 in standing)


def _open_candidates(log: Log, partitions: int) -> Iterator[str]:
    judged = {lag.partition: lag.committed for lag in log.lag("dedupe", INPUTS["dedupe"].name)}
    for partition in range(partitions):
        start = judged.get(partition, 0)
        for _, candidate in read_state(log, Candidate, partition, skipped=Skipped(), start=start):
            yield candidate.image.sha256
