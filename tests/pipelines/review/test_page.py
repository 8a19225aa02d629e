"""The page of votes in a real browser, as people use it."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from synsift.dedupe import DEFAULT_OPTIONS
from synsift.pipelines import topics
from synsift.pipelines.folders.not_copies import read_not_copies
from synsift.pipelines.records import Duplicate, Survivor, Vote
from synsift.pipelines.review import doubts
from synsift.pipelines.review.doubts import PairDesk
from synsift.pipelines.review.judged import JudgedPairs
from synsift.pipelines.review.pictures import Pictures
from synsift.pipelines.review.server import ReviewServer
from tests.conftest import missing
from tests.dedupe.pictures import encoded, scene
from tests.loopback import serving
from tests.pipelines.review.desks import GREYHOUND, ODD, WHIPPET, world_of
from tests.pipelines.worlds import candidate, stored
from tools.browser import BrowserError, Page, browser, installed

KEY = "a-key-of-the-tests"
SAY = "document.getElementById('say').textContent"
SHOWN = "[...document.querySelectorAll('.cell')].map(cell => cell.dataset.sha)"
MARKS = "[...document.querySelectorAll('.cell')].map(cell => cell.dataset.answer || '')"


@pytest.fixture
def found(tmp_path: Path) -> SimpleNamespace:
    found = world_of(tmp_path, tasks=3, images=6)
    found.judged = tmp_path / "not-copies.txt"
    return found


async def until(page: Page, condition: str) -> None:
    """Wait until something holds on the page, whatever page that is by then: asking one that is left fails."""
    while True:
        with contextlib.suppress(BrowserError):
            if await page.run(f"Boolean({condition})"):
                return
        await asyncio.sleep(0.02)


async def begin(page: Page, name: str = "ana") -> list[str]:
    await page.run(f"document.getElementById('voter').value = {name!r}")
    await page.run("document.querySelector('#who button').click()")
    await until(page, "document.querySelectorAll('.cell img').length")
    return await page.run(SHOWN)  # type: ignore[no-any-return]


async def hand_in(page: Page) -> None:
    before = await page.run(SHOWN)
    await page.press("Enter")
    await until(page, f"JSON.stringify({SHOWN}) !== {str(before).replace(chr(39), chr(34)).replace(' ', '')!r}")


def visit(
    found: SimpleNamespace, script: Callable[[Page], Awaitable[Any]], *, width_px: int = 1280, phone: bool = False
) -> Any:
    if installed() is None:
        missing("there is no Chromium")

    async def run(port: int) -> Any:
        async with browser() as page:
            await page.look(width_px=width_px, height_px=844, phone=phone)
            await page.open(f"http://127.0.0.1:{port}/?key={KEY}")
            result = await script(page)
            assert page.errors == []
            return result

    pictures = Pictures(found.world.objects, None, max_pixels=1_000_000)

    def pairs() -> PairDesk:
        return PairDesk(found.world.log, DEFAULT_OPTIONS, JudgedPairs(found.judged))

    with serving(lambda: ReviewServer(found.desk, pictures, key=KEY, make_pairs=pairs).app()) as port:
        return asyncio.run(run(port))


def votes_of(found: SimpleNamespace, voter: str = "ana") -> dict[str, str]:
    records = found.world.records(topics.VOTES, Vote)
    return {vote.sha256: vote.answer for vote in records if vote.voter == voter}


def test_a_batch_is_voted_on_by_keys_alone(found: SimpleNamespace) -> None:
    async def script(page: Page) -> list[str]:
        shown = await begin(page)
        await until(page, "[...document.querySelectorAll('.cell img')].every(i => i.complete && i.naturalWidth)")
        for key in (" ", "ArrowRight", "u", "ArrowRight", "b", "ArrowRight", "1", "ArrowRight", " ", " "):
            await page.press(key)
        assert await page.run(MARKS) == ["yes", "unsure", "broken", f"other:{GREYHOUND}", "", ""]
        await hand_in(page)
        assert len(found.world.records(topics.VOTES, Vote)) == 6, "before the next batch is shown"
        return shown

    shown = visit(found, script)
    wanted = ["yes", "unsure", "broken", f"other:{GREYHOUND}", "no", "no"]
    assert [votes_of(found)[sha] for sha in shown] == wanted


def test_undo_goes_back_mark_by_mark_and_then_to_what_was_handed_in(found: SimpleNamespace) -> None:
    async def script(page: Page) -> list[str]:
        shown = await begin(page)
        await page.press(" ")
        await hand_in(page)
        await page.press(" ")
        await page.press("a")
        assert await page.run(MARKS) == ["yes"] * 6
        for wanted in (["yes", "", "", "", "", ""], [""] * 6):
            await page.run("document.getElementById('undo').click()")
            await until(page, f"JSON.stringify({MARKS}) === JSON.stringify({wanted})")
        await page.run("document.getElementById('undo').click()")
        await until(page, f"{MARKS}.filter(answer => answer === 'yes').length === 1")
        assert sorted(await page.run(SHOWN)) == sorted(shown)
        await page.run(f"document.querySelector('.cell[data-sha=\"{shown[1]}\"]').click()")
        await hand_in(page)
        return shown

    shown = visit(found, script)
    assert [votes_of(found)[sha] for sha in shown] == ["yes", "yes", "no", "no", "no", "no"]


def test_who_closes_the_page_goes_on_where_they_were(found: SimpleNamespace) -> None:
    async def script(page: Page) -> None:
        shown = await begin(page)
        await page.press(" ")
        await page.press("ArrowRight")
        await page.press("u")
        where = await page.run("location.href")
        await page.open("about:blank")
        await page.open(where)
        await until(page, "document.querySelectorAll('.cell img').length")
        assert await page.run(SHOWN) == shown
        assert await page.run(MARKS) == ["yes", "unsure", "", "", "", ""]

    visit(found, script)
    assert not found.world.records(topics.VOTES, Vote)


def test_the_end_is_said_and_new_batches_are_shown_when_they_come(found: SimpleNamespace) -> None:
    async def script(page: Page) -> None:
        await begin(page)
        for _ in range(2):
            await hand_in(page)
        await page.run("document.getElementById('unimageable').click()")
        await until(page, "!document.getElementById('nothing').hidden")
        assert "Nothing is left" in await page.run("document.getElementById('nothing').textContent")
        assert await page.run("document.getElementById('hand-in').disabled")

    visit(found, script)
    assert sorted(votes_of(found).values()) == ["no"] * 12 + ["unimageable"] * 6


def test_nothing_that_is_told_becomes_markup(found: SimpleNamespace) -> None:
    async def script(page: Page) -> list[Any]:
        await begin(page, "<i>x</i>")
        return await page.run(  # type: ignore[no-any-return]
            "[document.querySelector('header').innerText,"
            " document.querySelectorAll('script:not([src]), i, b b').length]"
        )

    words, elements = visit(found, script)
    assert "<script>alert(1)</script>" in words
    assert ODD.replace("\u202e", "\ufffd") in words
    assert elements == 0


def test_a_phone_votes_by_taps(found: SimpleNamespace) -> None:
    async def script(page: Page) -> list[str]:
        shown = await begin(page)
        await page.tap(".row:nth-child(2) .cell")
        await page.tap("#marks button:nth-child(2)")
        await page.tap(".row:nth-child(3) .cell")
        assert await page.run("document.documentElement.scrollWidth <= innerWidth")
        await page.tap("#hand-in")
        await until(page, f"{SHOWN}[0] !== '{shown[0]}'")
        return shown

    shown = visit(found, script, width_px=390, phone=True)
    assert [votes_of(found)[sha] for sha in shown] == ["no", "yes", "unsure", "no", "no", "no"]


def test_a_server_that_is_gone_is_said_and_marks_stay(found: SimpleNamespace) -> None:
    async def script(page: Page) -> None:
        await begin(page)
        await page.press(" ")
        await page.run("window.fetch = () => Promise.reject(new TypeError('gone'))")
        await page.press("Enter")
        await until(page, f"{SAY}.includes('Nothing is lost')")
        assert (await page.run(MARKS))[0] == "yes"

    visit(found, script)


def test_keys_can_be_switched_off(found: SimpleNamespace) -> None:
    async def script(page: Page) -> None:
        await begin(page)
        await page.run("document.getElementById('shortcuts').click()")
        await page.run("document.querySelector('.cell').focus()")
        for key in ("a", "u", "b"):
            await page.press(key)
        assert await page.run(MARKS) == [""] * 6
        await page.press(" ")
        assert (await page.run(MARKS))[0] == "yes"

    visit(found, script)


def test_pairs_are_judged_by_keys_and_a_judgement_can_be_undone(
    found: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubts, "_MARGIN", 1.0)
    world = found.world
    kept, copy = (stored(world, encoded(scene(50), "JPEG", quality=quality)) for quality in (95, 30))
    near = Duplicate(wnid=WHIPPET, sha256=copy.sha256, of=kept.sha256, kind="near", candidate=candidate(copy, WHIPPET))
    world.log.produce([world.router.survivor(Survivor(candidate=candidate(kept, WHIPPET)))])
    world.log.produce([world.router.duplicate(near)])

    async def script(page: Page) -> None:
        await begin(page)
        await page.run("document.querySelector('a[href=pairs]').click()")
        await until(page, "location.pathname === '/pairs' && document.querySelectorAll('.pair img').length === 2")
        await until(page, "[...document.querySelectorAll('.pair img')].every(i => i.complete && i.naturalWidth)")
        await page.press("d")
        await until(page, f"{SAY}.startsWith('No pair is left')")
        assert len(read_not_copies([found.judged])) == 1
        await page.run("document.getElementById('undo').click()")
        await until(page, "document.querySelectorAll('.pair img').length === 2")
        await page.press("s")
        await until(page, f"{SAY}.startsWith('No pair is left')")

    visit(found, script)
    assert len(read_not_copies([found.judged])) == 0


def test_a_batch_that_was_handed_in_elsewhere_is_left_as_it_was(found: SimpleNamespace) -> None:
    """A second tab has the same batch, and knows nothing of the marks that were handed in by the first."""

    async def script(page: Page) -> list[str]:
        shown = await begin(page)
        elsewhere = {"voter": "ana", "task": found.tasks[0].id, "answers": dict.fromkeys(shown, "yes"), "took_s": 1}
        sent = f"{{method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: {json.dumps(elsewhere)!r}}}"
        assert await page.run(f"fetch('api/votes', {sent}).then(answer => answer.status)") == 200
        await hand_in(page)
        await until(page, f"{SAY}.includes('6 pictures already')")
        assert len(await page.run(SHOWN)) == 6, "the next batch is there"
        return shown

    shown = visit(found, script)
    assert [votes_of(found)[sha] for sha in shown] == ["yes"] * 6


@pytest.mark.parametrize("at", ["grid", "button"])
def test_a_key_that_is_held_hands_in_no_batch_that_nobody_saw(found: SimpleNamespace, at: str) -> None:
    async def script(page: Page) -> None:
        await begin(page)
        if at == "button":
            await page.run("document.getElementById('hand-in').focus()")
        await hand_in(page)
        for _ in range(20):
            key = {"key": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
            await page.ask("Input.dispatchKeyEvent", type="keyDown", autoRepeat=True, **key)
        await page.run("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        await until(page, "!document.body.hasAttribute('aria-busy')")

    visit(found, script)
    assert len(votes_of(found)) == 6


def test_a_double_click_hands_in_one_batch(found: SimpleNamespace) -> None:
    async def script(page: Page) -> None:
        before = await begin(page)
        where = await page.run(
            "(r => ({x: r.x + r.width / 2, y: r.y + r.height / 2}))"
            "(document.getElementById('hand-in').getBoundingClientRect())"
        )
        for count in (1, 2):
            for kind in ("mousePressed", "mouseReleased"):
                mouse = {"type": kind, "button": "left", "clickCount": count, **where}
                await page.ask("Input.dispatchMouseEvent", **mouse)
            await until(page, f"!document.body.hasAttribute('aria-busy') && !{SHOWN}.includes({before[0]!r})")

    visit(found, script)
    assert len(votes_of(found)) == 6
