"""Secrets that are planted everywhere are nowhere in what a failing run writes."""

import base64
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import RunCli
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.stages.raw_web import answer, raw_web

KEY = "planted-api-key/1+2="
PASSWORD = "planted:pass%word"  # noqa: S105 - it is planted
TOKEN = "planted-token-of-no-known-name"  # noqa: S105 - it is planted
STORE = "planted-S3-secret/x+y"
KAFKA = "planted-kafka-password"
PROXY = "planted-proxy-password"
FORMS = [
    form
    for value in (KEY, PASSWORD, STORE, KAFKA, PROXY)
    for form in (value, quote(value), quote(value, safe=""), base64.b64encode(value.encode()).decode().rstrip("="))
]


class Echo:
    """Answers with what was asked, as pages of errors do."""

    def __init__(self, status: bytes) -> None:
        self._status = status

    def get(self, path: bytes, /) -> bytes | None:
        line = b"Location: http://127.0.0.1:1" + path if self._status.startswith(b"3") else b"X-Asked: " + path
        return answer(b"<html>you asked for " + path, line, status=self._status)


@contextmanager
def silence() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def hanging_up() -> Iterator[int]:
    """A port whose connections end at once, in the midst of a head that echoes the request."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    client.sendall(b"HTTP/1.1 200 OK\r\nX-Asked: " + client.recv(65_536).split(b" ")[1])

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def written(folder: Path, *texts: str) -> str:
    """All that was written: files, whatever they are, and texts."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pem"]
    assert any(path.name == "log.db" for path in files)
    return "\n".join([*texts, *(path.read_bytes().decode("latin-1") for path in files)])


def run(cli: RunCli, api_url: str, folder: Path) -> str:
    """A crawl that fails, and all that can be asked of it afterwards; gives everything that was written."""
    options = {
        "sources.commons.api_url": api_url,
        "search.attempts": 2,
        "search.delay_s": 0,
        "search.timeout_s": 0.5,
        "fetch.allow_networks": ["127.0.0.0/8"],
        "store.secret_access_key": STORE,
        "kafka.password": KAFKA,
        "logging.level": "DEBUG",
        "identity.key_file": "synsift-key.pem",
        "identity.directory_url": "https://bot.example",
    }
    texts = []
    for words in (
        ["identity", "create"],
        ["crawl", "blue whippets", "--contact", "you@example.org", "--out", "out", "-v"],
        ["dead-letters", "list", "--out", "out", "--format", "jsonl"],
        ["status", "--out", "out"],
        ["config", "--format", "jsonl"],
        ["config", "--set", "fetch.attempts=0"],
    ):
        done = cli(*words, options=options)
        texts.append(done.stdout + done.stderr)
    assert "whippets" in texts[1]
    return written(folder, *texts)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HTTPS_PROXY", f"http://someone:{PROXY}@127.0.0.1:9")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", STORE)
    return tmp_path / "cwd"


def check(text: str, folder: Path) -> None:
    for form in FORMS:
        assert form not in text
    (key,) = folder.rglob("*.pem")
    for line in key.read_text().splitlines()[1:-1]:
        assert line not in text


@pytest.mark.parametrize("status", [b"200 OK", b"500 Oops", b"302 Found"])
def test_no_secret_is_in_anything_that_a_failing_run_writes(cli: RunCli, folder: Path, status: bytes) -> None:
    with raw_web(Echo(status)) as port:
        url = f"http://127.0.0.1:{port}/api.php?apikey={quote(KEY, safe='')}"
        check(run(cli, url, folder), folder)


def test_no_secret_is_in_what_is_written_of_a_time_out(cli: RunCli, folder: Path) -> None:
    with silence() as port:
        url = f"http://127.0.0.1:{port}/api.php?key={quote(KEY, safe='')}"
        check(run(cli, url, folder), folder)


def test_no_secret_is_in_what_is_written_of_a_broken_answer(cli: RunCli, folder: Path) -> None:
    with hanging_up() as port:
        url = f"http://127.0.0.1:{port}/api.php?access_token={quote(KEY, safe='')}"
        check(run(cli, url, folder), folder)


