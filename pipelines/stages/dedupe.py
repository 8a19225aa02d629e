"""``dedupe``: candidates → survivors and duplicates, exactly once.

All candidates of a synset come to one worker, in one order. Its state, a matcher for each synset, is a function of
``survivors`` (``dedupe_state``); outputs, counts and positions go out in one transaction.

What ``thorough`` finds comes this way, too, as a candidate that withdraws another: only here is it known what survives
at this moment, and what doesn't any more isn't withdrawn, nor anything for its sake.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from synsift.dedupe import Fingerprint, Kind, Verdict
from synsift.dedupe.frequencies import undone_by
from synsift.dedupe.reference import of_entry
from synsift.pipelines.controls.steering import Steering
from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.metrics import WORK_SECONDS
from synsift.pipelines.reading import Broken, Skipped, read
from synsift.pipelines.records import Candidate, Duplicate, Survivor, Withdrawal
from synsift.pipelines.stage import COUNTED, Reading
from synsift.pipelines.stages.batch_stage import BatchStage
from synsift.pipelines.stages.dedupe_state import (
    DEFAULT_POLICY,
    DedupeState,
    Judging,
    SnapshotPolicy,
    Wanted,
    fingerprint_of,
    hashes_in,
)
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.stages.yields import JUDGED, NEW, UNIQUE, arm_count
from synsift.pipelines.storage.snapshots import Snapshots
from synsift.pipelines.topics import Entry, Router, saying

WITHDRAWN: Final = "withdrawn"
"""Count of those that went by local features."""
OVERTAKEN: Final = "overtaken"
"""Count of those that were to go so, when one of the two had gone already."""


@dataclass(frozen=True, slots=True)
class DedupeOptions:
    """What a dedupe stage needs of the configuration."""

    judging: Judging
    batch: int
    snapshots: SnapshotPolicy = DEFAULT_POLICY


@dataclass(frozen=True, slots=True)
class _Input:
    """A candidate that can be judged."""

    message: Message
    candidate: Candidate
    image: Fingerprint

    @property
    def wanted(self) -> Wanted:
        """What is looked up ahead."""
        return Wanted(self.message.partition, self.candidate.wnid, self.image)


@dataclass(frozen=True, slots=True)
class _Unfit:
    """A candidate whose fingerprint can't be read, and why."""

    candidate: Candidate
    why: Broken


