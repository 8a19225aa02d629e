"""``synsift log``."""

import contextlib
import itertools
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synsift.pipelines.cli.console import err, print_rows
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, follow_up, settings_of
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folder_lock import lock_folder
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.log.base import Log
    from synsift.pipelines.log.sqlite_recovery import Recovered
    from synsift.pipelines.storage.objects import Objects

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
    from synsift.pipelines.topics import SURVIVORS

    check_log(settings)
    if not settings.kafka.bootstrap:
        quick_check(log_path(settings), whole=True)
    read: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    with contextlib.closing(open_log(settings, read_only=True)) as log:
        print_rows(_bad(log, read, bad), output, empty="")
    err.print(f"read {read.total()} records, {bad.total()} of them can't be used")
    if bad[SURVIVORS.name]:
        lost = counted(bad[SURVIVORS.name], "survivor", "survivors")
        again = follow_up("log recover", out=out, file=file, values=values)
        err.print(
            f"hint: {lost} can't be read, so copies of them would be kept: `{again}` brings back what the store has"
        )
    if bad:
        if not bad[SURVIVORS.name]:
            err.print("hint: workers skip them, or make dead letters of them; nothing else has to be done")
        raise typer.Exit(ExitStatus.FAILED)


@app.command()
def recover(
    survivors: Annotated[
        bool, typer.Option("--survivors/--no-survivors", help="Add survivors that only the store knows")
    ] = True,
    take_store: Annotated[
        bool, typer.Option("--take-store", help="Make the store this log's, where nothing can say whose it is")
    ] = False,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Make a new log from what can be read of a damaged one, and add survivors that only the store knows.

    All is done beside the old log before it is replaced; the damaged file stays, under another name. A log that is
    whole stays as it is, and only gets what the store knows. Where there is no log any more, a new one gets the
    survivors that stand in the store with their provenance. Where `synsift-store.json` can't be read, it is written
    anew if the log's survivors and the store's agree. No worker may run.

    [bold]Examples[/bold]

      synsift log recover --out dogs
    """
    settings = settings_of(file, values, store__url=out)

    from synsift.pipelines.assembly import log_path, open_log
    from synsift.pipelines.log.sqlite import SqliteLog
    from synsift.pipelines.log.sqlite_recovery import is_whole
    from synsift.pipelines.log.sqlite_recovery import recover as recover_log
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.store_settings import store_address
    from synsift.pipelines.survivors import forget_skipped

    objects = Objects(store_address(settings), make=False)
    path, partitions = log_path(settings), settings.log.partitions
    on_kafka = bool(settings.kafka.bootstrap)
    if not on_kafka and not path.exists():
        _check_survivors(objects, path)

    def complete(log: "Log") -> None:
        with contextlib.closing(log):
            _join(log, objects, add=survivors, take_store=take_store)

    def complete_new(fresh: Path) -> None:
        log = SqliteLog(fresh, partitions=partitions)
        forget_skipped(log)
        complete(log)

    with lock_folder(store_address(settings).folder):
        if on_kafka or (path.exists() and is_whole(path, partitions)):
            if not on_kafka:
                err.print("the log is whole, and stays as it is")
            complete(open_log(settings))
            return
        found = recover_log(path, partitions, complete_new)
    if found.put_aside is not None:
        _tell(found)


def _check_survivors(objects: "Objects", path: Path) -> None:
    from synsift.pipelines.storage import layout

    if next(objects.list(layout.CANDIDATES), None) is None:
        raise UsageError(
            f"there is no log at `{path}`, and nothing in the store to make one of", hint="name the folder with `--out`"
        )


def _tell(found: "Recovered") -> None:
    err.print(f"kept {found.kept.total()} records; the old log is `{found.put_aside}` now")
    err.print(f"lost: {found.damaged} damaged records, {found.unreadable} unreadable stretches of the file")
    if found.lost_positions:
        err.print("the positions were lost: what was done before is looked at again")


def _join(log: "Log", objects: "Objects", *, add: bool, take_store: bool) -> None:
    """Have a log and a store know each other, and the log what only the store knows."""
    from synsift.pipelines.errors import UnknownOwner
    from synsift.pipelines.storage.identity import name_anew, owner_of
    from synsift.pipelines.survivors import agree, rebuild

    owner = ""
    try:
        owner = owner_of(objects)
    except UnknownOwner as exc:
        if not take_store and not agree(log, objects):
            raise UnknownOwner(
                f"{exc}, and the log doesn't name what the store holds",
                hint="if the two belong together all the same, say so with `synsift log recover --take-store`",
            ) from exc
        name_anew(objects, log.identity())
        err.print("what says whose the store is could not be read, and was written anew")
    if not add:
        return
    if owner:
        log.adopt(owner)
    found = rebuild(log, objects)
    err.print(f"added {found.added} survivors that only the store knew")
    if found.passed_over:
        err.print(f"passed over {counted(len(found.passed_over), 'image', 'images')} without readable provenance:")
        for path in found.passed_over:
            err.print(f"  {path}", markup=False)


def _bad(log: "Log", read: Counter[str], bad: Counter[str]) -> Iterator[dict[str, Any]]:
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
        read["records"] += 1
        if found is not None:
            bad[found.topic] += 1
            yield {
                "topic": found.topic,
                "partition": found.partition,
                "offset": found.offset,
                "problem": found.problem,
            }
