"""Who gets which batch, and their votes into the log. All that it knows it reads there, whoever wrote it."""

import random
import re
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from synsift.crawler.ontology import Concepts
from synsift.pipelines import topics
from synsift.pipelines.clock import now_text
from synsift.pipelines.errors import UsageError
from synsift.pipelines.log.base import Follower, Log
from synsift.pipelines.reading import Broken, Skipped, look_at_state
from synsift.pipelines.records import Record, Task, Vote
from synsift.pipelines.review.open_batches import OpenBatches
from synsift.pipelines.topics import Router
from synsift.pipelines.verification.ballots import COPY, OTHER, PLANNER, UNIMAGEABLE, UNSURE, YES, Place
from synsift.pipelines.voting import OpenBatch

R = TypeVar("R", bound=Record)

NO: Final = "no"
BROKEN: Final = "broken"
ORIGIN: Final = "review"
_ANSWERS: Final = frozenset({YES, NO, UNSURE, BROKEN, UNIMAGEABLE})
_NO_NAME: Final = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
"""Controls, all that ends a line, and what turns the rest of a line around."""
_VOTER: Final = re.compile(rf"(?! )[^{_NO_NAME}]{{1,128}}")
_LEASE_S: Final = 20 * 60.0
"""So long a batch that somebody was given counts as being answered by them."""
_MOST_S: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Named:
    """A synset as a voter sees it.

    Attributes:
        wnid: Its id.
        name: Its first name; its id if the ontology doesn't know it.
        others: Its other names.
        definition: What it means; may be empty.
    """

    wnid: str
    name: str
    others: tuple[str, ...]
    definition: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A batch for a voter.

    Attributes:
        task: What is asked.
        images: Those to look at, in an order of this voter's own.
        left: Batches that this voter can answer yet, this one included.
        ahead: Images of the one that probably comes next.
    """

    task: Task
    images: Sequence[str]
    left: int
    ahead: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of answers that were handed in.

    Attributes:
        written: Votes that are new in the log.
        kept: Images whose voter has said something else before, which stands.
    """

    written: int
    kept: int = 0


