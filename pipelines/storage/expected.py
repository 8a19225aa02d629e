"""What the log says that the store holds: what is gone without a trace shows only by comparing the two."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from synsift.pipelines.log.base import Log
from synsift.pipelines.pairs import places_of
from synsift.pipelines.reading import Skipped, read_all, read_state
from synsift.pipelines.records import Conflict, Survivor, Verified, encode
from synsift.pipelines.removed import read_removed
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
        told: Synset and id of the pairs that its part of ``conflicts`` should name.
        origins: What the log says of each that ever survived, by ``digest_of``: of an image several records may speak.
        judged: Images that its part of ``verified`` should name.
    """

    landed: dict[Name, Survivor] = field(default_factory=dict)
    noted: set[Name] = field(default_factory=set)
    waiting: dict[Name, Survivor] = field(default_factory=dict)
    told: set[Name] = field(default_factory=set)
    origins: dict[Name, tuple[bytes, ...]] = field(default_factory=dict)
    judged: set[Name] = field(default_factory=set)


def digest_of(survivor: Survivor) -> bytes:
    """Names what is said of an image, in eight bytes, however it is written."""
    return hashlib.blake2b(encode(survivor), digest_size=8).digest()


@dataclass(frozen=True, slots=True)
class Reached:
    """How far stages that write to the store are, by partition of their input."""

    landed: Mapping[int, int]
    annotated: Mapping[int, int]
    attested: Mapping[int, int]


def reached(log: Log) -> Reached:
    """How far they are. Asked before the store is listed: what lands meanwhile is not missed."""
    return Reached(_reached(log, "land"), _reached(log, "annotate"), _reached(log, "attest"))


def _reached(log: Log, stage: str) -> dict[int, int]:
    return {lag.partition: lag.committed for lag in log.lag(stage, INPUTS[stage].name)}


def expected(log: Log, at: Reached, letters: Collection[Name], lacking: Collection[Name] = ()) -> Expected:
    """What the store should hold.

    Args:
        log: The log.
        at: By ``reached``, from before the store was listed.
        letters: Survivors about which a dead letter is open: they did not land.
        lacking: Those of them of which nothing lacked but the blob: it is waited for.
    """
    found = Expected()
    for partition in range(log.partitions):
        for message, survivor in read_state(log, Survivor, partition, skipped=Skipped()):
            name = survivor.candidate.wnid, survivor.candidate.image.sha256
            found.origins[name] = (*found.origins.get(name, ()), digest_of(survivor))
            if message.offset < at.landed.get(partition, 0):
                found.landed[name] = survivor
                found.noted.add(name)
            else:
                found.waiting[name] = survivor
            if survivor.replaces:  # also by one that is landing at this moment
                found.landed.pop((name[0], survivor.replaces), None)
        for message, pair in read_state(log, Conflict, partition, skipped=Skipped()):
            if message.offset < at.annotated.get(partition, 0):
                found.told |= {(wnid, pair.id) for wnid, _ in places_of(pair)}
        found.judged |= _judged(log, at, partition)
    _leave_out(found, read_removed(log), log)
    for name in letters:
        found.waiting.pop(name, None)
    found.waiting |= {name: found.landed[name] for name in lacking if name in found.landed}
    for name in (*letters, *found.waiting):
        found.landed.pop(name, None)
        found.noted.discard(name)
    return found


def _leave_out(found: Expected, removed: Collection[str], log: Log) -> None:
    """Expect nothing of what was taken down."""
    if not removed:
        return
    for names in (found.noted, found.judged):
        names -= {name for name in names if name[1] in removed}
    for survivors in (found.landed, found.waiting):
        for name in [name for name in survivors if name[1] in removed]:
            del survivors[name]
    for pair in read_all(log, Conflict, Skipped()):
        if not {pair.sha256, pair.other_sha256}.isdisjoint(removed):
            found.told -= {(wnid, pair.id) for wnid, _ in places_of(pair)}


def _judged(log: Log, at: Reached, partition: int) -> set[Name]:
    verdicts = read_state(log, Verified, partition, skipped=Skipped())
    reached = at.attested.get(partition, 0)
    return {(one.wnid, one.sha256) for message, one in verdicts if message.offset < reached}