class DedupeStage(BatchStage):
    """Judges candidates."""

    name = "dedupe"

    def __init__(
        self,
        log: Log,
        router: Router,
        *,
        options: DedupeOptions,
        snapshots: Snapshots | None = None,
        steering: Steering | None = None,
    ) -> None:
        steering = steering or Steering(log, options.judging.match)
        super().__init__(log, router, batch=options.batch, steering=steering)
        self._lists = options.judging.lists
        self._work_seconds = WORK_SECONDS.labels(self.name)
        # Of looking all of a batch up, for each of its inputs.
        self._share_s = 0.0
        self._state = DedupeState(log, snapshots, judging=options.judging, policy=options.snapshots, beat=self.beat)

    def restore(self, partition: int, skipped: Skipped) -> None:
        """Rebuild the matchers of a partition."""
        self._state.restore(partition, skipped)

    def forget(self, partition: int) -> None:
        """Drop the matchers of a partition."""
        self._state.forget(partition)

    def work(self, messages: Sequence[Message]) -> None:
        """Judge candidates in order, when all of them have been looked up at once."""
        inputs = [self._look_at(message) for message in messages]
        began_s = time.perf_counter()
        self._state.look_ahead([each.wanted for each in inputs if isinstance(each, _Input)])
        self._share_s = (time.perf_counter() - began_s) / max(1, len(inputs))
        for message, each in zip(messages, inputs, strict=True):
            if isinstance(each, Broken):
                self._ledger.reject(message, each.outcome, each.text)
            elif isinstance(each, _Unfit):
                self._end_unjudged(message, each.candidate, each.why.outcome, each.why.text)
            else:
                self._end(each)
        self._state.settle()

    def _look_at(self, message: Message) -> "_Input | _Unfit | Broken":
        candidate = read(Candidate, message, self._router)
        if isinstance(candidate, Broken):
            return candidate
        image = fingerprint_of(candidate.image)
        return _Unfit(candidate, image) if isinstance(image, Broken) else _Input(message, candidate, image)

    def _end(self, found: "_Input") -> None:
        message, candidate, image = found.message, found.candidate, found.image
        stop = self.view.of_image(image)
        if stop is not None:
            self._end_unjudged(message, candidate, stop.how, stop.text)
            return
        if candidate.withdraws is not None:
            self._withdraw(message, candidate, candidate.withdraws)
            return
        began_s = time.perf_counter()
        verdict = self._listed(candidate) or self._state.judge(message.partition, candidate.wnid, image)
        self._work_seconds.observe(self._share_s + time.perf_counter() - began_s)
        counts = counts_of(candidate.wnid, verdict)
        counts += arm_count(JUDGED, candidate.wnid, candidate.found_by)
        if verdict.of is None:
            counts += arm_count(NEW, candidate.wnid, candidate.found_by)
        self._ledger.finish(message, self._outputs(candidate, verdict), counts)

    def _end_unjudged(self, message: Message, candidate: Candidate, outcome: str, text: str) -> None:
        letter = self._ledger.dead_letter(message, outcome, text, wnid=candidate.wnid)
        counts = [Count(candidate.wnid, outcome), *arm_count(JUDGED, candidate.wnid, candidate.found_by)]
        self._ledger.finish(message, [letter], counts)

    def _withdraw(self, message: Message, keeper: Candidate, wanted: Withdrawal) -> None:
        """Let a survivor go for the sake of another one."""
        wnid, sha256 = keeper.wnid, keeper.image.sha256
        if not self._state.withdraw(message.partition, wnid, wanted.sha256, keeper=sha256):
            self._ledger.finish(message, [], [Count(wnid, OVERTAKEN)])
            return
        transform = "mirrored" if wanted.mirrored else "identity"
        survivor = Survivor(
            candidate=msgspec.structs.replace(keeper, withdraws=None),
            replaces=wanted.sha256,
            transform=transform,
            relation=wanted.kind,
        )
        gone = Duplicate(wnid=wnid, sha256=wanted.sha256, of=sha256, kind=wanted.kind, transform=transform)
        # It landed, and was counted, when it came.
        entry = saying(self._router.survivor(survivor), ((COUNTED, b""),))
        counts = [Count(wnid, WITHDRAWN), Count(wnid, UNIQUE, -1)]
        self._ledger.finish(message, [entry, self._router.duplicate(gone)], counts)

    def _listed(self, candidate: Candidate) -> Verdict | None:
        """The verdict on a picture that is the same as an entry of a list of hashes."""
        if not self._lists:
            return None
        hit = self._lists.find({"sha256": bytes.fromhex(candidate.image.sha256), **hashes_in(candidate.image)})
        return None if hit is None else Verdict(Kind.REFERENCE, of_entry(hit.entry), hit.distance_bits, "identity")

    def readings(self) -> Sequence[Reading]:
        """How large its state is, and how far its snapshots are behind."""
        behind_s = self._state.oldest_snapshot_s()
        return (
            Reading("state_images", self._state.images),
            *(() if behind_s is None else [Reading("snapshot_age_seconds", behind_s)]),
        )

    def committed(self) -> None:
        """Write the snapshots that are due."""
        self._state.keep()

    def _outputs(self, candidate: Candidate, verdict: Verdict) -> list[Entry]:
        if verdict.of is None:
            return [self._router.survivor(Survivor(candidate=candidate))]
        distance_bits, transform = verdict.distance_bits or 0, verdict.transform or ""
        if not verdict.replaces:
            duplicate = Duplicate(
                wnid=candidate.wnid,
                sha256=candidate.image.sha256,
                of=verdict.of,
                kind=verdict.kind,
                distance_bits=distance_bits,
                transform=transform,
                candidate=candidate,
            )
            return [self._router.duplicate(duplicate)]
        survivor = Survivor(candidate=candidate, replaces=verdict.of, distance_bits=distance_bits, transform=transform)
        replaced = Duplicate(
            wnid=candidate.wnid,
            sha256=verdict.of,
            of=candidate.image.sha256,
            kind=Kind.NEAR,
            distance_bits=distance_bits,
            transform=undone_by(transform),
        )
        return [self._router.survivor(survivor), self._router.duplicate(replaced)]


def counts_of(wnid: str, verdict: Verdict) -> list[Count]:
    """What a verdict changes in the counts of its synset: candidates, unique images and duplicates by kind."""
    counts = [Count(wnid, "candidates")]
    if verdict.of is None:
        counts.append(Count(wnid, UNIQUE))
    else:
        # A better copy leaves the number of unique images as it is; the replaced one is the duplicate.
        counts.append(Count(wnid, f"{Kind.NEAR if verdict.replaces else verdict.kind}_duplicate"))
        counts.append(Count(wnid, "replaced", int(verdict.replaces)))
    return counts
