"""``synsift export`` as a user runs it: what is chosen, what is refused, what a kill and a full disk leave."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from PIL import Image

from deploy.local.services import S3
from synsift.crawler.secret import Secret
from synsift.dedupe import fingerprint
from synsift.pipelines.exports.journal import FOLDER
from synsift.pipelines.folder_lock import lock_folder
from synsift.pipelines.storage.objects import Objects, StoreAddress
from tests import warm
from tests.conftest import RunCli, environment, s3_options
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.exports.stores import CRANE, DAISY, WHIPPET, Picture, fill, make_store, picture

HOLDERS = ["webdataset", "imagefolder", "parquet"]


def tree(folder: Path) -> dict[str, str]:
    """SHA-256 of all that was exported, and of what a run that is over leaves beside it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_of(target: Path) -> list[dict[str, str]]:
    with (target / "images.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def listed(cli: RunCli, store: Path, *options: str) -> set[str]:
    """Which images an export has."""
    target = store.parent / f"listed-{len(list(store.parent.iterdir()))}"
    done = cli("export", str(target), "--out", str(store), "--format", "csv", *options)
    assert done.returncode == 0, done.stderr
    return {row["sha256"] for row in rows_of(target)}


@pytest.mark.parametrize("kind", [*HOLDERS, "coco", "csv"])
def test_the_same_store_gives_the_same_bytes(cli: RunCli, tmp_path: Path, kind: str) -> None:
    pictures = [picture(seed, (WHIPPET, DAISY)[seed % 2], kind=("JPEG", "PNG")[seed % 2]) for seed in range(8)]
    make_store(tmp_path / "one", pictures)
    make_store(tmp_path / "two", pictures)
    options = ("--format", kind, "--format", "croissant", "--split", "test=0.3", "--max-side", "200", "--name", "x")
    for name in ("one", "two"):
        done = cli("export", str(tmp_path / f"of-{name}"), "--out", str(tmp_path / name), *options)
        assert done.returncode == 0, done.stderr
        os.utime(tmp_path / name / "manifests")
    assert tree(tmp_path / "of-one") == tree(tmp_path / "of-two")
    again = cli("export", str(tmp_path / "of-one"), "--out", str(tmp_path / "one"), *options)
    assert again.returncode == 0, again.stderr
    assert tree(tmp_path / "of-one") == tree(tmp_path / "of-two")


def test_what_was_replaced_is_not_exported(cli: RunCli, tmp_path: Path) -> None:
    small, large = picture(1, side_px=160), picture(1)
    make_store(tmp_path / "store", [small, picture(2), Picture(large.data, WHIPPET, large.found_by, small.sha256)])
    assert listed(cli, tmp_path / "store") == {large.sha256, picture(2).sha256}


def test_licences_are_asked_for_by_name_and_what_is_left_out_is_counted(cli: RunCli, tmp_path: Path) -> None:
    cc = "https://creativecommons.org"
    by = picture(1, licence="CC BY 2.0", licence_url=f"{cc}/licenses/by/2.0/")
    zero = picture(2, licence="CC0", licence_url="")
    make_store(tmp_path / "store", [by, zero, picture(3), picture(4, licence="", licence_url="")])
    assert listed(cli, tmp_path / "store", "--licence", "cc0,cc-by") == {by.sha256, zero.sha256}
    assert listed(cli, tmp_path / "store", "--licence", "CC-BY-SA-4.0") == {picture(3).sha256}
    done = cli(
        "export",
        str(tmp_path / "x"),
        "--out",
        str(tmp_path / "store"),
        "--format",
        "csv",
        "--licence",
        "cc0",
        "--dry-run",
    )
    assert "left out: 3 images of another licence" in done.stderr
    assert not (tmp_path / "x").exists()
    none = cli(
        "export", str(tmp_path / "x"), "--out", str(tmp_path / "store"), "--format", "csv", "--licence", "cc-by-nd"
    )
    assert none.returncode == 1
    assert "nothing is exported" in none.stderr


@pytest.mark.parametrize("kind", ["fingerprints", "sha256"])
def test_what_a_reference_has_is_left_out_and_its_copies_too(cli: RunCli, tmp_path: Path, kind: str) -> None:
    make_store(tmp_path / "store", [picture(seed) for seed in range(4)])
    (tmp_path / "kept-out").mkdir()
    if kind == "fingerprints":
        scene(2).resize((200, 150)).save(tmp_path / "kept-out" / "test.png")
        file = tmp_path / "test.jsonl"
        assert cli("fingerprint", str(tmp_path / "kept-out"), "--format", "jsonl", "--out", str(file)).returncode == 0
    else:
        file = tmp_path / "test.sha256"
        file.write_text(f"{picture(2).sha256}  test.jpg\n")
    found = listed(cli, tmp_path / "store", "--exclude-reference", str(file))
    assert found == {picture(seed).sha256 for seed in (0, 1, 3)}


def test_copies_authors_and_pages_never_stand_on_two_sides(cli: RunCli, tmp_path: Path) -> None:
    pictures = [picture(seed, author=f"Author {seed % 17}" if seed % 3 else "unknown") for seed in range(40)]
    pictures += [picture(seed, DAISY, side_px=200, author="") for seed in range(0, 40, 4)]  # copies across synsets
    pictures += [
        picture(seed, DAISY, author="", landing_page=f"https://a.example/{seed // 2}") for seed in range(50, 70)
    ]
    make_store(tmp_path / "store", pictures)
    target = tmp_path / "split"
    done = cli(
        "export", str(target), "--out", str(tmp_path / "store"), "--format", "csv", "--split", "test=0.2,val=0.2"
    )
    assert done.returncode == 0, done.stderr
    rows = rows_of(target)
    assert {row["split"] for row in rows} == {"train", "test", "val"}
    sides: dict[str, set[str]] = {}
    of_scene = {one.sha256: (seed % 50) for seed, one in enumerate(pictures[:40])}
    of_scene |= {one.sha256: 4 * number for number, one in enumerate(pictures[40:50])}
    for row in rows:
        keys = [f"page {row['landing_page']}", f"cluster {row['cluster']}"]
        keys += [f"author {row['author']}"] if row["author"] not in ("", "unknown") else []
        keys += [f"scene {of_scene[row['sha256']]}"] if row["sha256"] in of_scene else []
        for key in keys:
            sides.setdefault(key, set()).add(row["split"])
    assert [key for key, found in sides.items() if len(found) > 1] == []


def test_larger_images_are_scaled_and_smaller_ones_stay_byte_for_byte(cli: RunCli, tmp_path: Path) -> None:
    turned = scene(9).resize((400, 300))
    exif = Image.Exif()
    exif[0x0112] = 6
    large = [
        *(picture(1, side_px=900), picture(2, kind="PNG", side_px=500), picture(3, kind="GIF", side_px=300)),
        Picture(encoded(turned, "JPEG", exif=exif), WHIPPET, picture(9).found_by),
        Picture(encoded(scene(10).convert("CMYK"), "JPEG"), WHIPPET, picture(10).found_by),
        Picture(encoded(scene(11).convert("RGBA"), "WEBP"), WHIPPET, picture(11).found_by),
    ]
    small = picture(5, side_px=128)
    make_store(tmp_path / "store", [*large, small])
    target = tmp_path / "scaled"
    options = ("--format", "imagefolder", "--format", "csv", "--max-side", "128")
    assert cli("export", str(target), "--out", str(tmp_path / "store"), *options).returncode == 0
    rows = {row["sha256"]: row for row in rows_of(target)}
    for one in large:
        row = rows[one.sha256]
        with Image.open(target / row["file_name"]) as made:
            assert max(made.size) == 128
            assert made.size == (int(row["width"]), int(row["height"]))
            assert made.format == row["format"]
        assert row["attribution"].endswith("; scaled to 128 px")
        shown = fingerprint((target / row["file_name"]).read_bytes())
        assert shown.width_px == int(row["width"])  # nothing is left that would turn it again
    assert rows[large[3].sha256]["width"] == "96"
    assert (target / rows[small.sha256]["file_name"]).read_bytes() == small.data
    assert "scaled" not in rows[small.sha256]["attribution"]


def test_what_is_gone_or_damaged_is_left_out_said_and_added_once_it_is_whole(cli: RunCli, tmp_path: Path) -> None:
    pictures = [picture(seed) for seed in range(6)]
    store, target = tmp_path / "store", tmp_path / "whippets"
    objects = make_store(store, pictures)
    whole = tree_of(cli, store, tmp_path / "whole")
    for number, one in enumerate(pictures[:3]):
        for path in (f"blobs/{one.sha256[:2]}/{one.sha256}", f"candidates/{WHIPPET}/{one.sha256}.jpg"):
            (store / path).unlink()
            if number:
                (store / path).write_bytes(b"" if number == 1 else one.data[:-1])
    options = ("--out", str(store), "--format", "webdataset", "--format", "csv", "--name", "x")
    done = cli("export", str(target), *options)
    assert done.returncode == 1
    assert "left out for want of their bytes: 2 damaged, 1 missing" in done.stderr
    assert "storage verify --fetch-again" in done.stderr
    there = {one.sha256 for one in pictures[3:]}
    assert {row["sha256"] for row in rows_of(target)} == there
    assert all(one.sha256 not in (target / "CREDITS").read_text() for one in pictures[:3])
    with tarfile.open(target / "train-000000.tar") as archive:
        assert len(archive.getmembers()) == 9
    fill(objects, pictures)
    assert cli("export", str(target), *options).returncode == 0
    assert tree(target) == whole


def tree_of(cli: RunCli, store: Path, target: Path) -> dict[str, str]:
    done = cli("export", str(target), "--out", str(store), "--format", "webdataset", "--format", "csv", "--name", "x")
    assert done.returncode == 0, done.stderr
    return tree(target)


def test_one_copy_in_the_store_is_enough(cli: RunCli, tmp_path: Path) -> None:
    pictures = [picture(seed) for seed in range(2)]
    make_store(tmp_path / "store", pictures)
    (tmp_path / "store" / "candidates" / WHIPPET / f"{pictures[0].sha256}.jpg").write_bytes(b"rotten")
    target = tmp_path / "whippets"
    done = cli("export", str(target), "--out", str(tmp_path / "store"), "--format", "imagefolder")
    assert done.returncode == 0, done.stderr
    found = {hashlib.sha256(path.read_bytes()).hexdigest() for path in target.rglob("*.jpg")}
    assert found == {one.sha256 for one in pictures}


NASTY = {
    "title": '=cmd|"/c calc"!A1\r\n@SUM(1)\x1b[31m\u202e',
    "author": "Zoë\u0000\ud7ff 作者\t+1",
    "licence": "-1+1",
    "licence_url": "javascript:alert(1)",
    "landing_page": "https://a.example/?sig=SECRET&x=1\n",
}


def test_texts_of_strangers_break_out_of_no_line_and_no_cell(cli: RunCli, tmp_path: Path) -> None:
    make_store(tmp_path / "store", [picture(1, **NASTY), picture(2)])
    target = tmp_path / "whippets"
    done = cli("export", str(target), "--out", str(tmp_path / "store"), "--format", "csv", "--format", "imagefolder")
    assert done.returncode == 0, done.stderr
    lines = (target / "CREDITS").read_text().splitlines()
    assert len(lines) == 2 + 2
    assert all(line.replace("\t", "").isprintable() for line in lines)
    row = next(row for row in rows_of(target) if row["sha256"] == picture(1, **NASTY).sha256)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())
    assert len((target / "images.csv").read_text().splitlines()) == 3
    told = json.loads(
        next(line for line in (target / "train" / "metadata.jsonl").read_text().splitlines() if "calc" in line)
    )
    assert told["title"] == NASTY["title"]  # a program is told what the source said
    everything = b"".join(path.read_bytes() for path in target.rglob("*") if path.is_file())
    assert b"SECRET" not in everything


