"""The hashes of what is known, and what they propose of a picture that comes.

Pictures are numbered in the order in which they were added. One by one, a picture takes dozens of calls of NumPy and
FAISS, most of which cost more than their work. So a caller that has several pictures at hand says so before:

    HashBatch     hashes of all of them, made at once, whatever their scopes
    look_ahead    those of one scope are looked up at once, among what is known and among each other
    proposals     of each, when its turn comes: what was found, without what wasn't added until then
    settle        what was added meanwhile goes into the index at once

What is proposed is the same, one by one or ahead.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.frequencies import ORIENTATIONS
from synsift.dedupe.hash_batch import AT_ONCE, HashBatch, Hits, Numbers, Proposal, Rows, Some
from synsift.dedupe.index import WIDE, HashIndex, Pairs, by_part, pairs_of
from synsift.dedupe.verdicts import MatchOptions

LOWEST: Final = 0
"""By which quarter of hashes pictures are looked up."""
COVERED_PARTS: Final = (1, 3)
"""By which others, to find what is covered in part. Each takes as long, and each further one finds less."""
_NO_HITS: Final = np.empty((0, 6), np.int32)
# So many at most are looked up together: those of a crowd of pictures that are alike are near to all the others.
_MOST: Final = 256
PICTURE: Final = 0
"""Column of a picture in rows of hits."""
NUMBER: Final = 4
"""Column of the one that it is near to."""


class _Found:
    """What is near to some pictures of a batch.

    A row for each hash that is near to one of a picture, ``(n, 6) int32``: the picture; the distance in bits; whether
    both hashes are the flat ones; which hash of the picture, and its orientation; the other picture; its view. In the
    order of the rows they are proposed.
    """

    def __init__(self, parts: list[Hits], begin: int, end: int) -> None:
        """Put hits in order.

        Args:
            parts: Of pictures of the batch.
            begin: The first of these pictures.
            end: Behind the last.
        """
        self._begin = begin
        self._hits = in_order(np.concatenate(parts)) if parts else _NO_HITS
        self._begins = np.searchsorted(self._hits[:, PICTURE], np.arange(begin, end + 1)).tolist() if parts else []

    def of(self, picture: int) -> Hits:
        """Of one of the pictures."""
        at = picture - self._begin
        return self._hits[self._begins[at] : self._begins[at + 1]] if self._begins else _NO_HITS


def in_order(hits: Hits) -> Hits:
    """Rows of a ``_Found``, the nearest of each picture first."""
    return hits[np.lexsort(hits.T[::-1])] if len(hits) > 1 else hits


def hits_of(pairs: Pairs, sought: tuple[Numbers, Numbers], others: Numbers, views: Numbers | None) -> Hits:
    """Rows of a ``_Found``.

    Args:
        pairs: Hashes that are near.
        sought: Of what was looked up, the pictures and the places.
        others: The other picture of each pair.
        views: Its view; None of the flat hashes.
    """
    hits = np.empty((len(others), 6), np.int32)
    hits[:, 0], hits[:, 1], hits[:, 2] = sought[0][pairs.rows], pairs.distances, views is None
    hits[:, 3], hits[:, 4], hits[:, 5] = sought[1][pairs.rows], others, 0 if views is None else views
    return hits


@dataclass(slots=True)
class _Ahead:
    """Pictures that are to come, and what was found of them.

    Attributes:
        batch: Their hashes.
        begin: The first of them in the batch.
        places: Their numbers in the batch, by the objects' ids; the batch keeps these. Not by SHA-256, as a stranger
            may send another fingerprint with the same.
        known: What is near among what was known then.
        others: What is near among those that are to come, by their numbers in the batch.
        numbers: What number each got, counting from the first; -1 of those that weren't added.
        came: How many were.
    """

    batch: HashBatch
    begin: int
    places: dict[int, int]
    known: _Found
    others: _Found
    numbers: NDArray[np.int32]
    came: int = 0

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

    def __init__(self, options: MatchOptions) -> None:
        """Begin with nothing.

        Args:
            options: What counts as near.
        """
        self._options = options
        self._indexed = 0
        self._index = HashIndex()
        # Of hashes in which the middle counts no more than the rest: of what is covered there the others say nothing.
        # By other quarters, too: what covers a corner, or blows light out, changes the lowest frequencies far more than
        # the others. Of pictures that stand as they did: in all orientations that would cost eight times as much.
        parts = (LOWEST, *COVERED_PARTS) if options.all_crops else (LOWEST,)
        self._flat_indexes = {part: HashIndex(WIDE) for part in parts}
        self._flat_picture = array("I")
        self._upright = upright_of(options)
        # Of each hash in the index: which picture, and which of its views.
        self._picture_of_hash = array("I")
        self._view_of_hash = array("B")
        self._ahead: _Ahead | None = None
        # What is to come behind that: from where to where of a batch, and the ids of these pictures.
        self._later: list[tuple[HashBatch, int, int, frozenset[int]]] = []

    def __len__(self) -> int:
        """How many pictures are known."""
        return self._indexed + (0 if self._ahead is None else self._ahead.came)

    def add(self, image: Fingerprint) -> None:
        """Take in a picture."""
        ahead = self._ahead_of(image)
        place = -1 if ahead is None else ahead.places[id(image)]
        if ahead is None or ahead.numbers[place - ahead.begin] >= 0:
            self._index_what_came()
            self._put(HashBatch.of([image], self._options), 0, np.array([self._indexed], np.int32))
            return
        ahead.numbers[place - ahead.begin] = len(self)
        ahead.came += 1

    def add_rows(self, rows: Rows) -> None:
        """Take in pictures, as rows with the fields of ``fingerprint.RECORD``."""
        self.settle()
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

    def _look_ahead(self, batch: HashBatch, begin: int, end: int) -> _Ahead:
        self._index_what_came()
        known: list[Hits] = []
        others: list[Hits] = []
        for first in range(begin, end, AT_ONCE):
            sought = batch.sought(first, min(first + AT_ONCE, end))
            known += self._known(sought)
            if end > begin + 1:
                others += self._others(sought, batch.stored(begin, end))
        self._ahead = _Ahead(
            batch,
            begin,
            dict(zip(map(id, batch.images[begin:end]), range(begin, end), strict=True)),
            _Found(known, begin, end),
            _Found(others, begin, end),
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

    def _ahead_of(self, image: Fingerprint) -> _Ahead | None:
        """Where a picture was looked up ahead, or is now; None where nobody said that it would come."""
        if self._ahead is not None and id(image) in self._ahead.places:
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
        stored = batch.stored(begin, begin + len(numbers))
        pictures, flat_pictures = numbers[stored.pictures - begin], numbers[stored.flat_pictures - begin]
        put, put_flat = pictures >= 0, flat_pictures >= 0
        self._index.add_all(stored.hashes[put])
        self._picture_of_hash.extend(pictures[put].tolist())
        self._view_of_hash.extend(stored.places[put].tolist())
        flat = stored.flat[put_flat]
        for part, index in self._flat_indexes.items():
            index.add_all(by_part(flat, part))
        self._flat_picture.extend(flat_pictures[put_flat].tolist())
        self._indexed += int(np.count_nonzero(numbers >= 0))

    def _known(self, sought: Some) -> list[Hits]:
        """What is near among what is in the index."""
        radius_bits = self._options.radius_bits
        near = self._index.pairs(sought.hashes, radius_bits=radius_bits)
        found = []
        if len(near.rows):
            numbers, views = (_picked(column, near.numbers) for column in (self._picture_of_hash, self._view_of_hash))
            found.append(hits_of(near, (sought.pictures, sought.places), numbers, views))
        for part, index in self._flat_indexes.items():
            flat = self._flat_of(sought, part)
            near = index.pairs(by_part(flat.flat, part), radius_bits=radius_bits)
            if len(near.rows):
                numbers = _picked(self._flat_picture, near.numbers)
                found.append(hits_of(near, (flat.flat_pictures, flat.flat_places), numbers, None))
        return found

    def _others(self, sought: Some, stored: Some) -> list[Hits]:
        """What is near among pictures that are to come."""
        radius_bits = self._options.radius_bits
        near = pairs_of(sought.hashes, stored.hashes, radius_bits=radius_bits)
        found = []
        if len(near.rows):
            numbers, views = stored.pictures[near.numbers], stored.places[near.numbers]
            found.append(hits_of(near, (sought.pictures, sought.places), numbers, views))
        for part in self._flat_indexes:
            flat = self._flat_of(sought, part)
            mine, theirs = by_part(flat.flat, part), by_part(stored.flat, part)
            near = pairs_of(mine, theirs, radius_bits=radius_bits, reach=WIDE)
            if len(near.rows):
                numbers = stored.flat_pictures[near.numbers]
                found.append(hits_of(near, (flat.flat_pictures, flat.flat_places), numbers, None))
        # Each is near to itself, and never comes before itself.
        return [hits[hits[:, PICTURE] != hits[:, NUMBER]] for hits in found]

    def _flat_of(self, sought: Some, part: int) -> Some:
        """With those flat hashes that are looked up by a quarter: by other ones only of pictures as they stand."""
        if part == LOWEST:
            return sought
        stands = sought.flat_places == self._upright
        return sought._replace(
            flat=sought.flat[stands], flat_pictures=sought.flat_pictures[stands], flat_places=sought.flat_places[stands]
        )


def upright_of(options: MatchOptions) -> int:
    """Which of the orientations that are looked for is that of pictures as they stand; -1 for none."""
    turns = options.orientations
    return turns.index(ORIENTATIONS[0]) if ORIENTATIONS[0] in turns else -1


def _picked(column: "array[int]", numbers: Numbers) -> Numbers:
    return np.array([column[number] for number in numbers.tolist()], np.int64)
