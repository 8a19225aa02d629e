"""Who a host is: real certificates, good and bad, through real stages."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from synsift.crawler.download.access import Access
from synsift.crawler.download.attempt import Patience
from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.settings import Limits
from synsift.crawler.queries import SynsetQuery
from synsift.crawler.sources import CommonsSource
from synsift.pipelines import topics
from synsift.pipelines.records import Candidate, Survivor
from synsift.pipelines.stages.plan import plan
from synsift.pipelines.stages.search import SearchStage
from synsift.pipelines.stages.search_needs import SearchOptions
from synsift.pipelines.storage.manifests import decode_part, encode_part
from synsift.pipelines.worker import Worker
from tests.certificates import Signed, sign
from tests.loopback import serving
from tests.pipelines.stages.test_fetch import LOOPBACK, fetch, picture, want
from tests.pipelines.worlds import World

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def authority() -> Signed:
    return sign(["an authority of a test"], is_authority=True)


@pytest.fixture
def trusting(authority: Signed, tmp_path: Path) -> Access:
    """The authority is trusted, beside the system's."""
    file = tmp_path / "authorities.pem"
    file.write_bytes(authority.pem)
    return replace(LOOPBACK, ca_file=str(file))


@contextlib.contextmanager
def host(context: ssl.SSLContext | None, asked: list[str]) -> Iterator[str]:
    """A host with a picture, and a robots.txt that allows all; its base URL is given."""

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        if request.path.endswith(".txt"):
            raise web.HTTPNotFound
        return web.Response(body=picture(1), content_type="image/jpeg")

    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        return app

    with serving(make_app, tls=context) as port:
        yield f"https://{HOST}:{port}"


def ends(world: World) -> list[tuple[str, str, int]]:
    return [(letter.outcome, letter.message, letter.attempts) for letter in world.letters()]


def test_a_certificate_of_an_authority_that_is_named_is_good(
    world: World, authority: Signed, trusting: Access, tmp_path: Path
) -> None:
    asked: list[str] = []
    with host(sign([HOST], by=authority).context(tmp_path), asked) as base:
        want(world, f"{base}/1.jpg")
        fetch(world, access=trusting)
    (found,) = world.records(topics.CANDIDATES, Candidate)
    assert found.answer.tls == ""
    assert asked == ["/robots.txt", "/1.jpg"]


@pytest.mark.parametrize("by", [None, sign(["?"], is_authority=True)], ids=["itself", "nobody known"])
def test_a_certificate_that_is_named_itself_is_good_whoever_signed_it(
    world: World, tmp_path: Path, by: Signed | None
) -> None:
    signed = sign([HOST], by=by)
    (tmp_path / "own.pem").write_bytes(signed.pem)
    with host(signed.context(tmp_path), []) as base:
        want(world, f"{base}/1.jpg")
        fetch(world, access=replace(LOOPBACK, ca_file=str(tmp_path / "own.pem")))
    assert len(world.records(topics.CANDIDATES, Candidate)) == 1


def through_another(authority: Signed) -> Signed:
    return sign([HOST], by=sign(["in between"], by=authority, is_authority=True))


BAD: list[tuple[str, Callable[[Signed], Signed], str]] = [
    ("expired", lambda ca: sign([HOST], by=ca, days=(-9, -1)), "has expired"),
    ("not yet valid", lambda ca: sign([HOST], by=ca, days=(1, 9)), "not valid yet"),
    ("another name", lambda ca: sign(["example.org"], by=ca), "for other addresses"),
    ("another address", lambda ca: sign(["127.0.0.2"], by=ca), "for other addresses"),
    ("self-signed", lambda _: sign([HOST]), "signed by itself"),
    ("unknown authority", lambda _: sign([HOST], by=sign(["?"], is_authority=True)), "signed by nobody known here"),
    ("chain with a gap", through_another, "or it doesn't send those in between"),
    ("signed by no authority", lambda ca: sign([HOST], by=sign(["x.example"], by=ca)), "signed by nobody known here"),
]


