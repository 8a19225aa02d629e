"""Hashes → those that may be of the same picture. The one place that knows FAISS.

Two hashes are near if their first 64 bits, those of the lowest frequencies, differ in at most 8 (``CLOSE``), and
all 256 in at most a radius that the caller chooses. Everything that is near is found, whatever the size:

    few hashes     all keys are compared (FAISS, in SIMD)
    many hashes    multi-index hashing (Norouzi, Punjani and Fleet, CVPR 2012): a key is three parts of 21, 21 and 22
                   bits. Of two keys that differ in at most 8 bits, one part differs in at most 2, as 3 × 3 > 8. So
                   looking up all parts with up to two bits changed finds all that can be near; what was added since
                   the tables were made is compared as above

An index may be told to look further, up to 11 bits of the key: its keys then are four parts of 16 bits, and 4 × 3 > 11.
"""

import hashlib
import itertools
import struct
from collections.abc import Iterable
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.frequencies import HASH_BYTES, KEY_BITS


class Reach(NamedTuple):
    """How far keys may be from each other, and the parts that find all that are not farther.

    Attributes:
        radius_bits: Most bits of 64 in which keys of near pictures differ.
        part_bits: Of the parts of a key, the first bits first.
    """

    radius_bits: int
    part_bits: tuple[int, ...]

    @property
    def shifts(self) -> tuple[int, ...]:
        """Where the parts begin, from the last bit."""
        return tuple(sum(self.part_bits[number + 1 :]) for number in range(len(self.part_bits)))


CLOSE: Final = Reach(8, (21, 21, 22))
WIDE: Final = Reach(11, (16, 16, 16, 16))
KEY_RADIUS_BITS: Final = CLOSE.radius_bits

Keys = NDArray[np.uint64]
Numbers = NDArray[np.int64]

_KEY_BYTES: Final = KEY_BITS // 8
_PART_RADIUS_BITS: Final = 2
for _reach in (CLOSE, WIDE):  # what completeness rests on
    assert len(_reach.part_bits) * (_PART_RADIUS_BITS + 1) > _reach.radius_bits  # noqa: S101
