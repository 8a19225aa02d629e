"""What ``synsift dedupe --move``, ``--link`` and ``--apply`` do with files, after a last look at each of them."""

from collections.abc import Sequence
from pathlib import Path

from synsift.pipelines.cli.console import err
from synsift.pipelines.cli.scanning import list_left_alone, progress
from synsift.pipelines.errors import SynsiftError, UsageError
from synsift.pipelines.folders.choices import Choices, check, read_choices
from synsift.pipelines.folders.journal import JOURNAL
from synsift.pipelines.folders.place import Placed, check_target, link_all, move_all, moved_before
from synsift.pipelines.texts import counted


def apply_choices(file: Path, *, link: Path | None, move: Path | None) -> int:
    """Compare all files with the choices, then move the copies, or link what is kept; gives the exit status.

    Args:
        file: What the page saved.
        link: Where links of what is kept go.
        move: Where the copies go.
    """
    if move is None and link is None:
        raise UsageError(f"--apply: say what to do: synsift dedupe --apply {file} --move DIR (or --link DIR)")
    choices = read_choices(file)
    check_target(move or link or Path(), [Path(folder) for folder in choices.folders])
    return carry_out(choices, link=link, move=move)


def carry_out(choices: Choices, *, link: Path | None, move: Path | None) -> int:
    """Compare all files with what was known of them, then move the copies, or link what is kept; the exit status."""
    target = move or link or Path()
    folders = [Path(folder) for folder in choices.folders]
    with progress("groups compared", len(choices.groups)) as advance:
        checked = check(choices, lambda: advance(1), moved_before=moved_before(target))
    if checked.moved_before:
        err.print(
            f"{counted(checked.moved_before, 'copy', 'copies')} already moved: {target / JOURNAL} says from where"
        )
    placed = Placed()
    if move is not None and (checked.moves or not checked.moved_before):
        placed = _move(checked.moves, move, folders)
    elif link is not None:
        placed = _link(checked.keeps, link, folders)
    left_alone = [*checked.left_alone, *placed.left_alone]
    list_left_alone(left_alone)
    if checked.left_alone:
        err.print(
            "hint: what changes while it is compared, or keeps its time when it changes, is read anew with `--no-cache`"
        )
    if placed.full:
        raise SynsiftError(f"`{target}` takes no more: {placed.full}", hint="make room, and run it again")
    return 1 if left_alone else 0


def _link(keeps: Sequence[str], target: Path, folders: Sequence[Path]) -> Placed:
    """Link what is kept."""
    with progress("linked", len(keeps)) as advance:
        linked = link_all(keeps, target, folders, on_done=advance)
    err.print(f"{counted(linked.made, 'file', 'files')} linked into {target}")
    return linked


def _move(moves: Sequence[tuple[str, str]], target: Path, folders: Sequence[Path]) -> Placed:
    """Move copies, and say how many were, whatever ends it."""
    moved = 0

    def count(number: int) -> None:
        nonlocal moved
        moved += number
        advance(number)

    try:
        with progress("moved", len(moves)) as advance:
            return move_all(moves, target, folders, on_done=count)
    finally:
        of = f" of {len(moves):,}" if moved < len(moves) else ""
        back = f"; `synsift undo {target}` takes that back" if moved else ""
        err.print(f"{moved:,}{of} {'copy' if len(moves) == 1 else 'copies'} moved{back}")
