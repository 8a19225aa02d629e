"""Keys of 64 bits → those that are near to some, by tables of their parts. Knows nothing of what an index adds behind.

Multi-index hashing (Norouzi, Punjani and Fleet, CVPR 2012): where two keys differ in few bits, one of their parts
differs in fewer still, so that it is found by looking up each part as it is, and with a bit or two of it changed.
"""

import itertools
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Numbers = NDArray[np.int64]

NOTHING: Final = np.empty(0, np.int64)
# Queries that are looked up at once.
_QUERIES_AT_ONCE: Final = 64
_RADIX_BITS: Final = 16
# So many keys don't fit into the processor's cache: then they are kept in the order of each table, too.
_MANY_KEYS: Final = 250_000


class Parts(NamedTuple):
    """How keys are cut, and how far each part is looked up.

    Of two keys that differ in fewer bits than all these radii and one for each part, at least one part differs in no
    more than its radius: so looking all up finds them.

    Attributes:
        bits: Of each part, the first bits of the key first.
        radii_bits: In how many bits each is looked up changed.
    """

    bits: tuple[int, ...]
    radii_bits: tuple[int, ...]

    @property
    def complete_bits(self) -> int:
        """In how many bits keys may differ that are all found."""
        return sum(self.radii_bits) + len(self.radii_bits) - 1

    @property
    def cuts(self) -> list[tuple[int, int]]:
        """Of each part, by how many bits a key is shifted to have it last, and how many bits it has."""
        return [(sum(self.bits[number + 1 :]), bits) for number, bits in enumerate(self.bits)]


class _Probes:
    """Where a key is looked up: in each part's table, as it is and with bits changed. A column for each of these."""

    def __init__(self, parts: Parts) -> None:
        """Prepare.

        Args:
            parts: How keys are cut.
        """
        self.cuts = parts.cuts
        shifts = [shift for shift, _ in self.cuts]
        sizes = [(1 << bits) + 1 for bits in parts.bits]
        changed = [changes(*part) for part in zip(parts.bits, parts.radii_bits, strict=True)]
        counts = [len(some) for some in changed]
        self.count = sum(counts)
        self._shifts = np.repeat(np.array(shifts, np.uint64), counts)
        self._masks = np.repeat(np.array([(1 << bits) - 1 for bits in parts.bits], np.int64), counts)
        self._changes = np.concatenate(changed)
        self._bases = np.repeat(np.cumsum([0, *sizes[:-1]]), counts)

    def of(self, queries: Keys) -> Numbers:
        """Places in tables that stand one behind the other, of each query ``count`` of them."""
        parts = (queries[:, None] >> self._shifts).astype(np.int64) & self._masks
        return np.asarray(((parts ^ self._changes) + self._bases).ravel())


def changes(bits: int, radius_bits: int) -> NDArray[np.int64]:
    """All ways to change up to so many bits of a part."""
    masks = [0]
    for count in range(1, radius_bits + 1):
        masks += [sum(1 << bit for bit in chosen) for chosen in itertools.combinations(range(bits), count)]
    return np.array(masks, dtype=np.int64)


@cache
def _probes_of(parts: Parts) -> _Probes:
    return _Probes(parts)


class Segment:
    """Tables of hashes that were added one after another, one for each part of their keys, one behind the other.

    Those with part ``p`` stand in a table from ``begins[p]`` to ``begins[p + 1]``.
    """

    def __init__(self, first: int, keys: Keys, parts: Parts, radius_bits: int) -> None:
        """Make them.

        Args:
            first: Number of the first hash.
            keys: Of all.
            parts: How they are cut.
            radius_bits: How far keys may be.
        """
        self.first = first
        self.end = first + len(keys)
        self._probes = _probes_of(parts)
        self._radius_bits = radius_bits
        tables = [_make_table(keys, *cut) for cut in self._probes.cuts]
        self._begins = np.concatenate([begins + np.int32(at * len(keys)) for at, (begins, _) in enumerate(tables)])
        self._numbers = np.concatenate([numbers for _, numbers in tables])
        # What is compared together lies together, where there is so much that it matters.
        self._is_large = len(keys) > _MANY_KEYS
        self._keys = keys[self._numbers] if self._is_large else keys

    def near(self, queries: Keys) -> tuple[Numbers, Numbers]:
        """Rows of queries, and numbers of hashes whose keys are near; a pair may come several times."""
        found = [
            self._near(queries[begin : begin + _QUERIES_AT_ONCE], begin)
            for begin in range(0, len(queries), _QUERIES_AT_ONCE)
        ]
        rows, numbers = zip(*found, strict=True)
        return np.concatenate(rows), np.concatenate(numbers)

    def _near(self, queries: Keys, first_row: int) -> tuple[Numbers, Numbers]:
        places = self._probes.of(queries)
        begins = self._begins.take(places)
        counts = self._begins.take(places + 1) - begins
        used = np.flatnonzero(counts)
        begins, counts = begins[used], counts[used]
        ends = np.cumsum(counts)
        if not len(ends):
            return NOTHING, NOTHING
        at = np.arange(ends[-1]) + np.repeat(begins - (ends - counts), counts)
        rows = np.repeat(used // self._probes.count, counts)
        keys = self._keys.take(at if self._is_large else self._numbers.take(at))
        near = np.flatnonzero(np.bitwise_count(queries.take(rows) ^ keys) <= self._radius_bits)
        return rows[near] + first_row, self._numbers.take(at[near]).astype(np.int64) + self.first


def _make_table(keys: Keys, shift: int, bits: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Where those with each part begin, and their numbers."""
    parts = (keys >> np.uint64(shift)).astype(np.int32) & np.int32((1 << bits) - 1)
    begins = np.zeros((1 << bits) + 1, dtype=np.int32)
    np.cumsum(np.bincount(parts, minlength=1 << bits), out=begins[1:])
    # Of 16 bits NumPy sorts by radix, which twice is still some times faster than otherwise once.
    order = np.argsort(parts.astype(np.uint16), kind="stable")
    if bits > _RADIX_BITS:
        order = order[np.argsort((parts >> _RADIX_BITS).astype(np.uint16)[order], kind="stable")]
    return begins, order.astype(np.int32)
