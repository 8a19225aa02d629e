"""Commands that serve a page: where they listen, the page's key, and how they end."""

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
from typing import TYPE_CHECKING, Final

from synsift.pipelines.errors import UsageError

if TYPE_CHECKING:
    from aiohttp import web

LOOPBACK: Final = "127.0.0.1"
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
_WHY_NOT: Final = {
    errno.EADDRINUSE: "another program has that port: `--port 0` takes any that is free",
    errno.EACCES: "ports below 1024 are the system's: `--port 0` takes any that is free",
    errno.EADDRNOTAVAIL: "`--host` is an address of this machine; `0.0.0.0` is all of them",
}
_KEY_CHARACTERS: Final = 22


def page_key(command: str) -> str:
    """The key of a command's page: the same one each time, so that a page that is open has it after a new start."""
    from synsift.pipelines.folders.cache import cache_home

    file = cache_home() / f"{command}-key"
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


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        UsageError: It can't.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen()  # who opens the address at once waits, and is not refused
    except OSError as exc:
        hint = (
            _WHY_NOT.get(exc.errno or 0, "") if not isinstance(exc, socket.gaierror) else _WHY_NOT[errno.EADDRNOTAVAIL]
        )
        raise UsageError(f"`{host}`, port {port}: {exc.strerror or exc}", hint=hint) from exc
    return listener


def address_of(host: str, port: int, key: str) -> str:
    """What to open in a browser."""
    from synsift.pipelines.pages.guarded import KEY

    shown = socket.gethostname() if host in _EVERYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/?{KEY}={key}"


def open_in_browser(address: str, host: str) -> None:
    """Show a page, where there is a screen to show it on."""
    if host == LOOPBACK and os.environ.get("DISPLAY", os.name == "nt"):
        webbrowser.open(address)


async def serve(app: "web.Application", listener: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    from aiohttp import web

    # Of what strangers send that is no HTTP, and of browsers that hang up, it would write a traceback each.
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
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


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether an error is one of this program, not of what somebody sent."""
    from aiohttp.http_exceptions import HttpProcessingError
    from aiohttp.web import RequestPayloadError

    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | RequestPayloadError | ConnectionError)
