"""Which captions can still be among the best of a synset.

A hit is worth what its query is worth, and less the more words its caption has; of two alike, the first in the lists.
Once a name alone has found as many images as its synset gets, what would come behind all of these isn't kept at all:
not under the name in longer captions, nor under the synset's other names behind it. So what is kept stays small,
however many rows there are, and is whole: nothing that belongs to the best is ever left out.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from synsift.crawler.captions.lexicon import Lexicon
from synsift.crawler.captions.matching import MOST_WORDS, Hits

_BINS: Final = MOST_WORDS + 1
_AT_ONCE: Final = 50_000
"""Nodes that are reckoned at once."""
NEVER: Final = -1


class Bounds:
    """Counts hits by node and by words of the caption."""

    def __init__(self, lexicon: Lexicon, most: int) -> None:
        """Count for the queries of a lexicon, of whose synsets each gets so many hits at most."""
        self._most = most
        self._synsets = lexicon.synsets
        self._at_node, sizes = lexicon.at_node, np.diff(lexicon.begins)
        used = np.flatnonzero(sizes)
        self._sizes = sizes[used]
        self._place = np.zeros(len(sizes), np.int32)
        self._place[used] = np.arange(len(used), dtype=np.int32)
        self._counts = np.zeros((len(used), _BINS), np.int32)

    def count(self, nodes: Hits, lengths: npt.NDArray[Any]) -> None:
        """Count hits, each of another image: a copy would count twice what is kept once."""
        cells = self._place[nodes] * _BINS
        cells += np.minimum(lengths, MOST_WORDS)
        np.add.at(self._counts.reshape(-1), cells, np.int32(1))

    def of_queries(self) -> npt.NDArray[np.int8]:
        """A limit for each query.

        Captions of less words may be among the best, and those of as many that came so far, but no later ones; if it
        is ``NEVER``, none may.
        """
        limits = np.full(len(self._synsets), _BINS, np.int8)
        np.minimum.at(limits, self._at_node, np.repeat(self._of_nodes(), self._sizes))
        is_full = limits < _BINS
        if not is_full.any():
            return limits
        begins = np.flatnonzero(np.append(True, self._synsets[1:] != self._synsets[:-1]))
        before: npt.NDArray[np.int64] = np.cumsum(is_full) - is_full
        limits[before > before[begins][self._synsets]] = NEVER  # a better query of the synset is enough
        return limits

    def _of_nodes(self) -> npt.NDArray[np.int8]:
        limits = np.full(len(self._counts), _BINS, np.int8)
        full = np.flatnonzero(self._counts.sum(axis=1) >= self._most)
        for begin in range(0, len(full), _AT_ONCE):
            some = full[begin : begin + _AT_ONCE]
            limits[some] = (np.cumsum(self._counts[some], axis=1) < self._most).sum(axis=1)
        return limits
