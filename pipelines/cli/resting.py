"""What a command says that ends while some of its work waits: for hosts that don't answer, for sources that rest."""

import datetime
import math
from typing import TYPE_CHECKING

from synsift.pipelines.cli.console import err, warn
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.assembly import Parts
    from synsift.pipelines.worker import Ending, Worker


def tell_end(parts: "Parts", worker: "Worker", ending: "Ending") -> bool:
    """Say how a worker ended by itself, or was told to; gives whether anything waits."""
    if tell_resting(parts, worker):
        return True
    err.print("drained" if ending == "interrupted" else "nothing left to do")
    return False


def tell_resting(parts: "Parts", worker: "Worker") -> bool:
    """Say what is left to ask, and from when on, if anything is: also with ``--quiet``, for not all of it is done."""
    from synsift.pipelines.stage import INPUTS

    until_s = worker.rests_until_s
    if until_s is None:
        return False
    left = {name: sum(lag.records for lag in parts.log.lag(name, INPUTS[name].name)) for name in ("search", "fetch")}
    if until_s == math.inf:
        _tell_paused(left)
        return True
    when = datetime.datetime.fromtimestamp(until_s).astimezone()
    day = "" if when.date() == datetime.datetime.now().astimezone().date() else f"{when:%Y-%m-%d} "
    if left["search"]:
        waiting = counted(left["search"], "query waits", "queries wait")
        warn.print(f"up to {waiting} for sources that answer no more for now", style="yellow")
    if left["fetch"]:
        waiting = counted(left["fetch"], "image URL waits", "image URLs wait")
        warn.print(f"up to {waiting} for hosts that don't answer", style="yellow")
    warn.print(f"hint: the same command asks them again, from {day}{when:%H:%M} on")
    return True


def _tell_paused(left: dict[str, int]) -> None:
    """Say that the rest goes on when operators say so."""
    for stage, one, many in (
        ("search", "query is paused", "queries are paused"),
        ("fetch", "image URL is paused", "image URLs are paused"),
    ):
        if left[stage]:
            warn.print(f"up to {counted(left[stage], one, many)}", style="yellow")
    warn.print("hint: `synsift controls` says by whom and why, `synsift resume` lets them go on")


def tell_left(parts: "Parts", again: str) -> None:
    """Say what a crawl left as it is, for it has what was wanted.

    Args:
        parts: Its log.
        again: The command that works on it.
    """
    from synsift.pipelines.stage import INPUTS

    left = sum(lag.records for lag in parts.log.lag("fetch", INPUTS["fetch"].name))
    if left:
        waiting = counted(left, "image URL is", "image URLs are")
        err.print(f"all targets are reached; {waiting} left as {'it is' if left == 1 else 'they are'}")
        err.print(f"hint: `{again}` fetches {'it' if left == 1 else 'them'}, too")
