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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.evidence import extra_hashes_of, flat_hashes_of
from synsift.dedupe.fingerprint import PLAIN_BELOW, RECORD, Fingerprint
from synsift.dedupe.frequencies import HASH_BYTES, ORIENTATIONS, oriented_hashes
from synsift.dedupe.index import WIDE, HashIndex, Pairs, pairs_of
from synsift.dedupe.verdicts import MatchOptions
from synsift.dedupe.views import EXTRA, INSIDE, STORED, WHOLE, View

Hashes = NDArray[np.uint8]
Numbers = NDArray[np.int64]
Rows = NDArray[np.void]
Hits = NDArray[np.int32]

_VIEWS: Final = STORED + EXTRA
_STORED_BITS: Final = 1 << np.arange(len(STORED), dtype=np.uint8)
_QUERIED: Final = np.array([_VIEWS.index(WHOLE), _VIEWS.index(INSIDE)])
# Pictures whose hashes are made at once: enough to be fast, and few enough for the processor's cache.
_AT_ONCE: Final = 64
_NO_HITS: Final = np.empty((0, 6), np.int32)
_ALL_TURNS: Final = list(range(len(ORIENTATIONS)))
_PICTURE: Final = 0
_NUMBER: Final = 4


class Proposal(NamedTuple):
    """What hashes propose: a known picture by its number, and in what way it may be a copy."""

    number: int
    distance_bits: int
    orientation: int
    views: tuple[View, View]

    @property
    def way(self) -> tuple[int, tuple[View, View]]:
        """How the two would lie over one another."""
        return self.orientation, self.views


class _Some(NamedTuple):
    """Hashes ``(n, 32)`` of some pictures, and of each which picture it is of, and which of its own.

    Attributes:
        hashes: Those that see the middle best.
        pictures: Numbers in the batch.
        places: Of what an index has the view; of what is looked up the hash and its orientation.
        flat: Those that see all alike.
        flat_pictures: As ``pictures``.
        flat_places: As ``places``.
    """

    hashes: Hashes
    pictures: Numbers
    places: Numbers
    flat: Hashes
    flat_pictures: Numbers
    flat_places: Numbers


