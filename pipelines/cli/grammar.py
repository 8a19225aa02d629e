"""The only place that knows how Typer is built: groups that import a command when it is invoked, help, wrong use.

root ──name──▶ commands.py ──import──▶ the module of the command ──▶ its options ──▶ the command
"""

import contextlib
import importlib
import inspect
import math
import re
import signal
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, get_args

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from synsift.pipelines.cli import verbosity
from synsift.pipelines.cli.commands import COMMANDS
from synsift.pipelines.config_words import problem_of
from synsift.pipelines.errors import UsageError

PROGRAM: Final = "synsift"
CONTEXT: Final[Mapping[str, Any]] = {"help_option_names": ["-h", "--help"]}

_QUOTED: Final = re.compile(r"'([^']*)'")


def _quieter(wanted: bool) -> None:
    if wanted:
        from synsift.pipelines.cli.console import err

        verbosity.choose(verbosity.Verbosity.QUIET)
        err.quiet = True


def _louder(wanted: bool) -> None:
    if wanted:
        verbosity.choose(verbosity.Verbosity.VERBOSE)


def _how_much(
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", callback=_quieter, expose_value=False, help="Say only what went wrong, beside the data"
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", callback=_louder, expose_value=False, help="Say in detail what happens"),
    ] = False,
) -> None:
    """Options of every command."""


def _shared_options() -> list[Any]:
    alone = typer.Typer(add_completion=False)
    alone.command()(_how_much)
    return list(typer.main.get_command(alone).params)


# What stands for a number in the help.
_METAVARS: Final[Mapping[object, str]] = {int: "N", float: "X"}


