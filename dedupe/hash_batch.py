"""Hashes of some pictures, made at once, whatever their scopes: one by one, a call of NumPy costs more than its work.

stored    what an index has of pictures: hashes of their views, and flat ones
sought    what they are looked up by: hashes of the whole and of what is inside of its borders, in all orientations
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.evidence import extra_hashes_of, flat_hashes_of
from synsift.dedupe.fingerprint import PLAIN_BELOW, RECORD, Fingerprint
from synsift.dedupe.frequencies import HASH_BYTES, ORIENTATIONS, oriented_hashes
from synsift.dedupe.verdicts import MatchOptions
from synsift.dedupe.views import EXTRA, INSIDE, STORED, WHOLE, View

Hashes = NDArray[np.uint8]
Numbers = NDArray[np.int64]
Rows = NDArray[np.void]
Hits = NDArray[np.int32]

_VIEWS: Final = STORED + EXTRA
_STORED_BITS: Final = 1 << np.arange(len(STORED), dtype=np.uint8)
_QUERIED: Final = np.array([_VIEWS.index(WHOLE), _VIEWS.index(INSIDE)])
_ALL_TURNS: Final = list(range(len(ORIENTATIONS)))
AT_ONCE: Final = 64
"""Pictures whose hashes are made at once: enough to be fast, and few enough for the processor's cache."""


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


class Some(NamedTuple):
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
        self.images = tuple(images)
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

    def stored(self, begin: int, end: int) -> Some:
        """What an index has of some of the pictures: nothing of those that are too plain."""
        found, begins, flat_begins = self._stored
        return _part(found, (begins[begin], begins[end]), (flat_begins[begin], flat_begins[end]))

    def sought(self, begin: int, end: int) -> Some:
        """What some of the pictures are looked up by: their hashes in all orientations."""
        found, begins = self._sought
        turns = len(self._orientations)
        return _part(found, (begins[begin], begins[end]), (begin * turns, end * turns))

    def proposals(self, picture: int, hits: Hits) -> Iterator[Proposal]:
        """What some hits of a picture propose, which are as ``hits.Found`` has them."""
        turns, used = len(self._orientations), int(self._rows["views"][picture])
        views = [view for view in _QUERIED.tolist() if used >> view & 1]
        for _, distance_bits, is_flat, place, number, view in hits.tolist():
            seen = (INSIDE, INSIDE) if is_flat else (_VIEWS[views[place // turns]], _VIEWS[view])
            yield Proposal(number, distance_bits, self._orientations[place % turns], seen)

    @cached_property
    def _stored(self) -> tuple[Some, list[int], list[int]]:
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
        found = Some(
            *(hashes.reshape(-1, HASH_BYTES)[used], pictures, views),
            *(self._flat[shown], shown, np.zeros_like(shown)),
        )
        return found, _begins(is_used.sum(axis=1)), _begins(shows)

    @cached_property
    def _sought(self) -> tuple[Some, list[int]]:
        """Of all pictures, and where those of each begin, but for the flat ones, of which all have as many."""
        is_used = self._rows["views"][:, None] & _STORED_BITS[_QUERIED] != 0
        pictures, queried = np.nonzero(is_used)
        turns = np.arange(len(self._orientations))
        counts = np.cumsum(is_used, axis=1)
        places = (counts[pictures, queried] - 1) * len(turns)
        # One call for both.
        turned = self._oriented(np.concatenate([self._rows["hashes"][pictures, _QUERIED[queried]], self._flat]))
        middle = len(pictures) * len(turns)
        found = Some(
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
        found = [extra_hashes_of(evidence[begin : begin + AT_ONCE]) for begin in range(0, len(evidence), AT_ONCE)]
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


def _part(found: Some, among: tuple[int, int], flat_among: tuple[int, int]) -> Some:
    part, flat = slice(*among), slice(*flat_among)
    return Some(
        found.hashes[part],
        found.pictures[part],
        found.places[part],
        found.flat[flat],
        found.flat_pictures[flat],
        found.flat_places[flat],
    )
