"""Hosts whose robots.txt can't be had: their URLs wait in the log, and few requests are spent on them."""

import dataclasses
import gzip
import itertools
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from synsift.crawler.download.host_health import HealthPolicy
from synsift.pipelines import topics
from synsift.pipelines.log.base import Position
from synsift.pipelines.records import Candidate, Fetched, ImageUrl
from synsift.pipelines.stages.fetch_memory import ASLEEP
from synsift.pipelines.worker import Ending
from tests.pipelines.log.contract import Owner
from tests.pipelines.stages.raw_web import Reset, answer, raw_web
from tests.pipelines.stages.test_fetch import QUICK, counts, fetch, fetch_stage, picture, want
from tests.pipelines.worlds import World

OPEN = answer(b"User-agent: *\nAllow: /\n")
PACKED = gzip.compress(b"User-agent: *\nAllow: /\n")
SICK = answer(b"", status=b"503 Service Unavailable")
JPEG = answer(picture(1), b"Content-Type: image/jpeg")


class Script:
    """Answers that change: by path, the n-th request's; the last one for all that follow. Empty to close at once."""

    def __init__(self, **pages: list[bytes]) -> None:
        self.pages = pages
        self.asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def get(self, path: bytes, /) -> bytes | None:
        name = "robots" if path == b"/robots.txt" else "image"
        with self._lock:
            self.asked[name] += 1
            number = self.asked[name]
        pages = self.pages.get(name, [])
        return pages[min(number, len(pages)) - 1] if pages else None


@contextmanager
def host(script: Script) -> Iterator[Callable[[object], str]]:
    with raw_web(script) as port:
        yield lambda name: f"http://127.0.0.1:{port}/{name}.jpg"


def test_urls_wait_for_a_robots_txt_that_comes_late(world: World) -> None:
    script = Script(robots=[SICK, SICK, OPEN], image=[JPEG])
    with host(script) as url:
        for number in range(50):
            want(world, url(number))
        assert fetch(world, health=dataclasses.replace(QUICK, give_up_s=1e6)) is Ending.DONE
    assert counts(world) == {"fetched": 50}
    assert (script.asked["robots"], script.asked["image"]) == (3, 50)
    assert world.letters() == []


@pytest.mark.parametrize(
    "sick",
    [
        SICK, b"", answer(b"", status=b"429 Too Many Requests"), b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nUser",
        answer(PACKED[:-9], b"Content-Encoding: gzip"), answer(bytes(range(256)), b"Content-Encoding: br"),
        b"nonsense\r\n\r\n",
        Reset(b"HTTP/1.1 200 OK\r\n\r\nUser-agent: x\nDisallow: /x\n"),
        answer(b"", status=b"999 Denied"), answer(b"", status=b"304 Not Modified"), answer(b"", status=b"302 Found"),
        answer(b"User-agent", b"Content-Range: bytes 90-99/100", status=b"206 Partial Content"),
    ],
    ids=[
        "503", "closed", "429", "cut off", "gzip that ends", "another coding", "no HTTP", "reset", "999", "304",
        "to nowhere", "part",
    ],
)  # fmt: skip
def test_a_host_without_robots_txt_is_given_up_after_few_requests(world: World, sick: bytes) -> None:
    script = Script(robots=[sick], image=[JPEG])
    with host(script) as url:
        for number in range(100):
            want(world, url(number))
        fetch(world)
    assert counts(world) == {"host_down": 100}
    assert script.asked["robots"] <= 10
    assert script.asked["image"] == 0
    assert {letter.attempts for letter in world.letters()} == {0}
    assert "robots.txt can't be had" in world.letters()[0].message


def test_a_crawl_ends_when_only_sleeping_hosts_are_left_and_the_next_start_asks_them_no_sooner(world: World) -> None:
    patient = HealthPolicy(nap_s=0.05, sleep_s=3_600)
    script = Script(robots=[SICK], image=[JPEG])
    with host(script) as url:
        for number in range(20):
            want(world, url(number))
        assert fetch(world, health=patient) is Ending.RESTING
        assert script.asked == {"robots": 2}
        assert fetch(world, health=patient) is Ending.RESTING
    assert script.asked == {"robots": 2}
    assert world.letters() == []
    (known,) = world.records(topics.FETCHED, Fetched)
    assert (known.outcome, known.attempts) == (ASLEEP, 2)
    waiting = [record for record in world.records(topics.IMAGE_URLS, ImageUrl) if record.not_before]
    assert known.rest is not None
    assert {record.not_before for record in waiting} == {known.rest.until}


