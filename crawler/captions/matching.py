"""The words of a block of captions → which names stand in which caption.

All words that begin something are looked up at once, then all that may go on with a second word, and so on: a level of
the tree at a time, with fewer to look at in each. What is found are nodes of the tree: which synsets' queries stand
there is of no matter until all is read, and most of it never.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from synsift.crawler.captions.folding import Words
from synsift.crawler.captions.lexicon import Lexicon

MOST_WORDS: Final = 31
"""Captions of more words are all as long as each other."""
ROW_BITS: Final = 20
Hits = npt.NDArray[np.int64]
"""Names that stand in captions, each once a caption, as numbers, sorted: node << 20 | caption."""


def nodes_of(hits: Hits) -> Hits:
    """The node of each hit."""
    return hits >> ROW_BITS


def rows_of(hits: Hits) -> Hits:
    """The number of the caption of each hit."""
    return hits & (1 << ROW_BITS) - 1


def with_rows(hits: Hits, rows: Hits) -> Hits:
    """The same hits in captions of other numbers, in the same order."""
    return hits & ~((1 << ROW_BITS) - 1) | rows


class Matcher:
    """Finds queries. Not thread-safe."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._bounds = np.where(np.diff(lexicon.begins) > 0, MOST_WORDS + 1, 0).astype(np.int8)

    def rebound(self, limits: npt.NDArray[np.int8]) -> None:
        """Take captions only that have less words than a query's limit, for any query of their name."""
        is_used = np.diff(self._lexicon.begins) > 0
        if len(limits):
            best = np.maximum.reduceat(limits[self._lexicon.at_node], self._lexicon.begins[:-1][is_used])
            self._bounds[is_used] = best

    def find(self, words: Words) -> Hits:
        """All names that stand in some captions."""
        lexicon = self._lexicon
        numbers = lexicon.numbers(words.keys)
        lengths = np.minimum(words.counts, MOST_WORDS).astype(np.int8)
        nodes = lexicon.firsts[numbers]
        starts = np.flatnonzero(nodes)
        nodes = nodes[starts]
        goes_on = np.append(words.joined & (numbers > 0), False)
        found = [np.zeros(0, np.int64)]
        depth = 0
        while len(starts):
            rows = words.rows[starts]
            is_hit = self._bounds[nodes] > lengths[rows]
            if depth == 0 and len(words.glued):
                is_hit &= ~(lexicon.alone[nodes] & _touched(words, starts))
            found.append(nodes[is_hit].astype(np.int64) << ROW_BITS | rows[is_hit])
            depth += 1
            going = np.flatnonzero(lexicon.has_children[nodes])
            going = going[goes_on[starts[going] + depth]]
            starts, nodes = starts[going], nodes[going].astype(np.int64)
            nodes = lexicon.children.find(lexicon.key(nodes, numbers[starts + depth].astype(np.int64)))
            starts, nodes = starts[nodes > 0], nodes[nodes > 0]
        hits = np.concatenate(found)
        hits.sort()
        is_new = np.ones(len(hits), np.bool_)
        np.not_equal(hits[1:], hits[:-1], out=is_new[1:])
        return hits if is_new.all() else hits[is_new]


def _touched(words: Words, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether signs stand right before a word, or right behind it."""
    glued = np.append(words.glued, False)
    touched: npt.NDArray[np.bool_] = glued[starts] | glued[starts + 1]
    return touched
