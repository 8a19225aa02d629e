"""Rows in any order → rows in the order of their SHA-256, on disk: memory is that of a 256th of them.

That order is a shuffle which never changes: neighbours have nothing to do with each other, and an export of the same
images has them in the same places.
"""

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self

import msgspec

from synsift.pipelines.exports.rows import Row

_BUFFER_BYTES: Final = 1 << 16
_LENGTH_BYTES: Final = 4


class Spool:
    """Rows on disk, in 256 files by the first byte of their SHA-256. One writer; what it wrote can be read often."""

    def __init__(self, folder: Path) -> None:
        """Begin anew, whatever an earlier run left there."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder
        self._files: dict[str, BinaryIO] = {}
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Row)
        self._digest = hashlib.sha256()
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Delete all of it. What a full disk has no room for isn't wanted any more."""
        for file in self._files.values():
            with contextlib.suppress(OSError):
                file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, row: Row) -> None:
        """Take a row in."""
        data = self._encoder.encode(row)
        bucket = row.sha256[:2]
        file = self._files.get(bucket)
        if file is None:
            file = self._files[bucket] = (self._folder / bucket).open("wb", _BUFFER_BYTES)
        file.write(len(data).to_bytes(_LENGTH_BYTES, "little") + data)
        self._digest.update(data)
        self.count += 1

    def close(self) -> None:
        """All rows are there: they can be read."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    @property
    def digest(self) -> str:
        """Names what was taken in, in the order in which it was."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[Row]:
        """All rows, in the order of their SHA-256, then of their wnids."""
        for path in sorted(self._folder.iterdir()):
            yield from sorted(self._read(path.read_bytes()), key=lambda row: (row.sha256, row.wnid))

    def _read(self, data: bytes) -> Iterator[Row]:
        at = 0
        while at < len(data):
            begin = at + _LENGTH_BYTES
            at = begin + int.from_bytes(data[at:begin], "little")
            yield self._decoder.decode(data[begin:at])
