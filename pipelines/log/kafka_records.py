"""Entries → records in the form in which Kafka has them (KIP-98, message format 2), many at a time.

    length, attributes, timestamp and offset from the batch's, key, value, headers: numbers as zigzag varints

kafka-python writes a record byte by byte, by some dozen calls; here what can be known before is looked up, and a record
is one join. What stands before a batch, its compression and checksum stay kafka-python's.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from synsift.pipelines.topics import Entry, Headers

# Attributes, of which there are none; and the time, as all of a batch have the same.
_BEGIN: Final = b"\x00\x00"
_NONE: Final = b"\x01"
"""A length of -1: there is no key, or no value."""
_MOST_OVERHEAD: Final = 32


class Packed(NamedTuple):
    """Records of one partition, to be sent as one batch.

    Attributes:
        body: Their bytes, without compression.
        records: How many they are.
    """

    body: bytes
    records: int


def value_of(entry: Entry) -> bytes | None:
    """The value of an entry's record: of neither key nor value others' clients write one, and kafka-python doesn't."""
    return b"" if entry.key is None and entry.value is None else entry.value


def varint(number: int) -> bytes:
    """A number of up to 63 bits as a zigzag varint: seven bits a byte, the lowest first."""
    return _SMALL[number] if 0 <= number < len(_SMALL) else _varint(number)


def packed(entries: Sequence[Entry], most_bytes: int) -> Iterator[Packed]:
    """Pack entries of one partition.

    Args:
        entries: In their order.
        most_bytes: Of a batch, unless its first record alone has more.
    """
    parts: list[bytes] = []
    size = count = 0
    for entry in entries:
        record = _record(entry, count)
        if count and size + len(record) + _MOST_OVERHEAD > most_bytes:
            yield Packed(b"".join(parts), count)
            parts, size, count = [], 0, 0
            record = _record(entry, 0)
        length = varint(len(record))
        parts += (length, record)
        size += len(length) + len(record)
        count += 1
    if count:
        yield Packed(b"".join(parts), count)


def _record(entry: Entry, offset: int) -> bytes:
    key, value = entry.key, value_of(entry)
    head = (_BEGIN, varint(offset), _NONE) if key is None else (_BEGIN, varint(offset), varint(len(key)), key)
    body = (_NONE,) if value is None else (varint(len(value)), value)
    return b"".join((*head, *body, _headers(entry.headers)))


@lru_cache(maxsize=256)
def _headers(headers: Headers) -> bytes:
    """Headers, which most records of a topic have in common."""
    parts = [varint(len(headers))]
    for name, value in headers:
        text = name.encode()
        parts += (varint(len(text)), text, varint(len(value)), value)
    return b"".join(parts)


def _varint(number: int) -> bytes:
    rest = (number << 1) ^ (number >> 63)
    found = bytearray()
    while rest > 0x7F:
        found.append(0x80 | (rest & 0x7F))
        rest >>= 7
    found.append(rest)
    return bytes(found)


_SMALL: Final = tuple(map(_varint, range(8_192)))
