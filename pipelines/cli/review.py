"""``synsift review``: a page on which people vote on the candidates of a crawl."""

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synsift.crawler.ontology import Concepts
from synsift.pipelines.cli.console import err
from synsift.pipelines.cli.listening import LOOPBACK, address_of, open_in_browser, page_key, serve
from synsift.pipelines.cli.ontology import OntologyFile, concepts_of
from synsift.pipelines.cli.options import ConfigFile, Out, SetValues, follow_up, settings_of
from synsift.pipelines.errors import SynsiftError
from synsift.pipelines.listener import listening
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.log.base import Log
    from synsift.pipelines.review.doubts import PairDesk
    from synsift.pipelines.review.server import ReviewServer


def review(
    host: Annotated[
        str,
        typer.Option(
            "--host", metavar="ADDRESS", help="Listen here; `0.0.0.0` lets phones and others in, who have the key"
        ),
    ] = LOOPBACK,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Listen on this port; 0 for any")] = 8_501,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser")] = True,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Serve a page on which people vote on the candidates of a crawl, by keyboard, mouse or phone, until Ctrl-C.

    It shows a batch of `synsift verify plan` after the other: the definition, up to three synsets that may be meant
    instead, and 48 pictures. Votes are in the log before the next batch is shown. Any number of people vote at once,
    each by a name of their own; who closes the page goes on later where they were. The address has a key in it, which
    stays the same: who has it may vote. On a second page stand pairs: near copies in doubt, and pictures under two
    synsets. What was said of them is kept in `not-copies.txt` in the store's folder, or in the first file of
    `dedupe.not_copies`, which crawls honour.

    [bold]Examples[/bold]

      synsift review --out dogs

      synsift review --out dogs --host 0.0.0.0 --no-open
    """
    settings = settings_of(file, values, store__url=out)
    concepts = concepts_of(ontology)

    from synsift.pipelines.assembly import open_log
    from synsift.pipelines.voting import read_tasks

    with contextlib.closing(open_log(settings)) as log:
        tasks = read_tasks(log)
        if not tasks:
            plan = follow_up("verify plan", out=out, file=file, values=values)
            raise SynsiftError("there is no batch to vote on", hint=f"`{plan}` makes some")
        key = page_key("review")
        with listening(host, port) as listener:
            err.print(f"{counted(len(tasks), 'batch', 'batches')} to vote on; Ctrl-C ends the page, and loses nothing")
            address = address_of(host, listener.getsockname()[1], key)
            typer.echo(address)
            if browse:
                open_in_browser(address, host)
            asyncio.run(serve(_server(settings, log, concepts, key).app(), listener))
            err.print("the page is closed; all that was handed in is in the log")


def _server(settings: "Settings", log: "Log", concepts: Concepts, key: str) -> "ReviewServer":
    from synsift.pipelines.review.desk import Desk
    from synsift.pipelines.review.pictures import Pictures, thumbnails_folder
    from synsift.pipelines.review.server import ReviewServer
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.store_settings import store_address

    desk = Desk(log, concepts)
    desk.refresh()
    pictures = Pictures(
        Objects(store_address(settings), make=False), thumbnails_folder(), max_pixels=settings.fetch.max_pixels
    )
    return ReviewServer(desk, pictures, key=key, make_pairs=lambda: _pairs(settings, log))


def _pairs(settings: "Settings", log: "Log") -> "PairDesk":
    from synsift.pipelines.matching import match_options
    from synsift.pipelines.review.doubts import PairDesk
    from synsift.pipelines.review.judged import JudgedPairs

    judged = JudgedPairs(_judged_file(settings))
    return PairDesk(log, match_options(settings.dedupe), judged)


def _judged_file(settings: "Settings") -> Path:
    """Where judgements of pairs are kept: where `dedupe` reads them, else beside the store if that is a folder."""
    from synsift.pipelines.store_settings import store_address

    if settings.dedupe.not_copies:
        return Path(settings.dedupe.not_copies[0])
    folder = store_address(settings).folder
    return (folder or Path()) / "not-copies.txt"
