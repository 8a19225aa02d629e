"""Hashes → those that may be of the same picture. The one place that knows FAISS.

Two hashes are near if their first 64 bits, those of the lowest frequencies, differ in at most 8 (``CLOSE``), and
all 256 in at most a radius that the caller chooses. Everything that is near is found, whatever the size:

    few hashes     all keys are compared (FAISS, in SIMD)
    many hashes    multi-index hashing (``hash_tables``): a key is four parts of 18, 16, 15 and 15 bits. Of two keys
                   that differ in at most 8 bits, the first differs in at most 2 or another in at most 1, as
                   3 + 3 × 2 > 8. So looking all parts up, with up to so many bits changed, finds all that can be near
    very many      the same with three parts of 21, 21 and 22 bits and two bits changed, as 3 × 3 > 8: large tables, and
                   few hashes in each place

What was added since tables were made is in smaller ones, and behind these compared as above. An index may be told to
look further, up to 11 bits of the key: its keys then are four parts of 16 bits, and 4 × 3 > 11.
"""

import hashlib
import struct
from collections.abc import Iterable
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.frequencies import HASH_BYTES, KEY_BITS
from synsift.dedupe.hash_tables import NOTHING, Keys, Numbers, Parts, Segment


class Reach(NamedTuple):
    """How far keys may be from each other, and the parts that find all that are not farther.

    Attributes:
        radius_bits: Most bits of 64 in which keys of near pictures differ.
        parts: Of very many.
        parts_of_many: Of many; None where comparing all of these is as fast.
    """

    radius_bits: int
    parts: Parts
    parts_of_many: Parts | None = None


CLOSE: Final = Reach(8, Parts((21, 21, 22), (2, 2, 2)), Parts((18, 16, 15, 15), (2, 1, 1, 1)))
WIDE: Final = Reach(11, Parts((16, 16, 16, 16), (2, 2, 2, 2)))
KEY_RADIUS_BITS: Final = CLOSE.radius_bits

_KEY_BYTES: Final = KEY_BITS // 8
for _reach in (CLOSE, WIDE):  # what completeness rests on
    for _parts in filter(None, _reach[1:]):
        assert _parts.complete_bits >= _reach.radius_bits  # noqa: S101
        assert sum(_parts.bits) == KEY_BITS  # noqa: S101
