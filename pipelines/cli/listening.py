"""Commands that serve a page: where they listen, the page's key, and how they end."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aiohttp import web

LOOPBACK: Final = "127.0.0.1"
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
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
    from synsift.pipelines.served import served

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with served(app, listener):
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, stop.set)
        await stop.wait()