class Desk:
    """Gives batches out and takes votes in. Used by one thread at a time."""

    def __init__(self, log: Log, concepts: Concepts, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._router = Router(log.partitions)
        self._concepts = concepts
        self._clock = clock
        self._skipped = Skipped()
        self._batches = OpenBatches()
        self._images: set[str] = set()
        self._given: dict[str, dict[str, float]] = {}
        self._on_tasks: Follower = log.follow(topics.TASKS.name)
        self._on_votes: Follower = log.follow(topics.VOTES.name)

    def close(self) -> None:
        """Read no more."""
        self._on_tasks.close()
        self._on_votes.close()

    def refresh(self) -> None:
        """Read what was written since."""
        for task in self._news(self._on_tasks, Task):
            self._batches.put(task)
            self._images.update(task.images)
        for vote in self._news(self._on_votes, Vote):
            self._batches.cast(vote)

    def _news(self, follower: Follower, kind: type[R]) -> list[R]:
        found = []
        for message in follower.read():
            record = look_at_state(kind, message, self._router)
            if isinstance(record, Broken):
                self._skipped.note(message, record)
            elif record is not None:
                found.append(record)
        return found

    def knows(self, sha256: str) -> bool:
        """Whether an image is in any batch: no other is shown to anybody. From any thread."""
        return sha256 in self._images

    def offer(self, voter: str, *, passing_over: Sequence[str] = ()) -> Offer | None:
        """A batch for a voter, the one wanted first; None if nothing is left for them.

        What others were given and have not handed in counts for a while as answered, so that two people at once aren't
        asked for the last vote of a batch both.

        Args:
            voter: Who asks.
            passing_over: Batches that they don't want now.

        Raises:
            UsageError: That is no name.
        """
        voter = voter_of(voter)
        able = [one for one, wanted in self._batches.for_voter(voter) if wanted > self._others_at(one, voter)]
        able.sort(key=lambda one: (one.task.id in passing_over, one.task.rank, one.task.id))
        if not able:
            return None
        chosen = able[0]
        self._given.setdefault(chosen.task.id, {})[voter] = self._clock() + _LEASE_S
        ahead = _shuffled(able[1], voter) if len(able) > 1 else ()
        return Offer(chosen.task, _shuffled(chosen, voter), len(able), ahead)

    def first_images(self) -> list[str]:
        """Images of the batch that is wanted first: most voters will see it first."""
        first = self._batches.first()
        return [] if first is None else list(first.images)

    def again(self, task_id: str) -> Task | None:
        """A batch that was handed in, to be looked at once more."""
        return self._batches.task(task_id)

    def _others_at(self, batch: OpenBatch, voter: str) -> int:
        now_s = self._clock()
        given = self._given.get(batch.task.id, {})
        for name in [name for name, until_s in given.items() if until_s <= now_s]:
            del given[name]
        return sum(name != voter for name in given)

    def take(
        self, voter: str, task_id: str, answers: Mapping[str, str], *, took_s: float, changes: bool = False
    ) -> Taken:
        """Write a voter's answers into the log; returns when they are there.

        What stands there already is not written again, so a browser that heard no answer may hand in twice, whatever
        became of the server meanwhile. Nor is an answer changed by a page that doesn't know of it, in another tab.

        Args:
            voter: Whose they are.
            task_id: The batch.
            answers: By SHA-256 of the image.
            took_s: Seconds that all of it took.
            changes: Whether the voter knows what they answered before, and means to change it.

        Raises:
            UsageError: Something is no answer, or no image of the batch.
        """
        voter = voter_of(voter)
        self.refresh()
        task = self._batches.task(task_id)
        if task is None:
            raise UsageError("this batch is not known", hint="load the page again")
        if not 0 <= took_s <= _MOST_S:
            took_s = 0.0
        for sha256, answer in answers.items():
            _check_answer(task, sha256, answer)
        before = {sha256: self._batches.answer(Place(task.wnid, sha256), voter) for sha256 in answers}
        others = {sha256 for sha256, answer in answers.items() if before[sha256] not in ("", answer)}
        new = [sha256 for sha256 in answers if not before[sha256] or (changes and sha256 in others)]
        at, each_s = now_text(), round(took_s / max(1, len(answers)), 2)
        votes = [
            Vote(
                wnid=task.wnid,
                sha256=sha256,
                voter=voter,
                answer=answers[sha256],
                at=at,
                origin=ORIGIN,
                took_s=each_s,
                task=task.id,
            )
            for sha256 in new
        ]
        self._log.produce([self._router.vote(vote) for vote in votes])
        self._given.get(task_id, {}).pop(voter, None)
        for vote in votes:  # at once: a follower of Kafka may hear of them a moment later, and then a second time
            self._batches.cast(vote)
        return Taken(len(votes), len(others.difference(new)))

    def named(self, wnid: str) -> Named:
        """A synset as a voter sees it."""
        return named_of(self._concepts, wnid)


def named_of(concepts: Concepts, wnid: str) -> Named:
    """A synset as a voter sees it."""
    if wnid not in concepts:
        return Named(wnid, wnid, (), "")
    synset = concepts.get(wnid)
    first, *others = (lemma.replace("_", " ") for lemma in synset.lemmas)
    return Named(wnid, first, tuple(others), synset.definition)


def _shuffled(batch: OpenBatch, voter: str) -> list[str]:
    """What a voter should be shown, in an order of their own: so a place in the grid is no bias."""
    images = batch.left_for(voter)
    random.Random(f"{voter} {batch.task.id}").shuffle(images)  # noqa: S311 - no secret
    return images


def voter_of(name: Any) -> str:  # noqa: ANN401 - from a browser
    """A voter's name; one that looks the same is the same, whichever keyboard it was typed on.

    Raises:
        UsageError: It can't be one.
    """
    voter = unicodedata.normalize("NFC", name).strip(" ") if isinstance(name, str) else ""
    if not _VOTER.fullmatch(voter):
        raise UsageError("a voter's name has 1 to 128 characters, and no line feeds or other controls")
    if voter == PLANNER:
        raise UsageError(f"`{PLANNER}` is the name of what plans batches", hint="take another one")
    return voter


def _check_answer(task: Task, sha256: str, answer: str) -> None:
    if sha256 not in task.images:
        raise UsageError(f"image `{sha256[:12]}…` is not in this batch")
    if answer in _ANSWERS or (answer.startswith(OTHER) and answer.removeprefix(OTHER) in task.rivals):
        return
    kind = "only stages say that" if answer.startswith(COPY) else "not one that this batch offers"
    raise UsageError(f"`{answer[:40]}` is no answer: {kind}")
