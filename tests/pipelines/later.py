"""Records as a later minor version may write them: fields that nobody knows yet, on every level, and words."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from synsift.pipelines import schemas, topics
from synsift.pipelines.log.base import Log, Member, Message, Position, Transaction
from synsift.pipelines.records import Record
from synsift.pipelines.topics import Entry

LATER = b"1.99"
_FIELD = "of_a_later_version"
CHECKED = frozenset({"Control.action", "Control.subject"})
"""Words that a reader must know, for it would do something else: with a new one a record is left alone."""
_KINDS = {topic.name: kind for kind, topic in topics.TOPIC_OF.items()}


def with_fields(value: Any, *, also: bool = True) -> Any:
    """A JSON value with fields that nobody knows in each of its objects, but in tables of numbers and texts."""
    if isinstance(value, dict):
        is_table = bool(value) and not also
        more = {} if is_table else {_FIELD: {"deep": [1, None, {"x": "y"}]}}
        return {
            **{name: with_fields(one, also=name not in ("counts", "hashes")) for name, one in value.items()},
            **more,
        }
    return [with_fields(one) for one in value] if isinstance(value, list) else value


def with_words(kind: type[Record], value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A record's value with a word that nobody knows, in each field of its own that has a list of them."""
    for name in schemas.WORDS:
        struct, _, field = name.partition(".")
        if struct == kind.__name__ and name not in CHECKED:
            yield name, {**value, field: "of_a_later_version"}


def later_entry(entry: Entry) -> Entry:
    """An entry as a later version writes it."""
    if entry.topic not in _KINDS or entry.value is None:
        return entry
    value = json.dumps(with_fields(json.loads(entry.value)), ensure_ascii=False).encode()
    headers = tuple((name, LATER if name == topics.SCHEMA_VERSION else said) for name, said in entry.headers)
    return replace(entry, value=value, headers=(*headers, ("of-a-later-version", b"\xff")))


class LaterLog:
    """A log through which a worker of a later version writes; it reads as ours does."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def produce(self, entries: Sequence[Entry]) -> None:
        self._log.produce([later_entry(entry) for entry in entries])

    def join(self, *arguments: Any, **options: Any) -> "LaterMember":
        return LaterMember(self._log.join(*arguments, **options))


class LaterMember:
    """Its member."""

    def __init__(self, member: Member) -> None:
        self._member = member

    def poll(self, max_records: int, timeout_s: float, *, paused: Collection[int] = ()) -> list[Message]:
        return self._member.poll(max_records, timeout_s, paused=paused)

    def commit(self, positions: Mapping[int, Position]) -> None:
        self._member.commit(positions)

    def close(self) -> None:
        self._member.close()

    @contextmanager
    def transaction(self) -> Iterator["LaterTransaction"]:
        with self._member.transaction() as transaction:
            yield LaterTransaction(transaction)


class LaterTransaction:
    """Its transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def produce(self, entries: Sequence[Entry]) -> None:
        self._transaction.produce([later_entry(entry) for entry in entries])

    def consume(self, positions: Mapping[int, Position]) -> None:
        self._transaction.consume(positions)
