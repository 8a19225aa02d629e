"""Stages whose log goes away in the midst of their work."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from synsift.crawler.download.access import Access
from synsift.crawler.download.attempt import Patience
from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.settings import Limits
from synsift.pipelines.errors import FencedError, LogUnavailable
from synsift.pipelines.log.base import Listener, Member
from synsift.pipelines.stage import Stage
from synsift.pipelines.stages import membership
from synsift.pipelines.stages.dedupe import DedupeOptions, DedupeStage
from synsift.pipelines.stages.dedupe_state import Judging
from synsift.pipelines.stages.search import SearchStage
from synsift.pipelines.stages.search_needs import SearchOptions
from synsift.pipelines.worker import Ending, Worker
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.worlds import World, candidate, make_world, stored


class LogThatGoesAway:
    """A log whose member is fenced at its second poll, and that then can't be joined so many times."""

    def __init__(self, world: World, *, refusals: int, error: type[Exception]) -> None:
        self._log = world.log
        self.refusals = refusals
        self.error = error
        self.joins = 0
        self.refused = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def join(self, group: str, topic: str, listener: Listener, *, whole: bool = False) -> Member:
        self.joins += 1
        if 1 < self.joins <= 1 + self.refusals:
            self.refused()
            raise self.error("away")
        member = self._log.join(group, topic, listener, whole=whole)
        return _FencedOnce(member) if self.joins == 1 else member  # type: ignore[return-value]  # by its attributes


class _FencedOnce:
    def __init__(self, member: Member) -> None:
        self._member = member
        self._polls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._member, name)

    def poll(self, *arguments: Any, **named: Any) -> Any:
        self._polls += 1
        if self._polls == 2:
            raise FencedError("dropped")
        return self._member.poll(*arguments, **named)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "_WAITS_S", (0.02,))


def stage_of(kind: str, world: World, log: LogThatGoesAway) -> Stage:
    if kind == "search":
        options = SearchOptions(
            politeness=Politeness(4, 1, 0.0),
            patience=Patience(attempts=2, backoff_s=0.05, max_wait_s=2.0),
            limits=Limits("synsift/test", 2.0, 1_000_000, False, Access("search", ("127.0.0.0/8",))),
        )
        return SearchStage(log, world.router, sources={}, options=options)
    return DedupeStage(log, world.router, options=DedupeOptions(Judging(), 10))


@pytest.mark.parametrize("error", [LogUnavailable, FencedError])
@pytest.mark.parametrize("kind", ["search", "dedupe"])
def test_a_stage_waits_for_a_log_that_is_away_and_goes_on(world: World, kind: str, error: type[Exception]) -> None:
    log = LogThatGoesAway(world, refusals=8, error=error)
    stage = stage_of(kind, world, log)
    ready: list[bool] = []
    log.refused = lambda: ready.append(stage.statistics().is_ready)

    async def scenario() -> None:
        running = asyncio.create_task(stage.run())
        while log.joins < 10 or not stage.statistics().is_ready:
            assert not running.done()
            await asyncio.sleep(0.005)
        stage.stop()
        await running

    asyncio.run(asyncio.wait_for(scenario(), 60))
    assert log.joins == 10
    assert ready == [False] * 8


def test_what_came_meanwhile_is_done_once_the_log_is_back(world: World) -> None:
    image = stored(world, encoded(scene(1), "JPEG"))
    world.log.produce([world.router.candidate(candidate(image))])
    log = LogThatGoesAway(world, refusals=3, error=LogUnavailable)
    stage = stage_of("dedupe", world, log)
    worker = Worker(world.log, [stage], until_idle=False)

    async def scenario() -> Ending:
        running = asyncio.create_task(worker.run())
        while log.joins < 5 or any(lag.records for lag in world.log.lag("dedupe", "candidates")):
            await asyncio.sleep(0.02)
        worker.interrupt()
        return await running

    assert asyncio.run(asyncio.wait_for(scenario(), 60)) is Ending.INTERRUPTED


@pytest.mark.parametrize("kind", ["search", "dedupe"])
def test_a_stage_that_is_told_to_stop_waits_no_longer(world: World, kind: str) -> None:
    log = LogThatGoesAway(world, refusals=1_000_000, error=LogUnavailable)
    stage = stage_of(kind, world, log)

    async def scenario() -> None:
        running = asyncio.create_task(stage.run())
        while log.joins < 3:
            await asyncio.sleep(0.005)
        stage.stop()
        await running

    asyncio.run(asyncio.wait_for(scenario(), 60))


@pytest.mark.parametrize("kind", ["search", "dedupe"])
def test_patience_has_an_end_and_an_error(world: World, kind: str) -> None:
    stage = stage_of(kind, world, LogThatGoesAway(world, refusals=1_000_000, error=LogUnavailable))
    stage.patience_s = 0.1
    with pytest.raises(LogUnavailable, match="away"):
        asyncio.run(asyncio.wait_for(stage.run(), 60))
