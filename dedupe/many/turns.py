"""In which order pictures are judged: the best first, as ``cluster`` does it; and which of them have the same bytes."""

from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.hash_batch import Rows
from synsift.dedupe.many.room import Room

T = TypeVar("T", bound=np.generic)

RANKS: Final = "ranks"
"""Of all pictures, ``(n, 5) float64`` as ``quality.rank`` has it."""
LEFT_OUT: Final = "left-out"
"""Those that an index doesn't have, as it has others with the same bytes, ``(n,) bool``."""
_ORDER: Final = "order"
_FIRST: Final = "first-turns"
_LAST: Final = "last-turns"
_SAME: Final = "same-bytes"
_NONE: Final = -1


class Turns(NamedTuple):
    """Whose turn is when. A picture's bytes stand for it: of those with the same ones the first has its number.

    Attributes:
        order: Numbers of the pictures in their order, ``(n,) int64``.
        first: The first turn of each one's bytes, ``(n,) int32``.
        last: Their last turn, likewise.
        same: The first of those with the same bytes, ``(n,) int32``.
    """

    order: NDArray[np.int64]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    same: NDArray[np.int32]

    @classmethod
    def of(cls, room: Room) -> "Turns":
        """What was kept in a room."""
        return cls(room.get(_ORDER), room.get(_FIRST), room.get(_LAST), room.get(_SAME))


def make_turns(rows: Rows, places: NDArray[np.int64], room: Room) -> Turns:
    """Say whose turn is when, for all processes.

    Args:
        rows: Of all pictures.
        places: Of each, that of its name among all: what decides between equals. Negative of those that have no turn.
        room: Has ``RANKS``; takes the turns, and ``LEFT_OUT``.
    """
    ranks = room.get(RANKS)
    order = np.lexsort((places, *(-ranks[:, column] for column in reversed(range(ranks.shape[1])))))
    order = order[places[order] >= 0]
    turns = np.empty(len(rows), np.int32)
    turns[order] = np.arange(len(order), dtype=np.int32)
    digests = np.ascontiguousarray(rows["sha256"]).view("S32").ravel()
    # Of the same bytes the earliest turn comes first: sorted by digest, and stably from the order of turns.
    by_digest = order[np.argsort(digests[order], kind="stable")]
    begins = np.flatnonzero(np.concatenate([[True], digests[by_digest][1:] != digests[by_digest][:-1]])[: len(order)])
    counts = np.diff(begins, append=len(order))

    def spread(values: NDArray[np.int32]) -> NDArray[np.int32]:
        """A value for each group of the same bytes, at all of these."""
        found = np.full(len(rows), _NONE, np.int32)
        found[by_digest] = values.repeat(counts)
        return found

    made = Turns(
        _kept(room, _ORDER, order),
        _kept(room, _FIRST, spread(turns[by_digest[begins]])),
        _kept(room, _LAST, spread(turns[by_digest[begins + counts - 1]])),
        _kept(room, _SAME, spread(by_digest[begins].astype(np.int32))),
    )
    _kept(room, LEFT_OUT, made.same != np.arange(len(rows)))
    return made


def _kept(room: Room, name: str, made: NDArray[T]) -> NDArray[T]:
    kept = room.make(name, made.dtype, made.shape)
    kept[...] = made
    return kept
