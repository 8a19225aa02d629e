"""The gate at the socket, with all that stands before it left out."""

import asyncio
from collections.abc import Sequence

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from synsift.crawler.download.access import Access
from synsift.crawler.download.connections import Connections
from synsift.crawler.errors import NoSuchHost, PrivateAddress
from tests.loopback import serving


class Careless(AbstractResolver):
    """Gives addresses that nobody checked."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        del family
        return [
            ResolveResult(hostname=host, host=address, port=port, family=2, proto=0, flags=0)
            for address in self._addresses
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("127.0.0.1", []),
        ("evil.example", ["127.0.0.1"]),
        ("evil.example", ["127.0.0.1", "127.0.0.2"]),
        ("evil.example", ["2130706433"]),
    ],
)
def test_no_socket_goes_to_a_private_address_whatever_was_checked_before(host: str, addresses: list[str]) -> None:
    asked = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response()

    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        return app

    async def run(port: int) -> None:
        connections = Connections(Access())
        connections.connector._resolver = Careless(addresses)
        async with aiohttp.ClientSession(connector=connections.connector) as session:
            with pytest.raises((PrivateAddress, aiohttp.ClientError)), connections.explaining():
                await session.get(f"http://{host}:{port}/")

    with serving(make_app, ["127.0.0.1", "127.0.0.2"]) as port:
        asyncio.run(run(port))
    assert not asked


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://16843009/a%2fb?q=%C3%A9", "http://1.1.1.1/a%2fb?q=%C3%A9"),
        ("http://0x1.1.1.1:8080/", "http://1.1.1.1:8080/"),
        ("https://1.1.1.1/x", "https://1.1.1.1/x"),
        ("http://[2606:4700:4700:0:0:0:0:1111]/", "http://[2606:4700:4700::1111]/"),
        ("http://１。１。１。１/", "http://1.1.1.1/"),
    ],
)
def test_an_address_is_asked_as_browsers_write_it_and_the_rest_as_it_is(url: str, found: str) -> None:
    async def run() -> str:
        connections = Connections(Access())
        try:
            return str(await connections.find(url))
        finally:
            await connections.connector.close()

    assert asyncio.run(run()) == found


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "[::1]", "[fe80::1%25lo]", "１２７.1", "localhost", "a.localhost"]
)
def test_a_private_host_is_refused_before_anybody_is_asked(host: str) -> None:
    async def run() -> None:
        connections = Connections(Access(nameservers=("127.0.0.1:1",)))
        try:
            with pytest.raises(PrivateAddress):
                await connections.find(f"http://{host}/")
        finally:
            await connections.connector.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://", "http://a:b/", "http://\ud800.example/", "http://ü..example/"]
)
def test_what_is_no_url_is_refused_and_nothing_else_is_raised(url: str) -> None:
    async def run() -> None:
        connections = Connections(Access(nameservers=("127.0.0.1:1",)))
        try:
            with pytest.raises((aiohttp.InvalidURL, NoSuchHost)):
                await connections.find(url)
        finally:
            await connections.connector.close()

    asyncio.run(run())


def test_so_many_idle_connections_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those used last; what is in use is none of them, and a host that is asked again has its own."""
    opened: list[str] = []

    def make_app() -> web.Application:
        async def answer(request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            opened.append(str(request.transport.get_extra_info("peername")))
            return web.Response(text="x" * 100)

        app = web.Application()
        app.router.add_get("/", answer)
        return app

    async def run(port: int) -> None:
        connections = Connections(Access(allow_networks=("127.0.0.0/8",)))
        monkeypatch.setattr(connections.connector, "most_idle", 5)
        async with aiohttp.ClientSession(connector=connections.connector) as session:

            async def ask(host: int) -> str:
                async with session.get(f"http://127.0.0.{host}:{port}/") as response:
                    await response.read()
                return opened[-1]

            async with session.get(f"http://127.0.0.99:{port}/") as held:
                first = {host: await ask(host) for host in range(1, 21)}
                assert len(connections.connector._idle) == 5
                assert all([await ask(host) == first[host] for host in range(16, 21)]), "the last ones are kept"
                assert await ask(1) != first[1], "the first ones are not"
                assert await held.text() == "x" * 100

    with serving(make_app, [f"127.0.0.{host}" for host in (*range(1, 21), 99)]) as port:
        asyncio.run(run(port))
