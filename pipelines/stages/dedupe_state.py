"""The state of ``dedupe`` by partition: a matcher for each synset, from a snapshot and the tail of ``survivors``.

    restore   newest snapshot that is whole and belongs to this log ──▶ tail of ``survivors`` behind it ──▶ matchers
    keep      grown enough, or old enough ──▶ find the offset of the last survivor in the log ──▶ write a snapshot

A snapshot must never claim more than it holds, or survivors would be forgotten. So its offset isn't the end of the
topic, which a successor may have moved, but that of this worker's own last survivor, found by reading the records since
the last snapshot and comparing each with what was written.

What local features withdrew stays in its matcher, and what is near to it is a copy of what it went for the sake of.
"""

import dataclasses
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

from synsift.dedupe import DEFAULT_OPTIONS, Fingerprint, Kind, Matcher, MatchOptions, Survivors, Verdict
from synsift.dedupe.hash_batch import HashBatch
from synsift.dedupe.hash_lists import HashLists
from synsift.dedupe.small_scopes import SmallScopes
from synsift.dedupe.together import Together
from synsift.dedupe.verdicts import KeepsOut
from synsift.pipelines import topics
from synsift.pipelines.errors import DamagedSnapshot, StoreError
from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.reading import BROKEN_RECORD, Broken, Skipped, good, read
from synsift.pipelines.records import Image, Survivor
from synsift.pipelines.stages.resting import Bed, Replayed, Synsets
from synsift.pipelines.storage.snapshots import Snapshot, Snapshots, digest_of
from synsift.pipelines.topics import Router

_log: Final = logging.getLogger(__name__)

# Asking the clock and the counts after every batch is cheap; writing after a failure must not be tried as often.
_RETRY_S: Final = 60.0
_WORTH_SAYING_S: Final = 1.0
_BEAT_EVERY: Final = 1_000


@dataclass(frozen=True, slots=True)
class SnapshotPolicy:
    """When a partition is worth a snapshot, and its synsets go to rest.

    Attributes:
        growth: Survivors since the last one.
        age_s: Time since the last one, if anything survived since.
        rest_s: A synset that had no candidate for so long rests on disk.
    """

    growth: int
    age_s: float
    rest_s: float = 600.0

    def is_due(self, *, grown: int, age_s: float) -> bool:
        """Whether to write one now."""
        return grown >= self.growth or (grown > 0 and age_s >= self.age_s)


DEFAULT_POLICY: Final = SnapshotPolicy(growth=20_000, age_s=900.0)
"""A worker that starts replays no more than this: some seconds a partition."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What matchers go by.

    Attributes:
        match: What counts as near.
        reference: What is near to one of its pictures is rejected, in every synset.
        lists: What is the same as one of their entries is, too.
    """

    match: MatchOptions = DEFAULT_OPTIONS
    reference: KeepsOut | None = None
    lists: HashLists | None = None

    def matcher(self, scopes: SmallScopes, survivors: Survivors | None = None) -> Matcher:
        """A matcher that knows nothing, or what survived so far.

        Args:
            scopes: Shared by all of them.
            survivors: What survived; None for nothing.
        """
        if survivors is None:
            return Matcher(self.match, reference=self.reference, scopes=scopes)
        return Matcher.from_survivors(survivors, self.match, reference=self.reference, scopes=scopes)


class Wanted(NamedTuple):
    """An image that is to be judged.

    Attributes:
        partition: Of its candidate.
        wnid: Its synset.
        image: Its fingerprint.
    """

    partition: int
    wnid: str
    image: Fingerprint


@dataclass(slots=True)
class _Partition:
    """One partition's matchers, and what happened since its last snapshot.

    Attributes:
        matchers: By synset.
        last: The last record of ``survivors`` that was read. None if there is none.
        since: SHA-256 of the survivors that were judged since, in order; the log must have them behind ``last``.
        restored: How many survivors up to ``last`` are in no snapshot yet.
        withdrawn: By synset, what went by local features, and for the sake of which.
    """

    matchers: Synsets
    withdrawn: dict[str, dict[str, str]] = field(default_factory=dict)
    last: Message | None = None
    since: list[str] = field(default_factory=list)
    restored: int = 0
    written_at_s: float = field(default_factory=time.monotonic)

    @property
    def grown(self) -> int:
        return self.restored + len(self.since)


def fingerprint_of(image: Image) -> Fingerprint | Broken:
    """The fingerprint in a record, or what is wrong with it."""
    try:
        found = Fingerprint.from_text(image.hash)
    except ValueError as exc:
        return Broken(BROKEN_RECORD, f"image {image.sha256}: {exc}")
    if found.sha256 != image.sha256:
        return Broken(BROKEN_RECORD, f"image {image.sha256} has the fingerprint of {found.sha256}")
    return found


def hashes_in(image: Image) -> dict[str, bytes]:
    """Other libraries' hashes in a record, by kind; one that is cut in the midst of a byte is none."""
    return {kind: bytes.fromhex(text) for kind, text in image.hashes.items() if len(text) % 2 == 0}


