"""Synsets and sources cost no more than they may, and what that leaves undone is told, and can be done later."""

import asyncio
import contextlib
import socket
import threading
from collections import Counter
from dataclasses import replace

import msgspec
import pytest

from synsift.crawler.queries import SynsetQuery
from synsift.pipelines import topics
from synsift.pipelines.config import load
from synsift.pipelines.dead_letters import read_dead_letters, replay
from synsift.pipelines.errors import ConfigError
from synsift.pipelines.records import Candidate, Progress
from synsift.pipelines.stages.budgets import Allowed, Budget
from synsift.pipelines.stages.fetch import FetchStage
from synsift.pipelines.worker import Worker
from tests.pipelines.stages.test_fetch import fetch_stage, picture
from tests.pipelines.stages.test_search import ask, search, wiki
from tests.pipelines.stages.web import ADDRESSES, SmallWeb
from tests.pipelines.worlds import World, image_url

HOSTS = 6
IMAGES = 30


def frugal(world: World, allowed: Allowed) -> FetchStage:
    made = fetch_stage(world)
    options = replace(made._options, allowed=allowed)
    return FetchStage(world.log, world.router, blobs=world.objects, decoders=made._decoders, options=options)


def fetch_all(world: World, *stages: FetchStage) -> None:
    async def run() -> None:
        workers = [Worker(world.log, [stage], until_idle=True, rest_s=20) for stage in stages]
        await asyncio.gather(*(worker.run() for worker in workers))

    asyncio.run(run())


def want(world: World, site: SmallWeb, wnid: str, *, source: str = "wiki", number: int = IMAGES) -> None:
    """So many images of a synset, each third of which isn't there."""
    for at in range(number):
        path = f"/{wnid}-{source}-{at}.jpg"
        if at % 3:
            site.serve(path, picture(at))
        record = image_url(site.url(path, ADDRESSES[at % HOSTS]), wnid)
        found_by = msgspec.structs.replace(record.found_by, source=source)
        world.log.produce([world.router.image_url(msgspec.structs.replace(record, found_by=found_by))])


def came(world: World, **by: str) -> int:
    found = world.records(topics.CANDIDATES, Candidate)
    return sum(
        by.get("wnid", one.wnid) == one.wnid and by.get("source", one.found_by.source) == one.found_by.source
        for one in found
    )


def spent(world: World) -> dict[str, int]:
    newest = {(p.wnid, p.partition): p for p in world.records(topics.PROGRESS, Progress) if p.stage == "fetch"}
    total: Counter[str] = Counter()
    for record in newest.values():
        for name, number in record.counts.items():
            if name.startswith("spent:"):
                total[f"{record.wnid} {name}".strip()] += number
    return dict(total)


def outcomes(world: World) -> Counter[str]:
    return Counter(found.letter.outcome for found in read_dead_letters(world.log))


def test_a_synset_gets_so_many_images_and_no_more_and_the_rest_is_told(site: SmallWeb, world: World) -> None:
    want(world, site, "n1")
    want(world, site, "n2", number=6)
    fetch_all(world, frugal(world, Allowed(Budget(images=5))))
    assert (came(world, wnid="n1"), came(world, wnid="n2")) == (5, 4)
    letters = [found.letter for found in read_dead_letters(world.log) if found.letter.outcome == "over_budget"]
    assert {letter.message for letter in letters} == {"synset n1 has used up its budget of 5 images"}
    assert spent(world)["n1 spent:images"] == 5
    asked = sum(number for path, number in site.asked.items() if path.startswith("/n1"))
    assert asked < IMAGES


def test_what_is_over_is_done_when_the_budget_is_raised(site: SmallWeb, world: World) -> None:
    want(world, site, "n1")
    fetch_all(world, frugal(world, Allowed(Budget(images=5))))
    again = [found for found in read_dead_letters(world.log) if found.letter.outcome == "over_budget"]
    replay(world.log, world.router, again)
    fetch_all(world, frugal(world, Allowed(Budget(images=12))))
    assert came(world) == 12
    replay(world.log, world.router, [f for f in read_dead_letters(world.log) if f.letter.outcome == "over_budget"])
    fetch_all(world, frugal(world, Allowed()))
    assert came(world) == 20
    assert outcomes(world) == {"not_found": 10}


