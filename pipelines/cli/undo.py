"""``synsift undo``: takes back what ``dedupe --move`` moved."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from synsift.pipelines.cli.console import err, print_rows
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.options import Format
from synsift.pipelines.cli.scanning import list_left_alone, progress
from synsift.pipelines.folders.journal import Move, journal_of, read_moves
from synsift.pipelines.folders.undo import undo as undo_moves
from synsift.pipelines.texts import counted

_NAMED: Final = 10


def undo(
    journal: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="The folder of `--move`, or its moved.jsonl")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be moved back")] = False,
) -> None:
    """Move copies back to where `dedupe --move` took them from.

    Nothing is overwritten: a file whose place is taken again is left alone, and listed. Folders that were made for the
    copies go when they are empty. Files go back to the folders that were searched, which are named: look with
    `--dry-run` first where the copies come from somebody else.

    [bold]Examples[/bold]

      synsift undo copies/

      synsift undo copies/moved.jsonl --dry-run
    """
    file = journal_of(journal)
    moves, others = read_moves(file)
    if not moves and not others:
        err.print(f"`{file}` holds no moves: there is nothing to take back")
        return
    with progress("moved back", len(moves)) as advance:
        undone = undo_moves(file, moves, dry_run=dry_run, on_move=lambda: advance(1))
    files = counted(len(undone.back), "file", "files")
    err.print(f"{files} {'would be ' if dry_run else ''}moved back{_where(undone.back)}")
    if dry_run:
        rows = ({"moved": move.place, "back to": move.origin} for move in undone.back)
        print_rows(rows, Format.TABLE, empty="")
    if undone.before:
        err.print(f"{counted(undone.before, 'was', 'were')} back before")
    if others:
        lines = counted(len(others), "line says", "lines say")
        err.print(f"{lines} no move in {file}, the first is line {others[0]}; what they stood for stays")
    list_left_alone(undone.left_alone)
    for folder in undone.lacking:
        err.print(
            f"hint: give the folder with these pictures the name `{folder}` again, or make that one, and run it again"
        )
    if others or undone.left_alone:
        raise typer.Exit(ExitStatus.FAILED)


def _where(moves: Sequence[Move]) -> str:
    """To which folders moves go back: a journal may come from somebody else, and names them itself."""
    by_root: dict[str, list[str]] = {}
    for move in moves:
        by_root.setdefault(move.root, []).append(os.path.dirname(move.origin))
    found = [(len(folders), os.path.commonpath(folders)) for folders in by_root.values()]
    if len(found) < 2:
        return f" to `{found[0][1]}`" if found else ""
    named = [f"{files:,} to `{folder}`" for files, folder in found[:_NAMED]]
    others = [f"the others to {counted(len(found) - _NAMED, 'more folder', 'more folders')}"] if found[_NAMED:] else []
    return f": {', '.join([*named, *others])}"
