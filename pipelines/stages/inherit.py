"""``inherit``: survivors that replace another one → the word that its votes count for the better copy, exactly once.

``verify`` reads nothing but ``votes``, and what it knows is a function of that topic. So what becomes of the images
that people vote on must stand there, too: as a vote of this stage's own, whose answer is ``copy:`` and the better copy.

Where an image went for the sake of one that it is a part of, its votes go with it: the two show different things.
"""

from collections.abc import Sequence
from typing import Final

from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.reading import Broken, Skipped, read
from synsift.pipelines.records import Survivor, Vote
from synsift.pipelines.stages.batch_stage import BatchStage
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.topics import Router
from synsift.pipelines.verification.ballots import COPY

INHERITED: Final = "inherited"
"""Count of better copies that were told of."""
_OF_A_COPY: Final = ("", "copy")


class InheritStage(BatchStage):
    """Tells which better copies take the votes of what they replace."""

    name = "inherit"

    def __init__(self, log: Log, router: Router, *, batch: int) -> None:
        super().__init__(log, router, batch=batch)

    def restore(self, partition: int, skipped: Skipped) -> None:
        """Nothing: a record tells all there is to know."""

    def forget(self, partition: int) -> None:
        """Nothing."""

    def work(self, messages: Sequence[Message]) -> None:
        """Look at survivors, one after the other; of what can't be read ``land`` makes the dead letter."""
        for message in messages:
            survivor = read(Survivor, message, self._router)
            vote = None if isinstance(survivor, Broken) else inherited(survivor)
            if vote is None:
                self._ledger.finish(message, [], [])
            else:
                self._ledger.finish(message, [self._router.vote(vote)], [Count(vote.wnid, INHERITED)])


def inherited(survivor: Survivor) -> Vote | None:
    """The word on what a survivor replaces; None if that keeps its votes, or nothing was replaced."""
    candidate = survivor.candidate
    if not survivor.replaces or survivor.relation not in _OF_A_COPY:
        return None
    return Vote(
        wnid=candidate.wnid,
        sha256=survivor.replaces,
        voter=InheritStage.name,
        answer=f"{COPY}{candidate.image.sha256}",
        at=EVER,
        origin=InheritStage.name,
    )


EVER: Final = "1970-01-01T00:00:00Z"
"""The time of what holds without one, so that the same input gives the same record."""
