"""``synsift status``."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from pipelines.cli.console import err, out, print_rows, synset_row
from pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, settings_of
from pipelines.errors import UsageError
from pipelines.log.base import Log
from pipelines.stages.base import INPUTS


def status(
    synsets: Annotated[bool, typer.Option("--synsets/--no-synsets", help="Show a line for each synset")] = True,
    out_url: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Show how far every stage and every synset is.

    [bold]Examples[/bold]

      synsift status --out dogs

      synsift status --format jsonl
    """
    from pipelines.assembly import log_path, open_log
    from pipelines.summary import read_counts, read_dead_letters

    settings = settings_of(file, values, store__url=out_url)
    if not settings.kafka.bootstrap and not log_path(settings).exists():
        raise UsageError(f"there is no log at {log_path(settings)}: nothing was crawled there (--out names the folder)")
    with contextlib.closing(open_log(settings)) as log:
        letters = read_dead_letters(log, settings.log.partitions)
        failures = Counter(open_letter.letter.stage for open_letter in letters)
        print_rows(_stage_rows(log, failures), output)
        if synsets:
            if output is Format.TABLE:
                out.print()
            counts = read_counts(log, settings.log.partitions)
            print_rows((synset_row(found) for wnid, found in counts.items() if wnid), output, empty="no synset yet")
    if output is Format.TABLE and letters:
        err.print(f"\n{len(letters)} dead letters: synsift dead-letters list")


_RATE_OVER_S = 1.0


def _stage_rows(log: Log, failures: Counter[str]) -> Iterator[dict[str, Any]]:
    before = {stage: sum(lag.committed for lag in log.lag(stage, topic.name)) for stage, topic in INPUTS.items()}
    workers = {stage: {lag.owner for lag in log.lag(stage, topic.name)} - {""} for stage, topic in INPUTS.items()}
    # Only what is being worked on has a rate, and only then is it worth a second.
    elapsed_s = _RATE_OVER_S if any(workers.values()) else 0.0
    time.sleep(elapsed_s)
    for stage, topic in INPUTS.items():
        lags = log.lag(stage, topic.name)
        done = sum(lag.committed for lag in lags)
        yield {
            "stage": stage,
            "workers": len(workers[stage]),
            "done": done,
            "lag": sum(lag.records for lag in lags),
            "per_second": (done - before[stage]) / elapsed_s if elapsed_s else 0.0,
            "failures": failures[stage],
        }
