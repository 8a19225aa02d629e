"""``synsift status``."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.pipelines.cli.belonging import tell_if_apart
from synsift.pipelines.cli.console import SYNSET_DETAILS, err, out, print_rows, synset_row
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, follow_up, settings_of
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.log.base import Log
    from synsift.pipelines.reading import Skipped


def status(
    synsets: Annotated[bool, typer.Option("--synsets/--no-synsets", help="Show a line for each synset")] = True,
    partitions: Annotated[bool, typer.Option("--partitions", help="Show a line for each partition with work")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again every two seconds, until Ctrl-C")] = False,
    out_url: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Show how far every stage and every synset is.

    [bold]Examples[/bold]

      synsift status --out dogs

      synsift status --format jsonl

      synsift status --partitions --watch
    """
    settings = settings_of(file, values, store__url=out_url)

    from synsift.pipelines.assembly import open_log

    names = ("dead-letters list", "log check", "controls")
    letters, check, controls = (follow_up(name, out=out_url, file=file, values=values) for name in names)
    shown = _Shown(
        synsets=synsets, by_partition=partitions, output=output, letters=letters, check=check, controls=controls
    )
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            # Opened anew each time: a log that nobody worked on may be worked on now.
            with contextlib.closing(open_log(settings, read_only=True)) as log:
                _show(log, shown)
                tell_if_apart(settings, log)
            if not watch:
                return
            time.sleep(_WATCH_S)
            out.clear()


_RATE_OVER_S: Final = 1.0
_WATCH_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Shown:
    """What of a log is shown, and how, and the commands that say more."""

    synsets: bool
    by_partition: bool
    output: Format
    letters: str
    check: str
    controls: str


def _show(log: "Log", shown: _Shown) -> None:
    from synsift.pipelines.dead_letters import read_dead_letters
    from synsift.pipelines.reading import Skipped
    from synsift.pipelines.summary import read_counts

    skipped = Skipped()
    letters = read_dead_letters(log, skipped)
    counts = read_counts(log, skipped)
    print_rows(_stage_rows(log, Counter(found.letter.stage for found in letters)), shown.output)
    if shown.by_partition:
        _gap(shown.output)
        print_rows(_partition_rows(log), shown.output, empty="no partition has work or an owner")
    if shown.synsets:
        _gap(shown.output)
        rows = (synset_row(x) for wnid, x in counts.items() if wnid)
        print_rows(rows, shown.output, details=SYNSET_DETAILS, empty="no synset yet")
    if shown.output is Format.TABLE and letters:
        err.print(f"\n{counted(len(letters), 'dead letter', 'dead letters')}: `{shown.letters}`")
    if held := _held(log, skipped):
        err.print(f"operators said: {held}: `{shown.controls}`")
    lost = counts[""].lost if "" in counts else {}
    if lost:
        what = ", ".join(f"{number} of {topic}" for topic, number in sorted(lost.items()))
        err.print(f"the log deleted up to {sum(lost.values())} inputs before they were done ({what}): plan them again")
    unread = skipped.by_topic + Counter(counts[""].skipped if "" in counts else {})
    if unread:
        what = ", ".join(f"{number} of {topic}" for topic, number in sorted(unread.items()))
        err.print(f"{unread.total()} records can't be read and are skipped ({what}): `{shown.check}`")


def _held(log: "Log", skipped: "Skipped") -> str:
    """What operators said, in numbers: who looks for why something doesn't move finds it here."""
    from synsift.pipelines import topics
    from synsift.pipelines.controls.steering import said_by
    from synsift.pipelines.controls.view import ACTIONS
    from synsift.pipelines.topics import Router

    with contextlib.closing(log.follow(topics.CONTROLS.name)) as follower:
        controls = said_by(follower.read(), Router(log.partitions), skipped)
    held = [one for one in controls.values() if one is not None and not one.is_lifted]
    kinds = Counter(ACTIONS.get(one.action, f"{one.action} set") for one in held if not one.removal)
    kinds["taken down"] = len({one.target for one in held if one.keeps_image_out})
    return ", ".join(f"{number:,} {kind}" for kind, number in kinds.most_common() if number)


def _gap(output: Format) -> None:
    if output is not Format.JSONL:
        out.print()


def _partition_rows(log: "Log") -> Iterator[dict[str, Any]]:
    from synsift.pipelines.stage import INPUTS, OPTIONAL

    for stage, topic in INPUTS.items():
        for lag in log.lag(stage, topic.name):
            if lag.owner or (lag.records and (stage not in OPTIONAL or lag.committed)):
                yield {"input_of": stage, "partition": lag.partition, "lag": lag.records, "member": lag.owner}


def _stage_rows(log: "Log", failures: Counter[str]) -> Iterator[dict[str, Any]]:
    from synsift.pipelines.stage import INPUTS, OPTIONAL

    shown = {
        stage: topic
        for stage, topic in INPUTS.items()
        if stage not in OPTIONAL or any(lag.owner or lag.committed for lag in log.lag(stage, topic.name))
    }
    before = {stage: sum(lag.worked for lag in log.lag(stage, topic.name)) for stage, topic in shown.items()}
    workers = {stage: {lag.owner for lag in log.lag(stage, topic.name)} - {""} for stage, topic in shown.items()}
    # Only what is being worked on has a rate, and only then is it worth a second.
    elapsed_s = _RATE_OVER_S if any(workers.values()) else 0.0
    time.sleep(elapsed_s)
    for stage, topic in shown.items():
        lags = log.lag(stage, topic.name)
        done = sum(lag.worked for lag in lags)
        yield {
            "stage": stage,
            "workers": len(workers[stage]),
            "done": done,
            "lag": sum(lag.records for lag in lags),
            "per_second": (done - before[stage]) / elapsed_s if elapsed_s else 0.0,
            "failures": failures[stage],
        }
