"""Lists that stand elsewhere: by HTTP and on an S3 server, both real."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from deploy.local.services import S3, S3_BUCKET
from tests.conftest import RunCli, s3_options
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.stages.web import SmallWeb, small_web


@pytest.fixture
def site() -> Iterator[SmallWeb]:
    with small_web() as found:
        for number in range(6):
            found.serve(f"/{number}.jpg", encoded(scene(number), "JPEG"))
        yield found


def rows(site: SmallWeb, numbers: range) -> bytes:
    return b"url,title\n" + b"".join(f"{site.url(f'/{n}.jpg')},picture {n}\n".encode() for n in numbers)


def options(**more: object) -> dict[str, object]:
    networks = ["127.0.0.0/8"]
    return {
        "identity.contact": "a@b.example",
        "search.allow_networks": networks,
        "fetch.allow_networks": networks,
        "fetch.delay_s": 0,
        **more,
    }


def crawl(cli: RunCli, url: str, out: Path, **more: object) -> tuple[int, dict[str, int], str]:
    """Crawl a list; its status, counts and words."""
    done = cli(
        "crawl", "--source", "urls", "--list", url, "--out", str(out), "--format", "jsonl", options=options(**more)
    )
    lines = done.stdout.splitlines()
    return done.returncode, json.loads(lines[0]) if lines else {}, done.stderr


def test_a_list_is_fetched_once_and_asked_for_again_only_if_it_changed(
    cli: RunCli, site: SmallWeb, tmp_path: Path
) -> None:
    body, asked = rows(site, range(4)), []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.headers.get("If-None-Match", ""))
        if request.headers.get("If-None-Match") == f'"{len(body)}"':
            return web.Response(status=304)
        return web.Response(body=body, headers={"ETag": f'"{len(body)}"'})

    site.pages["/shards/photos.csv"] = answer
    url = site.url("/shards/photos.csv")
    status, counts, _ = crawl(cli, url, tmp_path / "out")
    assert (status, counts["synset"], counts["landed"]) == (0, "photos", 4)
    assert crawl(cli, url, tmp_path / "out")[1]["landed"] == 4
    assert asked[0] == ""
    assert set(asked[1:]) == {f'"{len(body)}"'}, "the copy that is here was not used"


@pytest.mark.parametrize("name", ["photos.csv.gz", "photos.CSV", "my%20photos.csv"])
def test_a_lists_name_tells_its_kind_as_that_of_a_file_does(
    cli: RunCli, site: SmallWeb, tmp_path: Path, name: str
) -> None:
    body = rows(site, range(2))
    site.serve(f"/{name.replace('%20', ' ')}", gzip.compress(body) if name.endswith("gz") else body)
    status, counts, words = crawl(cli, site.url(f"/{name}?download=1"), tmp_path / "out")
    assert (status, counts.get("landed")) == (0, 2), words


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("/gone.csv", "status 404"),
        ("/page.html", "a list of URLs is a file whose name ends in"),
        ("http://user:word@127.0.0.1/x.csv", "a password"),
        ("https://b.example/x.csv?X-Amz-Signature=s3cr3t", "X-Amz-Signature"),
        ("https://b.example/x.csv?sig=s3cr3t&a=b", "sig"),
        ("ftp://b.example/x.csv", "not fetched by ftp://"),
        ("https:///x.csv", "names no host"),
        ("http://[::1/x.csv", "can't be read"),
        ("https://no.such.host.invalid/x.csv", "no.such.host.invalid"),
    ],
)
def test_a_list_that_cannot_be_had_is_said_so_and_no_secret_with_it(
    cli: RunCli, site: SmallWeb, tmp_path: Path, url: str, words: str
) -> None:
    site.serve("/page.html", b"<html>")
    status, counts, said = crawl(cli, site.url(url) if url.startswith("/") else url, tmp_path / "out")
    assert (status, counts) == (2, {})
    assert words in said
    assert "Traceback" not in said
    assert "s3cr3t" not in said
    assert "user:word" not in said


def test_a_network_of_ones_own_is_named_for_lists_as_for_sources(cli: RunCli, site: SmallWeb, tmp_path: Path) -> None:
    url = site.serve("/photos.csv", rows(site, range(1)))
    status, _, said = crawl(cli, url, tmp_path / "out", **{"search.allow_networks": []})
    assert status == 2
    assert "search.allow_networks" in said
    assert not site.asked["/photos.csv"]


def test_a_transfer_that_breaks_off_is_tried_again_from_the_beginning(
    cli: RunCli, site: SmallWeb, tmp_path: Path
) -> None:
    body = rows(site, range(5))

    async def answer(request: web.Request) -> web.StreamResponse:
        if site.asked[request.path] > 1:
            return web.Response(body=body)
        response = web.StreamResponse(headers={"Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[:60])
        assert request.transport is not None
        request.transport.close()
        return response

    site.pages["/photos.csv"] = answer
    assert crawl(cli, site.url("/photos.csv"), tmp_path / "out")[1]["landed"] == 5


def test_shards_on_an_s3_server_are_read_with_the_stores_keys(
    cli: RunCli, site: SmallWeb, s3: S3, tmp_path: Path
) -> None:
    bucket = Path(s3.service.folder) / "data" / S3_BUCKET / "shards" / tmp_path.name
    bucket.mkdir(parents=True)
    (bucket / "a.csv").write_bytes(rows(site, range(3)))
    (bucket / "b.csv.gz").write_bytes(gzip.compress(rows(site, range(3, 5))))
    (bucket / "read.me").write_bytes(b"no list")
    keys = {**s3_options(s3, tmp_path.name), "log.path": str(tmp_path / "log.db")}
    keys.pop("store.url")
    for number, name in enumerate(("", "/*.csv*", "/a.csv")):
        url = f"s3://{S3_BUCKET}/shards/{tmp_path.name}{name}"
        more = {**keys, "log.path": str(tmp_path / f"log{number}.db")}
        status, counts, words = crawl(cli, url, tmp_path / f"out{number}", **more)
        assert (status, counts.get("landed")) == (0, 3 if name == "/a.csv" else 5), words
    status, _, words = crawl(cli, f"s3://{S3_BUCKET}/shards/none*.csv", tmp_path / "out3", **keys)
    assert status == 2
    assert "no list of URLs has such a name" in words
