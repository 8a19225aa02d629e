"""Crawls whose source answers no query: why, in words, and what to do about it."""

import json
import socket
from pathlib import Path

import pytest

from tests.conftest import RunCli
from tests.pipelines.stages.raw_web import answer, raw_web

Said = tuple[int, str]


def crawl(cli: RunCli, api_url: str, out: Path) -> Said:
    done = cli(
        *("crawl", "x1", "--text", "whippet", "--out", str(out), "--contact", "a@b.example", "-q"),
        options={
            "search.allow_networks": ["127.0.0.0/8"],
            "search.delay_s": 0,
            "search.attempts": 1,
            "sources.commons.api_url": api_url,
            "fetch.wait_for_hosts_s": 0.1,
        },
    )
    return done.returncode, done.stderr


class Wiki:
    """Answers everything but robots.txt the same."""

    def __init__(self, body: bytes, status: bytes = b"200 OK") -> None:
        self._answer = answer(body, b"Content-Type: application/json", status=status)

    def get(self, path: bytes, /) -> bytes | None:
        return None if b"robots.txt" in path or b".well-known" in path or b"ai.txt" in path else self._answer


def error(word: str) -> bytes:
    return json.dumps({"error": {"code": word, "info": "so it is"}}).encode()


@pytest.mark.parametrize(
    ("body", "status", "words", "hint"),
    [
        (b"", b"404 Not Found", "HTTP status 404", "`sources.commons.api_url` the URL of its API"),
        (b"<html>Our servers are under maintenance", b"200 OK", "isn't JSON", "sources check commons"),
        (error("readapidenied"), b"200 OK", "readapidenied: so it is", "for its members"),
        (error("readonly"), b"200 OK", "readonly: so it is", "the same crawl again later"),
        (b"{}", b"200 OK", "doesn't say what was found", "`sources.commons.api_url`"),
    ],
)
def test_a_wiki_that_answers_nothing_is_told_of_with_a_way_out(
    cli: RunCli, tmp_path: Path, body: bytes, status: bytes, words: str, hint: str
) -> None:
    with raw_web(Wiki(body, status)) as port:
        found, said = crawl(cli, f"http://127.0.0.1:{port}/api.php", tmp_path / "out")
    assert found == 1
    assert "no query was answered, for example:" in said
    assert words in said
    assert hint in " ".join(said.split())
    for odd in ("Error", "None", "Traceback"):
        assert odd not in said


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return port


def test_a_host_that_takes_no_connection_is_told_of_in_words(cli: RunCli, tmp_path: Path, closed_port: int) -> None:
    found, said = crawl(cli, f"http://127.0.0.1:{closed_port}/api.php", tmp_path / "out")
    assert found == 1
    assert f"127.0.0.1:{closed_port}: connection refused" in said
    assert "does its host answer?" in said
    assert "None" not in said
