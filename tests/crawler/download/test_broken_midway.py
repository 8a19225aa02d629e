"""An answer without a length whose connection breaks is not taken for whole; only one that its host ends is."""

import asyncio
import contextlib
import dataclasses
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from synsift.crawler.download.access import Access
from synsift.crawler.download.settings import Limits
from synsift.crawler.download.whole_file import Client, fetch_file
from synsift.crawler.errors import SourceAway
from synsift.crawler.outcome import Outcome
from tests.certificates import sign
from tests.crawler.download.asking import LIMITS, Got, ask, handler

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
BODY = b"url\nhttp://a.example/1.jpg\n" * 40
NAMES = ["127.0.0.1"]


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _say_goodbye(client: socket.socket) -> None:
    if isinstance(client, ssl.SSLSocket):
        client.unwrap()


def _nothing(_client: socket.socket) -> None:
    """A plain connection is closed with a word, one by TLS without."""


ENDS = {"reset": _reset, "goodbye": _say_goodbye, "closed": _nothing}


@contextmanager
def host(end: str, context: ssl.SSLContext | None = None, raw: bytes = HEAD + BODY) -> Iterator[int]:
    """Answers, and ends each connection so."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client, contextlib.suppress(OSError):
                    secured = context.wrap_socket(client, server_side=True) if context is not None else client
                    with secured:
                        secured.recv(65536)
                        secured.sendall(raw)
                        ENDS[end](secured)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def asked(url: str, limits: Limits = LIMITS) -> Got:
    async def play() -> Got:
        async with handler(limits) as asker:
            return await ask(asker, url)

    return asyncio.run(play())


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Access]:
    folder: Path = tmp_path_factory.mktemp("keys")
    authority = sign(["authority"], is_authority=True)
    (folder / "ca.pem").write_bytes(authority.pem)
    access = dataclasses.replace(LIMITS.access, ca_file=str(folder / "ca.pem"))
    return sign(NAMES, by=authority).context(folder), access


@pytest.mark.parametrize(("end", "is_whole"), [("reset", False), ("closed", True)])
def test_a_plain_connection_that_is_reset_brings_nothing_whole(end: str, is_whole: bool) -> None:
    with host(end) as port:
        got = asked(f"http://127.0.0.1:{port}/a")
    assert (got.outcome is Outcome.FETCHED) == is_whole, got
    assert got.body == (BODY if is_whole else b"")
    assert is_whole or got.outcome.heals


@pytest.mark.parametrize(("end", "is_whole"), [("reset", False), ("closed", False), ("goodbye", True)])
def test_by_tls_only_what_its_host_ends_is_whole(
    end: str, is_whole: bool, secured: tuple[ssl.SSLContext, Access]
) -> None:
    """Without ``close_notify`` whoever is on the way may have cut it (RFC 9112, section 9.8)."""
    context, access = secured
    with host(end, context) as port:
        got = asked(f"https://127.0.0.1:{port}/a", dataclasses.replace(LIMITS, access=access))
    assert (got.outcome is Outcome.FETCHED) == is_whole, got
    assert is_whole or got.outcome.heals


@pytest.mark.parametrize("end", ["goodbye", "closed"])
@pytest.mark.parametrize("coding", [b"Content-Length: %d" % len(BODY), b"Transfer-Encoding: chunked"])
def test_what_says_how_long_it_is_is_whole_however_its_connection_ends(
    end: str, coding: bytes, secured: tuple[ssl.SSLContext, Access]
) -> None:
    body = BODY if b"Length" in coding else b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    context, access = secured
    with host(end, context, b"HTTP/1.1 200 OK\r\n%s\r\n\r\n%s" % (coding, body)) as port:
        got = asked(f"https://127.0.0.1:{port}/a", dataclasses.replace(LIMITS, access=access))
    assert (got.outcome, got.body) == (Outcome.FETCHED, BODY)


@pytest.mark.parametrize("lengths", [(7, 5000), (5000, 7), (10**30,)])
def test_a_length_that_is_not_sure_to_be_the_bodys_makes_no_whole_picture(lengths: tuple[int, ...]) -> None:
    head = b"".join(b"Content-Length: %d\r\n" % length for length in lengths)
    with host("closed", raw=b"HTTP/1.1 200 OK\r\n%s\r\n%s" % (head, BODY[:7])) as port:
        got = asked(f"http://127.0.0.1:{port}/a")
    assert got.outcome is Outcome.BROKEN_ANSWER, got


class _Kept:
    """Where a list is written."""

    def __init__(self) -> None:
        self.tries = 0
        self.text = b""

    def begin(self) -> None:
        self.tries += 1
        self.text = b""

    def write(self, data: bytes) -> None:
        self.text += data


def test_half_a_list_is_asked_for_again_and_never_read_as_all_of_it(secured: tuple[ssl.SSLContext, Access]) -> None:
    context, access = secured
    client = Client(dataclasses.replace(access, table="search"), "synsift-test", pauses_s=(0.0, 0.0))
    for end, tls, scheme in (("reset", None, "http"), ("closed", context, "https")):
        kept = _Kept()
        with host(end, tls) as port, pytest.raises(SourceAway, match=r"broke|reset"):
            fetch_file(f"{scheme}://127.0.0.1:{port}/x.csv", "", kept, client=client)
        assert kept.tries == 3
