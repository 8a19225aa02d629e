"""Fingerprints of very many files, on disk: a mapping of paths to them that holds no more than the paths.

A fingerprint is 1.2 kB, and as an object of Python 1.9. They are written as they come, read one at a time, and what
judges them in processes maps the same files.
"""

import weakref
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

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

    def __init__(self, beside: Path | None) -> None:
        """Make an empty one.

        Args:
            beside: The cache of fingerprints, on whose disk it may be; None for none.
        """
        self.room = NewRoom(beside)
        # Closed when the first is read.
        self._rows = open(self.room.file_of(ROWS), "wb")  # noqa: SIM115
        self._fines = open(self.room.file_of(FINES), "wb")  # noqa: SIM115
        for file in (self._rows, self._fines):
            weakref.finalize(self, _close, file)
        self._numbers: dict[str, int] = {}
        self._count = 0
        self._prints: Prints | None = None

    def __setitem__(self, path: str, image: Fingerprint) -> None:
        """Write one; what stood for the path before is only passed over."""
        if self._prints is not None:
            raise TypeError("they are read already, and can't be added to")
        try:
            self._rows.write(image.to_record()[: RECORD.itemsize])
            self._fines.write(image.fine)
        except OSError as exc:
            raise disk_full(self.room, exc) from exc
        self._numbers[path] = self._count
        self._count += 1

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
                self._rows.close()
                self._fines.close()
            except OSError as exc:
                raise disk_full(self.room, exc) from exc
            rows = self.room.adopt(ROWS, RECORD)
            begins = self.room.make(FINE_BEGINS, np.int64, (self._count + 1,))
            np.cumsum(rows["fine_bytes"], out=begins[1:])
            self.room.adopt(FINES, np.uint8)
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


def _close(file: IO[bytes]) -> None:
    """Close a file that nobody will read, whether or not the disk is full."""
    with suppress(OSError):
        file.close()


def gathered(
    found: Iterable[tuple[str, Fingerprint]], beside: Path | None, *, may_be_on_disk: bool = True
) -> tuple[MutableMapping[str, Fingerprint], dict[str, str]]:
    """Pictures by name, none of which hides another one of its name, and each only once.

    Args:
        found: Names and pictures, as they come.
        beside: As a ``PrintFile`` has it.
        may_be_on_disk: Whether very many are; otherwise all are in memory.

    Returns:
        The pictures, of very many as a ``PrintFile``; and the name of each by its SHA-256.
    """
    images: MutableMapping[str, Fingerprint] = {}
    names: dict[str, str] = {}
    for name, image in found:
        if image.sha256 not in names:
            if may_be_on_disk and len(images) >= MANY and not isinstance(images, PrintFile):
                few, images = images, PrintFile(beside)
                images.update(few)
            images[name if name not in images else f"{name} ({image.sha256})"] = image
        names[image.sha256] = name
    return images, names