def test_what_was_known_of_an_ill_host_is_deleted_when_it_is_well(world: World) -> None:
    script = Script(robots=[SICK, SICK, OPEN], image=[JPEG])
    # Longer than a pause that is kept in memory alone; the second start finds that it has passed.
    with host(script) as url:
        want(world, url("a"))
        assert fetch(world, health=HealthPolicy(nap_s=0.05, sleep_s=3_600)) is Ending.RESTING
        entry = next(m for n in range(4) for m in world.log.read(topics.FETCHED.name, n))
        (known,) = world.records(topics.FETCHED, Fetched)
        woken = Fetched(
            url=known.url, outcome=ASLEEP, message=known.message, attempts=2,
            rest=type(known.rest)(since="2026-01-01T00:00:00Z", until="2026-01-01T00:00:01Z"),
        )  # fmt: skip
        world.log.produce([world.router.fetched(woken)])
        for record in world.records(topics.IMAGE_URLS, ImageUrl)[-1:]:
            world.log.produce([world.router.image_url(type(record)(wnid="n1", url=url("b"), found_by=record.found_by))])
        fetch(world, health=HealthPolicy(nap_s=0.05, sleep_s=3_600))
    assert counts(world) == {"fetched": 2}
    last = [m for n in range(4) for m in world.log.read(topics.FETCHED.name, n) if m.key == entry.key]
    assert last[-1].value is None


def test_a_retry_after_of_robots_txt_is_kept_however_long(world: World) -> None:
    script = Script(robots=[answer(b"", b"Retry-After: 7200", status=b"503 Later")], image=[JPEG])
    with host(script) as url:
        want(world, url("a"))
        assert fetch(world) is Ending.RESTING
    assert script.asked == {"robots": 1}
    (waiting,) = [record for record in world.records(topics.IMAGE_URLS, ImageUrl) if record.not_before]
    assert waiting.not_before > "2026"


def test_ill_hosts_hold_up_nobody_behind_them_in_the_log(world: World) -> None:
    """More hosts that fail, with more URLs, than a partition may hold; behind them one that is well."""
    ill, well = Script(robots=[b""]), Script(robots=[OPEN], image=[JPEG])
    with raw_web(ill, "") as ill_port, host(well) as url:
        for number, name in itertools.product(range(8), range(100)):
            want(world, f"http://127.0.0.{2 + number}:{ill_port}/{name}.jpg")
        for name in range(5):
            want(world, url(name))
        fetch(world, health=HealthPolicy(nap_s=0.05, sleep_s=3_600))
    assert len(world.records(topics.CANDIDATES, Candidate)) == 5
    assert world.letters() == []


