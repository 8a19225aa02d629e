"""A record as a row of the SQLite log: its place in one integer, its headers in one cell, its checksum.

Kafka's batches carry a CRC-32C; SQLite's pages carry nothing, so each row has a CRC-32 of its own, over its place and
its parts with their lengths.
"""

import struct
import zlib
from functools import lru_cache
from typing import Final

import msgspec

from synsift.pipelines import topics
from synsift.pipelines.log.base import Message
from synsift.pipelines.topics import Entry, Headers

# A record's id is its place: topic, partition and offset in one integer, so that a partition is a range of the
# table's own key and needs no index.
_OFFSET_BITS: Final = 40
_PARTITION_BITS: Final = 14
TOPIC_NUMBERS: Final = {topic.name: number for number, topic in enumerate(topics.ALL, start=1)}
_TOPIC_NAMES: Final = {number: name for name, number in TOPIC_NUMBERS.items()}

_HEAD: Final = struct.Struct("<qii")
_KEPT: Final = 256
_HEADERS: Final = msgspec.msgpack.Decoder(tuple[tuple[str, bytes], ...])

Row = tuple[int, bytes | None, bytes | None, bytes | None, int]
"""id, key, value, headers, checksum"""


def record_id(topic: str, partition: int, offset: int) -> int:
    """The id of a record: its place in one integer, ascending within a partition."""
    return (TOPIC_NUMBERS[topic] << _PARTITION_BITS | partition) << _OFFSET_BITS | offset


def place_of(identity: int) -> tuple[str, int, int]:
    """Topic, partition and offset of a record's id; the topic is empty if there is none of that number."""
    partition = identity >> _OFFSET_BITS & ((1 << _PARTITION_BITS) - 1)
    name = _TOPIC_NAMES.get(identity >> (_OFFSET_BITS + _PARTITION_BITS), "")
    return name, partition, identity & ((1 << _OFFSET_BITS) - 1)


def row_of(identity: int, entry: Entry) -> Row:
    """The row of a record."""
    headers = _packed(entry.headers) if entry.headers else None
    return identity, entry.key, entry.value, headers, _checksum(identity, entry.key, entry.value, headers)


def message_of(row: Row) -> Message:
    """The record of a row; where the row isn't what was written, it says so."""
    identity, key, value, packed, _ = row
    topic, partition, offset = place_of(identity)
    damage = _damage(row)
    headers: Headers = ()
    if packed is not None and not damage:
        headers = _unpacked(packed)
    return Message(topic, partition, offset, _bytes(key), _bytes(value), headers, damage)


# Nearly all records of a topic have the same headers: these are made once, and read once.
_packed: Final = lru_cache(_KEPT)(msgspec.msgpack.encode)
_unpacked: Final = lru_cache(_KEPT)(_HEADERS.decode)


def _damage(row: Row) -> str:
    identity, key, value, headers, checksum = row
    # SQLite gives a damaged cell in whatever type its header claims.
    if not all(cell is None or isinstance(cell, bytes) for cell in (key, value, headers)):
        return "a cell of another type than was written"
    return (
        ""
        if _checksum(identity, key, value, headers) == checksum
        else "its bytes are not those that were written (wrong checksum)"
    )


def _checksum(identity: int, key: bytes | None, value: bytes | None, headers: bytes | None) -> int:
    key_size = -1 if key is None else len(key)
    value_size = -1 if value is None else len(value)
    crc = zlib.crc32(key or b"", zlib.crc32(_HEAD.pack(identity, key_size, value_size)))
    return zlib.crc32(headers or b"", zlib.crc32(value or b"", crc))


def _bytes(cell: object) -> bytes | None:
    return cell if cell is None or isinstance(cell, bytes) else str(cell).encode("utf-8", "replace")
