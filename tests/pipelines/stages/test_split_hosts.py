"""A host that is dealt out over several keys is asked once for each URL, whatever the rules were before."""

import asyncio
import dataclasses
import time
from collections import Counter

import pytest

from synsift.crawler.download.host_rules import HostRule, Pace, Paces, Rules
from synsift.pipelines import topics
from synsift.pipelines.records import Candidate, ImageUrl, Progress, decode
from synsift.pipelines.stages.host_homes import MOVED, other_homes
from synsift.pipelines.topics import Router
from synsift.pipelines.worker import Worker
from tests.pipelines.stages.raw_web import answer
from tests.pipelines.stages.test_fetch import fetch, fetch_stage, picture, want
from tests.pipelines.stages.test_ill_hosts import SICK, Script, host
from tests.pipelines.stages.web import SmallWeb
from tests.pipelines.worlds import PARTITIONS, World

SPLIT: Rules = {"127.0.0.1": HostRule(split=3, places=6)}
COUNT = 40


def under(world: World, rules: Rules) -> World:
    """The same log for workers with these rules."""
    return dataclasses.replace(world, router=Router(PARTITIONS, rules))


def serve(site: SmallWeb, count: int = COUNT) -> list[str]:
    return [site.serve(f"/{number}.jpg", picture(number)) for number in range(count)]


def places(world: World) -> Counter[int]:
    return Counter(
        message.partition for number in range(PARTITIONS) for message in world.log.read("image-urls", number)
    )


def counts(world: World, wnid: str = "n1") -> dict[str, int]:
    """Of all partitions."""
    found: Counter[str] = Counter()
    for number in range(PARTITIONS):
        of_partition = {
            message.key: decode(Progress, message.value or b"") for message in world.log.read("progress", number)
        }
        for progress in of_partition.values():
            found.update(progress.counts if progress.wnid == wnid else {})
    return dict(found)


def test_its_urls_are_dealt_out_over_partitions_and_fetched_once_each(site: SmallWeb, world: World) -> None:
    split = under(world, SPLIT)
    for url in serve(site):
        want(split, url)
        want(split, url, "n2")
    fetch(split)
    assert len(places(world)) == 3
    assert max(site.asked.values()) == 1
    assert counts(world) == {"fetched": COUNT}
    assert counts(world, "n2") == {"reused": COUNT}
    home = world.router.of_url(site.url("/"))
    assert {n for n in range(PARTITIONS) if list(world.log.read("fetched", n))} == {home}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SPLIT, {}),
        ({}, SPLIT),
        (SPLIT, {"127.0.0.1": HostRule(split=4, places=4)}),
        ({"127.0.0.1": HostRule(split=2, places=4)}, {"127.0.0.1": HostRule(delay_s=0.0)}),
    ],
    ids=["no longer", "from now on", "over more", "over one"],
)
def test_what_was_fetched_under_other_rules_is_not_fetched_again(
    site: SmallWeb, world: World, before: Rules, after: Rules
) -> None:
    urls = serve(site)
    for rules, wnid in ((before, "n1"), (after, "n2"), (before, "n3")):
        for url in urls:
            want(under(world, rules), url, wnid)
        fetch(under(world, rules))
        assert len(world.records(topics.CANDIDATES, Candidate)) == COUNT * int(wnid[1:])
    assert max(site.asked.values()) == 1
    assert world.letters() == []


@pytest.mark.parametrize(("before", "after"), [(SPLIT, {}), ({}, SPLIT)], ids=["no longer", "from now on"])
def test_urls_that_stand_in_the_log_under_other_rules_go_where_they_belong(
    site: SmallWeb, world: World, before: Rules, after: Rules
) -> None:
    for url in serve(site):
        want(under(world, before), url)
        want(under(world, after), url, "n2")
    fetch(under(world, after))
    assert max(site.asked.values()) == 1
    assert world.letters() == []
    assert len(world.records(topics.CANDIDATES, Candidate)) == 2 * COUNT
    messages = [message for n in range(PARTITIONS) for message in world.log.read("image-urls", n)]
    moved = [message for message in messages if any(name == MOVED for name, _ in message.headers)]
    assert 0 < len(moved) <= COUNT  # some are at home under both
    homes = under(world, after).router
    assert all(m.partition == homes.of_image_url(decode(ImageUrl, m.value or b"").url) for m in moved)


