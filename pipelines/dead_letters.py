"""Inputs that a stage could not do, by the convention of Kafka Connect and Kafka Streams (KIP-298, KIP-1034).

A dead letter is the input itself: its key and its value, untouched, and its own headers; what happened stands in
headers beside them, so that other people's tools can show it, and so that it is hardly larger than what was read:

    __synsift.errors.topic       where the input stood        __synsift.errors.stage      who gave up
    __synsift.errors.partition   …                            __synsift.errors.outcome    class of the failure
    __synsift.errors.offset      …                            __synsift.errors.message    what happened, for people
    __synsift.errors.attempts    how often it was tried       __synsift.errors.wnid       synset concerned, if known
    __synsift.errors.at          when, RFC 3339 in UTC

A letter about a part of an input, a line of a list for example, has the part as its value and
``__synsift.errors.part``; it can't be replayed. A letter whose input was too large to be written again has none, and
``__synsift.errors.left_out`` with its size; the input is read where it stood. A replayed letter is closed by a record
without a value, whose ``__synsift.errors.closes`` is the letter's own ``partition/offset``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from synsift.crawler.outcome import Outcome
from synsift.crawler.wording import masked
from synsift.pipelines import topics
from synsift.pipelines.clock import now_text
from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.reading import BROKEN_RECORD, Broken, Skipped
from synsift.pipelines.topics import Entry, Headers, Router

V = TypeVar("V")

PREFIX: Final = "__synsift.errors."
REPLAY_OF: Final = "__synsift.replay.outcome"
"""Header of an input that is tried again: the outcome of the earlier try."""
MAX_MESSAGE: Final = 2_000
"""Characters of what happened."""
MAX_LETTER_BYTES: Final = 1_900_000
"""Above this an input isn't written again. The topic takes 2 MiB a record, others 1 MiB: ``log/kafka_topics.py``."""

