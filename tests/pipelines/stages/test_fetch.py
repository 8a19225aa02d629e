import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import msgspec
import pytest
from aiohttp import web

from synsift.crawler.download.access import Access
from synsift.crawler.download.attempt import Patience
from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.host_health import HealthPolicy
from synsift.crawler.download.settings import Limits
from synsift.pipelines import topics
from synsift.pipelines.dead_letters import REPLAY_OF, read_dead_letters, replay
from synsift.pipelines.errors import DiskFull, FencedError, StoreUnavailable
from synsift.pipelines.log.base import Position
from synsift.pipelines.log.sqlite import SqliteMember
from synsift.pipelines.log.transaction import GatheredTransaction
from synsift.pipelines.reading import Skipped
from synsift.pipelines.records import Candidate, Fetched, ImageUrl, Progress
from synsift.pipelines.stages.fetch import FetchStage
from synsift.pipelines.stages.fetch_needs import BlobStore, FetchOptions
from synsift.pipelines.storage import layout
from synsift.pipelines.topics import Entry
from synsift.pipelines.worker import Ending, Worker
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.stages.web import ADDRESSES, SmallWeb
from tests.pipelines.worlds import InProcess, World, image_url

QUICK = HealthPolicy(nap_s=0.05, sleep_s=0.1, longest_sleep_s=30, give_up_s=0.4)
"""Hosts that fail are given up soon, so that tests needn't wait for them."""
LOOPBACK = Access("fetch", ("127.0.0.0/24",))


def picture(seed: int) -> bytes:
    return encoded(scene(seed, (160, 120)), "JPEG", quality=85)


def fetch_stage(
    world: World,
    *,
    blobs: BlobStore | None = None,
    robots: bool = True,
    delay_s: float = 0.0,
    timeout_s: float = 1.0,
    max_bytes: int = 100_000,
    health: HealthPolicy = QUICK,
    limits: Limits | None = None,
    access: Access = LOOPBACK,
    placeholder_urls: int = 0,
    per_host: int = 4,
) -> FetchStage:
    options = FetchOptions(
        politeness=Politeness(16, per_host, delay_s),
        patience=Patience(attempts=3, redirects=3, backoff_s=0.05, max_wait_s=2.0),
        limits=limits or Limits("synsift/test (+t@example.org)", timeout_s, max_bytes, robots, access),
        look_ahead=500,
        threads=2,
        health=health,
        placeholder_urls=placeholder_urls,
    )
    return FetchStage(world.log, world.router, blobs=blobs or world.objects, decoders=InProcess(), options=options)


def fetch(
    world: World,
    *,
    blobs: BlobStore | None = None,
    robots: bool = True,
    delay_s: float = 0.0,
    health: HealthPolicy = QUICK,
    limits: Limits | None = None,
    access: Access = LOOPBACK,
    stage: FetchStage | None = None,
) -> Ending:
    """Fetch until nothing is left to do, or what is left waits for long."""
    stage = stage or fetch_stage(
        world, blobs=blobs, robots=robots, delay_s=delay_s, health=health, limits=limits, access=access
    )
    return asyncio.run(Worker(world.log, [stage], until_idle=True, rest_s=20).run())


def want(world: World, url: str, wnid: str = "n1", replay_of: str = "", content_id: str = "") -> None:
    headers = ((REPLAY_OF, replay_of.encode()),) if replay_of else ()
    record = msgspec.structs.replace(image_url(url, wnid), content_id=content_id)
    world.log.produce([replace(world.router.image_url(record), headers=headers)])


def letters(world: World) -> list[tuple[str, int]]:
    return [(x.letter.outcome, x.letter.attempts) for x in read_dead_letters(world.log)]


def counts(world: World, wnid: str = "n1") -> dict[str, int]:
    return {
        outcome: number
        for progress in world.records(topics.PROGRESS, Progress)
        if progress.wnid == wnid
        for outcome, number in progress.counts.items()
    }


def test_an_image_comes_with_its_provenance(site: SmallWeb, world: World) -> None:
    url = site.serve("/a.jpg", picture(1), Content_Type="image/jpeg", ETag='"e"', Last_Modified="yesterday")
    want(world, url)
    fetch(world)
    (found,) = world.records(topics.CANDIDATES, Candidate)
    assert (found.wnid, found.url, found.answer.status) == ("n1", url, 200)
    assert (found.answer.etag, found.answer.last_modified, found.answer.content_type) == (
        '"e"',
        "yesterday",
        "image/jpeg",
    )
    assert world.objects.get(layout.blob(found.image.sha256)) == picture(1)
    assert site.agents == {"synsift/test (+t@example.org)"}


