"""Which partition a key belongs to: as Kafka's own clients decide it, so that others' producers and joins agree.

Java's default partitioner hashes a key by MurmurHash2 (Austin Appleby, 2008; public domain) with the seed below, and
takes the positive part modulo the number of partitions; librdkafka calls it ``murmur2_random``.
"""

from functools import lru_cache
from typing import Final

_SEED: Final = 0x9747B28C
_M: Final = 0x5BD1E995
_MASK: Final = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """MurmurHash2 of 32 bits, unsigned, seeded as Kafka does it."""
    length = len(data)
    h = _SEED ^ length
    whole = length & ~3
    for start in range(0, whole, 4):
        k = int.from_bytes(data[start : start + 4], "little") * _M & _MASK
        k = (k ^ k >> 24) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    if whole < length:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """The partition of a key, in UTF-8. A key that UTF-8 can't write, a lone surrogate, has its replaced form's."""
    return (murmur2(key.encode("utf-8", "replace")) & 0x7FFFFFFF) % partitions
