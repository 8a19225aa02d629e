"""Real workers that die of certain inputs, again and again: these become dead letters, all others end as they should.

``tests/deadly.py`` is the command line whose stages die of a URL that says so.
"""

import asyncio
import csv
import itertools
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from synsift.pipelines import topics
from synsift.pipelines.dead_letters import DeadLetter, read_dead_letters
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import Candidate, ImageUrl, Survivor
from synsift.pipelines.storage import layout
from synsift.pipelines.summary import read_counts
from tests import warm
from tests.conftest import environment, kafka_options
from tests.dedupe.pictures import encoded, scene
from tests.integration.conftest import opened
from tests.pipelines.stages.web import ADDRESSES, SmallWeb, small_web

ROOT = Path(__file__).parents[2]
PICTURES = 12
Options = dict[str, object]
_numbers = itertools.count()


@pytest.fixture
def site() -> Iterator[SmallWeb]:
    with small_web() as found:
        yield found


@pytest.fixture(params=["sqlite", "kafka"])
def options(request: pytest.FixtureRequest, tmp_path: Path) -> Options:
    """The configuration of a crawl into a folder, over both logs."""
    found: Options = {
        "store.url": str(tmp_path / "out"),
        "identity.contact": "you@example.org",
        "fetch.allow_networks": ["127.0.0.0/8"],
        "fetch.delay_s": 0.0,
        "land.linger_s": 0.2,
        "logging.level": "WARNING",
    }
    if request.param == "kafka":
        found |= kafka_options(request.getfixturevalue("kafka"), f"poisonous-{next(_numbers)}-")
    return found


def urls(site: SmallWeb, words: list[str]) -> list[str]:
    """Pictures of many hosts, and so of many partitions, two of each; behind some of them one that kills."""
    found = []
    pictures = [
        encoded(scene(number).resize((160, 120)), "JPEG", quality=90) for number in range(PICTURES + len(words))
    ]
    for number in range(2 * PICTURES):
        path = f"/{number}.jpg"
        site.serve(path, pictures[number % PICTURES])
        found.append(site.url(path, ADDRESSES[number]))
    for number, word in enumerate(words):
        path = f"/{word}.jpg"
        site.serve(path, pictures[PICTURES + number])
        # Among others of its host, the first and the last of the list.
        found.insert((number * len(found)) // max(1, len(words) - 1), site.url(path, ADDRESSES[number]))
    return found


def write_list(path: Path, found: list[str]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["url"], *([url] for url in found)])
    return path


def crawl(list_file: Path, options: Options, *, module: str = "tests.deadly") -> "subprocess.CompletedProcess[str]":
    arguments = ["crawl", "--source", "urls", "--list", str(list_file)]
    return warm.run(arguments, env=environment(options), cwd=ROOT, timeout_s=120, module=module)


def crawl_until_done(list_file: Path, options: Options, most: int) -> int:
    """The same command again and again, as a user does; how often it died."""
    for deaths in range(most + 1):
        done = crawl(list_file, options)
        assert "Traceback" not in done.stderr, done.stderr
        if done.returncode == 0:
            return deaths
        assert done.returncode in (9, -9, -11), done.stderr
    raise AssertionError(f"it still dies after {most} deaths: {done.stderr}")


def letters(options: Options) -> list[DeadLetter]:
    with opened(options) as parts:
        return [found.letter for found in read_dead_letters(parts.log)]


@pytest.mark.slow
def test_what_kills_a_stage_is_a_dead_letter_and_all_else_is_done_once(
    options: Options, site: SmallWeb, tmp_path: Path
) -> None:
    words = ["deadly-fetch-segv", "deadly-dedupe-kill", "deadly-land-exit"]
    found = urls(site, words)
    list_file = write_list(tmp_path / "list.csv", found)
    # Each is alone at two deaths of its own; at the first, in company, they may be together.
    assert 7 <= crawl_until_done(list_file, options, most=12) <= 12
    given_up = letters(options)
    assert sorted((x.stage, x.outcome, x.wnid) for x in given_up) == [
        ("dedupe", "poisonous", "list"),
        ("fetch", "poisonous", "list"),
        ("land", "poisonous", "list"),
    ]
    assert all(3 <= x.attempts <= 5 for x in given_up)
    check_inputs_are_untouched(options, given_up)
    check_all_else(options, found, words)

    # An operator mends what killed, and has them tried again.
    again = warm.run(["dead-letters", "replay"], env=environment(options))
    assert again.returncode == 0, again.stderr
    done = crawl(list_file, options, module="synsift")
    assert done.returncode == 0, done.stderr
    assert letters(options) == []
    with opened(options) as parts:
        counts = read_counts(parts.log)["list"]
        assert counts.of("fetch", "fetched") == len(found)
        assert counts.refused == {}


