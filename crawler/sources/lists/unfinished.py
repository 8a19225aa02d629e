"""Files that are being written: nobody sees them before they are whole, and none is left behind for good.

A process that is killed can't take its own away. Whoever writes holds a lock on its file, which ends with the process,
whatever ends it; so the next one knows which are nobody's.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

_PREFIX: Final = "."


@contextmanager
def unfinished(folder: Path) -> Iterator[IO[bytes]]:
    """A new file in a folder, for whoever renames it when it is whole; otherwise it is gone after the block.

    What ended processes left there is swept first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    file = _locked(folder)
    try:
        with file:
            yield file
    finally:
        Path(file.name).unlink(missing_ok=True)


def sweep(folder: Path) -> int:
    """Delete what no living process writes; gives how many files that were."""
    swept = 0
    for path in sorted(folder.glob(f"{_PREFIX}*")):
        with suppress(OSError):
            if path.is_symlink() or not path.is_file():
                continue
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                swept += 1
    return swept


def _locked(folder: Path) -> IO[bytes]:
    """A file with our lock. Between its making and its locking another process may have taken it for nobody's."""
    while True:
        file = tempfile.NamedTemporaryFile(dir=folder, prefix=_PREFIX, delete=False)  # noqa: SIM115 - given away
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink:
                return file
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            file.close()
            raise
        file.close()
