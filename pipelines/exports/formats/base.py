"""What every format that holds bytes offers, and what is said of a unit that is written."""

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, Protocol, Self

import msgspec

from synsift.pipelines.exports.rows import Placed

PART: Final = ".part"
"""What the name of a file ends in that isn't whole."""


_BUFFER_BYTES: Final = 1 << 18
_MOST_PIECES: Final = 64


class LeftOut(msgspec.Struct, frozen=True):
    """An image that was chosen and is not there: its bytes are gone, damaged, or no picture."""

    wnid: str
    sha256: str
    problem: str


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that is whole.

    Attributes:
        unit: Its name: of a file, or of a block of files.
        side: It belongs to.
        images: How many are in it.
        size_bytes: Of it.
        sha256: Of the file, where that is wanted; empty for a block of files.
        left_out: What is not in it.
    """

    unit: str
    side: str
    images: int
    size_bytes: int
    sha256: str = ""
    left_out: tuple[LeftOut, ...] = ()


class Unit(Protocol):
    """A unit that is being written."""

    def add(self, placed: Placed, data: bytes) -> None:
        """Write an image. ``OSError`` where the disk refuses."""

    def finish(self) -> tuple[int, str]:
        """It has all: its size and SHA-256, once it is whole and stands under its name."""

    def abandon(self) -> None:
        """Leave nothing half."""


class Container(Protocol):
    """A format that holds bytes, or rows beside none."""

    most_images: int
    needs_bytes: bool

    def name(self, side: str, number: int) -> str:
        """What the nth unit of a side is called."""

    def begin(self, folder: Path, unit: str, side: str) -> Unit:
        """Begin a unit of a side."""


class HashedFile:
    """A file that has its name when it is whole; its SHA-256 is made on the way."""

    def __init__(self, path: Path, *, has_digest: bool = True) -> None:
        """Begin one.

        Args:
            path: Its name.
            has_digest: Whether its SHA-256 is wanted: of bytes that come at hundreds of megabytes a second it costs.
        """
        self._path = path
        self._part = path.with_name(path.name + PART)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = self._part.open("wb", _BUFFER_BYTES)
        self._digest = hashlib.sha256() if has_digest else None
        self.size_bytes = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        """Append some bytes."""
        self._file.write(data)
        if self._digest is not None:
            self._digest.update(data)
        self.size_bytes += len(data)
        return len(data)

    def write_all(self, parts: Sequence[bytes]) -> None:
        """Append several pieces at once, without a copy of them."""
        self._file.flush()
        handle, left = self._file.fileno(), list(parts)
        while left:
            done = os.writev(handle, left[:_MOST_PIECES])
            while left and done >= len(left[0]):
                done -= len(left.pop(0))
            if done:
                left[0] = left[0][done:]
        for part in parts:
            if self._digest is not None:
                self._digest.update(part)
            self.size_bytes += len(part)

    def flush(self) -> None:
        """Nothing to do: ``finish`` does it."""

    def close(self) -> None:
        """Nothing to do: ``finish`` does it. Arrow calls it."""

    def finish(self) -> tuple[int, str]:
        """Give it its name: its size and SHA-256. Where the disk refuses, nothing half is left."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self._path)
        except OSError:
            self.abandon()
            raise
        return self.size_bytes, self._digest.hexdigest() if self._digest is not None else ""

    def abandon(self) -> None:
        """Delete it."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.abandon()


@contextlib.contextmanager
def text_file(path: Path) -> Iterator["TextFile"]:
    """A file of text, whole or not at all."""
    with HashedFile(path) as file:
        yield TextFile(file)


class TextFile:
    """Writes text as UTF-8; what is no Unicode becomes a question mark."""

    def __init__(self, file: HashedFile) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Append some text."""
        return self._file.write(text.encode("utf-8", "replace"))