def _restore(state: _Partition, known: Replayed, image: Fingerprint, survivor: Survivor) -> None:
    if survivor.relation:
        state.withdrawn.setdefault(survivor.candidate.wnid, {})[survivor.replaces] = image.sha256
        if not known.is_known(image.sha256):  # the record of when it came was skipped
            known.restore(image)
        return
    try:
        known.restore(image, replaces=survivor.replaces or None)
    except KeyError:
        # The record of what it replaces was skipped; without that this is the first of its cluster.
        known.restore(image)


def _stands(state: _Partition, wnid: str, sha256: str) -> bool:
    """Whether an image survives now: it has no better copy, and was not withdrawn."""
    matcher = state.matchers.find(wnid)
    is_withdrawn = sha256 in state.withdrawn.get(wnid, {})
    return matcher is not None and not is_withdrawn and matcher.survivor_of(sha256) == sha256


def _heir(state: _Partition, wnid: str, sha256: str) -> str:
    """What survives of an image that was withdrawn."""
    withdrawn, matcher = state.withdrawn[wnid], state.matchers.matcher(wnid)
    passed: set[str] = set()  # records of strangers may lead in a circle
    while sha256 in withdrawn and sha256 not in passed:
        passed.add(sha256)
        sha256 = withdrawn[sha256]
        sha256 = matcher.survivor_of(sha256) or sha256
    return sha256


