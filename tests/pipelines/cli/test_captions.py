"""``crawl`` and ``plan`` with lists of captions, as a user runs them."""

import contextlib
import gzip
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deploy.local.services import S3
from synsift.pipelines.assembly import open_parts
from synsift.pipelines.config import load
from synsift.pipelines.folder_lock import lock_folder
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import ImageUrl
from tests.conftest import RunCli, s3_options
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.stages.web import SmallWeb, small_web

WHIPPET, KETTLE = "n02091134", "n03612814"
NETWORKS = {"search.allow_networks": ["127.0.0.0/8"], "fetch.allow_networks": ["127.0.0.0/8"], "fetch.delay_s": 0}
OPTIONS: dict[str, object] = {"identity.contact": "a@b.example", "logging.level": "WARNING", **NETWORKS}


@pytest.fixture
def site() -> Iterator[SmallWeb]:
    with small_web() as found:
        for number in range(8):
            found.serve(f"/{number}.jpg", encoded(scene(number), "JPEG"))
        yield found


def write(path: Path, urls: list[str], captions: list[str], **more: list[str]) -> str:
    pq.write_table(pa.table({"url": urls, "caption": captions, **more}), path, row_group_size=3)
    return str(path)


def pd12m(site: SmallWeb, path: Path) -> str:
    captions = ["Two whippets at play", "a red car", "Whippet", "a kettle", "the kettles", "dog", "whippet, kettle", ""]
    licence = ["https://creativecommons.org/publicdomain/zero/1.0/"] * 8
    return write(path, [site.url(f"/{n}.jpg") for n in range(8)], captions, license=licence)


def records(out: Path) -> list[ImageUrl]:
    parts = open_parts(load(env={}, options={"store.url": str(out), "identity.contact": "a@b.example"}).settings)
    with contextlib.closing(parts.log):
        return list(read_all(parts.log, ImageUrl))


def test_captions_are_crawled_from_list_to_images(cli: RunCli, site: SmallWeb, tmp_path: Path) -> None:
    path, out = pd12m(site, tmp_path / "pd12m.000.parquet"), tmp_path / "out"
    arguments = ["crawl", "--source", "captions", "--list", path, "whippet", KETTLE, "--langs", "en"]
    done = cli(*arguments, "--out", str(out), "--format", "jsonl", options=OPTIONS)
    assert done.returncode == 0, done.stderr
    counts = {row["synset"]: row["landed"] for row in map(json.loads, done.stdout.splitlines())}
    assert {wnid: counts.get(wnid) for wnid in (WHIPPET, KETTLE)} == {WHIPPET: 3, KETTLE: 3}
    assert "8 rows of captions: 6 image URLs for 2 synsets" in done.stderr
    assert "1 row has no caption" in done.stderr
    found = {(record.wnid, record.url): record.found_by for record in records(out)}
    assert len(found) == 6
    one = found[WHIPPET, site.url("/0.jpg")]
    assert (one.source, one.query, one.lang, one.title) == ("captions", "whippet", "en", "Two whippets at play")
    assert one.licence_url == "https://creativecommons.org/publicdomain/zero/1.0/"
    again = cli(*arguments, "--out", str(out), "--format", "jsonl", options=OPTIONS)
    assert "as they were sifted before" in again.stderr
    assert "all of this was planned before" in again.stderr
    assert Counter(record.url for record in records(out)).most_common(1)[0][1] == 2, "each once, for each synset"


