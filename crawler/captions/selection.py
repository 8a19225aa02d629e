"""The best hits of each synset, of all that are on disk: some synsets at a time, so that memory has a bound.

What a hit is worth is one number, the smallest the best:

    query (24 bits)  ·  words of the caption (5)  ·  place in the lists (35)

Queries are numbered by synset, the best first. Of an image that comes more than once, under whatever caption, the best
hit counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from synsift.crawler.captions.matching import QUERY_BITS, ROW_BITS, queries_of, rows_of, synsets_of
from synsift.crawler.captions.spool import Spool
from synsift.crawler.captions.url_hashes import mixed

Worths = npt.NDArray[np.uint64]
_PLACE_BITS: Final = 35
_LENGTH_BITS: Final = 5
_AT_ONCE: Final = 4_000_000
"""Hits that are sorted at once, each with some 60 bytes."""
_U: Final = np.uint64


@dataclass(frozen=True, slots=True)
class Selected:
    """What was chosen.

    Attributes:
        counts: ``(synsets,)`` int64, hits of each that are kept.
        repeated: Hits of an image that its synset has already.
        beyond: Hits beyond the bound of their synset, of those that were kept so far.
        files: Of what was chosen, each sorted: place << 24 | query.
    """

    counts: npt.NDArray[np.int64]
    repeated: int
    beyond: int
    files: tuple[Path, ...]


def select(spool: Spool, synsets: npt.NDArray[np.int32], most: int) -> Selected:
    """Choose the best hits of each synset.

    Args:
        spool: What was read.
        synsets: ``(queries,)`` the number of the synset of each query.
        most: Hits that a synset gets.
    """
    counts = np.zeros(int(synsets[-1]) + 1 if len(synsets) else 0, np.int64)
    bases = np.concatenate([[0], np.cumsum(spool.sizes)]).astype(np.uint64)
    repeated = beyond = 0
    files: list[Path] = []
    for begin, end in _ranges(spool, len(counts)):
        worths, images = _gathered(spool, bases, begin, end)
        owners = synsets[(worths >> _U(_PLACE_BITS + _LENGTH_BITS)).astype(np.int64)]
        kept = _once(worths, images ^ mixed(owners.astype(np.uint64)))
        repeated += len(worths) - len(kept)
        kept.sort()
        owners = synsets[(kept >> _U(_PLACE_BITS + _LENGTH_BITS)).astype(np.int64)]
        first = np.searchsorted(owners, owners)
        best = np.arange(len(kept)) - first < most
        beyond += int(len(kept) - best.sum())
        chosen = kept[best]
        np.add.at(counts, owners[best], 1)
        queries, places = chosen >> _U(_PLACE_BITS + _LENGTH_BITS), chosen & _U((1 << _PLACE_BITS) - 1)
        path = spool.beside(f"chosen-{len(files):06d}.npy")
        np.save(path, np.sort(places << _U(QUERY_BITS) | queries))
        files.append(path)
    return Selected(counts, repeated, beyond, tuple(files))


def chosen_of_parts(sizes: Sequence[int], files: Sequence[Path]) -> Iterator[tuple[Any, Any]]:
    """For each part the rows that were chosen and the queries that chose them, in order."""
    opened = [np.load(path, mmap_mode="r" if path.stat().st_size > 4096 else None) for path in files]
    base = 0
    for size in sizes:
        low, high = (_U(place << QUERY_BITS) for place in (base, base + size))
        slices = [found[np.searchsorted(found, low) : np.searchsorted(found, high)] for found in opened]
        chosen = np.sort(np.concatenate(slices)) if slices else np.zeros(0, np.uint64)
        yield (chosen >> _U(QUERY_BITS)).astype(np.int64) - base, (chosen & _U((1 << QUERY_BITS) - 1)).astype(np.int64)
        base += size


def _ranges(spool: Spool, synsets: int) -> Iterator[tuple[int, int]]:
    """Ranges of synsets, each with so many hits as are sorted at once, or of one synset."""
    hits = np.zeros(synsets, np.int64)
    for found, _ in spool.parts():
        hits += np.bincount(synsets_of(np.asarray(found)), minlength=synsets)
    begin = total = 0
    for number, many in enumerate(hits.tolist()):
        if total + many > _AT_ONCE and number > begin:
            yield begin, number
            begin, total = number, 0
        total += many
    if synsets > begin:
        yield begin, synsets


def _gathered(spool: Spool, bases: Worths, begin: int, end: int) -> tuple[Worths, Worths]:
    """What the hits of some synsets are worth, and the hashes of their images."""
    worths, images = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    low, high = begin << ROW_BITS + QUERY_BITS, end << ROW_BITS + QUERY_BITS
    for (found, marks), base in zip(spool.parts(), bases, strict=False):
        part = np.asarray(found[np.searchsorted(found, low) : np.searchsorted(found, high)])
        if not len(part):
            continue
        rows = rows_of(part)
        chosen = np.asarray(marks)[rows]
        queries, lengths = queries_of(part).astype(np.uint64), chosen["length"].astype(np.uint64)
        places = rows.astype(np.uint64) + base
        worths.append((queries << _U(_LENGTH_BITS) | lengths) << _U(_PLACE_BITS) | places)
        images.append(chosen["hash"])
    return np.concatenate(worths), np.concatenate(images)


def _once(worths: Worths, images: Worths) -> Worths:
    """The best worth of each image."""
    ordered = np.sort(images)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(twice):
        return worths
    is_twice = np.isin(images, twice)
    some = np.flatnonzero(is_twice)
    some = some[np.lexsort((worths[some], images[some]))]
    best = np.ones(len(some), np.bool_)
    best[1:] = images[some][1:] != images[some][:-1]
    kept = ~is_twice
    kept[some[best]] = True
    return worths[kept]
