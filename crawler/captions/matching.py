"""The words of a block of captions → which queries stand in which caption.

All words that begin something are looked up at once, then all that may go on with a second word, and so on: a level of
the tree at a time, with fewer to look at in each.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from synsift.crawler.captions.folding import Words
from synsift.crawler.captions.lexicon import Lexicon

MOST_WORDS: Final = 31
"""Captions of more words are all as long as each other."""
QUERY_BITS: Final = 24


@dataclass(frozen=True, slots=True)
class Hits:
    """Queries that stand in captions, each synset once a caption, by its best query; sorted by caption.

    Attributes:
        rows: ``(n,)`` int64, the captions.
        queries: ``(n,)`` int64, the queries.
    """

    rows: npt.NDArray[np.int64]
    queries: npt.NDArray[np.int64]


class Matcher:
    """Finds queries. Not thread-safe."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._sizes = np.diff(lexicon.begins)
        self._ends_here = self._sizes > 0
        self._has_alone = bool(lexicon.alone.any())
        self.bounds = np.full(len(lexicon.queries), MOST_WORDS + 1, np.int32)
        """Captions of so many words or more are of no use to a query."""
        self._node_bounds = self._bounds_of_nodes()

    def rebound(self, bounds: npt.NDArray[np.int32]) -> None:
        """Take captions only that have less words than a query's bound."""
        self.bounds = bounds
        self._node_bounds = self._bounds_of_nodes()

    def find(self, words: Words) -> Hits:
        """All queries that stand in some captions."""
        lexicon = self._lexicon
        numbers = lexicon.numbers(words.keys)
        lengths = np.minimum(words.counts, MOST_WORDS)
        nodes = lexicon.firsts[numbers]
        starts = np.flatnonzero(nodes)
        nodes = nodes[starts]
        found_nodes, found_starts, found_ends = [], [], []
        depth = 0
        while len(starts):
            ends = starts + depth
            useful = self._node_bounds[nodes] > lengths[words.rows[starts]]
            found_nodes.append(nodes[useful])
            found_starts.append(starts[useful])
            found_ends.append(ends[useful])
            depth += 1
            following = starts + depth
            going = lexicon.has_children[nodes] & (following < len(numbers))
            starts, nodes, following = starts[going], nodes[going], following[going]
            going = words.joined[following] & (numbers[following] > 0)
            starts, nodes, following = starts[going], nodes[going], following[going]
            nodes = lexicon.children.find(lexicon.key(nodes.astype(np.int64), numbers[following].astype(np.int64)))
            starts, nodes = starts[nodes > 0], nodes[nodes > 0]
        if not found_nodes:
            return Hits(np.zeros(0, np.int64), np.zeros(0, np.int64))
        return self._hits(
            words, lengths, np.concatenate(found_nodes), np.concatenate(found_starts), np.concatenate(found_ends)
        )

    def _hits(
        self,
        words: Words,
        lengths: npt.NDArray[np.int32],
        nodes: npt.NDArray[np.int32],
        starts: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
    ) -> Hits:
        lexicon = self._lexicon
        sizes = self._sizes[nodes].astype(np.int64)
        which = np.repeat(np.arange(len(nodes)), sizes)
        within = np.arange(len(which)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        queries = lexicon.at_node[lexicon.begins[nodes][which] + within]
        rows = words.rows[starts][which].astype(np.int64)
        kept = self.bounds[queries] > lengths[rows]
        if self._has_alone and len(words.glued):
            kept &= ~(lexicon.alone[queries] & _touched(words, starts, ends)[which])
        keys = np.sort(rows[kept] << QUERY_BITS | queries[kept])
        rows, queries = keys >> QUERY_BITS, keys & ((1 << QUERY_BITS) - 1)
        synsets = lexicon.synsets[queries]
        first = np.ones(len(keys), np.bool_)
        first[1:] = (rows[1:] != rows[:-1]) | (synsets[1:] != synsets[:-1])
        return Hits(rows[first], queries[first])

    def _bounds_of_nodes(self) -> npt.NDArray[np.int32]:
        bounds = np.zeros(len(self._sizes), np.int32)
        if len(self._lexicon.at_node):
            begins = self._lexicon.begins[:-1][self._ends_here]
            bounds[self._ends_here] = np.maximum.reduceat(self.bounds[self._lexicon.at_node], begins)
        return bounds


def _touched(words: Words, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether signs stand right before a name, or right behind it."""
    glued = np.append(words.glued, False)
    touched: npt.NDArray[np.bool_] = glued[starts] | glued[ends + 1]
    return touched