def test_a_limit_keeps_the_best_and_a_changed_list_is_read_anew(cli: RunCli, site: SmallWeb, tmp_path: Path) -> None:
    path, out = tmp_path / "list.parquet", tmp_path / "out"
    pd12m(site, path)
    arguments = ["plan", "--source", "captions", "--list", str(path), "whippet", "--langs", "en", "--out", str(out)]
    done = cli(*arguments, "--limit", "1", options=OPTIONS)
    assert "8 rows of captions: 1 image URL for 1 synset" in done.stderr
    assert "planned 1 queries; 0 were planned before" in done.stderr
    assert cli("run", "search", "--drain", "--out", str(out), options=OPTIONS).returncode == 0
    assert [record.url for record in records(out)] == [site.url("/2.jpg")]
    write(path, [site.url("/5.jpg")], ["whippet"])
    assert "1 row of captions: 1 image URL" in cli(*arguments, "--limit", "1", options=OPTIONS).stderr


def test_captions_are_crawled_beside_other_sources(cli: RunCli, site: SmallWeb, tmp_path: Path) -> None:
    path, out = pd12m(site, tmp_path / "list.parquet"), str(tmp_path / "out")
    arguments = ["--source", "commons,captions", "--list", path, "whippet", "--langs", "en", "--out", out]
    done = cli("plan", *arguments, "--limit", "2", options=OPTIONS)
    assert done.returncode == 0, done.stderr
    assert "2 image URLs for 1 synset" in done.stderr
    assert "commons" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["whippet"], "the source `captions` reads lists"),
        (["--list", "good.parquet"], "no synset is named whose captions are wanted"),
        (["--list", "gone.parquet", "whippet"], "gone.parquet: no such file or folder"),
        (["--list", "laion.parquet", "whippet"], "LAION-5B and LAION-400M were withdrawn on 19 December 2023"),
        (["--list", "laion.parquet", "whippet", "--layout", "laion"], "if this is it, say so with `--layout relaion`"),
        (["--list", "no-urls.parquet", "whippet"], "no column of it is known to hold URLs; its columns are caption"),
        (["--list", "no-captions.parquet", "whippet"], "no column of it is known to hold captions"),
        (["--list", "good.parquet", "whippet", "--source", "captions,urls"], "crawl it in a run of its own"),
    ],
)
def test_what_cannot_be_sifted_is_wrong_use(cli: RunCli, tmp_path: Path, arguments: list[str], words: str) -> None:
    folder = tmp_path / "cwd"
    write(folder / "good.parquet", ["http://a.example/1.jpg"], ["whippet"])
    laion = {
        "URL": ["http://a.example/1.jpg"],
        "TEXT": ["whippet"],
        "WIDTH": [9],
        "similarity": [0.3],
        "punsafe": [0.1],
    }
    pq.write_table(pa.table(laion), folder / "laion.parquet")
    pq.write_table(pa.table({"caption": ["whippet"]}), folder / "no-urls.parquet")
    pq.write_table(pa.table({"url": ["http://a.example/1.jpg"], "height": [1]}), folder / "no-captions.parquet")
    done = cli("plan", "--source", "captions", *arguments, "--out", "out", options=OPTIONS)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr


def test_the_safe_edition_is_taken_at_its_users_word(cli: RunCli, tmp_path: Path) -> None:
    rows = {"URL": ["http://a.example/1.jpg", "http://a.example/2.jpg"], "TEXT": ["whippet"] * 2}
    table = pa.table({**rows, "similarity": [0.3, 0.3], "punsafe": [0.1, 0.6]})
    pq.write_table(table, tmp_path / "list.parquet")
    arguments = ("plan", "--source", "captions", "--list", str(tmp_path / "list.parquet"), "whippet", "--out", "out")
    assert cli(*arguments, options=OPTIONS).returncode == 2
    done = cli(*arguments, "--layout", "relaion", options=OPTIONS)
    assert done.returncode == 0
    assert "1 row is unsafe by the list's own score" in done.stderr


def test_a_list_that_names_nothing_is_said_to(cli: RunCli, tmp_path: Path) -> None:
    path = write(tmp_path / "list.parquet", ["http://a.example/1.jpg"], ["a car"])
    done = cli("crawl", "--source", "captions", "--list", path, "whippet", "--out", "out", options=OPTIONS)
    assert done.returncode == 1
    assert "of 1 row no caption names what is looked for" in done.stderr
    assert "hint: `synsift queries` shows the names" in done.stderr