class DedupeState:
    """Matchers of the partitions that a worker owns. Used by one thread."""

    def __init__(
        self,
        log: Log,
        snapshots: Snapshots | None,
        *,
        judging: Judging,
        policy: SnapshotPolicy,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin without partitions.

        Args:
            log: Has ``survivors``.
            snapshots: Where they are kept; None for none.
            judging: What the matchers go by.
            policy: When to write one.
            beat: Called now and then while rebuilding, which may take long.
        """
        self._log = log
        self._snapshots = snapshots
        self._judging = judging
        self._policy = policy
        self._beat = beat
        self._bed = Bed()
        scopes = SmallScopes(judging.match)
        self._make = partial(judging.matcher, scopes)
        self._together = Together(scopes)
        self._partitions: dict[int, _Partition] = {}

    def look_ahead(self, wanted: Iterable[Wanted]) -> None:
        """Look up images that are to be judged, all at once; until ``settle``. Verdicts stay as they are."""
        groups: dict[tuple[int, str], list[Fingerprint]] = {}
        for each in wanted:
            groups.setdefault((each.partition, each.wnid), []).append(each.image)
        if not groups:
            return
        batch = HashBatch.of([image for images in groups.values() for image in images], self._judging.match)
        spans, begin = [], 0
        for (partition, wnid), images in groups.items():
            matcher = self._partitions[partition].matchers.matcher(wnid)
            spans.append(matcher.span(begin, begin + len(images)))
            begin += len(images)
        self._together.look_ahead(batch, spans)

    def settle(self) -> None:
        """They were judged."""
        self._together.settle()

    def judge(self, partition: int, wnid: str, image: Fingerprint) -> Verdict:
        """Judge an image of a synset, and remember it if it survives."""
        state = self._partitions[partition]
        matcher = state.matchers.matcher(wnid)
        verdict = matcher.match(image)
        if verdict.kind in (Kind.EXACT, Kind.NEAR) and verdict.of in state.withdrawn.get(wnid, {}):
            # The better copy of what was withdrawn may be better than what it was withdrawn for: it comes as new, and
            # local features look at it.
            heir = _heir(state, wnid, verdict.of)
            verdict = Verdict(Kind.NEW) if verdict.replaces else dataclasses.replace(verdict, of=heir, key=heir)
        if verdict.survives:
            matcher.restore(image, replaces=verdict.of if verdict.replaces else None)
            state.since.append(image.sha256)
        return verdict

    def withdraw(self, partition: int, wnid: str, sha256: str, *, keeper: str) -> bool:
        """Let an image go for the sake of another. False, and nothing, if not both of them stand."""
        state = self._partitions[partition]
        if sha256 == keeper or not (_stands(state, wnid, sha256) and _stands(state, wnid, keeper)):
            return False
        state.withdrawn.setdefault(wnid, {})[sha256] = keeper
        state.since.append(keeper)
        return True

    def forget(self, partition: int) -> None:
        """Drop a partition."""
        if (state := self._partitions.pop(partition, None)) is not None:
            state.matchers.drop()

    def restore(self, partition: int, skipped: Skipped) -> None:
        """Rebuild a partition, without the survivors that can't be read."""
        began_s = time.monotonic()
        state, tail = self._newest(partition)
        for message, survivor in good(tail, Survivor, Router(self._log.partitions), skipped):
            if state.restored % _BEAT_EVERY == 0:
                self._beat()
            image = fingerprint_of(survivor.candidate.image)
            if isinstance(image, Broken):
                skipped.note(message, image)
                continue
            _restore(state, state.matchers.replay(survivor.candidate.wnid), image, survivor)
            state.restored += 1
            state.last = message
        state.matchers.settle()
        self.forget(partition)
        self._partitions[partition] = state
        total = state.matchers.images
        if total:
            took_s = time.monotonic() - began_s
            _log.log(
                logging.INFO if took_s >= _WORTH_SAYING_S else logging.DEBUG,
                "partition %d: %d survivors, %d of them replayed, in %.1f s",
                partition,
                total,
                state.restored,
                took_s,
            )

    @property
    def images(self) -> int:
        """Images that are known, at rest or not. Safe from any thread."""
        return sum(state.matchers.images for state in list(self._partitions.values()))

    def oldest_snapshot_s(self) -> float | None:
        """How old the oldest snapshot is that something came after, counting from when it was found; None for none.

        Safe from any thread.
        """
        now_s = time.monotonic()
        return max(
            (now_s - state.written_at_s for state in list(self._partitions.values()) if state.grown), default=None
        )

    def keep(self) -> None:
        """Let synsets rest, and write the snapshots that are due. Call it when everything judged is committed.

        A store that refuses costs a warning: the next time is soon enough.
        """
        for state in self._partitions.values():
            state.matchers.rest(self._policy.rest_s)
        if self._snapshots is None:
            return
        now_s = time.monotonic()
        for partition, state in self._partitions.items():
            if not self._policy.is_due(grown=state.grown, age_s=now_s - state.written_at_s):
                continue
            try:
                self._write(self._snapshots, partition, state)
            except StoreError as exc:
                _log.warning("no snapshot of partition %d: %s", partition, exc)
                state.written_at_s = now_s - max(0.0, self._policy.age_s - _RETRY_S)

    def _write(self, snapshots: Snapshots, partition: int, state: _Partition) -> None:
        state.written_at_s = time.monotonic()
        if not self._catch_up(partition, state) or state.last is None:
            _log.warning("no snapshot of partition %d: its survivors in the log are not all ours", partition)
            return
        synsets = dict(state.matchers.survivors())
        digest = digest_of(state.last.value or b"")
        snapshot = Snapshot(partition, state.last.offset, digest, synsets, state.withdrawn)
        snapshots.write(snapshot)
        state.restored = 0
        _log.info("partition %d: wrote %s", partition, snapshot.path)

    def _catch_up(self, partition: int, state: _Partition) -> bool:
        """Find our survivors of late in the log. False if they aren't there, one for one."""
        if not state.since:
            return True
        wanted = iter(state.since)
        found = 0
        router = Router(self._log.partitions)
        start = 0 if state.last is None else state.last.offset + 1
        for message in self._log.read(topics.SURVIVORS.name, partition, start):
            survivor = read(Survivor, message, router)
            if isinstance(survivor, Broken) or isinstance(fingerprint_of(survivor.candidate.image), Broken):
                continue  # no survivor for anybody who restores, and none of ours: those would be missing
            sha256 = next(wanted, None)
            if sha256 is None:
                break  # a successor has begun; up to here it's ours
            if survivor.candidate.image.sha256 != sha256:
                return False
            found += 1
            state.last = message
        complete = found == len(state.since)
        del state.since[:found]
        state.restored += found
        return complete

    def _newest(self, partition: int) -> tuple[_Partition, Iterator[Message]]:
        """The state of the newest snapshot that can be used, and the records behind it."""
        for path, snapshot in self._readable(partition):
            records = self._log.read(topics.SURVIVORS.name, partition, snapshot.last_offset)
            last = next(records, None)
            if last is None or (last.offset, digest_of(last.value or b"")) != (
                snapshot.last_offset,
                snapshot.last_digest,
            ):
                _log.warning("%s is of another log; looking for an older snapshot", path)
                continue
            self._beat()
            home = Router(self._log.partitions).of_wnid  # some left for other partitions if the topics were grown since
            ours = {wnid: found for wnid, found in snapshot.synsets.items() if home(wnid) == partition}
            matchers = Synsets(self._make, self._bed)
            for wnid, survivors in ours.items():
                matchers.take(wnid, survivors)
            withdrawn = {wnid: dict(pairs) for wnid, pairs in snapshot.withdrawn.items() if wnid in ours}
            return _Partition(matchers, withdrawn, last), records
        return _Partition(Synsets(self._make, self._bed)), self._log.read(topics.SURVIVORS.name, partition)

    def _readable(self, partition: int) -> Iterator[tuple[str, Snapshot]]:
        if self._snapshots is None:
            return
        try:
            paths = self._snapshots.paths(partition)
        except StoreError as exc:
            _log.warning("no snapshots of partition %d: %s; replaying the topic", partition, exc)
            return
        for path in paths:
            try:
                snapshot = self._snapshots.read(path)
            except DamagedSnapshot as exc:
                _log.warning("%s can't be used: %s; looking for an older one", path, exc)
            except StoreError as exc:
                _log.warning("%s can't be read: %s; looking for an older one", path, exc)
            else:
                if snapshot.partition == partition:
                    yield path, snapshot
