"""``verify``: votes → verdicts, exactly once.

    votes, all partitions ──▶ the ballots that count ──▶ consensus ──▶ a record for each verdict that changed

What a vote is worth depends on all other votes: people vote on many synsets, and synsets are measured by each other. So
one member of the group owns all partitions, as of ``conflicts``. After each batch all is judged anew, and what differs
from what was said last is said, in the transaction in which the votes of the batch are done. So what is said last of
an image follows from the votes alone, and not from how they came in batches, or from who died between them.

The state is rebuilt from ``votes`` below the positions and from ``verified``.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from synsift.pipelines.errors import FencedError
from synsift.pipelines.log.base import Log, Member, Message
from synsift.pipelines.metrics import WORK_SECONDS
from synsift.pipelines.reading import Broken, Skipped, read, read_all, read_state
from synsift.pipelines.records import Verified, Vote
from synsift.pipelines.stages.batch_stage import BatchStage
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.topics import Entry, Router
from synsift.pipelines.verification.asking import Rule
from synsift.pipelines.verification.ballots import Ballot, Ballots, Place
from synsift.pipelines.verification.consensus import By, Judged, Verdict, judge

_log: Final = logging.getLogger(__name__)

VOTES: Final = "votes"
"""Count of votes that were taken in, those that were replaced later included."""
_POLL_S: Final = 0.2
_SHARE: Final = 10
"""A batch may be this part of what is known: judging all after every few votes would take longer the more there are."""


class VerifyStage(BatchStage):
    """Judges images by votes."""

    name = "verify"

    def __init__(self, log: Log, router: Router, *, rule: Rule, batch: int) -> None:
        super().__init__(log, router, batch=batch)
        self._rule = rule
        self._owned: set[int] = set()
        self._ballots: Ballots | None = None
        self._said: dict[Place, Verified] = {}

    def restore(self, partition: int, skipped: Skipped) -> None:
        """Note that a partition is ours; what was done is read when all are."""
        self._owned.add(partition)
        self._ballots = None

    def forget(self, partition: int) -> None:
        """Drop everything: what a vote is worth depends on all others."""
        self._owned.discard(partition)
        self._ballots = None

    def gather(self, member: Member) -> list[Message]:
        """Read a batch, once all partitions are ours."""
        if len(self._owned) < self._logbook.partitions:
            return member.poll(0, _POLL_S)
        if self._ballots is None:
            self._read_back()
            return member.poll(0, 0.0)
        messages = member.poll(self._batch, _POLL_S)
        wanted = len(self._ballots) // _SHARE
        while messages and len(messages) < wanted and (more := member.poll(self._batch, 0.0)):
            messages += more
        return messages

    def work(self, messages: Sequence[Message]) -> None:
        """Take votes in, and judge."""
        if self._ballots is None:
            # They waited while a partition went, and maybe came back.
            raise FencedError("a part of the partitions went to another member")
        taken: list[tuple[Message, Vote]] = []
        for message in messages:
            vote = read(Vote, message, self._router)
            if isinstance(vote, Broken):
                self._ledger.reject(message, vote.outcome, vote.text)
            else:
                cast(self._ballots, vote)
                taken.append((message, vote))
        with WORK_SECONDS.labels(self.name).time():
            entries, counts = self._news(self._ballots) if taken else ([], [])
        for number, (message, vote) in enumerate(taken, start=1):
            more = number == len(taken)
            counted = [Count(vote.wnid, VOTES)]
            self._ledger.finish(message, entries if more else [], [*counted, *(counts if more else [])])

    def _news(self, ballots: Ballots) -> tuple[list[Entry], list[Count]]:
        """What is to be said, and how it changes the counts of the synsets."""
        found = {place: record_of(place, one) for place, one in judge(ballots, self._rule).images.items()}
        for place in ballots.replaced():
            if place in self._said:
                found[place] = Verified(wnid=place.wnid, sha256=place.sha256, verdict=Verdict.REPLACED)
        news = [record for place, record in sorted(found.items()) if self._said.get(place) != record]
        change: Counter[tuple[str, str]] = Counter()
        for record in news:
            if record.rule == By.ELSEWHERE:
                continue  # it is none of the synset's images
            before = self._said.get(Place(record.wnid, record.sha256))
            change[record.wnid, record.verdict] += 1
            if before is not None:
                change[record.wnid, before.verdict] -= 1
        self._said.update((Place(record.wnid, record.sha256), record) for record in news)
        counts = [Count(wnid, verdict, number) for (wnid, verdict), number in sorted(change.items()) if number]
        return [self._router.verified(record) for record in news], counts

    def _read_back(self) -> None:
        """What was done before."""
        began_s = time.monotonic()
        ballots = Ballots()
        for partition in sorted(self._owned):
            for vote in self._done(partition):
                cast(ballots, vote)
            self.beat()
        self._said = {Place(one.wnid, one.sha256): one for one in read_all(self._logbook, Verified, Skipped())}
        self._ballots = ballots
        if len(ballots):
            took_s = time.monotonic() - began_s
            _log.info("votes on %d images are in view again, in %.1f s", len(ballots), took_s)

    def _done(self, partition: int) -> Iterator[Vote]:
        end = self._ledger.done_below(partition)
        for message, vote in read_state(self._logbook, Vote, partition, skipped=Skipped()):
            if message.offset >= end:
                return
            yield vote


def cast(ballots: Ballots, vote: Vote) -> None:
    """Take a vote in."""
    ballots.cast(Place(vote.wnid, vote.sha256), vote.voter, Ballot(vote.answer, vote.at, vote.is_gold))


def record_of(place: Place, judged: Judged) -> Verified:
    """A verdict as it is written."""
    return Verified(
        wnid=place.wnid,
        sha256=place.sha256,
        verdict=judged.verdict,
        confidence=judged.confidence,
        yes=judged.yes,
        no=judged.no,
        unsure=judged.unsure,
        rule=judged.by,
        other=judged.other,
    )
