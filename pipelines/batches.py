"""``synsift verify plan``: what is asked of people next, as batches in the log. A function of the log and the options.

    survivors, votes, batches that are open ──▶ how many votes each image wants yet ──▶ batches, with gold among them

What open batches ask for counts as asked, so a plan that is made twice asks once. Batches that ask for what is known by
now are closed.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import msgspec
import numpy as np

from synsift.crawler.ontology import Concepts
from synsift.dedupe import Fingerprint
from synsift.pipelines.log.base import Log
from synsift.pipelines.pairs import Tie, Ties
from synsift.pipelines.reading import Skipped, read_all
from synsift.pipelines.records import Conflict, Relation, Task, Vote
from synsift.pipelines.rivals import Rivals
from synsift.pipelines.stages.dedupe_state import fingerprint_of
from synsift.pipelines.topics import Entry, Router
from synsift.pipelines.verification import asking
from synsift.pipelines.verification.asking import Rule
from synsift.pipelines.verification.ballots import OTHER, PLANNER, Place
from synsift.pipelines.verification.batches import Batch, Wish, compose, near, shuffled
from synsift.pipelines.verification.consensus import Judged, Outcome, Verdict, judge
from synsift.pipelines.voting import Standing, read_ballots, read_standing, read_tasks

_SURE: Final = 0.995
"""Of an image that may be gold: rather few that are right than one that blames voters who are."""
_PREFERRED, _LEARN, _DECIDE = 0, 1_000, 2_000
_ID_DIGITS: Final = 32
_GOLD_BATCHES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What a plan needs of the configuration and of the command.

    Attributes:
        rule: When it is sure enough what an image is.
        size: Images in a batch.
        gold: Share of them whose answer is known.
        link: Gives the article on a synset; empty for none.
        only: Synsets that are planned; all if there are none.
        prefer: Synsets that come before all others, the first one first.
        at: The time of what is written.
    """

    rule: Rule
    size: int
    gold: float
    link: Callable[[str], str]
    only: Sequence[str] = ()
    prefer: Sequence[str] = ()
    at: str


@dataclass(slots=True)
class Planned:
    """What a plan has for a synset.

    Attributes:
        wnid: The synset.
        images: How many stand.
        verdicts: How many of them have each verdict.
        cast: Votes that its images have.
        batches: New ones.
        asked: Votes that they ask for, gold apart.
        closed: Batches that ask for nothing any more.
    """

    wnid: str
    images: int = 0
    verdicts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cast: int = 0
    batches: int = 0
    asked: int = 0
    closed: int = 0


def plan(log: Log, rivals: Rivals, ties: Ties, options: PlanOptions) -> list[Planned]:
    """Write what is asked next.

    Args:
        log: Where.
        rivals: Which synsets are offered beside another.
        ties: What synsets are to each other: gold that shows something else is of distant ones.
        options: How.
    """
    planner = _Planner(log, rivals, ties, options)
    found = []
    for wnid in planner.wnids():
        planned, entries = planner.plan(wnid)
        log.produce(entries)
        found.append(planned)
    return found


@dataclass(frozen=True, slots=True)
class _Image:
    """A survivor that stands, and what is known of it."""

    sha256: str
    cast: int
    judged: Judged | None
    is_gold: bool

    @property
    def good(self) -> float:
        return 0.5 if self.judged is None else self.judged.good

    @property
    def verdict(self) -> str:
        return Verdict.OPEN if self.judged is None else self.judged.verdict


