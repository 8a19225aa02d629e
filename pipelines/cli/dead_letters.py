"""``synsift dead-letters``."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synsift.pipelines.cli.belonging import tell_if_apart
from synsift.pipelines.cli.console import err, print_rows
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, settings_of
from synsift.pipelines.cli.suggestions import check_known
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.dead_letters import OpenLetter

app = typer.Typer(no_args_is_help=True, help="List what failed, and try it again.")

Outcome = Annotated[
    list[str] | None,
    typer.Option("--outcome", metavar="NAME", help="Only with this outcome, such as timeout; may be repeated"),
]
StageName = Annotated[str | None, typer.Option("--stage", metavar="NAME", help="Only from this stage")]


@app.command("list")
def list_(
    outcome: Outcome = None,
    stage: StageName = None,
    summary: Annotated[bool, typer.Option("--summary", help="Only count them, by outcome")] = False,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """List dead letters that were not replayed.

    [bold]Examples[/bold]

      synsift dead-letters list --summary

      synsift dead-letters list --outcome timeout --format jsonl
    """
    settings = settings_of(file, values, store__url=out)

    from synsift.pipelines.assembly import open_log
    from synsift.pipelines.dead_letters import read_dead_letters

    with contextlib.closing(open_log(settings, read_only=True)) as log:
        letters = _chosen(read_dead_letters(log), outcome, stage)
        tell_if_apart(settings, log)
    if summary:
        print_rows(_classes(letters), output, empty="no dead letters")
        return
    details = ("at", "message", "input")
    print_rows(map(_row, letters), output, details=details, clipped=("input",), empty="no dead letters")


@app.command()
def replay(
    outcome: Outcome = None,
    stage: StageName = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Put what failed back into the log, for workers to try again.

    [bold]Examples[/bold]

      synsift dead-letters replay --outcome timeout --outcome server_error
    """
    settings = settings_of(file, values, store__url=out)

    from synsift.pipelines.assembly import open_log, open_parts
    from synsift.pipelines.dead_letters import read_dead_letters
    from synsift.pipelines.dead_letters import replay as replay_letters

    with contextlib.closing(open_log(settings, read_only=True)) as log:
        _chosen(read_dead_letters(log), outcome, stage)  # a wrong name changes nothing
    parts = open_parts(settings)
    with contextlib.closing(parts.log) as log:
        letters = _chosen(read_dead_letters(log), outcome, stage)
        count = replay_letters(log, parts.router, letters)
    many = counted(len(letters), "dead letter", "dead letters")
    err.print(f"replayed {count} of {many}; workers or the same crawl try again")
    lines = sum(found.letter.is_part for found in letters)
    lost = len(letters) - count - lines
    if lines:
        why = "about one line of a list each: mend it there, and crawl the list again"
        err.print(f"{counted(lines, 'stays', 'stay')}, {why}")
    if lost:
        err.print(f"{counted(lost, 'stays', 'stay')}: what it is about is not in the log any more")


def _chosen(letters: "list[OpenLetter]", outcomes: list[str] | None, stage: str | None) -> "list[OpenLetter]":
    """The letters that the options name.

    Raises:
        UsageError: An outcome or a stage that there isn't.
    """
    from synsift.pipelines.assembly import STAGES
    from synsift.pipelines.outcomes import known_outcomes

    if stage is not None:
        check_known("stage", stage, STAGES)
    present = {found.letter.outcome for found in letters}
    for name in outcomes or []:
        if name not in present:
            check_known("outcome", name, sorted(present | known_outcomes()))
    return [
        found
        for found in letters
        if (not outcomes or found.letter.outcome in outcomes) and (stage is None or found.letter.stage == stage)
    ]


def _classes(letters: "list[OpenLetter]") -> Iterator[dict[str, Any]]:
    classes = Counter((found.letter.stage, found.letter.outcome) for found in letters)
    for (stage, outcome), number in sorted(classes.items(), key=lambda item: (-item[1], item[0])):
        yield {"stage": stage, "outcome": outcome, "number": number}


def _row(found: "OpenLetter") -> dict[str, Any]:
    letter = found.letter
    return {
        "place": found.place,
        "stage": letter.stage,
        "outcome": letter.outcome,
        "attempts": letter.attempts,
        "synset": letter.wnid,
        "at": letter.at,
        "message": letter.message,
        "input": (letter.value or b"").decode("utf-8", "replace"),
    }