# Tables are worth their memory from so many hashes on.
_MIN_FOR_TABLES: Final = 250_000
# What was added since is compared one by one until it is more than this: then it gets tables, too, together with all
# that was added since the large ones were made; and when that is more than a share of all, so do all.
_MIN_GROWTH: Final = 60_000
_GROWTH_SHARE: Final = 1 / 24
# Of a hash's bytes, in which order they stand with each of its quarters first.
_BY_PART: Final = (np.arange(HASH_BYTES) + _KEY_BYTES * np.arange(HASH_BYTES // _KEY_BYTES)[:, None]) % HASH_BYTES
_MAGIC: Final = b"synsift-index 1\n"
_DIGEST_BYTES: Final = 32
_COUNTS: Final = struct.Struct("<QQ")


class Near(NamedTuple):
    """A stored hash that is near to a query.

    Attributes:
        distance_bits: Of 256.
        row: Which query.
        number: Which stored hash.
    """

    distance_bits: int
    row: int
    number: int


class DamagedIndex(ValueError):
    """Bytes that are no index, or were cut off or changed since they were written."""


class _Table(NamedTuple):
    """Hashes by one part of their keys: those with part ``p`` stand from ``begins[p]`` to ``begins[p + 1]``."""

    begins: NDArray[np.int32]
    numbers: NDArray[np.int32]
    keys: Keys
    """In the order of the numbers: what is compared together lies together."""


class _Segment:
    """Tables of hashes that were added one after another."""

    def __init__(self, first: int, keys: Keys, reach: Reach) -> None:
        """Make them.

        Args:
            first: Number of the first hash.
            keys: Of all.
            reach: How far keys may be.
        """
        self.first = first
        self.end = first + len(keys)
        self._reach = reach
        self._parts = list(zip(reach.shifts, reach.part_bits, strict=True))
        self._tables = [_make_table(keys, shift, bits) for shift, bits in self._parts]

    def near(self, queries: Keys) -> tuple[Numbers, Numbers]:
        """Rows of queries, and numbers of hashes whose keys are near; a pair may come several times."""
        all_rows, all_numbers = [], []
        for table, (shift, bits) in zip(self._tables, self._parts, strict=True):
            changes = _CHANGES[bits]
            parts = (queries >> np.uint64(shift)).astype(np.int64) & ((1 << bits) - 1)
            places = (parts[:, None] ^ changes).ravel()
            begins = table.begins[places]
            counts = table.begins[places + 1] - begins
            used = np.flatnonzero(counts)
            begins, counts = begins[used], counts[used]
            ends = np.cumsum(counts)
            if not len(ends):
                continue
            at = np.arange(ends[-1]) + np.repeat(begins - (ends - counts), counts)
            rows = np.repeat(used // len(changes), counts)
            near = np.flatnonzero(np.bitwise_count(queries[rows] ^ table.keys[at]) <= self._reach.radius_bits)
            all_rows.append(rows[near])
            all_numbers.append(table.numbers[at[near]].astype(np.int64) + self.first)
        if not all_rows:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        return np.concatenate(all_rows), np.concatenate(all_numbers)


def _make_table(keys: Keys, shift: int, bits: int) -> _Table:
    parts = (keys >> np.uint64(shift)).astype(np.int32) & np.int32((1 << bits) - 1)
    begins = np.zeros((1 << bits) + 1, dtype=np.int32)
    np.cumsum(np.bincount(parts, minlength=1 << bits), out=begins[1:])
    order = np.argsort(parts).astype(np.int32)
    return _Table(begins, order, keys[order])


class HashIndex:
    """An exact index of 256-bit hashes, numbered in the order of adding. Not thread-safe.

    Memory: 40 bytes a hash; from 250,000 hashes on 36 more, and 34 to 67 MB in all.
    """

    def __init__(self, reach: Reach = CLOSE) -> None:
        """Make an empty one.

        Args:
            reach: How far keys may be from each other.
        """
        self._reach = reach
        self._hashes = np.zeros((64, HASH_BYTES), dtype=np.uint8)
        self._count = 0
        self._removed: set[int] = set()
        # At most two: what was there when tables were last made of all, and what came since.
        self._segments: list[_Segment] = []
        self._rest = _flat_index()

    def __repr__(self) -> str:
        """How many hashes there are."""
        return f"<HashIndex of {len(self)} hashes>"

    def __len__(self) -> int:
        """How many hashes there are."""
        return self._count - len(self._removed)

    def add(self, hash256: bytes) -> int:
        """Add a hash of 32 bytes; return its number."""
        self.add_all(np.frombuffer(hash256, dtype=np.uint8).reshape(1, HASH_BYTES))
        return self._count - 1

    def add_all(self, hashes: NDArray[np.uint8]) -> None:
        """Add hashes, ``(n, 32) uint8``, numbered in their order."""
        if not len(hashes):
            return
        end = self._count + len(hashes)
        if end > len(self._hashes):
            grown = np.zeros((max(end, 2 * len(self._hashes)), HASH_BYTES), dtype=np.uint8)
            grown[: self._count] = self._hashes[: self._count]
            self._hashes = grown
        self._hashes[self._count : end] = hashes
        self._count = end
        self._rest.add(np.ascontiguousarray(hashes[:, :_KEY_BYTES]))
        if self._count > _MIN_FOR_TABLES and self._rest.ntotal > _MIN_GROWTH:
            self._make_tables()

    def remove(self, numbers: Iterable[int]) -> None:
        """Take hashes out; the others keep their numbers.

        Raises:
            KeyError: There is no hash of a number.
        """
        gone = set(numbers)
        unknown = {number for number in gone if not 0 <= number < self._count} | (gone & self._removed)
        if unknown:
            raise KeyError(f"no hash has the number {min(unknown)}")
        self._removed |= gone

    def search(self, hashes: NDArray[np.uint8], *, radius_bits: int) -> list[Near]:
        """Find all stored hashes that are near to some hashes; see the module for what near is.

        Args:
            hashes: ``(n, 32) uint8``, for example the orientations of one picture.
            radius_bits: Largest distance that counts, of all 256 bits.

        Returns:
            The nearest first; of equal distances the first row, then the hash that was added first.
        """
        if not self._count or not len(hashes):
            return []
        rows, numbers = self._near_keys(np.ascontiguousarray(hashes))
        if not len(rows):
            return []
        distances = np.bitwise_count(hashes[rows] ^ self._hashes[numbers]).sum(axis=1, dtype=np.int64)
        keep = distances <= radius_bits
        if self._removed:
            keep &= ~np.isin(numbers, list(self._removed))
        distances, rows, numbers = distances[keep], rows[keep], numbers[keep]
        order = np.lexsort((numbers, rows, distances))
        return [Near(*map(int, found)) for found in zip(distances[order], rows[order], numbers[order], strict=True)]

    def hashes(self) -> NDArray[np.uint8]:
        """All hashes that were added, ``(n, 32) uint8``, removed ones included."""
        return self._hashes[: self._count]

    def to_bytes(self) -> bytes:
        """Write it, with a checksum: magic, counts, hashes, numbers of those removed, SHA-256."""
        head = _MAGIC + _COUNTS.pack(self._count, len(self._removed))
        removed = np.array(sorted(self._removed), dtype="<u8").tobytes()
        body = head + self.hashes().tobytes() + removed
        return body + hashlib.sha256(body).digest()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what ``to_bytes`` wrote.

        Raises:
            DamagedIndex: It can't be one.
        """
        body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
        if not body.startswith(_MAGIC):
            raise DamagedIndex("not an index of this version")
        if hashlib.sha256(body).digest() != digest:
            raise DamagedIndex("the index was cut off or changed: its checksum is wrong")
        try:
            return cls._read(body[len(_MAGIC) :])
        except (struct.error, ValueError, KeyError) as exc:
            raise DamagedIndex(f"its counts don't fit its size: {exc}") from exc

    @classmethod
    def _read(cls, body: bytes) -> Self:
        count, removed = _COUNTS.unpack_from(body)
        middle = _COUNTS.size + count * HASH_BYTES
        if len(body) != middle + 8 * removed:
            raise ValueError(f"{len(body)} bytes for {count} hashes, {removed} of them removed")
        index = cls()
        index.add_all(np.frombuffer(body[_COUNTS.size : middle], dtype=np.uint8).reshape(-1, HASH_BYTES))
        index.remove(np.frombuffer(body[middle:], dtype="<u8").tolist())
        return index

    def _near_keys(self, hashes: NDArray[np.uint8]) -> tuple[Numbers, Numbers]:
        """Rows and numbers of all pairs whose keys are near."""
        queries = np.ascontiguousarray(hashes[:, :_KEY_BYTES])
        # A handful of queries is not worth waking OpenMP's other threads, which then spin: with them, a stream of
        # single look-ups burns both cores. The number is the calling thread's own, so it is set here.
        _faiss().omp_set_num_threads(1)
        # FAISS counts what is below the radius.
        begins, _, found = self._rest.range_search(queries, self._reach.radius_bits + 1)
        rows = np.repeat(np.arange(len(queries)), np.diff(begins.astype(np.int64)))
        numbers = found.astype(np.int64) + self._tabled
        if not self._segments:
            return rows, numbers
        keys = _keys_of(queries)
        found_rows, found_numbers = zip((rows, numbers), *(one.near(keys) for one in self._segments), strict=True)
        # What is near in several parts was found several times.
        pairs = np.unique(np.concatenate(found_rows) * np.int64(self._count) + np.concatenate(found_numbers))
        return pairs // self._count, pairs % self._count

    @property
    def _tabled(self) -> int:
        """How many hashes have tables."""
        return self._segments[-1].end if self._segments else 0

    def _make_tables(self) -> None:
        """Make tables of all that has none, together with what is worth it."""
        first = self._segments[0].end if self._segments else 0
        if self._count - first > self._count * _GROWTH_SHARE:
            first = 0
        kept = self._segments[:1] if first else []
        self._segments = [*kept, _Segment(first, _keys_of(self.hashes()[first:]), self._reach)]
        self._rest = _flat_index()


def by_part(hashes: NDArray[np.uint8], part: int) -> NDArray[np.uint8]:
    """The same hashes, ``(n, 32)``, with one of their quarters first, by which an index then looks them up.

    Distances stay as they are.
    """
    return hashes[:, _BY_PART[part]]


def _faiss() -> Any:  # noqa: ANN401 - FAISS has no types
    """FAISS, loaded when the first index is made: it takes longer than all the rest of this package."""
    import faiss

    return faiss


def _flat_index() -> Any:  # noqa: ANN401 - as _faiss
    return _faiss().IndexBinaryFlat(KEY_BITS)


def _keys_of(hashes: NDArray[np.uint8]) -> Keys:
    return np.ascontiguousarray(hashes[:, :_KEY_BYTES]).view(">u8").ravel().astype(np.uint64)


def _changes(bits: int) -> NDArray[np.int64]:
    """All ways to change up to two bits of a part."""
    masks = [0]
    for count in range(1, _PART_RADIUS_BITS + 1):
        masks += [sum(1 << bit for bit in chosen) for chosen in itertools.combinations(range(bits), count)]
    return np.array(masks, dtype=np.int64)


_CHANGES: Final = {bits: _changes(bits) for reach in (CLOSE, WIDE) for bits in reach.part_bits}
