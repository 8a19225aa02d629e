"""The hashes of what is known, and what they propose of a picture that comes.

Pictures are numbered in the order in which they were added. One by one, a picture takes dozens of calls of NumPy and
FAISS, most of which cost more than their work. So a caller that has several pictures at hand says so before:

    HashBatch     hashes of all of them, made at once, whatever their scopes
    look_ahead    those of one scope are looked up at once, among what is known and among each other
    proposals     of each, when its turn comes: what was found, without what wasn't added until then
    settle        what was added meanwhile goes into the index at once

What is proposed is the same, one by one or ahead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.hash_batch import AT_ONCE, HashBatch, Hashed, Hits, Proposal, Rows, Some
from synsift.dedupe.hits import NUMBER, PICTURE, Found, hits_of, in_order
from synsift.dedupe.index import WIDE, by_part, pairs_of
from synsift.dedupe.scope_index import OwnIndex, ScopeIndex, flat_of, flat_parts, upright_of
from synsift.dedupe.small_scopes import SmallScope, SmallScopes
from synsift.dedupe.verdicts import MatchOptions
from synsift.dedupe.views import EXTRA, STORED

# So many at most are looked up together: those of a crowd of pictures that are alike are near to all the others.
_MOST: Final = 256


@dataclass(slots=True)
class Ahead:
    """Pictures that are to come, and what was found of them.

    Attributes:
        batch: Their hashes.
        begin: The first of them in the batch.
        places: Numbers in the batch, theirs among them, by the objects' ids; the batch keeps these. Not by SHA-256, as
            a stranger may send another fingerprint with the same.
        known: What is near among what was known then.
        others: What is near among those that are to come, by their numbers in the batch.
        numbers: What number each got, counting from the first; -1 of those that weren't added.
        came: How many were.
    """

    batch: HashBatch
    begin: int
    places: dict[int, int]
    known: Found
    others: Found
    numbers: NDArray[np.int32]
    came: int = 0

    def place_of(self, image: Fingerprint) -> int | None:
        """The number of a picture in the batch; None if it is none of these."""
        place = self.places.get(id(image))
        return None if place is None or not self.begin <= place < self.begin + len(self.numbers) else place

    def hits(self, picture: int) -> Hits:
        """What is near to a picture among all that is known now."""
        known, others = self.known.of(picture), self.others.of(picture)
        if not len(others):
            return known
        numbers = self.numbers[others[:, NUMBER] - self.begin]
        came = others[numbers >= 0]
        came[:, NUMBER] = numbers[numbers >= 0]
        return in_order(np.concatenate([known, came]))


class Lookup:
    """What is known of one scope, by its hashes. Not thread-safe."""

    def __init__(self, options: MatchOptions, scopes: SmallScopes | None = None) -> None:
        """Begin with nothing.

        Args:
            options: What counts as near.
            scopes: Has what is known of this one, too, as long as that is little; made with the same options.
        """
        self._options = options
        self._indexed = 0
        self._index: ScopeIndex = OwnIndex(options) if scopes is None else scopes.open()
        self._ahead: Ahead | None = None
        # What is to come behind that: from where to where of a batch, and the ids of these pictures.
        self._later: list[tuple[HashBatch, int, int, frozenset[int]]] = []

    def __len__(self) -> int:
        """How many pictures are known."""
        return self._indexed + (0 if self._ahead is None else self._ahead.came)

    def add(self, image: Fingerprint) -> None:
        """Take in a picture."""
        ahead = self._ahead_of(image)
        place = None if ahead is None else ahead.place_of(image)
        if ahead is None or place is None or ahead.numbers[place - ahead.begin] >= 0:
            self._index_what_came()
            self._put(HashBatch.of([image], self._options), 0, np.array([self._indexed], np.int32))
            return
        ahead.numbers[place - ahead.begin] = len(self)
        ahead.came += 1

    def add_rows(self, rows: Rows) -> None:
        """Take in pictures, as rows with the fields of ``fingerprint.RECORD``."""
        self.settle()
        self._leave_if_full(len(rows) * (len(STORED) + self._options.all_crops * len(EXTRA)))
        for begin in range(0, len(rows), AT_ONCE):
            some = rows[begin : begin + AT_ONCE]
            numbers = np.arange(self._indexed, self._indexed + len(some), dtype=np.int32)
            self._put(HashBatch(some, self._options), 0, numbers)

    def look_ahead(self, batch: HashBatch, begin: int, end: int) -> None:
        """Look up pictures that are to come, at once, or where they are very many some at a time.

        Args:
            batch: Made with the same options.
            begin: The first of them in the batch.
            end: Behind the last.
        """
        self.settle()
        for first in range(begin, end, _MOST):
            last = min(first + _MOST, end)
            self._later.append((batch, first, last, frozenset(map(id, batch.images[first:last]))))

    def _look_ahead(self, batch: HashBatch, begin: int, end: int) -> Ahead:
        self._index_what_came()
        known: list[Hits] = []
        others: list[Hits] = []
        for first in range(begin, end, AT_ONCE):
            sought = batch.sought(first, min(first + AT_ONCE, end))
            known += self._index.near(sought)
            if end > begin + 1:
                others += self._others(sought, batch.stored(begin, end))
        self._ahead = Ahead(
            batch,
            begin,
            dict(zip(map(id, batch.images[begin:end]), range(begin, end), strict=True)),
            Found(known, begin, end),
            Found(others, begin, end),
            np.full(end - begin, -1, np.int32),
        )
        return self._ahead

    def settle(self) -> None:
        """Put what was added into the index, and forget what was looked up ahead."""
        self._later = []
        self._index_what_came()

    def _index_what_came(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead.came:
            self._put(ahead.batch, ahead.begin, ahead.numbers)

    def proposals(self, image: Fingerprint) -> Iterator[Proposal]:
        """What hashes propose, the nearest first; a picture may come several times."""
        ahead = self._ahead_of(image) or self._look_ahead(HashBatch.of([image], self._options), 0, 1)
        place = ahead.places[id(image)]
        hits = ahead.hits(place)
        return ahead.batch.proposals(place, hits) if len(hits) else iter(())

    def _ahead_of(self, image: Fingerprint) -> Ahead | None:
        """Where a picture was looked up ahead, or is now; None where nobody said that it would come."""
        if self._ahead is not None and self._ahead.place_of(image) is not None:
            return self._ahead
        while any(id(image) in ids for *_, ids in self._later):
            batch, begin, end, ids = self._later.pop(0)
            ahead = self._look_ahead(batch, begin, end)
            if id(image) in ids:
                return ahead
        return None

    def _put(self, batch: HashBatch, begin: int, numbers: NDArray[np.int32]) -> None:
        """Put pictures of a batch into the index.

        Args:
            batch: Their hashes.
            begin: The first of them in the batch.
            numbers: Theirs from there on; -1 of those that are left out.
        """
        self._index.put(numbered(batch.stored(begin, begin + len(numbers)), begin, numbers))
        self._indexed += int(np.count_nonzero(numbers >= 0))
        self._leave_if_full()

    @property
    def small_scope(self) -> SmallScope | None:
        """Where what is known stands among that of other scopes; None where it doesn't."""
        return self._index if isinstance(self._index, SmallScope) else None

    def begin(self, ahead: Ahead) -> None:
        """Take what was found of pictures that are to come, by whoever looked for several scopes."""
        self.settle()
        self._ahead = ahead

    def is_on(self, ahead: Ahead) -> bool:
        """Whether these are the pictures that come now."""
        return self._ahead is ahead

    def end(self) -> None:
        """What came was put into the index by whoever looked for several scopes."""
        ahead, self._ahead, self._later = self._ahead, None, []
        self._indexed += 0 if ahead is None else ahead.came
        self._leave_if_full()

    def _leave_if_full(self, more: int = 0) -> None:
        """Go on with an index of its own, where there is, or with so many more hashes would be, much."""
        place = self.small_scope
        if place is not None and place.is_full(more):
            self._index = place.taken_out()

    def _others(self, sought: Some, stored: Some) -> list[Hits]:
        """What is near among pictures that are to come."""
        radius_bits = self._options.radius_bits
        found = []
        for mine, theirs in zip(sought[:2], stored[:2], strict=True):
            near = pairs_of(mine.hashes, theirs.hashes, radius_bits=radius_bits)
            if len(near.rows):
                found.append(hits_of(near, mine, theirs.pictures[near.numbers], theirs.places[near.numbers]))
        upright = upright_of(self._options)
        for part in flat_parts(self._options):
            flat = flat_of(sought.flat, part, upright)
            flats = by_part(flat.hashes, part), by_part(stored.flat.hashes, part)
            near = pairs_of(*flats, radius_bits=radius_bits, reach=WIDE)
            if len(near.rows):
                found.append(hits_of(near, flat, stored.flat.pictures[near.numbers], None))
        # Each is near to itself, and never comes before itself.
        return [hits[hits[:, PICTURE] != hits[:, NUMBER]] for hits in found]


def numbered(stored: Some, begin: int, numbers: NDArray[np.int32]) -> Some:
    """Hashes with the numbers that pictures got in their scope, without those of pictures that got none.

    Args:
        stored: Of pictures of a batch.
        begin: The first of them in the batch.
        numbers: Theirs from there on; -1 for none.
    """
    return Some(
        *(_numbered(each._replace(pictures=numbers[each.pictures - begin].astype(np.int64))) for each in stored)
    )


def _numbered(hashed: Hashed) -> Hashed:
    return hashed.where(hashed.pictures >= 0)
