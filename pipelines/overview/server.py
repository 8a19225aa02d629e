"""The page's server; it only reads.

``GET /``          the page          ``GET /small/SHA256``  a small picture of what survived last
``GET /api/view``  what is so now
"""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from aiohttp import web

from synsift.pipelines.overview.watching import Overview
from synsift.pipelines.pages.guarded import HEADERS, KEPT_A_DAY, Gate, favicon, in_thread, json_answer
from synsift.pipelines.pages.page import asset
from synsift.pipelines.review.pictures import Pictures

_PACKAGE: Final = "synsift.pipelines.overview"
_SHARED: Final = ("look.css", "asking.js")
_LEAST_S: Final = 1.0
"""Between two looks at the log, however many browsers ask."""


class FleetServer:
    """Answers a browser. Lives in one event loop."""

    def __init__(self, overview: Overview, pictures: Pictures, *, key: str) -> None:
        """Make one.

        Args:
            overview: Says what is so.
            pictures: Shows images.
            key: Whoever has it may look.
        """
        self._overview = overview
        self._pictures = pictures
        self._gate = Gate(key, "fleet")
        self._at_log = ThreadPoolExecutor(1, "fleet-log")
        self._at_pictures = ThreadPoolExecutor(2, "fleet-pictures")
        self._view: dict[str, Any] = {}
        self._looked_s = float("-inf")

    def app(self) -> web.Application:
        """The web application."""
        app = web.Application(middlewares=[self._gate.guard])
        app.router.add_get("/", self.page)
        app.router.add_get("/{name:look.css|fleet.css|fleet.js|asking.js}", self.asset)
        app.router.add_get("/favicon.ico", favicon)
        app.router.add_get("/api/view", self.view)
        app.router.add_get("/small/{sha256:[0-9a-f]{64}}", self.small)
        app.on_cleanup.append(self._close)
        return app

    async def _close(self, _app: web.Application) -> None:
        self._at_pictures.shutdown(wait=True, cancel_futures=True)
        self._at_log.submit(self._overview.close)
        self._at_log.shutdown(wait=True)

    async def page(self, request: web.Request) -> web.Response:
        """The page."""
        if (welcome := self._gate.welcome(request)) is not None:
            return welcome
        return web.Response(text=asset("fleet.html", _PACKAGE), content_type="text/html", headers=HEADERS)

    async def asset(self, request: web.Request) -> web.Response:
        """Its styles and its scripts."""
        name = request.match_info["name"]
        text = asset(name) if name in _SHARED else asset(name, _PACKAGE)
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return web.Response(text=text, content_type=kind, headers=HEADERS)

    async def view(self, _request: web.Request) -> web.Response:
        """What is so now; the log is read by one thread, whoever asks."""
        return json_answer(await in_thread(self._at_log, self._look))

    def _look(self) -> dict[str, Any]:
        if time.monotonic() - self._looked_s >= _LEAST_S:
            self._view = self._overview.look()
            self._looked_s = time.monotonic()
        return self._view

    async def small(self, request: web.Request) -> web.Response:
        """A small picture of an image that is shown."""
        sha256 = request.match_info["sha256"]
        if not self._overview.knows(sha256):
            raise web.HTTPNotFound
        data = self._pictures.kept(sha256) or await in_thread(self._at_pictures, lambda: self._pictures.small(sha256))
        if data is None:
            raise web.HTTPNotFound
        return web.Response(body=data, content_type="image/webp", headers=KEPT_A_DAY)