@pytest.mark.parametrize(("make", "words"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_certificate_ends_its_urls_at_once_and_is_looked_at_once(
    world: World, authority: Signed, trusting: Access, tmp_path: Path, make: Callable[[Signed], Signed], words: str
) -> None:
    asked: list[str] = []
    with host(make(authority).context(tmp_path), asked) as base:
        for number in range(5):
            want(world, f"{base}/{number}.jpg")
        fetch(world, access=trusting)
    assert [(outcome, attempts) for outcome, _, attempts in ends(world)] == [("tls_failed", 1)] * 5
    assert all(message.startswith(f"{HOST}: ") and words in message for _, message, _ in ends(world))
    assert asked == []


def test_only_an_unknown_issuer_is_told_how_to_be_known(world: World, authority: Signed, tmp_path: Path) -> None:
    with host(sign([HOST], by=authority).context(tmp_path), []) as base:
        want(world, f"{base}/1.jpg")
        fetch(world)
    assert "named in fetch.ca_file" in ends(world)[0][1]


def test_a_site_that_sends_its_robots_txt_to_a_bad_certificate_is_not_asked_for_more(
    world: World, tmp_path: Path
) -> None:
    plain: list[str] = []
    with host(sign(["example.org"]).context(tmp_path), []) as secure:

        async def answer(request: web.Request) -> web.StreamResponse:
            plain.append(request.path)
            raise web.HTTPFound(secure + request.path)

        def make_app() -> web.Application:
            app = web.Application()
            app.router.add_get("/{path:.*}", answer)
            return app

        with serving(make_app) as port:
            want(world, f"http://{HOST}:{port}/1.jpg")
            fetch(world)
    assert [outcome for outcome, _, _ in ends(world)] == ["tls_failed"]
    assert plain == ["/robots.txt"]


def test_a_host_that_speaks_no_tls_has_failed_at_it(world: World) -> None:
    with host(None, []) as base:
        want(world, f"{base}/1.jpg")
        fetch(world)
    assert [outcome for outcome, _, _ in ends(world)] == ["tls_failed"]
    assert "doesn't speak TLS on this port" in ends(world)[0][1]


def test_a_handshake_that_breaks_says_nothing_of_the_host(world: World) -> None:
    """It may be the line's fault: the host is asked again, as after any connection that broke."""
    accepted = []

    def close_all(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                with client:
                    accepted.append(client.recv(5))

    with socket.create_server((HOST, 0)) as server:
        thread = threading.Thread(target=close_all, args=(server,))
        thread.start()
        want(world, f"https://{HOST}:{server.getsockname()[1]}/1.jpg")
        fetch(world)
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert [outcome for outcome, _, _ in ends(world)] == ["host_down"]
    assert len(accepted) > 1


def test_without_verification_all_is_taken_and_provenance_says_so(world: World, tmp_path: Path) -> None:
    with host(sign(["example.org"], days=(-9, -1)).context(tmp_path), []) as base:
        want(world, f"{base}/1.jpg")
        fetch(world, access=replace(LOOPBACK, verify_tls=False))
    (found,) = world.records(topics.CANDIDATES, Candidate)
    assert found.answer.tls == "unverified"
    (row,) = decode_part(encode_part([(0, Survivor(candidate=found))]))
    assert row["tls"] == "unverified"


@pytest.mark.parametrize(("is_good", "found"), [(True, []), (False, ["tls_failed"])])
def test_a_source_must_prove_who_it_is_too(
    world: World, authority: Signed, trusting: Access, tmp_path: Path, is_good: bool, found: list[str]
) -> None:
    asked: list[str] = []
    signed = sign([HOST], by=authority, days=(-2, 1 if is_good else -1))
    plan(world.log, world.router, [SynsetQuery("n1", "dog")], source="commons")

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.json_response({"query": {"pages": []}})

    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_get("/api.php", answer)
        return app

    with serving(make_app, tls=signed.context(tmp_path)) as port:
        source = CommonsSource(api_url=f"https://{HOST}:{port}/api.php", width_px=0, page_size=3)
        access = replace(trusting, table="search")
        limits = Limits("synsift/test", 2.0, 1_000_000, False, access)
        options = SearchOptions(politeness=Politeness(4, 1, 0.0), patience=Patience(attempts=3), limits=limits)
        stage = SearchStage(world.log, world.router, sources={"commons": source}, options=options)
        asyncio.run(Worker(world.log, [stage], until_idle=True).run())
    assert [outcome for outcome, _, _ in ends(world)] == found
    assert [attempts for _, _, attempts in ends(world)] == [1] * len(found)
    assert set(asked) == ({"/api.php"} if is_good else set())
