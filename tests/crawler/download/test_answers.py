"""What comes of odd answers, by our handler over real connections; urllib and curl get nothing that we lose."""

import asyncio
import contextlib
import random
import re
import shutil
import subprocess
import urllib.request
from collections.abc import AsyncIterator, Iterator
from http.client import HTTPException

import pytest
from scrapy import Request
from scrapy.http import Response

from synsift.crawler.download.answer_head import read_head
from synsift.crawler.download.answer_reader import AnswerReader
from synsift.crawler.download.robots import CUT_AT
from synsift.crawler.errors import BrokenAnswer
from synsift.crawler.outcome import Outcome
from tests.crawler.download.answers import ANSWERS, BODY, IMAGE, LENGTH, Case
from tests.crawler.download.asking import META, Got, ask, handler
from tests.pipelines.stages.raw_web import raw_web

PATHS = {f"/{number}".encode(): case.raw for number, case in enumerate(ANSWERS)}


# What others take for whole: a part that wasn't asked for, and the body of an answer that has none.
# Or a body whose length isn't its own, or is no number: RFC 9112, section 6.3, wants it thrown away.
UNSURE = [case.name for case in ANSWERS if re.search("wrong length|two lengths|no number: ", case.name)]
UNSURE += ["length: a length beyond all numbers"]
UNSURE += [f"chunks: a size beginning with {sign}" for sign in ("0x", "a plus")]
PARTS = ["status line: status 206 of a part", "status line: status 206 from the middle", "status line: status 101"]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with raw_web(PATHS) as found:
        yield found


@pytest.fixture(scope="module")
def ours(port: int) -> dict[str, Got]:
    """What our handler makes of each."""

    async def all_of_them() -> dict[str, Got]:
        async with handler() as asker:
            return {case.name: await ask(asker, f"http://127.0.0.1:{port}/{n}") for n, case in enumerate(ANSWERS)}

    return asyncio.run(all_of_them())


def test_there_are_many_and_each_has_a_name_of_its_own() -> None:
    assert len(ANSWERS) == len({case.name for case in ANSWERS}) >= 139


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.name)
def test_what_comes_of_an_answer(case: Case, ours: dict[str, Got]) -> None:
    found = ours[case.name]
    assert found.outcome == case.ends, found.error
    if case.ends is IMAGE:
        assert found.body == case.body


def test_nothing_that_urllib_gets_is_lost(port: int, ours: dict[str, Got]) -> None:
    lost = []
    for number, case in enumerate(ANSWERS):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{number}", timeout=20) as answer:
                body = answer.read()
        except (OSError, HTTPException, ValueError, OverflowError):
            continue
        if body == BODY and ours[case.name].body != BODY:
            lost.append(case.name)
    assert sorted(lost) == sorted(name for name in (*PARTS, *UNSURE) if name in lost)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_nothing_that_curl_gets_is_lost(port: int, ours: dict[str, Got]) -> None:
    lost = []
    for number, case in enumerate(ANSWERS):
        command = ["curl", "-sS", "--noproxy", "*", "--max-time", "20", "--fail", f"http://127.0.0.1:{port}/{number}"]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode == 0 and done.stdout == BODY and ours[case.name].body != BODY:
            lost.append(case.name)
    assert sorted(lost) == sorted(name for name in (*PARTS, *UNSURE) if name in lost)


def read(raw: bytes, pieces: list[int]) -> bytes | None:
    """What is passed on of an answer that comes in pieces; None if it is broken."""
    reader, start, out = AnswerReader(), 0, b""
    try:
        for length in [*pieces, len(raw)]:
            out += reader.feed(raw[start : start + length]) if not reader.is_done else b""
            start += length
        return out + reader.eof()
    except BrokenAnswer:
        return None


@pytest.mark.parametrize("case", [case for case in ANSWERS if len(case.raw) < 1_000], ids=lambda case: case.name)
def test_it_makes_no_difference_in_which_pieces_an_answer_comes(case: Case) -> None:
    chance = random.Random(case.name)  # noqa: S311 - a test's own chance
    whole = read(case.raw, [])
    by_byte = read(case.raw, [1] * len(case.raw))
    by_chance = read(case.raw, [chance.randrange(1, 40) for _ in case.raw])
    if (
        whole is not None and b"\r\ntransfer-encoding: chunked\r\n" in whole.lower()
    ):  # a chunk of which a part has come is passed on as one
        assert by_byte is not None
        whole, by_byte, by_chance = (text and unchunked(text) for text in (whole, by_byte, by_chance))
    assert whole == by_byte == by_chance


def unchunked(text: bytes) -> bytes:
    """The bodies of chunks by the book."""
    head, _, body = text.partition(b"\r\n\r\n")
    out = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        out, body = out + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return head + out


