"""What is near to some pictures among very many that are all known: the index of a ``Lookup``, made at once in a room.

    hashes    each picture has as many places as it can have views, so that a hash's number tells picture and view
    lists     of keys (``key_lists``): one set for hashes that see the middle best, one for those of them that crop
              nothing, which crops are looked up in, and one for each quarter of flat ones

Making it is work in pieces, which processes share: ``pieces`` says which, in two rounds, and ``make`` does one.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.frequencies import HASH_BYTES, turned_back
from synsift.dedupe.hash_batch import AT_ONCE, HashBatch, Hashed, Hashes, Hits, Numbers, Rows
from synsift.dedupe.hash_tables import Keys, Parts
from synsift.dedupe.hits import hits_of, in_order
from synsift.dedupe.index import CLOSE, WIDE, by_part, keys_of, within
from synsift.dedupe.many.key_lists import KeyLists, TooManyNear, make_lists
from synsift.dedupe.many.prints import Prints
from synsift.dedupe.many.room import Room
from synsift.dedupe.many.turns import LEFT_OUT, RANKS
from synsift.dedupe.quality import rank
from synsift.dedupe.scope_index import LOWEST, as_they_stand, flat_of, flat_parts, turns_of, upright_of
from synsift.dedupe.verdicts import MatchOptions
from synsift.dedupe.views import EXTRA, STORED, UNCROPPED

HASHES: Final = "hashes"
"""Of all pictures and views, ``(n, views, 32) uint8``."""
USED: Final = "used-hashes"
"""Which of them say something, ``(n, views) bool``."""
FLAT: Final = "flat-hashes"
"""Hashes that see all alike, ``(n, 32) uint8``."""
HAS_FLAT: Final = "has-flat-hash"
"""Who has one, ``(n,) bool``."""
_CLOSE: Final = "close"
_BACK: Final = "back"
_RANKS: Final = 5
# Rows of a piece of hashes, and of a chunk of keys.
_ROWS_A_PIECE: Final = 4_096
_ROWS_A_CHUNK: Final = 65_536
# Pairs of hashes of one kind whose keys are near, for some pictures at once: a crowd has millions, of 0.1 kB each.
_MOST_NEAR: Final = 1_000_000
# From so many hashes on more and shorter lists are worth their memory, 0.2 GB a process.
_VERY_MANY: Final = 60_000_000


class Piece(NamedTuple):
    """A part of making the index.

    Attributes:
        kind: ``hashes`` of some rows, or the ``lists`` of a name.
        begin: The first row; of lists, which of the parts.
        end: Behind the last row.
        name: Of the lists.
    """

    kind: str
    begin: int
    end: int = 0
    name: str = ""


class ManyMaking:
    """Makes the index, in any number of processes."""

    def __init__(self, prints: Prints, options: MatchOptions, room: Room) -> None:
        """Begin.

        Args:
            prints: Of all pictures.
            options: What counts as near.
            room: Takes the index; before its lists are made, it has ``LEFT_OUT``.
        """
        self._prints = prints
        self._rows = prints.rows
        self._options = options
        self._room = room

    def begin(self) -> None:
        """Make room for hashes and ranks; by one process, before any piece."""
        self._room.make(RANKS, np.float64, (len(self._rows), _RANKS))
        views = _views_of(self._options)
        self._room.make(HASHES, np.uint8, (len(self._rows), views, HASH_BYTES))
        self._room.make(USED, np.bool_, (len(self._rows), views))
        self._room.make(FLAT, np.uint8, (len(self._rows), HASH_BYTES))
        self._room.make(HAS_FLAT, np.bool_, (len(self._rows),))

    def pieces(self) -> tuple[list[Piece], list[Piece]]:
        """What is to be made: first hashes and ranks, and when all are there, and the turns, the lists."""
        begins = range(0, len(self._rows), _ROWS_A_PIECE)
        hashes = [Piece("hashes", begin, min(begin + _ROWS_A_PIECE, len(self._rows))) for begin in begins]
        parts = _parts_of(len(self._rows), self._options).bits
        lists = [Piece("lists", part, name=name) for name in (_CLOSE, _BACK) for part in range(len(parts))]
        for quarter in flat_parts(self._options):
            lists += [Piece("lists", part, name=_flat_name(quarter)) for part in range(len(WIDE.parts.bits))]
        return hashes, lists

    def make(self, piece: Piece) -> None:
        """Make a piece."""
        if piece.kind == "hashes":
            self._make_hashes(piece.begin, piece.end)
        elif piece.name in (_CLOSE, _BACK):
            keys = self._close_keys if piece.name == _CLOSE else self._back_keys
            make_lists(keys, _parts_of(len(self._rows), self._options), piece.begin, room=self._room, name=piece.name)
        else:
            quarter = next(one for one in flat_parts(self._options) if _flat_name(one) == piece.name)
            make_lists(lambda: self._flat_keys(quarter), WIDE.parts, piece.begin, room=self._room, name=piece.name)
        self._room.release()

    def _make_hashes(self, begin: int, end: int) -> None:
        hashes, used = self._room.get(HASHES), self._room.get(USED)
        flat, has_flat = self._room.get(FLAT), self._room.get(HAS_FLAT)
        ranks = self._room.get(RANKS)
        for number in range(begin, end):
            ranks[number] = rank(self._prints[number])
        for first in range(begin, end, AT_ONCE):
            last = min(first + AT_ONCE, end)
            found = HashBatch(self._rows[first:last], self._options).stored(0, last - first)
            hashes[first:last][found.close.pictures, found.close.places] = found.close.hashes
            used[first:last][found.close.pictures, found.close.places] = True
            flat[first:last][found.flat.pictures] = found.flat.hashes
            has_flat[first:last][found.flat.pictures] = True

    def _close_keys(self) -> Iterator[tuple[Numbers, Keys]]:
        for numbers, hashes in self._used_hashes(range(_views_of(self._options))):
            yield numbers, keys_of(hashes)

    def _back_keys(self) -> Iterator[tuple[Numbers, Keys]]:
        """In all orientations, so that a crop is looked up once, as it stands."""
        turns = turns_of(self._options)
        for numbers, hashes in self._used_hashes(UNCROPPED):
            turned = (numbers[:, None] * len(turns) + np.arange(len(turns))).ravel()
            yield turned, keys_of(turned_back(hashes, turns).reshape(-1, HASH_BYTES))

    def _used_hashes(self, views: Sequence[int]) -> Iterator[tuple[Numbers, Hashes]]:
        """Numbers and hashes of some views of those pictures that are looked up."""
        hashes, used, left_out = self._room.get(HASHES), self._room.get(USED), self._room.get(LEFT_OUT)
        is_wanted = np.isin(np.arange(used.shape[1]), views)
        for begin in range(0, len(hashes), _ROWS_A_CHUNK):
            some = slice(begin, begin + _ROWS_A_CHUNK)
            numbers = np.flatnonzero(used[some] & ~left_out[some, None] & is_wanted)
            yield numbers + begin * used.shape[1], hashes[some].reshape(-1, HASH_BYTES)[numbers]

    def _flat_keys(self, quarter: int) -> Iterator[tuple[Numbers, Keys]]:
        flat, has_flat, left_out = self._room.get(FLAT), self._room.get(HAS_FLAT), self._room.get(LEFT_OUT)
        for begin in range(0, len(flat), _ROWS_A_CHUNK):
            is_found = has_flat[begin : begin + _ROWS_A_CHUNK] & ~left_out[begin : begin + _ROWS_A_CHUNK]
            numbers = np.flatnonzero(is_found)
            yield numbers + begin, keys_of(by_part(flat[begin : begin + _ROWS_A_CHUNK][numbers], quarter))


class _NearKeys(Protocol):
    def __call__(self, hashes: Hashes, *, most: int | None) -> tuple[Numbers, Numbers]: ...


class ManyLookup:
    """What was made, to be asked. Not thread-safe; any number of processes may have the same."""

    def __init__(self, rows: Rows, options: MatchOptions, room: Room) -> None:
        """As ``ManyMaking``, which has made all pieces."""
        self._rows = rows
        self._options = options
        self._hashes = room.get(HASHES)
        self._flat = room.get(FLAT)
        self._upright = upright_of(options)
        self._turns = turns_of(options)
        parts = _parts_of(len(rows), options)
        self._close, self._back = (
            KeyLists(parts, radius_bits=CLOSE.radius_bits, room=room, name=name) for name in (_CLOSE, _BACK)
        )
        self._wide = {
            quarter: KeyLists(WIDE.parts, radius_bits=WIDE.radius_bits, room=room, name=_flat_name(quarter))
            for quarter in flat_parts(options)
        }

    def batch_of(self, numbers: Sequence[int] | Numbers) -> HashBatch:
        """Hashes of some of the pictures, to be looked up."""
        return HashBatch(self._rows[np.asarray(numbers, np.int64)], self._options)

    def in_steps(self, batch: HashBatch) -> Iterator[tuple[int, int, Hits]]:
        """What is near to the pictures of a batch, as many at a time as have not too much of it.

        Yields:
            The first of some pictures, behind the last, and what is near to them, themselves included: as rows of a
            ``Lookup`` in their order, with numbers in the batch.
        """
        waiting = [(0, len(batch))]
        while waiting:
            begin, end = waiting.pop()
            try:
                yield begin, end, self.hits(batch, begin, end, most=_MOST_NEAR if end > begin + 1 else None)
            except TooManyNear:
                middle = (begin + end) // 2
                waiting += [(middle, end), (begin, middle)]

    def hits(self, batch: HashBatch, begin: int, end: int, *, most: int | None = None) -> Hits:
        """What is near to some pictures of a batch.

        Raises:
            TooManyNear: More than ``most`` of one kind.
        """
        sought = batch.sought(begin, end)
        parts = [
            self._view_hits(sought.close, self.near_keys, most),
            self._view_hits(sought.back, self.near_back_keys, most),
        ]
        parts += [self._flat_hits(sought.flat, quarter, most) for quarter in self._wide]
        return in_order(np.concatenate(parts))

    def near_keys(self, hashes: Hashes, *, most: int | None = None) -> tuple[Numbers, Numbers]:
        """Rows of queries ``(n, 32)``, and numbers of hashes that see the middle best, whose keys are near; each once.

        A hash's number is its picture's times the number of views, and its view's.

        Raises:
            TooManyNear: More than ``most``.
        """
        return _each_once(*self._close.near(keys_of(hashes), most=most), len(hashes))

    def near_back_keys(self, hashes: Hashes, *, most: int | None = None) -> tuple[Numbers, Numbers]:
        """As ``near_keys``, of crops in all orientations, and of the views that crop nothing."""
        crops = as_they_stand(hashes, self._turns)
        rows, numbers = _each_once(*self._back.near(keys_of(crops), most=most), len(crops))
        turned, turns = np.divmod(numbers, len(self._turns))
        return rows * len(self._turns) + turns, turned

    def near_flat_keys(
        self, hashes: Hashes, quarter: int = LOWEST, *, most: int | None = None
    ) -> tuple[Numbers, Numbers]:
        """As ``near_keys``, of hashes that see all alike, by one of their quarters; numbers are those of pictures."""
        return _each_once(*self._wide[quarter].near(keys_of(by_part(hashes, quarter)), most=most), len(hashes))

    def _view_hits(self, sought: Hashed, near_keys: _NearKeys, most: int | None) -> Hits:
        keys = near_keys(sought.hashes, most=most)
        near = within(sought.hashes, self._hashes.reshape(-1, HASH_BYTES), keys, self._options.radius_bits)
        pictures, places = np.divmod(near.numbers, self._hashes.shape[1])
        return hits_of(near, sought, pictures, places)

    def _flat_hits(self, sought: Hashed, quarter: int, most: int | None) -> Hits:
        sought = flat_of(sought, quarter, self._upright)
        rows, numbers = self.near_flat_keys(sought.hashes, quarter, most=most)
        near = within(sought.hashes, self._flat, (rows, numbers), self._options.radius_bits)
        return hits_of(near, sought, near.numbers, None)


def _each_once(rows: Numbers, numbers: Numbers, count: int) -> tuple[Numbers, Numbers]:
    """Pairs that were found by several parts, each once."""
    pairs: NDArray[np.int64] = np.unique(numbers * np.int64(count) + rows)
    return pairs % max(1, count), pairs // max(1, count)


def _views_of(options: MatchOptions) -> int:
    return len(STORED) + (len(EXTRA) if options.all_crops else 0)


def _parts_of(count: int, options: MatchOptions) -> Parts:
    few = CLOSE.parts_of_many
    return few if few is not None and count * _views_of(options) < _VERY_MANY else CLOSE.parts


def _flat_name(quarter: int) -> str:
    return f"flat-{quarter}"
