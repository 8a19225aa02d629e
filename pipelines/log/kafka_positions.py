"""Positions of groups, kept in the log itself.

Kafka forgets the offsets of a group that has been empty for a week. So each position is also a record on the compacted
topic ``positions``, in the same transaction as the group's own offset, and is used where the group has none:

    key  group/topic/partition          value  {"offset": 17, "note": "…"}          partition: that of the input
"""

from collections.abc import Iterable, Mapping

import msgspec

from synsift.pipelines import topics
from synsift.pipelines.log.base import Message, Position
from synsift.pipelines.topics import Entry


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
    for message in messages:
        if message.key != wanted or message.value is None or message.damage:
            continue
        try:
            kept = msgspec.json.decode(message.value, type=_Kept)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            continue  # an earlier one is better than none: what it lets do twice changes nothing
        if kept.offset >= 0:
            found = Position(kept.offset, kept.note)
    return found


def _key(group: str, topic: str, partition: int) -> bytes:
    return f"{group}/{topic}/{partition}".encode()
