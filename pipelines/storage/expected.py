"""What the log says that the store holds: what is gone without a trace shows only by comparing the two."""

from collections.abc import Collection
from dataclasses import dataclass, field

from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Skipped, read_state
from synsift.pipelines.records import Survivor
from synsift.pipelines.stage import INPUTS

Name = tuple[str, str]
"""Synset and SHA-256."""


@dataclass(slots=True)
class Expected:
    """What should be there.

    Attributes:
        landed: Survivors whose image and provenance should stand in the store.
        noted: Those that manifests should name, replaced ones included.
        waiting: Those that have yet to land, of whom the blob should be there.
    """

    landed: dict[Name, Survivor] = field(default_factory=dict)
    noted: set[Name] = field(default_factory=set)
    waiting: dict[Name, Survivor] = field(default_factory=dict)


def landed_up_to(log: Log) -> dict[int, int]:
    """How far ``land`` is, by partition. Asked before the store is listed: what lands meanwhile is not missed."""
    return {lag.partition: lag.committed for lag in log.lag("land", INPUTS["land"].name)}


def expected(log: Log, landed: dict[int, int], letters: Collection[Name]) -> Expected:
    """What the store should hold.

    Args:
        log: The log.
        landed: By ``landed_up_to``, from before the store was listed.
        letters: Survivors about which a dead letter is open: they did not land.
    """
    found = Expected()
    for partition in range(log.partitions):
        for message, survivor in read_state(log, Survivor, partition, skipped=Skipped()):
            name = survivor.candidate.wnid, survivor.candidate.image.sha256
            if message.offset < landed.get(partition, 0):
                found.landed[name] = survivor
                found.noted.add(name)
            else:
                found.waiting[name] = survivor
            if survivor.replaces:  # also by one that is landing at this moment
                found.landed.pop((name[0], survivor.replaces), None)
    for name in letters:
        found.waiting.pop(name, None)
    for name in (*letters, *found.waiting):
        found.landed.pop(name, None)
        found.noted.discard(name)
    return found
