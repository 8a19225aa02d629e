"""``conflicts``: survivors of all synsets → pairs of images that stand under two of them, as they come, exactly once.

    survivors, all partitions ──▶ one view over all synsets ──▶ a record for each pair found, or ended

Within a synset ``dedupe`` needs no other's state; a pair of two synsets may come from any two partitions. So one member
of the group owns all of them, and the others stand by: what survives is a small part of what is fetched, and one core
looks at more than fleets bring. Which pairs are there is a function of the survivors below the positions, in whatever
order the partitions were read; a pair is written in the transaction in which the later of its two is done.

The state is rebuilt from ``survivors`` below the positions and from ``conflicts``, a partition at a time, between
polls, so that the group doesn't take a long rebuilding for a death.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from synsift.crawler.ontology import wordnet
from synsift.dedupe import DEFAULT_OPTIONS, MatchOptions
from synsift.pipelines.errors import FencedError
from synsift.pipelines.log.base import Log, Member, Message
from synsift.pipelines.metrics import WORK_SECONDS
from synsift.pipelines.pairs import Ties, is_conflict
from synsift.pipelines.reading import Broken, Skipped, read, read_all, read_state
from synsift.pipelines.records import Conflict, Survivor
from synsift.pipelines.stage import Statistics
from synsift.pipelines.stages.batch_stage import BatchStage
from synsift.pipelines.stages.beholder import Beholder
from synsift.pipelines.stages.dedupe_state import fingerprint_of
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.topics import Router

_log: Final = logging.getLogger(__name__)

COMPARED: Final = "compared"
"""Count of survivors that were looked at beside those of all other synsets."""
CONFLICT: Final = "conflict"
"""Count of pairs that were found, of synsets of which neither is above the other."""
LINKED: Final = "linked"
"""Count of pairs that were found, of synsets above each other."""
ENDED: Final = "ended"
"""Count of pairs that don't stand any more."""
_POLL_S: Final = 0.2
_BEAT_EVERY: Final = 1_000


@dataclass(frozen=True, slots=True)
class ConflictsOptions:
    """What the stage needs of the configuration.

    Attributes:
        match: What counts as near.
        batch: Survivors in one transaction.
    """

    match: MatchOptions = DEFAULT_OPTIONS
    batch: int = 500


class ConflictsStage(BatchStage):
    """Looks at survivors beside those of other synsets."""

    name = "conflicts"

    def __init__(self, log: Log, router: Router, *, options: ConflictsOptions) -> None:
        super().__init__(log, router, batch=options.batch)
        self._options = options
        self._beholder: Beholder | None = None
        self._unread: list[int] = []
        self._owned: set[int] = set()
        self._began_s = 0.0

    def restore(self, partition: int, skipped: Skipped) -> None:
        """Note that a partition is to be read; that is done between polls."""
        self._owned.add(partition)
        self._forget_view()

    def forget(self, partition: int) -> None:
        """Drop everything: a view without one partition sees no pairs with it."""
        self._owned.discard(partition)
        self._forget_view()

    def gather(self, member: Member) -> list[Message]:
        """Read a batch, once all partitions are ours and what was done of them is known again."""
        if len(self._owned) < self._logbook.partitions:
            return member.poll(0, _POLL_S)
        if self._beholder is None:
            self._begin()
        if self._unread:
            self._read_back(self._unread.pop())
            return member.poll(0, 0.0)
        return member.poll(self._batch, _POLL_S)

    def statistics(self) -> Statistics:
        """How it is now; not ready while what was done is not in view again."""
        found = super().statistics()
        return replace(found, is_ready=found.is_ready and not self._unread)

    def work(self, messages: Sequence[Message]) -> None:
        """Look at survivors, one after the other."""
        if self._beholder is None or self._unread:
            # They waited while a partition went, and maybe came back.
            raise FencedError("a part of the partitions went to another member")
        for message in messages:
            survivor = read(Survivor, message, self._router)
            image = survivor if isinstance(survivor, Broken) else fingerprint_of(survivor.candidate.image)
            if isinstance(survivor, Broken) or isinstance(image, Broken):
                # ``land`` makes the dead letter of a record, and of a fingerprint ``dedupe``.
                self._ledger.finish(message, [], [])
                continue
            with WORK_SECONDS.labels(self.name).time():
                pairs = self._beholder.look(survivor, image)
            counts = counts_of(survivor.candidate.wnid, pairs)
            self._ledger.finish(message, [self._router.conflict(pair) for pair in pairs], counts)

    def _forget_view(self) -> None:
        self._beholder = None
        self._unread = []

    def _begin(self) -> None:
        self._began_s = time.monotonic()
        self._beholder = Beholder(Ties(wordnet), self._options.match)
        for pair in read_all(self._logbook, Conflict, Skipped()):
            self._beholder.pairs.note(pair)
        self._unread = sorted(self._owned, reverse=True)

    def _read_back(self, partition: int) -> None:
        """What was done of a partition before."""
        assert self._beholder is not None  # noqa: S101 - `_begin` makes it
        self._beholder.restore(self._done(partition))
        if not self._unread and len(self._beholder.view):
            took_s = time.monotonic() - self._began_s
            _log.info("%d survivors of all synsets are in view again, in %.1f s", len(self._beholder.view), took_s)

    def _done(self, partition: int) -> Iterator[Survivor]:
        end = self._ledger.done_below(partition)
        for number, (message, survivor) in enumerate(read_state(self._logbook, Survivor, partition, skipped=Skipped())):
            if message.offset >= end:
                return
            if number % _BEAT_EVERY == 0:
                self.beat()
            yield survivor


def counts_of(wnid: str, pairs: Sequence[Conflict]) -> list[Count]:
    """What a survivor changes in the counts of its synset."""
    found = Counter(_word(pair) for pair in pairs)
    return [Count(wnid, COMPARED), *(Count(wnid, word, number) for word, number in sorted(found.items()))]


def _word(pair: Conflict) -> str:
    if not pair.stands:
        return ENDED
    return CONFLICT if is_conflict(pair.tie) else LINKED
