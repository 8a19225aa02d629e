"""The hashes of one scope, in an index of its own: what a ``Lookup`` asks.

``small_scopes`` has those of many scopes together, which costs less as long as they are small.
"""

from array import array
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import numpy as np

from synsift.dedupe.frequencies import ORIENTATIONS, turned_back
from synsift.dedupe.hash_batch import Hashed, Hashes, Hits, Numbers, Some
from synsift.dedupe.hits import hits_of
from synsift.dedupe.index import WIDE, HashIndex, Pairs, by_part, within
from synsift.dedupe.verdicts import MatchOptions
from synsift.dedupe.views import UNCROPPED

LOWEST: Final = 0
"""By which quarter of hashes pictures are looked up."""
COVERED_PARTS: Final = (1, 3)
"""By which others, to find what is covered in part. Each takes as long, and each further one finds less."""


class ScopeIndex(Protocol):
    """The hashes of what is known of a scope."""

    def put(self, some: Some) -> None:
        """Take in hashes of pictures, with their numbers in the scope."""

    def near(self, sought: Some) -> list[Hits]:
        """What is near to some pictures, in no order."""


def flat_parts(options: MatchOptions) -> tuple[int, ...]:
    """By which quarters the flat hashes of pictures are looked up.

    By other quarters, too: what covers a corner, or blows light out, changes the lowest frequencies far more than the
    others. Of pictures that stand as they did: in all orientations that would cost eight times as much.
    """
    return (LOWEST, *COVERED_PARTS) if options.all_crops else (LOWEST,)


class OwnIndex:
    """An index of one scope. Not thread-safe."""

    def __init__(self, options: MatchOptions) -> None:
        """Begin with nothing.

        Args:
            options: What counts as near.
        """
        self._options = options
        self._close = _Views()
        self._back = _Crops(self._close, turns_of(options))
        # Of hashes in which the middle counts no more than the rest: of what is covered there the others say nothing.
        self._flat_indexes = {part: HashIndex(WIDE) for part in flat_parts(options)}
        self._flat_picture = array("I")
        self._upright = upright_of(options)

    def put(self, some: Some) -> None:
        """Take in hashes of pictures, with their numbers in the scope."""
        self._back.put(some.back, self._close.put(some.close))
        for part, index in self._flat_indexes.items():
            index.add_all(by_part(some.flat.hashes, part))
        self._flat_picture.extend(some.flat.pictures.tolist())

    def near(self, sought: Some) -> list[Hits]:
        """What is near to some pictures, in no order."""
        radius_bits = self._options.radius_bits
        found = [*self._close.near(sought.close, radius_bits), *self._back.near(sought.back, radius_bits)]
        for part, index in self._flat_indexes.items():
            flat = flat_of(sought.flat, part, self._upright)
            near = index.pairs(by_part(flat.hashes, part), radius_bits=radius_bits)
            if len(near.rows):
                found.append(hits_of(near, flat, _picked(self._flat_picture, near.numbers), None))
        return found


class _Views:
    """An index of hashes of views."""

    def __init__(self) -> None:
        self.index = HashIndex()
        # Of each hash in the index: which picture, and which of its views.
        self._picture_of_hash = array("I")
        self._view_of_hash = array("B")

    def put(self, some: Hashed) -> Numbers:
        """Take in hashes; the numbers in the index of those that crop nothing."""
        begin = len(self.index)
        self.index.add_all(some.hashes)
        self._picture_of_hash.extend(some.pictures.tolist())
        self._view_of_hash.extend(some.places.tolist())
        return begin + np.flatnonzero(np.isin(some.places, UNCROPPED))

    def near(self, sought: Hashed, radius_bits: int) -> Iterator[Hits]:
        yield from self.hits(self.index.pairs(sought.hashes, radius_bits=radius_bits), sought)

    def hits(self, near: Pairs, sought: Hashed) -> Iterator[Hits]:
        """Of hashes in the index."""
        if len(near.rows):
            numbers, views = (_picked(column, near.numbers) for column in (self._picture_of_hash, self._view_of_hash))
            yield hits_of(near, sought, numbers, views)


class _Crops:
    """An index that crops are looked up in.

    There are many crops, and of what is stored few hashes, whose keys stand here in all orientations: so each crop is
    looked up once, as it stands, where with tables a look-up takes longer than what it compares.
    """

    def __init__(self, views: _Views, turns: list[int]) -> None:
        self._views = views
        self._turns = turns
        self._keys = HashIndex(keys_alone=True)
        # Of each hash that is here: its number among all views.
        self._number_of_hash = array("I")

    def put(self, some: Hashed, numbers: Numbers) -> None:
        self._number_of_hash.extend(numbers.tolist())
        if len(some.hashes):
            self._keys.add_all(turned_back(some.hashes, self._turns).reshape(-1, some.hashes.shape[1]))

    def near(self, sought: Hashed, radius_bits: int) -> Iterator[Hits]:
        rows, keys = self._keys.near_keys(as_they_stand(sought.hashes, self._turns))
        places, turns = np.divmod(keys, len(self._turns))
        pairs = rows * len(self._turns) + turns, _picked(self._number_of_hash, places)
        near = within(sought.hashes, self._views.index.hashes(), pairs, radius_bits)
        yield from self._views.hits(near, sought)


def as_they_stand(turned: Hashes, orientations: Sequence[int]) -> Hashes:
    """Of hashes in some orientations, one behind the other, those of the pictures as they stand."""
    first = turned[:: len(orientations)]
    return turned_back(first, orientations[:1])[:, 0] if orientations[0] and len(first) else first


def flat_of(sought: Hashed, part: int, upright: int) -> Hashed:
    """Those flat hashes that are looked up by a quarter: by other ones only those of pictures as they stand.

    Args:
        sought: All flat hashes by which pictures are looked up.
        part: The quarter.
        upright: As ``upright_of`` has it.
    """
    if part == LOWEST:
        return sought
    return sought.where(sought.places == upright)


def turns_of(options: MatchOptions) -> list[int]:
    """The numbers of the orientations that are looked for."""
    return [ORIENTATIONS.index(name) for name in options.orientations]


def upright_of(options: MatchOptions) -> int:
    """Which of the orientations that are looked for is that of pictures as they stand; -1 for none."""
    turns = options.orientations
    return turns.index(ORIENTATIONS[0]) if ORIENTATIONS[0] in turns else -1


def _picked(column: "array[int]", numbers: Numbers) -> Numbers:
    return np.array([column[number] for number in numbers.tolist()], np.int64)
