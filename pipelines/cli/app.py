"""The root of the command line."""

from typing import Annotated

import typer

from synsift import __version__
from synsift.pipelines.cli.grammar import CONTEXT, PROGRAM, RootGroup

app = typer.Typer(
    name=PROGRAM,
    cls=RootGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings=dict(CONTEXT),
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"synsift {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version and exit")
    ] = False,
) -> None:
    """From the concepts of an ontology to clean candidate images.

    Asks image sources for each concept, downloads politely, throws out what it already has in any disguise, and
    leaves the rest in a folder or an object store, each image with its origin and licence.

    [bold]Examples[/bold]

      synsift demo                                    see it work

      synsift dedupe ~/photos --report copies.html    find the copies in a folder

      synsift crawl whippet --contact you@example.org

      synsift crawl --source urls --list photos.csv --out s3://bucket/photos
    """
