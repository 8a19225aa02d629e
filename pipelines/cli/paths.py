"""Paths that a command will write to, tried before its work: an hour must not end at a typing error."""

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from synsift.pipelines.errors import SynsiftError, UsageError
from synsift.pipelines.folders.whole import give_name, nameless, part_of


def try_file(path: Path, option: str) -> None:
    """Make sure that a file can be written; nothing is left behind.

    Raises:
        UsageError: It can't; the message names the option.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder, not a file")
        if path.is_file():
            path.open("r+b").close()
        elif path.exists():  # a pipe or a device, which may wait for who reads it
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
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


def unwritten(what: str, exc: OSError) -> SynsiftError:
    """What to raise where writing failed that had been possible: a disk that is full by now is no wrong use."""
    words = f"{what}: {exc.strerror or exc}"
    if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
        return SynsiftError(words, hint="make room, and run it again" if exc.errno != errno.EIO else "")
    return UsageError(words)


def _reason(exc: OSError) -> str:
    return (exc.strerror or str(exc)).lower()


def _hint(path: Path) -> str:
    return "" if path.parent.is_dir() else f"there is no folder `{path.parent}`"


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[TextIO]:
    """A file that has its name when it is whole; interrupted, it leaves nothing, and an earlier one as it was.

    A link stays, and what it leads to is written; an earlier file's permissions are the new one's.
    """
    if target.exists() and (not target.is_file() or _is_where_we_print(target)):
        with target.open("w", encoding="utf-8", errors="surrogateescape") as file:
            yield file
        return
    target = target.resolve()
    descriptor = nameless(target.parent)
    if descriptor is None:
        with _with_another_name(target) as file:
            yield file
        return
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        yield file
        file.flush()
        _keep_mode(target, file.fileno())
        _replace(file.fileno(), target)


def _is_where_we_print(file: Path) -> bool:
    """Whether it is the standard output or error, by any name: that is open, and not to be replaced."""
    there = file.stat()
    for stream in (1, 2):
        with contextlib.suppress(OSError):  # closed
            if os.path.samestat(there, os.fstat(stream)):
                return True
    return False


def _replace(descriptor: int, target: Path) -> None:
    """Give a nameless file its name, in the place of one that has it. By way of another one, as naming takes none."""
    part = part_of(target)
    give_name(descriptor, part)
    try:
        part.rename(target)
    except BaseException:
        part.unlink()
        raise


@contextlib.contextmanager
def _with_another_name(target: Path) -> Iterator[TextIO]:
    part = part_of(target)
    try:
        with part.open("x", encoding="utf-8", errors="surrogateescape") as file:
            yield file
        _keep_mode(target, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _keep_mode(target: Path, file: int | Path) -> None:
    """Give a file the permissions of the one that it replaces, if there is one and it is ours to give them."""
    with contextlib.suppress(OSError):
        os.chmod(file, stat.S_IMODE(target.stat().st_mode))