def test_a_url_is_fetched_once_for_all_synsets_and_all_time(site: SmallWeb, world: World) -> None:
    url = site.serve("/a.jpg", picture(1))
    for wnid in ("n1", "n1", "n2"):
        want(world, url, wnid)
    fetch(world)
    want(world, url, "n2")
    want(world, url, "n3")
    fetch(world)
    assert site.asked["/a.jpg"] == 1
    assert sorted(x.wnid for x in world.records(topics.CANDIDATES, Candidate)) == ["n1", "n2", "n3"]
    assert counts(world, "n1") == {"fetched": 1, "repeated": 1}
    assert counts(world, "n2") == {"reused": 1, "repeated": 1}
    assert counts(world, "n3") == {"reused": 1}
    assert world.records(topics.FETCHED, Fetched)[-1].wnids == ("n1", "n2", "n3")


class MeetingStore:
    """A store that answers whether there is a blob only when it is asked twice at a time."""

    def __init__(self, world: World, ask_again: Callable[[], None], *, is_swept: bool) -> None:
        self._world, self._ask_again, self._is_swept = world, ask_again, is_swept
        self._both = threading.Barrier(2)
        self._first = threading.Lock()
        self.met = False

    def sync(self) -> None:
        self._world.objects.sync()

    def put_content(self, path: str, data: bytes) -> bool:
        return self._world.objects.put_content(path, data)

    def exists(self, path: str) -> bool:
        if self._first.acquire(blocking=False):
            self._ask_again()
        if not self.met:
            self._both.wait(timeout=30)
            self.met = True
        return not self._is_swept and self._world.objects.exists(path)


@pytest.mark.parametrize("is_swept", [False, True])
@pytest.mark.parametrize("other", ["n2", "n3"])
def test_two_that_are_served_of_a_url_at_the_same_time_know_of_each_other(
    site: SmallWeb, world: World, is_swept: bool, other: str
) -> None:
    url = site.serve("/a.jpg", picture(1))
    for wnid in ("n1", "n2"):
        want(world, url, wnid)
    blobs = MeetingStore(world, lambda: want(world, url, other), is_swept=is_swept)
    fetch(world, blobs=blobs)
    assert blobs.met
    assert site.asked["/a.jpg"] == (1 if not is_swept else 2 if other == "n2" else 3)
    wnids = sorted({"n1", "n2", other})
    assert sorted(x.wnid for x in world.records(topics.CANDIDATES, Candidate)) == wnids
    assert sorted(world.records(topics.FETCHED, Fetched)[-1].wnids) == wnids
    want(world, url, other)
    fetch(world)
    assert sum(counts(world, wnid).get("repeated", 0) for wnid in wnids) == (2 if other == "n2" else 1)


def test_the_same_file_under_another_url_is_not_fetched_where_its_source_says_that_it_is_the_same(
    site: SmallWeb, world: World
) -> None:
    urls = [site.serve(f"/{name}.jpg", picture(1)) for name in "abcd"]
    want(world, urls[0], content_id="sha1:01")
    fetch(world)
    want(world, urls[1], content_id="sha1:01")  # the same synset: it has the image
    want(world, urls[2], "n2", content_id="sha1:01")
    want(world, urls[3], "n2", content_id="sha1:02")
    want(world, urls[2].replace("127.0.0.1", "127.0.0.2"), "n3", content_id="sha1:01")  # another host says so itself
    fetch(world)
    assert (site.asked["/a.jpg"], site.asked["/b.jpg"], site.asked["/c.jpg"], site.asked["/d.jpg"]) == (1, 0, 1, 1)
    assert (counts(world, "n1"), counts(world, "n2")) == ({"fetched": 1, "repeated": 1}, {"reused": 1, "fetched": 1})
    found = {(x.wnid, x.url) for x in world.records(topics.CANDIDATES, Candidate)}
    assert {("n1", urls[0]), ("n2", urls[2]), ("n2", urls[3])} < found


def test_a_file_that_failed_is_fetched_under_its_other_url(site: SmallWeb, world: World) -> None:
    want(world, site.url("/gone.jpg"), content_id="sha1:01")
    fetch(world)
    want(world, site.serve("/there.jpg", picture(1)), content_id="sha1:01")
    fetch(world)
    assert counts(world) == {"not_found": 1, "fetched": 1}


