"""``synsift dead-letters``."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from synsift.pipelines.cli.console import err, print_rows
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, settings_of
from synsift.pipelines.dead_letters import OpenLetter, read_dead_letters

app = typer.Typer(no_args_is_help=True, help="Inputs that could not become outputs: list them, try them again.")

Outcome = Annotated[
    list[str] | None, typer.Option("--outcome", metavar="NAME", help="Only of this class, e.g. timeout; repeatable")
]
StageName = Annotated[str | None, typer.Option("--stage", metavar="NAME", help="Only of this stage")]


@app.command("list")
def list_(
    outcome: Outcome = None,
    stage: StageName = None,
    summary: Annotated[bool, typer.Option("--summary", help="Only how many of each class")] = False,
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

    with contextlib.closing(open_log(settings)) as log:
        letters = _chosen(read_dead_letters(log), outcome, stage)
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
    """Put dead letters' inputs back where they came from, for workers to try again.

    [bold]Examples[/bold]

      synsift dead-letters replay --outcome timeout --outcome server_error
    """
    from synsift.pipelines.assembly import open_log
    from synsift.pipelines.dead_letters import replay as replay_letters
    from synsift.pipelines.topics import Router

    settings = settings_of(file, values, store__url=out)
    with contextlib.closing(open_log(settings)) as log:
        letters = _chosen(read_dead_letters(log), outcome, stage)
        count = replay_letters(log, Router(settings.log.partitions), letters)
    err.print(f"replayed {count} of {len(letters)} dead letters; run the crawl again to work on them")


def _chosen(letters: list[OpenLetter], outcomes: list[str] | None, stage: str | None) -> list[OpenLetter]:
    return [
        found
        for found in letters
        if (not outcomes or found.letter.outcome in outcomes) and (stage is None or found.letter.stage == stage)
    ]


def _classes(letters: list[OpenLetter]) -> Iterator[dict[str, Any]]:
    classes = Counter((found.letter.stage, found.letter.outcome) for found in letters)
    for (stage, outcome), number in sorted(classes.items(), key=lambda item: (-item[1], item[0])):
        yield {"stage": stage, "outcome": outcome, "number": number}


def _row(found: OpenLetter) -> dict[str, Any]:
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