def test_a_synset_whose_name_leads_out_of_the_folder_is_no_synset(cli: RunCli, tmp_path: Path) -> None:
    make_store(tmp_path / "store", [picture(1), picture(2, CRANE)])
    manifests = tmp_path / "store" / "manifests"
    for name in ("...", "-x", "a b"):
        (manifests / CRANE).rename(manifests / name)
        assert listed(cli, tmp_path / "store") == {picture(1).sha256}
        (manifests / name).rename(manifests / CRANE)


def test_a_row_that_names_no_image_is_counted_and_left_out(cli: RunCli, tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    make_store(tmp_path / "store", [picture(1)])
    part = next((tmp_path / "store" / "manifests" / WHIPPET).iterdir())
    table = pyarrow.parquet.read_table(part)
    rows = table.to_pylist()
    odd = [{"sha256": "../../etc/passwd"}, {"format": "EXE"}, {"width_px": 0}, {"height_px": None}, {"sha256": None}]
    rows += [{**rows[0], **one} for one in odd]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=table.schema), part)
    done = cli("export", str(tmp_path / "x"), "--out", str(tmp_path / "store"), "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert "left out: 5 images not readable in its manifest" in done.stderr
    part.write_bytes(b"PAR1 or not")
    broken = cli("export", str(tmp_path / "y"), "--out", str(tmp_path / "store"), "--format", "csv")
    assert broken.returncode == 1
    assert part.name in broken.stderr
    assert "storage verify --fetch-again" in broken.stderr


REFUSED = [
    (("--format", "tfrecord"), "there is no format `tfrecord`"),
    (("--format", "webdataset", "--format", "parquet"), "can't share a folder"),
    (("--format", "croissant"), "describes another format"),
    (("--format", "webdataset", "--format", "coco"), "names files of images"),
    (("--format", "csv", "--no-bytes"), "is said of Parquet"),
    (("--format", "csv", "--licence", "cc-bye"), "there is no licence `cc-bye`"),
    (("--format", "csv", "--licence", ","), "there is no licence"),
    (("--format", "csv", "--split", "test=2"), "is no share"),
    (("--format", "csv", "--only", "accepted"), "nobody has voted"),
    (("--format", "csv", "--exclude-reference", "nowhere.parquet"), "there is no file"),
]


@pytest.mark.parametrize(
    ("options", "said"), REFUSED, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_wrong_use_is_told_before_anything_is_written(
    cli: RunCli, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    make_store(tmp_path / "store", [picture(1)])
    done = cli("export", str(tmp_path / "x"), "--out", str(tmp_path / "store"), *options)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "hint:" in done.stderr or "nowhere" in done.stderr
    assert not (tmp_path / "x").exists()


def test_a_folder_that_holds_something_else_is_left_alone(cli: RunCli, tmp_path: Path) -> None:
    make_store(tmp_path / "store", [picture(1), picture(2)])
    options = ("--out", str(tmp_path / "store"), "--format", "csv")
    held = tmp_path / "held"
    held.mkdir()
    (held / "thesis.tex").write_text("years")
    assert "holds something else: `thesis.tex`" in cli("export", str(held), *options).stderr
    assert [path.name for path in held.iterdir()] == ["thesis.tex"]
    onto_store = cli("export", str(tmp_path / "store"), *options)
    assert onto_store.returncode == 2
    (tmp_path / "link").symlink_to("nowhere")
    on_link = cli("export", str(tmp_path / "link"), *options)
    assert (on_link.returncode, "a symbolic link to nothing" in on_link.stderr) == (2, True)
    on_file = cli("export", str(held / "thesis.tex"), *options)
    assert on_file.returncode == 2
    assert "is a file" in on_file.stderr or "can't be written" in on_file.stderr
    elsewhere = cli("export", "s3://bucket/x", *options)
    assert elsewhere.returncode == 2
    target = tmp_path / "whippets"
    assert cli("export", str(target), *options).returncode == 0
    other = cli("export", str(target), *options, "--licence", "cc-by-sa")
    assert other.returncode == 2
    assert "holds another export" in other.stderr
    fill(Objects(StoreAddress(str(tmp_path / "store"))), [picture(3, DAISY)])
    grown = cli("export", str(target), *options)
    assert grown.returncode == 2
    assert "has gone on" in grown.stderr


def test_a_folder_that_may_not_be_written_is_told_of(cli: RunCli, tmp_path: Path) -> None:
    make_store(tmp_path / "store", [picture(1)])
    done = cli("export", "/proc/nowhere", "--out", str(tmp_path / "store"), "--format", "csv")
    assert done.returncode == 2
    assert "can't be written" in done.stderr


@pytest.mark.parametrize("kind", HOLDERS)
def test_a_full_disk_ends_it_in_words_and_the_same_command_goes_on(
    cli: RunCli, tmp_path: Path, small_disk: Path, kind: str
) -> None:
    pictures = [Picture(encoded(scene(n, (900, 700)), "PNG"), WHIPPET, picture(n).found_by) for n in range(12)]
    noise = [Picture(one.data + os.urandom(700_000), WHIPPET, one.found_by) for one in pictures]
    make_store(tmp_path / "store", noise)
    target = small_disk / "whippets"
    options = ("--out", str(tmp_path / "store"), "--format", kind, "--name", "x")
    done = cli("export", str(target), *options)
    assert done.returncode == 1
    assert "no space left" in done.stderr
    assert "the same command goes on" in done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert not list(target.rglob("*.part"))
    subprocess.run(["mount", "-o", "remount,size=40m", str(small_disk)], check=True)
    assert cli("export", str(target), *options).returncode == 0
    assert cli("export", str(tmp_path / "undisturbed"), *options).returncode == 0
    assert tree(target) == tree(tmp_path / "undisturbed")


@pytest.mark.parametrize("left_kb", [16, 80])
def test_a_disk_that_is_full_already_is_named_and_nothing_half_is_left(
    cli: RunCli, tmp_path: Path, small_disk: Path, left_kb: int
) -> None:
    """The first has no room for what an export works with, the second none for its tables."""
    pictures = [picture(n, title="x" * 4_000) for n in range(12)]
    make_store(tmp_path / "store", pictures)
    (small_disk / "filler").write_bytes(bytes(6 * 1024 * 1024 - left_kb * 1024))
    target = small_disk / "whippets"
    done = cli("export", str(target), "--out", str(tmp_path / "store"), "--format", "csv")
    assert done.returncode == 1
    assert f"no space left for `{target}`" in done.stderr
    assert "the same command goes on" in done.stderr
    assert not (target / FOLDER / "rows").exists()
    assert not list(target.rglob("*.part"))
    (small_disk / "filler").unlink()
    assert cli("export", str(target), "--out", str(tmp_path / "store"), "--format", "csv").returncode == 0


def test_two_exports_into_one_folder_at_once_are_told_of(cli: RunCli, tmp_path: Path) -> None:
    make_store(tmp_path / "store", [picture(1)])
    with lock_folder(tmp_path / "x" / FOLDER):
        done = cli("export", str(tmp_path / "x"), "--out", str(tmp_path / "store"), "--format", "csv")
    assert done.returncode == 1
    assert "another export into" in done.stderr
    assert cli("export", str(tmp_path / "x"), "--out", str(tmp_path / "store"), "--format", "csv").returncode == 0


@pytest.fixture(scope="module")
def twenty_shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of so many, of 1 MB."""
    first = picture(1)
    pictures = [
        Picture(first.data + n.to_bytes(4, "big") + bytes(100_000), WHIPPET, first.found_by) for n in range(200)
    ]
    folder = tmp_path_factory.mktemp("twenty-shards")
    make_store(folder, pictures)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOLDERS)
def test_killed_again_and_again_it_goes_on_and_ends_with_the_same_bytes(
    cli: RunCli, twenty_shards: Path, tmp_path: Path, kind: str
) -> None:
    options = ["--out", str(twenty_shards), "--format", kind, "--shard-size", "1", "--name", "x"]
    assert cli("export", str(tmp_path / "undisturbed"), *options).returncode == 0
    target = tmp_path / "killed"
    journal = target / FOLDER / "journal.jsonl"
    kills = 0
    for least in (0, 1, 2):
        process = warm.start(
            ["export", str(target), *options],
            env=environment({}),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        while process.poll() is None and lines_in(journal) <= least:
            time.sleep(0.002)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
    assert kills
    done = cli("export", str(target), *options)
    assert done.returncode == 0, done.stderr
    assert tree(target) == tree(tmp_path / "undisturbed")


def lines_in(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


@pytest.mark.slow
def test_a_store_on_s3_is_exported_as_one_in_a_folder(cli: RunCli, tmp_path: Path, s3: S3) -> None:
    pictures = [picture(seed, (WHIPPET, DAISY)[seed % 2]) for seed in range(12)]
    make_store(tmp_path / "store", pictures)
    options = s3_options(s3, "exported")
    names = ("url", "endpoint", "region", "access_key_id")
    address = StoreAddress(*(str(options[f"store.{name}"]) for name in names), Secret(s3.secret_key))
    fill(Objects(address), pictures)
    more = ("--format", "webdataset", "--split", "test=0.3", "--name", "x")
    here = cli("export", str(tmp_path / "here"), "--out", str(tmp_path / "store"), *more)
    there = cli("export", str(tmp_path / "there"), *more, options=options)
    assert here.returncode == there.returncode == 0, here.stderr + there.stderr
    assert tree(tmp_path / "here") == tree(tmp_path / "there")


@pytest.mark.parametrize("scaled", [(), ("--max-side", "64")])
def test_files_that_were_deleted_or_cut_off_are_written_again(
    cli: RunCli, tmp_path: Path, scaled: tuple[str, ...]
) -> None:
    make_store(tmp_path / "store", [picture(seed, WHIPPET) for seed in range(4)])
    command = ("export", str(tmp_path / "to"), "--out", str(tmp_path / "store"), "--format", "imagefolder", *scaled)
    assert cli(*command).returncode == 0
    whole = tree(tmp_path / "to")
    gone, cut, link, _ = sorted((tmp_path / "to" / "train" / WHIPPET).iterdir())
    gone.unlink()
    cut.write_bytes(b"")
    link.unlink()
    link.symlink_to(tmp_path / "elsewhere")
    again = cli(*command)
    assert again.returncode == 1, "what is no file of ours is not written through"
    assert not (tmp_path / "elsewhere").exists()
    link.unlink()
    again = cli(*command)
    assert again.returncode == 0, again.stderr
    assert tree(tmp_path / "to") == whole


@pytest.mark.parametrize("inside", ["manifests/x", "candidates", "blobs/ab", "verified/n02091134"])
def test_nothing_is_exported_into_what_the_store_holds(cli: RunCli, tmp_path: Path, inside: str) -> None:
    make_store(tmp_path / "store", [picture(1)])
    before = tree(tmp_path / "store")
    done = cli("export", str(tmp_path / "store" / inside), "--out", str(tmp_path / "store"), "--format", "csv")
    assert done.returncode == 2
    assert "is among what the store itself holds" in done.stderr
    assert tree(tmp_path / "store") == before