_TOPICS: Final = frozenset(topic.name for topic in topics.ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An input that could not become an output.

    Attributes:
        stage: Who gave up.
        topic: Where the input stood.
        partition: Its partition.
        offset: Its offset.
        key: Its key, as it was.
        value: Its value, as it was; or the part of it that this is about.
        headers: Its own headers.
        outcome: Class of the failure.
        message: What happened, for people.
        attempts: How often it was tried.
        at: When, RFC 3339 in UTC.
        wnid: Synset concerned, if known.
        is_part: Whether it is about a part of an input only.
        left_out_bytes: Size of an input that was too large to be written again; 0 otherwise.
    """

    stage: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    outcome: str
    message: str
    at: str
    headers: Headers = ()
    attempts: int = 1
    wnid: str = ""
    is_part: bool = False
    left_out_bytes: int = 0


@dataclass(frozen=True, slots=True)
class OpenLetter:
    """A dead letter that was not replayed, and its own place: ``partition/offset``."""

    place: str
    letter: DeadLetter


def entry_of(letter: DeadLetter, partition: int) -> Entry:
    """A dead letter as it is written, on a partition of ``dead-letters``."""
    said = {
        "topic": letter.topic,
        "partition": str(letter.partition),
        "offset": str(letter.offset),
        "stage": letter.stage,
        "outcome": letter.outcome,
        "message": masked(letter.message)[:MAX_MESSAGE],
        "attempts": str(letter.attempts),
        "at": letter.at,
        "wnid": letter.wnid[:64],
    }
    if letter.is_part:
        said["part"] = "true"
    headers = (*_own(letter.headers), *_headers(said))
    whole = Entry(topics.DEAD_LETTERS.name, partition, letter.key, letter.value, headers)
    if whole.size_bytes <= MAX_LETTER_BYTES:
        return whole
    said["left_out"] = str(len(letter.value or b""))
    key = letter.key if letter.key is not None and len(letter.key) <= MAX_MESSAGE else None
    return Entry(topics.DEAD_LETTERS.name, partition, key, None, _headers(said))


def letter_of(message: Message) -> DeadLetter | Broken:
    """Read a dead letter."""
    if message.damage:
        return Broken(BROKEN_RECORD, message.damage)
    said = _said(message)
    try:
        letter = DeadLetter(
            stage=said["stage"],
            topic=said["topic"],
            partition=int(said["partition"]),
            offset=int(said["offset"]),
            key=message.key,
            value=message.value,
            headers=_own(message.headers),
            outcome=said["outcome"],
            message=said["message"],
            at=said["at"],
            attempts=int(said.get("attempts", "1")),
            wnid=said.get("wnid", ""),
            is_part="part" in said,
            left_out_bytes=int(said.get("left_out", "0")),
        )
    except (KeyError, ValueError) as exc:
        return Broken(BROKEN_RECORD, f"not a dead letter: its headers lack, or don't say, {exc}")
    if letter.topic not in _TOPICS:
        return Broken(BROKEN_RECORD, f"not a dead letter: there is no topic {letter.topic[:80]!r}")
    return letter


def read_dead_letters(log: Log, skipped: Skipped | None = None) -> list[OpenLetter]:
    """Dead letters that were not replayed, in the order of their places."""
    fold: LetterFold[DeadLetter] = LetterFold(lambda letter: letter, skipped)
    for partition in range(log.partitions):
        for message in log.read(topics.DEAD_LETTERS.name, partition):
            fold.take(message)
    return [OpenLetter(place, letter) for place, letter in fold.open.items()]


class LetterFold(Generic[V]):
    """The open dead letters, as their topic is read.

    Attributes:
        open: Place of each, ``partition/offset`` → what is kept of it.
    """

    def __init__(self, keep: Callable[[DeadLetter], V], skipped: Skipped | None = None) -> None:
        """Begin with none.

        Args:
            keep: What is wanted of a letter.
            skipped: Notes what is no letter.
        """
        self.open: dict[str, V] = {}
        self._keep = keep
        self._skipped = Skipped() if skipped is None else skipped

    def take(self, message: Message) -> None:
        """Take the next record of the topic: a letter, or one that closes a letter."""
        closes = _said(message).get("closes")
        if closes is not None:
            self.open.pop(closes, None)
            return
        letter = letter_of(message)
        if isinstance(letter, Broken):
            self._skipped.note(message, letter)
        else:
            self.open[f"{message.partition}/{message.offset}"] = self._keep(letter)


def look_at(message: Message) -> DeadLetter | Broken | None:
    """Read a record of the topic. None for one that closes a letter."""
    return None if "closes" in _said(message) and not message.damage else letter_of(message)


def replay(log: Log, router: Router, letters: Iterable[OpenLetter]) -> int:
    """Write dead letters' inputs again, each with a note that closes its letter, in one write. Returns how many.

    Letters about a part of an input, and those whose input can't be found any more, are left open.
    """
    entries: list[Entry] = []
    for found in letters:
        again = _again(log, router, found.letter)
        if again is None:
            continue
        partition = int(found.place.partition("/")[0])
        said = {"closes": found.place, "at": now_text()}
        entries += [again, Entry(topics.DEAD_LETTERS.name, partition, found.letter.key, None, _headers(said))]
    log.produce(entries)
    return len(entries) // 2


def for_want_of_network(letter: DeadLetter) -> bool:
    """Whether an input failed because nobody could be asked: a URL while no host was reachable, a query to a source."""
    unanswered = {Outcome.CONNECTION_FAILED, Outcome.DNS_FAILED, Outcome.TIMEOUT}
    return letter.outcome == Outcome.NO_NETWORK or (letter.stage == "search" and letter.outcome in unanswered)


def _again(log: Log, router: Router, letter: DeadLetter) -> Entry | None:
    """The input as it was, on the partition of its key, and with a header that says that it is tried again."""
    if letter.is_part:
        return None
    key, value, own = letter.key, letter.value, letter.headers
    if letter.left_out_bytes:
        original = next(iter(log.read(letter.topic, letter.partition, letter.offset)), None)
        if original is None or original.offset != letter.offset:
            return None
        key, value, own = original.key, original.value, original.headers
    if key is None and value is None:
        return None  # the log had lost it when it was read
    partition = router.of_key(key, letter.partition)
    if not 0 <= partition < router.partitions:
        return None
    headers = tuple(header for header in own if header[0] != REPLAY_OF)
    return Entry(letter.topic, partition, key, value, (*headers, (REPLAY_OF, letter.outcome.encode())))


def _own(headers: Headers) -> Headers:
    """An input's own headers, without what a letter says of it."""
    return tuple(header for header in headers if not header[0].startswith(PREFIX))


def _headers(said: dict[str, str]) -> Headers:
    return tuple((PREFIX + name, text.encode("utf-8", "replace")) for name, text in said.items())


def _said(message: Message) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX): value.decode("utf-8", "replace")
        for name, value in message.headers
        if name.startswith(PREFIX)
    }
