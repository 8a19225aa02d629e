"""Growing the topics of a log on Kafka to more partitions, with all workers stopped.

    check    nobody is in a group, and all is done but what waits to be asked for
    begin    say so in the log: no worker starts from here on
    grow     add partitions to every topic
    copy     old partition ──▶ what has its home elsewhere now: there; what waits: to its home, behind all else
    compare  what stands there with what was sent
    finish   in one transaction: positions of all groups, and that it is done

Nothing is taken away, and each step may be done again: who was killed in the midst of it calls the command again.
"""

import dataclasses
import hashlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from synsift.pipelines import topics
from synsift.pipelines.errors import LogError, UsageError
from synsift.pipelines.log import kafka_growth
from synsift.pipelines.log.base import Message, Position
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import patiently
from synsift.pipelines.log.kafka_growth import COPIED, GROWN, NOTED, Growth, growths, home_of
from synsift.pipelines.log.kafka_positions import entries_of, newest
from synsift.pipelines.log.kafka_topics import KafkaTopics
from synsift.pipelines.log.watermark import Watermark
from synsift.pipelines.records import ImageUrl, Progress, Record, decode
from synsift.pipelines.topics import Cleanup, Entry, Headers, Router, Topic, saying

R = TypeVar("R", bound=Record)

WAITING: Final = (topics.QUERIES, topics.IMAGE_URLS)
"""Inputs that may wait for long, for sources and hosts; the groups of all others must have done theirs."""
_NEEDED: Final = topics.CANDIDATES
"""What no group may leave, not even one that never began."""
_BATCH: Final = 1_000

Say = Callable[[str], None]


@dataclass(slots=True)
class _Digest:
    """How many records, and what they are, whatever their order."""

    records: int = 0
    sum: int = 0

    def add(self, key: bytes | None, value: bytes | None) -> None:
        parts = b"".join(b"-" if part is None else b"%d:%b" % (len(part), part) for part in (key, value))
        self.records += 1
        self.sum = (self.sum + int.from_bytes(hashlib.blake2b(parts, digest_size=16).digest())) % (1 << 128)


@dataclass(frozen=True, slots=True)
class Grown:
    """What was done.

    Attributes:
        before: Partitions of every topic until now.
        after: Partitions from now on.
        copied: By topic, how many records were put on new partitions.
        waiting: By topic, how many inputs that wait were put behind all else, each at its home.
    """

    before: int
    after: int
    copied: Mapping[str, int]
    waiting: Mapping[str, int]


@dataclass(slots=True)
class _Attempt:
    """What one attempt did.

    Attributes:
        starts: By topic, the end of each partition, old and new, when it began.
        behind: By topic, the end of each when all that is done had been copied.
        sent: By topic and partition, what was put there.
    """

    starts: dict[str, list[int]]
    behind: dict[str, list[int]] = field(default_factory=dict)
    sent: dict[tuple[str, int], _Digest] = field(default_factory=dict)
    copied: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)


class Growing:
    """Grows the topics behind a prefix."""

    def __init__(
        self,
        found: KafkaTopics,
        open_log: Callable[[int], KafkaLog],
        readers: Mapping[str, Topic],
        make_router: Callable[[int], Router],
        say: Say = lambda _: None,
    ) -> None:
        """Prepare.

        Args:
            found: The topics.
            open_log: Opens the log, with so many partitions.
            readers: Group → what it reads.
            make_router: Makes entries, for so many partitions.
            say: Is told what is going on.
        """
        self._topics, self._open, self._readers, self._make_router = found, open_log, readers, make_router
        self._say = say

    def grow(self, partitions: int) -> Grown | None:
        """Do it; see the module's docstring. None if there are so many already.

        Args:
            partitions: How many every topic is to have: a multiple of what it has.

        Raises:
            UsageError: It can't be done so, or something has to be done first.
            LogError: What was copied isn't what was read.
        """
        numbers = {found.name: found.partitions for found in self._topics.describe()}
        if missing := [name for name, number in numbers.items() if not number]:
            raise UsageError(f"topic {missing[0]} does not exist", hint="`synsift topics create` makes it")
        fewest = min(numbers.values())
        with closing(self._open(fewest)) as log:
            last, begun = growths(log.read_as_it_stands(topics.POSITIONS.name, 0))
        before = begun.before if begun else last.after if last else fewest
        check_numbers(numbers, before, partitions, begun)
        if before == partitions:
            return None
        with closing(self._open(before)) as log:
            at = self._check(log)
            if begun is None:
                self._check_new(log, numbers)
                ends = {name: log.ends(name) for name in sorted(NOTED)}
                begun = Growth(before, partitions, ends, [*last.earlier, last.before] if last else [])
                log.produce(kafka_growth.begun(begun))
        self._say(f"adding partitions: {before} → {partitions}")
        self._topics.add_partitions(partitions)
        with closing(self._open(partitions)) as log:
            return _Work(log, self._topics, self._readers, self._make_router(partitions), (last, begun)).do(
                at, self._say
            )

    def _check(self, log: KafkaLog) -> dict[str, list[Position]]:
        """Where each group stands; an error if somebody works, or something must be done first."""
        if members := patiently(lambda: self._topics.members(self._readers)):
            some = ", ".join(f"{number} of {group}" for group, number in sorted(members.items()))
            raise UsageError(f"workers are at work: {some}", hint="stop all workers first")
        at = {
            group: [
                newest(log.read_as_it_stands(topics.POSITIONS.name, partition), group, topic.name, partition)
                or Position(0)
                for partition in range(log.partitions)
            ]
            for group, topic in self._readers.items()
        }
        left: dict[str, int] = {}
        for group, topic in self._readers.items():
            if topic not in WAITING and (any(one.offset for one in at[group]) or topic is _NEEDED):
                left[group] = sum(lag.records for lag in log.lag(group, topic.name))
        if any(left.values()):
            some = ", ".join(f"{number:,} for {group}" for group, number in left.items() if number)
            raise UsageError(f"inputs are left to do: {some}", hint=f"`synsift run {' '.join(left)} --drain` does them")
        return at

    def _check_new(self, log: KafkaLog, numbers: Mapping[str, int]) -> None:
        """Make sure that nothing stands on partitions that somebody else added, where nobody reads it."""
        for name in NOTED:
            spans = log.spans(name, numbers[f"{log.prefix}{name}"])
            if used := [str(at) for at, span in enumerate(spans) if at >= log.partitions and span]:
                raise UsageError(
                    f"topic {log.prefix}{name} has records on partition {', '.join(used)}, where synsift wrote none",
                    hint="keep them elsewhere, delete the topic's partitions from there on by "
                    "`kafka-delete-records.sh`, and call this again",
                )


