"""``synsift dedupe --apply``: does what was chosen on a page of groups."""

from pathlib import Path
from typing import Final

from synsift.pipelines.cli.console import counted, err
from synsift.pipelines.cli.scanning import progress
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.choices import check, read_choices
from synsift.pipelines.folders.place import JOURNAL, check_target, link_all, move_all, moved_before

_SHOWN: Final = 20


def apply_choices(file: Path, *, link: Path | None, move: Path | None) -> int:
    """Compare all files with the choices, then move the copies, or link what is kept; gives the exit status.

    Args:
        file: What the page saved.
        link: Where links of what is kept go.
        move: Where the copies go.
    """
    target = move or link
    if target is None:
        raise UsageError(f"--apply: say what to do: synsift dedupe --apply {file} --move DIR (or --link DIR)")
    choices = read_choices(file)
    folders = [Path(folder) for folder in choices.folders]
    check_target(target, folders)
    with progress("groups compared", len(choices.groups)) as advance:
        checked = check(choices, lambda: advance(1), moved_before=moved_before(target))
    if checked.moved_before:
        err.print(
            f"{counted(checked.moved_before, 'copy', 'copies')} already moved: {target / JOURNAL} says from where"
        )
    if move is not None and (checked.moves or not checked.moved_before):
        moved = move_all(checked.moves, move, folders)
        err.print(f"{counted(moved, 'copy', 'copies')} moved; {move / JOURNAL} says from where")
    elif link is not None:
        err.print(f"{counted(link_all(checked.keeps, target, folders), 'file', 'files')} linked into {target}")
    if not checked.left_alone:
        return 0
    err.print(f"{counted(len(checked.left_alone), 'file', 'files')} left alone:")
    for path, reason in checked.left_alone[:_SHOWN]:
        err.print(f"  {path}: {reason}")
    if len(checked.left_alone) > _SHOWN:
        err.print(f"  … and {len(checked.left_alone) - _SHOWN} more")
    return 1
