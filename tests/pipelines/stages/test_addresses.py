"""Hosts of several names behind one address, over real connections."""

import asyncio
import dataclasses
import time
from collections import Counter

from aiohttp import web

from synsift.crawler.download.host_rules import Pace
from synsift.pipelines.worker import Worker
from tests.pipelines.stages.test_fetch import fetch, fetch_stage, picture, want
from tests.pipelines.stages.test_split_hosts import counts
from tests.pipelines.stages.web import SmallWeb
from tests.pipelines.worlds import World

HOSTS = ("127.0.0.1", "localhost")


class Busy:
    """Pages that take a while; knows how many are asked for at once, but robots.txt."""

    def __init__(self, site: SmallWeb) -> None:
        self.active = self.most = 0
        self.starts: list[float] = []
        self._site = site

    def serve(self, path: str, body: bytes) -> None:
        async def answer(_request: web.Request) -> web.StreamResponse:
            self.starts.append(time.monotonic())
            self.active += 1
            self.most = max(self.most, self.active)
            await asyncio.sleep(0.05)
            self.active -= 1
            return web.Response(body=body)

        self._site.pages[path] = answer


def test_hosts_of_several_names_share_the_bound_of_their_address(site: SmallWeb, world: World) -> None:
    busy = Busy(site)
    for host in HOSTS:
        for number in range(8):
            busy.serve(f"/{host}-{number}.jpg", picture(number))
            want(world, site.url(f"/{host}-{number}.jpg", host))
    stage = fetch_stage(world)
    stage.repace(dataclasses.replace(stage.politeness, places_per_host=2, delay_s=0.1, at_address=Pace(0.1, 2)))
    fetch(world, stage=stage)
    assert counts(world) == {"fetched": 16}
    assert busy.most <= 2
    # The first image of the first host may be on its way before its neighbour is known.
    assert busy.starts[-1] - busy.starts[0] >= 14 * 0.1 * 0.9
    assert Counter(site.asked.values()) == {1: 16, 2: 1}  # robots.txt of each


def test_a_bound_that_is_lifted_while_hosts_wait_holds_them_up_no_longer(site: SmallWeb, world: World) -> None:
    for host in HOSTS:
        site.serve(f"/{host}.jpg", picture(1))
        want(world, site.url(f"/{host}.jpg", host))
    stage = fetch_stage(world)
    polite = dataclasses.replace(stage.politeness, places_per_host=1, delay_s=5_000.0)
    stage.repace(dataclasses.replace(polite, at_address=Pace(3_000.0, 1)))
    worker = Worker(world.log, [stage], until_idle=True, rest_s=20)

    async def scenario() -> None:
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(300):
            while site.asked["/robots.txt"] < len(HOSTS):
                await asyncio.sleep(0.05)
            stage.repace(dataclasses.replace(polite, delay_s=0.0))
            await running

    asyncio.run(scenario())
    assert counts(world) == {"fetched": len(HOSTS)}
