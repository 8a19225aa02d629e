"""Paths that a command will write to, tried before its work: an hour must not end at a typing error."""

import errno
import tempfile
from pathlib import Path

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
