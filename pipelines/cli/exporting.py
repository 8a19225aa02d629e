"""What commands share that look at what a crawl left: the store, the log if there is one, and what people decided."""

import contextlib
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from synsift.pipelines.cli.console import err, warn
from synsift.pipelines.cli.options import follow_up
from synsift.pipelines.errors import UsageError
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.exports.judgements import Judgements
    from synsift.pipelines.log.base import Log
    from synsift.pipelines.storage.objects import Objects


class Only(StrEnum):
    """Which images."""

    ACCEPTED = "accepted"
    SURVIVORS = "survivors"


def opened(settings: "Settings", stack: contextlib.ExitStack) -> "tuple[Objects, Log | None]":
    """The store, and the log where there is one: a store alone can be looked at, too."""
    from synsift.pipelines.assembly import log_path, open_log
    from synsift.pipelines.storage.identity import check_together
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.store_settings import store_address

    objects = Objects(store_address(settings), make=False)
    objects.check()
    if not settings.kafka.bootstrap and not log_path(settings).exists():
        err.print("there is no log here; the store alone is looked at")
        return objects, None
    log = stack.enter_context(contextlib.closing(open_log(settings, read_only=True)))
    check_together(objects, log.identity())
    return objects, log


def accepted_only_of(only: Only | None, judgements: "Judgements", *, doing: str) -> bool:
    """Whether accepted images count alone: as was asked, or if people voted.

    Raises:
        UsageError: That was asked, and nobody has voted.
    """
    if only is Only.ACCEPTED and not judgements:
        raise UsageError("nobody has voted on these images", hint="`--only survivors` takes all of them")
    if only is None and judgements:
        err.print(f"{doing} what people accepted; `--only survivors` takes the rest, too")
    return bool(judgements) if only is None else only is Only.ACCEPTED


def tell_behind(log: "Log | None", place: Mapping[str, Any]) -> None:
    """Say what has not arrived yet where it would be counted: survivors in the store, votes in verdicts.

    Args:
        log: Of the store; None where there is none.
        place: Options that name them, for a command to type next.
    """
    from synsift.pipelines.stage import INPUTS

    for stage, one, many in (
        ("land", "survivor has not landed", "survivors have not landed"),
        ("verify", "vote has not been counted", "votes have not been counted"),
    ):
        waiting = sum(lag.records for lag in log.lag(stage, INPUTS[stage].name)) if log is not None else 0
        if waiting:
            again = follow_up(f"run {stage} --drain", **place)
            warn.print(f"{counted(waiting, one, many)} yet, and will be missing: `{again}` does it", style="yellow")
