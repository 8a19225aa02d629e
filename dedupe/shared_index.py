"""Hashes of many scopes → those that are near to some, each within its own scope, all of them in one call of FAISS.

An index of its own for each scope takes a call for each, and some 20 µs of that whatever it compares: with thousands of
small scopes that is most of what a look-up costs. So hashes of small scopes stand together, those of each as one of
FAISS's inverted lists, and a query is compared with its own list alone. What is near is what a ``HashIndex`` of the
scope finds.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.frequencies import HASH_BYTES, KEY_BITS
from synsift.dedupe.hash_batch import Hashes, Numbers
from synsift.dedupe.index import faiss_library, within

_KEY_BYTES: Final = KEY_BITS // 8
_FIRST_SCOPES: Final = 64
_FIRST_ROWS: Final = 1_024
# Rows that are left behind are cleaned away when there are more than so many, and than of those that are needed.
_WORTH_CLEANING: Final = 65_536
_NOBODY: Final = -1
_ROW: Final = np.dtype([("hash", np.uint8, HASH_BYTES), ("picture", np.int32), ("scope", np.int32), ("view", np.uint8)])


class NearInScope(NamedTuple):
    """What is near to some queries, in no order: a pair in each place of four arrays ``(n,)``.

    Attributes:
        distances: In bits, of 256.
        rows: Which queries.
        pictures: Of the stored hashes, as they were added.
        views: As ``pictures``.
    """

    distances: Numbers
    rows: Numbers
    pictures: NDArray[np.int32]
    views: NDArray[np.uint8]


class Stored(NamedTuple):
    """Some hashes, and of each which picture it is of, and which of its views: a row in each place of three arrays.

    Attributes:
        hashes: ``(n, 32) uint8``.
        pictures: Within the scope, below 2 to the power of 31.
        views: Below 256.
    """

    hashes: Hashes
    pictures: NDArray[np.integer[Any]]
    views: NDArray[np.integer[Any]]


class SharedIndex:
    """An exact index of 256-bit hashes, each of a scope. Not thread-safe.

    Memory: 41 bytes a hash and 16 for each quarter by which they are looked up, and what arrays have to spare.
    """

    def __init__(self, radius_bits: int, parts: Sequence[int] = (0,)) -> None:
        """Make an empty one.

        Args:
            radius_bits: Most bits of 64 in which keys of near hashes differ.
            parts: The quarters of hashes that are keys, each for itself.
        """
        self._radius_bits = radius_bits
        self._parts = tuple(parts)
        self._rows = np.zeros(_FIRST_ROWS, _ROW)
        self._count = 0
        self._left = 0
        self._sizes = np.zeros(_FIRST_SCOPES, np.int64)
        self._lists = self._made()

    def __len__(self) -> int:
        """How many hashes there are."""
        return self._count - self._left

    def size(self, scope: int) -> int:
        """How many hashes a scope has."""
        return int(self._sizes[scope]) if scope < len(self._sizes) else 0

    def sizes(self, scopes: Numbers) -> Numbers:
        """How many hashes each of some scopes has; none of -1."""
        known = (scopes >= 0) & (scopes < len(self._sizes))
        return np.where(known, self._sizes[np.where(known, scopes, 0)], 0)

    def add(self, scopes: Numbers, stored: Stored) -> None:
        """Add hashes.

        Args:
            scopes: The scope of each, numbered from 0.
            stored: The hashes.
        """
        if not len(scopes):
            return
        self._make_room(int(scopes.max()) + 1, self._count + len(scopes))
        rows = self._rows[self._count : self._count + len(scopes)]
        rows["hash"], rows["picture"], rows["scope"], rows["view"] = (
            stored.hashes,
            stored.pictures,
            scopes,
            stored.views,
        )
        self._put(self._count, self._count + len(scopes))
        self._count += len(scopes)

    def near(self, scopes: Numbers, hashes: Hashes, *, radius_bits: int, part: int = 0) -> NearInScope:
        """Find the hashes of each query's scope that are near to it.

        Args:
            scopes: Of each query; -1 finds nothing.
            hashes: The queries, ``(n, 32) uint8``.
            radius_bits: Largest distance that counts, of all 256 bits.
            part: The quarter that is the key.
        """
        known = np.where(scopes < len(self._sizes), scopes, _NOBODY)
        keys, lists = _keys_of(hashes, part), np.ascontiguousarray(known, np.int64)[:, None]
        # As in ``index``: FAISS's threads spin for the next call, and it counts what is below the radius.
        faiss_library().omp_set_num_threads(1)
        index = self._lists[self._parts.index(part)]
        ends, _, found = index.range_search_preassigned(keys, self._radius_bits + 1, lists, None)
        rows = np.arange(len(hashes)).repeat(np.diff(ends.astype(np.int64)))
        pairs = within(hashes, self._rows["hash"], (rows, found), radius_bits)
        stored = self._rows[pairs.numbers]
        return NearInScope(pairs.distances, pairs.rows, stored["picture"], stored["view"])

    def of(self, scope: int) -> Stored:
        """All hashes of a scope, in the order of adding."""
        rows = self._rows[self._numbers_of(scope)]
        return Stored(rows["hash"], rows["picture"], rows["view"])

    def clear(self, scope: int) -> None:
        """Forget the hashes of a scope."""
        numbers = self._numbers_of(scope)
        if not len(numbers):
            return
        self._rows["scope"][numbers] = _NOBODY
        self._left += len(numbers)
        self._sizes[scope] = 0
        for index in self._lists:
            index.invlists.resize(scope, 0)
        if self._left > max(_WORTH_CLEANING, len(self)):
            self._clean()

    def _numbers_of(self, scope: int) -> Numbers:
        size = self.size(scope)
        if not size:
            return np.empty(0, np.int64)
        lists = self._lists[0].invlists
        return np.array(faiss_library().rev_swig_ptr(lists.get_ids(scope), size), np.int64)

    def _make_room(self, scopes: int, rows: int) -> None:
        if rows > len(self._rows):
            grown = np.zeros(max(rows, len(self._rows) * 3 // 2), _ROW)
            grown[: self._count] = self._rows[: self._count]
            self._rows = grown
        if scopes > len(self._sizes):
            self._sizes = np.concatenate([self._sizes, np.zeros(max(scopes, len(self._sizes)), np.int64)])
            self._put_anew()

    def _clean(self) -> None:
        """Close up: what is needed keeps its order."""
        needed = self._rows[: self._count]
        self._rows = needed[needed["scope"] != _NOBODY]
        self._count, self._left = len(self._rows), 0
        self._put_anew()

    def _put_anew(self) -> None:
        self._lists = self._made()
        self._sizes[:] = 0
        self._put(0, self._count)

    def _put(self, begin: int, end: int) -> None:
        """Put rows into the lists of their scopes, but for those that are nobody's."""
        numbers = begin + np.flatnonzero(self._rows["scope"][begin:end] != _NOBODY)
        scopes = self._rows["scope"][numbers].astype(np.int64)
        hashes, pointer = self._rows["hash"][numbers], faiss_library().swig_ptr
        for part, index in zip(self._parts, self._lists, strict=True):
            keys = _keys_of(hashes, part)
            index.add_core(len(numbers), pointer(keys), pointer(numbers), pointer(scopes))
        self._sizes += np.bincount(scopes, minlength=len(self._sizes))

    def _made(self) -> list[Any]:
        """An empty index for each part, with a list for each scope."""
        faiss = faiss_library()
        found = []
        for _ in self._parts:
            # Nothing is looked up by it, as each query comes with its list.
            coarse = faiss.IndexBinaryFlat(KEY_BITS)
            index = faiss.IndexBinaryIVF(coarse, KEY_BITS, 1)
            lists = faiss.ArrayInvertedLists(len(self._sizes), _KEY_BYTES)
            index.nlist, index.nprobe, index.is_trained = len(self._sizes), 1, True
            index.replace_invlists(lists, False)
            index.referenced_objects = [coarse, lists]
            found.append(index)
        return found


def _keys_of(hashes: Hashes, part: int) -> Hashes:
    return np.ascontiguousarray(hashes[:, part * _KEY_BYTES : (part + 1) * _KEY_BYTES])
