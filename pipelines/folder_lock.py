"""One crawl at a time in an output folder; any number of workers that know of each other."""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from synsift.pipelines.errors import FolderInUse, StoreError


@contextlib.contextmanager
def lock_folder(folder: Path | None, *, shared: bool = False) -> Iterator[None]:
    """Hold an output folder for the block.

    Args:
        folder: The folder; None where the output isn't one, and nothing is held.
        shared: Whether others may hold it too, if they share it as well: workers do, a crawl doesn't.

    Raises:
        FolderInUse: Another process holds it.
    """
    if folder is None:
        yield
        return
    path = folder.expanduser() / ".lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A link would have its target overwritten; a name of ours is a file of ours, or nothing.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise StoreError(f"{path} is not a file, and was left alone", hint="move it away")
        file = os.fdopen(handle, "a+")
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise StoreError(f"{path} is a symbolic link, and was left alone", hint="remove it") from exc
        raise StoreError(f"{folder}: {exc.strerror or exc}") from exc
    with file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            file.seek(0)
            holder = file.read().strip() or "?"
            raise FolderInUse(
                f"another synsift (process {holder}) works on {folder}",
                hint="wait for its end, or choose another `--out`",
            ) from exc
        if not shared:
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        try:
            yield
        finally:
            if not shared:
                file.truncate(0)
