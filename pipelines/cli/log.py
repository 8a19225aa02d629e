"""``synsift log``."""

import contextlib
import itertools
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synsift.pipelines.cli.console import err, print_rows
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, settings_of
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folder_lock import lock_folder

if TYPE_CHECKING:
    from synsift.pipelines.log.base import Log

app = typer.Typer(no_args_is_help=True, help="Check the log, and rescue a damaged one.")


@app.command()
def check(
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Read every record of the log, and list those that can't be read. Exit status 1 if there are any.

    [bold]Examples[/bold]

      synsift log check --out dogs

      synsift log check --format jsonl
    """
    settings = settings_of(file, values, store__url=out)

    from synsift.pipelines.assembly import check_log, log_path, open_log
    from synsift.pipelines.log.sqlite_schema import quick_check

    check_log(settings)
    if not settings.kafka.bootstrap:
        quick_check(log_path(settings), whole=True)
    counted = [0, 0]
    with contextlib.closing(open_log(settings, read_only=True)) as log:
        print_rows(_bad(log, counted), output, empty="")
    read, bad = counted
    err.print(f"read {read} records, {bad} of them can't be used")
    if bad:
        err.print("hint: workers skip them, or make dead letters of them; nothing else has to be done")
        raise typer.Exit(1)


@app.command()
def recover(
    survivors: Annotated[
        bool, typer.Option("--survivors/--no-survivors", help="Add survivors that only the store knows")
    ] = True,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Make a new log from what can be read of a damaged one, and add survivors that only the store knows.

    The damaged file stays beside the new one, under another name. Where there is no log any more, a new one gets the
    survivors that stand in the store with their provenance. No worker may run.

    [bold]Examples[/bold]

      synsift log recover --out dogs
    """
    settings = settings_of(file, values, store__url=out)

    from synsift.pipelines.assembly import log_path, open_log, store_address
    from synsift.pipelines.log.sqlite_recovery import recover as recover_log
    from synsift.pipelines.storage import layout
    from synsift.pipelines.storage.identity import owner_of
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.survivors import rebuild

    objects = Objects(store_address(settings), make=False)
    path = log_path(settings)
    if not settings.kafka.bootstrap and not path.exists() and next(objects.list(layout.CANDIDATES), None) is None:
        raise UsageError(
            f"there is no log at `{path}`, and nothing in the store to make one of", hint="name the folder with `--out`"
        )
    with lock_folder(store_address(settings).folder):
        if not settings.kafka.bootstrap and path.exists():
            found = recover_log(path, settings.log.partitions)
            err.print(f"kept {found.kept.total()} records; the old log is `{found.put_aside}` now")
            err.print(f"lost: {found.damaged} damaged records, {found.unreadable} unreadable stretches of the file")
            if found.lost_positions:
                err.print("the positions were lost: what was done before is looked at again")
        if survivors:
            with contextlib.closing(open_log(settings)) as log:
                if owner := owner_of(objects):
                    log.adopt(owner)
                err.print(f"added {rebuild(log, objects)} survivors that only the store knew")


def _bad(log: "Log", counted: list[int]) -> Iterator[dict[str, Any]]:
    from synsift.pipelines import topics
    from synsift.pipelines.dead_letters import look_at
    from synsift.pipelines.reading import check as check_topic
    from synsift.pipelines.reading import look_at_position, look_at_state
    from synsift.pipelines.topics import Router

    router = Router(log.partitions)
    checks = [
        check_topic(log, topic, partial(look_at_state, kind, router=router)) for kind, topic in topics.TOPIC_OF.items()
    ]
    checks.append(check_topic(log, topics.DEAD_LETTERS, look_at))
    checks.append(check_topic(log, topics.POSITIONS, look_at_position))
    for found in itertools.chain.from_iterable(checks):
        counted[0] += 1
        if found is not None:
            counted[1] += 1
            yield {
                "topic": found.topic,
                "partition": found.partition,
                "offset": found.offset,
                "problem": found.problem,
            }