def test_workers_with_other_rules_do_not_send_a_url_back_and_forth(site: SmallWeb, world: World) -> None:
    urls = serve(site, 8)
    for url in urls:
        want(world, url)
    stages = [fetch_stage(under(world, SPLIT)), fetch_stage(world)]
    asyncio.run(Worker(world.log, stages, until_idle=True, rest_s=20).run())
    assert counts(world) == {"fetched": 8}
    assert sum(places(world).values()) <= 16
    assert world.letters() == []


def test_several_workers_share_a_split_host_and_ask_nothing_twice(site: SmallWeb, world: World) -> None:
    split = under(world, SPLIT)
    stages = [fetch_stage(split) for _ in range(3)]
    worker = Worker(world.log, stages, until_idle=False)

    async def scenario() -> None:
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(300):
            # What is in flight when a partition changes hands is fetched again: that is another matter.
            while sorted(stage.statistics().partitions for stage in stages) != [1, 1, 2]:
                await asyncio.sleep(0.05)
            for url in serve(site):
                want(split, url)
            while counts(world) != {"fetched": COUNT}:
                await asyncio.sleep(0.05)
        worker.interrupt()
        await running

    asyncio.run(scenario())
    assert {site.asked[f"/{number}.jpg"] for number in range(COUNT)} == {1}
    assert 2 <= site.asked["/robots.txt"] <= 3  # each worker reads it


def test_its_parts_keep_a_crawl_delay_together(site: SmallWeb, world: World) -> None:
    split = under(world, {"127.0.0.1": HostRule(split=2, places=2)})
    site.serve("/robots.txt", b"User-agent: *\nCrawl-delay: 0.5\n")
    urls = serve(site, 8)
    most = max(Counter(split.router.keys.key_of(url) for url in urls).values())
    for url in urls:
        want(split, url)
    began_s = time.monotonic()
    fetch(split)
    assert counts(world) == {"fetched": 8}
    assert time.monotonic() - began_s >= (most - 1) * 1.0


def test_an_ill_host_is_left_alone_in_all_its_parts(world: World) -> None:
    script = Script(robots=[SICK], image=[answer(picture(1))])
    split = under(world, SPLIT)
    with host(script) as url:
        for number in range(COUNT):
            want(split, url(number))
        fetch(split)
    assert counts(world) == {"host_down": COUNT}
    assert script.asked["robots"] <= 10
    assert script.asked["image"] == 0


@pytest.mark.parametrize("rules", [{"127.0.0.1": HostRule()}, {"a.example.org": HostRule()}, SPLIT, {}])
def test_where_else_to_read_what_was_fetched_is_known(rules: Rules) -> None:
    router = Router(PARTITIONS, rules)
    for url in (*(f"http://127.0.0.1/{n}" for n in range(9)), *(f"http://a.example.org/{n}" for n in range(9))):
        here, home = router.of_image_url(url), router.of_url(url)
        assert home == here or home in other_homes(router, here)


def test_a_rule_above_many_owners_makes_one_host_of_them_and_all_their_homes_are_read() -> None:
    router = Router(PARTITIONS, {"blogspot.com": HostRule(places=1)})
    urls = [f"http://blog{n}.blogspot.com/{n}.jpg" for n in range(20)]
    assert {router.keys.key_of(url) for url in urls} == {"blogspot.com"}
    (here,) = {router.of_image_url(url) for url in urls}
    assert {router.of_url(url) for url in urls} - {here} <= other_homes(router, here)
    assert all(other_homes(router, n) == set() for n in range(PARTITIONS) if n != here)


def test_a_pace_changes_while_a_stage_runs(site: SmallWeb, world: World) -> None:
    for url in serve(site, 6):
        want(world, url)
    stage = fetch_stage(world, delay_s=3_000.0)
    worker = Worker(world.log, [stage], until_idle=True, rest_s=20)

    async def scenario() -> None:
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(300):
            while not site.asked["/robots.txt"]:
                await asyncio.sleep(0.05)
            stage.repace(dataclasses.replace(stage.politeness, delay_s=0.0, paces=Paces(Pace(0.0, 4), {})))
            await running

    asyncio.run(scenario())
    assert counts(world) == {"fetched": 6}
