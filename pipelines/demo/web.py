"""The demo's servers: a MediaWiki API and some image hosts on loopback, in a process of their own.

Run as ``python -m synsift.pipelines.demo.web``. Writes one line of JSON, ``Directory``, and serves until its standard
input is closed, so that it never outlives the demo.
"""

import asyncio
import contextlib
import hashlib
import json
import sys
from collections import Counter
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from aiohttp import web

from synsift.pipelines.demo.world import (
    BUSY_HOST,
    IMAGE_HOSTS,
    MAX_BYTES,
    PRIVATE_HOST,
    SLOW_HOST,
    Behaviour,
    File,
    World,
    build_world,
)

API_HOST: Final = "127.0.0.1"
_STALL_S: Final = 600.0
_DRIP_S: Final = 0.05


class Expected(msgspec.Struct, frozen=True):
    """The truth of one URL."""

    url: str
    outcome: str
    cluster: int
    sha256: str
    pixels: int
    size_bytes: int


class Directory(msgspec.Struct, frozen=True):
    """Where the demo's web is, and its truth.

    Attributes:
        api_url: The API.
        answers: Query text → URLs that it finds, in order.
        truth: Every URL that a query finds.
    """

    api_url: str
    answers: dict[str, list[str]]
    truth: list[Expected]


