"""The journal of moved copies: a line a move, ``{"from", "to", "kept", "folder", "root", "made"}``, paths in full.

``folder`` is where the journal stood, ``root`` the folder that was searched. A journal goes with its folder: where that
has another name by now, ``to`` is looked for at the same place below it. Journals before this have neither of the two;
their folder is the one that makes most of their files be there, their root what is left of ``from`` before the part
that it shares with ``to``.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from synsift.crawler.outside_json import loads
from synsift.pipelines.errors import UsageError

JOURNAL: Final = "moved.jsonl"


@dataclass(frozen=True, slots=True)
class Move:
    """A move that was made.

    Attributes:
        line: Where the journal says it.
        origin: From where.
        place: To where; as the journal says it, or where that is now.
        made: Folders that were made for it, the innermost first.
        folder: Where the journal stood then; empty if it doesn't say.
        root: The folder that was searched, or what seems to have been it.
        root_is_told: Whether the journal says it.
    """

    line: int
    origin: str
    place: str
    made: tuple[str, ...] = ()
    folder: str = ""
    root: str = ""
    root_is_told: bool = False


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
        hint = "name the folder of `--move`, as somebody who may read what is in it"
        raise UsageError(f"`{journal}` can't be read: {exc.strerror or exc}", hint=hint) from exc
    moves: list[Move] = []
    others: list[int] = []
    for number, line in enumerate(lines, 1):
        move = _move_of(number, line)
        if move is not None:
            moves.append(move)
        elif line.strip():
            others.append(number)
    return list(_found(_once(moves[::-1]), journal.resolve().parent)), others


def _once(moves: Iterable[Move]) -> list[Move]:
    """Moves without those that another line says, too: what was moved, taken back and moved again is one."""
    found: dict[tuple[str, str], Move] = {}
    for move in moves:
        first = found.setdefault((move.origin, move.place), move)
        if first is not move and move.made:
            found[move.origin, move.place] = replace(first, made=tuple(dict.fromkeys((*first.made, *move.made))))
    return list(found.values())


def _found(moves: list[Move], here: Path) -> Iterator[Move]:
    """Moves with the places where their files are now, below the folder in which the journal stands."""
    places = _Places(here)
    places.guess(moves)
    for move in moves:
        folder = move.folder or places.folder_of(move)
        is_elsewhere = bool(folder) and not places.is_below(folder, itself=True)
        place = places.now(move.place, folder) if is_elsewhere else move.place
        made = tuple(places.now(path, folder) for path in move.made) if is_elsewhere else move.made
        found = replace(move, place=place or move.place, made=tuple(path for path in made if path))
        yield found if found.root_is_told else replace(found, root=_likely_root(found, here))


class _Places:
    """Where files are that a journal names by the name that its folder had."""

    def __init__(self, here: Path) -> None:
        self._here = here
        self._below: dict[tuple[str, bool], bool] = {}
        self._votes: Counter[str] = Counter()

    def is_below(self, folder: str, *, itself: bool = False) -> bool:
        """Whether a folder is the journal's or in it; or the journal's itself."""
        known = self._below.get((folder, itself))
        if known is None:
            try:
                real = Path(folder).resolve()
                known = real == self._here or (not itself and self._here in real.parents)
            except (OSError, ValueError):  # links in a circle, or no name of a folder
                known = False
            self._below[folder, itself] = known
        return known

    def now(self, path: str, folder: str) -> str:
        """Where a path below the folder of then is now; empty if it wasn't below it."""
        try:
            below = Path(path).relative_to(folder)
        except ValueError:
            return ""
        return "" if ".." in below.parts else str(self._here / below)

    def guess(self, moves: Iterable[Move]) -> None:
        """Count for each folder in which the journal may have stood how many files would be there."""
        for move in moves:
            if not move.folder:
                self._votes.update(self._candidates(move))

    def folder_of(self, move: Move) -> str:
        """Where the journal stood that doesn't say it; empty if nothing tells, or it stands there still."""
        votes = sorted(((self._votes[folder], folder) for folder in self._candidates(move)), reverse=True)
        is_plain = votes and (len(votes) == 1 or votes[0][0] > votes[1][0])
        return votes[0][1] if is_plain else ""

    def _candidates(self, move: Move) -> list[str]:
        if self.is_below(os.path.dirname(move.place)) or os.path.lexists(move.place):
            return []
        folders = (str(parent) for parent in Path(move.place).parents)
        return [one for one in folders if (now := self.now(move.place, one)) and os.path.lexists(now)]


def _likely_root(move: Move, here: Path) -> str:
    """What is left of where a file came from, before the folders that it shares with where it went."""
    folder = Path(move.origin).parent
    try:
        below = Path(move.place).parent.resolve().relative_to(here)
    except (OSError, ValueError):
        return str(folder)
    for name in reversed(below.parts):
        if folder.name != name:
            break
        folder = folder.parent
    return str(folder)


def _move_of(number: int, line: str) -> Move | None:
    try:
        entry = loads(line)
        origin, place = entry["from"], entry["to"]
    except (ValueError, TypeError, KeyError):
        return None
    if not _is_path(origin) or not _is_path(place):
        return None
    made = entry.get("made", ())
    made = tuple(path for path in made if _is_path(path)) if isinstance(made, list) else ()
    folder, root = (entry.get(name) if _is_path(entry.get(name)) else "" for name in ("folder", "root"))
    return Move(number, origin, place, made, folder, root, root_is_told=bool(root))


def _is_path(path: object) -> bool:
    return isinstance(path, str) and os.path.isabs(path) and "\0" not in path
