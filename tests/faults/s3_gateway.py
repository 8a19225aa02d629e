"""An S3 server on a bad day: passes requests on, but answers some with 503, and some not at all."""

import asyncio
import contextlib
import random
from collections.abc import Iterator

import aiohttp
from aiohttp import web
from yarl import URL

from tests.loopback import serving

_DROPPED = {"transfer-encoding", "connection", "keep-alive", "content-length"}
_SLOW_DOWN = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
_FULL = b"<?xml version='1.0'?><Error><Code>XMinioStorageFull</Code><Message>There is no room.</Message></Error>"
_STALL_S = 60.0


class S3Gateway:
    """A proxy before an S3 server. Signatures stay good, as the Host header is passed on.

    Attributes:
        port: Where it listens.
        busy: Part of the requests that are answered with 503.
        stalled: Part of the requests that are never answered.
        full: Whether there is no room: nothing can be written.
        failed: How many were answered with 503 or not at all.
    """

    def __init__(self, upstream_port: int, rng: random.Random) -> None:
        self.port = 0
        self.busy = 0.0
        self.stalled = 0.0
        self.full = False
        self.failed = 0
        self._upstream_port = upstream_port
        self._rng = rng

    def calm(self) -> None:
        """Pass everything on."""
        self.busy = self.stalled = 0.0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on, or fail it."""
        chance = self._rng.random()
        if chance < self.stalled + self.busy:
            self.failed += 1
            if chance < self.stalled:
                await asyncio.sleep(_STALL_S)
            return web.Response(status=503, body=_SLOW_DOWN, content_type="application/xml")
        if self.full and request.method == "PUT":
            self.failed += 1
            return web.Response(status=507, body=_FULL, content_type="application/xml")
        url = URL(f"http://127.0.0.1:{self._upstream_port}{request.raw_path}", encoded=True)
        body = await request.read()
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(request.method, url, headers=request.headers, data=body) as response,
        ):
            headers = {name: value for name, value in response.headers.items() if name.lower() not in _DROPPED}
            if request.method == "HEAD":
                headers["Content-Length"] = response.headers.get("Content-Length", "0")
                return web.Response(status=response.status, headers=headers)
            return web.Response(status=response.status, body=await response.read(), headers=headers)


@contextlib.contextmanager
def s3_gateway(upstream_port: int, rng: random.Random) -> Iterator[S3Gateway]:
    """A gateway for the block, in a thread of its own."""
    gateway = S3Gateway(upstream_port, rng)

    def make_app() -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", gateway.answer)
        return app

    with serving(make_app) as gateway.port:
        yield gateway