class DemoWeb:
    """All hosts of the demo."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ports: dict[str, int] = {}
        self._tries: Counter[str] = Counter()
        self.private_hits = 0
        self._runners: list[web.AppRunner] = []

    async def start(self) -> None:
        """Listen, each host on an address of its own and a free port."""
        for host in (API_HOST, *IMAGE_HOSTS, SLOW_HOST, BUSY_HOST, PRIVATE_HOST):
            app = web.Application()
            if host == API_HOST:
                app.router.add_get("/w/api.php", self._api)
                app.router.add_get("/private-hits", self._count_private_hits)
            app.router.add_get("/robots.txt", self._robots)
            app.router.add_get("/{path:.*}", self._file)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, host, 0)
            await site.start()
            self._runners.append(runner)
            self._ports[host] = runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        for runner in self._runners:
            await runner.cleanup()

    def url(self, file: File) -> str:
        """The URL of a file."""
        return f"http://{file.host}:{self._ports[file.host]}{file.path}"

    def directory(self) -> Directory:
        """Where everything is."""
        answers = {text: [self.url(file) for file in files] for text, files in self._world.answers.items()}
        files = {self.url(file): file for found in self._world.answers.values() for file in found}
        truth = [
            Expected(
                url, file.outcome, file.cluster, hashlib.sha256(file.body).hexdigest(), file.pixels, len(file.body)
            )
            for url, file in files.items()
        ]
        return Directory(f"http://{API_HOST}:{self._ports[API_HOST]}/w/api.php", answers, truth)

    # The API.

    async def _api(self, request: web.Request) -> web.Response:
        self._tries["api"] += 1
        if self._tries["api"] == 1:
            error = {"code": "maxlag", "info": "Waiting for a database server: 1 seconds lagged", "lag": 1}
            return web.json_response({"error": error}, headers={"Retry-After": "1"})
        query = {name: values[0] for name, values in parse_qs(request.query_string).items()}
        if query.get("meta") == "siteinfo":
            return web.json_response({"query": {"extensions": [{"name": "CirrusSearch"}]}})
        text = query["gsrsearch"].split('"')[1]
        files = self._world.answers.get(text, [])
        start, size = int(query.get("gsroffset", 0)), int(query["gsrlimit"])
        pages: list[dict[str, Any]] = [
            self._page(file, number) for number, file in enumerate(files[start : start + size], start=start + 1)
        ]
        if start == 0:
            drawing = {"url": self.url(files[0]) + ".svg", "mime": "image/svg+xml"} if files else {}
            pages.append({"title": "File:Drawing.svg", "index": 0, "imageinfo": [drawing]} if drawing else {})
        answer: dict[str, Any] = {"batchcomplete": True, "query": {"pages": [page for page in pages if page]}}
        if start + size < len(files):
            answer["continue"] = {"gsroffset": start + size, "continue": "gsroffset||"}
        return web.json_response(answer)

    def _page(self, file: File, index: int) -> dict[str, Any]:
        url = self.url(file)
        mime = "image/png" if file.path.endswith(".png") else "image/jpeg"
        # Each picture has its own photographer, as the copies of it have.
        artist = f"Photographer {file.cluster}" if file.cluster >= 0 else "Demo"
        metadata = {
            "Artist": {"value": f'<a href="//example.org/wiki/User:Demo">{artist} &amp; friends</a>'},
            "LicenseShortName": {"value": "CC0"},
            "LicenseUrl": {"value": "https://creativecommons.org/publicdomain/zero/1.0/"},
        }
        info = {
            "url": url,
            "descriptionurl": f"{url}.html",
            "mime": mime,
            "width": 448,
            "height": 336,
            "size": len(file.body),
            "extmetadata": metadata,
        }
        return {"title": f"File:{file.path.rpartition('/')[2]}", "index": index, "imageinfo": [info]}

    # The image hosts.

    async def _robots(self, request: web.Request) -> web.Response:
        if _address(request) == IMAGE_HOSTS[1]:
            return web.Response(text="User-agent: *\nDisallow: /private/\n")
        raise web.HTTPNotFound

    async def _count_private_hits(self, _request: web.Request) -> web.Response:
        return web.json_response(self.private_hits)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        host = _address(request)
        if host == PRIVATE_HOST:
            self.private_hits += 1
        file = self._world.files.get((host, request.path))
        if file is None:
            raise web.HTTPNotFound
        url = self.url(file)
        self._tries[url] += 1
        answer = self._answers().get(file.behaviour)
        if answer is not None:
            response: web.StreamResponse = await answer(request, file)
            return response
        self._raise_for(file, self._tries[url])
        headers = {"ETag": f'"{len(file.body)}"', "Content-Type": "image/jpeg"}
        if file.behaviour is Behaviour.OPT_OUT:
            headers["X-Robots-Tag"] = "noai, noimageai"
        return web.Response(body=file.body, headers=headers)

    def _answers(self) -> dict[Behaviour, Any]:
        return {
            Behaviour.STALL: self._stall,
            Behaviour.DRIP: self._drip,
            Behaviour.FLOOD: self._flood,
            Behaviour.RESET: self._reset,
        }

    def _raise_for(self, file: File, tries: int) -> None:
        """Answer what isn't a file."""
        private = f"http://{PRIVATE_HOST}:{self._ports[PRIVATE_HOST]}/secrets"
        redirects = {
            Behaviour.REDIRECT: file.target,
            Behaviour.REDIRECT_TO_PRIVATE: private,
            Behaviour.REDIRECT_FOREVER: file.path,
        }
        if file.behaviour in redirects:
            raise web.HTTPFound(redirects[file.behaviour])
        if file.behaviour is Behaviour.GONE:
            raise web.HTTPGone
        if file.behaviour is Behaviour.FAIL or (file.behaviour is Behaviour.HEAL_AFTER_500 and tries <= 2):
            raise web.HTTPInternalServerError
        if file.behaviour is Behaviour.HEAL_AFTER_429 and tries <= 1:
            raise web.HTTPTooManyRequests(headers={"Retry-After": "1"})

    async def _stall(self, _request: web.Request, _file: File) -> web.StreamResponse:
        await asyncio.sleep(_STALL_S)
        raise web.HTTPGatewayTimeout

    async def _drip(self, request: web.Request, file: File) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(file.body))})
        await response.prepare(request)
        with contextlib.suppress(ConnectionResetError):
            for byte in file.body:
                await response.write(bytes([byte]))
                await asyncio.sleep(_DRIP_S)
        return response

    async def _flood(self, request: web.Request, _file: File) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        with contextlib.suppress(ConnectionResetError):
            for _ in range(3 * MAX_BYTES // 65_536):
                await response.write(bytes(65_536))
        return response

    async def _reset(self, request: web.Request, _file: File) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        raise web.HTTPServiceUnavailable


def _address(request: web.Request) -> str:
    transport = request.transport
    return str(transport.get_extra_info("sockname")[0]) if transport is not None else ""


async def _serve() -> None:
    demo = DemoWeb(build_world())
    await demo.start()
    sys.stdout.write(json.dumps(msgspec.to_builtins(demo.directory())) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await demo.stop()


if __name__ == "__main__":
    asyncio.run(_serve())