def check_numbers(numbers: Mapping[str, int], before: int, after: int, begun: Growth | None) -> None:
    """Make sure that topics can be grown so.

    Args:
        numbers: Topic → partitions that it has now.
        before: Partitions that synsift uses.
        after: Partitions that it is to use.
        begun: What was begun and is not done.

    Raises:
        UsageError: They can't.
    """
    if begun is not None and begun.after != after:
        raise UsageError(
            f"growing to {begun.after} partitions was begun, and is not finished",
            hint=f"`synsift topics grow --partitions {begun.after}` finishes it",
        )
    if after % before:
        raise UsageError(
            f"{after} is no multiple of {before}, which the topics have",
            hint=f"{before * 2}, {before * 3} and {before * 4} are: then what stays, stays on its partition",
        )
    name, most = max(numbers.items(), key=lambda item: item[1])
    if most > after:
        raise UsageError(
            f"topic {name} has {most} partitions already, and Kafka takes none away",
            hint=f"grow all to {-(-most // before) * before}",
        )


class _Work:
    """What is done once nothing else is at work; the log has all partitions by now."""

    def __init__(
        self,
        log: KafkaLog,
        found: KafkaTopics,
        readers: Mapping[str, Topic],
        router: Router,
        known: tuple[Growth | None, Growth],
    ) -> None:
        self._log, self._topics, self._readers, self._router = log, found, readers, router
        self._last, self._begun = known
        self._before, self._after = self._begun.before, self._begun.after

    def do(self, at: Mapping[str, list[Position]], say: Say) -> Grown:
        """Copy, compare, finish."""
        for topic in topics.ALL:
            self._clear(topic)
        attempt = _Attempt({topic.name: self._log.ends(topic.name) for topic in topics.ALL})
        for topic in topics.ALL:
            if topic.name not in COPIED:
                continue
            say(f"copying {topic.name}")
            places = next((at[group] for group, reads in self._readers.items() if reads is topic), [])
            if topic in WAITING:
                self._copy_inputs(topic, places, attempt)
            else:
                for partition in range(self._before):
                    attempt.copied[topic.name] += self._send(topic, self._moved(topic, partition), attempt)
                attempt.behind[topic.name] = self._log.ends(topic.name)
        say("comparing what was copied")
        self._compare(attempt)
        self._finish(at, attempt)
        return Grown(self._before, self._after, attempt.copied, attempt.waiting)

    def _clear(self, topic: Topic) -> None:
        """Delete what an earlier attempt put on new partitions; what compacts is written over by the same keys."""
        ends = self._log.ends(topic.name)
        used = {at: ends[at] for at in range(self._before, self._after) if ends[at]}
        if used and topic.cleanup is not Cleanup.COMPACT:
            self._topics.delete_below(topic.name, used)

    def _copy_inputs(self, topic: Topic, places: list[Position], attempt: _Attempt) -> None:
        """What is done first, so that a position can part it from what waits."""
        for partition, at in enumerate(places):
            done = Watermark(at).done
            moved = self._moved(topic, partition) if topic is topics.QUERIES else ()
            of_done = (message for message in moved if message.offset < at.offset or message.offset in done)
            attempt.copied[topic.name] += self._send(topic, of_done, attempt)
        attempt.behind[topic.name] = self._log.ends(topic.name)
        for partition, at in enumerate(places):
            done = Watermark(at).done
            waits = (m for m in self._old(topic, partition, at.offset) if m.offset not in done)
            attempt.waiting[topic.name] += self._send(topic, waits, attempt)

    def _moved(self, topic: Topic, partition: int) -> Iterator[Message]:
        """What of an old partition has its home elsewhere now."""
        for message in self._old(topic, partition):
            if self._begun.moves(message):
                yield message

    def _old(self, topic: Topic, partition: int, start: int = 0) -> Iterator[Message]:
        """What stood on an old partition when the first attempt began. What is damaged stays there, read by nobody."""
        end = self._begun.ends[topic.name][partition]
        last = self._last
        for message in self._log.read_as_it_stands(topic.name, partition, start):
            if message.offset >= end:
                return
            if not message.damage and (last is None or not last.is_left_behind(message)):
                yield message

    def _send(self, topic: Topic, messages: Iterable[Message], attempt: _Attempt) -> int:
        entries = (self._at_home(topic, message) for message in messages)
        number = 0
        while batch := list(itertools.islice(entries, _BATCH)):
            self._log.produce(batch)
            for entry in batch:
                attempt.sent.setdefault((entry.topic, entry.partition), _Digest()).add(entry.key, entry.value)
            number += len(batch)
        return number

    def _at_home(self, topic: Topic, message: Message) -> Entry:
        """The record as it is to stand at its home."""
        headers: Headers = (*message.headers, (GROWN, b"%d/%d" % (message.partition, message.offset)))
        home = home_of(topic.name, message.key, message.partition, self._after)
        own = Entry(topic.name, home, message.key, message.value, headers)
        if topic is topics.IMAGE_URLS:
            made = self._made(ImageUrl, message, self._router.image_url)
            return own if made is None else dataclasses.replace(own, partition=made.partition, key=made.key)
        if topic is topics.PROGRESS:
            made = self._made(
                Progress, message, lambda record: Router.progress(msgspec.structs.replace(record, partition=home))
            )
            return own if made is None else saying(made, headers)
        return own

    @staticmethod
    def _made(kind: type[R], message: Message, make: Callable[[R], Entry]) -> Entry | None:
        """What is made of a record; None of one that can't be read: who reads it there says what is wrong."""
        try:
            record = decode(kind, message.value or b"")
        except Exception:  # noqa: BLE001 - bytes of strangers, as in ``reading``
            return None
        return make(record)

    def _compare(self, attempt: _Attempt) -> None:
        for (topic, partition), sent in sorted(attempt.sent.items()):
            found = _Digest()
            for message in self._log.read_as_it_stands(topic, partition, attempt.starts[topic][partition]):
                found.add(message.key, message.value)
            if found != sent:
                raise LogError(
                    f"{sent.records:,} records were put on {topic}/{partition}, and {found.records:,} stand there, "
                    "or others: somebody else writes",
                    hint="stop whoever does, and call this again: nothing is lost, and no worker starts until then",
                )

    def _finish(self, at: Mapping[str, list[Position]], attempt: _Attempt) -> None:
        """Positions of all who ever began, and that it is done."""
        entries: list[Entry] = []
        offsets: dict[str, dict[int, int]] = {}
        copies: dict[str, list[int]] = {}
        for group, topic in self._readers.items():
            behind = attempt.behind.get(topic.name)
            if behind is None or not (topic in WAITING or any(one.offset for one in at[group])):
                continue
            places = {partition: behind[partition] for partition in range(self._before, self._after)}
            if topic in WAITING:
                places |= {partition: attempt.starts[topic.name][partition] for partition in range(self._before)}
            entries += entries_of(group, topic.name, {p: Position(end) for p, end in places.items()})
            offsets[group] = places
            copies[group] = self._copies(group, at[group], places)
        ends = {name: attempt.starts[name][: self._before] for name in sorted(NOTED)}
        self._log.produce(
            [*entries, *kafka_growth.done(Growth(self._before, self._after, ends, self._begun.earlier, copies))]
        )
        for group, places in offsets.items():
            self._topics.put_offsets(group, self._readers[group].name, places)

    def _copies(self, group: str, at: Sequence[Position], places: Mapping[int, int]) -> list[int]:
        """How much of where a group stands now is no work of its own: what it had done is as much as before."""
        before = {partition: place.offset for partition, place in enumerate(at)}
        known = [self._last.copies_of(group, p) if self._last else 0 for p in range(self._after)]
        return [known[p] + max(0, places.get(p, before.get(p, 0)) - before.get(p, 0)) for p in range(self._after)]
