"""The commands, and what each is called."""

from typing import Annotated

import typer

from synsift import __version__
from synsift.pipelines.cli import (
    calibrate,
    config,
    crawl,
    dead_letters,
    dedupe,
    demo,
    folders,
    log,
    ontology,
    run,
    status,
    storage,
    topics,
)

app = typer.Typer(
    name="synsift",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"synsift {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit")
    ] = False,
) -> None:
    """From the concepts of an ontology to clean candidate images.

    Asks image sources for each concept, downloads politely, throws out what it already has in any disguise, and
    leaves the rest in a folder or an object store, each image with its origin and licence.

    [bold]Examples[/bold]

      synsift demo                                    see it work, no network needed

      synsift dedupe ~/photos --report copies.html    find the copies in a folder

      synsift crawl whippet --contact you@example.org

      synsift crawl --source urls --list photos.csv --out s3://bucket/photos --contact you@example.org
    """


app.command()(demo.demo)
app.command()(crawl.crawl)
app.command()(crawl.plan)
app.command()(ontology.synsets)
app.command()(ontology.queries)
app.command()(dedupe.dedupe)
app.command()(folders.match)
app.command()(folders.fingerprint)
app.command()(calibrate.calibrate)
app.command()(run.run)
app.command()(status.status)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(log.app, name="log")
app.add_typer(storage.app, name="storage")
app.add_typer(topics.app, name="topics")
app.command("config")(config.config)
