"""Lists that stand elsewhere: by HTTP and on an S3 server, both real."""

import asyncio
import glob
import gzip
import json
import signal
import subprocess
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from deploy.local.services import S3, S3_BUCKET
from synsift.pipelines.remote_lists import matches
from tests import warm
from tests.conftest import RunCli, environment, s3_options
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
    ("url", "status", "words"),
    [
        ("/gone.csv", 1, "status 404"),
        ("/page.html", 2, "a list of URLs is a file whose name ends in"),
        ("/log-in.csv", 1, "a page of HTML"),
        ("/empty.csv", 1, "the list is empty"),
        ("/words.csv", 2, "words.csv: there is no column `url`"),
        ("http://user:word@127.0.0.1/x.csv", 2, "a password"),
        ("https://b.example/x.csv?X-Amz-Signature=s3cr3t", 2, "X-Amz-Signature"),
        ("https://b.example/x.csv?sig=s3cr3t&a=b", 2, "sig"),
        ("https://b.example/x.csv?a=b;password=s3cr3t", 2, "password"),
        ("ftp://b.example/x.csv", 2, "not fetched by ftp://"),
        ("https:///x.csv", 2, "names no host"),
        ("http://[::1/x.csv", 2, "can't be read"),
        ("https://no.such.host.invalid/x.csv", 1, "no.such.host.invalid"),
    ],
)
def test_a_list_that_cannot_be_had_is_said_so_and_no_secret_with_it(
    cli: RunCli, site: SmallWeb, tmp_path: Path, url: str, status: int, words: str
) -> None:
    site.serve("/page.html", b"http://a.example/1.jpg")
    site.serve("/log-in.csv", b"\n<!DOCTYPE html>\n<title>Log in</title>")
    site.serve("/words.csv", b"a,b\n1,2\n")
    site.serve("/empty.csv")
    found, counts, said = crawl(cli, site.url(url) if url.startswith("/") else url, tmp_path / "out")
    assert (found, counts) == (status, {})
    assert words in said
    assert "Traceback" not in said, said
    assert "s3cr3t" not in said
    assert "user:word" not in said
    assert str(tmp_path / "out" / "lists") not in said, "the copy is named, and not the list"


def words_after(process: "subprocess.Popen[str]", number: signal.Signals) -> str:
    """What a process says when it is interrupted. Once in some dozens of runs of all tests the first isn't heard."""
    process.send_signal(number)
    try:
        return process.communicate(timeout=20)[1]
    except subprocess.TimeoutExpired:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        told = " ".join(line.replace("\t", " ") for line in status.splitlines() if line.startswith(("Sig", "Shd")))
        warnings.warn(f"{number.name} was not heard; {told}", stacklevel=1)
        process.send_signal(number)
        return process.communicate()[1]


@pytest.mark.filterwarnings("default:SIG.* was not heard:UserWarning")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_copy_that_is_interrupted_leaves_nothing(
    cli: RunCli, site: SmallWeb, tmp_path: Path, number: signal.Signals
) -> None:
    begun, ended = threading.Event(), threading.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"url\n")
        begun.set()
        await asyncio.to_thread(ended.wait)
        return response

    site.pages["/photos.csv"] = answer
    arguments = ["crawl", "--source", "urls", "--list", site.url("/photos.csv"), "--out", str(tmp_path / "out")]
    with warm.start(arguments, env=environment(options()), cwd=tmp_path, stderr=subprocess.PIPE) as process:
        try:
            assert begun.wait(300)
            words = words_after(process, number)
        finally:
            ended.set()
    assert (process.returncode, words.strip()) == (1, "synsift: interrupted")
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_a_network_of_ones_own_is_named_for_lists_as_for_sources(cli: RunCli, site: SmallWeb, tmp_path: Path) -> None:
    url = site.serve("/photos.csv", rows(site, range(1)))
    status, _, said = crawl(cli, url, tmp_path / "out", **{"search.allow_networks": []})
    assert status == 1
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


def test_keys_of_objects_are_any_texts_and_patterns_are_those_of_files(
    cli: RunCli, site: SmallWeb, s3: S3, tmp_path: Path
) -> None:
    bucket = Path(s3.service.folder) / "data" / S3_BUCKET / "odd" / tmp_path.name
    names = ["hash#1.csv", "q?mark.csv", "br[1].csv", "pct%20.csv", "a b+ü.csv", "sub/deep/last.csv"]
    for number, name in enumerate(names):
        (bucket / name).parent.mkdir(parents=True, exist_ok=True)
        (bucket / name).write_bytes(rows(site, range(number, number + 1)))
    (bucket / ".hidden.csv").write_bytes(b"no list")
    keys = s3_options(s3, tmp_path.name)
    keys.pop("store.url")
    tried = [("", 6), ("/**/*.csv", 6), ("/*.csv", 5), ("/hash#1.csv", 1), ("/q?mark.csv", 1), ("/br[1].csv", 1)]
    for number, (name, landed) in enumerate(tried):
        more = {**keys, "log.path": str(tmp_path / f"log{number}.db")}
        url = f"s3://{S3_BUCKET}/odd/{tmp_path.name}{name}"
        status, counts, words = crawl(cli, url, tmp_path / f"out{number}", **more)
        assert (status, counts.get("landed")) == (0, landed), (name, words)


@pytest.mark.parametrize(
    ("path", "pattern", "is_one"),
    [
        ("mixed/a.csv", "mixed/**/*.csv", True),
        ("mixed/x/y/a.csv", "mixed/**/*.csv", True),
        ("mixed/x/a.csv", "mixed/*.csv", False),
        ("mixed/x/a.csv", "**", True),
        ("mixed/.x/a.csv", "**", False),
        ("mixed/.a.csv", "mixed/*.csv", False),
        ("mixed/.a.csv", "mixed/.*.csv", True),
        ("a.csv", "[ab].csv", True),
        ("a.csv", "**/a.csv", True),
        ("b/a.csv", "**/b/**/a.csv", True),
        ("b/c", "b", False),
        ("b", "b/c", False),
    ],
)
def test_a_pattern_of_a_bucket_means_what_it_means_of_files(
    tmp_path: Path, path: str, pattern: str, is_one: bool
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).touch()
    found = glob.glob(pattern, root_dir=tmp_path, recursive=True)
    assert (path in found) is is_one, "the test is wrong of files"
    assert matches(path, pattern) is is_one


def test_an_object_in_a_coding_of_its_metadata_is_unpacked(cli: RunCli, site: SmallWeb, s3: S3, tmp_path: Path) -> None:
    import brotli
    import obstore
    from obstore.store import S3Store

    store = S3Store(
        S3_BUCKET,
        endpoint=s3.endpoint,
        region="us-east-1",
        access_key_id=s3.access_key,
        secret_access_key=s3.secret_key,
        client_options={"allow_http": True},
    )
    packed = brotli.compress(rows(site, range(3)))
    obstore.put(store, f"{tmp_path.name}/photos.csv", packed, attributes={"Content-Encoding": "br"})
    keys = {**s3_options(s3, tmp_path.name), "log.path": str(tmp_path / "log.db")}
    keys.pop("store.url")
    status, counts, words = crawl(cli, f"s3://{S3_BUCKET}/{tmp_path.name}/photos.csv", tmp_path / "out", **keys)
    assert (status, counts.get("landed")) == (0, 3), words
