"""Serves HTTP for people and for Prometheus, and waits for nobody who never ends the head of a first request.

aiohttp waits for the first request of a connection as long as it takes, so that who opens connections and sends nothing
whole holds them, and their files, for ever. Between two requests it waits for 75 s by itself.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

HEAD_S: Final = 10.0
"""As long as a connection may take until its first request stands there, head and all."""
_SHUTDOWN_S: Final = 2.0


@contextlib.asynccontextmanager
async def served(app: web.Application, listener: socket.socket, *, head_s: float = HEAD_S) -> AsyncIterator[None]:
    """Serve an application while the block runs.

    Args:
        app: Not started yet.
        listener: Where it listens; closed at the end.
        head_s: See ``HEAD_S``.
    """
    waiting: set[web.RequestHandler] = set()

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        waiting.discard(request.protocol)
        return await handler(request)

    # Of what strangers send that is no HTTP, and of browsers that hang up, it would write a traceback each.
    logging.getLogger("aiohttp.server").addFilter(_is_ours)
    app.middlewares.insert(0, note)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    loop = asyncio.get_running_loop()
    try:
        accept = _accepting(runner, waiting, head_s)
        server = await loop.create_server(accept, sock=listener)
        try:
            yield
        finally:
            server.close()
    finally:
        await runner.cleanup()


def _accepting(
    runner: web.AppRunner, waiting: set[web.RequestHandler], head_s: float
) -> Callable[[], web.RequestHandler]:
    server, loop = runner.server, asyncio.get_running_loop()
    assert server is not None  # noqa: S101 - it is set up

    def hang_up(handler: web.RequestHandler) -> None:
        if handler in waiting:
            waiting.discard(handler)
            handler.force_close()

    def accept() -> web.RequestHandler:
        handler = server()
        waiting.add(handler)
        loop.call_later(head_s, hang_up, handler)
        return handler

    return accept


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether an error is one of this program, not of what somebody sent."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | web.RequestPayloadError | ConnectionError)
