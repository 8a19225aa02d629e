"""Positions of groups, kept in the log itself.

Kafka forgets the offsets of a group that has been empty for a week, and anybody may move them. So each position is also
a record on the compacted topic ``positions``, in the same transaction as the group's own offset, and the record counts:

    key  group/topic/partition          value  {"offset": 17, "note": "…"}          partition: that of the input
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from synsift.pipelines import topics
from synsift.pipelines.log.base import Message, Position
from synsift.pipelines.log.kafka_growth import is_growth
from synsift.pipelines.log.kafka_identity import is_identity
from synsift.pipelines.topics import Entry
from synsift.pipelines.unreadable import UNREADABLE

_log: Final = logging.getLogger(__name__)
_END: Final = 1 << 63
"""Behind the last offset that there can be."""


class _Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    offset: int
    note: str = ""


def entries_of(group: str, topic: str, positions: Mapping[int, Position]) -> list[Entry]:
    """The records of positions."""
    return [
        Entry(
            topics.POSITIONS.name,
            partition,
            _key(group, topic, partition),
            msgspec.json.encode(_Kept(at.offset, at.note)),
        )
        for partition, at in positions.items()
    ]


def newest(messages: Iterable[Message], group: str, topic: str, partition: int) -> Position | None:
    """The last position of a group among the records of a partition; None if there is none."""
    wanted = _key(group, topic, partition)
    found: Position | None = None
    skipped = 0
    for message in messages:
        if message.key != wanted or (message.value is None and not message.damage):
            continue
        kept = _read(message)
        if kept is None:
            skipped += 1  # an earlier one is better than none: what it lets do twice changes nothing
        else:
            found = Position(kept.offset, kept.note)
    if skipped:
        _log.warning("%d records of positions/%d are skipped; `synsift log check` lists them", skipped, partition)
    return found


def problem_of(message: Message) -> str:
    """What is wrong with a record of the topic; empty for nothing."""
    if message.damage:
        return message.damage
    if is_identity(message) or is_growth(message):
        return ""
    parts = (message.key or b"").split(b"/")
    if len(parts) != 3 or parts[2] != b"%d" % message.partition:
        return f"not a position: its key must be GROUP/TOPIC/{message.partition}"
    if message.value is not None and _read(message) is None:
        return "not a position: its value must have an offset of 0 or more, of 63 bits"
    return ""


def _read(message: Message) -> _Kept | None:
    try:
        kept = msgspec.json.decode(message.value or b"", type=_Kept)
    except UNREADABLE:
        return None
    return kept if 0 <= kept.offset < _END and not message.damage else None


def _key(group: str, topic: str, partition: int) -> bytes:
    return f"{group}/{topic}/{partition}".encode()