def _one_line_a_paragraph(text: str) -> str:
    """A docstring's text such that the terminal's width decides where its lines break; what is indented stays."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(part if "\n " in f"\n{part}" else part.replace("\n", " ") for part in paragraphs)


class NobodyReads(Exception):
    """Whoever read our output has enough."""


class _Tidy:
    """Help that fits any width, and shows no type where a name says more."""

    help: str | None

    def __init__(self, *arguments: Any, **attributes: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(*arguments, **attributes)
        if self.help:
            self.help = _one_line_a_paragraph(self.help)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - Typer's own types have no public name
        """Print the help. Whoever reads it may stop when it has enough: Rich would call that a failure."""
        try:
            super().format_help(ctx, formatter)  # type: ignore[misc]
        except SystemExit:
            raise NobodyReads from None

    def get_help_option(self, ctx: Any) -> TyperOption | None:  # noqa: ANN401 - Typer's own context has no public name
        option: TyperOption | None = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.metavar = ""
        return option

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - as above
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""
                param.help = (param.help or "").rstrip(".")
            elif not isinstance(param, TyperOption):
                param.display_type_rich = lambda ctx: None  # its name says what it is
            elif param.metavar is None:
                kind = param.type_descriptor.annotation
                param.metavar = next((_METAVARS[one] for one in (kind, *get_args(kind)) if one in _METAVARS), None)
        return params


class Command(_Tidy, TyperCommand):
    """A command; all take ``--quiet`` and ``--verbose``."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(*arguments, **attributes)
        self.params += _shared_options()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - as above
        """Read the options. What is no number is none, whatever floating point makes of it."""
        rest: list[str] = super().parse_args(ctx, args)
        for param in self.params:
            value = ctx.params.get(param.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise UsageError(f"`{param.opts[0]}` must be a number, not `{value}`")
        return rest


class Group(_Tidy, TyperGroup):
    """A group of commands."""


class RootGroup(Group):
    """The root: it knows its commands by name and line, and imports the one that is invoked."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - passed on as they are
        super().__init__(**attributes)
        for name, home in COMMANDS.items():
            self.add_command(TyperCommand(name, help=home.help, rich_markup_mode="rich"))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401 - as above
        """Find a command and import it."""
        name, outline, rest = super().resolve_command(ctx, args)
        command = load(name) if name is not None and outline is not None else None
        # Up to here Ctrl-C ends us at once; a command may have something to keep.
        with contextlib.suppress(ValueError):
            if callable(signal.getsignal(signal.SIGINT)):
                signal.signal(signal.SIGINT, signal.default_int_handler)
        return name, command, rest


def load(name: str) -> Any:  # noqa: ANN401 - Typer's commands and groups have no public base
    """Import a command, or a group of them, by its name."""
    home = COMMANDS[name]
    found = getattr(importlib.import_module(f"synsift.pipelines.cli.{home.module}"), home.name)
    if isinstance(found, typer.Typer):
        for info in found.registered_commands:
            info.cls = Command
        found.info.cls = Group
        found.info.name = name
        return typer.main.get_group(found)
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
    alone.command(name, cls=Command)(found)
    return typer.main.get_command(alone)


def every_command() -> Iterator[tuple[str, Any]]:
    """Every command with its full name, imported; for the docs and for tests."""
    for name in COMMANDS:
        command = load(name)
        for child, found in getattr(command, "commands", {}).items():
            yield f"{PROGRAM} {name} {child}", found
        if not hasattr(command, "commands"):
            yield f"{PROGRAM} {name}", command


def wrong_use(error: Any) -> UsageError | None:  # noqa: ANN401 - whatever was raised
    """What Typer says of wrong use, in our form; None for an error that isn't of Typer."""
    kind = type(error).__name__
    if not hasattr(error, "format_message"):
        return None
    ctx = getattr(error, "ctx", None)
    command = getattr(ctx, "command_path", PROGRAM) or PROGRAM
    hint = f"`{command} --help` says how to call it"
    if kind == "NoSuchOption":
        return _no_such_option(error, command)
    if kind == "BadOptionUsage":
        needs = "needs a value" if "requires" in error.message else "takes no value"
        return UsageError(f"`{error.option_name}` {needs}", hint=hint)
    if kind == "MissingParameter":
        return UsageError(f"{_name_of(error.param)} is missing", hint=hint)
    text = _QUOTED.sub(r"`\1`", error.message).rstrip(".")
    if text.startswith("No such command"):
        return _no_such_command(text, command)
    if text.startswith("Got unexpected extra argument"):
        extra = text.partition("(")[2].rpartition(")")[0].removeprefix("s) (")
        return UsageError(f"`{extra}` is more than `{command}` takes", hint=hint)
    param = getattr(error, "param", None)
    place = f"{_name_of(param)}: " if param is not None else ""
    refused = getattr(error.__cause__, "errors", None)
    if refused is not None:
        found = refused(include_url=False)[0]
        said = _QUOTED.sub(r"`\1`", problem_of(found).rstrip("."))
        instead = "" if f"`{found['input']}`" in said else f", not `{found['input']}`"
        return UsageError(f"{place}{said}{instead}", hint=hint)
    return UsageError(place + text[:1].lower() + text[1:], hint=hint)


def _no_such_option(error: Any, command: str) -> UsageError:  # noqa: ANN401 - as above
    near = sorted(error.possibilities or [])
    hint = f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else f"`{command} --help` lists them"
    return UsageError(f"`{command}` has no option `{error.option_name}`", hint=hint)


def _no_such_command(text: str, command: str) -> UsageError:
    wanted, *near = re.findall(r"`([^`]*)`", text)
    hint = f"did you mean {' or '.join(f'`{command} {one}`' for one in near)}?" if near else ""
    return UsageError(f"there is no command `{command} {wanted}`", hint=hint or f"`{command} --help` lists them")


def _name_of(param: Any) -> str:  # noqa: ANN401 - Typer's parameters have no public base
    """A parameter as the user writes it."""
    if getattr(param, "param_type_name", "") == "option":
        return f"`{max(param.opts, key=len)}`"
    return f"`{param.metavar or param.name}`"
