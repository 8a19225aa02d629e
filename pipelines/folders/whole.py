"""Files that have their names when they are whole, whoever is killed meanwhile.

a file without a name ──▶ written ──▶ linked to its name     gone with its process; where a file system has such
.NAME.<hex>.part      ──▶ written ──▶ renamed                elsewhere; kill -9 leaves it behind
"""

import contextlib
import os
import secrets
import shutil
import stat
from pathlib import Path
from typing import Final

_DESCRIPTORS: Final = "/proc/self/fd"


def nameless(folder: Path) -> int | None:
    """A file that is gone with this process, unless it is named before; None where there is no such thing."""
    if not os.path.isdir(_DESCRIPTORS):
        return None
    try:
        return os.open(folder, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o666)
    except (AttributeError, OSError):  # not of this system, or not of this file system
        return None


def give_name(descriptor: int, place: Path) -> None:
    """Give a nameless file a name that nothing has.

    Raises:
        FileExistsError: Something has it.
        OSError: It can't be named.
    """
    folder = os.open(place.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)  # which asks for no right to list it
    try:
        # With folders as descriptors, or Python would link the link.
        os.link(_path_of(descriptor), place.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def part_of(place: Path) -> Path:
    """Where a file is until it is whole, beside its place. Nobody else has the name: a user's .part is the user's."""
    return place.with_name(f".{os.fsdecode(os.fsencode(place.name)[:100])}.{secrets.token_hex(8)}.part")


def copy_whole(path: str | Path, place: Path) -> None:
    """Copy a file, or a link as a link, to a place that nothing has; it lies on the disk when this returns.

    Raises:
        FileExistsError: Something has it.
        OSError: It can't be copied.
    """
    if stat.S_ISLNK(os.lstat(path).st_mode):
        os.symlink(os.readlink(path), place)
        return
    if not _copied_nameless(path, place):
        _copy_with_another_name(path, place)


def _copied_nameless(path: str | Path, place: Path) -> bool:
    """Copy a file by way of one without a name; whether there are such here, and links to them."""
    descriptor = nameless(place.parent)
    if descriptor is None:
        return False
    try:
        shutil.copy2(path, _path_of(descriptor))
        try:
            give_name(descriptor, place)
        except FileExistsError:
            raise
        except OSError:
            return False
        os.fsync(descriptor)
        _sync(place.parent)
    finally:
        os.close(descriptor)
    return True


def _copy_with_another_name(path: str | Path, place: Path) -> None:
    part = part_of(place)
    try:
        shutil.copyfile(path, part)
        _sync(part)
        shutil.copystat(path, part)  # at the end: it may make the copy read-only
        try:
            # Unlike a rename, a link never takes the place of what came there meanwhile.
            os.link(part, place)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if os.path.lexists(place):
                raise
            os.rename(part, place)
        _sync(place.parent)
    finally:
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """See that a file, or the names in a folder, lie on the disk, where a file system can say so."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _path_of(descriptor: int) -> str:
    return f"{_DESCRIPTORS}/{descriptor}"