@pytest.mark.parametrize(
    "name", ["list.parquet", "groups.parquet", "list.csv", "header.csv", "list.jsonl", "list.csv.gz"]
)
def test_a_list_without_rows_is_said_to_have_none(cli: RunCli, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "list.parquet":
        write(path, [], [])
    elif name == "groups.parquet":
        pq.ParquetWriter(path, pa.schema([("url", pa.string()), ("caption", pa.string())])).close()
    else:
        path.write_bytes({"header.csv": b"url,caption\n", "list.csv.gz": gzip.compress(b"")}.get(name, b""))
    done = cli("crawl", "--source", "captions", "--list", str(path), "whippet", "--out", "out", options=OPTIONS)
    assert done.returncode == 1
    assert f"{path}: has no rows" in done.stderr
    assert "names" not in done.stderr.partition("has no rows")[2]


@pytest.mark.parametrize(
    ("columns", "why", "hint"),
    [
        ({"url": pa.nulls(2)}, "2 rows have no URL", "sources.captions.url_column=NAME"),
        ({"url": ["1.jpg", "2.jpg"]}, "2 URLs are none", "sources.captions.url_column=NAME"),
        ({"caption": pa.nulls(2)}, "2 rows have no caption", 'sources.captions.caption_columns=["NAME"]'),
        ({"punsafe": [0.9, 0.9]}, "2 rows are unsafe by the list's own score", ""),
    ],
)
def test_why_no_row_can_be_used_is_said(
    cli: RunCli, tmp_path: Path, columns: dict[str, list[object]], why: str, hint: str
) -> None:
    rows = {"url": ["http://a.example/1.jpg", "http://a.example/2.jpg"], "caption": ["whippet", "whippet"]}
    pq.write_table(pa.table({**rows, **columns}), tmp_path / "list.parquet")
    arguments = ("plan", "--source", "captions", "--list", str(tmp_path / "list.parquet"), "whippet", "--out", "out")
    done = cli(*arguments, options=OPTIONS)
    assert done.returncode == 1
    assert f"of 2 rows none can be used: {why}" in done.stderr
    assert hint in done.stderr.partition("none can be used")[2]
    assert "names what is looked for" not in done.stderr


def test_what_others_left_half_sifted_is_deleted_after_days_unless_somebody_works_on_it(
    cli: RunCli, tmp_path: Path
) -> None:
    path, lists = write(tmp_path / "list.parquet", ["http://a.example/1.jpg"], ["whippet"]), tmp_path / "out" / "lists"
    old, used, new = (lists / f"captions-{name}.sifting" for name in ("old", "used", "new"))
    for folder in (old, used, new):
        folder.mkdir(parents=True)
        (folder / "00000000.hits.npy").write_bytes(b"x")
    (lists / "captions-link.sifting").symlink_to(new)
    long_ago_s = time.time() - 8 * 86_400
    for folder in (old, used):
        os.utime(folder, (long_ago_s, long_ago_s))
    arguments = ("plan", "--source", "captions", "--list", path, "whippet", "--out", str(tmp_path / "out"))
    with lock_folder(used):
        os.utime(used, (long_ago_s, long_ago_s))
        assert cli(*arguments, options=OPTIONS).returncode == 0
    assert sorted(each.name for each in lists.glob("*.sifting")) == [
        f"captions-{name}.sifting" for name in ("link", "new", "used")
    ]
    assert (new / "00000000.hits.npy").exists()


def test_columns_are_named_by_settings(cli: RunCli, tmp_path: Path) -> None:
    table = pa.table({"where": ["http://a.example/1.jpg"], "one": ["whippet"], "two": ["kettle"]})
    pq.write_table(table, tmp_path / "list.parquet")
    more = ["--set", "sources.captions.url_column=where", "--set", 'sources.captions.caption_columns=["one", "two"]']
    arguments = ("plan", "--source", "captions", "--list", str(tmp_path / "list.parquet"), "whippet", KETTLE, *more)
    done = cli(*arguments, "--out", "out", options=OPTIONS)
    assert "2 image URLs for 2 synsets" in done.stderr


def test_an_own_ontology_is_looked_for(cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text("id,names\nlamp-arc,arc lamp\nlamp-desk,desk lamp\n")
    urls = [f"http://a.example/{n}.jpg" for n in range(3)]
    path = write(tmp_path / "list.parquet", urls, ["Arc lamps", "a desk-lamp", "a lamp"])
    arguments = ["--list", path, "--ontology", str(tmp_path / "shop.csv"), "lamp-arc", "lamp-desk", "--out", "out"]
    done = cli("plan", "--source", "captions", *arguments, options=OPTIONS)
    assert "3 rows of captions: 2 image URLs for 2 synsets" in done.stderr


def test_a_fleet_reads_the_sifted_list_from_its_store(cli: RunCli, site: SmallWeb, s3: S3, tmp_path: Path) -> None:
    path = pd12m(site, tmp_path / "list.parquet")
    options = {
        **OPTIONS,
        **s3_options(s3, "captions"),
        "log.path": str(tmp_path / "log.db"),
    }
    done = cli("plan", "--source", "captions", "--list", path, "whippet", "--langs", "en", options=options)
    assert done.returncode == 0, done.stderr
    assert cli("run", "search", "--drain", options={**options, "sources.captions.page_size": 1}).returncode == 0
    parts = open_parts(load(env={}, options=options).settings)
    with contextlib.closing(parts.log):
        assert sorted(record.url for record in read_all(parts.log, ImageUrl)) == [
            site.url(f"/{n}.jpg") for n in (0, 2, 6)
        ]


def test_lists_come_by_http_and_by_standard_input(cli: RunCli, site: SmallWeb, tmp_path: Path) -> None:
    pd12m(site, tmp_path / "list.parquet")
    site.serve("/lists/pd12m.parquet", (tmp_path / "list.parquet").read_bytes())
    url = site.url("/lists/pd12m.parquet")
    done = cli("plan", "--source", "captions", "--list", url, "whippet", "--out", "out", options=OPTIONS)
    assert "8 rows of captions: 3 image URLs for 1 synset" in done.stderr
    text = f"url,caption\n{site.url('/1.jpg')},whippet\n"
    arguments = ("plan", "--source", "captions", "--list", "-", "whippet", "--out", "out")
    done = cli(*arguments, options=OPTIONS, stdin=text)
    assert "1 row of captions: 1 image URL for 1 synset" in done.stderr


def test_a_full_disk_ends_a_sift_that_goes_on_when_there_is_room(cli: RunCli, small_disk: Path, tmp_path: Path) -> None:
    rng = random.Random(1)  # noqa: S311 - what can't be packed
    urls = [f"http://a.example/{rng.getrandbits(400):x}.jpg" for _ in range(30_000)]
    table = pa.table({"url": urls, "caption": ["whippet"] * len(urls)})
    pq.write_table(table, tmp_path / "list.parquet", row_group_size=5_000)
    out = small_disk / "out"
    arguments = ("plan", "--source", "captions", "--list", str(tmp_path / "list.parquet"), "whippet", "--limit", "9")
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(4_000_000))
    done = cli(*arguments, "--out", str(out), options=OPTIONS)
    assert done.returncode == 1, done.stderr
    assert ".sifting/0000" in done.stderr.partition(": No space left on device")[0]
    assert "hint: free some space and run the same command again" in done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    ballast.unlink()
    done = cli(*arguments, "--out", str(out), options=OPTIONS)
    assert "going on behind row" in done.stderr
    assert "30,000 rows of captions: 9 image URLs for 1 synset" in done.stderr
