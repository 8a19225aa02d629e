"""The hashes of one scope, in an index of its own: what a ``Lookup`` asks.

``small_scopes`` has those of many scopes together, which costs less as long as they are small.
"""

from array import array
from typing import Final, Protocol

import numpy as np

from synsift.dedupe.frequencies import ORIENTATIONS
from synsift.dedupe.hash_batch import Hashed, Hits, Numbers, Some
from synsift.dedupe.hits import hits_of
from synsift.dedupe.index import WIDE, HashIndex, by_part
from synsift.dedupe.verdicts import MatchOptions

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
        self._close, self._back = _Views(), _Views()
        # Of hashes in which the middle counts no more than the rest: of what is covered there the others say nothing.
        self._flat_indexes = {part: HashIndex(WIDE) for part in flat_parts(options)}
        self._flat_picture = array("I")
        self._upright = upright_of(options)

    def put(self, some: Some) -> None:
        """Take in hashes of pictures, with their numbers in the scope."""
        self._close.put(some.close)
        self._back.put(some.back)
        for part, index in self._flat_indexes.items():
            index.add_all(by_part(some.flat.hashes, part))
        self._flat_picture.extend(some.flat.pictures.tolist())

    def near(self, sought: Some) -> list[Hits]:
        """What is near to some pictures, in no order."""
        radius_bits = self._options.radius_bits
        found = self._close.near(sought.close, radius_bits) + self._back.near(sought.back, radius_bits)
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

    def put(self, some: Hashed) -> None:
        self.index.add_all(some.hashes)
        self._picture_of_hash.extend(some.pictures.tolist())
        self._view_of_hash.extend(some.places.tolist())

    def near(self, sought: Hashed, radius_bits: int) -> list[Hits]:
        near = self.index.pairs(sought.hashes, radius_bits=radius_bits)
        if not len(near.rows):
            return []
        numbers, views = (_picked(column, near.numbers) for column in (self._picture_of_hash, self._view_of_hash))
        return [hits_of(near, sought, numbers, views)]


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


def upright_of(options: MatchOptions) -> int:
    """Which of the orientations that are looked for is that of pictures as they stand; -1 for none."""
    turns = options.orientations
    return turns.index(ORIENTATIONS[0]) if ORIENTATIONS[0] in turns else -1


def _picked(column: "array[int]", numbers: Numbers) -> Numbers:
    return np.array([column[number] for number in numbers.tolist()], np.int64)
