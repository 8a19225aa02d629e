"""Keys of 64 bits → those that are near to some, by lists in files that are made once and mapped into memory.

As ``hash_tables``: keys are cut into parts, and a part of each query is looked up as it is and with bits changed. Here
a list has the keys with one value of a part, one behind the other, and behind them their numbers; FAISS compares a
query with those of all its lists in one call, where NumPy takes several steps over copies of them. The lists of a part
are one file, in the form that FAISS's ``OnDiskInvertedLists`` maps; what is in memory is where each list begins.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.hash_tables import NOTHING, Keys, Numbers, Parts, changes
from synsift.dedupe.index import faiss_library
from synsift.dedupe.many.room import Room

Chunks = Callable[[], Iterator[tuple[Numbers, Keys]]]
"""Numbers and keys, some at a time, ascending by their numbers; each call begins anew."""

_KEY_BITS: Final = 64
_KEY_BYTES: Final = 8
_ENTRY_BYTES: Final = 16
_LIST: Final = np.dtype([("size", "<u8"), ("capacity", "<u8"), ("offset", "<u8")])
"""A list as FAISS has it: keys, room for keys, and where it begins in the file."""
# Keys of a part go into so many regions first (two to this power): more, and each chunk is cut into bits and pieces;
# fewer, and a region of 10^8 keys takes more than some dozen MB. Lists of a region are told apart by so many bits.
_REGION_BITS: Final = 8
_SORTED_BITS: Final = 16
# Keys that are compared in one call of FAISS: enough to be fast, and if all are near, as in a crowd of pictures that
# are alike, 0.1 GB of them. So many queries at most.
_COMPARED_AT_ONCE: Final = 8_000_000
_QUERIES_AT_ONCE: Final = 8_192


class TooManyNear(Exception):
    """More is near to some queries than is wanted at once: they are many of a crowd. Ask fewer."""


def make_lists(chunks: Chunks, parts: Parts, part: int, *, room: Room, name: str) -> None:
    """Make the lists of one of the parts: a sort in two steps, neither of which jumps about on the disk.

    First each key goes behind the last one of its region, of which there are 256; then each region, which is as large
    as what will stand there, is sorted in memory. So memory hangs on the size of a chunk and of a region.

    Args:
        chunks: All keys.
        parts: How they are cut.
        part: Which of the parts.
        room: Takes the arrays.
        name: What these are called there.

    Raises:
        ValueError: The part has more than 24 bits.
    """
    shift, bits = parts.cuts[part]
    if bits > _REGION_BITS + _SORTED_BITS:
        raise ValueError(f"a part of {bits} bits has too many lists")
    sizes = np.zeros(1 << bits, np.int64)
    for _, keys in chunks():
        sizes += np.bincount(_part_of(keys, shift, bits), minlength=len(sizes))
    begins = room.make(_begins_of(name, part), np.int64, (len(sizes) + 1,))
    np.cumsum(sizes, out=begins[1:])
    # The length of a mapped file can't be nothing.
    entries = room.make(_lists_of(name, part), np.uint64, (max(1, 2 * int(begins[-1])),))
    lists_bits = max(0, bits - _REGION_BITS)
    _put_by_region(chunks, parts.cuts[part], begins[:: 1 << lists_bits], entries[: 2 * int(begins[-1])].reshape(-1, 2))
    for first in range(0, len(sizes), 1 << lists_bits):
        _sort_region(entries, begins[first : first + (1 << lists_bits) + 1], parts.cuts[part])


def _put_by_region(chunks: Chunks, cut: tuple[int, int], begins: Numbers, entries: NDArray[np.uint64]) -> None:
    """Put keys and numbers behind each other, those of each region where it begins."""
    filled = begins[:-1].copy()
    shift, bits = cut
    for numbers, keys in chunks():
        regions = (_part_of(keys, shift, bits) >> max(0, bits - _REGION_BITS)).astype(np.uint8)
        order = np.argsort(regions, kind="stable")
        counts = np.bincount(regions, minlength=len(filled))
        at = np.arange(len(keys)) + (filled - (np.cumsum(counts) - counts)).repeat(counts)
        entries[at, 0], entries[at, 1] = keys[order], numbers[order]
        filled += counts


def _sort_region(entries: NDArray[np.uint64], begins: Numbers, cut: tuple[int, int]) -> None:
    """Make lists of what stands in a region: the keys of each, and behind them their numbers."""
    begin, end = int(begins[0]), int(begins[-1])
    keys, numbers = entries[2 * begin : 2 * end].reshape(-1, 2).T.copy()
    values = _part_of(keys, *cut)
    # Of 16 bits NumPy sorts by radix, some times faster.
    order = np.argsort((values & ((1 << _SORTED_BITS) - 1)).astype(np.uint16), kind="stable")
    sizes = np.diff(begins)
    at = np.arange(len(keys)) + (begins[:-1] - begin).repeat(sizes)
    made = np.empty(2 * len(keys), np.uint64)
    made[at], made[at + sizes.repeat(sizes)] = keys[order], numbers[order]
    entries[2 * begin : 2 * end] = made


class KeyLists:
    """The lists of all parts, made before. Not thread-safe; any number of processes may have the same."""

    def __init__(self, parts: Parts, *, radius_bits: int, room: Room, name: str) -> None:
        """Map them.

        Args:
            parts: As they were made with.
            radius_bits: How far keys may be.
            room: Has the arrays.
            name: What these are called there.
        """
        self._radius_bits = radius_bits
        self._cuts = parts.cuts
        self._changes = [changes(*part) for part in zip(parts.bits, parts.radii_bits, strict=True)]
        self._begins = [room.get(_begins_of(name, part)) for part in range(len(self._cuts))]
        self._indexes = [_mapped(room, name, part, len(some)) for part, some in enumerate(self._changes)]

    def near(self, queries: Keys, *, most: int | None = None) -> tuple[Numbers, Numbers]:
        """Rows of queries and numbers of keys that are near; a pair may come several times.

        Args:
            queries: ``(n,)``.
            most: So many pairs are wanted at most; None for all.

        Raises:
            TooManyNear: There are more.
        """
        found, count = [(NOTHING, NOTHING)], 0
        for part in range(len(self._cuts)):
            for one in self._near_by(part, queries):
                found.append(one)
                count += len(one[0])
                if most is not None and count > most:
                    raise TooManyNear
        rows, numbers = zip(*found, strict=True)
        return np.concatenate(rows), np.concatenate(numbers)

    def _near_by(self, part: int, queries: Keys) -> Iterator[tuple[Numbers, Numbers]]:
        """By one of the parts. In its order: queries with neighbouring values share lists, which then are at hand."""
        index = self._indexes[part]
        if not index.ntotal:
            return
        values = _part_of(queries, *self._cuts[part])
        order = np.argsort(values, kind="stable")
        for begin in range(0, len(order), _QUERIES_AT_ONCE):
            some = order[begin : begin + _QUERIES_AT_ONCE]
            lists = values[some, None] ^ self._changes[part]
            for first, last in self._steps(part, lists):
                asked = queries[some[first:last]].view(np.uint8).reshape(-1, _KEY_BYTES)
                # FAISS counts what is below the radius.
                ends, _, found = index.range_search_preassigned(asked, self._radius_bits + 1, lists[first:last], None)
                yield some[first:last].repeat(np.diff(ends.astype(np.int64))), found

    def _steps(self, part: int, lists: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """From where to where queries, of which each has a row of lists, can be compared in one call."""
        begins = self._begins[part]
        behind = np.cumsum((begins.take(lists + 1) - begins.take(lists)).sum(axis=1))
        first = 0
        while first < len(lists):
            done = int(behind[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(behind, done + _COMPARED_AT_ONCE, side="right")))
            yield first, last
            first = last


def _mapped(room: Room, name: str, part: int, probes: int) -> Any:  # noqa: ANN401 - FAISS has no types
    """FAISS's index over a file of lists. It is told where they begin by its own memory: nobody wrote them with it."""
    faiss = faiss_library()
    begins: NDArray[np.int64] = room.get(_begins_of(name, part))
    described = np.zeros(len(begins) - 1, _LIST)
    described["size"] = described["capacity"] = np.diff(begins)
    described["offset"] = begins[:-1] * _ENTRY_BYTES
    lists = faiss.OnDiskInvertedLists()
    lists.nlist, lists.code_size = len(described), _KEY_BYTES
    lists.filename, lists.read_only = room.file_of(_lists_of(name, part)), True
    lists.totsize = _ENTRY_BYTES * int(begins[-1])
    lists.lists.resize(len(described))
    faiss.memcpy(lists.lists.data(), faiss.swig_ptr(described.view(np.uint8)), described.nbytes)
    if lists.totsize:
        lists.do_mmap()
    # Of one list, as FAISS would make room for all; nothing is looked up by it, so what it has doesn't matter.
    coarse = faiss.IndexBinaryFlat(_KEY_BITS)
    index = faiss.IndexBinaryIVF(coarse, _KEY_BITS, 1)
    index.nlist = len(described)
    index.replace_invlists(lists, False)
    index.ntotal, index.is_trained, index.nprobe = int(begins[-1]), True, probes
    index.referenced_objects = [coarse, lists]
    # As in ``index``: more threads of one call spin; processors are shared by processes here.
    faiss.omp_set_num_threads(1)
    return index


def _part_of(keys: Keys, shift: int, bits: int) -> NDArray[np.int64]:
    return (keys >> np.uint64(shift)).astype(np.int64) & ((1 << bits) - 1)


def _begins_of(name: str, part: int) -> str:
    return f"{name}-{part}-begins"


def _lists_of(name: str, part: int) -> str:
    return f"{name}-{part}-lists"
