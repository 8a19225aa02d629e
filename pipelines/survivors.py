"""Survivors from object storage, where the log that named them is gone: each image there has its record beside it."""

import logging
from collections.abc import Iterator
from typing import Final

from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Broken, Skipped, read_all, read_bytes
from synsift.pipelines.records import Survivor
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.topics import Entry, Router

_log: Final = logging.getLogger(__name__)
_BATCH: Final = 1_000


def rebuild(log: Log, objects: ObjectStore) -> int:
    """Write to ``survivors`` what the store holds and the log doesn't name. Returns how many.

    They land once more, which changes nothing but adds them to the manifests under their new offsets.
    """
    router = Router(log.partitions)
    known = {_name(survivor) for survivor in read_all(log, Survivor, Skipped())}
    entries: list[Entry] = []
    count = 0
    for survivor in _kept(objects):
        if _name(survivor) in known:
            continue
        entries.append(router.survivor(survivor))
        count += 1
        if len(entries) == _BATCH:
            log.produce(entries)
            entries = []
    log.produce(entries)
    return count


def _name(survivor: Survivor) -> tuple[str, str]:
    return survivor.candidate.wnid, survivor.candidate.image.sha256


def _kept(objects: ObjectStore) -> Iterator[Survivor]:
    for path in sorted(objects.list(layout.CANDIDATES)):
        if not path.endswith(".json"):
            continue
        survivor = read_bytes(Survivor, objects.get(path))
        if isinstance(survivor, Broken):
            _log.warning("%s is passed over: %s", path, survivor.text)
        elif path == layout.provenance(*_name(survivor)):
            yield survivor
