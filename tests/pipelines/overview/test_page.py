"""The fleet's page in a real browser, and its server over real HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from synsift.pipelines.errors import LogUnavailable
from synsift.pipelines.overview.server import FleetServer
from synsift.pipelines.overview.watching import Overview
from synsift.pipelines.review.pictures import Pictures
from tests.conftest import missing
from tests.loopback import serving
from tests.pipelines.controls.said import control
from tests.pipelines.overview.fleets import EVIL, asleep, letter, progress, survivor
from tests.pipelines.review.desks import WHIPPET, TwoSynsets
from tests.pipelines.worlds import World, make_world
from tools.browser import Page, browser, installed

KEY = "a-key-of-the-tests"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = make_world(tmp_path)
    world.log.produce([
        world.router.progress(progress(WHIPPET, "fetch", 0, fetched=1_234, timeout=2)),
        world.router.control(control("pause", "host", "slow.example")),
        world.router.control(control("block", "url", f"https://{EVIL}/*")),
        world.router.fetched(asleep(f"https://{EVIL}.example")),
        letter(1, "timeout"),
        *(world.router.survivor(survivor(world, n)) for n in range(3)),
    ])  # fmt: skip
    return world


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synsift.pipelines.overview.server._LEAST_S", 0.0)


def served(world: World) -> Callable[[], aiohttp.web.Application]:
    pictures = Pictures(world.objects, None, max_pixels=1_000_000)
    return lambda: FleetServer(Overview(world.log, TwoSynsets()), pictures, key=KEY).app()  # type: ignore[arg-type]


def visit(world: World, script: Callable[[Page], Awaitable[Any]], *, width_px: int = 1280) -> Any:
    if installed() is None:
        missing("there is no Chromium")

    async def run(port: int) -> Any:
        async with browser() as page:
            await page.look(width_px=width_px, height_px=900)
            await page.open(f"http://127.0.0.1:{port}/?key={KEY}")
            result = await script(page)
            assert page.errors == []
            return result

    with serving(served(world)) as port:
        return asyncio.run(asyncio.wait_for(run(port), 120))


async def until(page: Page, condition: str) -> None:
    while not await page.run(f"Boolean({condition})"):
        await asyncio.sleep(0.02)


TEXT = "document.querySelector('main').innerText"


def test_the_page_shows_the_fleet_and_changes_with_it(world: World) -> None:
    async def script(page: Page) -> str:
        await until(page, f"{TEXT}.includes('1,234')")
        text: str = await page.run(TEXT)
        await until(page, "[...document.querySelectorAll('.newest img')].filter(x => x.naturalWidth > 0).length === 3")
        world.log.produce([world.router.progress(progress(WHIPPET, "fetch", 0, fetched=1_300))])
        await until(page, f"{TEXT}.includes('1,300')")
        assert await page.run("document.querySelector('tr.moving th').textContent") == f"whippet{WHIPPET}"
        return text

    text = visit(world, script)
    assert "no worker: nothing happens here" in text
    assert "1 host is left alone" in text
    assert "timeout" in text
    assert "host slow.example" in text
    assert "paused" in text
    assert EVIL in text, "as text"


def test_the_page_fits_a_phone(world: World) -> None:
    async def script(page: Page) -> bool:
        await until(page, f"{TEXT}.includes('1,234')")
        return bool(await page.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))

    assert visit(world, script, width_px=390)


def test_a_log_that_is_away_is_said_and_what_was_seen_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(page: Page) -> None:
        await until(page, f"{TEXT}.includes('1,234')")

        def away(_self: Overview) -> dict[str, Any]:
            raise LogUnavailable("the brokers do not answer")

        with monkeypatch.context() as patched:
            patched.setattr(Overview, "look", away)
            await until(page, "document.getElementById('say').textContent.includes('the brokers do not answer')")
            assert await page.run(f"{TEXT}.includes('1,234')")
        await until(page, "!document.body.classList.contains('stale')")
        assert all("503" in error for error in page.errors)
        page.errors.clear()

    visit(world, script)


def test_nothing_is_shown_without_the_key_and_no_picture_that_is_not_shown(world: World) -> None:
    shown, hidden = survivor(world, 1).candidate.image.sha256, survivor(world, 9).candidate.image.sha256

    async def script(port: int) -> list[int]:
        base = f"http://127.0.0.1:{port}/"
        statuses: list[int] = []
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            paths = ("", "api/view", "fleet.js", f"small/{shown}")
            statuses += [(await session.get(base + path)).status for path in paths]
            jar.update_cookies({"synsift_fleet": KEY}, URL(base))
            paths = ("api/view", f"small/{shown}", f"small/{hidden}", "small/..%2f..%2fetc")
            statuses += [(await session.get(base + path)).status for path in paths]
            statuses.append((await session.post(base + "api/view")).status)
        return statuses

    with serving(served(world)) as port:
        assert asyncio.run(script(port)) == [403, 403, 403, 403, 200, 200, 404, 404, 405]
