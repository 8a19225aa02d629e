"""The best hits of each synset, of all that are on disk: some synsets at a time, so that memory has a bound.

    1. names become queries of synsets, each synset once an image's row, and what can't be among the best goes;
    2. synset by synset the best are marked. What a hit is worth is one number, the smallest the best:

       query (24 bits)  ·  words of the caption (5)  ·  place in the lists (35)

Queries are numbered by synset, the best first. Of an image that comes more than once, under whatever caption, the best
hit counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from synsift.crawler.captions.files import reserve, save
from synsift.crawler.captions.lexicon import Lexicon
from synsift.crawler.captions.matching import ROW_BITS, nodes_of, rows_of
from synsift.crawler.captions.spool import Spool
from synsift.crawler.captions.url_hashes import mixed

Worths = npt.NDArray[np.uint64]
Wide = npt.NDArray[np.int64]
"""Hits of synsets, sorted: synset (20 bits) · row of the part (20) · query (24)."""
_QUERY_BITS: Final = 24
_SYNSET_SHIFT: Final = ROW_BITS + _QUERY_BITS
_PLACE_BITS: Final = 35
_LENGTH_BITS: Final = 5
_AT_ONCE: Final = 2_000_000
"""Hits that are looked at together, each with some 80 bytes."""
_U: Final = np.uint64


@dataclass(frozen=True, slots=True)
class Selected:
    """What was chosen.

    Attributes:
        counts: ``(synsets,)`` int64, hits of each that are kept.
        repeated: Hits of an image that its synset has already.
    """

    counts: npt.NDArray[np.int64]
    repeated: int


class Selection:
    """Chooses among the hits of a spool."""

    def __init__(self, spool: Spool, lexicon: Lexicon, most: int) -> None:
        """Choose for each synset so many hits at most."""
        self._spool, self._lexicon, self._most = spool, lexicon, most
        self._counts = np.zeros(len(lexicon.wnids), np.int64)
        self._offsets = np.zeros(len(spool) + 1, np.int64)
        self._repeated = 0

    def choose(self, limits: npt.NDArray[np.int8]) -> Selected:
        """Choose the best hits of each synset.

        Args:
            limits: Of the queries, as `Bounds` has them for all that is in the spool.
        """
        totals = np.zeros(len(self._counts), np.int64)
        for number in range(len(self._spool)):
            wide = self._widened(number, limits)
            save(self._path(number), wide)
            self._offsets[number + 1] = self._offsets[number] + len(wide)
            totals += np.bincount(wide >> _SYNSET_SHIFT, minlength=len(totals))
        reserve(self._spool.beside("chosen.bin"), max(1, int(self._offsets[-1])))
        for begin, end in _ranges(totals):
            self._choose(begin, end)
        return Selected(self._counts, self._repeated)

    def of_part(self, number: int) -> tuple[Wide, Wide]:
        """What was chosen of a part, by synset: rows and queries."""
        wide = np.load(self._path(number))
        kept = wide[np.asarray(self._marks("r")[self._offsets[number] : self._offsets[number + 1]])]
        return kept >> _QUERY_BITS & (1 << ROW_BITS) - 1, kept & (1 << _QUERY_BITS) - 1

    def _widened(self, number: int, limits: npt.NDArray[np.int8]) -> Wide:
        """The hits of a part by synset."""
        hits, lexicon = np.asarray(self._spool.hits(number)), self._lexicon
        nodes, rows = nodes_of(hits), rows_of(hits)
        lengths = np.asarray(self._spool.marks(number)["length"]).astype(np.int8)[rows]
        sizes = np.diff(lexicon.begins)[nodes]
        behind = np.cumsum(sizes)
        # The first query of each node, and those behind it.
        places = np.repeat(lexicon.begins[nodes] - (behind - sizes).astype(np.int32), sizes)
        places += np.arange(len(places), dtype=np.int32)
        queries = lexicon.at_node[places]
        is_good = np.flatnonzero(limits[queries] >= np.repeat(lengths, sizes))
        queries = queries[is_good]
        wide = np.repeat(rows, sizes)[is_good] << _QUERY_BITS
        wide |= queries
        wide |= lexicon.synsets[queries].astype(np.int64) << _SYNSET_SHIFT
        wide.sort()
        is_best = np.ones(len(wide), np.bool_)
        np.not_equal(wide[1:] >> _QUERY_BITS, wide[:-1] >> _QUERY_BITS, out=is_best[1:])
        return wide[is_best]

    def _choose(self, begin: int, end: int) -> None:
        """Mark the best hits of some synsets."""
        slices, worths, images, owners = self._gathered(begin, end)
        kept = _once(worths, images ^ mixed(owners.astype(np.uint64)))
        self._repeated += int(len(kept) - kept.sum())
        many = np.bincount(owners[kept] - begin, minlength=end - begin)
        crowded = np.flatnonzero(kept & (many > self._most)[owners - begin])
        if len(crowded):
            order = crowded[np.argsort(worths[crowded])]  # by synset, and in it the best first
            place = np.arange(len(order)) - np.searchsorted(owners[order], owners[order])
            kept[order[place >= self._most]] = False
        self._counts[begin:end] = np.minimum(many, self._most)
        marks, passed = self._marks("r+"), 0
        for low, high in slices:
            marks[low:high] = kept[passed : passed + high - low]
            passed += high - low

    def _gathered(self, begin: int, end: int) -> tuple[list[tuple[int, int]], Worths, Worths, Wide]:
        """The hits of some synsets: where they stand among all, their worths, images and synsets."""
        slices: list[tuple[int, int]] = []
        worths, images, owners = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
        base = 0
        for number, size in enumerate(self._spool.sizes):
            wide = np.load(self._path(number), mmap_mode="r")
            low, high = (int(np.searchsorted(wide, each << _SYNSET_SHIFT)) for each in (begin, end))
            if high > low:
                part = np.asarray(wide[low:high])
                rows = part >> _QUERY_BITS & (1 << ROW_BITS) - 1
                chosen = np.asarray(self._spool.marks(number))[rows]
                queries = (part & (1 << _QUERY_BITS) - 1).astype(np.uint64)
                lengths, places = chosen["length"].astype(np.uint64), (rows + base).astype(np.uint64)
                worths.append((queries << _U(_LENGTH_BITS) | lengths) << _U(_PLACE_BITS) | places)
                images.append(chosen["hash"])
                owners.append(part >> _SYNSET_SHIFT)
                slices.append((int(self._offsets[number]) + low, int(self._offsets[number]) + high))
            base += size
        return slices, np.concatenate(worths), np.concatenate(images), np.concatenate(owners)

    def _marks(self, mode: Any) -> npt.NDArray[np.bool_]:  # noqa: ANN401 - one of NumPy's words
        """Of all hits, whether they were chosen."""
        size = max(1, int(self._offsets[-1]))
        return np.memmap(self._spool.beside("chosen.bin"), np.bool_, mode, shape=(size,))

    def _path(self, number: int) -> Any:  # noqa: ANN401 - a path
        return self._spool.beside(f"{number:08d}.wide.npy")


def _ranges(totals: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of synsets, each with so many hits as are looked at together, or of one synset."""
    begin = total = 0
    for number, many in enumerate(totals.tolist()):
        if total + many > _AT_ONCE and number > begin:
            yield begin, number
            begin, total = number, 0
        total += many
    if len(totals) > begin:
        yield begin, len(totals)


def _once(worths: Worths, images: Worths) -> npt.NDArray[np.bool_]:
    """Which hits are the best of their image."""
    kept = np.ones(len(images), np.bool_)
    some = _maybe_twice(images)
    if len(some):
        some = some[np.lexsort((worths[some], images[some]))]
        kept[some[1:][images[some][1:] == images[some][:-1]]] = False
    return kept


def _maybe_twice(images: Worths) -> Wide:
    """Places of all hashes that stand there more than once, and of a few others."""
    size = 1 << max(10, 3 + len(images).bit_length())
    slots = (images & _U(size - 1)).astype(np.int64)
    last = np.full(size, -1, np.int32)
    last[slots] = np.arange(len(images), dtype=np.int32)
    is_shared = np.zeros(size, np.bool_)
    is_shared[slots[last[slots] != np.arange(len(images), dtype=np.int32)]] = True
    return np.flatnonzero(is_shared[slots])