class Signing:
    """Leads each path to a signed one, as stores of files do, and answers that as its name says."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def get(self, path: bytes, /) -> bytes | None:
        self.asked.append(path)
        name = path.partition(b"?")[0]
        if name == b"/robots.txt" or b"?" in path:
            said = b"X-Robots-Tag: max-image-preview:large"
            found = {
                b"/good": answer(encoded(scene(1), "PNG"), said, b"TDM-Policy: https://h/?token=" + TOKEN.encode()),
                b"/gone": answer(b"", status=b"404 " + path),
                b"/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + path[:3],
                b"/noai": answer(b"", b"X-Robots-Tag: noai"),
                b"/loop": answer(b"", b"Location: " + path + b"&more=1", status=b"302 Found"),
                b"/bad": answer(b"", b"Location: http://a b/?sig=" + TOKEN.encode(), status=b"302 Found"),
                b"/robots.txt": answer(b"User-agent: *\nDisallow:\n"),
            }
            return found.get(name)
        signed = b"?Expires=1799999999&X-Amz-Signature=%s&sig=%s&Key-Pair-Id=%s" % ((TOKEN.encode(),) * 3)
        return answer(b"", b"Location: " + path + signed, status=b"302 Found")


def test_what_signs_the_target_of_a_redirect_is_in_nothing_that_is_written(cli: RunCli, folder: Path) -> None:
    web = Signing()
    with raw_web(web) as port:
        given = f"http://127.0.0.1:{port}/good?sig=of-the-list"
        names = ("good", "gone", "cut", "noai", "loop", "bad")
        folder.joinpath("list.txt").write_text("".join(f"http://127.0.0.1:{port}/{name}\n" for name in names) + given)
        options = {"fetch.allow_networks": ["127.0.0.0/8"], "fetch.delay_s": 0, "fetch.attempts": 2}
        texts = []
        for words in (
            ["crawl", "--source", "urls", "--list", "list.txt", "--contact", "you@example.org", "--out", "out", "-v"],
            ["dead-letters", "list", "--out", "out", "--format", "jsonl"],
            ["status", "--out", "out"],
            ["log", "show", "--out", "out", "fetched"],
        ):
            done = cli(*words, options={**options, "logging.level": "DEBUG", "fetch.backoff_s": 0.01})
            texts.append(done.stdout + done.stderr)
    assert any(TOKEN.encode() in path for path in web.asked)
    text = written(folder, *texts)
    assert TOKEN not in text
    assert f"http://127.0.0.1:{port}/good?Expires=1799999999&X-Amz-Signature=***&sig=***" in text
    assert given in text  # what a list says stays what it is


def test_no_password_of_a_url_is_in_anything_that_a_failing_run_writes(cli: RunCli, folder: Path) -> None:
    with raw_web(Echo(b"200 OK")) as port:
        url = f"http://someone:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/api.php"
        check(run(cli, url, folder), folder)


@pytest.mark.parametrize(
    "options",
    [
        {"store.endpoint": "http://someone:{}@127.0.0.1:9", "store.secret_access_key": STORE},
        {"store.endpoint": "http://127.0.0.1:9/?token={}", "store.secret_access_key": STORE},
        {"store.endpoint": "nonsense://someone:{}@127.0.0.1:9", "store.secret_access_key": STORE},
        {"store.url": "s3://someone:{}@bucket/x"},
        {"store.url": "ftp://someone:{}@bucket/x"},
        {"kafka.bootstrap": "127.0.0.1:9", "kafka.password": KAFKA, "kafka.username": "someone",
         "kafka.sasl_mechanism": "PLAIN", "kafka.security_protocol": "SASL_PLAINTEXT", "kafka.connect_timeout_s": 1},
        {"kafka.password": KAFKA, "kafka.replication": "many"},
    ],
)  # fmt: skip
def test_no_secret_is_in_what_is_said_of_a_store_or_a_log_that_fails(
    cli: RunCli, folder: Path, options: dict[str, object]
) -> None:
    planted = {key: str(value).format(quote(PASSWORD, safe="")) for key, value in options.items()}
    if "store.endpoint" in planted:
        planted |= {"store.url": "s3://bucket/x", "store.access_key_id": "someone", "store.region": "eu-1"}
    done = cli("crawl", "whippet", "--contact", "you@example.org", "-v", options={**planted, "store.timeout_s": 2})
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr, done.stderr
    for form in FORMS:
        assert form not in done.stdout + done.stderr


def test_a_key_that_is_broken_is_not_shown(cli: RunCli, folder: Path) -> None:
    folder.joinpath("synsift-key.pem").write_text(
        f"-----BEGIN PRIVATE KEY-----\n{KEY * 3}\n-----END PRIVATE KEY-----\n"
    )
    for words in (["identity", "show"], ["crawl", "whippet", "--contact", "you@example.org"]):
        options = {"identity.key_file": "synsift-key.pem", "identity.directory_url": "https://bot.example"}
        done = cli(*words, options=options)
        assert done.returncode in (1, 2)
        assert KEY not in done.stdout + done.stderr


def test_the_traceback_of_a_bug_has_no_secret() -> None:
    program = (
        "import sys, logging\n"
        "from synsift.crawler.secret import Secret\n"
        "from synsift.pipelines.cli import running\n"
        "from synsift.pipelines.logs import set_up_logging\n"
        "set_up_logging('INFO')\n"
        "key = sys.argv.pop()\n"
        "Secret(key)\n"
        "def bug(*_):\n"
        "    try:\n"
        "        raise KeyError(key)\n"
        "    except KeyError:\n"
        "        logging.getLogger('x').exception('bug with %s', key)\n"
        "    raise LookupError('bug with ' + key)\n"
        "running.typer.main.get_command = bug\n"
        "running.run(['config'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, KEY], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 2
    assert "***" in done.stderr
    assert KEY not in done.stderr