def test_a_url_that_failed_is_not_asked_again_for_another_synset(site: SmallWeb, world: World) -> None:
    want(world, site.url("/gone.jpg"), "n1")
    fetch(world)
    want(world, site.url("/gone.jpg"), "n2")
    fetch(world)
    assert site.asked["/gone.jpg"] == 1
    assert letters(world) == [("not_found", 1), ("not_found", 1)]


def test_a_url_fetched_again_for_another_synset_is_still_known_of_the_first(site: SmallWeb, world: World) -> None:
    url = site.serve("/a.jpg", picture(1))
    want(world, url)
    fetch(world)
    (blob,) = world.paths("blobs/")
    world.objects.delete(blob)
    want(world, url, "n2")
    fetch(world)
    want(world, url)
    want(world, url, "n2")
    fetch(world)
    assert counts(world) == {"fetched": 1, "repeated": 1}
    assert counts(world, "n2") == {"fetched": 1, "repeated": 1}
    assert len(world.records(topics.CANDIDATES, Candidate)) == 2


def test_a_blob_that_was_swept_is_fetched_again_when_another_synset_wants_it(site: SmallWeb, world: World) -> None:
    url = site.serve("/a.jpg", picture(1))
    want(world, url, "n1")
    fetch(world)
    (found,) = world.records(topics.CANDIDATES, Candidate)
    world.objects.delete(layout.blob(found.image.sha256))
    want(world, url, "n2")
    fetch(world)
    assert world.objects.exists(layout.blob(found.image.sha256))
    assert len(world.records(topics.CANDIDATES, Candidate)) == 2


@pytest.mark.parametrize(
    ("status", "body", "outcome", "attempts"),
    [
        (404, b"", "not_found", 1),
        (403, b"", "forbidden", 1),
        (402, b"", "payment_required", 1),
        (451, b"", "legally_withheld", 1),
        (418, b"", "http_error", 1),
        (500, b"", "server_error", 3),
        (200, b"", "empty", 1),
        (200, b"<html>", "not_an_image", 1),
        (200, b"x" * 200_000, "too_large", 1),
    ],
)
def test_what_gives_no_image_is_a_dead_letter_with_its_class_and_attempts(
    site: SmallWeb, world: World, status: int, body: bytes, outcome: str, attempts: int
) -> None:
    want(world, site.serve("/a.jpg", body, status=status))
    fetch(world)
    assert letters(world) == [(outcome, attempts)]
    assert counts(world) == {outcome: 1}
    assert site.asked["/a.jpg"] == attempts


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("http://127.0.1.1:1/x", "private_address"),
        ("http://[::1]:1/x", "private_address"),
        ("http://169.254.169.254/latest/meta-data", "private_address"),
        ("http://0/", "private_address"),
        ("file:///etc/passwd", "bad_url"),
        ("ftp://127.0.0.1/x", "bad_url"),
        ("http://user:secret@127.0.0.1/x", "bad_url"),
        ("http://127.0.0.1:99999/x", "bad_url"),
        ("javascript:alert(1)", "bad_url"),
        ("", "bad_url"),
        ("http://127.0.0.1:1/x", "host_down"),
        ("http://no-such-host.invalid/x", "dns_no_such_host"),
    ],
)
def test_where_no_request_may_or_can_go(world: World, url: str, outcome: str) -> None:
    want(world, url)
    fetch(world)
    assert [outcome for outcome, _ in letters(world)] == [outcome]


def test_a_deadline_covers_the_whole_request(site: SmallWeb, world: World) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x")
            await asyncio.sleep(0.1)
        return response

    site.pages["/drip.jpg"] = drip
    want(world, site.url("/drip.jpg"))
    fetch(world)
    assert letters(world) == [("timeout", 3)]


def test_a_transfer_that_ends_early_is_tried_again(site: SmallWeb, world: World) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        if site.asked["/cut.jpg"] > 1:
            return web.Response(body=picture(1))
        response = web.StreamResponse(headers={"Content-Length": "5000"})
        await response.prepare(request)
        await response.write(b"x" * 100)
        assert request.transport is not None
        request.transport.close()
        return response

    site.pages["/cut.jpg"] = cut
    want(world, site.url("/cut.jpg"))
    fetch(world)
    assert counts(world) == {"fetched": 1}


def test_a_redirect_is_followed_and_noted(site: SmallWeb, world: World) -> None:
    site.serve("/old.jpg", status=302, Location="/new.jpg")
    site.serve("/new.jpg", picture(1))
    want(world, site.url("/old.jpg"))
    fetch(world)
    (found,) = world.records(topics.CANDIDATES, Candidate)
    assert (found.url, found.answer.final_url) == (site.url("/old.jpg"), site.url("/new.jpg"))


