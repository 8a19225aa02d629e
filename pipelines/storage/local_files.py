"""The objects of a folder, by the system's own calls: as obstore keeps them there, in a fifth of its time.

obstore hands each call on a local file to a thread of its own and waits for it, which costs more than the call
(docs/performance.md). Files, names and marks are the same, so that both may be used side by side; whatever has a name
that could mean more than it says is left to obstore.
"""

import contextlib
import functools
import itertools
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

# Letters, digits and marks without a meaning to anybody, in parts that are no `.` and no `..`.
_PLAIN: Final = re.compile(r"(?!\.\.?(?:/|\Z))[\w.=-]+(?:/(?!\.\.?(?:/|\Z))[\w.=-]+)*", re.ASCII)
_READ_ONLY: Final = os.O_RDONLY | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def place_of(root: Path | None, path: str) -> str | None:
    """Where the object of a path stands; None where there is no folder, or the path isn't a plain one."""
    return None if root is None or _PLAIN.fullmatch(path) is None else f"{root}/{path}"


def mark_of(found: os.stat_result) -> str:
    """What marks the bytes of a file as they are now, in obstore's form of an ETag."""
    return f'"{found.st_ino:x}-{found.st_mtime_ns // 1000:x}-{found.st_size:x}"'


def look(place: str) -> os.stat_result:
    """What is known of a file.

    Raises:
        FileNotFoundError: There is none.
    """
    found = os.stat(place)
    if stat.S_ISDIR(found.st_mode):
        raise FileNotFoundError(f"{place} is a folder")
    return found


def read(place: str) -> tuple[bytes, str]:
    """The bytes of a file, and what marks them.

    Raises:
        FileNotFoundError: There is none.
    """
    handle = os.open(place, _READ_ONLY)
    try:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            raise FileNotFoundError(f"{place} is a folder")
        with open(handle, "rb", buffering=0, closefd=False) as file:
            return file.readall(), mark_of(found)
    finally:
        os.close(handle)


def write(place: str, data: bytes, *, overwrite: bool) -> bool:
    """Write a file whole, or not at all. False if it exists and must not be overwritten."""

    def fill(unfinished: str) -> None:
        handle = os.open(unfinished, _NEW, 0o666)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(handle, left) :]
        except BaseException:
            os.unlink(unfinished)
            raise
        finally:
            os.close(handle)

    unfinished = _beside(place, fill)
    if overwrite:
        _finish(unfinished, place)
        return True
    try:
        os.link(unfinished, place)
    except FileExistsError:
        return False
    finally:
        os.unlink(unfinished)
    return True


def link(source: str, target: str) -> None:
    """Give a file a second name, in the place of what has it.

    Raises:
        FileNotFoundError: There is no such file.
    """
    look(source)
    try:
        _with_folder(target, lambda: os.link(source, target))
    except FileExistsError:
        unfinished = _beside(target, lambda name: os.link(source, name))
        _finish(unfinished, target)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(unfinished)  # two names of one file: the system leaves both (rename(2))


def _beside(place: str, make: Callable[[str], object]) -> str:
    """Make a file under a name of what is being written, as obstore has it; that name."""
    for number in itertools.count(1):
        name = f"{place}#{number}"
        try:
            _with_folder(name, functools.partial(make, name))
        except FileExistsError:
            continue
        return name
    raise AssertionError("numbers don't end")


def _finish(unfinished: str, place: str) -> None:
    try:
        os.rename(unfinished, place)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(unfinished)
        raise


def _with_folder(place: str, make: Callable[[], object]) -> None:
    """Make something, and its folder before where that isn't there."""
    try:
        make()
    except FileNotFoundError:
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
        except FileExistsError as exc:  # a link that leads nowhere, for example; not that the file itself is there
            raise NotADirectoryError(exc.errno, "there is something that is no folder", exc.filename) from exc
        make()
