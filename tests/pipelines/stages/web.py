"""A small web on loopback for the stages that ask the web: real HTTP, in a thread of its own."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from tests.loopback import serving

ADDRESSES = tuple(f"127.0.0.{n}" for n in range(1, 33))
"""Hosts, as far as politeness goes; enough for two to share a partition."""
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class SmallWeb:
    """Pages by path; counts what is asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.asked: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.port = 0

    def serve(self, path: str, body: bytes = b"", *, status: int = 200, **headers: str) -> str:
        """Give a page a fixed answer; return its URL."""

        async def answer(_request: web.Request) -> web.StreamResponse:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return web.Response(body=body, status=status, headers=named)

        self.pages[path] = answer
        return self.url(path)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked[request.path] += 1
        self.agents.add(request.headers.get("User-Agent", ""))
        page = self.pages.get(request.path)
        if page is None:
            raise web.HTTPNotFound
        return await page(request)


@contextmanager
def small_web() -> Iterator[SmallWeb]:
    """Serve on a few addresses for the block."""
    site = SmallWeb()

    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", site.answer)
        return app

    with serving(make_app, ADDRESSES) as site.port:
        yield site
