"""What operators say holds in every stage, while it runs and at the next start."""

import asyncio
import math
import time
from collections.abc import Callable

from aiohttp import web

from synsift.crawler.queries import SynsetQuery
from synsift.dedupe import fingerprint
from synsift.pipelines import topics
from synsift.pipelines.controls.writing import lifted
from synsift.pipelines.dead_letters import read_dead_letters, replay
from synsift.pipelines.records import Candidate, Fetched, Survivor
from synsift.pipelines.stages.fetch import FetchStage
from synsift.pipelines.stages.plan import plan
from synsift.pipelines.storage import layout
from synsift.pipelines.worker import Ending, Worker
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.controls.said import AT, control, picture_control, say
from tests.pipelines.stages import test_asking_by_novelty as novelty
from tests.pipelines.stages.test_asking_by_novelty import Judge, Shelf
from tests.pipelines.stages.test_dedupe_and_land import dedupe, land, run, send
from tests.pipelines.stages.test_fetch import counts, fetch, fetch_stage, picture, want
from tests.pipelines.stages.test_search import search, urls, wiki
from tests.pipelines.stages.web import ADDRESSES, SmallWeb
from tests.pipelines.worlds import World, candidate, stored


def outcomes(world: World) -> list[str]:
    return sorted(found.letter.outcome for found in read_dead_letters(world.log))


def replay_all(world: World) -> None:
    replay(world.log, world.router, read_dead_letters(world.log))


def candidates(world: World) -> list[str]:
    return sorted(found.url.rpartition("/")[2] for found in world.records(topics.CANDIDATES, Candidate))


def ended(world: World, *, rest_s: float = 20) -> tuple[Ending, float | None]:
    worker = Worker(world.log, [fetch_stage(world)], until_idle=True, rest_s=rest_s)
    return asyncio.run(worker.run()), worker.rests_until_s


def while_it_runs(world: World, stage: FetchStage, steps: Callable[[], None]) -> None:
    """Run a stage, and do something meanwhile in another thread; then stop it."""

    async def both() -> None:
        running = asyncio.create_task(stage.run())
        try:
            await asyncio.to_thread(steps)
        finally:
            stage.stop()
            await running

    asyncio.run(both())


def until(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 300
    while not is_so():
        assert time.monotonic() < deadline_s, "it never came to be"
        time.sleep(0.02)


def test_a_paused_host_waits_in_the_log_and_others_go_on(site: SmallWeb, world: World) -> None:
    for number, host in enumerate(ADDRESSES[:4]):
        site.serve(f"/{number}.jpg", picture(number))
        want(world, site.url(f"/{number}.jpg", host))
    say(world.log, control("pause", "host", ADDRESSES[1]))
    assert ended(world) == (Ending.RESTING, math.inf)
    assert candidates(world) == ["0.jpg", "2.jpg", "3.jpg"]
    assert not outcomes(world)
    assert ended(world) == (Ending.RESTING, math.inf)  # at the next start, too
    assert site.asked["/1.jpg"] == 0
    say(world.log, control("pause", "host", ADDRESSES[1], is_lifted=True))
    assert ended(world) == (Ending.DONE, None)
    assert candidates(world) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]


def test_a_synset_that_is_paused_while_it_is_fetched_stops_and_goes_on_where_it_was(
    site: SmallWeb, world: World
) -> None:
    for number in range(40):
        site.serve(f"/{number}.jpg", picture(number))
        want(world, site.url(f"/{number}.jpg"))
    stage = fetch_stage(world, delay_s=0.2, per_host=1)

    def steps() -> None:
        until(lambda: site.asked.total() > 2)  # robots.txt, and some
        say(world.log, control("pause", "synset", "n1"))
        until(lambda: len(stage.paused) > 30)  # all that was waiting in the downloader
        assert {one.gauge: one.value for one in stage.readings()}["paused_inputs"] > 30
        asked = site.asked.total()
        want(world, site.url("/39.jpg", ADDRESSES[2]), "n2")
        until(lambda: candidates(world).count("39.jpg") == 1)
        assert site.asked.total() <= asked + 3  # one on its way, the other synset's and its robots.txt
        say(world.log, control("pause", "synset", "n1", is_lifted=True), control("delay", "host", ADDRESSES[0], 0))
        until(lambda: len(candidates(world)) == 41)

    while_it_runs(world, stage, steps)
    assert not outcomes(world)
    assert all(site.asked[f"/{number}.jpg"] == 1 for number in range(39))


