"""``synsift sources``, and which of them ``--source`` means."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.crawler.wording import masked
from synsift.pipelines.cli.console import err, print_rows, warn
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.options import ConfigFile, Contact, Format, OutputFormat, SetValues, settings_of
from synsift.pipelines.cli.paths import try_file
from synsift.pipelines.cli.suggestions import check_known
from synsift.pipelines.errors import UsageError
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.crawler.download.quotas import Quota
    from synsift.pipelines.config import Settings
    from synsift.pipelines.probe import Probed

ALL: Final = "all"
_SHOWN: Final = 5

app = typer.Typer(
    no_args_is_help=False, help="Show the image sources: limits, keys, licences, terms; and ask one a question."
)


@app.callback(invoke_without_command=True)
def sources(
    ctx: typer.Context, file: ConfigFile = None, values: SetValues = None, output: OutputFormat = Format.TABLE
) -> None:
    """Show the image sources: limits, keys, licences, terms; and ask one a question.

    [bold]Examples[/bold]

      synsift sources

      synsift sources --format jsonl

      synsift sources check commons --contact you@example.org
    """
    if ctx.invoked_subcommand is not None:
        return
    from synsift.crawler.sources.registry import registry
    from synsift.pipelines.image_sources import make_sources, quotas_of

    settings = settings_of(file, values)
    known, made = registry(), make_sources(settings)
    quotas = quotas_of(settings, made)
    rows = [_row(name, settings, quotas.get(name)) for name in made]
    print_rows(rows, output, details=("licences", "terms", "docs"), empty="no sources")
    for name, problem in known.broken.items():
        warn.print(f"{name}: {problem}", style="yellow")


@app.command()
def check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the source")],
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What to ask for")] = "dog",
    lang: Annotated[str, typer.Option("--lang", metavar="CODE", help="Its language, ISO 639-1")] = "en",
    contact: Contact = None,
    file: ConfigFile = None,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="FILE", help="Write the answer to a file, without secrets")
    ] = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Ask a source one question, and say what came back. Nothing is kept, but where --record says so.

    [bold]Examples[/bold]

      synsift sources check commons --contact you@example.org

      synsift sources check commons --text "guide dog" --record answer.json
    """
    from synsift.crawler.sources.base import LocalSource
    from synsift.pipelines.image_sources import make_source

    settings = settings_of(file, values, identity__contact=contact)
    if record is not None:
        try_file(record, "--record")
    _check_named(name)
    if isinstance(make_source(name, settings), LocalSource):
        raise UsageError(f"`{name}` is asked nothing: it reads files", hint=f"`synsift crawl --source {name} --list F`")
    _check_key(name, settings)

    from synsift.pipelines.probe import probe

    found = asyncio.run(probe(name, settings, text, lang))
    if record is not None and found.answer is not None:
        found.answer.write(record)
    _tell(found, output)
    raise typer.Exit(ExitStatus.DONE if found.problem == "" else ExitStatus.FAILED)


def named_sources(text: str, settings: "Settings") -> list[str]:
    """The sources that ``--source`` names, in order.

    Raises:
        UsageError: There is no such source, it can't be used, or its key is missing.
    """
    from synsift.crawler.sources.registry import is_local, registry

    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names:
        raise UsageError("`--source` names nothing", hint="`synsift sources` shows all")
    if names == [ALL]:
        known = registry()
        return [
            name
            for name, source in known.classes.items()
            if not is_local(source) and not known.about(name).is_narrow and _has_key(name, settings)
        ]
    for name in names:
        _check_named(name)
        _check_key(name, settings)
    return names


def _check_named(name: str) -> None:
    from synsift.crawler.sources.registry import registry

    known = registry()
    if name in known.broken:
        raise UsageError(f"the source `{name}` can't be used: {known.broken[name]}")
    check_known("source", name, known.classes)


def _check_key(name: str, settings: "Settings") -> None:
    from synsift.crawler.sources.registry import registry

    about = registry().about(name)
    if not _has_key(name, settings):
        key = f"sources.{name}.{about.key}"
        raise UsageError(
            f"{about.title} answers only who has a key, and `{key}` is empty",
            hint=f"get one at {about.key_from}, and set `SYNSIFT_SOURCES__{name.upper()}__{about.key.upper()}`",
        )


def _has_key(name: str, settings: "Settings") -> bool:
    """Whether a source may be asked: it has its key, or needs none."""
    from synsift.crawler.sources.registry import registry

    about = registry().about(name)
    return not about.needs_key or bool(settings.sources.of(name)[about.key])


def _row(name: str, settings: "Settings", quota: "Quota | None") -> dict[str, Any]:
    from synsift.crawler.sources.registry import registry

    about = registry().about(name)
    key = "none" if not about.key else "set" if settings.sources.of(name)[about.key] else "missing"
    if about.key and key == "missing" and not about.needs_key:
        key = "optional"
    return {
        "name": name,
        "title": about.title,
        "key": key,
        "a minute": quota.per_minute if quota is not None else None,
        "a day": quota.per_day or None if quota is not None else None,
        "a query": about.depth or None,
        "licences": about.licences,
        "terms": about.terms,
        "docs": about.docs,
    }


def _tell(found: "Probed", output: Format) -> None:
    rows: Sequence[dict[str, Any]] = [
        {
            "title": masked(image.title),
            "licence": masked(image.licence),
            "author": masked(image.author),
            "url": masked(image.url),
        }
        for image in (found.images if output is not Format.TABLE else found.images[:_SHOWN])
    ]
    print_rows(rows, output, details=("url",), empty="no images")
    err.print(f"asked {masked(found.url)}")
    if found.problem:
        warn.print(f"synsift: {masked(found.problem)}", style="red")
        return
    err.print(
        f"answered in {found.seconds:.1f} s: {counted(len(found.images), 'image', 'images')}; {masked(found.rest)}"
    )