@pytest.mark.parametrize("target", ["http://127.0.1.1:1/x", "file:///etc/passwd", "/loop.jpg"])
def test_a_redirect_leads_nowhere_else(site: SmallWeb, world: World, target: str) -> None:
    site.serve("/loop.jpg", status=301, Location=target)
    want(world, site.url("/loop.jpg"))
    fetch(world)
    expected = {"http": "private_address", "file": "bad_url", "/loo": "too_many_redirects"}[target[:4]]
    assert [outcome for outcome, _ in letters(world)] == [expected]


def test_robots_txt_is_asked_once_and_obeyed_also_after_a_redirect(site: SmallWeb, world: World) -> None:
    site.serve("/robots.txt", b"User-agent: synsift\nDisallow: /no/\n")
    site.serve("/open.jpg", status=302, Location="/no/x.jpg")
    for path in ("/no/a.jpg", "/no/b.jpg", "/open.jpg"):
        want(world, site.url(path))
    want(world, site.serve("/yes.jpg", picture(1)))
    fetch(world)
    assert counts(world) == {"fetched": 1, "robots_denied": 3}
    assert site.asked["/robots.txt"] == 1
    assert site.asked["/no/a.jpg"] == site.asked["/no/x.jpg"] == 0


def test_a_host_whose_robots_txt_fails_is_left_alone(site: SmallWeb, world: World) -> None:
    site.serve("/robots.txt", status=503)
    want(world, site.serve("/a.jpg", picture(1)))
    fetch(world)
    assert counts(world) == {"host_down": 1}
    assert site.asked["/a.jpg"] == 0


def test_a_redirected_robots_txt_counts(site: SmallWeb, world: World) -> None:
    site.serve("/robots.txt", status=301, Location="/elsewhere.txt")
    site.serve("/elsewhere.txt", b"User-agent: *\nDisallow: /\n")
    want(world, site.serve("/a.jpg", picture(1)))
    fetch(world)
    assert counts(world) == {"robots_denied": 1}


def test_a_robots_txt_that_leads_to_a_private_address_ends_its_urls(site: SmallWeb, world: World) -> None:
    site.serve("/robots.txt", status=301, Location="http://127.0.1.1:1/robots.txt")
    want(world, site.serve("/a.jpg", picture(1)))
    fetch(world)
    assert [outcome for outcome, _ in letters(world)] == ["private_address"]
    assert not site.asked["/a.jpg"]


@pytest.mark.parametrize("target", ["ftp://a.example/robots.txt", "http://u:p@127.0.0.1/robots.txt", "http://a:99999/"])
def test_a_robots_txt_that_leads_nowhere_does_not_allow_anything(site: SmallWeb, world: World, target: str) -> None:
    site.serve("/robots.txt", status=301, Location=target)
    want(world, site.serve("/a.jpg", picture(1)))
    fetch(world)
    assert not site.asked["/a.jpg"]
    assert not world.records(topics.CANDIDATES, Candidate)


def test_without_robots_nothing_is_asked(site: SmallWeb, world: World) -> None:
    site.serve("/robots.txt", b"User-agent: *\nDisallow: /\n")
    want(world, site.serve("/a.jpg", picture(1)))
    fetch(world, robots=False)
    assert counts(world) == {"fetched": 1}
    assert site.asked["/robots.txt"] == 0


def test_an_opt_out_is_honoured(site: SmallWeb, world: World) -> None:
    want(world, site.serve("/a.jpg", picture(1), X_Robots_Tag="noai"))
    fetch(world)
    assert counts(world) == {"opted_out": 1}
    assert world.paths("blobs/") == []


def test_a_replayed_failure_is_asked_anew_and_its_count_taken_back(site: SmallWeb, world: World) -> None:
    want(world, site.url("/a.jpg"))
    fetch(world)
    site.serve("/a.jpg", picture(1))
    assert replay(world.log, world.router, read_dead_letters(world.log)) == 1
    assert letters(world) == []
    fetch(world)
    assert {name: number for name, number in counts(world).items() if number} == {"fetched": 1}
    assert len(world.records(topics.CANDIDATES, Candidate)) == 1


