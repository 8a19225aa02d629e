"""``synsift undo``: takes back what ``dedupe --move`` moved."""

from pathlib import Path
from typing import Annotated

import typer

from synsift.pipelines.cli.console import counted, err, print_rows
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.options import Format
from synsift.pipelines.cli.scanning import list_left_alone, progress
from synsift.pipelines.folders.journal import journal_of, read_moves
from synsift.pipelines.folders.undo import undo as undo_moves


def undo(
    journal: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="The folder of `--move`, or its moved.jsonl")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be moved back")] = False,
) -> None:
    """Move copies back to where `dedupe --move` took them from.

    Nothing is overwritten: a file whose place is taken again is left alone, and listed. Folders that were made for the
    copies go when they are empty.

    [bold]Examples[/bold]

      synsift undo copies/

      synsift undo copies/moved.jsonl --dry-run
    """
    file = journal_of(journal)
    moves, others = read_moves(file)
    with progress("moved back", len(moves)) as advance:
        undone = undo_moves(file, moves, dry_run=dry_run, on_move=lambda: advance(1))
    files = counted(len(undone.back), "file", "files")
    err.print(f"{files} would be moved back" if dry_run else f"{files} moved back")
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
