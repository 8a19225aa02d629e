"""What ``synsift dedupe`` does with files when it is told to: link what is kept, or move the copies away.

Nothing is ever deleted or overwritten. Every move is written down before it is made, so that it can be undone.
"""

import contextlib
import errno
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from io import FileIO
from pathlib import Path
from typing import Final

from synsift.pipelines.errors import SynsiftError, UsageError
from synsift.pipelines.folders.journal import JOURNAL, read_moves
from synsift.pipelines.folders.whole import copy_whole

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}
OnDone = Callable[[int], None]


def check_target(target: Path, sources: Iterable[Path]) -> None:
    """Refuse a folder that would be searched itself the next time, or hold what it is made of.

    Raises:
        UsageError: With the way out.
    """
    if target.exists() and not target.is_dir():
        raise UsageError(f"`{target}` is a file", hint="name a folder")
    real = target.resolve()
    for source in sources:
        if real == source.resolve() or source.resolve() in real.parents:
            inside = f"`{target}` is inside of `{source}`, which is searched"
            raise UsageError(inside, hint="name a folder outside of it")


@dataclass(slots=True)
class Placed:
    """What came of files that were to be linked or moved.

    Attributes:
        made: How many were; links that are there already don't count.
        left_alone: Path and reason of each that could not be, and stands where it stood.
        full: Why the folder takes no more: what came behind wasn't tried. Empty otherwise.
    """

    made: int = 0
    left_alone: list[tuple[str, str]] = field(default_factory=list)
    full: str = ""

    def failed(self, path: str, exc: OSError) -> bool:
        """Take in that a file could not be placed; whether others can be."""
        reason = exc.strerror or str(exc)
        if exc.errno in _FULL:
            self.full = reason
        else:
            self.left_alone.append((path, reason))
        return not self.full


def link_all(paths: Iterable[str], target: Path, roots: Iterable[Path], on_done: OnDone = lambda _: None) -> Placed:
    """Link files into a folder, under their paths below the roots: hard links, or symbolic ones across file systems.

    Args:
        paths: What is linked.
        target: The folder.
        roots: What was searched.
        on_done: Told of every file before it is linked, with 1.
    """
    placed = Placed()
    roots = list(roots)
    for path in paths:
        on_done(1)
        place = target / relative(path, roots)
        try:
            _make_folder(place.parent, target)
            if place.exists() and os.path.samefile(path, place):
                continue
            _link(path, _free(place))
            placed.made += 1
        except OSError as exc:
            if not placed.failed(path, exc):
                break
    return placed


def move_all(
    moves: Iterable[tuple[str, str]], target: Path, roots: Iterable[Path], on_done: OnDone = lambda _: None
) -> Placed:
    """Move copies into a folder, under their paths below the roots. What can't be moved is left, and the rest moved.

    Args:
        moves: What is moved, and what is kept in its stead.
        target: The folder; ``moved.jsonl`` in it says from where each file came.
        roots: What was searched.
        on_done: Told of every file that was moved, with 1.

    Raises:
        SynsiftError: The journal can't be written.
    """
    placed = Placed()
    roots = list(roots)
    with _open_journal(target) as journal:
        for path, kept in moves:
            place = _free(target / relative(path, roots))
            line: dict[str, object] = {
                "from": os.path.abspath(path),
                "to": str(place.absolute()),
                "kept": os.path.abspath(kept),
                "folder": str(target.absolute()),
                "root": _root(path, roots),
            }
            made: list[str] = []
            try:
                if made := _make_folder(place.parent, target):
                    line["made"] = made
                written = _note(journal, line)
                _move(path, place, undo=partial(journal.truncate, written))
            except OSError as exc:
                _remove(made)
                if not placed.failed(path, exc):
                    break
                continue
            placed.made += 1
            on_done(1)
    return placed


