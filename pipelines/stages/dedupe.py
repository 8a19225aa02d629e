"""``dedupe``: candidates → survivors and duplicates, exactly once.

All candidates of a synset come to one worker, in one order. Its state, a matcher for each synset, is a function of
``survivors``; outputs, counts and positions go out in one transaction.
"""

from collections.abc import Sequence
from typing import Final

from dedupe import Fingerprint, Kind, Matcher, Verdict, hash_from_text
from pipelines import topics
from pipelines.errors import RecordError
from pipelines.log.base import Log, Message
from pipelines.metrics import WORK_SECONDS
from pipelines.records import Candidate, Duplicate, Image, Survivor, decode
from pipelines.stages.batch_stage import BatchStage
from pipelines.stages.ledger import BROKEN_RECORD, Count
from pipelines.topics import Entry, Router

UNIQUE: Final = "unique"
"""Count of the survivors of a synset."""


def fingerprint_of(image: Image) -> Fingerprint:
    """The fingerprint in a record.

    Raises:
        RecordError: Its hash can't be read.
    """
    try:
        hash256 = hash_from_text(image.hash)
        int(image.sha256, 16)
    except ValueError as exc:
        raise RecordError(f"image {image.sha256[:64]!r}: {exc}") from exc
    return Fingerprint(
        sha256=image.sha256,
        hash256=hash256,
        information=image.information,
        width_px=image.width_px,
        height_px=image.height_px,
        format=image.format,
        size_bytes=image.size_bytes,
    )


class DedupeStage(BatchStage):
    """Judges candidates."""

    name = "dedupe"

    def __init__(self, log: Log, router: Router, *, radius_bits: int, batch: int) -> None:
        super().__init__(log, router, batch=batch)
        self._radius_bits = radius_bits
        self._matchers: dict[int, dict[str, Matcher]] = {}

    def restore(self, partition: int) -> None:
        """Replay the survivors of a partition."""
        self._matchers[partition] = {}
        for message in self._logbook.read(topics.SURVIVORS.name, partition):
            survivor = decode(Survivor, message.value)
            matcher = self._matcher(partition, survivor.candidate.wnid)
            matcher.restore(fingerprint_of(survivor.candidate.image), replaces=survivor.replaces or None)

    def forget(self, partition: int) -> None:
        """Drop the matchers of a partition."""
        self._matchers.pop(partition, None)

    def work(self, messages: Sequence[Message]) -> None:
        """Judge candidates in order."""
        for message in messages:
            try:
                candidate = decode(Candidate, message.value)
                image = fingerprint_of(candidate.image)
            except RecordError as exc:
                self._ledger.reject(message, BROKEN_RECORD, str(exc))
                continue
            with WORK_SECONDS.labels(self.name).time():
                verdict = self._matcher(message.partition, candidate.wnid).add(image)
            self._ledger.finish(message, self._outputs(candidate, verdict), counts_of(candidate.wnid, verdict))

    def _matcher(self, partition: int, wnid: str) -> Matcher:
        matchers = self._matchers[partition]
        if wnid not in matchers:
            matchers[wnid] = Matcher(radius_bits=self._radius_bits)
        return matchers[wnid]

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
            transform=transform,
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
