"""Pictures of many scopes that are to come, looked up at once.

    look_ahead    scopes that are small and get few pictures: all together, in a few calls whatever their number;
                  each of the others by itself, when its first picture comes
    settle        what was added meanwhile goes into the index at once

What is proposed is the same as one by one.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.hash_batch import AT_ONCE, HashBatch, Hits, Numbers
from synsift.dedupe.hits import Found
from synsift.dedupe.lookup import Ahead, Lookup, numbered
from synsift.dedupe.small_scopes import NOWHERE, SmallScopes, near_within

# Of one scope so many at most are compared with each other; with more, it is worth calls of its own.
_FEW: Final = 16
# A crowd of pictures that are alike is near to all of itself: behind so many rows scopes are looked up by themselves,
# a few pictures at a time.
_MOST_HITS: Final = 1_000_000
# Pairs of hashes that are compared in one step: all of them may be near, and take 0.1 kB each then.
_COMPARED_AT_ONCE: Final = 8_000_000


class Span(NamedTuple):
    """Pictures of a scope in a batch.

    Attributes:
        lookup: What is known of the scope.
        begin: The first of them in the batch.
        end: Behind the last.
    """

    lookup: Lookup
    begin: int
    end: int


class Together:
    """Looks ahead for many scopes. Not thread-safe."""

    def __init__(self, scopes: SmallScopes) -> None:
        """Begin with nothing ahead.

        Args:
            scopes: Has what is known of those that are small.
        """
        self._scopes = scopes
        self._batch: HashBatch | None = None
        self._aheads: list[tuple[Lookup, Ahead]] = []
        self._alone: list[Lookup] = []
        # The scope of each picture of the batch, and what number it got there.
        self._numbers = np.empty(0, np.int32)
        self._scope_of = np.empty(0, np.int64)

    def look_ahead(self, batch: HashBatch, spans: Sequence[Span]) -> None:
        """Look up pictures that are to come.

        Args:
            batch: Made with the options of the scopes.
            spans: Those of each scope; a scope comes once.
        """
        self.settle()
        self._batch = batch
        self._numbers = np.full(len(batch), -1, np.int32)
        self._scope_of = np.full(len(batch), NOWHERE)
        groups = np.zeros((len(batch), 2), np.int64)
        for lookup, begin, end in spans:
            lookup.settle()
            place = lookup.small_scope
            if place is not None and place.scopes is self._scopes and end - begin <= _FEW:
                self._scope_of[begin:end] = place.number
                groups[begin:end] = (begin, end) if end > begin + 1 else 0
        known, looked_up = self._known(batch)
        found = Found(known, 0, len(batch)), Found(near_within(batch, groups, self._scopes.options), 0, len(batch))
        places = dict(zip(map(id, batch.images), range(len(batch)), strict=True))
        for lookup, begin, end in spans:
            if self._scope_of[begin] == NOWHERE or end > looked_up:
                self._scope_of[begin:end] = NOWHERE
                lookup.look_ahead(batch, begin, end)
                self._alone.append(lookup)
            else:
                ahead = Ahead(batch, begin, places, *found, self._numbers[begin:end])
                lookup.begin(ahead)
                self._aheads.append((lookup, ahead))

    def settle(self) -> None:
        """They came: what was added goes into the index, what was looked up is forgotten."""
        for lookup in self._alone:
            lookup.settle()
        ended = [lookup for lookup, ahead in self._aheads if self._has_to_put(lookup, ahead)]
        if self._batch is not None and ended:
            self._put(self._batch, self._numbers, self._scope_of)
        for lookup in ended:
            lookup.end()
        self._batch, self._aheads, self._alone = None, [], []

    def _known(self, batch: HashBatch) -> tuple[list[Hits], int]:
        """What is near among what is known, and behind which picture nothing was looked up any more."""
        found: list[Hits] = []
        begin = hits = 0
        while begin < len(batch) and hits <= _MOST_HITS:
            end = begin + self._at_once(begin)
            if np.any(self._scope_of[begin:end] != NOWHERE):
                some = self._scopes.near(batch.sought(begin, end), self._scope_of)
                found += some
                hits += sum(map(len, some))
            begin = end
        return found, begin

    def _at_once(self, begin: int) -> int:
        """How many pictures to look up in one step, from one on: fewer where there is much that may be near to them."""
        compared = np.cumsum(self._scopes.comparisons(self._scope_of[begin : begin + AT_ONCE]))
        return max(1, int(np.searchsorted(compared, _COMPARED_AT_ONCE, side="right")))

    def _has_to_put(self, lookup: Lookup, ahead: Ahead) -> bool:
        """Whether what came of a scope is still to be put; if it was done before, its pictures get no number here."""
        if lookup.is_on(ahead):
            return True
        ahead.numbers[:] = -1
        return False

    def _put(self, batch: HashBatch, numbers: NDArray[np.int32], scope_of: Numbers) -> None:
        stored = batch.stored(0, len(batch))
        scopes = [scope_of[each.pictures[numbers[each.pictures] >= 0]] for each in stored]
        self._scopes.put(numbered(stored, 0, numbers), scopes)
