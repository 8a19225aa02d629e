"""One file by HTTP: what comes, and the words for what doesn't."""

import asyncio
import contextlib
import gzip
import io
import signal
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import brotli
import pytest

from synsift.crawler.download import whole_file
from synsift.crawler.download.access import Access
from synsift.crawler.download.whole_file import Client, fetch_file
from synsift.crawler.errors import SourceAway
from tests.pipelines.stages.raw_web import answer, raw_web

CLIENT = Client(Access("search", ("127.0.0.0/8",)), "synsift-test", pauses_s=(0.0, 0.0))
ROWS = b"url\n" + b"".join(b"http://a.example/%d.jpg\n" % number for number in range(5_000))


class Kept(io.BytesIO):
    """Where a file is written; counts the tries."""

    tries = 0

    def begin(self) -> None:
        self.tries += 1
        self.seek(0)
        self.truncate()


def got(answers: dict[bytes, bytes], path: str = "/x.csv", client: Client = CLIENT) -> tuple[bytes, Kept]:
    kept = Kept()
    with raw_web(answers) as port:
        fetch_file(f"http://127.0.0.1:{port}{path}", "", kept, client=client)
    return kept.getvalue(), kept


def refused(answers: dict[bytes, bytes], client: Client = CLIENT) -> tuple[str, str, int]:
    """The words, the hint and the number of tries."""
    kept = Kept()
    with raw_web(answers) as port, pytest.raises(SourceAway) as raised:
        fetch_file(f"http://127.0.0.1:{port}/x.csv", "", kept, client=client)
    text = str(raised.value).removeprefix(f"http://127.0.0.1:{port}/x.csv: ")
    return text, raised.value.hint, kept.tries


def test_codings_that_nobody_asked_for_are_undone() -> None:
    packed = gzip.compress(ROWS)
    raw = zlib.compressobj(wbits=-15)
    for header, body in (
        (b"gzip", packed),
        (b"x-gzip", gzip.compress(ROWS[:50_000]) + gzip.compress(ROWS[50_000:])),
        (b"gzip", packed + b"\0\0\0\0"),
        (b"br", brotli.compress(ROWS)),
        (b"deflate", zlib.compress(ROWS)),
        (b"deflate", raw.compress(ROWS) + raw.flush()),
        (b"br, gzip", gzip.compress(brotli.compress(ROWS))),
        *((name, ROWS) for name in (b"gzip", b"br", b"zstd", b"deflate", b"identity", b"aws-chunked")),
    ):
        body, _ = got({b"/x.csv": answer(body, b"Content-Encoding: " + header)})
        assert body == ROWS, header


@pytest.mark.parametrize(
    ("response", "words", "hint", "tries"),
    [
        (answer(b"", status=b"401 U"), "status 401", "--list", 1),
        (answer(b"", status=b"403 F"), "status 403", "--list", 1),
        (answer(b"", status=b"404 N"), "there is no such file", "URL right", 1),
        (answer(b"", status=b"429 T"), "asked less often", "later", 3),
        (answer(b"", b"Retry-After: 900", status=b"503 S"), "in trouble", "later", 1),
        (answer(b"", status=b"500 S"), "in trouble", "later", 3),
        (answer(b"", status=b"206 P"), "a part of it", "--list", 1),
        (answer(b"", status=b"304 N"), "known here", "--list", 1),
        (answer(b"", status=b"418 T"), "refuses", "--list", 1),
        (answer(b"", b"Location: /x.csv", status=b"302 F"), "10 redirects", "--list", 1),
        (answer(b"", b"Location: file:///etc/passwd", status=b"302 F"), "`file:///etc/passwd`", "--list", 1),
        (answer(b"", b"Location: s3://b/k?sig=s3cr3t", status=b"302 F"), "`s3://b/k`", "--list", 1),
        (
            answer(b"", b"Location: http://169.254.169.254/?token=s3cr3t", status=b"302 F"),
            "leads elsewhere",
            "--list",
            1,
        ),
        (answer(ROWS).replace(b"%d" % len(ROWS), b"999999"), "broke off after 128,894 of 999,999 bytes", "later", 3),
        (answer(gzip.compress(ROWS)[:-30], b"Content-Encoding: gzip"), "can't be unpacked", "later", 3),
        (answer(b"\x1f\x8bno gzip", b"Content-Encoding: gzip"), "no sound gzip", "later", 3),
        (
            answer(brotli.compress(b"\0" * (200 << 20), quality=5), b"Content-Encoding: br"),
            "as no list is",
            "--list",
            1,
        ),
        (b"SSH-2.0-OpenSSH_9\r\n", "", "later", 3),
        (b"", "gave no answer", "later", 3),
    ],
)
def test_a_file_that_cannot_be_had_is_said_in_plain_words_with_a_way_out(
    response: bytes, words: str, hint: str, tries: int
) -> None:
    text, way_out, tried = refused({b"/x.csv": response})
    assert words in text
    assert hint in way_out
    assert tried == tries
    for odd in ("s3cr3t", "Error", "None", "message=", "<", "payload"):
        assert odd not in text + way_out


@contextmanager
def silent(begin: bytes) -> Iterator[int]:
    """A host that says so much and no more, as long as the block lasts."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            clients = []
            while not ended.is_set():
                try:
                    clients.append(server.accept()[0])
                except OSError:
                    break
                clients[-1].sendall(begin)
            for client in clients:
                client.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        ended.set()
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nurl\n"])
def test_a_host_that_falls_silent_is_told_of_at_each_try(begin: bytes, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(CLIENT.access, CLIENT.user_agent, idle_s=0.1, pauses_s=(0.0, 0.0))
    kept = Kept()
    with silent(begin) as port, pytest.raises(SourceAway, match=r"sent nothing for 0\.1 s"):
        fetch_file(f"http://127.0.0.1:{port}/x.csv", "", kept, client=client)
    assert kept.tries == 3
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "asked for again" in caplog.text


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(SourceAway, match=f"127.0.0.1:{port}: connection refused"):
        fetch_file(f"http://127.0.0.1:{port}/x.csv", "", Kept(), client=CLIENT)


def test_ctrl_c_that_was_taken_for_something_else_ends_it_before_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    async def run(_transfer: object) -> str:
        tries.append(1)
        signal.raise_signal(signal.SIGINT)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(5)
        raise whole_file._Busy("the host sent nothing")

    monkeypatch.setattr(whole_file._Transfer, "run", run)
    with pytest.raises(KeyboardInterrupt):
        fetch_file("http://127.0.0.1:9/x", "", Kept(), client=CLIENT)
    assert tries == [1]
