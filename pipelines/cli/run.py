"""``synsift run``."""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.options import ConfigFile, Contact, Out, SetValues, settings_of
from synsift.pipelines.cli.suggestions import check_known
from synsift.pipelines.folder_lock import lock_folder

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings


Stages = Annotated[
    list[str],
    typer.Argument(
        metavar="STAGE...|all",
        help="Some of search, fetch, dedupe, thorough, land, conflicts, annotate, inherit, verify, attest, or all",
    ),
]
Port = Annotated[
    int | None, typer.Option("--port", min=0, help="Serve /metrics, /healthz and /readyz on this port  [service.port]")
]


def run(
    stages: Stages,
    drain: Annotated[
        bool, typer.Option("--drain", help="Stop when nothing is left to do; status 1 if something waits")
    ] = False,
    port: Port = None,
    out: Out = None,
    contact: Contact = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Run a worker: some stages, or all, until it is told to stop.

    Any number of workers share the work of a log. SIGTERM or Ctrl-C finishes what is in flight, commits and leaves;
    a second one stops at once, and loses nothing either. How hard hosts are asked (fetch.delay_s, fetch.hosts and
    their like) is read again when the configuration's file changes, and on SIGHUP.

    [bold]Examples[/bold]

      synsift run all

      synsift run fetch --port 9464

      synsift run fetch dedupe land --drain
    """
    from synsift.pipelines.assembly import STAGES, make_stages, open_parts, stages_of, user_agent_of
    from synsift.pipelines.cli.rereading import rereading, source_of
    from synsift.pipelines.cli.resting import tell_end
    from synsift.pipelines.cli.viewing import renew_view
    from synsift.pipelines.cli.watch import reporting, tell_lost
    from synsift.pipelines.service.http import opened_patiently, serving
    from synsift.pipelines.store_settings import store_address
    from synsift.pipelines.worker import Ending, Worker

    for name in stages:
        check_known("stage", name, (*STAGES, "all"))
    given = {"store__url": out, "identity__contact": contact, "service__port": port}
    settings = settings_of(file, values, **given)
    names = stages_of(settings) if "all" in stages else list(dict.fromkeys(stages))
    if {"search", "fetch"} & set(names):
        user_agent_of(settings)
    with lock_folder(store_address(settings).folder, shared=True):
        parts = asyncio.run(opened_patiently(settings.service, lambda: open_parts(settings)))
        with contextlib.closing(parts.log):
            worker = Worker(parts.log, make_stages(names, parts), until_idle=drain, **_patience(settings))
            source = source_of(file, values, **given)

            async def work() -> Ending:
                async with serving(settings.service, worker, parts.log), rereading(worker.stages, settings, source):
                    return await worker.run()

            with reporting(parts.log, worker):
                ending = asyncio.run(work())
            is_incomplete = tell_end(parts, worker, ending) | tell_lost()
            if drain and "land" in names and ending is not Ending.INTERRUPTED:
                renew_view(parts.objects)
            if is_incomplete:
                raise typer.Exit(ExitStatus.FAILED)


def _patience(settings: "Settings") -> dict[str, float]:
    return {"drain_s": settings.service.drain_s, "rest_s": settings.fetch.wait_for_hosts_s}
