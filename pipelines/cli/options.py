"""Options that several commands share, and the configuration that they make."""

import shlex
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.crawler.wording import code, masked
from synsift.pipelines.cli import verbosity
from synsift.pipelines.errors import UsageError

if TYPE_CHECKING:
    from synsift.pipelines.config import Loaded, Settings


class Format(StrEnum):
    """How data is printed."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Read this TOML file, not $SYNSIFT_CONFIG or ./synsift.toml"),
]
SetValues = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a key of the configuration; may be repeated")
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out", metavar="DIR|URL", help="Where everything goes: a folder, s3://, gs:// or az://  [store.url]"
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print the result")]
Contact = Annotated[
    str | None, typer.Option("--contact", metavar="WHO", help="Your e-mail address or web page  [identity.contact]")
]

Similarity = Annotated[
    float | None,
    typer.Option("--similarity", metavar="0…1", help="Least score of near-duplicates  [dedupe.similarity]"),
]

NoMirror = Annotated[
    bool,
    typer.Option("--no-mirror", help="Mirrored images are no copies: left and right, b and d  [dedupe.orientations]"),
]
NotCopiesFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--not-copies", metavar="FILE", help="Pairs that are no copies, two SHA-256 a line  [dedupe.not_copies]"
    ),
]

MaxPixels = Annotated[
    int | None,
    typer.Option("--max-pixels", metavar="N", help="Most pixels of an image, 4 bytes each  [fetch.max_pixels]"),
]

_SECRET: Final = ("secret", "password")
_OPTION_OF: Final = {
    "store.url": "--out",
    "identity.contact": "--contact",
    "service.port": "--port",
    "kafka.bootstrap": "--kafka",
    "dedupe.similarity": "--similarity",
    "search.allow_people": "--allow-people",
    "dedupe.thorough": "--thorough",
    "dedupe.remove": "--remove",
    "fetch.max_pixels": "--max-pixels",
    "dedupe.orientations": "--no-mirror",
    "dedupe.not_copies": "--not-copies",
}


def configuration(
    file: Path | None,
    values: list[str] | None,
    *,
    only: tuple[str, ...] = ("",),
    **options: Any,  # noqa: ANN401
) -> "Loaded":
    """Read the configuration; keyword ``store__url`` stands for the key ``store.url``, None for not given.

    ``only`` is how keys begin that are taken from file and environment.
    """
    from synsift.pipelines.config import load

    given: dict[str, Any] = {}
    for text in values or []:
        key, separator, value = text.partition("=")
        if not separator:
            raise UsageError(f"`--set` takes KEY=VALUE, not {code(text)}", hint="for example `--set fetch.delay_s=1`")
        given[key.strip()] = value
    named = {key.replace("__", "."): value for key, value in options.items() if value is not None}
    given.update(named)
    names = {key: _OPTION_OF[key] for key in named if key in _OPTION_OF}
    return load(file=file, options=given, names=names, only=only)


def follow_up(
    command: str, *, out: str | None = None, file: Path | None = None, values: Sequence[str] | None = None
) -> str:
    """A command for the user to type next, on the same log and store as the one that is running, quoted for a shell.

    Secrets that were given with ``--set`` are not repeated.
    """
    words = ["synsift", *command.split()]
    words += ["--out", out] if out is not None else []
    words += ["--config", str(file)] if file is not None else []
    for value in values or []:
        if not any(word in value.partition("=")[0] for word in _SECRET) and masked(value) == value:
            words += ["--set", value]
    return shlex.join(words)


def settings_of(file: Path | None, values: list[str] | None, **options: Any) -> "Settings":  # noqa: ANN401
    """Read the configuration and set up logging by it."""
    from synsift.pipelines.logs import set_up_logging

    settings = configuration(file, values, **options).settings
    set_up_logging(verbosity.log_level(settings.logging.level))
    return settings