class HashBatch:
    """Hashes of some pictures, made when they are first asked for, of all at once.

    Pictures of one scope stand together: a scope takes those from one number to another.
    """

    def __init__(self, rows: Rows, options: MatchOptions, *, images: Sequence[Fingerprint] = ()) -> None:
        """Take pictures.

        Args:
            rows: At least one, with the fields of ``fingerprint.RECORD``, among others.
            options: Which hashes are wanted.
            images: The same ones, where they are to be looked up ahead.
        """
        self.images = images
        self._rows = rows
        self._options = options
        self._orientations = [ORIENTATIONS.index(name) for name in options.orientations]

    @classmethod
    def of(cls, images: Sequence[Fingerprint], options: MatchOptions) -> "HashBatch":
        """Of fingerprints, at least one, in their order."""
        fixed = b"".join([image.to_record()[: RECORD.itemsize] for image in images])
        return cls(np.frombuffer(fixed, dtype=RECORD), options, images=images)

    def __len__(self) -> int:
        """How many pictures there are."""
        return len(self._rows)

    def stored(self, begin: int, end: int) -> _Some:
        """What an index has of some of the pictures: nothing of those that are too plain."""
        found, begins, flat_begins = self._stored
        return _part(found, (begins[begin], begins[end]), (flat_begins[begin], flat_begins[end]))

    def sought(self, begin: int, end: int) -> _Some:
        """What some of the pictures are looked up by: their hashes in all orientations."""
        found, begins = self._sought
        turns = len(self._orientations)
        return _part(found, (begins[begin], begins[end]), (begin * turns, end * turns))

    def proposals(self, picture: int, hits: Hits) -> Iterator[Proposal]:
        """What some hits of a picture propose, which are as ``_Found`` has them."""
        turns, used = len(self._orientations), int(self._rows["views"][picture])
        views = [view for view in _QUERIED.tolist() if used >> view & 1]
        for _, distance_bits, is_flat, place, number, view in hits.tolist():
            seen = (INSIDE, INSIDE) if is_flat else (_VIEWS[views[place // turns]], _VIEWS[view])
            yield Proposal(number, distance_bits, self._orientations[place % turns], seen)

    @cached_property
    def _stored(self) -> tuple[_Some, list[int], list[int]]:
        """Of all pictures, and where those of each begin."""
        rows, number = self._rows, len(_VIEWS if self._options.all_crops else STORED)
        shows = (rows["information"] >= PLAIN_BELOW) & (rows["views"] != 0)
        hashes = np.empty((len(self), number, HASH_BYTES), np.uint8)
        is_used = np.empty((len(self), number), np.bool_)
        hashes[:, : len(STORED)] = rows["hashes"]
        is_used[:, : len(STORED)] = (rows["views"] * shows)[:, None] & _STORED_BITS
        if self._options.all_crops:
            hashes[:, len(STORED) :] = self._extra()
            is_used[:, len(STORED) :] = shows[:, None]
        used = is_used.ravel().nonzero()[0]
        pictures, views = np.divmod(used, number)
        shown = shows.nonzero()[0]
        found = _Some(
            *(hashes.reshape(-1, HASH_BYTES)[used], pictures, views),
            *(self._flat[shown], shown, np.zeros_like(shown)),
        )
        return found, _begins(is_used.sum(axis=1)), _begins(shows)

    @cached_property
    def _sought(self) -> tuple[_Some, list[int]]:
        """Of all pictures, and where those of each begin, but for the flat ones, of which all have as many."""
        is_used = self._rows["views"][:, None] & _STORED_BITS[_QUERIED] != 0
        pictures, queried = np.nonzero(is_used)
        turns = np.arange(len(self._orientations))
        counts = np.cumsum(is_used, axis=1)
        places = (counts[pictures, queried] - 1) * len(turns)
        # One call for both.
        turned = self._oriented(np.concatenate([self._rows["hashes"][pictures, _QUERIED[queried]], self._flat]))
        middle = len(pictures) * len(turns)
        found = _Some(
            turned[:middle],
            pictures.repeat(len(turns)),
            (places[:, None] + turns).ravel(),
            turned[middle:],
            np.arange(len(self)).repeat(len(turns)),
            (np.zeros((len(self), 1), np.int64) + turns).ravel(),
        )
        return found, _begins(len(turns) * counts[:, -1])

    @cached_property
    def _flat(self) -> Hashes:
        return flat_hashes_of(self._rows["evidence"])

    def _extra(self) -> Hashes:
        evidence = self._rows["evidence"]
        found = [extra_hashes_of(evidence[begin : begin + _AT_ONCE]) for begin in range(0, len(evidence), _AT_ONCE)]
        return np.concatenate(found) if len(found) > 1 else found[0]

    def _oriented(self, hashes: Hashes) -> Hashes:
        """Hashes in all orientations that are looked for, ``(n · orientations, 32)``."""
        turned = oriented_hashes(hashes)
        if self._orientations != _ALL_TURNS:
            turned = turned[:, self._orientations]
        return turned.reshape(-1, HASH_BYTES)


def _begins(counts: NDArray[np.generic]) -> list[int]:
    """Where the hashes of each picture begin, by how many each has; and where the last ones end."""
    return [0, *counts.cumsum().tolist()]


def _part(found: _Some, among: tuple[int, int], flat_among: tuple[int, int]) -> _Some:
    part, flat = slice(*among), slice(*flat_among)
    return _Some(
        found.hashes[part],
        found.pictures[part],
        found.places[part],
        found.flat[flat],
        found.flat_pictures[flat],
        found.flat_places[flat],
    )


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
        self._hits = _in_order(np.concatenate(parts)) if parts else _NO_HITS
        self._begins = np.searchsorted(self._hits[:, _PICTURE], np.arange(begin, end + 1)).tolist() if parts else []

    def of(self, picture: int) -> Hits:
        """Of one of the pictures."""
        at = picture - self._begin
        return self._hits[self._begins[at] : self._begins[at + 1]] if self._begins else _NO_HITS


def _in_order(hits: Hits) -> Hits:
    return hits[np.lexsort(hits.T[::-1])] if len(hits) > 1 else hits


def _hits_of(pairs: Pairs, sought: tuple[Numbers, Numbers], others: Numbers, views: Numbers | None) -> Hits:
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
        places: Their numbers in the batch. Not by SHA-256, as a stranger may send another fingerprint with the same.
        known: What is near among what was known then.
        others: What is near among those that are to come, by their numbers in the batch.
        numbers: What number each got, counting from the first; -1 of those that weren't added.
        came: How many were.
    """

    batch: HashBatch
    begin: int
    places: dict[Fingerprint, int]
    known: _Found
    others: _Found
    numbers: NDArray[np.int32]
    came: int = 0

    def hits(self, picture: int) -> Hits:
        """What is near to a picture among all that is known now."""
        known, others = self.known.of(picture), self.others.of(picture)
        if not len(others):
            return known
        numbers = self.numbers[others[:, _NUMBER] - self.begin]
        came = others[numbers >= 0]
        came[:, _NUMBER] = numbers[numbers >= 0]
        return _in_order(np.concatenate([known, came]))


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
        self._flat_index = HashIndex(WIDE)
        self._flat_picture = array("I")
        # Of each hash in the index: which picture, and which of its views.
        self._picture_of_hash = array("I")
        self._view_of_hash = array("B")
        self._ahead: _Ahead | None = None

    def __len__(self) -> int:
        """How many pictures are known."""
        return self._indexed + (0 if self._ahead is None else self._ahead.came)

    def add(self, image: Fingerprint) -> None:
        """Take in a picture."""
        ahead = self._ahead
        place = None if ahead is None else ahead.places.get(image)
        if ahead is None or place is None or ahead.numbers[place - ahead.begin] >= 0:
            self.settle()
            self._put(HashBatch.of([image], self._options), 0, np.array([self._indexed], np.int32))
            return
        ahead.numbers[place - ahead.begin] = len(self)
        ahead.came += 1

    def add_rows(self, rows: Rows) -> None:
        """Take in pictures, as rows with the fields of ``fingerprint.RECORD``."""
        self.settle()
        for begin in range(0, len(rows), _AT_ONCE):
            some = rows[begin : begin + _AT_ONCE]
            numbers = np.arange(self._indexed, self._indexed + len(some), dtype=np.int32)
            self._put(HashBatch(some, self._options), 0, numbers)

    def look_ahead(self, batch: HashBatch, begin: int, end: int) -> None:
        """Look up pictures that are to come, at once.

        Args:
            batch: Made with the same options.
            begin: The first of them in the batch.
            end: Behind the last.
        """
        self.settle()
        known: list[Hits] = []
        others: list[Hits] = []
        for first in range(begin, end, _AT_ONCE):
            sought = batch.sought(first, min(first + _AT_ONCE, end))
            known += self._known(sought)
            if end > begin + 1:
                others += self._others(sought, batch.stored(begin, end))
        self._ahead = _Ahead(
            batch,
            begin,
            dict(zip(batch.images[begin:end], range(begin, end), strict=True)),
            _Found(known, begin, end),
            _Found(others, begin, end),
            np.full(end - begin, -1, np.int32),
        )

    def settle(self) -> None:
        """Put what was added into the index, and forget what was looked up ahead."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead.came:
            self._put(ahead.batch, ahead.begin, ahead.numbers)

    def proposals(self, image: Fingerprint) -> Iterator[Proposal]:
        """What hashes propose, the nearest first; a picture may come several times."""
        if self._ahead is None or image not in self._ahead.places:
            self.look_ahead(HashBatch.of([image], self._options), 0, 1)
        ahead = self._ahead
        assert ahead is not None  # noqa: S101 - made above
        place = ahead.places[image]
        return ahead.batch.proposals(place, ahead.hits(place))

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
        self._flat_index.add_all(stored.flat[put_flat])
        self._flat_picture.extend(flat_pictures[put_flat].tolist())
        self._indexed += int(np.count_nonzero(numbers >= 0))

    def _known(self, sought: _Some) -> list[Hits]:
        """What is near among what is in the index."""
        near = self._index.pairs(sought.hashes, radius_bits=self._options.radius_bits)
        flat = self._flat_index.pairs(sought.flat, radius_bits=self._options.radius_bits)
        found = []
        if len(near.rows):
            numbers, views = (_picked(column, near.numbers) for column in (self._picture_of_hash, self._view_of_hash))
            found.append(_hits_of(near, (sought.pictures, sought.places), numbers, views))
        if len(flat.rows):
            numbers = _picked(self._flat_picture, flat.numbers)
            found.append(_hits_of(flat, (sought.flat_pictures, sought.flat_places), numbers, None))
        return found

    def _others(self, sought: _Some, stored: _Some) -> list[Hits]:
        """What is near among pictures that are to come."""
        near = pairs_of(sought.hashes, stored.hashes, radius_bits=self._options.radius_bits)
        flat = pairs_of(sought.flat, stored.flat, radius_bits=self._options.radius_bits, reach=WIDE)
        found = []
        if len(near.rows):
            numbers, views = stored.pictures[near.numbers], stored.places[near.numbers]
            found.append(_hits_of(near, (sought.pictures, sought.places), numbers, views))
        if len(flat.rows):
            numbers = stored.flat_pictures[flat.numbers]
            found.append(_hits_of(flat, (sought.flat_pictures, sought.flat_places), numbers, None))
        # Each is near to itself, and never comes before itself.
        return [hits[hits[:, _PICTURE] != hits[:, _NUMBER]] for hits in found]


def _picked(column: "array[int]", numbers: Numbers) -> Numbers:
    return np.array([column[number] for number in numbers.tolist()], np.int64)
