"""Fingerprints of very many files, on disk: a mapping of paths to them that holds no more than the paths.

A fingerprint is 1.2 kB, and as an object of Python 1.9. They are written as they come, read one at a time, and what
judges them in processes maps the same files.
"""

import weakref
from collections.abc import Iterable, Iterator, MutableMapping
from pathlib import Path
from typing import Final

import numpy as np

from synsift.dedupe import Fingerprint
from synsift.dedupe.fingerprint import RECORD
from synsift.dedupe.many.foresight import is_plain
from synsift.dedupe.many.prints import FINE_BEGINS, FINES, ROWS, Prints
from synsift.pipelines.folders.room import NewRoom, disk_full

MANY: Final = 4_096
"""From so many files on they are kept on disk: below, memory is not worth the files."""
_ROWS_AT_ONCE: Final = 65_536


class PrintFile(MutableMapping[str, Fingerprint]):
    """Fingerprints by path, in the order in which they were put in, or as ``arrange`` says. Used by one thread."""

    def __init__(self, beside: Path | None, most: int) -> None:
        """Make an empty one.

        Args:
            beside: The cache of fingerprints, on whose disk it may be; None for none.
            most: How many there can be.
        """
        self.room = NewRoom(beside)
        self._rows = self.room.make(ROWS, RECORD, (most,))
        self._fines = open(self.room.file_of(FINES), "wb")  # noqa: SIM115 - closed by `seal`
        weakref.finalize(self, self._fines.close)
        self._numbers: dict[str, int] = {}
        self._count = 0
        self._prints: Prints | None = None

    def __setitem__(self, path: str, image: Fingerprint) -> None:
        """Write one; what stood for the path before is only passed over."""
        if self._prints is not None:
            raise TypeError("they are read already, and can't be added to")
        self._rows[self._count] = np.frombuffer(image.to_record()[: RECORD.itemsize], dtype=RECORD)[0]
        try:
            self._fines.write(image.fine)
        except OSError as exc:
            raise disk_full(self.room, exc) from exc
        self._numbers[path] = self._count
        self._count += 1
        if self._count % _ROWS_AT_ONCE == 0:
            self.room.release()

    def __getitem__(self, path: str) -> Fingerprint:
        return self.prints[self._numbers[path]]

    def __delitem__(self, path: str) -> None:
        """Leave one out; its bytes stay."""
        del self._numbers[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, path: object) -> bool:
        return path in self._numbers

    def arrange(self, paths: Iterable[str]) -> None:
        """Put them into the order of some paths, among which all are."""
        self._numbers = {path: self._numbers[path] for path in paths if path in self._numbers}

    @property
    def prints(self) -> Prints:
        """All that were written; from the first time on nothing can be added."""
        if self._prints is None:
            try:
                self._fines.close()
            except OSError as exc:
                raise disk_full(self.room, exc) from exc
            begins = self.room.make(FINE_BEGINS, np.int64, (self._count + 1,))
            np.cumsum(self._rows["fine_bytes"][: self._count], out=begins[1:])
            self.room.adopt(FINES, np.uint8)
            self._rows = self.room.cut(ROWS, self._count)
            self._prints = Prints(self.room)
        return self._prints

    def numbers_of(self, paths: Iterable[str]) -> list[int]:
        """The numbers of some of them among those that were written."""
        return [self._numbers[path] for path in paths]

    def plain(self) -> int:
        """How many are too plain to compare but by their bytes."""
        numbers = np.fromiter(self._numbers.values(), np.int64, len(self))
        rows = self.prints.rows
        return sum(
            int(is_plain(rows[numbers[begin : begin + _ROWS_AT_ONCE]]).sum())
            for begin in range(0, len(numbers), _ROWS_AT_ONCE)
        )
