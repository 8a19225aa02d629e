"""At a host each request takes its turn from the first on: its robots.txt, its files about use, its first images."""

import dataclasses
import itertools
import time

import pytest

from synsift.crawler.download.downloader import Downloader
from tests.pipelines.stages.raw_web import answer, raw_web
from tests.pipelines.stages.test_consent import LIMITS
from tests.pipelines.stages.test_fetch import QUICK, counts, fetch, fetch_stage, picture, want
from tests.pipelines.stages.test_ill_hosts import SICK
from tests.pipelines.worlds import World

DELAY_S = 0.08
JPEG = b"Content-Type: image/jpeg"
OPEN = answer(b"User-agent: *\nAllow: /\n")


class Site:
    """A site, whose robots.txt answers in turn; keeps the order in which it was asked."""

    def __init__(self, *robots: bytes) -> None:
        self._robots = list(robots)
        self.asked: list[str] = []

    def get(self, path: bytes, /) -> bytes | None:
        self.asked.append(path.decode())
        if path == b"/robots.txt":
            return self._robots.pop(0) if len(self._robots) > 1 else self._robots[0]
        return answer(picture(int(path[1:2])), JPEG) if path.endswith(b".jpg") else None


@pytest.mark.parametrize(
    "robots",
    [
        [OPEN],
        [answer(b"", status=b"404 Not Found")],
        [SICK, OPEN],
        [answer(b"", b"Location: /robots2.txt", status=b"302 Found")],
        [answer(b"User-agent: *\nCrawl-delay: 0.01\n")],
        [answer(b"User-agent: *\nLicense: /licence.xml\n")],
    ],
    ids=["open", "none", "ill at first", "elsewhere", "a short Crawl-delay", "a licence"],
)
def test_between_any_two_requests_to_a_host_lies_its_delay(
    world: World, monkeypatch: pytest.MonkeyPatch, robots: list[bytes]
) -> None:
    left: list[float] = []
    met = Downloader.met

    def noting(self: Downloader[object], name: str, address: str) -> None:
        left.append(time.monotonic())
        met(self, name, address)

    monkeypatch.setattr(Downloader, "met", noting)
    site = Site(*robots)
    with raw_web(site) as port:
        for number in range(4):
            want(world, f"http://127.0.0.1:{port}/{number}.jpg")
        health = dataclasses.replace(QUICK, give_up_s=1e6)
        fetch(world, stage=fetch_stage(world, delay_s=DELAY_S, per_host=1, health=health, limits=LIMITS))
    assert sum(counts(world).values()) == 4
    assert len(left) == len(site.asked) >= 4
    assert min(later - sooner for sooner, later in itertools.pairwise(left)) >= DELAY_S
