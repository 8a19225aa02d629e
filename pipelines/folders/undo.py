"""Moves of copies, taken back by what their journal says.

    newest move first:  to ──▶ from      only where ``to`` is below the journal's folder and there, and ``from`` is free
                                         and below the folder that was searched

Nothing is overwritten, and nothing deleted but folders that were made for the moves and are empty; the journal stays
as it is, so undoing twice does nothing more.
"""

import contextlib
import filecmp
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from synsift.pipelines.folders.journal import Move
from synsift.pipelines.folders.whole import copy_whole


@dataclass(slots=True)
class Undone:
    """What came of it.

    Attributes:
        back: The moves whose files stand where they stood.
        before: How many were back already.
        left_alone: Path and reason of the others.
        lacking: The folders that some of these came from, and that are gone.
    """

    back: list[Move] = field(default_factory=list)
    before: int = 0
    left_alone: list[tuple[str, str]] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)


def undo(
    journal: Path, moves: list[Move], *, dry_run: bool = False, on_move: Callable[[], None] = lambda: None
) -> Undone:
    """Take moves back.

    Args:
        journal: Below whose folder everything has to be that is moved.
        moves: As they were read.
        dry_run: Only say what would be done.
        on_move: Called after each.
    """
    undone, ahead = Undone(), _Ahead(journal.resolve())
    try:
        for move in moves:
            on_move()
            if not ahead.is_there(move.place) and ahead.is_there(move.origin):
                undone.before += 1
                continue
            reason = ahead.refusal(move) or ("" if dry_run else _put_back(move))
            if reason:
                undone.left_alone.append((move.place, reason))
                continue
            undone.back.append(move)
            if dry_run:
                ahead.take(move)
    finally:
        undone.lacking = sorted(ahead.lacking)
        if not dry_run:
            _remove_folders(moves, undone.back, journal.resolve().parent)
    return undone


def _remove_folders(moves: list[Move], back: list[Move], folder: Path) -> None:
    """Remove the folders that moves made and that files went out of just now, where nothing is in them any more."""
    left = {str(parent) for move in back for parent in Path(move.place).parents}
    made = {path for move in moves for path in move.made} & left
    for path in sorted(made, key=len, reverse=True):
        with contextlib.suppress(OSError, ValueError):  # it isn't empty, is gone, or has no name of a folder
            if folder in Path(path).parent.resolve().joinpath(os.path.basename(path)).parents:
                os.rmdir(path)


class _Ahead:
    """What stands where, as if moves had been made that a dry run only names.

    Attributes:
        lacking: Folders that were searched and are gone.
    """

    def __init__(self, journal: Path) -> None:
        self.lacking: set[str] = set()
        self._journal = journal
        self._came: set[str] = set()
        self._went: set[str] = set()

    def take(self, move: Move) -> None:
        """Let a move be taken back."""
        self._came.add(move.origin)
        self._went.add(move.place)

    def is_there(self, path: str) -> bool:
        """Whether anything stands at a path."""
        return path in self._came or (path not in self._went and os.path.lexists(path))

    def refusal(self, move: Move) -> str:
        """Why a move can't be taken back, or isn't to be; empty if it can."""
        try:
            return self._of_place(move) or self._of_origin(move) or self._of_folders(move)
        except (OSError, ValueError) as exc:
            return getattr(exc, "strerror", None) or str(exc)

    def _of_place(self, move: Move) -> str:
        if not self.is_there(move.place):
            return "it is gone, and so is the file that it was"
        parent, folder = Path(os.path.dirname(move.place)).resolve(), self._journal.parent
        if folder != parent and folder not in parent.parents:
            return "it isn't in the folder of the journal"
        if parent / os.path.basename(move.place) == self._journal:
            return "it is the journal itself"
        kind = os.lstat(move.place).st_mode
        return "" if stat.S_ISREG(kind) or stat.S_ISLNK(kind) else "it is no file"

    def _of_origin(self, move: Move) -> str:
        origin, root = Path(move.origin), Path(move.root)
        if ".." in origin.parts:
            return f"`{move.origin}`, where it came from by the journal, goes through `..`: that was changed"
        if root not in origin.parents:
            return f"`{move.origin}` isn't in `{root}`, which was searched by the journal: one of them was changed"
        if not root.is_dir():
            self.lacking.add(move.root)
            return f"`{move.root}` is gone, where it came from"
        parent, real = origin.parent.resolve(), root.resolve()
        if move.root_is_told and parent != real and real not in parent.parents:
            return f"a symbolic link leads out of `{root}`, where it came from"
        is_taken = self.is_there(move.origin) and not _is_back_but_not_gone(move)
        return f"`{move.origin}` is there again" if is_taken else ""

    def _of_folders(self, move: Move) -> str:
        """What ``os.access`` says of the folders between which a file goes: the nearest that is there of the other."""
        if not os.access(os.path.dirname(move.place), os.W_OK | os.X_OK):
            return "its folder is read-only"
        folder = os.path.dirname(move.origin)
        while not self.is_there(folder) and folder != os.path.dirname(folder):
            folder = os.path.dirname(folder)
        if folder in self._came or not os.path.isdir(folder):
            return f"`{folder}` is no folder"
        return "" if os.access(folder, os.W_OK | os.X_OK) else f"`{folder}` is read-only, where it came from"


def _is_back_but_not_gone(move: Move) -> bool:
    """Whether a file is at both places: who took it back was killed before it was taken away from the second one."""
    try:
        origin, place = os.lstat(move.origin), os.lstat(move.place)
        if os.path.samestat(origin, place):
            return origin.st_nlink > 1 and not _is_one_name(move)
        is_copied = origin.st_dev != place.st_dev and stat.S_ISREG(origin.st_mode) and stat.S_ISREG(place.st_mode)
        return is_copied and filecmp.cmp(move.origin, move.place, shallow=False)
    except OSError:
        return False


def _is_one_name(move: Move) -> bool:
    """Whether both paths lead to one name in one folder, as where a link stands in the place of a folder by now."""
    origin, place = (os.path.split(path) for path in (move.origin, move.place))
    return origin[1] == place[1] and os.path.samefile(origin[0], place[0])


def _put_back(move: Move) -> str:
    """Move a file back; why not, in words."""
    try:
        os.makedirs(os.path.dirname(move.origin), exist_ok=True)
        try:
            # Unlike a rename, a link never takes the place of what came there meanwhile.
            os.link(move.place, move.origin, follow_symlinks=False)
        except FileExistsError:
            if not _is_back_but_not_gone(move):
                return f"`{move.origin}` is there again"
        except OSError:
            copy_whole(move.place, Path(move.origin))
        os.unlink(move.place)
    except (OSError, ValueError) as exc:
        return getattr(exc, "strerror", None) or str(exc)
    return ""
