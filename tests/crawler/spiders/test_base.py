"""A spider's requests past Scrapy's engine: nothing is lost of what the engine kept."""

import asyncio
from collections.abc import Callable

import pytest
from scrapy.http import Response

from synsift.crawler.download.attempt import Patience
from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.downloader import Downloader
from synsift.crawler.download.givers import Abandoned
from synsift.crawler.download.host_rules import HostKeys
from synsift.crawler.download.reading import Received
from synsift.crawler.spiders import base
from synsift.crawler.spiders.base import run_spider
from synsift.crawler.spiders.fetch import FetchSpider
from tests.crawler.download.asking import LIMITS
from tests.pipelines.stages.raw_web import answer, raw_web

BODY = bytes(100_000)


class Ends:
    """A receiver that deals with so many answers at once as it is let."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended: list[str] = []
        self.let = asyncio.Event()
        self.let.set()
        self.told: Callable[[], object] = lambda: None

    async def received(self, task: str, _result: Received) -> None:
        self.begun += 1
        self.told()
        await self.let.wait()
        self.ended.append(task)

    async def abandoned(self, task: str, result: Abandoned) -> None:
        self.ended.append(f"{task} {result.outcome}")


def downloader_of(ends: Ends, places: int = 64) -> Downloader[str]:
    return Downloader(
        ends,
        politeness=Politeness(places, places, 0.0),
        patience=Patience(attempts=1),
        hosts=HostKeys({}, lambda name: name),
    )


async def crawl(downloader: Downloader[str], ends: Ends, tasks: dict[str, str], wanted: int) -> None:
    """Run the spider until so many tasks have ended; it must end by itself then."""
    running = asyncio.create_task(run_spider(FetchSpider, downloader, LIMITS))
    for task, url in tasks.items():
        await downloader.submit(task, url)
    while len(ends.ended) < wanted:
        assert not running.done()
        await asyncio.sleep(0)
    downloader.close()
    await running


def test_an_end_that_cannot_be_passed_on_costs_its_job_and_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    heard = FetchSpider.answered

    async def odd(self: FetchSpider[str], response: Response) -> None:
        if response.url.endswith("/bug"):
            raise LookupError("a bug")
        await heard(self, response)

    monkeypatch.setattr(FetchSpider, "answered", odd)

    async def run() -> Ends:
        ends = Ends()
        with raw_web({b"/bug": answer(BODY), b"/a": answer(BODY), b"/b": answer(BODY)}) as port:
            tasks = {name: f"http://127.0.0.1:{port}/{name}" for name in ("bug", "a", "b", "gone")}
            await crawl(downloader_of(ends), ends, tasks, 3)
        return ends

    ends = asyncio.run(run())
    assert sorted(ends.ended) == ["a", "b", "gone not_found"]
    assert "its end could not be passed on" in caplog.text


def test_no_more_is_asked_for_while_many_bytes_wait_to_be_dealt_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_MOST_WAITING_BYTES", 3 * len(BODY))

    async def run() -> tuple[int, Ends]:
        ends = Ends()
        ends.let.clear()
        four = asyncio.Event()
        ends.told = lambda: four.set() if ends.begun == 4 else None
        with raw_web({b"/": answer(BODY)}) as port:
            downloader = downloader_of(ends, places=1_000)
            tasks = {str(number): f"http://127.0.0.1:{port}/" for number in range(4)}
            running = asyncio.create_task(crawl(downloader, ends, tasks, 6))
            await four.wait()
            for number in ("later", "last"):
                await downloader.submit(number, f"http://127.0.0.1:{port}/")
            # The one job that was waited for when there was room still may begin; a second one may not.
            while ends.begun < 5:
                await asyncio.sleep(0)
            for _ in range(200):
                await asyncio.sleep(0)
            begun, waiting = ends.begun, downloader.waiting_tasks()
            assert waiting == ["last"]
            ends.let.set()
            await running
        return begun, ends

    begun, ends = asyncio.run(run())
    assert begun == 5
    assert len(ends.ended) == 6


def test_a_spider_ends_when_the_last_of_its_requests_has() -> None:
    async def run() -> Ends:
        ends = Ends()
        ends.let.clear()
        with raw_web({b"/": answer(BODY)}) as port:
            downloader = downloader_of(ends)
            running = asyncio.create_task(run_spider(FetchSpider, downloader, LIMITS))
            await downloader.submit("one", f"http://127.0.0.1:{port}/")
            while not ends.begun:
                await asyncio.sleep(0)
            downloader.close()
            for _ in range(50):
                await asyncio.sleep(0)
            assert not running.done()
            ends.let.set()
            await running
        return ends

    assert asyncio.run(run()).ended == ["one"]
