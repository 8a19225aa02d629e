"""Moves of copies, taken back by what their journal says.

    newest move first:  to ──▶ from      only where ``to`` is below the journal's folder and there, and ``from`` is free

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

from synsift.crawler.outside_json import loads
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.place import JOURNAL
from synsift.pipelines.folders.whole import copy_whole


@dataclass(frozen=True, slots=True)
class Move:
    """A move that was made.

    Attributes:
        line: Where the journal says it.
        origin: From where.
        place: To where.
        made: Folders that were made for it, the innermost first.
    """

    line: int
    origin: str
    place: str
    made: tuple[str, ...] = ()


@dataclass(slots=True)
class Undone:
    """What came of it.

    Attributes:
        back: The moves whose files stand where they stood.
        before: How many were back already.
        left_alone: Path and reason of the others.
    """

    back: list[Move] = field(default_factory=list)
    before: int = 0
    left_alone: list[tuple[str, str]] = field(default_factory=list)


def journal_of(path: Path) -> Path:
    """The journal that a path means: itself, or the one in a folder.

    Raises:
        UsageError: There is none.
    """
    journal = path / JOURNAL if path.is_dir() else path
    if not journal.is_file():
        raise UsageError(f"there is no `{journal}`", hint=f"name the folder of `--move`, or the `{JOURNAL}` in it")
    return journal


def read_moves(journal: Path) -> tuple[list[Move], list[int]]:
    """The moves of a journal, the newest first, and the lines that say none: cut off, or somebody else's.

    Raises:
        UsageError: It can't be read.
    """
    try:
        lines = journal.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as exc:
        raise UsageError(f"{journal}: {exc.strerror or exc}") from exc
    moves: list[Move] = []
    others: list[int] = []
    for number, line in enumerate(lines, 1):
        move = _move_of(number, line)
        if move is not None:
            moves.append(move)
        elif line.strip():
            others.append(number)
    return moves[::-1], others


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
    undone = Undone()
    folder = journal.resolve().parent
    for move in moves:
        on_move()
        if not os.path.lexists(move.place) and os.path.lexists(move.origin):
            undone.before += 1
            continue
        reason = _refusal(move, folder)
        if not reason and not dry_run:
            reason = _put_back(move)
        if reason:
            undone.left_alone.append((move.place, reason))
        else:
            undone.back.append(move)
    if not dry_run:
        _remove_folders(moves, folder)
    return undone


def _remove_folders(moves: list[Move], folder: Path) -> None:
    """Remove the folders that moves made, where nothing is in them any more."""
    made = {path for move in moves for path in move.made}
    for path in sorted(made, key=len, reverse=True):
        with contextlib.suppress(OSError, ValueError):  # it isn't empty, is gone, or has no name of a folder
            if folder in Path(path).parent.resolve().joinpath(os.path.basename(path)).parents:
                os.rmdir(path)


def _move_of(number: int, line: str) -> Move | None:
    try:
        entry = loads(line)
        origin, place = entry["from"], entry["to"]
    except (ValueError, TypeError, KeyError):
        return None
    made = entry.get("made", ())
    made = tuple(path for path in made if _is_path(path)) if isinstance(made, list) else ()
    return Move(number, origin, place, made) if _is_path(origin) and _is_path(place) else None


def _is_path(path: object) -> bool:
    return isinstance(path, str) and os.path.isabs(path) and "\0" not in path


def _refusal(move: Move, folder: Path) -> str:
    try:
        parent = Path(os.path.dirname(move.place)).resolve()
        if folder != parent and folder not in parent.parents:
            return "it isn't in the folder of the journal"
        kind = os.lstat(move.place).st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISLNK(kind):
            return "it is no file"
    except FileNotFoundError:
        return "it is gone, and so is the file that it was"
    except (OSError, ValueError) as exc:
        return getattr(exc, "strerror", None) or str(exc)
    is_taken = os.path.lexists(move.origin) and not _is_back_but_not_gone(move)
    return f"`{move.origin}` is there again" if is_taken else ""


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
