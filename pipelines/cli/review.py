"""``synsift review``: a page on which people vote on the candidates of a crawl."""

import asyncio
import contextlib
import errno
import logging
import os
import secrets
import signal
import socket
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from synsift.crawler.ontology import Concepts
from synsift.pipelines.cli.console import counted, err
from synsift.pipelines.cli.ontology import OntologyFile, concepts_of
from synsift.pipelines.cli.options import ConfigFile, Out, SetValues, follow_up, settings_of
from synsift.pipelines.errors import SynsiftError, UsageError

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.log.base import Log
    from synsift.pipelines.review.doubts import PairDesk
    from synsift.pipelines.review.server import ReviewServer

_LOOPBACK: Final = "127.0.0.1"
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
_WHY_NOT: Final = {
    errno.EADDRINUSE: "another program has that port: `--port 0` takes any that is free",
    errno.EACCES: "ports below 1024 are the system's: `--port 0` takes any that is free",
    errno.EADDRNOTAVAIL: "`--host` is an address of this machine; `0.0.0.0` is all of them",
}
_KEY_CHARACTERS: Final = 22


def review(
    host: Annotated[
        str,
        typer.Option(
            "--host", metavar="ADDRESS", help="Listen here; `0.0.0.0` lets phones and others in, who have the key"
        ),
    ] = _LOOPBACK,
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
        key = _key()
        with _listening(host, port) as listener:
            err.print(f"{counted(len(tasks), 'batch', 'batches')} to vote on; Ctrl-C ends the page, and loses nothing")
            address = _address(host, listener.getsockname()[1], key)
            typer.echo(address)
            if browse and host == _LOOPBACK and os.environ.get("DISPLAY", os.name == "nt"):
                webbrowser.open(address)
            asyncio.run(_serve(settings, log, concepts, listener, key))


def _key() -> str:
    """The key of the page: the same one each time, so that a page that is open still has it after a new start."""
    from synsift.pipelines.folders.cache import cache_home

    file = cache_home() / "review-key"
    with contextlib.suppress(OSError, UnicodeError):
        known = file.read_text(encoding="ascii").strip()
        if len(known) == _KEY_CHARACTERS:
            return known
    key = secrets.token_urlsafe(16)
    with contextlib.suppress(OSError):  # then it is another one next time
        file.parent.mkdir(parents=True, exist_ok=True)
        part = Path(f"{file}.{os.getpid()}")
        part.touch(mode=0o600)
        part.write_text(key + "\n", encoding="ascii")
        part.replace(file)
    return key


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        UsageError: It can't.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
    except OSError as exc:
        hint = (
            _WHY_NOT.get(exc.errno or 0, "") if not isinstance(exc, socket.gaierror) else _WHY_NOT[errno.EADDRNOTAVAIL]
        )
        raise UsageError(f"`{host}`, port {port}: {exc.strerror or exc}", hint=hint) from exc
    return listener


def _address(host: str, port: int, key: str) -> str:
    from synsift.pipelines.review.server import KEY

    shown = socket.gethostname() if host in _EVERYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/?{KEY}={key}"


async def _serve(settings: "Settings", log: "Log", concepts: Concepts, listener: socket.socket, key: str) -> None:
    from aiohttp import web

    # Of what strangers send that is no HTTP, and of browsers that hang up, it would write a traceback each.
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
    runner = web.AppRunner(_server(settings, log, concepts, key).app(), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    try:
        await web.SockSite(runner, listener).start()
        await stop.wait()
    finally:
        await runner.cleanup()
    err.print("the page is closed; all that was handed in is in the log")


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether an error is one of this program, not of what somebody sent."""
    from aiohttp.http_exceptions import HttpProcessingError
    from aiohttp.web import RequestPayloadError

    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | RequestPayloadError | ConnectionError)


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
