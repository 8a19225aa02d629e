"""A folder of arrays on disk, for what is too much for memory and is needed no longer than the program runs.

It lies beside the cache of fingerprints, or with the system's temporary files where there is no cache. A program that
is killed leaves it behind; the next one sees by its lock that nobody has it any more, and deletes it. So nobody ever
reads what another run has written, and nothing in it needs a digest.
"""

import contextlib
import fcntl
import mmap
import os
import shutil
import stat
import tempfile
import weakref
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from synsift.pipelines.errors import SynsiftError

_PREFIX: Final = "synsift-room-"
_LOCK: Final = "lock"
_NEW_LOCK: Final = "new-lock"


class OpenRoom:
    """A room that is there: what processes that share the work have. Implements ``dedupe.many.room.Room``."""

    def __init__(self, folder: str) -> None:
        """Take it.

        Args:
            folder: Where its arrays are.
        """
        self.folder = folder
        self._arrays: dict[str, NDArray[Any]] = {}

    def make(self, name: str, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
        """A new array of zeros that can be written.

        Raises:
            SynsiftError: The disk is full, or can't be written.
        """
        path, kind = self.file_of(name), np.dtype(dtype)
        size_bytes = kind.itemsize * int(np.prod(shape, dtype=np.int64))
        try:
            with open(path, "wb") as file:
                if size_bytes:
                    _reserve(file.fileno(), size_bytes)
            return self.adopt(name, kind, shape[1:])
        except OSError as exc:
            raise disk_full(self, exc) from exc

    def adopt(self, name: str, dtype: DTypeLike, row: tuple[int, ...] = ()) -> NDArray[Any]:
        """Take a file that is there as an array of rows of a shape; as many as it has."""
        np.save(f"{self.file_of(name)}.kind.npy", np.zeros((0, *row), np.dtype(dtype)))
        return self._mapped(name)

    def get(self, name: str) -> NDArray[Any]:
        """An array that was made, as it is now."""
        return self._arrays[name] if name in self._arrays else self._mapped(name)

    def file_of(self, name: str) -> str:
        """The file that has an array's bytes and nothing else."""
        return os.path.join(self.folder, name)

    def release(self) -> None:
        """Give pages of mapped files back to the system."""
        for array in self._arrays.values():
            found = getattr(array, "_mmap", None)
            if isinstance(found, mmap.mmap):
                found.madvise(mmap.MADV_DONTNEED)

    def _mapped(self, name: str) -> NDArray[Any]:
        kind = np.load(f"{self.file_of(name)}.kind.npy")
        row_bytes = kind.itemsize * int(np.prod(kind.shape[1:], dtype=np.int64))
        count = os.path.getsize(self.file_of(name)) // row_bytes
        shape = (count, *kind.shape[1:])
        # A file without bytes can't be mapped.
        found = np.memmap(self.file_of(name), kind.dtype, "r+", shape=shape) if count else np.zeros(shape, kind.dtype)
        self._arrays[name] = found
        return found


def disk_full(room: OpenRoom, exc: OSError) -> SynsiftError:
    """What to say where a room can't be written."""
    return SynsiftError(
        f"{room.folder} can't be written: {exc.strerror or exc}",
        hint="make room on that disk, or name a cache on another one with `--cache`",
    )


class NewRoom(OpenRoom):
    """A room of one's own, which is gone when nobody has it any more."""

    def __init__(self, beside: Path | None) -> None:
        """Make it, and delete those that were left behind.

        Args:
            beside: The cache of fingerprints; None for none.

        Raises:
            SynsiftError: It can't be made.
        """
        place = Path(tempfile.gettempdir()) if beside is None else beside.absolute().parent
        try:
            place.mkdir(parents=True, exist_ok=True)
            _delete_left_behind(place)
            super().__init__(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
            # By another name until it is held: nobody takes the room for one that was left behind.
            lock = os.open(self.file_of(_NEW_LOCK), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.rename(self.file_of(_NEW_LOCK), self.file_of(_LOCK))
        except OSError as exc:
            raise SynsiftError(f"no room can be made in {place}: {exc.strerror or exc}") from exc
        self._end = weakref.finalize(self, _delete, self.folder, lock, os.getpid())

    def close(self) -> None:
        """Delete it; arrays of it that are still held keep their bytes until they are let go."""
        self._arrays.clear()
        self._end()


def _delete(folder: str, lock: int, owner: int) -> None:
    if os.getpid() == owner:  # not in a process that was forked of it
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _delete_left_behind(place: Path) -> None:
    """Delete rooms of ours whose owners were killed: nobody has their locks."""
    for folder in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                continue
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _reserve(descriptor: int, size_bytes: int) -> None:
    """Give a file its length; on the disk, where that can be had.

    A page of a hole that finds no place there when it is written kills the process.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size_bytes)
    else:
        os.truncate(descriptor, size_bytes)
