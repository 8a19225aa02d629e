"""All that survived in a scope, as rows: what a matcher's state is made of, in a form that can be kept.

A row is a fingerprint's binary form and the number of its cluster, little-endian, so that a million of them are read
and written in seconds.
"""

from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.fingerprint import RECORD, Fingerprint

_ROW: Final = np.dtype([*((name, RECORD[name]) for name in RECORD.names or ()), ("cluster", "<u4")])
_FIRST_ROOM: Final = 4


class Survivors:
    """Pictures in the order in which they were accepted, and the cluster of each, numbered from 0 as they appeared."""

    def __init__(self, rows: NDArray[np.void] | None = None) -> None:
        self._rows = np.zeros(_FIRST_ROOM, dtype=_ROW) if rows is None else rows
        self._count = 0 if rows is None else len(rows)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what ``to_bytes`` wrote.

        Raises:
            ValueError: Not whole rows, or their clusters aren't numbered as they appear.
        """
        if len(data) % _ROW.itemsize:
            raise ValueError(f"{len(data)} bytes are not rows of {_ROW.itemsize}")
        rows = np.frombuffer(data, dtype=_ROW).copy()
        clusters = rows["cluster"].astype(np.int64)
        highest = np.maximum.accumulate(clusters)
        before = np.concatenate([[-1], highest[:-1]])
        if np.any(clusters > before + 1):
            raise ValueError("clusters are not numbered in the order in which they appear")
        return cls(rows)

    def to_bytes(self) -> bytes:
        """The rows as they are kept."""
        return self.rows.tobytes()

    def __repr__(self) -> str:
        """How many pictures there are."""
        return f"<Survivors: {self._count} pictures>"

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Fingerprint:
        """One of the pictures."""
        if not 0 <= number < self._count:
            raise IndexError(number)
        return Fingerprint.from_record(self._rows[number].tobytes()[: RECORD.itemsize])

    def append(self, image: Fingerprint, cluster: int) -> None:
        """Add a picture."""
        if self._count == len(self._rows):
            grown = np.zeros(2 * self._count, dtype=_ROW)
            grown[: self._count] = self._rows
            self._rows = grown
        self._rows[self._count] = np.frombuffer(image.to_record() + cluster.to_bytes(4, "little"), dtype=_ROW)[0]
        self._count += 1

    @property
    def rows(self) -> NDArray[np.void]:
        """The rows so far."""
        return self._rows[: self._count]

    def evidence(self, number: int) -> bytes:
        """The evidence of a picture."""
        return bytes(self._rows[number]["evidence"].tobytes())

    def sha256s(self) -> list[str]:
        """Of all, in order."""
        digits = self.rows["sha256"].tobytes().hex()
        return [digits[begin : begin + 64] for begin in range(0, len(digits), 64)]