def test_requests_that_fail_count_too(site: SmallWeb, world: World) -> None:
    want(world, site, "n1")
    fetch_all(world, frugal(world, Allowed(Budget(requests=9))))
    asked = sum(number for path, number in site.asked.items() if path.startswith("/n1"))
    assert asked == 9 == spent(world)["n1 spent:requests"]
    assert came(world) + outcomes(world)["not_found"] == 9


def test_bytes_are_bounded_but_for_what_is_larger_than_the_mean(site: SmallWeb, world: World) -> None:
    want(world, site, "n1")
    each = sum(len(picture(at)) for at in range(IMAGES)) / IMAGES
    fetch_all(world, frugal(world, Allowed(Budget(bytes=round(8.5 * each)))))
    assert 7 * each <= spent(world)["n1 spent:bytes"] <= 9.5 * each + max(len(picture(at)) for at in range(IMAGES))


def test_a_source_has_a_budget_of_its_own_over_all_synsets(site: SmallWeb, world: World) -> None:
    for wnid in ("n1", "n2", "n3"):
        want(world, site, wnid, source="wiki", number=9)
        want(world, site, wnid, source="urls", number=9)
    fetch_all(world, frugal(world, Allowed(sources={"wiki": Budget(images=7)})))
    assert (came(world, source="wiki"), came(world, source="urls")) == (7, 18)
    assert spent(world)["spent:images:wiki"] == 7


def test_workers_share_a_budget_and_who_begins_later_knows_what_was_spent(site: SmallWeb, world: World) -> None:
    allowed = Allowed(Budget(images=8), {"urls": Budget(images=12)})
    want(world, site, "n1")
    want(world, site, "n2", source="urls")
    want(world, site, "n3", source="urls")
    fetch_all(world, frugal(world, allowed), frugal(world, allowed))
    # Beyond by no more than what the other took since it was looked at: its part of what was left then.
    assert 8 <= came(world, wnid="n1") <= 12
    assert 12 <= came(world, source="urls") <= 18
    want(world, site, "n1", number=3 * IMAGES)
    before = came(world)
    fetch_all(world, frugal(world, allowed))
    assert came(world) == before


class _Closing:
    """A host that takes every connection, counts it, and closes it at once."""

    def __init__(self) -> None:
        self.taken = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.taken += 1
                connection.close()

    def close(self) -> None:
        # Closing alone wakes nobody who waits in it.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def test_what_is_put_off_because_its_host_is_ill_is_no_request(world: World) -> None:
    with contextlib.closing(_Closing()) as host:
        for at in range(12):
            record = image_url(f"http://127.0.0.1:{host.port}/{at}.jpg", "n1")
            world.log.produce([world.router.image_url(record)])
        made = fetch_stage(world, robots=False)
        options = replace(made._options, allowed=Allowed(Budget(requests=1_000)))
        fetch_all(
            world, FetchStage(world.log, world.router, blobs=world.objects, decoders=made._decoders, options=options)
        )
        assert outcomes(world).total() == 12
        assert 0 < spent(world)["n1 spent:requests"] <= host.taken


@pytest.mark.parametrize("by_novelty", [False, True])
@pytest.mark.parametrize(
    "allowed", [Allowed(Budget(requests=2)), Allowed(sources={"commons": Budget(requests=2)})], ids=["synset", "source"]
)
def test_a_source_is_asked_for_so_many_pages_and_the_next_is_told(
    site: SmallWeb, world: World, allowed: Allowed, by_novelty: bool
) -> None:
    ask(world, SynsetQuery("n1", "dog"))
    search(world, {"commons": wiki(site, {"dog": list("abcdefgh")})}, allowed=allowed, by_novelty=by_novelty)
    assert site.asked["/api.php"] == 1 + 2  # what it can, which is nobody's, and the pages
    (letter,) = world.letters()
    assert (letter.outcome, letter.stage) == ("over_budget", "search")
    assert "has used up its budget of 2 requests" in letter.message


def test_budgets_are_settings() -> None:
    options = {"budget.images": 10, "sources.openverse.most_bytes": 1000, "sources.urls.most_requests": 3}
    settings = load(env={}, options=dict(options)).settings
    assert settings.budget.images == 10
    assert settings.sources.budgets() == {"openverse": (0, 0, 1000), "urls": (0, 3, 0)}
    assert "most_bytes" not in settings.sources.of("openverse")


@pytest.mark.parametrize("key", ["budget.images", "budget.bytes", "sources.urls.most_images"])
def test_a_budget_below_nothing_is_none(key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        load(env={}, options={key: -1})
