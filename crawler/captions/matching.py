"""The words of a block of captions → which queries stand in which caption.

All words that begin something are looked up at once, then all that may go on with a second word, and so on: a level of
the tree at a time, with fewer to look at in each.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from synsift.crawler.captions.folding import Words
from synsift.crawler.captions.lexicon import Lexicon

MOST_WORDS: Final = 31
"""Captions of more words are all as long as each other."""
QUERY_BITS: Final = 24
ROW_BITS: Final = 20
MOST_ROWS: Final = 1 << ROW_BITS
"""Captions that are matched together, at most."""


Hits = npt.NDArray[np.int64]
"""Queries that stand in captions, each synset once a caption, by its best query, as numbers, sorted:

    synset (20 bits)  ·  caption (20)  ·  query (24)
"""


def hits_of(synsets: Hits, rows: Hits, queries: Hits) -> Hits:
    """Hits of their parts."""
    return synsets << ROW_BITS + QUERY_BITS | rows << QUERY_BITS | queries


def synsets_of(hits: Hits) -> Hits:
    """The number of the synset of each hit."""
    return hits >> ROW_BITS + QUERY_BITS


def rows_of(hits: Hits) -> Hits:
    """The number of the caption of each hit."""
    return hits >> QUERY_BITS & (1 << ROW_BITS) - 1


def queries_of(hits: Hits) -> Hits:
    """The number of the query of each hit."""
    return hits & (1 << QUERY_BITS) - 1


def with_rows(hits: Hits, rows: Hits) -> Hits:
    """The same hits in captions of other numbers, in the same order."""
    return hits & ~(((1 << ROW_BITS) - 1) << QUERY_BITS) | rows << QUERY_BITS


class Matcher:
    """Finds queries. Not thread-safe."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._sizes = np.diff(lexicon.begins)
        self._ends_here = self._sizes > 0
        numbers = np.arange(len(lexicon.synsets), dtype=np.int64)
        self._stamps = hits_of(lexicon.synsets.astype(np.int64), np.zeros_like(numbers), numbers)
        self._has_alone = bool(lexicon.alone.any())
        self._bounds = np.full(len(lexicon.queries), MOST_WORDS + 1, np.int8)
        self._has_bounds = False
        self._node_bounds = self._bounds_of_nodes()

    def rebound(self, bounds: npt.NDArray[np.int32]) -> None:
        """Take captions only that have less words than a query's bound."""
        self._bounds = bounds.astype(np.int8)
        self._has_bounds = bool((bounds <= MOST_WORDS).any())
        self._node_bounds = self._bounds_of_nodes()

    def find(self, words: Words) -> Hits:
        """All queries that stand in some captions."""
        lexicon = self._lexicon
        numbers = lexicon.numbers(words.keys)
        lengths = np.minimum(words.counts, MOST_WORDS).astype(np.int8)
        nodes = lexicon.firsts[numbers]
        starts = np.flatnonzero(nodes)
        nodes = nodes[starts]
        found_nodes, found_starts, found_ends = [], [], []
        depth = 0
        while len(starts):
            ends = starts + depth
            useful = self._sizes[nodes] > 0
            if self._has_bounds:
                useful &= self._node_bounds[nodes] > lengths[words.rows[starts]]
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
            return np.zeros(0, np.int64)
        return self._hits(
            words, lengths, np.concatenate(found_nodes), np.concatenate(found_starts), np.concatenate(found_ends)
        )

    def _hits(
        self,
        words: Words,
        lengths: npt.NDArray[np.int8],
        nodes: npt.NDArray[np.int32],
        starts: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
    ) -> Hits:
        lexicon = self._lexicon
        sizes = self._sizes[nodes]
        behind = np.cumsum(sizes)
        # The first query of each node, and those behind it.
        places = np.repeat(lexicon.begins[nodes] - (behind - sizes).astype(np.int32), sizes)
        places += np.arange(len(places), dtype=np.int32)
        queries = lexicon.at_node[places]
        rows = words.rows[starts]
        hits = np.repeat(rows.astype(np.int64) << QUERY_BITS, sizes)
        hits |= self._stamps[queries]
        is_kept = None
        if self._has_bounds:
            is_kept = self._bounds[queries] > np.repeat(lengths[rows], sizes)
        if self._has_alone and len(words.glued):
            is_free = ~(lexicon.alone[queries] & np.repeat(_touched(words, starts, ends), sizes))
            is_kept = is_free if is_kept is None else is_kept & is_free
        hits = hits if is_kept is None else hits[is_kept]
        hits.sort()
        owners = hits >> QUERY_BITS
        is_best = np.ones(len(hits), np.bool_)
        np.not_equal(owners[1:], owners[:-1], out=is_best[1:])
        best: Hits = hits[is_best]
        return best

    def _bounds_of_nodes(self) -> npt.NDArray[np.int8]:
        bounds = np.zeros(len(self._sizes), np.int8)
        if len(self._lexicon.at_node):
            begins = self._lexicon.begins[:-1][self._ends_here]
            bounds[self._ends_here] = np.maximum.reduceat(self._bounds[self._lexicon.at_node], begins)
        return bounds


def _touched(words: Words, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether signs stand right before a name, or right behind it."""
    glued = np.append(words.glued, False)
    touched: npt.NDArray[np.bool_] = glued[starts] | glued[ends + 1]
    return touched
