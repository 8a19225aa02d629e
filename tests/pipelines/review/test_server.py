"""The server of the page of votes, over real HTTP."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from yarl import URL

from synsift.pipelines import topics
from synsift.pipelines.errors import StoreUnavailable
from synsift.pipelines.records import Vote
from synsift.pipelines.review.pictures import Pictures
from synsift.pipelines.review.server import ReviewServer
from synsift.pipelines.storage import layout
from tests.loopback import serving
from tests.pipelines.review.desks import task, world_of

KEY = "a-key-of-the-tests"
Script = Callable[[aiohttp.ClientSession, str], Awaitable[Any]]


@pytest.fixture
def found(tmp_path: Path) -> SimpleNamespace:
    return world_of(tmp_path)


def talk(found: SimpleNamespace, folder: Path | None, script: Script, *, key: str = KEY) -> Any:
    """Serve the page, and run a script of a test with a session that has the key."""

    def app() -> aiohttp.web.Application:
        pictures = Pictures(found.world.objects, folder, max_pixels=1_000_000)
        return ReviewServer(found.desk, pictures, key=KEY).app()

    async def run(port: int) -> Any:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            base = f"http://127.0.0.1:{port}/"
            jar.update_cookies({"synsift_review": key}, URL(base))
            return await script(session, base)

    with serving(app) as port:
        return asyncio.run(run(port))


def test_nothing_is_shown_without_the_key(found: SimpleNamespace) -> None:
    paths = ("", "review.js", "api/batch?voter=ana", f"small/{found.tasks[0].images[0]}", "api/again?task=x")

    async def script(session: aiohttp.ClientSession, base: str) -> list[int]:
        statuses = [(await session.get(base + path)).status for path in paths]
        statuses.append((await session.post(base + "api/votes", json={})).status)
        statuses.append((await session.get(base + "?key=\u00e9")).status)
        return statuses

    assert set(talk(found, None, script, key="another")) == {403}


@pytest.mark.parametrize("name", [b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", b"", b"\xe9" * 5_000])
def test_a_cookie_of_any_bytes_is_no_key_and_no_fault_of_ours(
    found: SimpleNamespace, name: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(_session: aiohttp.ClientSession, base: str) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(base).port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: synsift_review=" + name + b"\r\n\r\n")
        status = await reader.readline()
        writer.close()
        return status

    assert talk(found, None, script).split()[1] == b"403"
    assert not caplog.records


def test_the_key_goes_from_the_address_into_a_cookie(found: SimpleNamespace) -> None:
    async def script(session: aiohttp.ClientSession, base: str) -> tuple[str, str]:
        async with session.get(f"{base}?key={KEY}") as answer:
            assert KEY not in str(answer.url)
            return answer.history[0].headers["Set-Cookie"], await answer.text()

    cookie, page = talk(found, None, script, key="")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "<script src=" in page


def test_votes_are_in_the_log_when_the_answer_comes(found: SimpleNamespace) -> None:
    async def script(session: aiohttp.ClientSession, base: str) -> int:
        batch = (await (await session.get(base + "api/batch?voter=ana")).json())["batch"]
        assert batch["synset"]["name"] == "whippet"
        assert [rival["wnid"] for rival in batch["rivals"]] == ["n02091032"]
        said = {"voter": "ana", "task": batch["id"], "answers": dict.fromkeys(batch["images"], "yes"), "took_s": 4}
        assert await (await session.post(base + "api/votes", json=said)).json() == {"taken": 4, "kept": 0}
        said["answers"] = dict.fromkeys(batch["images"], "no")
        assert await (await session.post(base + "api/votes", json=said)).json() == {"taken": 0, "kept": 4}
        assert len(found.world.records(topics.VOTES, Vote)) == 4
        again = (await (await session.get(f"{base}api/again?task={batch['id']}")).json())["batch"]
        assert sorted(again["images"]) == sorted(batch["images"])
        return (await (await session.get(base + "api/batch?voter=ana")).json())["left"]  # type: ignore[no-any-return]

    assert talk(found, None, script) == 2


def test_pictures_of_batches_are_shown_and_no_others(found: SimpleNamespace, tmp_path: Path) -> None:
    known = found.tasks[0].images[0]
    stranger = found.world.objects
    stranger.put(layout.blob("0" * 64), b"<script>alert(1)</script>")

    async def script(session: aiohttp.ClientSession, base: str) -> None:
        for _ in range(2):
            async with session.get(f"{base}small/{known}") as answer:
                assert (answer.status, answer.content_type) == (200, "image/webp")
                assert (await answer.read())[:4] == b"RIFF"
        async with session.get(f"{base}large/{known}") as answer:
            assert (answer.status, answer.content_type) == (200, "image/jpeg")
            assert "sandbox" in answer.headers["Content-Security-Policy"]
        for path in (f"small/{'0' * 64}", f"large/{'0' * 64}", "small/..%2f..%2flog.db", f"small/{'F' * 64}", "log.db"):
            assert (await session.get(base + path)).status == 404

    talk(found, tmp_path / "small", script)
    assert len(list((tmp_path / "small").rglob("*.webp"))) >= 1


def test_a_picture_that_is_gone_or_was_spoiled_is_not_shown(found: SimpleNamespace) -> None:
    gone, spoiled = found.tasks[0].images[:2]
    found.world.objects.delete(layout.blob(gone))
    found.world.objects.put(layout.blob(spoiled), b"<svg xmlns='http://www.w3.org/2000/svg'/>")

    async def script(session: aiohttp.ClientSession, base: str) -> list[int]:
        return [(await session.get(f"{base}{kind}/{x}")).status for kind in ("small", "large") for x in (gone, spoiled)]

    assert talk(found, None, script) == [404] * 4


def test_a_store_that_is_away_is_said(found: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_self: object, _path: str) -> bytes:
        raise StoreUnavailable("the store is away")

    monkeypatch.setattr(type(found.world.objects), "get", away)

    async def script(session: aiohttp.ClientSession, base: str) -> tuple[int, str]:
        async with session.get(f"{base}small/{found.tasks[0].images[0]}") as answer:
            return answer.status, (await answer.json())["error"]

    assert talk(found, None, script) == (503, "the store is away")


def test_a_link_that_is_none_of_the_web_is_left_out(found: SimpleNamespace) -> None:
    bad = task(0, list(found.tasks[0].images), link="javascript:alert(1)")
    found.world.log.produce([found.world.router.task(bad)])

    async def script(session: aiohttp.ClientSession, base: str) -> str:
        return (await (await session.get(base + "api/batch?voter=ana")).json())["batch"]["link"]  # type: ignore[no-any-return]

    assert talk(found, None, script) == ""


def test_whatever_is_sent_nothing_but_votes_gets_into_the_log(found: SimpleNamespace) -> None:
    one = found.tasks[0]
    good = {"voter": "ana", "task": one.id, "answers": {one.images[0]: "yes"}, "took_s": 1, "changes": False}
    odd: list[Any] = [None, 3, -1, 1e999, True, [], {}, "", "x" * 70_000, "\ud800", {"a": {}}, [[]], "copy:" + "0" * 64]
    bodies: list[bytes] = [b"", b"null", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, json.dumps(good).encode()[:-9]]
    bodies += [json.dumps({**good, name: value}).encode() for name in good for value in odd]
    bodies += [json.dumps({**good, "answers": {one.images[0]: value}}).encode() for value in odd]
    bodies += [
        json.dumps({k: v for k, v in good.items() if k != name}).encode() for name in ("voter", "task", "answers")
    ]
    chance = random.Random(1)  # noqa: S311 - a sample
    text = json.dumps(good).encode()
    for _ in range(300):
        mutated = bytearray(text)
        for _ in range(chance.randint(1, 4)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        bodies.append(bytes(mutated))

    async def script(session: aiohttp.ClientSession, base: str) -> set[int]:
        headers = {"Content-Type": "application/json"}
        statuses = [(await session.post(base + "api/votes", data=body, headers=headers)).status for body in bodies]
        assert (await session.post(base + "api/votes", data=text)).status == 415, "a form of another site's"
        assert (await session.get(base + "api/batch?voter=ben")).status == 200
        return set(statuses)

    assert talk(found, None, script) <= {200, 400, 413}
    for vote in found.world.records(topics.VOTES, Vote):
        assert vote.sha256 in one.images
        assert vote.answer in {"yes", "no", "unsure", "broken", "unimageable"}
        assert 0 <= vote.took_s <= 86_400


def test_what_breaks_off_or_is_packed_is_no_batch_and_no_fault_of_ours(
    found: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(session: aiohttp.ClientSession, base: str) -> int:
        url = URL(base)
        assert url.port is not None
        _, writer = await asyncio.open_connection("127.0.0.1", url.port)
        head = f"POST /api/votes HTTP/1.1\r\nHost: x\r\nCookie: synsift_review={KEY}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        async with session.post(base + "api/votes", data=b"no gzip", headers=headers) as answer:
            return answer.status

    assert talk(found, None, script) == 415
    assert not [record for record in caplog.records if "ConnectionReset" in str(record.exc_info)]


def test_a_name_is_the_same_voter_however_it_was_typed(found: SimpleNamespace) -> None:
    async def script(session: aiohttp.ClientSession, base: str) -> None:
        images = found.tasks[0].images
        for voter, answer in (("Jos\u00e9", "yes"), ("Jose\u0301", "no"), ("Jos\u00e9 ", "unsure")):
            said = {"voter": voter, "task": found.tasks[0].id, "answers": {images[0]: answer}, "changes": True}
            async with session.post(base + "api/votes", json=said) as answered:
                assert answered.status == 200

    talk(found, None, script)
    said = found.world.records(topics.VOTES, Vote)
    assert {vote.voter for vote in said} == {"Jos\u00e9"}
    assert [vote.answer for vote in said] == ["yes", "no", "unsure"]


def test_the_key_leads_to_the_page_that_was_asked_for(found: SimpleNamespace) -> None:
    async def script(session: aiohttp.ClientSession, base: str) -> str:
        async with session.get(f"{base}pairs?key={KEY}") as answer:
            return answer.url.path

    assert talk(found, None, script, key="") == "/pairs"
