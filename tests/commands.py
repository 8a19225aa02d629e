"""The commands of the command line, however they are loaded."""

from collections.abc import Iterator
from typing import Any

import typer

from synsift.pipelines.cli.app import app


def root() -> Any:
    """The whole command line."""
    return typer.main.get_command(app)


def children(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The commands of a group, by their names; none of a command."""
    if not hasattr(command, "list_commands"):
        return
    context = command.make_context(name, [], resilient_parsing=True)
    for child in command.list_commands(context):
        # Not get_command: a group may know its commands by outline until one is invoked.
        yield child, command.resolve_command(context, [child])[1]


def every(command: Any = None, name: str = "synsift") -> Iterator[tuple[str, Any]]:
    """All commands and groups, by their whole names."""
    command = command or root()
    yield name, command
    for child, value in children(command, name):
        yield from every(value, f"{name} {child}")