@pytest.mark.parametrize(
    "sick", [SICK, b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nx"], ids=["503", "closed", "cut"]
)
def test_a_host_whose_images_fail_is_left_alone(world: World, sick: bytes) -> None:
    script = Script(robots=[OPEN], image=[sick])
    with host(script) as url:
        for number in range(30):
            want(world, url(number))
        fetch(world)
    assert counts(world) == {"host_down": 30}
    assert script.asked["image"] <= 30  # of 120 that four tries each would be
    assert "gave no answer since" in world.letters()[0].message


def test_images_are_fetched_when_their_host_is_well_again(world: World) -> None:
    script = Script(robots=[OPEN], image=[*[SICK] * 7, JPEG])
    with host(script) as url:
        for number in range(30):
            want(world, url(number))
        assert fetch(world, health=dataclasses.replace(QUICK, give_up_s=1e6)) is Ending.DONE
    assert counts(world) == {"fetched": 30}
    assert script.asked["image"] <= 60


def test_one_url_that_fails_says_nothing_of_its_host(world: World) -> None:
    class One(Script):
        def get(self, path: bytes, /) -> bytes | None:
            return SICK if path == b"/bad.jpg" else super().get(path)

    script = One(robots=[OPEN], image=[JPEG])
    with host(script) as url:
        for name in ("bad", *range(10)):
            want(world, url(name))
        fetch(world, health=dataclasses.replace(QUICK, in_a_row=2))
    assert counts(world) == {"fetched": 10, "server_error": 1}


def test_a_retry_after_of_an_image_is_kept_however_long_and_loses_nothing(world: World) -> None:
    script = Script(robots=[OPEN], image=[answer(b"", b"Retry-After: 7200", status=b"429 Too Many Requests")])
    with host(script) as url:
        for number in range(20):
            want(world, url(number))
        assert fetch(world) is Ending.RESTING
        assert fetch(world) is Ending.RESTING
    assert script.asked["image"] <= 4  # those in flight at once
    assert world.letters() == []


def test_a_host_that_says_429_without_a_time_is_asked_less_and_less(world: World) -> None:
    script = Script(robots=[OPEN], image=[answer(b"", status=b"429 Too Many Requests")])
    with host(script) as url:
        for number in range(30):
            want(world, url(number))
        fetch(world)
    assert counts(world) == {"host_down": 30}
    assert script.asked["image"] <= 30


def test_a_crawl_delay_is_kept_from_the_first_image_on(world: World) -> None:
    times: list[float] = []

    class Clocked(Script):
        def get(self, path: bytes, /) -> bytes | None:
            times.append(time.monotonic())
            return super().get(path)

    script = Clocked(robots=[answer(b"User-agent: *\nCrawl-delay: 0.5\n")], image=[JPEG])
    with host(script) as url:
        for number in range(3):
            want(world, url(number))
        fetch(world)
    assert counts(world) == {"fetched": 3}
    assert [later - sooner > 0.45 for sooner, later in itertools.pairwise(times)] == [True] * 3


def suspect(world: World, deaths: int) -> None:
    """Workers died with all image URLs in flight, so that these are tried alone, or a few at a time."""
    member = world.log.join("fetch", topics.IMAGE_URLS.name, Owner())
    member.poll(0, 0.1)
    dead = [f"{n:08x}" for n in range(deaths)]
    for partition in range(world.log.partitions):
        count = len(list(world.log.read(topics.IMAGE_URLS.name, partition)))
        if count:
            runs = [[0, count, list(range(deaths)), [], deaths > 1, 0]]
            member.commit({partition: Position(0, ";" + json.dumps({"dead": dead, "runs": runs}))})
    member.close()


@pytest.mark.parametrize("deaths", [1, 2])
def test_what_waits_for_an_ill_host_keeps_no_suspect_of_another_from_its_trial(world: World, deaths: int) -> None:
    ill, well = Script(robots=[b""]), Script(robots=[OPEN], image=[JPEG])
    with raw_web(ill, "") as ill_port, host(well) as url:
        for number in range(6):
            want(world, f"http://127.0.0.2:{ill_port}/{number}.jpg")
            want(world, url(number))
        suspect(world, deaths)
        assert fetch(world, health=HealthPolicy(nap_s=0.05, sleep_s=3_600)) is Ending.RESTING
    assert len(world.records(topics.CANDIDATES, Candidate)) == 6
    assert ill.asked["robots"] <= 4
    waiting = [record.url for record in world.records(topics.IMAGE_URLS, ImageUrl) if record.not_before]
    assert len(waiting) == 6
    assert world.letters() == []


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_crawl_does_not_end_while_suspects_of_a_well_host_wait_behind_those_of_ill_ones(
    world: World, deaths: int
) -> None:
    with socket.create_server(("", 0), backlog=200) as silent, host(Script(robots=[OPEN], image=[JPEG])) as url:
        for number in range(24):
            want(world, f"http://127.0.0.{2 + number % 8}:{silent.getsockname()[1]}/{number}.jpg")
            want(world, url(number))
        suspect(world, deaths)
        stage = fetch_stage(world, health=HealthPolicy(nap_s=0.05, sleep_s=3_600), timeout_s=0.3)
        assert fetch(world, stage=stage) is Ending.RESTING
    assert len(world.records(topics.CANDIDATES, Candidate)) == 24
    assert world.letters() == []