def test_a_broken_record_is_a_dead_letter_with_its_bytes(world: World) -> None:
    world.log.produce([Entry("image-urls", 1, b"host", b"\xff nonsense")])
    fetch(world)
    (letter,) = world.letters()
    assert (letter.outcome, letter.value, letter.topic) == ("broken_record", b"\xff nonsense", "image-urls")


class FailingStore:
    """A store that fails some times before it works."""

    def __init__(self, world: World, error: Exception, times: int) -> None:
        self._world, self._error, self._times = world, error, times

    def sync(self) -> None:
        self._world.objects.sync()

    def exists(self, path: str) -> bool:
        return self._world.objects.exists(path)

    def put_content(self, path: str, data: bytes) -> bool:
        if self._times > 0:
            self._times -= 1
            raise self._error
        return self._world.objects.put_content(path, data)


def test_a_store_that_is_away_for_a_moment_costs_a_wait(site: SmallWeb, world: World) -> None:
    want(world, site.serve("/a.jpg", picture(1)))
    fetch(world, blobs=FailingStore(world, StoreUnavailable("away"), 1))
    assert counts(world) == {"fetched": 1}


def test_a_full_disk_stops_the_stage_and_loses_nothing(site: SmallWeb, world: World) -> None:
    want(world, site.serve("/a.jpg", picture(1)))
    with pytest.raises(DiskFull):
        fetch(world, blobs=FailingStore(world, DiskFull("full"), 1))
    assert letters(world) == []
    fetch(world)
    assert counts(world) == {"fetched": 1}


def test_a_bug_costs_one_input_and_not_the_worker(site: SmallWeb, world: World) -> None:
    want(world, site.serve("/a.jpg", picture(1)))
    want(world, site.serve("/b.jpg", picture(2)))
    fetch(world, blobs=FailingStore(world, ZeroDivisionError("a bug"), 1))
    assert counts(world)["fetched"] == 1
    assert [outcome for outcome, _ in letters(world)] == ["internal_error"]


def test_an_input_that_is_poison_is_a_dead_letter_and_the_rest_goes_on(site: SmallWeb, world: World) -> None:
    for url in (
        "http://exa mple.org/",
        "http://\u2028/",
        "http://xn--a/",
        "http://a..b/",
        "http://%/",
        "http://" + "a" * 300,
    ):
        want(world, url)
    want(world, site.serve("/a.jpg", picture(1)))
    fetch(world)
    assert counts(world)["fetched"] == 1
    assert len(letters(world)) == 6


def test_a_revoked_partition_is_forgotten(world: World) -> None:
    options = FetchOptions(Politeness(1, 1, 0), Patience(), Limits("x", 1, 1), 1, 1)
    stage = FetchStage(world.log, world.router, blobs=world.objects, decoders=InProcess(), options=options)
    stage.restore(1, Skipped())
    stage.forget(1)
    assert stage.memory == {}


class Gate:
    """Pages that don't answer until the gate is opened."""

    def __init__(self, site: SmallWeb, data: bytes) -> None:
        self._site = site
        self._data = data
        self.is_open = False

    def serve(self, path: str, host: str) -> str:
        async def answer(_request: web.Request) -> web.StreamResponse:
            while not self.is_open:
                await asyncio.sleep(0.02)
            return web.Response(body=self._data)

        self._site.pages[path] = answer
        return self._site.url(path, host)


