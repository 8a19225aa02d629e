"""Many small scopes, looked up together: one call of an index for all pictures of a batch, whatever their scopes.

    a scope begins small: its hashes stand among those of all the others     (``SharedIndex``)
    it has grown: comparing all of them would cost more than a call saves    (``OwnIndex``)

What is found is the same.
"""

import weakref
from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np

from synsift.dedupe.hash_batch import AT_ONCE, HashBatch, Hashed, Hashes, Hits, Numbers, Some
from synsift.dedupe.hits import NUMBER, PICTURE, hits_of
from synsift.dedupe.index import CLOSE, WIDE, Reach, by_part, keys_of, within
from synsift.dedupe.scope_index import OwnIndex, flat_of, flat_parts, upright_of
from synsift.dedupe.shared_index import SharedIndex, Stored
from synsift.dedupe.verdicts import MatchOptions
from synsift.dedupe.views import crops

NOWHERE: Final = -1
"""Stands for the scope of a picture that isn't looked up here."""
# With more hashes a scope gets an index of its own, which has tables then. Measured among 600,000 pictures of 5,000
# synsets: a look-up costs less with 60,000 than with 24,000, and hardly less with more, which a crowd may be near to.
_MOST_HASHES: Final = 60_000


class SmallScopes:
    """The hashes of many scopes. Not thread-safe, but scopes may be dropped by any thread."""

    def __init__(self, options: MatchOptions) -> None:
        """Begin with none.

        Args:
            options: What counts as near, in all of them.
        """
        self.options = options
        self._parts = flat_parts(options)
        self._upright = upright_of(options)
        self._crops = len(crops(all_crops=options.all_crops))
        self._close, self._back = SharedIndex(CLOSE.radius_bits), SharedIndex(CLOSE.radius_bits)
        self._flat = SharedIndex(WIDE.radius_bits, self._parts)
        self._opened = 0
        self._free: list[int] = []
        # Nobody asks these any more; they are cleared when the next one is opened, or something is put.
        self._dropped: deque[int] = deque()

    def __len__(self) -> int:
        """How many hashes there are, of all scopes."""
        return sum(map(len, (self._close, self._back, self._flat)))

    def open(self) -> "SmallScope":
        """Begin a scope; when it is let go, what is known of it goes, too."""
        self._clear_dropped()
        if self._free:
            return SmallScope(self, self._free.pop())
        self._opened += 1
        return SmallScope(self, self._opened - 1)

    def _clear_dropped(self) -> None:
        while self._dropped:
            number = self._dropped.popleft()
            self.clear(number)
            self._free.append(number)

    def drop(self, number: int) -> None:
        """A scope is asked no more."""
        self._dropped.append(number)

    def clear(self, number: int) -> None:
        """Forget what is known of a scope."""
        for index in (self._close, self._back, self._flat):
            index.clear(number)

    def put(self, some: Some, scopes: Sequence[Numbers]) -> None:
        """Take in hashes of pictures, with their numbers in their scopes.

        Args:
            some: The hashes.
            scopes: The scope of each hash, for each kind.
        """
        self._clear_dropped()
        for index, of_each, hashed in zip((self._close, self._back, self._flat), scopes, some, strict=True):
            index.add(of_each, Stored(*hashed))

    def near(self, sought: Some, scopes: Numbers) -> list[Hits]:
        """What is near to some pictures, each within its scope, in no order.

        Args:
            sought: What they are looked up by.
            scopes: The scope of each picture of the batch, by its number; -1 where nothing is looked up.
        """
        radius_bits, found = self.options.radius_bits, []
        for index, asked in ((self._close, sought.close), (self._back, sought.back)):
            near = index.near(scopes[asked.pictures], asked.hashes, radius_bits=radius_bits)
            if len(near.rows):
                found.append(hits_of(near, asked, near.pictures, near.views))
        for part in self._parts:
            flat = flat_of(sought.flat, part, self._upright)
            near = self._flat.near(scopes[flat.pictures], flat.hashes, radius_bits=radius_bits, part=part)
            if len(near.rows):
                found.append(hits_of(near, flat, near.pictures, None))
        return found

    def comparisons(self, scopes: Numbers) -> Numbers:
        """How many pairs of hashes are compared to look up a picture of each scope, at most; 0 of -1."""
        asked = 2 * self._close.sizes(scopes) + self._crops * self._back.sizes(scopes)
        return np.asarray(len(self.options.orientations) * asked)

    def is_full(self, number: int, more: int = 0) -> bool:
        """Whether a scope is small no longer, or wouldn't be with so many more hashes."""
        return self._close.size(number) + more > _MOST_HASHES

    def taken_out(self, number: int) -> OwnIndex:
        """An index of its own for a scope, with all that is known of it; here nothing is any more."""
        index = OwnIndex(self.options)
        index.put(Some(*(_hashed(each.of(number)) for each in (self._close, self._back, self._flat))))
        self.clear(number)
        return index


