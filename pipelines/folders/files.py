"""Folders → the regular files in them. Links within a folder, devices, pipes and sockets are named, and not read."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from synsift.dedupe.errors import UnsupportedFormat
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.work import NOT_READABLE

NOT_FOLLOWED: Final = "not_followed"
# Of the formats that are read, and of some that aren't: whoever has them thinks that they were compared.
_IMAGE_ENDINGS: Final = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"),
    *(
        ".heic",
        ".heif",
        ".jxl",
        ".jp2",
        ".j2k",
        ".jpx",
        ".jxr",
        ".psd",
        ".exr",
        ".svg",
        ".dng",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
    ),
)


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was found.

    Attributes:
        path: As the user would write it.
        size_bytes: Its length.
        mtime_ns: When it was last changed.
    """

    path: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be fingerprinted.

    Attributes:
        path: Of the file or folder.
        reason: One word: an outcome of ``dedupe.ImageError``, or ``not_readable``, ``not_followed``, ``too_large``,
            ``decoder_crashed``, ``denied``; ``broken`` of a file that holds many.
        message: A sentence.
    """

    path: str
    reason: str
    message: str

    @property
    def is_other(self) -> bool:
        """Whether it never meant to be an image: neither what is in it nor its name says so."""
        return self.reason == UnsupportedFormat.outcome and not self.path.lower().endswith(_IMAGE_ENDINGS)

    @property
    def is_link(self) -> bool:
        """Whether it is no file of this folder: a symbolic link, a device, a pipe."""
        return self.reason == NOT_FOLLOWED

    def in_words(self) -> str:
        """Why, for people."""
        if self.reason == UnsupportedFormat.outcome and self.message != "empty":
            return self.message  # it says itself that it is none, or what it is
        return f"{self.reason.replace('_', ' ')}: {self.message}"


def walk(paths: Iterable[Path]) -> Iterator[File | Unreadable]:
    """All regular files, each folder in the order of its names. A path given twice counts once.

    Args:
        paths: Files and folders; these themselves may be symbolic links.

    Raises:
        UsageError: There is nothing at a path.
    """
    seen: set[str] = set()
    for path in paths:
        if not path.exists():
            raise UsageError(f"there is no file or folder `{path}`")
        for found in _walk_folder(str(path)) if path.is_dir() else _of_file(str(path)):
            # What a link leads to may be searched, too: the link itself is another thing.
            real = _place_of(found.path) if isinstance(found, Unreadable) else os.path.realpath(found.path)
            if real not in seen:
                seen.add(real)
                yield found


def _place_of(path: str) -> str:
    """Where something stands, whatever it leads to."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def _of_file(path: str) -> Iterator[File | Unreadable]:
    status = os.stat(path)
    if stat.S_ISREG(status.st_mode):
        yield File(path, status.st_size, status.st_mtime_ns)
    else:
        yield Unreadable(path, NOT_READABLE, "neither a file nor a folder")


def _walk_folder(folder: str) -> Iterator[File | Unreadable]:
    waiting = [folder]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as exc:
            yield Unreadable(folder, NOT_READABLE, exc.strerror or str(exc))
            continue
        for entry in found:
            try:
                if entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    yield File(entry.path, status.st_size, status.st_mtime_ns)
                elif not entry.is_dir(follow_symlinks=False):
                    yield Unreadable(entry.path, NOT_FOLLOWED, _kind_of(entry))
            except OSError as exc:  # gone in the meantime, or the disk is ill
                yield Unreadable(entry.path, NOT_READABLE, exc.strerror or str(exc))
        # The last of the stack is the next: folders stand behind the files of theirs, in order.
        waiting += [entry.path for entry in reversed(found) if entry.is_dir(follow_symlinks=False)]


def _kind_of(entry: "os.DirEntry[str]") -> str:
    if not entry.is_symlink():
        return "a device, a pipe or a socket"
    try:
        return f"a symbolic link to {os.readlink(entry.path)}"
    except OSError:
        return "a symbolic link"