async def until(what: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(300):
        while not what():
            await asyncio.sleep(0.05)


def test_hosts_behind_a_slow_one_in_its_partition_are_not_held_up_and_nothing_is_lost(
    site: SmallWeb, world: World
) -> None:
    # A slow host fills the partition many times over; the others stand behind it.
    gate = Gate(site, picture(1))
    world.log.produce(
        [world.router.image_url(image_url(gate.serve(f"/slow{n}.jpg", "127.0.0.1"))) for n in range(2_000)]
    )
    slow_partition = world.router.of_url(site.url("/"))
    neighbour = next(x for x in ADDRESSES[1:] if world.router.of_url(f"http://{x}/") == slow_partition)
    fast = site.serve("/fast.jpg", picture(2)).replace("127.0.0.1", neighbour)
    world.log.produce([world.router.image_url(image_url(f"{fast}?{n}")) for n in range(30)])
    stage = fetch_stage(world, timeout_s=120.0)
    worker = Worker(world.log, [stage], until_idle=False)

    async def scenario() -> None:
        running = asyncio.create_task(worker.run())
        await until(lambda: site.asked["/fast.jpg"] == 30)
        assert not gate.is_open
        assert stage.statistics().in_flight < 2_000
        shown = {reading.gauge: reading.value for reading in stage.readings()}
        assert shown["held_inputs"] > 100
        assert shown["requests_in_flight"] >= 1
        assert shown["ready_inputs"] == 0, "all wait for a host, none for a place"
        gate.is_open = True
        await until(lambda: world.log.lag("fetch", "image-urls")[slow_partition].records == 0)
        worker.interrupt()
        await running

    asyncio.run(scenario())
    assert counts(world) == {"fetched": 2_030}
    deferred = [record for record in world.records(topics.IMAGE_URLS, ImageUrl) if record.not_before]
    assert len(deferred) > 1_000
    assert {record.url for record in deferred} <= {site.url(f"/slow{n}.jpg") for n in range(2_000)}


def test_draining_ends_at_its_deadline_and_what_was_in_flight_is_done_again(site: SmallWeb, world: World) -> None:
    gate = Gate(site, picture(1))
    want(world, gate.serve("/slow.jpg", "127.0.0.1"))
    want(world, site.serve("/fast.jpg", picture(2)))
    worker = Worker(world.log, [fetch_stage(world, timeout_s=120.0)], until_idle=False, drain_s=0.2)

    async def scenario() -> None:
        running = asyncio.create_task(worker.run())
        await until(lambda: site.asked["/fast.jpg"] == site.asked["/slow.jpg"] == 1)
        worker.interrupt()
        await running

    asyncio.run(asyncio.wait_for(scenario(), 60))
    assert counts(world) == {"fetched": 1}
    gate.is_open = True
    fetch(world)
    assert counts(world) == {"fetched": 2}
    assert site.asked["/fast.jpg"] == 1


def test_what_was_in_flight_when_a_worker_was_fenced_is_neither_lost_nor_taken_for_a_repetition(
    site: SmallWeb, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Found by the rounds of faults: the old request's end was noted as known, and its input, read again, as repeated.
    gate = Gate(site, picture(1))
    want(world, gate.serve("/slow.jpg", "127.0.0.1"))
    want(world, site.serve("/fast.jpg", picture(2)))
    commit = SqliteMember.transaction
    fences = iter([False, True])  # the first says that something begins

    def fenced_once(member: SqliteMember) -> AbstractContextManager[GatheredTransaction]:
        if next(fences, False):
            raise FencedError("silent for too long")
        return commit(member)

    monkeypatch.setattr(SqliteMember, "transaction", fenced_once)
    worker = Worker(world.log, [fetch_stage(world, timeout_s=120.0)], until_idle=False)

    async def scenario() -> None:
        running = asyncio.create_task(worker.run())
        await until(lambda: site.asked["/slow.jpg"] == 2)  # the second time by whoever read it again
        gate.is_open = True
        await until(lambda: not any(lag.records for lag in world.log.lag("fetch", "image-urls")))
        worker.interrupt()
        await running

    asyncio.run(scenario())
    assert counts(world) == {"fetched": 2}
    assert len(world.records(topics.CANDIDATES, Candidate)) == 2


def test_the_end_of_what_was_begun_before_a_partition_was_let_go_is_not_taken(world: World) -> None:
    want(world, "http://127.0.0.1/a.jpg")
    stage = fetch_stage(world)
    partition = world.router.of_url("http://127.0.0.1/")
    (first,) = world.log.read(topics.IMAGE_URLS.name, partition)
    (again,) = world.log.read(topics.IMAGE_URLS.name, partition)
    ledger = stage._ledger
    ledger.on_assigned({partition: Position(0)})
    assert ledger.admit(first)
    ledger.forget_all()
    assert not ledger.finish(first, [], [])
    ledger.on_assigned({partition: Position(0)})
    assert not ledger.finish(first, [], [])
    assert ledger.admit(again)
    assert not ledger.finish(first, [], [])
    assert ledger.finish(again, [], [])
    assert not ledger.finish(again, [], [])


def test_many_large_bodies_are_read_a_few_at_a_time_and_all_arrive(site: SmallWeb, world: World) -> None:
    body = picture(1) + bytes(3_000_000)  # what follows a JPEG's end is nobody's business
    for number in range(20):
        site.serve(f"/{number}.jpg", body + bytes([number]))
        want(world, site.url(f"/{number}.jpg", ADDRESSES[number]))
    stage = fetch_stage(world, timeout_s=120.0, max_bytes=10_000_000)
    asyncio.run(Worker(world.log, [stage], until_idle=True).run())
    assert len(world.records(topics.CANDIDATES, Candidate)) == 20
