"""A network that is opened for a source stays closed to what the source finds."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.conftest import RunCli
from tests.pipelines.stages.web import SmallWeb, small_web


@pytest.fixture
def site() -> Iterator[SmallWeb]:
    """A wiki whose one photograph is on its own machine."""
    with small_web() as found:

        async def api(_request: web.Request) -> web.StreamResponse:
            image = {"url": found.url("/secret.png"), "mime": "image/png"}
            return web.json_response({"query": {"pages": [{"title": "File:x", "index": 1, "imageinfo": [image]}]}})

        found.pages["/api.php"] = api
        found.serve("/secret.png", b"what no crawler may see")
        yield found


def outcomes(cli: RunCli, site: SmallWeb, out: Path, **networks: str) -> dict[str, str]:
    """Crawl; the dead letters' outcomes, and their messages."""
    options = {
        "identity.contact": "a@b.example",
        "sources.commons.api_url": site.url("/api.php"),
        "search.delay_s": 0,
        "search.attempts": 1,
    }
    allowed = {f"{table}.allow_networks": network for table, network in networks.items()}
    cli("crawl", "blue whippets", "--out", str(out), options={**options, **allowed})
    listed = cli("dead-letters", "list", "--out", str(out), "--format", "jsonl")
    letters = map(json.loads, listed.stdout.splitlines())
    return {f"{letter['stage']}: {letter['outcome']}": letter["message"] for letter in letters}


def test_a_network_opened_for_a_source_is_closed_to_urls_that_it_finds(
    cli: RunCli, site: SmallWeb, tmp_path: Path
) -> None:
    found = outcomes(cli, site, tmp_path / "out", search="127.0.0.0/24")
    assert list(found) == ["fetch: private_address"]
    assert "fetch.allow_networks" in found["fetch: private_address"]
    assert site.asked["/api.php"]
    assert not site.asked["/secret.png"] + site.asked["/robots.txt"]


def test_a_network_opened_for_images_is_closed_to_sources(cli: RunCli, site: SmallWeb, tmp_path: Path) -> None:
    found = outcomes(cli, site, tmp_path / "out", fetch="127.0.0.0/24")
    assert list(found) == ["search: private_address"]
    assert "search.allow_networks" in found["search: private_address"]
    assert not site.asked


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), (b"no certificate", "has no certificates"), (b"", "has no certificates")],
)
def test_a_file_of_authorities_that_cannot_be_used_is_said_at_the_start(
    cli: RunCli, tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_bytes(content)
    arguments = ("crawl", "blue whippets", "--contact", "a@b.example", "--set", f"fetch.ca_file={file}")
    done = cli(*arguments)
    assert done.returncode == 2
    assert f"fetch.ca_file: `{file}`" in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr, done.stderr


def test_hosts_that_need_not_prove_who_they_are_are_warned_of(cli: RunCli, site: SmallWeb, tmp_path: Path) -> None:
    options = {"sources.commons.api_url": site.url("/api.php"), "search.allow_networks": "127.0.0.0/24"}
    arguments = ("crawl", "blue whippets", "--contact", "a@b.example", "--out", str(tmp_path / "out"))
    assert "search.verify_tls is off" in cli(*arguments, options={**options, "search.verify_tls": "false"}).stderr
    assert "verify_tls" not in cli(*arguments, options=options).stderr