def _note(journal: FileIO, line: dict[str, object]) -> int:
    """Write a move down before it is made; gives where the journal ended before.

    Raises:
        OSError: It can't be written, and the journal is as it was.
    """
    end, data = os.fstat(journal.fileno()).st_size, f"{json.dumps(line)}\n".encode()
    try:
        if journal.write(data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        journal.truncate(end)
        raise
    return end


def _move(path: str, place: Path, undo: Callable[[], object]) -> None:
    """Move a file; where it can't be taken from its place, nothing is left at the other, nor in the journal.

    Raises:
        OSError: It can't be moved, and stands where it stood.
    """
    try:
        if not os.access(os.path.dirname(path) or ".", os.W_OK | os.X_OK):  # before it is copied to another disk
            raise PermissionError(errno.EACCES, "its folder is read-only")
        try:
            os.rename(path, place)
        except OSError as exc:
            if exc.errno != errno.EXDEV:
                raise
            _move_to_another_disk(path, place)
    except OSError:
        undo()
        raise


def _move_to_another_disk(path: str, place: Path) -> None:
    copy_whole(path, place)
    try:
        os.unlink(path)
    except OSError:
        place.unlink()
        raise


def moved_before(target: Path) -> set[str]:
    """Where the files came from that the journal of a folder says were moved into it, and that are there still."""
    try:
        moves, _ = read_moves(target / JOURNAL)
    except UsageError:
        return set()
    return {move.origin for move in moves if os.path.lexists(move.place)}


def _open_journal(target: Path) -> FileIO:
    """The journal of a folder, without a buffer: a line is there or it isn't."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        journal = FileIO(os.open(target / JOURNAL, flags, 0o666), "r+")
        _end_last_line(journal)
        return journal
    except OSError as exc:
        raise SynsiftError(f"{target / JOURNAL} can't be written: {exc.strerror or exc}") from exc


def _end_last_line(journal: FileIO) -> None:
    """End a line that a full disk or a kill has cut off: what follows is a line of its own."""
    size = os.fstat(journal.fileno()).st_size
    if size and os.pread(journal.fileno(), 1, size - 1) != b"\n":
        journal.write(b"\n")


def _make_folder(folder: Path, target: Path) -> list[str]:
    """Make a folder below the target. One that a symbolic link leads out of it is refused.

    Returns:
        The folders that weren't there, the innermost first.

    Raises:
        OSError: It can't be made.
    """
    real, found = target.resolve(), folder.resolve()
    if real != found and real not in found.parents:
        raise OSError(errno.ELOOP, f"a symbolic link leads out of {target}")
    lacking = [str(one.absolute()) for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return lacking


def _remove(folders: Iterable[str]) -> None:
    """Remove folders that were made for nothing, the innermost first."""
    for folder in folders:
        with contextlib.suppress(OSError):  # something came into it meanwhile
            os.rmdir(folder)


def relative(path: str, roots: Iterable[Path]) -> Path:
    """Where a file stands below the folder that was searched; with that folder's name, where there are several."""
    roots = [root for root in roots if root.is_dir()]
    for root in roots:
        if Path(path).is_relative_to(root):
            below = Path(path).relative_to(root)
            return below if len(roots) == 1 else Path(root.resolve().name) / below
    return Path(Path(path).name)


def _root(path: str, roots: Iterable[Path]) -> str:
    """The folder that was searched and has a file in it, in full; that of the file itself if it was named alone."""
    origin = os.path.abspath(path)
    found = (os.path.abspath(root) for root in roots if root.is_dir())
    return next((root for root in found if Path(origin).is_relative_to(root)), os.path.dirname(origin))


def _link(path: str, place: Path) -> None:
    try:
        os.link(path, place)
    except OSError as exc:
        if exc.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        os.symlink(os.path.abspath(path), place)


def _free(place: Path) -> Path:
    """A name that nothing has yet."""
    number, free = 1, place
    while os.path.lexists(free):
        free = place.with_name(f"{place.stem}~{number}{place.suffix}")
        number += 1
    return free
