"""What people are told of the exceptions of libraries: real ones, of real sockets."""

import asyncio
import errno
import re
import socket

import aiohttp
import pytest

from synsift.crawler.download.error_words import words_of
from synsift.crawler.errors import PrivateAddress
from tests.pipelines.stages.raw_web import answer, raw_web

ODD = re.compile(r"Error\b|None|message=|\[Errno|\(\)|<|payload", re.IGNORECASE)


def raised(url: str, **how: object) -> BaseException:
    async def ask() -> bytes:
        async with aiohttp.ClientSession() as session, session.get(url, **how) as response:  # type: ignore[arg-type]
            return await response.read()

    with pytest.raises((aiohttp.ClientError, OSError)) as caught:
        asyncio.run(ask())
    return caught.value


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (answer(b"12345").replace(b"Length: 5", b"Length: 1500"), "the answer broke off after 5 of 1,500 bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n12", "the answer broke off before it was whole"),
        (b"", "the host ended the connection and gave no answer"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "the answer is no HTTP that can be read"),
        (answer(b"", b"Location: /x", status=b"302 F"), "too many redirects, one to the next"),
    ],
)
def test_answers_that_fail_are_told_in_words(response: bytes, words: str) -> None:
    with raw_web({b"/x": response}) as port:
        said = words_of(raised(f"http://127.0.0.1:{port}/x"))
    assert said.startswith(words)
    assert not ODD.search(said)


def test_a_port_where_nobody_listens_is_told_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert words_of(raised(f"http://127.0.0.1:{port}/")) == f"127.0.0.1:{port}: connection refused"
    # Two addresses of one name are told by the library within one text, and its error has no number.
    assert words_of(raised(f"http://localhost:{port}/")).endswith("connection refused")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ECONNRESET, "x"), "the host broke the connection"),
        (OSError(errno.EHOSTUNREACH, "x"), "no route to host"),
        (OSError("nothing to say"), "nothing to say"),
        (OSError(), "the connection broke"),
        (TimeoutError(), "it took too long"),
        (ValueError(), "it failed, and nobody said why"),
        (ValueError("a\n b"), "a b"),
        (PrivateAddress("10.0.0.1 is private"), "10.0.0.1 is private"),
        (aiohttp.InvalidURL("http://x:y/", "no port"), "it is no URL that can be asked: no port"),
    ],
)
def test_what_has_words_keeps_them_and_what_has_none_gets_some(error: Exception, words: str) -> None:
    assert words_of(error) == words
