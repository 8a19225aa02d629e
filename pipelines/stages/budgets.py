"""What synsets and sources may cost in all: images, requests and bytes, by all workers together.

What was spent are counts in ``progress``, written with the commit of what it was spent for, and read of all partitions
by whoever has a budget to keep. They begin when there is one:

    spent:requests           under its wnid, of a synset; likewise images, bytes
    spent:requests:SOURCE    under no wnid, of a source

What is on its way counts as spent, bytes as many as an image had in the mean. Of what is left of a budget, a worker
takes no more at a time than its part of the partitions. So a single worker stays within, bytes but for the last images,
and a worker of a fleet goes beyond at most by what others spent since it last looked.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from synsift.pipelines import topics
from synsift.pipelines.controls.view import Stop, Stopped
from synsift.pipelines.log.base import Follower, Log, Message
from synsift.pipelines.reading import look_at_state
from synsift.pipelines.records import Progress
from synsift.pipelines.stages.ledger import Ledger
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.topics import Router

WHATS: Final = ("images", "requests", "bytes")
_SPENT: Final = "spent:"
_READ_EVERY_S: Final = 0.3
_FIRST_BYTES: Final = 100_000
"""Taken for the size of an image of a synset or source that has none yet."""

Subject = tuple[str, str]
"""``synset`` and its wnid, or ``source`` and its name."""
_Part = tuple[str, int]
"""A stage and a partition of its input."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that something may cost; 0 for any number.

    Attributes:
        images: That came and could be used, copies among them.
        requests: For pages of sources and for images, those that fail among them.
        bytes: Of images that came.
    """

    images: int = 0
    requests: int = 0
    bytes: int = 0

    def __bool__(self) -> bool:
        """Whether it bounds anything."""
        return bool(self.images or self.requests or self.bytes)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The budgets of a configuration.

    Attributes:
        synset: Of each synset.
        sources: By name.
    """

    synset: Budget = Budget()
    sources: Mapping[str, Budget] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is bounded."""
        return bool(self.synset) or any(self.sources.values())

    def of(self, subject: Subject) -> Budget:
        """The budget of a synset or a source."""
        return self.synset if subject[0] == "synset" else self.sources.get(subject[1], Budget())


ANY_COST: Final = Allowed()


class Budgets:
    """What one stage keeps to. Lives in its event loop, but for what its log's thread calls."""

    def __init__(self, stage: str, log: Log, ledger: Ledger, router: Router, allowed: Allowed) -> None:
        """Know nothing yet.

        Args:
            stage: Name of the stage.
            log: Where ``progress`` is.
            ledger: Has the stage's own counts.
            router: Reads records.
            allowed: What may be spent.
        """
        self._stage, self._logbook, self._ledger, self._router = stage, log, ledger, router
        self.allowed = allowed
        self._follower: Follower | None = None
        self._spent: dict[Subject, dict[_Part, dict[str, int]]] = {}
        self._owned: frozenset[int] = frozenset()
        # By partition and offset: what it is for, and how many requests were made for it.
        self._on_the_way: dict[tuple[int, int], tuple[str, str, int]] = {}
        self._news = False
        self._read_at_s = -_READ_EVERY_S

    # In the log's thread.

    def take_over(self, partition: int) -> None:
        """A partition is ours: its counts are this worker's own."""
        self._owned |= {partition}

    def read(self) -> None:
        """Read what was spent since the last time, where that matters."""
        now_s = time.monotonic()
        if not self.allowed or now_s < self._read_at_s + _READ_EVERY_S:
            return
        self._read_at_s = now_s
        if self._follower is None:
            self._follower = self._logbook.follow(topics.PROGRESS.name)
        for message in self._follower.read():
            record = look_at_state(Progress, message, self._router)
            if isinstance(record, Progress):
                self._take(record)

    def _take(self, record: Progress) -> None:
        for subject, what, number in _costs_in(record):
            if self.allowed.of(subject):
                parts = self._spent.setdefault(subject, {})
                parts.setdefault((record.stage, record.partition), {})[what] = number
                self._news = True

    def release(self, message: Message) -> None:
        """An input is committed: what it cost is counted."""
        self._news = self._on_the_way.pop((message.partition, message.offset), None) is not None or self._news

    def forget(self, partition: int) -> None:
        """A partition is another's."""
        self._owned -= {partition}
        for place in [place for place in tuple(self._on_the_way) if place[0] == partition]:
            self._on_the_way.pop(place, None)

    def close(self) -> None:
        """Read no more."""
        if self._follower is not None:
            self._follower.close()
            self._follower = None

    # In the event loop.

    def begins(self, message: Message, wnid: str, source: str) -> None:
        """A request is about to be made for an input, the first or one more."""
        place = (message.partition, message.offset)
        _, _, requests = self._on_the_way.get(place, ("", "", 0))
        self._on_the_way[place] = (wnid, source, requests + 1)

    def cost(self, message: Message, *, image_bytes: int | None = None) -> list[Count]:
        """What an input cost that ends: to be counted in its commit.

        Args:
            message: The input.
            image_bytes: Of the image that it gave; None for none.
        """
        wnid, source, requests = self._on_the_way.get((message.partition, message.offset), ("", "", 0))
        if not requests:
            return []
        spent = {"requests": requests, "images": int(image_bytes is not None), "bytes": image_bytes or 0}
        return [
            Count(*_count_of(subject, what), number)
            for subject in (("synset", wnid), ("source", source))
            if self.allowed.of(subject)
            for what, number in spent.items()
            if number
        ]

    def has_news(self) -> bool:
        """Whether more was spent, or something has ended, since this was asked the last time."""
        news, self._news = self._news, False
        return news

    def over(self, wnid: str, source: str) -> Stop | None:
        """Whether a budget is used up, and what is on its way of requests would do that; None if not."""
        return next((stop for stop in self._stops(None, wnid, source) if stop.ends), None)

    def stop_of(self, message: Message, wnid: str, source: str) -> Stop | None:
        """Whether a request must not be made now, because a budget is used up, or may be by what is on its way."""
        stops = list(self._stops(message, wnid, source))
        return next((stop for stop in stops if stop.ends), stops[0] if stops else None)

    def _stops(self, message: Message | None, wnid: str, source: str) -> Iterator[Stop]:
        if not self.allowed:
            return
        is_begun = message is not None and (message.partition, message.offset) in self._on_the_way
        for subject in (("synset", wnid), ("source", source)):
            budget = self.allowed.of(subject)
            if budget:
                yield from self._stops_of(subject, budget, is_begun=is_begun)

    def _stops_of(self, subject: Subject, budget: Budget, *, is_begun: bool) -> Iterator[Stop]:
        spent, waiting = self._spent_on(subject), self._waiting_for(subject)
        for what in WHATS:
            limit = getattr(budget, what)
            if not limit:
                continue
            text = f"{subject[0]} {subject[1]} has used up its budget of {limit:,} {what}"
            if spent[what] >= limit:
                yield Stop(Stopped.OVER_BUDGET, said=text)
            elif is_begun or not waiting:
                continue
            elif self._stage == "search":
                # A page that is asked for costs a request, whatever comes of it; images end elsewhere.
                if what == "requests" and spent[what] + waiting >= limit:
                    yield Stop(Stopped.OVER_BUDGET, said=text)
            else:
                each = 1 if what != "bytes" else spent["bytes"] // spent["images"] if spent["images"] else _FIRST_BYTES
                part = (limit - spent[what]) * len(self._owned) / self._router.partitions
                if (waiting + 1) * each > part:
                    yield Stop(Stopped.PAUSED, said=f"{subject[0]} {subject[1]} has nearly used up its budget")

    def _spent_on(self, subject: Subject) -> dict[str, int]:
        """By all workers: this one's own counts are known sooner than they are read."""
        total = dict.fromkeys(WHATS, 0)
        for part, numbers in self._spent.get(subject, {}).items():
            if part[0] != self._stage or part[1] not in self._owned:
                _add(total, numbers.items())
        for partition in self._owned:
            for what in WHATS:
                total[what] += self._ledger.count_of(partition, *_count_of(subject, what))
        return total

    def _waiting_for(self, subject: Subject) -> int:
        at = 0 if subject[0] == "synset" else 1
        return sum(1 for found in tuple(self._on_the_way.values()) if found[at] == subject[1])


def _costs_in(record: Progress) -> Iterator[tuple[Subject, str, int]]:
    for name, number in record.counts.items():
        if not name.startswith(_SPENT):
            continue
        what, _, source = name.removeprefix(_SPENT).partition(":")
        if what in WHATS and bool(source) != bool(record.wnid):
            yield (("source", source) if source else ("synset", record.wnid)), what, number


def _count_of(subject: Subject, what: str) -> tuple[str, str]:
    """The wnid and the name of a count."""
    kind, name = subject
    return (name, f"{_SPENT}{what}") if kind == "synset" else ("", f"{_SPENT}{what}:{name}")


def _add(total: dict[str, int], numbers: Iterable[tuple[str, int]]) -> None:
    for what, number in numbers:
        total[what] += number
