"""``synsift sources``, and crawls that ask several of them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from synsift.crawler.sources import SourceAnswer
from synsift.testing import Asked, Server, serving
from tests.conftest import RunCli
from tests.crawler.sources.kept import ANSWERS
from tests.dedupe.pictures import encoded, scene

Options = dict[str, object]


@pytest.fixture
def museum() -> Iterator[Server]:
    """A host that is several sources, and has their pictures."""

    def plays(asked: Asked) -> SourceAnswer:
        if asked.path.startswith("/pictures/"):
            return SourceAnswer(encoded(scene(int(asked.path[-5])), "JPEG"), 200, {"Content-Type": "image/jpeg"})
        urls = [f"http://{asked.headers['host']}/pictures/{n}.jpg" for n in range(3)]
        if asked.path == "/openverse":
            return SourceAnswer(json.dumps({"page_count": 1, "results": [{"url": url} for url in urls]}).encode())
        if asked.path == "/brave":
            hits = [{"properties": {"url": url.replace("pictures/", "pictures/5")}} for url in urls]
            return SourceAnswer(json.dumps({"results": hits}).encode())
        return SourceAnswer(b'{"detail": "Not found."}', 404)

    with serving(plays) as server:
        yield server


@pytest.fixture
def options(museum: Server) -> Options:
    return {
        "sources.openverse.api_url": f"{museum.url}/openverse",
        "sources.brave.api_url": f"{museum.url}/brave",
        "identity.contact": "a@b.example",
        "search.allow_networks": "127.0.0.0/8",
        "fetch.allow_networks": "127.0.0.0/8",
        "fetch.delay_s": 0,
        "search.delay_s": 0,
        "land.linger_s": 0.1,
        "logging.level": "WARNING",
    }


def test_all_are_listed_with_what_they_grant(cli: RunCli) -> None:
    done = cli("sources", "--format", "jsonl")
    rows = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert sorted(rows) == sorted([*ANSWERS, "urls", "captions"])
    assert (rows["openverse"]["key"], rows["flickr"]["key"], rows["commons"]["key"]) == ("optional", "missing", "none")
    assert (rows["openverse"]["a minute"], rows["openverse"]["a day"], rows["openverse"]["a query"]) == (20, 200, 240)
    done = cli("sources", "--format", "jsonl", options={"sources.flickr.api_key": "some-key-of-mine"})
    assert '"key": "set"' in next(line for line in done.stdout.splitlines() if '"flickr"' in line)
    assert "some-key-of-mine" not in done.stdout + done.stderr


def test_one_is_asked_a_question(cli: RunCli, museum: Server, options: Options, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    done = cli("sources", "check", "openverse", "--text", "kettle", "--record", str(kept), options=options)
    assert done.returncode == 0, done.stderr
    assert "3 images; that is all" in done.stderr
    assert museum.asked[0].query["q"] == "kettle"
    assert json.loads(kept.read_text())["asked"]["text"] == "kettle"


def test_what_is_wrong_is_said(cli: RunCli, museum: Server, options: Options) -> None:
    options["sources.openverse.api_url"] = f"{museum.url}/gone"
    done = cli("sources", "check", "openverse", options=options)
    assert done.returncode == 1
    assert "not_found: HTTP status 404: Not found." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sources", "check", "flickr"), "Flickr answers only who has a key, and `sources.flickr.api_key` is empty"),
        (("crawl", "kettle", "--source", "brave"), "get one at https://api-dashboard.search.brave.com/"),
        (("crawl", "kettle", "--source", "opnverse"), "did you mean `openverse`?"),
        (("crawl", "kettle", "--source", ","), "`--source` names nothing"),
        (("crawl", "kettle", "--source", "commons,urls"), "`urls` reads lists and is asked for no synset"),
        (("sources", "check", "urls"), "`urls` is asked nothing: it reads files"),
        (("config", "--set", "sources.commons.api_url=ftp://x"), "sources.commons.api_url"),
        (
            ("config", "--set", "sources.inaturalist.size=huge"),
            "must be one of `original`, `large`, `medium`, `small`, not `huge`",
        ),
    ],
)
def test_wrong_use_is_named_with_the_way_out(cli: RunCli, arguments: tuple[str, ...], words: str) -> None:
    done = cli(*arguments, options={"identity.contact": "a@b.example"})
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())


def test_several_are_asked_in_one_crawl(cli: RunCli, museum: Server, options: Options, tmp_path: Path) -> None:
    options["sources.brave.api_key"] = "a-key-that-nobody-sees"
    out = str(tmp_path / "out")
    done = cli("crawl", "--text", "kettle", "n03612814", "--source", "openverse,brave", "--out", out, options=options)
    assert done.returncode == 0, done.stderr
    asked = {one.path: one.headers for one in museum.asked}
    assert asked["/brave"]["x-subscription-token"] == "a-key-that-nobody-sees"
    assert {f"/pictures/{n}.jpg" for n in (0, 1, 2)} < set(asked)
    manifests = "".join(path.read_text(errors="replace") for path in (tmp_path / "out").rglob("*.jsonl"))
    assert "a-key-that-nobody-sees" not in manifests + done.stderr + done.stdout
    assert b"a-key-that-nobody-sees" not in (tmp_path / "out" / "log.db").read_bytes()


def test_a_day_s_requests_end_a_crawl_that_says_when_to_come_back(
    cli: RunCli, museum: Server, options: Options, tmp_path: Path
) -> None:
    options |= {"sources.openverse.per_day": 2, "fetch.wait_for_hosts_s": 1}
    (tmp_path / "list.tsv").write_text("".join(f"n{n:08}\tkettle {n}\n" for n in range(5)))
    wanted = ("crawl", "--list", str(tmp_path / "list.tsv"), "--source", "openverse", "--out", str(tmp_path / "out"))
    done = cli(*wanted, options=options)
    assert sum(one.path == "/openverse" for one in museum.asked) == 2
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "up to 3 queries wait for sources that answer no more for now" in said
    assert "hint: the same command asks them again, from " in said
    cli(*wanted, options=options)
    assert sum(one.path == "/openverse" for one in museum.asked) == 2


def test_a_key_in_a_url_is_not_shown(cli: RunCli, museum: Server, options: Options) -> None:
    options |= {"sources.flickr.api_url": f"{museum.url}/flickr", "sources.flickr.api_key": "K3Y+very/secret"}
    done = cli("sources", "check", "flickr", options=options)
    assert museum.asked[0].query["api_key"] == "K3Y+very/secret"
    assert "asked http://" in done.stderr
    assert not {"K3Y+very/secret", "K3Y%2Bvery%2Fsecret"} & set((done.stdout + done.stderr).replace("=", " ").split())
    assert "K3Y" not in done.stdout + done.stderr


def test_of_sources_of_one_owner_the_least_holds(cli: RunCli) -> None:
    done = cli("sources", "--format", "jsonl", options={"sources.commons.per_minute": 10})
    rows = {row["name"]: row["a minute"] for row in map(json.loads, done.stdout.splitlines())}
    assert (rows["commons"], rows["wikipedia"], rows["openverse"]) == (10, 10, 20)