def test_more_than_can_be_held_of_a_paused_synset_keeps_nobody_behind_it_waiting(site: SmallWeb, world: World) -> None:
    say(world.log, control("pause", "synset", "n1"))
    for number in range(400):  # a partition's share is 125
        want(world, site.url(f"/paused/{number}.jpg"))
    site.serve("/behind.jpg", picture(1))
    want(world, site.url("/behind.jpg"), "n2")
    assert ended(world) == (Ending.RESTING, math.inf)
    assert candidates(world) == ["behind.jpg"]
    partition = world.router.of_image_url(site.url("/"))
    assert sum(1 for _ in world.log.read(topics.IMAGE_URLS.name, partition)) <= 401 + 400  # no round without an end
    say(world.log, control("pause", "synset", "n1", is_lifted=True))
    assert ended(world)[0] is Ending.DONE
    assert sorted(site.asked) == sorted(["/robots.txt", "/behind.jpg", *(f"/paused/{n}.jpg" for n in range(400))])


def test_what_is_dropped_says_so_and_comes_back_by_replay(site: SmallWeb, world: World) -> None:
    url = site.serve("/a.jpg", picture(1))
    want(world, url)
    want(world, url, "n2")
    say(world.log, control("drop", "synset", "n1"))
    fetch(world)
    assert outcomes(world) == ["dropped"]
    assert world.letters()[0].message == "synset n1 is dropped by ann: test"
    assert candidates(world) == ["a.jpg"]
    replay_all(world)
    fetch(world)
    assert outcomes(world) == ["dropped"]
    assert counts(world) == {"dropped": 1}
    say(world.log, control("drop", "synset", "n1", is_lifted=True))
    replay_all(world)
    fetch(world)
    assert not outcomes(world)
    assert candidates(world) == ["a.jpg", "a.jpg"]
    assert counts(world) == {"dropped": 0, "reused": 1}
    assert site.asked["/a.jpg"] == 1


def test_a_url_is_blocked_where_it_leads_to_as_well(site: SmallWeb, world: World) -> None:
    target = site.serve("/private/a.jpg", picture(1))
    want(world, site.serve("/b.jpg", status=302, Location=target))
    want(world, target)
    say(world.log, control("block", "url", "*/private/*"))
    fetch(world)
    assert outcomes(world) == ["blocked", "blocked"]
    assert site.asked["/private/a.jpg"] == 0
    say(world.log, control("block", "url", "*/private/*", is_lifted=True))
    replay_all(world)
    fetch(world)
    assert candidates(world) == ["a.jpg", "b.jpg"]


def test_nothing_is_written_of_a_picture_that_is_blocked_in_another_disguise(site: SmallWeb, world: World) -> None:
    whole = scene(1, (320, 240))
    url = site.serve("/a.jpg", encoded(whole.resize((200, 150)), "JPEG"))
    said = picture_control(fingerprint(encoded(whole, "PNG")))
    want(world, url)
    say(world.log, said)
    fetch(world)
    want(world, url, "n2")
    fetch(world)
    assert outcomes(world) == ["blocked", "blocked"]
    assert not world.paths("blobs/")
    assert [found.outcome for found in world.records(topics.FETCHED, Fetched)] == ["blocked"]
    say(world.log, lifted(said, who="bob", why="a mistake", at=AT))
    want(world, url, "n3")  # what is blocked no more is asked for without a replay, too
    fetch(world)
    assert candidates(world) == ["a.jpg"]


def test_candidates_that_are_blocked_are_neither_judged_nor_landed(world: World) -> None:
    whole = scene(1, (320, 240))
    one, copy = stored(world, encoded(whole, "PNG")), stored(world, encoded(whole.resize((200, 150)), "JPEG"))
    other = stored(world, encoded(scene(2, (320, 240)), "PNG"))
    send(world, candidate(one), candidate(other))
    run(world, dedupe(world))
    say(world.log, picture_control(fingerprint(world.objects.get(layout.blob(copy.sha256)))))
    send(world, candidate(copy), candidate(copy, "n2"))
    run(world, dedupe(world), land(world))
    assert outcomes(world) == ["blocked", "blocked", "blocked"]
    assert sorted(letter.stage for letter in world.letters()) == ["dedupe", "dedupe", "land"]
    assert [found.candidate.image.sha256 for found in world.records(topics.SURVIVORS, Survivor)] == [
        one.sha256,
        other.sha256,
    ]
    landed = {path.split("/")[2].partition(".")[0] for path in world.paths("candidates/")}
    assert landed == {other.sha256}


