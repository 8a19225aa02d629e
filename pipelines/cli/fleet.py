"""``synsift fleet``: a live page of what a fleet does."""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from synsift.crawler.ontology import Concepts
from synsift.pipelines.cli.console import err
from synsift.pipelines.cli.listening import LOOPBACK, address_of, open_in_browser, page_key, serve
from synsift.pipelines.cli.ontology import OntologyFile, concepts_of
from synsift.pipelines.cli.options import ConfigFile, Out, SetValues, settings_of
from synsift.pipelines.listener import listening

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.log.base import Log
    from synsift.pipelines.overview.server import FleetServer


def fleet(
    host: Annotated[
        str,
        typer.Option("--host", metavar="ADDRESS", help="Listen here; `0.0.0.0` lets others in, who have the key"),
    ] = LOOPBACK,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Listen on this port; 0 for any")] = 8_502,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser")] = True,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Serve a page that shows live what a fleet does, until Ctrl-C.

    It shows the stages with their workers, what waits and how fast it goes; what came last; how far each synset is;
    hosts that are left alone, and dead letters. All of it is read from the log: workers are not asked, and nothing is
    changed. The address has a key in it, which stays the same: who has it may look.

    [bold]Examples[/bold]

      synsift fleet --out dogs

      synsift fleet --host 0.0.0.0 --no-open
    """
    settings = settings_of(file, values, store__url=out)
    concepts = concepts_of(ontology)

    from synsift.pipelines.assembly import open_log

    with contextlib.closing(open_log(settings, read_only=True)) as log, listening(host, port) as listener:
        err.print("Ctrl-C ends the page; the fleet goes on")
        address = address_of(host, listener.getsockname()[1], page_key("fleet"))
        typer.echo(address)
        if browse:
            open_in_browser(address, host)
        asyncio.run(serve(_server(settings, log, concepts).app(), listener))


def _server(settings: "Settings", log: "Log", concepts: Concepts) -> "FleetServer":
    from synsift.pipelines.overview.server import FleetServer
    from synsift.pipelines.overview.watching import Overview
    from synsift.pipelines.review.pictures import Pictures, thumbnails_folder
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.store_settings import store_address

    objects = Objects(store_address(settings), make=False)
    pictures = Pictures(objects, thumbnails_folder(), max_pixels=settings.fetch.max_pixels)
    return FleetServer(Overview(log, concepts), pictures, key=page_key("fleet"))
