"""What people vote on, as the log has it: images with their verdicts, batches that are open, and votes on their way in.

For whatever asks people and takes their answers: pages, imports, exports. The models are in ``verification``, and the
stage ``verify`` makes verdicts of what is written here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from synsift.pipelines.errors import UsageError
from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Skipped, read_all
from synsift.pipelines.records import Survivor, Task, Verified, Vote
from synsift.pipelines.removed import read_survivors
from synsift.pipelines.stages.verify import cast
from synsift.pipelines.topics import Router
from synsift.pipelines.verification.ballots import COPY, Ballots, Place
from synsift.pipelines.verification.consensus import Verdict

_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Standing:
    """A survivor that stands, and what became of it.

    Attributes:
        survivor: As it was kept.
        verified: The last word on it; None if nobody has voted on it, or the stage ``verify`` has yet to read that.
    """

    survivor: Survivor
    verified: Verified | None = None

    @property
    def place(self) -> Place:
        """Its synset and its SHA-256."""
        return place_of(self.survivor)

    @property
    def verdict(self) -> str:
        """What became of it."""
        return Verdict.OPEN if self.verified is None else self.verified.verdict


def place_of(survivor: Survivor) -> Place:
    """The synset and the SHA-256 of a survivor."""
    return Place(survivor.candidate.wnid, survivor.candidate.image.sha256)


def read_verdicts(log: Log, skipped: Skipped | None = None) -> dict[Place, Verified]:
    """The last word on each image under each synset."""
    return {Place(one.wnid, one.sha256): one for one in read_all(log, Verified, skipped)}


def read_standing(log: Log, wnids: Collection[str] = (), skipped: Skipped | None = None) -> Iterator[Standing]:
    """Survivors that stand, with their verdicts, in the order of the log.

    Args:
        log: Has them.
        wnids: Of these synsets; of all if there are none.
        skipped: Takes note of records that can't be read.
    """
    verdicts = read_verdicts(log)
    replaced = {
        Place(one.candidate.wnid, one.replaces): place_of(one) for one in read_all(log, Survivor) if one.replaces
    }
    given: set[Place] = set()
    for survivor in read_survivors(log, skipped):
        place = place_of(survivor)
        if place in replaced or place in given or (wnids and place.wnid not in wnids):
            continue
        given.add(place)
        yield Standing(survivor, verdicts.get(place))


def read_ballots(log: Log, skipped: Skipped | None = None) -> Ballots:
    """All votes that count, those included that ``verify`` has yet to read."""
    ballots = Ballots()
    for vote in read_all(log, Vote, skipped):
        cast(ballots, vote)
    return ballots


def append_votes(log: Log, votes: Iterable[Vote]) -> int:
    """Write votes into the log; written twice, they count once. Gives how many were new.

    A vote that stands there already word for word is not written again; so an import may be repeated, or go on where it
    was cut off, and the log doesn't grow.

    Raises:
        UsageError: One of them says what only stages say.
    """
    router = Router(log.partitions)
    known = {_key(vote) for vote in read_all(log, Vote)}
    written = 0
    entries = []
    for vote in votes:
        if vote.answer.startswith(COPY):
            raise UsageError(f"`{vote.answer[:12]}…` is no answer of a voter's")
        if _key(vote) in known:
            continue
        known.add(_key(vote))
        entries.append(router.vote(vote))
        written += 1
        if len(entries) == _BATCH:
            log.produce(entries)
            entries = []
    log.produce(entries)
    return written


def _key(vote: Vote) -> tuple[str, str, str, str, str, bool]:
    return vote.wnid, vote.sha256, vote.voter, vote.answer, vote.at, vote.is_gold


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch that wants more votes.

    Attributes:
        task: What is asked.
        answered: Who has answered each of its images.
        gold: Those of its images whose answer is known.
    """

    task: Task
    answered: Mapping[str, frozenset[str]]
    gold: frozenset[str]

    @property
    def wanted(self) -> int:
        """How many people it wants yet, at least."""
        return max((self._lacks(sha256) for sha256 in self.task.images), default=0)

    def left_for(self, voter: str) -> list[str]:
        """What a voter should be shown of it: what they have not answered, and what has too few votes, or is gold.

        Nothing, if that were gold alone.
        """
        left = [x for x in self.task.images if voter not in self.answered[x] and (x in self.gold or self._lacks(x))]
        return left if set(left) - self.gold else []

    def _lacks(self, sha256: str) -> int:
        return 0 if sha256 in self.gold else max(0, self.task.votes - len(self.answered[sha256]))


def read_tasks(log: Log, skipped: Skipped | None = None) -> dict[str, Task]:
    """All batches that stand, by id: the last word on each."""
    tasks = {task.id: task for task in read_all(log, Task, skipped)}
    return {name: task for name, task in tasks.items() if task.is_open}


def read_open_batches(log: Log, voter: str = "") -> list[OpenBatch]:
    """Batches that want more votes, the first wanted first.

    An image counts as answered by whoever has voted on it under the synset, in whatever batch, or on a copy that it
    replaced or that replaced it.

    Args:
        log: Has them.
        voter: Only those of which this voter has something to answer yet; empty for all.
    """
    ballots = read_ballots(log)
    found = [open_batch(task, ballots) for task in read_tasks(log).values()]
    wanted = [one for one in found if one.wanted and (not voter or one.left_for(voter))]
    return sorted(wanted, key=lambda one: (one.task.rank, one.task.id))


def open_batch(task: Task, ballots: Ballots) -> OpenBatch:
    """A batch, and who has answered what of it."""
    answered, gold = {}, set()
    for sha256 in task.images:
        cast_on = ballots.of(ballots.last_heir(Place(task.wnid, sha256)))
        answered[sha256] = frozenset(name for name, ballot in cast_on.items() if not ballot.is_gold)
        if any(ballot.is_gold for ballot in cast_on.values()):
            gold.add(sha256)
    return OpenBatch(task, answered, frozenset(gold))
