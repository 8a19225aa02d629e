"""What stands in a store's folder: its objects, and what can't be one, each with the reason.

obstore ends a whole listing at the first name that it can't express, follows links to wherever they lead, and takes a
pipe for an object. A folder is a place where people and other programs leave things: those are passed over and named.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from synsift.pipelines.storage.local_files import mark_of

_UNFINISHED: Final = re.compile(r".*#\d+")  # obstore's name for what is being written
_KINDS: Final = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFLNK: "a link", stat.S_IFSOCK: "a socket"}


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of the folder.

    Attributes:
        path: Its name as an object's; of one that can't be an object's, in a form that can be printed.
        modified_s: When it was last written, in seconds since 1970.
        tag: What marks its bytes as they are now, in obstore's form of an ETag.
        problem: Why it is no object; empty if it is one.
    """

    path: str
    modified_s: float = 0.0
    problem: str = ""
    tag: str = ""


def kind_of(mode: int) -> str:
    """What a file is that isn't a regular one, in words; empty for a regular one."""
    return "" if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "a device")


def walk(root: Path, prefix: str) -> Iterator[Found]:
    """Everything below a prefix, in no order. The prefix's own folder may be a link, nothing below it is followed.

    Raises:
        OSError: A folder can't be read.
    """
    waiting = [prefix.rstrip("/")]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(root / folder))
        except (FileNotFoundError, NotADirectoryError):
            continue  # gone since it was listed, or never there
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if not _can_be_named(entry.name):
                yield Found(_printable(path), problem="its name can't be an object's")
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif not _UNFINISHED.fullmatch(entry.name) and (found := _look(entry, path)) is not None:
                yield found


def _look(entry: os.DirEntry[str], path: str) -> Found | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    kind = kind_of(status.st_mode)
    return Found(path, status.st_mtime, f"it is {kind}, not a file" if kind else "", mark_of(status))


def _can_be_named(name: str) -> bool:
    """Whether a name is text without control characters: what obstore can express."""
    try:
        return all(byte >= 0x20 and byte != 0x7F for byte in name.encode())
    except UnicodeEncodeError:
        return False  # bytes that are no UTF-8


def _printable(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode().encode("unicode_escape").decode("ascii")
