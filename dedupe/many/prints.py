"""Fingerprints as arrays: the fixed parts in rows, the thumbnails of those that have one behind each other."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.fingerprint import RECORD, Fingerprint
from synsift.dedupe.many.room import Room
from synsift.dedupe.second_look import Side
from synsift.dedupe.survivors import side_of_row
from synsift.dedupe.views import View

ROWS: Final = "rows"
"""Fixed parts, ``(n,)`` of ``RECORD``."""
FINES: Final = "fines"
"""Thumbnails, ``(bytes,) uint8``."""
FINE_BEGINS: Final = "fine-begins"
"""Where they begin, and where the last ends, ``(n + 1,) int64``."""


class Prints:
    """Fingerprints by number, from a room that has ``ROWS``, ``FINES`` and ``FINE_BEGINS``."""

    def __init__(self, room: Room) -> None:
        """Take the arrays."""
        self.rows: NDArray[np.void] = room.get(ROWS)
        self._fines: NDArray[np.uint8] = room.get(FINES)
        self._begins: NDArray[np.int64] = room.get(FINE_BEGINS)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.rows)

    def __getitem__(self, number: int) -> Fingerprint:
        """One of them."""
        return Fingerprint.from_record(self.rows[number].tobytes()[: RECORD.itemsize] + self._fine(number))

    def sha256(self, number: int) -> str:
        """Of one of them."""
        return bytes(self.rows[number]["sha256"].tobytes()).hex()

    def side(self, number: int, view: View) -> Side:
        """One of them for a second look."""
        return side_of_row(self.rows[number], self._fine(number), view)

    def _fine(self, number: int) -> bytes:
        return self._fines[self._begins[number] : self._begins[number + 1]].tobytes()
