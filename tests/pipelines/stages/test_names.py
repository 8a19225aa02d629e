"""Names of hosts through a real fetch stage, with a real name server that says what a test wants."""

import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from synsift.crawler.download.host_health import HealthPolicy
from synsift.crawler.download.settings import Limits
from synsift.pipelines import topics
from synsift.pipelines.records import Candidate, Fetched
from tests.certificates import sign
from tests.loopback import serving
from tests.name_server import NO_SUCH_NAME, SERVER_FAILURE, A, Answers, Asked, Reply, name_server
from tests.pipelines.stages.test_fetch import LOOPBACK, QUICK, fetch, picture, want
from tests.pipelines.stages.web import SmallWeb
from tests.pipelines.worlds import World

HERE = Reply(["127.0.0.1"])
PRIVATE = "127.9.9.9"
"""Not among the networks that are allowed: a machine that no request may reach."""


@pytest.fixture
def secret() -> Iterator[tuple[Counter[str], int]]:
    """One port of a public and of a private address; what the private one was asked."""
    reached: Counter[str] = Counter()

    async def answer(request: web.Request) -> web.StreamResponse:
        host = request.transport.get_extra_info("sockname")[0] if request.transport else ""
        reached[host] += 1
        if request.path.startswith("/to/"):
            raise web.HTTPFound(f"http://{request.path[4:]}:{request.url.port}/1.jpg", headers={"Connection": "close"})
        return web.Response(body=picture(1), headers={"Connection": "close"})

    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        return app

    with serving(make_app, ["127.0.0.1", PRIVATE]) as port:
        yield reached, port


def run(world: World, answers: Answers, *urls: str, robots: bool = True, health: HealthPolicy = QUICK) -> Counter[str]:
    """Fetch with a name server; what it was asked."""
    with name_server(answers) as server:
        for url in urls:
            want(world, url)
        fetch(world, robots=robots, health=health, access=replace(LOOPBACK, nameservers=(server.address,)))
        return server.asked


def outcomes(world: World) -> list[str]:
    return sorted(letter.outcome for letter in world.letters())


def turning() -> Answers:
    """A name that is public when it is checked, and private from then on; its answers hold for no time at all."""
    asked: Counter[int] = Counter()

    def answers(question: Asked) -> Reply:
        asked[question.kind] += 1
        return Reply(["127.0.0.1" if asked[question.kind] == 1 else PRIVATE], ttl_s=0)

    return answers


@pytest.mark.parametrize("path", ["/1.jpg", "/to/evil.example"])
@pytest.mark.parametrize("robots", [True, False])
def test_a_name_cannot_resolve_anew_between_check_and_connection(
    world: World, secret: tuple[Counter[str], int], path: str, robots: bool
) -> None:
    """Connections are closed after each answer: robots.txt, image and redirect connect anew."""
    reached, port = secret
    run(world, turning(), f"http://evil.example:{port}{path}", robots=robots)
    assert len(world.records(topics.CANDIDATES, Candidate)) == 1
    assert reached["127.0.0.1"] > 1 - (not robots and path == "/1.jpg")
    assert not reached[PRIVATE]


@pytest.mark.parametrize("path", ["/1.jpg", "/to/inside.example"])
def test_a_name_of_a_private_address_is_refused_at_a_redirect_too(
    world: World, secret: tuple[Counter[str], int], path: str
) -> None:
    reached, port = secret
    host = "inside.example" if path == "/1.jpg" else "good.example"
    answers = {"good.example": HERE, "inside.example": Reply([PRIVATE, "::1", "fec0::1", "169.254.169.254"])}
    run(world, answers, f"http://{host}:{port}{path}")
    assert outcomes(world) == ["private_address"]
    assert not reached[PRIVATE]


def test_of_a_names_addresses_only_public_ones_are_connected_to(world: World, secret: tuple[Counter[str], int]) -> None:
    reached, port = secret
    run(world, {"both.example": Reply([PRIVATE, "127.0.0.1", "::1"])}, f"http://both.example:{port}/1.jpg")
    assert len(world.records(topics.CANDIDATES, Candidate)) == 1
    assert not reached[PRIVATE]


@pytest.mark.parametrize("reply", [Reply(code=NO_SUCH_NAME, negative_ttl_s=300), Reply(code=NO_SUCH_NAME), Reply()])
def test_a_host_that_there_isn_t_costs_one_look_up_for_all_its_urls(world: World, reply: Reply) -> None:
    asked = run(world, {"gone.example": reply}, *(f"http://gone.example/{number}.jpg" for number in range(30)))
    assert outcomes(world) == ["dns_no_such_host"] * 30
    assert all(letter.attempts == 1 for letter in world.letters())
    assert asked["gone.example"] <= 2


