"""Open batches, and who has answered what of them, known before somebody asks: a vote changes the few that have it.

a batch, a vote ──▶ what was known of its batches is forgotten ──▶ ``for_voter`` looks at those anew, and no others
"""

from collections.abc import Iterator
from dataclasses import dataclass

from synsift.pipelines.records import Task, Vote
from synsift.pipelines.stages.verify import cast
from synsift.pipelines.verification.ballots import COPY, Ballots, Place
from synsift.pipelines.voting import OpenBatch, open_batch


@dataclass(frozen=True, slots=True)
class _Known:
    """What follows from the votes of a batch.

    Attributes:
        batch: The batch.
        wanted: How many people it wants yet.
        voters: Who has answered any of its images.
    """

    batch: OpenBatch
    wanted: int
    voters: frozenset[str]

    def has_left(self, voter: str) -> bool:
        """Whether a voter can answer any of it."""
        return self.wanted > 0 and (voter not in self.voters or bool(self.batch.left_for(voter)))


class OpenBatches:
    """All batches that were told of. Used by one thread at a time."""

    def __init__(self) -> None:
        self._ballots = Ballots()
        self._tasks: dict[str, Task] = {}
        self._known: dict[str, _Known] = {}
        self._asked: dict[Place, set[str]] = {}

    def put(self, task: Task) -> None:
        """Take in a batch, or that it has changed."""
        self._tasks[task.id] = task
        self._known.pop(task.id, None)

    def cast(self, vote: Vote) -> None:
        """Take in a vote."""
        cast(self._ballots, vote)
        if vote.answer.startswith(COPY):
            for name in [name for name, known in self._known.items() if known.batch.task.wnid == vote.wnid]:
                del self._known[name]
            return
        for name in self._asked.get(self._ballots.last_heir(Place(vote.wnid, vote.sha256)), ()):
            self._known.pop(name, None)

    def task(self, name: str) -> Task | None:
        """A batch, whether it is open or not; None if there is none."""
        return self._tasks.get(name)

    def answer(self, place: Place, voter: str) -> str:
        """What a voter says of an image; empty if they haven't yet."""
        ballot = self._ballots.of(self._ballots.last_heir(place)).get(voter)
        return "" if ballot is None else ballot.answer

    def first(self) -> Task | None:
        """The open one that is wanted first."""
        return min((task for task in self._tasks.values() if task.is_open), key=_order, default=None)

    def for_voter(self, voter: str) -> Iterator[tuple[OpenBatch, int]]:
        """Open batches of which a voter can answer something, and how many people each wants yet; in no order."""
        for task in self._tasks.values():
            if task.is_open and (known := self._known_of(task)).has_left(voter):
                yield known.batch, known.wanted

    def _known_of(self, task: Task) -> _Known:
        known = self._known.get(task.id)
        if known is None:
            batch = open_batch(task, self._ballots)
            known = _Known(batch, batch.wanted, frozenset().union(*batch.answered.values()))
            self._known[task.id] = known
            for sha256 in task.images:
                place = self._ballots.last_heir(Place(task.wnid, sha256))
                self._asked.setdefault(place, set()).add(task.id)
        return known


def _order(task: Task) -> tuple[int, str]:
    return task.rank, task.id