def check_inputs_are_untouched(options: Options, given_up: list[DeadLetter]) -> None:
    with opened(options) as parts:
        for letter in given_up:
            original = next(iter(parts.log.read(letter.topic, letter.partition, letter.offset)))
            assert original.offset == letter.offset
            assert (letter.key, letter.value, letter.headers) == (original.key, original.value, original.headers)


def check_all_else(options: Options, found: list[str], words: list[str]) -> None:
    fetch, dedupe, land = ([url for url in found if word in url] for word in words)
    with opened(options) as parts:
        assert Counter(x.url for x in read_all(parts.log, ImageUrl)) == Counter(found)
        fetched = Counter(candidate.url for candidate in read_all(parts.log, Candidate))
        assert fetched == Counter(url for url in found if url not in fetch)
        counts = read_counts(parts.log)["list"]
        assert counts.found == len(found) == counts.fetched + counts.repeated + sum(counts.refused.values())
        judged = counts.unique + counts.exact + counts.near + counts.of("dedupe", "poisonous")
        assert judged == counts.fetched == sum(fetched.values())
        survivors = [survivor.candidate for survivor in read_all(parts.log, Survivor)]
        assert not [x.url for x in survivors if x.url in dedupe]
        assert len({x.image.sha256 for x in survivors}) == len(survivors) == PICTURES + len(land)
        landed = {layout.candidate_sha256(path) for path in parts.objects.list(layout.CANDIDATES)} - {"", None}
        assert landed == {x.image.sha256 for x in survivors if x.url not in land}


@pytest.mark.slow
def test_a_query_that_kills_is_a_dead_letter_and_the_others_are_asked(
    options: Options, site: SmallWeb, tmp_path: Path
) -> None:
    good = write_list(tmp_path / "good.csv", urls(site, []))
    bad = write_list(tmp_path / "deadly-search-kill.csv", urls(site, []))
    assert crawl_until_done(good, options, most=0) == 0
    assert crawl_until_done(bad, options, most=4) == 3
    (letter,) = letters(options)
    assert (letter.stage, letter.outcome, letter.topic) == ("search", "poisonous", topics.QUERIES.name)
    with opened(options) as parts:
        assert read_counts(parts.log)["good"].landed == PICTURES


_ENDS = {
    "a stop": ([signal.SIGTERM], False),
    "Ctrl-C": ([signal.SIGINT], False),
    "Ctrl-C twice": ([signal.SIGINT, signal.SIGINT], False),
    "a kill": ([signal.SIGKILL], True),
}


@pytest.mark.slow
@pytest.mark.parametrize("end", _ENDS)
def test_only_a_death_is_a_death(end: str, site: SmallWeb, tmp_path: Path) -> None:
    options: Options = {
        "store.url": str(tmp_path / "out"),
        "identity.contact": "you@example.org",
        "fetch.allow_networks": ["127.0.0.0/8"],
        "service.drain_s": 1.0 if len(_ENDS[end][0]) == 1 else 60.0,
        "logging.level": "WARNING",
    }
    released = threading.Event()

    async def hang(_request: web.Request) -> web.StreamResponse:
        while not released.is_set():
            await asyncio.sleep(0.05)
        return web.Response(body=encoded(scene(1), "JPEG"))

    site.pages["/slow.jpg"] = hang
    list_file = write_list(tmp_path / "list.csv", [site.url("/slow.jpg")])
    arguments = ["crawl", "--source", "urls", "--list", str(list_file)]
    first = warm.start(arguments, env=environment(options), stderr=subprocess.PIPE)
    assert first.stderr is not None
    wait_until(lambda: bool(site.asked["/slow.jpg"]))
    signals, is_death = _ENDS[end]
    for number, what in enumerate(signals):
        if number:
            wait_until(lambda: "once more to stop at once" in first.stderr.readline())  # type: ignore[union-attr]
        first.send_signal(what)
    first.communicate(timeout=300)
    released.set()
    second = warm.run(arguments, env=environment(options))
    assert second.returncode == 0, second.stderr
    assert ("fetch: up to 1 inputs were in flight when a worker died" in second.stderr) == is_death


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
