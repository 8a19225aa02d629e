"""Paths that a command will write to, tried before its work: an hour must not end at a typing error."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from synsift.pipelines.errors import UsageError


def try_file(path: Path, option: str) -> None:
    """Make sure that a file can be written; nothing is left behind.

    Raises:
        UsageError: It can't; the message names the option.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder, not a file")
        if path.exists():
            path.open("r+b").close()
        else:
            tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as exc:
        raise UsageError(f"`{option} {path}` can't be written: {_reason(exc)}", hint=_hint(path)) from exc


def try_folder(path: Path, option: str) -> None:
    """Make sure that a folder is there or can be made, and can be written into; nothing is left behind.

    Raises:
        UsageError: It can't; the message names the option.
    """
    there = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists() or one.parent == one)
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as exc:
        raise UsageError(f"`{option} {path}` can't be written: {_reason(exc)}") from exc


def _reason(exc: OSError) -> str:
    return (exc.strerror or str(exc)).lower()


def _hint(path: Path) -> str:
    return "" if path.parent.is_dir() else f"there is no folder `{path.parent}`"


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[TextIO]:
    """A file that has its name when it is whole; interrupted, it leaves nothing, and an earlier one as it was."""
    if target.exists() and not target.is_file():  # a pipe, a device
        with target.open("w", encoding="utf-8", errors="surrogateescape") as file:
            yield file
        return
    # A name that nobody else has: what the user calls .part is the user's.
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
            os.chmod(name, 0o666 & ~_umask())
            yield file
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _umask() -> int:
    """What new files are kept from; there is no way to ask but to set it."""
    found = os.umask(0o022)
    os.umask(found)
    return found