def test_urls_of_a_host_whose_name_servers_fail_wait_for_it(world: World, site: SmallWeb) -> None:
    """A hiccup of name servers loses nothing."""
    site.serve("/1.jpg", picture(1))
    left = 3

    def answers(question: Asked) -> Reply:
        nonlocal left
        left -= question.kind == A
        return Reply(code=SERVER_FAILURE) if left >= 0 else HERE

    patient = HealthPolicy(nap_s=1.1, sleep_s=1.1, longest_sleep_s=30, give_up_s=60)
    run(world, answers, site.url("/1.jpg", "sick.example"), health=patient)
    assert len(world.records(topics.CANDIDATES, Candidate)) == 1


def test_a_host_whose_name_servers_never_say_anything_of_use_is_given_up(world: World) -> None:
    run(world, lambda _: Reply(code=SERVER_FAILURE), "http://sick.example/1.jpg")
    assert outcomes(world) == ["host_down"]
    assert "dns_failed" in world.letters()[0].message
    assert "SERVFAIL" in world.letters()[0].message


def test_without_robots_txt_it_is_the_same(world: World) -> None:
    run(world, lambda _: Reply(code=SERVER_FAILURE), "http://sick.example/1.jpg", robots=False)
    assert outcomes(world) in (["host_down"], ["dns_failed"])


def test_a_look_up_takes_nothing_of_the_time_of_a_request(world: World, site: SmallWeb) -> None:
    """The request may take 2 s, the look-up takes longer."""
    site.serve("/1.jpg", picture(1))
    with name_server({"slow.example": Reply(["127.0.0.1"], delay_s=2.2)}) as server:
        access = replace(LOOPBACK, nameservers=(server.address,))
        want(world, site.url("/1.jpg", "slow.example"))
        fetch(world, limits=Limits("synsift/test (+t@example.org)", 2.0, 100_000, False, access))
    (found,) = world.records(topics.FETCHED, Fetched)
    assert (found.outcome, found.attempts) == ("fetched", 1)


@pytest.mark.parametrize("host", ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example"])
def test_a_name_in_any_letters_is_asked_for_as_name_servers_know_it(world: World, site: SmallWeb, host: str) -> None:
    site.serve("/1.jpg", picture(1))
    asked = run(world, {"xn--bcher-kva.example": HERE}, site.url("/1.jpg", host))
    assert len(world.records(topics.CANDIDATES, Candidate)) == 1
    assert set(asked) == {"xn--bcher-kva.example"}


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6, not even of its own")
def test_a_host_of_ipv6_alone_is_reached(world: World) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=picture(1))

    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        return app

    with serving(make_app, ["::1"]) as port, name_server({"six.example": Reply(["::1"])}) as server:
        want(world, f"http://six.example:{port}/1.jpg")
        fetch(world, access=replace(LOOPBACK, allow_networks=("::1/128",), nameservers=(server.address,)))
    assert len(world.records(topics.CANDIDATES, Candidate)) == 1


@pytest.mark.parametrize(
    ("names", "is_good"), [(["h.a.example"], True), (["*.a.example"], True), (["g.a.example"], False)]
)
def test_a_certificate_is_for_the_name_that_was_asked_for(
    world: World, tmp_path: Path, names: list[str], is_good: bool
) -> None:
    signed = sign(names)
    (tmp_path / "own.pem").write_bytes(signed.pem)

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=picture(1))

    def make_app() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        return app

    with serving(make_app, tls=signed.context(tmp_path)) as port, name_server({"h.a.example": HERE}) as server:
        want(world, f"https://h.a.example:{port}/1.jpg")
        access = replace(LOOPBACK, nameservers=(server.address,), ca_file=str(tmp_path / "own.pem"))
        fetch(world, access=access)
    assert outcomes(world) == ([] if is_good else ["tls_failed"])
    assert is_good or "for other names" in world.letters()[0].message


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1.", "１２７。０。０。１"])
def test_an_address_in_any_spelling_is_the_host_that_browsers_go_to(world: World, site: SmallWeb, host: str) -> None:
    site.serve("/1.jpg", picture(1))
    asked = run(world, {}, site.url("/1.jpg", host))
    assert len(world.records(topics.CANDIDATES, Candidate)) == 1
    assert not asked


@pytest.mark.parametrize("host", ["2130772223", "0x7f.0.0x101", "127.257", "[::ffff:7f00:101]", "127.0.1.1."])
def test_no_spelling_of_a_private_address_is_reached(world: World, host: str) -> None:
    asked = run(world, {}, f"http://{host}:1/1.jpg")
    assert outcomes(world) == ["private_address"]
    assert not asked
