"""Paths that a command will write to, tried before its work: an hour must not end at a typing error."""

import contextlib
import errno
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from synsift.pipelines.errors import UsageError

_DESCRIPTORS: Final = "/proc/self/fd"


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
    nameless = _nameless(target.parent)
    if nameless is None:
        with _with_another_name(target) as file:
            yield file
        return
    with os.fdopen(nameless, "w", encoding="utf-8", errors="surrogateescape") as file:
        yield file
        file.flush()
        _name(file.fileno(), target)


def _nameless(folder: Path) -> int | None:
    """A file that is gone with this process, unless it is named before; None where there is no such thing."""
    if not os.path.isdir(_DESCRIPTORS):
        return None
    try:
        return os.open(folder, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o666)
    except (AttributeError, OSError):  # not of this system, or not of this file system
        return None


def _name(descriptor: int, target: Path) -> None:
    """Give a file its name, in the place of one that has it. By way of another one, as naming takes none away."""
    folder = os.open(target.parent, os.O_RDONLY | os.O_CLOEXEC)
    part = _part(target)
    try:
        # With folders as descriptors, or Python would link the link.
        os.link(f"{_DESCRIPTORS}/{descriptor}", part, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
        try:
            os.rename(part, target.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(part, dir_fd=folder)
            raise
    finally:
        os.close(folder)


def _part(target: Path) -> str:
    """A name that nobody else has: what the user calls .part is the user's."""
    return f".{os.fsdecode(os.fsencode(target.name)[:100])}.{secrets.token_hex(8)}.part"


@contextlib.contextmanager
def _with_another_name(target: Path) -> Iterator[TextIO]:
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
