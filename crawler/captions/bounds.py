"""Which captions can still be among the best of a synset.

A hit is worth what its query is worth, and less the more words its caption has; of two alike, the first in the lists.
Once a synset has as many hits as are wanted, what would come behind all of them isn't kept at all. So what is kept
stays small, however many rows there are, and is whole: nothing that belongs to the best is ever left out.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from synsift.crawler.captions.matching import MOST_WORDS

_BINS = MOST_WORDS + 1
_AT_ONCE = 20_000
"""Queries that are reckoned at once."""


class Bounds:
    """Counts hits by query and by words of the caption."""

    def __init__(self, synsets: npt.NDArray[np.int32], most: int) -> None:
        """Count for queries of some synsets, which are sorted by synset, the best query first.

        Args:
            synsets: ``(queries,)``, the number of the synset of each query.
            most: Hits that a synset gets.
        """
        self._most = most
        self._counts = np.zeros((len(synsets), _BINS), np.int32)
        begins = np.flatnonzero(np.append(True, synsets[1:] != synsets[:-1])) if len(synsets) else np.zeros(0, int)
        self._firsts = begins[synsets] if len(synsets) else np.zeros(0, np.int64)

    def count(self, queries: npt.NDArray[np.int64], lengths: npt.NDArray[Any]) -> None:
        """Count hits, each of another image of its synset: a copy would count twice what is kept once."""
        cells = queries * _BINS
        cells += np.minimum(lengths, MOST_WORDS)
        np.add.at(self._counts.reshape(-1), cells, np.int32(1))

    def of_queries(self) -> npt.NDArray[np.int32]:
        """From how many words on captions are of no use to each query."""
        bounds = np.zeros(len(self._counts), np.int32)
        begin = 0
        while begin < len(bounds):
            end = min(begin + _AT_ONCE, len(bounds))
            end = end if end == len(bounds) else int(self._firsts[end])  # whole synsets
            end = end if end > begin else int(np.searchsorted(self._firsts, begin, side="right"))
            totals = np.cumsum(self._counts[begin:end].reshape(-1), dtype=np.int64).reshape(-1, _BINS)
            before = np.append(0, totals[:-1, -1])[self._firsts[begin:end] - begin]
            bounds[begin:end] = ((totals - before[:, None]) < self._most).sum(axis=1, dtype=np.int32)
            begin = end
        return bounds
