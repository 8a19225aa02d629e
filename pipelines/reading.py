"""The one way to read a record, wherever it is read.

    message ──read──▶ the record, or what is broken about it: never an exception

On an input topic a broken input becomes a dead letter. On a state topic, ``read_state`` skips it: counted in a metric,
said once in the log, shown by ``synsift status``, and listed by ``synsift log check``.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from synsift.pipelines import topics
from synsift.pipelines.control_problems import problem_of as problem_of_control
from synsift.pipelines.errors import RecordError
from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.log.kafka_positions import problem_of
from synsift.pipelines.metrics import SKIPPED
from synsift.pipelines.partitioning import partition_of
from synsift.pipelines.records import (
    Candidate,
    Conflict,
    Control,
    Fetched,
    ImageUrl,
    Progress,
    Query,
    Record,
    Relation,
    Survivor,
    Task,
    Verified,
    Vote,
    decode,
)
from synsift.pipelines.topics import Router, Topic

R = TypeVar("R", bound=Record)

_log: Final = logging.getLogger(__name__)

BROKEN_RECORD: Final = "broken_record"
"""Outcome of an input that isn't a record of its topic."""
WRONG_PARTITION: Final = "wrong_partition"
"""Outcome of a record that stands on another partition than its key's: two workers would judge one synset."""


@dataclass(frozen=True, slots=True)
class Broken:
    """What is wrong with an input.

    Attributes:
        outcome: ``broken_record`` or ``wrong_partition``.
        text: What it is, for people.
    """

    outcome: str
    text: str


@dataclass(slots=True)
class Skipped:
    """What of a partition's state could not be read.

    Attributes:
        by_topic: How many records of each topic.
    """

    by_topic: Counter[str] = field(default_factory=Counter)

    def note(self, message: Message, broken: Broken) -> None:
        """Count one; the first of a topic is said aloud."""
        if message.topic not in self.by_topic:
            _log.warning(
                "%s/%d/%d is skipped: %s; `synsift log check` lists all such records",
                message.topic,
                message.partition,
                message.offset,
                broken.text,
            )
        self.by_topic[message.topic] += 1
        SKIPPED.labels(message.topic).inc()


def read(kind: type[R], message: Message, router: Router) -> R | Broken:
    """Read a record of a topic.

    Args:
        kind: What stands on the topic.
        message: The record as the log gives it.
        router: Knows where a record of its key belongs.
    """
    if message.damage:
        return Broken(BROKEN_RECORD, message.damage)
    if message.value is None:
        return Broken(BROKEN_RECORD, f"not a {kind.__name__}: a tombstone, without a value")
    record = read_bytes(kind, message.value)
    if isinstance(record, Broken):
        return record
    try:
        wanted = _home(record, router)
    except Exception as exc:  # noqa: BLE001 - as above: hosts are texts of strangers
        return Broken(BROKEN_RECORD, f"its key can't be found: {type(exc).__name__}")
    if wanted not in (None, message.partition) and not message.is_left and not _was_home(record, message, router):
        text = f"it stands on partition {message.partition} and its key belongs on {wanted} of {router.partitions}"
        return Broken(WRONG_PARTITION, text)
    if isinstance(record, Control) and (problem := _problem_of_control(record, message)):
        return Broken(BROKEN_RECORD, f"not a Control: {problem}")
    return record


def _problem_of_control(control: Control, message: Message) -> str:
    if message.key != control.key.encode("utf-8", "replace"):
        return "its key is another one than it says"
    return problem_of_control(control)


def read_bytes(kind: type[R], data: bytes) -> R | Broken:
    """Read a record that is at hand without its message."""
    try:
        return decode(kind, data)
    except RecordError as exc:
        return Broken(BROKEN_RECORD, str(exc))
    except Exception as exc:  # noqa: BLE001 - a decoder of outside bytes: whatever it raises, it is the bytes' fault
        return Broken(BROKEN_RECORD, f"not a {kind.__name__}: {type(exc).__name__}")


def read_state(
    log: Log, kind: type[R], partition: int, *, skipped: Skipped, start: int = 0
) -> Iterator[tuple[Message, R]]:
    """Read a state topic's partition without what can't be read. A tombstone is no record, and nothing is wrong."""
    topic = topics.TOPIC_OF[kind]
    return good(log.read(topic.name, partition, start), kind, Router(log.partitions), skipped)


def good(messages: Iterator[Message], kind: type[R], router: Router, skipped: Skipped) -> Iterator[tuple[Message, R]]:
    """What can be read of a state topic's messages."""
    for message in messages:
        record = look_at_state(kind, message, router)
        if isinstance(record, Broken):
            skipped.note(message, record)
        elif record is not None:
            yield message, record


def read_all(log: Log, kind: type[R], skipped: Skipped | None = None) -> Iterator[R]:
    """Every good record of a kind's topic."""
    noted = Skipped() if skipped is None else skipped
    for partition in range(log.partitions):
        for _, record in read_state(log, kind, partition, skipped=noted):
            yield record


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that can't be read, and where it stands."""

    topic: str
    partition: int
    offset: int
    problem: str


def check(log: Log, topic: Topic, look: Callable[[Message], object]) -> Iterator[BadRecord | None]:
    """Read a whole topic: None for each good record, and what is wrong with each other one.

    Args:
        log: The log.
        topic: Which.
        look: Gives a ``Broken`` for what can't be read, and anything else for the rest.
    """
    for partition in range(log.partitions):
        for message in log.read(topic.name, partition):
            found = look(message)
            yield BadRecord(topic.name, partition, message.offset, found.text) if isinstance(found, Broken) else None


def look_at_state(kind: type[R], message: Message, router: Router) -> R | Broken | None:
    """Read a record of a state topic. None for a tombstone: it is no record, and nothing is wrong."""
    return None if message.value is None and not message.damage else read(kind, message, router)


def look_at_position(message: Message) -> Broken | None:
    """Read a record of ``positions``."""
    problem = problem_of(message)
    return Broken(BROKEN_RECORD, problem) if problem else None


def _home(record: Record, router: Router) -> int | None:
    """The partition that a record belongs on; None where any will do."""
    if isinstance(record, (Query, Candidate, Relation, Task, Vote, Verified)):
        return router.of_wnid(record.wnid)
    if isinstance(record, Conflict):
        return partition_of(record.id, router.partitions)
    if isinstance(record, Survivor):
        return router.of_wnid(record.candidate.wnid)
    if isinstance(record, ImageUrl):
        return router.of_image_url(record.url)
    if isinstance(record, Fetched):
        return router.of_url(record.url)
    if isinstance(record, Control):
        return partition_of(record.key, router.partitions)
    return record.partition if isinstance(record, Progress) else None


def _was_home(record: Record, message: Message, router: Router) -> bool:
    """Whether it stands where it belonged under other rules for hosts: whoever reads it moves it."""
    return isinstance(record, ImageUrl) and router.was_at_home(record.url, message.key, message.partition)
