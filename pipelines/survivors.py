"""Survivors from object storage, where the log that named them is gone: each image there has its record beside it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from synsift.pipelines.errors import NoSuchObject
from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Broken, Skipped, read_all, read_bytes
from synsift.pipelines.records import Fetched, Survivor
from synsift.pipelines.stage import COUNTED
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.summary import SKIPPED, read_counts, read_last_progress
from synsift.pipelines.topics import Entry, Router, saying

_log: Final = logging.getLogger(__name__)
_BATCH: Final = 1_000


@dataclass(slots=True)
class Rebuilt:
    """What a store gave to a log.

    Attributes:
        added: Survivors that the log didn't name.
        passed_over: Images that neither the log nor readable provenance names.
    """

    added: int = 0
    passed_over: list[str] = field(default_factory=list)


def rebuild(log: Log, objects: ObjectStore) -> Rebuilt:
    """Write to ``survivors`` what the store holds and the log doesn't name.

    They land once more, which changes nothing but adds them to the manifests under their new offsets; where the log
    still has the counts of what landed, they are not counted again.
    """
    router = Router(log.partitions)
    counted = {wnid for wnid, counts in read_counts(log, Skipped()).items() if counts.landed > 0}
    known = _known(log)
    entries: list[Entry] = []
    found = Rebuilt()
    for survivor in _kept(objects, known, found.passed_over):
        if _name(survivor) in known:
            continue
        entry = router.survivor(survivor)
        is_counted = survivor.candidate.wnid in counted
        entries.append(saying(entry, ((COUNTED, b""),)) if is_counted else entry)
        found.added += 1
        if len(entries) == _BATCH:
            log.produce(entries)
            entries = []
    log.produce(entries)
    return found


def forget_skipped(log: Log) -> None:
    """Take back what workers noted of records that they could not read: a new log has none of them."""
    router = Router(log.partitions)
    entries: list[Entry] = []
    for progress in read_last_progress(log):
        counts = {name: number for name, number in progress.counts.items() if not name.startswith(SKIPPED)}
        if counts != progress.counts:
            entries.append(router.progress(msgspec.structs.replace(progress, counts=counts)))
    log.produce(entries)


def agree(log: Log, objects: ObjectStore) -> bool:
    """Whether a log and a store belong together by what they hold.

    The log names each survivor of the store; where there is none, it has fetched at least one of the blobs.
    """
    known = _known(log)
    named = [_name(survivor) in known for survivor in _kept(objects, known, [])]
    if named:
        return all(named)
    blobs = {layout.blob_sha256(path) for path in objects.list(layout.BLOBS)} - {None}
    if not blobs:
        return True
    return any(record.image is not None and record.image.sha256 in blobs for record in read_all(log, Fetched))


def _known(log: Log) -> set[tuple[str, str]]:
    return {_name(survivor) for survivor in read_all(log, Survivor, Skipped())}


def _name(survivor: Survivor) -> tuple[str, str]:
    return survivor.candidate.wnid, survivor.candidate.image.sha256


def _kept(objects: ObjectStore, known: set[tuple[str, str]], passed_over: list[str]) -> Iterator[Survivor]:
    images: dict[tuple[str, str], str] = {}
    origins: list[str] = []
    for path in sorted(objects.list(layout.CANDIDATES)):
        if path.endswith(".json"):
            origins.append(path)
        elif (sha256 := layout.candidate_sha256(path)) is not None:
            images[(path.split("/")[1], sha256)] = path
    for path in origins:
        try:
            survivor = read_bytes(Survivor, objects.get(path))
        except NoSuchObject:
            continue
        if isinstance(survivor, Broken):
            _log.warning("%s is passed over: %s", path, survivor.text)
        elif path == layout.provenance(*_name(survivor)):
            images.pop(_name(survivor), None)
            yield survivor
    passed_over += [path for name, path in images.items() if name not in known]
