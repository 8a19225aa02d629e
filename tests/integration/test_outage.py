"""After an outage the same command goes on with what it could not ask."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import RunCli
from tests.dedupe.pictures import encoded, scene
from tests.name_server import SERVER_FAILURE, Asked, Reply, name_server

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


class Web(BaseHTTPRequestHandler):
    """Another picture at every path; an API that knows one; no robots.txt."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.endswith((".txt", ".json")):
            self.send_error(404)
            return
        if parts.path == "/api.php":
            self._reply("application/json", json.dumps(self._found(parse_qs(parts.query))).encode())
            return
        host = self.headers["Host"].partition(":")[0]
        seed = int(host.split(".")[-1 if host[0].isdigit() else 1]) * 10 + int(
            parts.path.strip("/").removesuffix(".jpg") or 0
        )
        self._reply("image/jpeg", encoded(scene(seed), "JPEG"))

    def _found(self, _query: dict[str, list[str]]) -> dict[str, object]:
        url = f"http://127.0.0.2:{self.server.server_address[1]}/7.jpg"
        info = {
            "url": url,
            "descriptionurl": f"{url}.html",
            "width": 400,
            "height": 300,
            "mime": "image/jpeg",
            "size": 9,
        }
        page = {"pageid": 1, "ns": 6, "title": "File:7.jpg", "index": 1, "imageinfo": [info]}
        return {"batchcomplete": True, "query": {"pages": [page]}}

    def _reply(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the parent's
        """Say nothing."""


@contextlib.contextmanager
def web(port: int) -> Iterator[None]:
    servers = [ThreadingHTTPServer((host, port), Web) for host in HOSTS]
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def port() -> int:
    """One that is free at all hosts."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(socket.create_server((HOSTS[0], 0)))
        number = int(first.getsockname()[1])
        for host in HOSTS[1:]:
            stack.enter_context(socket.create_server((host, number)))
        return number


OPTIONS: dict[str, object] = {
    "fetch.allow_networks": ["127.0.0.0/8"],
    "search.allow_networks": ["127.0.0.0/8"],
    "fetch.backoff_s": 0.05,
    "fetch.attempts": 2,
    "search.attempts": 1,
    "land.linger_s": 0.1,
}


def letters(cli: RunCli) -> list[tuple[str, str]]:
    listed = cli("dead-letters", "list", "--out", "out", "--format", "jsonl")
    return [(row["stage"], row["outcome"]) for row in map(json.loads, listed.stdout.splitlines())]


def landed(tmp_path: Path) -> int:
    return sum(1 for _ in (tmp_path / "cwd" / "out" / "candidates").glob("*/*.jpg"))


def crawl_of(tmp_path: Path, urls: list[str]) -> tuple[str, ...]:
    photos = tmp_path / "photos.csv"
    photos.write_text("\n".join(["url", *urls]) + "\n")
    return ("crawl", "--source", "urls", "--list", str(photos), "--contact", "you@example.org", "--out", "out")


def test_urls_that_found_no_network_are_asked_again_by_the_same_command(cli: RunCli, tmp_path: Path, port: int) -> None:
    names = {f"h.{number}.example{number}": Reply([host]) for number, host in enumerate(HOSTS, start=1)}
    crawl = crawl_of(tmp_path, [f"http://{name}:{port}/{number}.jpg" for number in range(2) for name in names])
    first = cli(*crawl, options={**OPTIONS, "fetch.nameservers": ["127.0.0.1:1"]})
    assert first.stderr.count("there is no network") == 1, first.stderr
    assert set(letters(cli)) == {("fetch", "no_network")}
    with web(port), name_server(names) as server:
        again = cli(*crawl, options={**OPTIONS, "fetch.nameservers": [server.address]})
    assert again.returncode == 0, again.stderr
    assert "6 inputs that found no network the last time: asking again" in again.stderr
    assert letters(cli) == []
    assert landed(tmp_path) == 6


def test_hosts_that_are_all_sick_are_no_network_that_is_gone(cli: RunCli, tmp_path: Path, port: int) -> None:
    def answers(asked: Asked) -> "Reply | None":
        return Reply(code=SERVER_FAILURE) if "broken" in asked.name else Reply([f"127.0.1.{asked.name[1]}"])

    hosts = [f"{kind}{number}.example{number}" for kind in ("r", "broken") for number in range(6)]
    crawl = crawl_of(tmp_path, [f"http://{host}:{port}/1.jpg" for host in hosts])
    with name_server(answers) as server:
        options = {**OPTIONS, "fetch.nameservers": [server.address], "fetch.wait_for_hosts_s": 0}
        done = cli(*crawl, options=options)
    assert "no network" not in done.stderr
    assert ("fetch", "no_network") not in letters(cli)


def test_a_query_whose_source_was_away_is_asked_again_by_the_same_command(
    cli: RunCli, tmp_path: Path, port: int
) -> None:
    options = {**OPTIONS, "sources.commons.api_url": f"http://127.0.0.1:{port}/api.php"}
    crawl = ("crawl", "blue whippets", "--contact", "you@example.org", "--out", "out")
    first = cli(*crawl, options=options)
    assert (first.returncode, letters(cli)) == (1, [("search", "connection_failed")])
    with web(port):
        again = cli(*crawl, options=options)
    assert again.returncode == 0, again.stderr
    assert letters(cli) == []
    assert landed(tmp_path) == 1


def test_what_a_host_that_answers_refuses_is_not_asked_again(cli: RunCli, tmp_path: Path, port: int) -> None:
    photos = tmp_path / "photos.csv"
    photos.write_text(f"url\nhttp://127.0.0.1:{port}/0.jpg\nhttp://127.0.0.9:{port}/1.jpg\n")
    crawl = ("crawl", "--source", "urls", "--list", str(photos), "--contact", "you@example.org", "--out", "out")
    given_up_at_once = {**OPTIONS, "fetch.host_down_after_s": 0}
    with web(port):
        cli(*crawl, options=given_up_at_once)
        again = cli(*crawl, options=given_up_at_once)
    assert "asking again" not in again.stderr
    assert letters(cli) == [("fetch", "host_down")]
