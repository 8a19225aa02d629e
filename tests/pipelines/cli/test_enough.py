"""``crawl --want``: where all have what is wanted, it ends, and leaves to slow hosts what is theirs."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from synsift.crawler.sources import SourceAnswer
from synsift.testing import Asked, Server, serving
from tests.conftest import RunCli
from tests.dedupe.pictures import encoded, scene

KETTLE = "n03612814"
GOOD, SLOW = "127.0.0.1", "127.0.0.2"


class Museum:
    """A source whose pictures stand on a good host, and on one that lets nobody in, or seldom."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.pictures: list[tuple[str, str]] = []

    def plays(self, asked: Asked) -> SourceAnswer:
        host = asked.headers["host"].partition(":")[0]
        if asked.path == "/search":
            results = [{"url": url} for url in self.urls]
            return SourceAnswer(json.dumps({"page_count": 1, "results": results}).encode())
        if asked.path == "/robots.txt" and host == SLOW:
            return SourceAnswer(b"User-agent: *\nCrawl-delay: 100\n")
        if asked.path.endswith(".jpg"):
            self.pictures.append((host, asked.path))
            return SourceAnswer(encoded(scene(int(asked.path[1:-4])), "JPEG"), 200, {"Content-Type": "image/jpeg"})
        return SourceAnswer(b"", 404)


@pytest.fixture
def museum() -> Museum:
    return Museum()


@pytest.fixture
def server(museum: Museum) -> Iterator[Server]:
    with serving(museum.plays) as found:
        yield found


def options_of(server: Server) -> dict[str, object]:
    return {
        "sources.openverse.api_url": f"{server.url}/search",
        "identity.contact": "a@b.example",
        "search.allow_networks": "127.0.0.0/8",
        "fetch.allow_networks": "127.0.0.0/8",
        "fetch.delay_s": 0,
        "fetch.min_side_px": 32,
        "search.delay_s": 0,
        "search.verdict_wait_s": 1,
        "land.linger_s": 0.1,
        "fetch.wait_for_hosts_s": 100_000,
        "logging.level": "WARNING",
    }


def closed_port() -> int:
    with socket.create_server((SLOW, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@pytest.mark.parametrize("host", ["sleeps", "wants a delay"])
def test_a_crawl_ends_when_all_targets_are_reached_though_hosts_have_more(
    cli: RunCli, museum: Museum, server: Server, tmp_path: Path, host: str
) -> None:
    slow = f"http://{SLOW}:{closed_port()}" if host == "sleeps" else server.url.replace(GOOD, SLOW)
    museum.urls = [f"{server.url}/{n}.jpg" for n in range(3)] + [f"{slow}/{n}.jpg" for n in range(10, 18)]
    arguments = ["crawl", "--text", "kettle", KETTLE, "--source", "openverse", "--format", "jsonl"]
    arguments += ["--want", "3", "--out", str(tmp_path / "out")]
    for _ in range(2):
        done = cli(*arguments, options=options_of(server))
        assert done.returncode == 0, done.stderr
        (row,) = map(json.loads, done.stdout.splitlines())
        assert row["landed"] == row["unique"] >= 3
        assert "all targets are reached; " in done.stderr
        assert "image URLs are left as they are" in done.stderr
        assert f"hint: `synsift run all --drain --out {tmp_path / 'out'}` fetches them, too" in done.stderr
        assert "fewer unique images" not in done.stderr
    assert len(museum.pictures) == len(set(museum.pictures)), "one was fetched twice"
    left = cli("status", "--out", str(tmp_path / "out"), "--format", "jsonl", options=options_of(server))
    assert left.returncode == 0


def test_where_a_target_is_not_reached_hosts_are_waited_for(
    cli: RunCli, museum: Museum, server: Server, tmp_path: Path
) -> None:
    museum.urls = [f"{server.url}/1.jpg", *(f"http://{SLOW}:{closed_port()}/{n}.jpg" for n in range(10, 14))]
    arguments = ["crawl", "--text", "kettle", KETTLE, "--source", "openverse", "--want", "3"]
    options = options_of(server) | {"fetch.wait_for_hosts_s": 1}
    done = cli(*arguments, "--out", str(tmp_path / "out"), options=options)
    assert done.returncode == 1
    assert "image URLs wait for hosts that don't answer" in done.stderr
    assert "all targets are reached" not in done.stderr