# Large tables are worth their memory from so many hashes on; small ones are made as soon as they are faster.
_MIN_FOR_TABLES: Final = 250_000
_MANY: Final = 24_000
# What was added since the large ones were made gets large ones, too, when it is more than this, or than a share of all,
# which costs less often, and at most so many; then it gets them together with all that was added since the largest were
# made; and when that is more than a share of all, so do all.
_MIN_GROWTH: Final = 60_000
_MAX_GROWTH: Final = 250_000
_USUAL_SHARE: Final = 1 / 4
_GROWTH_SHARE: Final = 1 / 24
# Of a hash's bytes, in which order they stand with each of its quarters first.
_BY_PART: Final = (np.arange(HASH_BYTES) + _KEY_BYTES * np.arange(HASH_BYTES // _KEY_BYTES)[:, None]) % HASH_BYTES
# What has none is compared one by one until it is more than this, or than such a share of what has no large ones.
_MIN_REST: Final = 4_096
_REST_SHARE: Final = 1 / 8
# So few comparisons of keys are done sooner than an index is made.
_MOST_AT_HAND: Final = 8_192
# Pairs whose hashes are compared at once: of a crowd of pictures that are alike there are millions.
_AT_ONCE: Final = 65_536
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


class Pairs(NamedTuple):
    """All that is near to some queries, in no order: a pair in each place of three arrays ``(n,) int64``.

    Attributes:
        distances: In bits, of 256.
        rows: Which queries.
        numbers: Which stored hashes.
    """

    distances: Numbers
    rows: Numbers
    numbers: Numbers


class DamagedIndex(ValueError):
    """Bytes that are no index, or were cut off or changed since they were written."""


class HashIndex:
    """An exact index of 256-bit hashes, numbered in the order of adding. Not thread-safe.

    Memory: 40 bytes a hash, of keys alone 16; from 250,000 hashes on 36 more, and 34 to 67 MB in all.
    """

    def __init__(self, reach: Reach = CLOSE, *, keys_alone: bool = False) -> None:
        """Make an empty one.

        Args:
            reach: How far keys may be from each other.
            keys_alone: Nothing but keys is kept, 24 bytes less a hash; then only ``near_keys`` may be asked.
        """
        self._reach = reach
        self._hashes = np.zeros((64, _KEY_BYTES if keys_alone else HASH_BYTES), dtype=np.uint8)
        self._count = 0
        self._removed: set[int] = set()
        # At most two of large tables, what was there when they were last made of all and what came since; and one of
        # small ones behind.
        self._segments: list[Segment] = []
        self._small: Segment | None = None
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
            grown = np.zeros((max(end, 2 * len(self._hashes)), self._hashes.shape[1]), dtype=np.uint8)
            grown[: self._count] = self._hashes[: self._count]
            self._hashes = grown
        self._hashes[self._count : end] = hashes[:, : self._hashes.shape[1]]
        self._count = end
        self._rest.add(np.ascontiguousarray(hashes[:, :_KEY_BYTES]))
        since = self._count - self._tabled
        if self._count > _MIN_FOR_TABLES and since > max(_MIN_GROWTH, min(self._count * _USUAL_SHARE, _MAX_GROWTH)):
            self._make_tables()
        elif self._reach.parts_of_many and since > _MANY and self._rest.ntotal > max(_MIN_REST, since * _REST_SHARE):
            keys = keys_of(self.hashes()[self._tabled :])
            self._small = Segment(self._tabled, keys, self._reach.parts_of_many, self._reach.radius_bits)
            self._rest = _flat_index()

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
        distances, rows, numbers = self.pairs(hashes, radius_bits=radius_bits)
        order = np.lexsort((numbers, rows, distances))
        return [Near(*map(int, found)) for found in zip(distances[order], rows[order], numbers[order], strict=True)]

    def pairs(self, hashes: NDArray[np.uint8], *, radius_bits: int) -> Pairs:
        """As ``search``, as arrays and in no order: for many queries at once."""
        if not self._count or not len(hashes):
            return _NO_PAIRS
        rows, numbers = self.near_keys(hashes)
        found = within(hashes, self._hashes, (rows, numbers), radius_bits)
        if not self._removed:
            return found
        keep = ~np.isin(found.numbers, list(self._removed))
        return Pairs(*(column[keep] for column in found))

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

    def near_keys(self, hashes: NDArray[np.uint8]) -> tuple[Numbers, Numbers]:
        """Rows of queries ``(n, 32)`` and numbers of all pairs whose keys are near, removed ones included."""
        if not self._count or not len(hashes):
            return NOTHING, NOTHING
        queries = np.ascontiguousarray(hashes[:, :_KEY_BYTES])
        # A handful of queries is not worth waking OpenMP's other threads, which then spin: with them, a stream of
        # single look-ups burns both cores. The number is the calling thread's own, so it is set here.
        faiss_library().omp_set_num_threads(1)
        # FAISS counts what is below the radius.
        begins, _, found = self._rest.range_search(queries, self._reach.radius_bits + 1)
        if not len(found):
            rows = numbers = NOTHING
        else:
            counts = (begins[1:] - begins[:-1]).astype(np.int64)
            rows, numbers = np.arange(len(queries)).repeat(counts), found.astype(np.int64) + self._begins_rest
        segments = self._segments if self._small is None else [*self._segments, self._small]
        if not segments:
            return rows, numbers
        keys = keys_of(queries)
        found_rows, found_numbers = zip((rows, numbers), *(one.near(keys) for one in segments), strict=True)
        if not any(map(len, found_rows)):
            return NOTHING, NOTHING
        # What is near in several parts was found several times.
        pairs = np.unique(np.concatenate(found_rows) * np.int64(self._count) + np.concatenate(found_numbers))
        return pairs // self._count, pairs % self._count

    @property
    def _tabled(self) -> int:
        """How many hashes have large tables."""
        return self._segments[-1].end if self._segments else 0

    @property
    def _begins_rest(self) -> int:
        """How many have any."""
        return self._tabled if self._small is None else self._small.end

    def _make_tables(self) -> None:
        """Make tables of all that has none, together with what is worth it."""
        first = self._segments[0].end if self._segments else 0
        if self._count - first > self._count * _GROWTH_SHARE:
            first = 0
        kept = self._segments[:1] if first else []
        keys = keys_of(self.hashes()[first:])
        self._segments = [*kept, Segment(first, keys, self._reach.parts, self._reach.radius_bits)]
        self._small = None
        self._rest = _flat_index()


def by_part(hashes: NDArray[np.uint8], part: int) -> NDArray[np.uint8]:
    """The same hashes, ``(n, 32)``, with one of their quarters first, by which an index then looks them up.

    Distances stay as they are.
    """
    return hashes[:, _BY_PART[part]] if part else hashes


def pairs_of(queries: NDArray[np.uint8], stored: NDArray[np.uint8], *, radius_bits: int, reach: Reach = CLOSE) -> Pairs:
    """What an index of some hashes finds, where it would be made for a few queries only.

    Args:
        queries: ``(n, 32) uint8``.
        stored: ``(m, 32) uint8``, numbered in their order.
        radius_bits: Largest distance that counts, of all 256 bits.
        reach: How far keys may be from each other.
    """
    if len(queries) * len(stored) > _MOST_AT_HAND:
        index = HashIndex(reach)
        index.add_all(stored)
        return index.pairs(queries, radius_bits=radius_bits)
    mine, theirs = (hashes[:, :_KEY_BYTES].copy().view(np.uint64).ravel() for hashes in (queries, stored))
    rows, numbers = np.nonzero(np.bitwise_count(mine[:, None] ^ theirs) <= reach.radius_bits)
    return within(queries, stored, (rows, numbers), radius_bits)


def within(
    queries: NDArray[np.uint8], stored: NDArray[np.uint8], near: tuple[Numbers, Numbers], radius_bits: int
) -> Pairs:
    """Of pairs, rows of queries and numbers of what is stored, those that are near in all bits."""
    if not len(near[0]):
        return _NO_PAIRS
    found = []
    for begin in range(0, len(near[0]), _AT_ONCE):
        rows, numbers = near[0][begin : begin + _AT_ONCE], near[1][begin : begin + _AT_ONCE]
        distances = np.bitwise_count(queries[rows] ^ stored[numbers]).sum(axis=1, dtype=np.int64)
        keep = distances <= radius_bits
        found.append((distances[keep], rows[keep], numbers[keep]))
    return Pairs(*found[0]) if len(found) == 1 else Pairs(*map(np.concatenate, zip(*found, strict=True)))


_NO_PAIRS: Final = Pairs(NOTHING, NOTHING, NOTHING)


def faiss_library() -> Any:  # noqa: ANN401 - FAISS has no types
    """FAISS, loaded when the first index is made: it takes longer than all the rest of this package."""
    import faiss

    return faiss


def _flat_index() -> Any:  # noqa: ANN401 - as faiss_library
    return faiss_library().IndexBinaryFlat(KEY_BITS)


def keys_of(hashes: NDArray[np.uint8]) -> Keys:
    """The first bits of hashes, ``(n, 32)``, by which they are looked up."""
    return np.ascontiguousarray(hashes[:, :_KEY_BYTES]).view(">u8").ravel().astype(np.uint64)
