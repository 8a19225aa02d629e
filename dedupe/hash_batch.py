"""Hashes of some pictures, made at once, whatever their scopes: one by one, a call of NumPy costs more than its work.

stored    what an index has of pictures
sought    what they are looked up by, in all orientations

           of what is stored            of what is sought
    close  all views                    the whole, and what is inside of the borders
    back   the whole, and what is ins.  the other views: crops
    flat   what is inside, untapered    the same

So a crop is found by its original, and its original by a crop: whoever comes first, the same is proposed of a pair.
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
from synsift.dedupe.views import INSIDE, STORED, UNCROPPED, VIEWS, View, crops

Hashes = NDArray[np.uint8]
Numbers = NDArray[np.int64]
Rows = NDArray[np.void]
Hits = NDArray[np.int32]

_STORED_BITS: Final = 1 << np.arange(len(STORED), dtype=np.uint8)
_UNCROPPED: Final = np.array(UNCROPPED)
_INSIDE: Final = VIEWS.index(INSIDE)
_ALL_TURNS: Final = list(range(len(ORIENTATIONS)))
_TURNED: Final = tuple(tuple(view.turned(orientation) for orientation in _ALL_TURNS) for view in VIEWS)
AT_ONCE: Final = 64
"""Pictures whose hashes are made at once: enough to be fast, and few enough for the processor's cache."""


class Proposal(NamedTuple):
    """What hashes propose: a known picture, and in what way it may be a copy.

    Attributes:
        number: Of the known picture.
        distance_bits: Of the two hashes, of 256.
        orientation: Which of the picture's orientations is like the known one, as a number of ``ORIENTATIONS``.
        seen: Which of their views are alike, as numbers of ``VIEWS``: the picture's as it stands, and the known one's.
    """

    number: int
    distance_bits: int
    orientation: int
    seen: tuple[int, int]

    @property
    def views(self) -> tuple[View, View]:
        """The views, that of the picture in its orientation."""
        mine, theirs = self.seen
        return _TURNED[mine][self.orientation], VIEWS[theirs]


class Hashed(NamedTuple):
    """Hashes ``(n, 32)``, and of each which picture it is of, and which of its own.

    Attributes:
        hashes: Of some pictures, ordered by these.
        pictures: Numbers in the batch, or in a scope.
        places: Of what an index has the view's number; of what is looked up that, times the number of orientations
            that are looked for, and the orientation's place among these.
    """

    hashes: Hashes
    pictures: Numbers
    places: Numbers

    def where(self, chosen: "NDArray[np.bool_] | slice") -> "Hashed":
        """Some of them."""
        return Hashed(self.hashes[chosen], self.pictures[chosen], self.places[chosen])


class Some(NamedTuple):
    """All hashes of some pictures, by what they are compared with; see the module.

    Attributes:
        close: Those that see the middle best.
        back: Of these the ones that are compared the other way round.
        flat: Those that see all alike.
    """

    close: Hashed
    back: Hashed
    flat: Hashed


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
        return _part(*self._stored, begin, end)

    def sought(self, begin: int, end: int) -> Some:
        """What some of the pictures are looked up by: their hashes in all orientations."""
        return _part(*self._sought, begin, end)

    def proposals(self, picture: int, hits: Hits) -> Iterator[Proposal]:
        """What some hits of a picture propose, which are as ``hits.Found`` has them."""
        turns = len(self._orientations)
        for _, distance_bits, is_flat, place, number, view in hits.tolist():
            mine, turn = divmod(place, turns)
            seen = (_INSIDE, _INSIDE) if is_flat else (mine, view)
            yield Proposal(number, distance_bits, self._orientations[turn], seen)

    @cached_property
    def _shows(self) -> NDArray[np.bool_]:
        """Which of the pictures aren't too plain, ``(n,)``."""
        return np.asarray((self._rows["information"] >= PLAIN_BELOW) & (self._rows["views"] != 0))

    @cached_property
    def _views(self) -> tuple[Hashes, NDArray[np.bool_]]:
        """Hashes of all views, ``(n, views, 32)``, and which of them say something, ``(n, views)``."""
        rows, number = self._rows, len(VIEWS if self._options.all_crops else STORED)
        hashes = np.empty((len(self), number, HASH_BYTES), np.uint8)
        is_used = np.empty((len(self), number), np.bool_)
        hashes[:, : len(STORED)] = rows["hashes"]
        is_used[:, : len(STORED)] = (rows["views"] * self._shows)[:, None] & _STORED_BITS
        if self._options.all_crops:
            hashes[:, len(STORED) :] = self._extra()
            is_used[:, len(STORED) :] = self._shows[:, None]
        return hashes, is_used

    @cached_property
    def _stored(self) -> tuple[Some, list[list[int]]]:
        """Of all pictures, and where those of each begin."""
        hashes, is_used = self._views
        shown = self._shows.nonzero()[0]
        uncropped = is_used[:, _UNCROPPED]
        found = Some(
            _used(hashes, is_used, np.arange(is_used.shape[1])),
            _used(hashes[:, _UNCROPPED], uncropped, _UNCROPPED),
            Hashed(self._flat[shown], shown, np.zeros_like(shown)),
        )
        return found, [_begins(is_used.sum(axis=1)), _begins(uncropped.sum(axis=1)), _begins(self._shows)]

    @cached_property
    def _sought(self) -> tuple[Some, list[list[int]]]:
        """Of all pictures, and where those of each begin."""
        hashes, is_used = self._views
        cropped = np.array(crops(all_crops=self._options.all_crops))
        # The plain ones, too, which nobody looks up.
        uncropped = self._rows["views"][:, None] & _STORED_BITS[_UNCROPPED] != 0
        as_they_stand = Some(
            _used(self._rows["hashes"][:, _UNCROPPED], uncropped, _UNCROPPED),
            _used(hashes[:, cropped], is_used[:, cropped], cropped),
            Hashed(self._flat, np.arange(len(self)), np.zeros(len(self), np.int64)),
        )
        # One call for all.
        turned = self._oriented(np.concatenate([each.hashes for each in as_they_stand]))
        turns, ends = np.arange(len(self._orientations)), np.cumsum([len(each.hashes) for each in as_they_stand])
        parts = np.split(turned, ends[:-1] * len(turns))
        found = Some(*(_turned(*each, turns) for each in zip(as_they_stand, parts, strict=True)))
        counts = (uncropped.sum(axis=1), is_used[:, cropped].sum(axis=1), np.ones(len(self), np.int64))
        return found, [_begins(len(turns) * each) for each in counts]

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


def _used(hashes: Hashes, is_used: NDArray[np.bool_], views: Numbers) -> Hashed:
    """Those hashes of views ``(n, views, 32)`` that say something."""
    pictures, columns = is_used.nonzero()
    return Hashed(hashes[pictures, columns], pictures, views[columns])


def _turned(some: Hashed, turned: Hashes, turns: Numbers) -> Hashed:
    """Hashes in all orientations."""
    places = some.places[:, None] * len(turns) + turns
    return Hashed(turned, some.pictures.repeat(len(turns)), places.ravel())


def _begins(counts: NDArray[np.generic]) -> list[int]:
    """Where the hashes of each picture begin, by how many each has; and where the last ones end."""
    return [0, *counts.cumsum().tolist()]


def _part(found: Some, begins: list[list[int]], begin: int, end: int) -> Some:
    parts = zip(found, begins, strict=True)
    return Some(*(hashed.where(slice(places[begin], places[end])) for hashed, places in parts))
