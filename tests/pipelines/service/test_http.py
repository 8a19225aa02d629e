import asyncio
import platform
import re
import threading
import urllib.error
import urllib.request
from importlib.metadata import version
from pathlib import Path

import aiohttp
import pytest

from deploy.local.services import free_port
from synsift.pipelines.config import ServiceSettings
from synsift.pipelines.errors import LogUnavailable, StoreUnavailable, UsageError
from synsift.pipelines.listener import listening
from synsift.pipelines.served import served
from synsift.pipelines.service.http import WaitingService, opened_patiently, serving
from synsift.pipelines.stages.dedupe import DedupeOptions, DedupeStage
from synsift.pipelines.stages.dedupe_state import Judging
from synsift.pipelines.worker import Worker
from tests.conftest import complaints_of_promtool
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.worlds import candidate, make_world, stored


async def get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


def test_a_worker_is_ready_once_its_state_is_rebuilt_and_shows_what_it_did(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    image = stored(world, encoded(scene(1), "JPEG"))
    world.log.produce([world.router.candidate(candidate(image))])
    stage = DedupeStage(world.log, world.router, options=DedupeOptions(Judging(), 10))
    worker = Worker(world.log, [stage], until_idle=False)

    async def scenario() -> None:
        async with serving(ServiceSettings(port=0), worker, world.log) as port:
            assert await get(port, "/healthz") == (200, "alive\n")
            assert await get(port, "/readyz") == (503, "not ready: dedupe\n")
            running = asyncio.create_task(worker.run())
            while (await get(port, "/readyz"))[0] != 200 or world.log.lag("dedupe", "candidates")[0].records:
                await asyncio.sleep(0.02)
            while 'synsift_pipelines_lag{stage="dedupe"} 0.0' not in (await get(port, "/metrics"))[1]:
                await asyncio.sleep(0.02)
            _, metrics = await get(port, "/metrics")
            worker.interrupt()
            await running
        assert 'synsift_pipelines_outcomes_total{outcome="unique",stage="dedupe"}' in metrics
        assert 'synsift_pipelines_partitions{stage="dedupe"} 4.0' in metrics
        assert 'synsift_pipelines_commit_seconds_count{stage="dedupe"}' in metrics
        assert 'synsift_pipelines_state_images{stage="dedupe"} 1.0' in metrics
        assert 'synsift_pipelines_ready_lag{stage="dedupe"} 0.0' in metrics
        assert 'synsift_pipelines_oldest_input_seconds{stage="dedupe"} 0.0' in metrics
        assert 'synsift_pipelines_stage_ready{stage="dedupe"} 1.0' in metrics
        assert (
            f'synsift_build_info{{python="{platform.python_version()}",version="{version("synsift")}"}} 1.0' in metrics
        )
        assert not complaints_of_promtool(metrics)

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_a_worker_whose_stage_no_longer_polls_is_not_alive(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    stage = DedupeStage(world.log, world.router, options=DedupeOptions(Judging(), 10))
    worker = Worker(world.log, [stage], until_idle=False)

    async def scenario() -> None:
        async with serving(ServiceSettings(port=0, liveness_s=0.2), worker, world.log) as port:
            while (answer := await get(port, "/healthz"))[0] == 200:
                await asyncio.sleep(0.02)
            assert answer[1].startswith("stuck: dedupe has not polled for 0 s")
            stage.beat()
            assert (await get(port, "/healthz"))[0] == 200

    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_a_scrape_is_answered_while_the_log_is_silent_and_says_how_old_its_view_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(tmp_path)
    stage = DedupeStage(world.log, world.router, options=DedupeOptions(Judging(), 10))
    worker = Worker(world.log, [stage], until_idle=False)
    monkeypatch.setattr("synsift.pipelines.service.lag_view.EVERY_S", 0.01)
    silent, asked, lag = threading.Event(), threading.Event(), world.log.lag

    def patient(group: str, topic: str) -> object:
        if silent.is_set():
            asked.set()
            threading.Event().wait(600)
        return lag(group, topic)

    monkeypatch.setattr(world.log, "lag", patient)

    def age_in(text: str) -> float:
        return float(text.split("\nsynsift_pipelines_lag_age_seconds ")[1].split("\n")[0])

    async def scenario() -> None:
        async with serving(ServiceSettings(port=0), worker, world.log) as port:
            while 'synsift_pipelines_lag{stage="dedupe"} 0.0' not in (await get(port, "/metrics"))[1]:
                await asyncio.sleep(0.02)
            silent.set()
            while not asked.is_set():
                await asyncio.sleep(0.02)
            status, text = await get(port, "/metrics")
            assert status == 200
            assert 'synsift_pipelines_lag{stage="dedupe"} 0.0' in text
            before_s = age_in(text)
            while age_in((await get(port, "/metrics"))[1]) <= before_s:
                await asyncio.sleep(0.02)

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_nothing_is_served_where_no_port_is_configured(tmp_path: Path) -> None:
    world = make_world(tmp_path)

    async def scenario() -> int:
        async with serving(ServiceSettings(), Worker(world.log, [], until_idle=True), world.log) as port:
            return port

    assert asyncio.run(scenario()) == -1


def test_a_store_that_is_away_at_the_start_is_waited_for_alive_and_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synsift.pipelines.service.http._WAITS_S", (0.2, 0.1))
    port = free_port()
    said: list[tuple[int, int]] = []
    attempts = 0

    def attempt() -> str:
        nonlocal attempts
        attempts += 1
        if attempts > 1:
            said.append((status(port, "/healthz"), status(port, "/readyz")))
        if attempts < 4:
            raise StoreUnavailable("away")
        return "opened"

    assert asyncio.run(opened_patiently(ServiceSettings(port=port), attempt)) == "opened"
    assert said == [(200, 503)] * 3


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synsift.pipelines.service.http._WAITS_S", (0.01,))

    def attempt() -> str:
        raise LogUnavailable("away")

    with pytest.raises(LogUnavailable):
        asyncio.run(opened_patiently(ServiceSettings(patience_s=0.1), attempt))


def status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        return exc.code


def test_a_request_that_never_stands_there_whole_is_not_waited_for() -> None:
    """Such connections stayed open for ever, each with a file of the worker's."""
    whole = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"

    async def answer_to(port: int, sent: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        answer = await reader.read()
        writer.close()
        return answer

    async def scenario() -> None:
        app, listener = WaitingService().app(), listening("127.0.0.1", 0)
        async with served(app, listener, head_s=4):
            port = listener.getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(whole)
            assert (await reader.readuntil(b"alive\n")).startswith(b"HTTP/1.1 200")
            parts = (b"", b"GET /met", b"GET /metrics", b"GET /metrics HTTP/1.1\r\nHost: a\r\nX: ")
            assert await asyncio.gather(*(answer_to(port, part) for part in parts)) == [b""] * len(parts)
            writer.write(whole)  # a connection that has asked before may ask again
            assert (await reader.readuntil(b"alive\n")).startswith(b"HTTP/1.1 200")
            writer.close()

    asyncio.run(asyncio.wait_for(scenario(), 60))


@pytest.mark.parametrize(
    ("host", "hint"),
    [
        ("127.0.0.1", "another program has that port"),
        ("203.0.113.7", "an address of this machine"),
        ("a..b", "address"),
    ],
)
def test_a_port_that_can_t_be_had_is_a_line_and_a_way_out(host: str, hint: str) -> None:
    with listening("127.0.0.1", 0) as taken, pytest.raises(UsageError, match=re.escape(host)) as caught:
        listening(host, taken.getsockname()[1])
    assert hint in caught.value.hint