class SmallScope:
    """One of the small scopes, as a ``ScopeIndex``."""

    def __init__(self, scopes: SmallScopes, number: int) -> None:
        """Stand among others.

        Args:
            scopes: All of them.
            number: This one's.
        """
        self.scopes = scopes
        self.number = number
        weakref.finalize(self, scopes.drop, number).atexit = False

    def put(self, some: Some) -> None:
        """Take in hashes of pictures, with their numbers in the scope."""
        self.scopes.put(some, [np.full(len(each.pictures), self.number) for each in some])

    def near(self, sought: Some) -> list[Hits]:
        """What is near to some pictures, in no order."""
        return self.scopes.near(sought, np.full(int(sought.flat.pictures[-1]) + 1, self.number))

    def is_full(self, more: int = 0) -> bool:
        """Whether it is small no longer, or wouldn't be with so many more hashes."""
        return self.scopes.is_full(self.number, more)

    def taken_out(self) -> OwnIndex:
        """An index of its own, with all that is known."""
        return self.scopes.taken_out(self.number)


def _hashed(stored: Stored) -> Hashed:
    return Hashed(stored.hashes, np.asarray(stored.pictures, np.int64), np.asarray(stored.views, np.int64))


def near_within(batch: HashBatch, groups: Numbers, options: MatchOptions) -> list[Hits]:
    """What is near among the pictures of a batch, each within its group; a group's pictures stand together.

    All are compared with all, so groups are to have few.

    Args:
        batch: The pictures.
        groups: Of each the first of its group, and behind the last, ``(n, 2)``; twice the same of who has no others.
        options: What counts as near.

    Returns:
        Rows with numbers in the batch on both sides.
    """
    stored, upright, radius_bits = batch.stored(0, len(batch)), upright_of(options), options.radius_bits
    begins = [np.searchsorted(each.pictures, np.arange(len(batch) + 1)) for each in stored]
    found = []
    for first in range(0, len(batch), AT_ONCE):
        sought = batch.sought(first, min(first + AT_ONCE, len(batch)))
        for mine, theirs, begin in zip(sought[:2], stored[:2], begins[:2], strict=True):
            keys = _near_keys(mine.hashes, theirs.hashes, begin[groups[mine.pictures]], CLOSE)
            near = within(mine.hashes, theirs.hashes, keys, radius_bits)
            found.append(hits_of(near, mine, theirs.pictures[near.numbers], theirs.places[near.numbers]))
        for part in flat_parts(options):
            flat = flat_of(sought.flat, part, upright)
            flats = by_part(flat.hashes, part), by_part(stored.flat.hashes, part)
            near = within(*flats, _near_keys(*flats, begins[-1][groups[flat.pictures]], WIDE), radius_bits)
            found.append(hits_of(near, flat, stored.flat.pictures[near.numbers], None))
    # Each is near to itself, and never comes before itself.
    return [hits[hits[:, PICTURE] != hits[:, NUMBER]] for hits in found if len(hits)]


def _near_keys(queries: Hashes, stored: Hashes, ranges: Numbers, reach: Reach) -> tuple[Numbers, Numbers]:
    """Rows of queries, and numbers of what is stored in the range of each, ``(n, 2)``, whose keys are near."""
    counts = ranges[:, 1] - ranges[:, 0]
    rows = np.arange(len(queries)).repeat(counts)
    numbers = np.arange(len(rows)) + (ranges[:, 0] - (np.cumsum(counts) - counts)).repeat(counts)
    near = np.bitwise_count(keys_of(queries)[rows] ^ keys_of(stored)[numbers]) <= reach.radius_bits
    return rows[near], numbers[near]
