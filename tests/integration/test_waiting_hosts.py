"""A host sleeps, the worker that knows of it is killed, and another takes over: nothing is lost or asked twice."""

import contextlib
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from aiohttp import web

from synsift.pipelines.dead_letters import read_dead_letters
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import Candidate, Fetched
from synsift.pipelines.stages.fetch_memory import ASLEEP
from tests.conftest import kafka_options
from tests.integration.conftest import opened
from tests.integration.processes import TIMEOUT_S, start
from tests.pipelines.stages.test_fetch import picture
from tests.pipelines.stages.web import SmallWeb, small_web
from tests.pipelines.worlds import image_url

SICK, WELL = "127.0.0.1", "127.0.0.2"
COUNT = 20
ASKED_S = 15
"""Longer than what is kept in memory alone; as short as it can be otherwise."""


class Host:
    """A host that asks to be left alone until it is well; notes when it was asked for what."""

    def __init__(self, site: SmallWeb) -> None:
        self.is_well = False
        self.refused: Counter[str] = Counter()
        self.given: Counter[str] = Counter()
        self.asked_at_s: list[float] = []
        # Pictures of its own for each, or they would be taken for a placeholder.
        self._pictures = {f"/sick/{number}.jpg": picture(100 + number) for number in range(COUNT)}
        self.urls = [site.url(f"/sick/{number}.jpg", SICK) for number in range(COUNT)]
        for number in range(COUNT):
            site.pages[f"/sick/{number}.jpg"] = self.answer

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked_at_s.append(time.time())
        if not self.is_well:
            self.refused[request.path] += 1
            return web.Response(status=429, headers={"Retry-After": str(ASKED_S)})
        self.given[request.path] += 1
        return web.Response(body=self._pictures[request.path])


@pytest.fixture
def site() -> Iterator[SmallWeb]:
    with small_web() as found:
        yield found


@pytest.fixture(params=["sqlite", "kafka"])
def options(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, object]:
    log = kafka_options(request.getfixturevalue("kafka"), "waiting-hosts.") if request.param == "kafka" else {}
    return {
        **log,
        "store.url": str(tmp_path / "out"),
        "fetch.allow_networks": ["127.0.0.0/8"],
        "fetch.delay_s": 0,
        "identity.contact": "https://example.org/",
        "logging.level": "WARNING",
    }


def until(process: subprocess.Popen[str], what: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + TIMEOUT_S
    while not what():
        assert time.monotonic() < deadline_s
        assert process.poll() is None, process.communicate()[1]
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.2)


def asleep(options: dict[str, object]) -> list[Fetched]:
    """The hosts that are said to sleep."""
    with opened(options) as parts:
        latest = {record.url: record for record in read_all(parts.log, Fetched)}
    return [record for record in latest.values() if record.outcome == ASLEEP]


def given(options: dict[str, object]) -> Counter[str]:
    """How often each URL gave a candidate."""
    with opened(options) as parts:
        return Counter(record.url for record in read_all(parts.log, Candidate))


@pytest.mark.slow
def test_a_sleeping_host_is_asked_by_another_worker_when_it_may_be(site: SmallWeb, options: dict[str, object]) -> None:
    host = Host(site)
    well = [site.serve(f"/well/{number}.jpg", picture(2)).replace(SICK, WELL) for number in range(5)]
    with opened(options) as parts:
        parts.log.produce([parts.router.image_url(image_url(url)) for url in (*host.urls, *well)])

    first = start("run", "fetch", out=None, options=options)
    until(first, lambda: bool(asleep(options)) and set(given(options)) >= set(well))
    first.send_signal(signal.SIGKILL)
    first.communicate()
    (record,) = asleep(options)
    asked = len(host.asked_at_s)
    host.is_well = True

    second = start("run", "fetch", "--drain", out=None, options=options)
    _, errors = second.communicate(timeout=TIMEOUT_S)
    assert second.returncode == 0, errors
    assert "Traceback" not in errors, errors
    assert given(options) == Counter([*host.urls, *well])
    assert set(host.given.values()) == {1}
    assert asked == host.refused.total() <= 4  # what was on its way when it refused
    assert record.rest is not None
    assert min(host.asked_at_s[asked:]) >= datetime.fromisoformat(record.rest.until).timestamp() - 1
    with opened(options) as parts:
        assert read_dead_letters(parts.log) == []
        assert sum(lag.records for lag in parts.log.lag("fetch", "image-urls")) == 0