@pytest.mark.parametrize("case", [case for case in ANSWERS if case.ends is IMAGE], ids=lambda case: case.name)
def test_what_was_written_anew_is_by_the_book(case: Case) -> None:
    passed_on = read(case.raw, [])
    assert passed_on is not None
    head = read_head(passed_on[: passed_on.index(b"\r\n\r\n") + 4])
    assert not head.is_odd


def test_what_follows_an_answer_is_never_taken_for_the_next() -> None:
    """A server that says more than was asked for could answer for others on the same connection."""
    first = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
    evil = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"

    serving: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while await reader.readline():
                while (await reader.readline()).strip():
                    pass
                writer.write(first + evil)
                await writer.drain()
        writer.close()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.create_task(serve(reader, writer)))

    async def play() -> list[bytes]:
        server = await asyncio.start_server(begin, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            async with handler() as asker:
                found = [(await ask(asker, f"http://127.0.0.1:{port}/{n}")).body for n in range(5)]
            await asyncio.gather(*serving)
        return found

    assert asyncio.run(play()) == [b"good"] * 5


class Endless:
    """A server that sends bodies without an end, on connections that it counts, or answers by the book."""

    def __init__(self, head: bytes, piece: bytes = b"", most: int = 0) -> None:
        self._head, self._piece, self._most = head, piece, most
        self._serving: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.port = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError):
            while await reader.readline():
                while (await reader.readline()).strip():
                    pass
                writer.write(self._head)
                for _ in range(self._most):
                    writer.write(self._piece)
                    await writer.drain()
        writer.close()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.create_task(self._serve(reader, writer)))

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve for the block."""
        server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield
            await asyncio.gather(*self._serving)


@pytest.mark.parametrize("status", [b"302 Found", b"404 Not Found", b"503 Busy", b"403 Forbidden"])
@pytest.mark.parametrize("is_robots", [True, False])
def test_of_a_body_that_nobody_wants_next_to_nothing_is_read(status: bytes, is_robots: bool) -> None:
    server = Endless(b"HTTP/1.1 %s\r\n\r\n" % status, bytes(64 * 1024), most=1_000)

    async def play() -> Response:
        async with server.serving(), handler() as asker:
            meta = {"download_timeout": 20.0, CUT_AT: 500_000} if is_robots else META
            found: Response = await asker.download_request(Request(f"http://127.0.0.1:{server.port}/x", meta=meta))
            return found

    assert len(asyncio.run(play()).body) <= 16 * 1024


@pytest.mark.parametrize(
    ("head", "connections"),
    [
        (b"HTTP/1.1 200 OK\r\n%s\r\n%s" % (LENGTH, BODY), 1),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n", 1),
        (b"HTTP/1.1 404 Not Found\r\n%s\r\n%s" % (LENGTH, BODY), 1),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n%s\r\n%s" % (LENGTH, BODY), 1),
        (b"HTTP/1.1 200 OK\r\nX-\xff: 1\r\n%s\r\n%s" % (LENGTH, BODY), 5),
    ],
)
def test_a_connection_is_used_again_unless_its_answer_was_odd(head: bytes, connections: int) -> None:
    server = Endless(head)

    async def play() -> None:
        async with server.serving(), handler() as asker:
            for number in range(5):
                await ask(asker, f"http://127.0.0.1:{server.port}/{number}")

    asyncio.run(play())
    assert server.connections == connections


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/a%2fb%41/%7e?q=%2C%21,!&x=%e9&y=%2f", b"/a%2fb%41/%7e?q=%2C%21,!&x=%e9&y=%2f"),
        ("/a+b?c=a+b%2Bc", b"/a+b?c=a+b%2Bc"),
        ("/[1]|2?a[]=1", b"/[1]|2?a[]=1"),
        ("/a%", b"/a%"),
        ('/a b"<é>#x', b"/a%20b%22%3C%C3%A9%3E"),
        ("\\a\\./b/../c?d\\e'f", b"/a/c?d\\e%27f"),
    ],
)
def test_a_url_is_asked_for_as_it_is_written(path: str, asked: bytes) -> None:
    """Many hosts sign the very bytes of a URL, and refuse what was written otherwise."""
    seen: list[bytes] = []

    class Any:
        def get(self, path: bytes, /) -> bytes | None:
            seen.append(path)
            return b"HTTP/1.1 200 OK\r\n\r\n" + BODY

    async def play(port: int) -> Got:
        async with handler() as asker:
            return await ask(asker, f"http://127.0.0.1:{port}{path}")

    with raw_web(Any()) as port:
        assert asyncio.run(play(port)).outcome is Outcome.FETCHED
    assert seen == [asked]


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_another_protocol_is_named(version: str) -> None:
    with pytest.raises(BrokenAnswer, match="goes over to another protocol"):
        read_head(f"HTTP/{version} 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n".encode())