def test_a_paused_source_is_not_asked_and_one_that_is_dropped_says_so(site: SmallWeb, world: World) -> None:
    source = wiki(site, {"dog": list("ab"), "hound": list("cd"), "cat": list("xy")})
    queries = [SynsetQuery("n1", "dog"), SynsetQuery("n1", "hound", rank=1), SynsetQuery("n2", "cat")]
    plan(world.log, world.router, queries, source="commons")
    say(world.log, control("pause", "source", "commons"))
    search(world, {"commons": source})
    assert not urls(world)
    assert not site.asked
    say(world.log, control("pause", "source", "commons", is_lifted=True), control("pause", "synset", "n1"))
    search(world, {"commons": source})
    assert sorted(name for _, name, _ in urls(world)) == ["x", "y"]
    say(world.log, control("drop", "synset", "n1"))
    search(world, {"commons": source})
    assert outcomes(world) == ["dropped", "dropped"]
    say(world.log, control("drop", "synset", "n1", is_lifted=True), control("pause", "synset", "n1", is_lifted=True))
    replay_all(world)
    search(world, {"commons": source})
    assert sorted(name for _, name, _ in urls(world)) == ["a", "b", "c", "d", "x", "y"]


def test_a_limit_that_is_said_holds_instead_of_the_planned_one(site: SmallWeb, world: World) -> None:
    source = wiki(site, {"dog": list("abcdefgh"), "cat": list("stuvwxyz")})
    plan(world.log, world.router, [SynsetQuery("n1", "dog")], source="commons", limit=2)
    plan(world.log, world.router, [SynsetQuery("n2", "cat")], source="commons")
    say(world.log, control("limit", "synset", "n1", 5), control("limit", "synset", "n2", 4))
    search(world, {"commons": source})
    assert sorted(name for _, name, _ in urls(world)) == sorted("abcdestuv")
    assert not outcomes(world)


def test_a_synset_of_priority_is_fetched_first_wherever_it_stands_in_the_log(site: SmallWeb, world: World) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response(body=picture(int(request.path.split("/")[2].partition(".")[0]) % 7))

    for number in range(300):  # twice a partition's share
        site.pages[f"/low/{number}.jpg"] = answer
        want(world, site.url(f"/low/{number}.jpg"))
    for number in range(20):
        site.pages[f"/high/{number}.jpg"] = answer
        want(world, site.url(f"/high/{number}.jpg"), "n2")
    stage = fetch_stage(world, delay_s=0.05, per_host=1)

    def steps() -> None:
        until(lambda: len(asked) > 3)
        say(world.log, control("priority", "synset", "n2", 5))
        until(lambda: sum("/high/" in path for path in asked) == 20)
        assert len(asked) < 200  # before most of what stands before them
        say(world.log, control("priority", "synset", "n2", is_lifted=True), control("delay", "host", ADDRESSES[0], 0))
        until(lambda: len(asked) == 320)

    while_it_runs(world, stage, steps)
    assert len(set(asked)) == 320
    assert not outcomes(world)


def test_a_synset_of_priority_is_asked_for_first(site: SmallWeb, world: World) -> None:
    source = wiki(site, {"dog": list("abc"), "cat": list("xyz"), "owl": list("rst")}, page_size=1)
    queries = [SynsetQuery(wnid, text) for wnid, text in (("n1", "dog"), ("n2", "cat"), ("n3", "owl"))]
    plan(world.log, world.router, queries, source="commons")
    say(world.log, control("priority", "synset", "n3", 1))
    order: list[str] = []
    api = site.pages["/api.php"]

    async def noted(request: web.Request) -> web.StreamResponse:
        order.append(request.query.get("gsrsearch", "").strip('"'))
        return await api(request)

    site.pages["/api.php"] = noted
    search(world, {"commons": source})
    assert len(urls(world)) == 9
    assert order[1].startswith("owl") or order[0].startswith("owl")


def test_queries_that_are_asked_by_what_they_give_are_paused_and_dropped_as_others(world: World) -> None:
    shelf = Shelf(4, False, Judge(world))
    novelty.plan(world, ["good"], ["dog", "cat"], want=1_000)
    for subject, target in (("source", "good"), ("synset", "n1")):
        say(world.log, control("pause", subject, target))
        worker = Worker(world.log, [novelty.stage_of(world, {"good": shelf})], until_idle=True)
        assert asyncio.run(worker.run()) is Ending.RESTING
        assert worker.rests_until_s == math.inf
        assert shelf.asked == []
        say(world.log, control("pause", subject, target, is_lifted=True))
    say(world.log, control("drop", "synset", "n1"))
    novelty.search(world, novelty.stage_of(world, {"good": shelf}))
    assert outcomes(world) == ["dropped", "dropped"]
    say(world.log, control("drop", "synset", "n1", is_lifted=True))
    replay_all(world)
    novelty.search(world, novelty.stage_of(world, {"good": shelf}))
    assert sorted(shelf.asked) == sorted((text, page) for text in ("dog", "cat") for page in range(4))