class _Planner:
    """Reads the log once, and plans a synset after the other."""

    def __init__(self, log: Log, rivals: Rivals, ties: Ties, options: PlanOptions) -> None:
        self._options = options
        self._rivals = rivals
        self._ties = ties
        self._router = Router(log.partitions)
        self._ballots = read_ballots(log, Skipped())
        self._outcome: Outcome = judge(self._ballots, options.rule)
        self._standing: dict[str, list[Standing]] = defaultdict(list)
        for one in read_standing(log):
            self._standing[one.place.wnid].append(one)
        self._places = {one.place for standing in self._standing.values() for one in standing}
        self._images = {one.place.sha256: one.survivor.candidate.image for x in self._standing.values() for one in x}
        self._tasks: dict[str, list[Task]] = defaultdict(list)
        for task in read_tasks(log).values():
            self._tasks[task.wnid].append(task)
        self._made: dict[str, int] = defaultdict(int)
        for task in read_all(log, Task):
            self._made[task.wnid] += 1
        self._apart = _related(read_all(log, Relation), read_all(log, Conflict))
        self._other_gold = self._pool_of_others()
        self._from: dict[str, str] = {}

    def wnids(self) -> list[str]:
        """Synsets to plan, those that come first first."""
        known = [wnid for wnid in sorted(self._standing) if not self._options.only or wnid in self._options.only]
        prefer = {wnid: place for place, wnid in enumerate(self._options.prefer)}
        return sorted(known, key=lambda wnid: (prefer.get(wnid, len(prefer)), wnid))

    def plan(self, wnid: str) -> tuple[Planned, list[Entry]]:
        """What is asked of one synset."""
        images = [self._image(one.place) for one in self._standing[wnid]]
        planned = Planned(wnid, len(images), cast=sum(image.cast for image in images))
        for image in images:
            planned.verdicts[image.verdict] += 1
        wishes, open_ones = self._wishes(wnid, images), {one.sha256 for one in images if one.verdict == Verdict.OPEN}
        can_be_shown = wnid not in self._outcome.unimageable
        closed = [task for task in self._tasks[wnid] if not can_be_shown or not self._asks(task, open_ones)]
        entries = [self._router.task(msgspec.structs.replace(task, is_open=False)) for task in closed]
        planned.closed = len(closed)
        if can_be_shown and wishes:
            entries += self._batches(wnid, images, wishes, planned)
        return planned, entries

    def _image(self, place: Place) -> _Image:
        cast = self._ballots.of(place)
        is_gold = any(ballot.is_gold for ballot in cast.values())
        by_people = sum(not ballot.is_gold for ballot in cast.values())
        return _Image(place.sha256, by_people, self._outcome.images.get(place), is_gold)

    def _wishes(self, wnid: str, images: Sequence[_Image]) -> list[Wish]:
        """What each image wants beyond what it has and what is asked already, within the budget."""
        free = [image for image in images if not image.is_gold]
        if not free:
            return []
        rule = self._options.rule
        asked = self._asked(wnid)
        votes = np.array([max(image.cast, asked.get(image.sha256, 0)) for image in free])
        good = np.array([image.good for image in free])
        drawn = asking.draw(wnid, [image.sha256 for image in free], rule.learn)
        learning = np.array([image.sha256 in drawn for image in free])
        need = asking.wanted(good, votes, learning, rule)
        # What was asked is judged when it is answered: until then nobody knows whether it wants more.
        waiting = np.array([asked.get(image.sha256, 0) > image.cast for image in free])
        need = np.where(waiting & ~learning, 0, need)
        if rule.budget:
            need = asking.within(rule.budget - int(votes.sum()), need, good, learning)
        return [
            Wish(image.sha256, int(votes[at] + need[at]), bool(learning[at]))
            for at, image in enumerate(free)
            if need[at] > 0
        ]

    def _asked(self, wnid: str) -> dict[str, int]:
        """How many votes open batches want for each image, in all."""
        asked: dict[str, int] = {}
        for task in self._tasks[wnid]:
            for sha256 in task.images:
                heir = self._ballots.last_heir(Place(wnid, sha256)).sha256
                asked[heir] = max(asked.get(heir, 0), task.votes)
        return asked

    def _asks(self, task: Task, open_ones: Collection[str]) -> bool:
        """Whether an open batch asks for anything that is wanted yet."""
        for sha256 in task.images:
            heir = self._ballots.last_heir(Place(task.wnid, sha256))
            lacks = len(self._ballots.of(heir)) < task.votes
            if lacks and (heir.sha256 in open_ones or task.reason == "learn") and heir in self._places:
                return True
        return False

    # Batches.

    def _batches(self, wnid: str, images: Sequence[_Image], wishes: Sequence[Wish], planned: Planned) -> list[Entry]:
        size = self._options.size
        hidden = min(size - 1, round(size * self._options.gold))
        good, bad = self._gold(wnid, images, {wish.sha256 for wish in wishes})
        if not good and not bad:
            hidden = 0
        apart = self._kept_apart(wnid, wishes, [*good, *bad])
        entries: list[Entry] = []
        known: set[str] = {image.sha256 for image in images if image.is_gold}
        for batch in compose(wishes, apart, size=size - hidden, lot=wnid):
            mixed = self._mix(wnid, batch, hidden, (good, bad), apart)
            task = self._task(wnid, batch, mixed)
            entries.append(self._router.task(task))
            for sha256 in sorted(set(mixed) - known):
                known.add(sha256)
                entries.append(self._router.vote(self._gold_vote(wnid, sha256, is_good=sha256 in good)))
            planned.batches += 1
        cast = {image.sha256: image.cast for image in images}
        planned.asked += sum(wish.votes - cast[wish.sha256] for wish in wishes)
        return entries

    def _task(self, wnid: str, batch: Batch, gold: Sequence[str]) -> Task:
        self._made[wnid] += 1
        images = shuffled([*batch.images, *gold], f"{wnid} {self._made[wnid]}")
        text = "\n".join((wnid, str(self._made[wnid]), str(batch.votes), *images))
        prefer = list(self._options.prefer)
        rank = _PREFERRED + prefer.index(wnid) if wnid in prefer else (_LEARN if batch.learns else _DECIDE)
        return Task(
            id=hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS],
            wnid=wnid,
            images=tuple(images),
            votes=batch.votes,
            at=self._options.at,
            rivals=self._rivals.of(wnid),
            link=self._options.link(wnid),
            rank=rank,
            reason="learn" if batch.learns else "decide",
        )

    def _mix(
        self,
        wnid: str,
        batch: Batch,
        hidden: int,
        pools: tuple[Sequence[str], Sequence[str]],
        apart: Mapping[str, Collection[str]],
    ) -> list[str]:
        """Gold for a batch: good and bad in turn, others each time, none nearly the same as what stands there."""
        lot = f"gold {wnid} {self._made[wnid]}"
        good, bad = (shuffled(pool, lot) for pool in pools)
        mixed: list[str] = []
        here = set(batch.images)
        for sha256 in _in_turn(good, bad):
            if len(mixed) == hidden:
                break
            if sha256 not in here and not here & set(apart.get(sha256, ())):
                mixed.append(sha256)
                here.add(sha256)
        return mixed

    def _gold(self, wnid: str, images: Sequence[_Image], wanted: Collection[str]) -> tuple[list[str], list[str]]:
        """Images whose answer is known: good ones of the synset, and bad ones, of it or of distant synsets."""
        sure = [image for image in images if image.sha256 not in wanted and image.judged is not None]
        good = [image.sha256 for image in sure if image.verdict == Verdict.ACCEPTED and _is_sure(image)]
        bad = [image.sha256 for image in sure if image.is_gold and image.verdict == Verdict.REJECTED]
        own = {image.sha256 for image in images}
        distant = [other for other in self._other_gold if other != wnid and self._is_distant(wnid, other)]
        # As many as several batches hold, of as many synsets as there are.
        each = -(-_GOLD_BATCHES * self._options.size // max(1, len(distant)))
        for other in shuffled(distant, wnid)[: _GOLD_BATCHES * self._options.size]:
            pool = [sha256 for sha256 in self._other_gold[other][:each] if sha256 not in own]
            bad += pool
            self._from.update(dict.fromkeys(pool, other))
        return good, bad

    def _pool_of_others(self) -> dict[str, list[str]]:
        """Of each synset a few images that surely show it; where nobody has voted yet, any of it."""
        pools: dict[str, list[str]] = {}
        for wnid, standing in self._standing.items():
            images = [self._image(one.place) for one in standing]
            sure = [one.sha256 for one in images if one.verdict == Verdict.ACCEPTED and _is_sure(one)]
            pool = sure or [one.sha256 for one in images if one.verdict == Verdict.OPEN]
            pools[wnid] = shuffled(pool, wnid)[: self._options.size]
        return pools

    def _is_distant(self, wnid: str, other: str) -> bool:
        return self._ties.of(wnid, other) is Tie.DISJOINT and other not in self._rivals.of(wnid)

    def _gold_vote(self, wnid: str, sha256: str, *, is_good: bool) -> Vote:
        return Vote(
            wnid=wnid,
            sha256=sha256,
            voter=PLANNER,
            answer="yes" if is_good else f"{OTHER}{self._from[sha256]}",
            at=self._options.at,
            origin=PLANNER,
            is_gold=True,
        )

    def _kept_apart(self, wnid: str, wishes: Sequence[Wish], gold: Sequence[str]) -> dict[str, set[str]]:
        """Which of some images are nearly the same: by what is known of them, and by their hashes."""
        here = [*dict.fromkeys([*(wish.sha256 for wish in wishes), *gold])]
        apart: dict[str, set[str]] = {sha256: set(self._apart.get(sha256, ())) for sha256 in here}
        prints = self._prints(here)
        if len(prints) < 2:
            return apart
        names = list(prints)
        hashes = np.stack([np.frombuffer(found.hash256, np.uint8) for found in prints.values()])
        turned = np.stack([found.orientations() for found in prints.values()])
        for row, column in near(hashes, turned):
            apart[names[row]].add(names[column])
            apart[names[column]].add(names[row])
        return apart

    def _prints(self, here: Collection[str]) -> dict[str, Fingerprint]:
        found = {sha256: fingerprint_of(self._images[sha256]) for sha256 in here if sha256 in self._images}
        return {sha256: image for sha256, image in found.items() if isinstance(image, Fingerprint)}


def article_of(template: str, concepts: Concepts) -> Callable[[str], str]:
    """What gives the article on a synset.

    Args:
        template: An address in which ``{}`` stands for the synset's name; empty for no articles.
        concepts: Have the names.
    """

    def link(wnid: str) -> str:
        name = concepts.get(wnid).lemmas[0].replace(" ", "_") if wnid in concepts else ""
        return template.replace("{}", quote(name[:1].upper() + name[1:])) if name else ""

    return link


def _is_sure(image: _Image) -> bool:
    return image.judged is not None and (image.is_gold or (image.judged.good >= _SURE and image.judged.no == 0))


def _in_turn(one: Sequence[str], other: Sequence[str]) -> Iterable[str]:
    for at in range(max(len(one), len(other))):
        yield from one[at : at + 1]
        yield from other[at : at + 1]


def _related(relations: Iterable[Relation], conflicts: Iterable[Conflict]) -> dict[str, set[str]]:
    """Images that are known to be related, in either direction."""
    apart: dict[str, set[str]] = defaultdict(set)
    for one, other in (
        *((found.sha256, found.of) for found in relations),
        *((found.sha256, found.other_sha256) for found in conflicts),
    ):
        if one != other:
            apart[one].add(other)
            apart[other].add(one)
    return apart
