"""Which blobs nobody needs any more.

Only what is proved to be ours goes: an object with the form of a blob's name, that this log itself once named as a
candidate, and that is an hour old; what a worker is about to name stands in the store before it stands in the log.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from synsift.pipelines.errors import SweepRefused
from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Skipped, read_all, read_state
from synsift.pipelines.records import Candidate, Duplicate, Fetched, Survivor
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.storage import layout

MIN_AGE: Final = datetime.timedelta(hours=1)


class SweptStore(Protocol):
    """What sweeping needs of object storage."""

    def list_with_times(self, prefix: str) -> Iterator[tuple[str, datetime.datetime]]:
        """Paths below a prefix and when each was last written."""

    def delete(self, path: str) -> None:
        """Delete an object."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found.

    Attributes:
        kept: Blobs that are needed, or are too young to tell.
        removed: Blobs that went, or would go.
        strange: Objects among the blobs that this log never named; left alone.
    """

    kept: int
    removed: int
    strange: int = 0


def sweep(
    log: Log,
    objects: SweptStore,
    *,
    dry_run: bool,
    now: datetime.datetime | None = None,
    min_age: datetime.timedelta = MIN_AGE,
) -> Swept:
    """Delete the blobs of duplicates.

    A blob stays if a survivor of any synset names it, if a survivor that hasn't landed yet does, or if a candidate
    that hasn't been judged yet does.

    Raises:
        SweepRefused: Workers live, or the log can't tell what is needed.
    """
    _refuse_while_members_live(log)
    skipped = Skipped()
    needed = set(_survivors(log, skipped)) | set(_open_candidates(log, skipped))
    named = needed | set(_once_named(log, skipped))
    if skipped.by_topic:
        raise SweepRefused(
            f"{skipped.by_topic.total()} records can't be read, and a blob that one of them needs would go",
            hint="`synsift log check` lists them",
        )
    oldest = (now or datetime.datetime.now(datetime.UTC)) - min_age
    kept = removed = strange = 0
    for path, written in objects.list_with_times(layout.BLOBS):
        sha256 = layout.blob_sha256(path)
        if sha256 is None or sha256 not in named:
            strange += 1
        elif sha256 in needed or written > oldest:
            kept += 1
        else:
            removed += 1
            if not dry_run:
                objects.delete(path)
    if strange and not named:
        raise SweepRefused(
            f"the log is empty and the store holds {strange} blobs: they are another log's, or its are lost"
        )
    return Swept(kept, removed, strange)


def _refuse_while_members_live(log: Log) -> None:
    for stage, topic in INPUTS.items():
        owners = {lag.owner for lag in log.lag(stage, topic.name)} - {""}
        if owners:
            raise SweepRefused(f"{len(owners)} workers of {stage} are at work", hint="stop them first")


def _survivors(log: Log, skipped: Skipped) -> Iterator[str]:
    landed = {lag.partition: lag.committed for lag in log.lag("land", INPUTS["land"].name)}
    for partition in range(log.partitions):
        # The same image may survive in several synsets, and be replaced in only one of them.
        standing: set[tuple[str, str]] = set()
        for message, survivor in read_state(log, Survivor, partition, skipped=skipped):
            wnid, sha256 = survivor.candidate.wnid, survivor.candidate.image.sha256
            standing.add((wnid, sha256))
            if survivor.replaces:
                standing.discard((wnid, survivor.replaces))
            if message.offset >= landed.get(partition, 0):
                yield sha256
        yield from (sha256 for _, sha256 in standing)


def _open_candidates(log: Log, skipped: Skipped) -> Iterator[str]:
    judged = {lag.partition: lag.committed for lag in log.lag("dedupe", INPUTS["dedupe"].name)}
    for partition in range(log.partitions):
        start = judged.get(partition, 0)
        for _, candidate in read_state(log, Candidate, partition, skipped=skipped, start=start):
            yield candidate.image.sha256


def _once_named(log: Log, skipped: Skipped) -> Iterator[str]:
    """Images that this log fetched or judged, needed or not."""
    yield from (record.image.sha256 for record in read_all(log, Fetched, skipped) if record.image is not None)
    yield from (record.sha256 for record in read_all(log, Duplicate, skipped))
    yield from (record.candidate.image.sha256 for record in read_all(log, Survivor, skipped))
