"""All that survived in a scope, as rows: what a matcher's state is made of, in a form that can be kept.

A row is the fixed part of a fingerprint's binary form and the number of its cluster, little-endian, so that a million
of them are read and written in seconds; the thumbnails of those that have one follow, in the same order.
"""

from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.fingerprint import RECORD, Fingerprint, framed_hashes_of
from synsift.dedupe.second_look import Side
from synsift.dedupe.views import View

_ROW: Final = np.dtype([*((name, RECORD[name]) for name in RECORD.names or ()), ("cluster", "<u4")])
_FIRST_ROOM: Final = 4
_COUNT_BYTES: Final = 8


class Survivors:
    """Pictures in the order in which they were accepted, and the cluster of each, numbered from 0 as they appeared."""

    def __init__(self, rows: NDArray[np.void] | None = None, fines: list[bytes] | None = None) -> None:
        self._rows = np.zeros(_FIRST_ROOM, dtype=_ROW) if rows is None else rows
        self._count = 0 if rows is None else len(rows)
        self._fines = [] if fines is None else fines

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what ``to_bytes`` wrote.

        Raises:
            ValueError: Not whole rows, or their clusters aren't numbered as they appear.
        """
        count = int.from_bytes(data[:_COUNT_BYTES], "little")
        end = _COUNT_BYTES + count * _ROW.itemsize
        if len(data) < max(end, _COUNT_BYTES):
            raise ValueError(f"{len(data)} bytes are not rows of {_ROW.itemsize}")
        rows = np.frombuffer(data[_COUNT_BYTES:end], dtype=_ROW).copy()
        ends = end + np.cumsum(rows["fine_bytes"], dtype=np.int64)
        if len(data) != (ends[-1] if count else end):
            raise ValueError(f"{len(data)} bytes are not rows of {_ROW.itemsize} and their thumbnails")
        fines = [
            data[last - size : last] for last, size in zip(ends.tolist(), rows["fine_bytes"].tolist(), strict=True)
        ]
        clusters = rows["cluster"].astype(np.int64)
        highest = np.maximum.accumulate(clusters)
        before = np.concatenate([[-1], highest[:-1]])
        if np.any(clusters > before + 1):
            raise ValueError("clusters are not numbered in the order in which they appear")
        return cls(rows, fines)

    def to_bytes(self) -> bytes:
        """The rows as they are kept."""
        return self._count.to_bytes(_COUNT_BYTES, "little") + self.rows.tobytes() + b"".join(self._fines)

    def __repr__(self) -> str:
        """How many pictures there are."""
        return f"<Survivors: {self._count} pictures>"

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Fingerprint:
        """One of the pictures."""
        if not 0 <= number < self._count:
            raise IndexError(number)
        return Fingerprint.from_record(self._rows[number].tobytes()[: RECORD.itemsize] + self._fines[number])

    def append(self, image: Fingerprint, cluster: int) -> None:
        """Add a picture."""
        if self._count == len(self._rows):
            grown = np.zeros(2 * self._count, dtype=_ROW)
            grown[: self._count] = self._rows
            self._rows = grown
        fixed = image.to_record()[: RECORD.itemsize]
        self._rows[self._count] = np.frombuffer(fixed + cluster.to_bytes(4, "little"), dtype=_ROW)[0]
        self._fines.append(image.fine)
        self._count += 1

    @property
    def rows(self) -> NDArray[np.void]:
        """The rows so far."""
        return self._rows[: self._count]

    def sha256(self, number: int) -> str:
        """Of one of the pictures."""
        return bytes(self._rows[number]["sha256"].tobytes()).hex()

    def side(self, number: int, view: View) -> Side:
        """A picture for a second look."""
        return side_of_row(self._rows[number], self._fines[number], view)

    def sha256s(self) -> list[str]:
        """Of all, in order."""
        digits = self.rows["sha256"].tobytes().hex()
        return [digits[begin : begin + 64] for begin in range(0, len(digits), 64)]


def side_of_row(row: np.void, fine: bytes, view: View) -> Side:
    """A picture for a second look.

    Args:
        row: With the fields of ``fingerprint.RECORD``, among others.
        fine: Its thumbnail; empty of a picture that shows much.
        view: What a hash saw of it.
    """
    evidence = row["evidence"].tobytes()
    left, top, right, bottom = (border / 255 for border in evidence[:4])
    inside_px = int(row["width_px"]) * (1 - left - right), int(row["height_px"]) * (1 - top - bottom)
    framed = framed_hashes_of(row["hashes"].tobytes(), int(row["views"]))
    return Side(evidence, fine, float(row["information"]), inside_px, view, framed)
