"""Options that several commands share, and the configuration that they make."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from synsift.crawler.wording import code
from synsift.pipelines.config import Loaded, Settings, load
from synsift.pipelines.errors import UsageError
from synsift.pipelines.logs import set_up_logging


class Format(StrEnum):
    """How data is printed."""

    TABLE = "table"
    JSONL = "jsonl"


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

_LISTS: Final = ("fetch.allow_networks", "dedupe.reference")


def configuration(file: Path | None, values: list[str] | None, **options: Any) -> Loaded:  # noqa: ANN401
    """Read the configuration; keyword ``store__url`` stands for the key ``store.url``, None for not given."""
    given: dict[str, Any] = {}
    for text in values or []:
        key, separator, value = text.partition("=")
        if not separator:
            raise UsageError(f"`--set` takes KEY=VALUE, for example `--set fetch.delay_s=1`, not {code(text)}")
        given[key] = [part for part in value.split(",") if part] if key in _LISTS else value
    given.update({key.replace("__", "."): value for key, value in options.items() if value is not None})
    return load(file=file, options=given)


def settings_of(file: Path | None, values: list[str] | None, **options: Any) -> Settings:  # noqa: ANN401
    """Read the configuration and set up logging by it."""
    settings = configuration(file, values, **options).settings
    set_up_logging(settings.logging.level)
    return settings
