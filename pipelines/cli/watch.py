"""Progress of a worker: a live table on a terminal, plain lines in a pipe. Both on standard error."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from rich.live import Live
from rich.table import Table

from synsift.pipelines.cli.console import err, warn
from synsift.pipelines.errors import LogUnavailable
from synsift.pipelines.log.base import Log
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.texts import counted
from synsift.pipelines.worker import Worker

_LIVE_S: Final = 0.25
_LINE_S: Final = 5.0
_LOG_S: Final = 30.0
_RATE_OVER_S: Final = 3.0
_STANDS: Final = 0.5
"""A rate that is drawn as none."""

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StageProgress:
    """How far a stage is.

    Attributes:
        stage: Its name.
        done: Inputs that are.
        left: Those that aren't.
        in_flight: Those of them that it has begun.
        per_s: How many were done a second, of late.
        hosts: For how many it waits that don't answer; 0 while anything else is done.
    """

    stage: str
    done: int
    left: int
    in_flight: int
    per_s: float
    hosts: int = 0

    @property
    def pace(self) -> str:
        """Its rate; or where it stands, for how many hosts it waits."""
        return f"waits for {counted(self.hosts, 'host', 'hosts')}" if self.hosts else f"{self.per_s:.0f}/s"


class _Rates:
    """Done counts over time → rates over the last seconds."""

    def __init__(self) -> None:
        self._seen: dict[str, list[tuple[float, int]]] = {}

    def rate(self, stage: str, done: int) -> float:
        now_s = time.monotonic()
        seen = self._seen.setdefault(stage, [])
        seen.append((now_s, done))
        while len(seen) > 2 and seen[1][0] < now_s - _RATE_OVER_S:
            seen.pop(0)
        elapsed_s = now_s - seen[0][0]
        return (done - seen[0][1]) / elapsed_s if elapsed_s > 0 else 0.0


def watching(log: Log, worker: Worker) -> AbstractContextManager[None]:
    """Show the progress of a command while a block runs: live on a terminal, else as plain lines."""
    return _beside(_show_live if err.is_terminal else _show_lines, log, worker)


def reporting(log: Log, worker: Worker) -> AbstractContextManager[None]:
    """Show the progress of a service while a block runs: live on a terminal, else as log lines."""
    return _beside(_show_live if err.is_terminal else _log_lines, log, worker)


@contextlib.contextmanager
def _beside(show: Callable[[Log, Worker, threading.Event], None], log: Log, worker: Worker) -> Iterator[None]:
    """Run something in a thread while a block runs."""
    stop = threading.Event()
    thread = threading.Thread(target=show, args=(log, worker, stop), name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _progress(log: Log, worker: Worker, rates: _Rates) -> list[StageProgress]:
    rows = []
    for stage in worker.stages:
        try:
            lags = log.lag(stage.name, INPUTS[stage.name].name)
        except LogUnavailable:
            continue  # the stage itself says so; progress has nothing to show meanwhile
        done = sum(lag.worked for lag in lags)
        left, per_s = sum(lag.records for lag in lags), rates.rate(stage.name, done)
        hosts = len(stage.waited_for()) if left and per_s < _STANDS else 0
        rows.append(StageProgress(stage.name, done, left, stage.statistics().in_flight, per_s, hosts))
    return rows


def _show_live(log: Log, worker: Worker, stop: threading.Event) -> None:
    rates = _Rates()
    with Live(console=err, refresh_per_second=8, transient=True) as live:
        while not stop.wait(_LIVE_S):
            table = Table(box=None, pad_edge=False, header_style="dim")
            for name in ("stage", "done", "left", "in flight", "per second"):
                table.add_column(name, justify="left" if name == "stage" else "right", min_width=9)
            for row in _progress(log, worker, rates):
                table.add_row(row.stage, str(row.done), str(row.left), str(row.in_flight), row.pace.removesuffix("/s"))
            live.update(table)


def _show_lines(log: Log, worker: Worker, stop: threading.Event) -> None:
    rates, is_said, is_over = _Rates(), False, False
    while not is_over:
        is_over = stop.wait(_LINE_S)
        if is_over and not is_said:
            return  # it took so short that nobody wondered
        rows = _progress(log, worker, rates)
        err.print("; ".join(f"{row.stage} {row.done} done, {row.left} left, {row.pace}" for row in rows))
        is_said = True  # and the last line says how it ended


def _log_lines(log: Log, worker: Worker, stop: threading.Event) -> None:
    rates = _Rates()
    while not stop.wait(_LOG_S):
        for row in _progress(log, worker, rates):
            _log.info("%s: %d done, %d left, %s", row.stage, row.done, row.left, row.pace)


def tell_lost() -> bool:
    """Say what the log deleted of this process's inputs before they were done; whether there is any."""
    from synsift.pipelines.metrics import lost_inputs

    lost = lost_inputs()
    if lost:
        what = ", ".join(f"{some:,} of {topic}" for topic, some in sorted(lost.items()))
        warn.print(
            f"synsift: the log deleted up to {sum(lost.values()):,} inputs before they were done ({what})", style="red"
        )
        err.print("hint: plan them again; `synsift topics describe` shows what keeps the log from keeping them")
    return bool(lost)
