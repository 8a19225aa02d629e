"""A command that runs stages takes a changed configuration while it runs."""

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsift.pipelines.cli.options import configuration

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.config_watch import Source
    from synsift.pipelines.stage import Stage


def source_of(file: Path | None, values: list[str] | None, **options: Any) -> "Source":  # noqa: ANN401
    """Where a command's configuration comes from: the arguments are those of ``settings_of``."""
    from synsift.pipelines.config_layers import find_file
    from synsift.pipelines.config_watch import Source

    return Source(lambda: configuration(file, values, **options), lambda: find_file(file, os.environ))


@contextlib.asynccontextmanager
async def rereading(stages: Sequence["Stage"], settings: "Settings", source: "Source") -> AsyncIterator[None]:
    """Let stages take what changes while a block runs. SIGHUP means so, too, unless it means that a terminal is gone.

    Args:
        stages: That run in it.
        settings: With which they began.
        source: Where those came from.
    """
    from synsift.pipelines.config_watch import ConfigWatch
    from synsift.pipelines.politeness import host_rules, is_live, repace

    splits = host_rules(settings)

    def apply(changed: "Settings") -> None:
        repace(stages, changed, splits)

    has_terminal = sys.stdin is not None and sys.stdin.isatty()
    async with ConfigWatch(source, apply, is_live).running(on_hangup=not has_terminal):
        yield
