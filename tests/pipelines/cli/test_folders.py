"""``dedupe``, ``match``, ``fingerprint`` and ``calibrate`` as a user runs them."""

import contextlib
import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageOps

from tests import warm
from tests.conftest import RunCli, command, environment
from tests.dedupe.pictures import encoded, photograph, scene

RunFolders = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(cli: RunCli, tmp_path: Path) -> RunFolders:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return cli(*arguments, "--cache", str(tmp_path / "cache.db"))

    return run


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two pictures with copies, one without, and what is no image."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    for seed in (1, 2, 3):
        (folder / f"{seed}.jpg").write_bytes(encoded(scene(seed), "JPEG", quality=90))
    (folder / "sub" / "1-mirrored.webp").write_bytes(encoded(ImageOps.mirror(scene(1)).resize((200, 150)), "WEBP"))
    (folder / "1-grey.png").write_bytes(encoded(scene(1).convert("L").resize((160, 120)), "PNG"))
    (folder / "2-same.jpg").write_bytes((folder / "2.jpg").read_bytes())
    (folder / "cut.jpg").write_bytes((folder / "3.jpg").read_bytes()[:3_000])
    (folder / "notes.txt").write_text("hello")
    return folder


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_dedupe_says_what_to_keep_and_changes_nothing(run: RunFolders, photos: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in photos.rglob("*"))
    done = run("dedupe", str(photos), "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    found = {Path(row["path"]).name: (row["group"], row["keep"], row["kind"]) for row in rows(done.stdout)}
    assert found == {
        "1.jpg": (1, True, None),
        "1-mirrored.webp": (1, False, "near"),
        "1-grey.png": (1, False, "near"),
        "2-same.jpg": (2, True, None),
        "2.jpg": (2, False, "exact"),
    }
    assert {row["transform"] for row in rows(done.stdout)} == {None, "mirrored", "identity"}
    assert "6 images (0 known from before): 3 to keep, 3 copies in 2 groups" in done.stderr
    assert re.search(r"cut.jpg: truncated image: ", done.stderr)
    assert "1 other file, not images (`-v` names them)" in done.stderr
    assert sorted((path, path.stat().st_mtime_ns) for path in photos.rglob("*")) == before
    assert "6 images (6 known from before)" in run("dedupe", str(photos)).stderr


def test_what_has_the_name_of_an_image_and_is_none_is_named_and_the_rest_if_asked(
    run: RunFolders, photos: Path
) -> None:
    (photos / "empty.jpg").touch()
    (photos / "junk.PNG").write_text("junk")
    done = run("dedupe", str(photos))
    assert f"  {photos / 'empty.jpg'}: not an image: empty\n" in done.stderr
    assert f"  {photos / 'junk.PNG'}: not an image of a known format\n" in done.stderr
    assert "notes.txt" not in done.stderr
    assert (
        f"1 other file, not images:\n  {photos / 'notes.txt'}: not an image" in run("dedupe", "-v", str(photos)).stderr
    )


def test_the_file_that_something_is_a_copy_of_is_the_one_that_it_was_compared_with(
    run: RunFolders, tmp_path: Path
) -> None:
    folder = tmp_path / "twins"
    folder.mkdir()
    (folder / "best.png").write_bytes(encoded(scene(1), "PNG"))
    for name in ("small.jpg", "twin.jpg"):
        (folder / name).write_bytes(encoded(scene(1).resize((160, 120)), "JPEG"))
    found = {Path(row["path"]).name: row for row in rows(run("dedupe", str(folder), "--format", "jsonl").stdout)}
    assert {name: (row["kind"], row["of"] and Path(row["of"]).name) for name, row in found.items()} == {
        "best.png": (None, None),
        "small.jpg": ("near", "best.png"),
        "twin.jpg": ("exact", "small.jpg"),
    }
    table = [line.split() for line in run("dedupe", str(folder)).stdout.splitlines()]
    assert [line[-1] for line in table[1:]] == [str(folder / name) for name in ("best.png", "small.jpg", "small.jpg")]


@pytest.fixture
def latin(photos: Path) -> Path:
    """A folder with a name that is no UTF-8."""
    (photos / os.fsdecode(b"caf\xe9.jpg")).write_bytes(encoded(scene(7), "JPEG"))
    return photos


def test_a_name_that_is_no_utf_8_is_known_from_before_as_any_other(run: RunFolders, latin: Path) -> None:
    first = run("dedupe", str(latin))
    assert "7 images (0 known from before)" in first.stderr
    assert "the cache" not in first.stderr
    assert "7 images (7 known from before)" in run("dedupe", str(latin)).stderr


def screen_of(
    arguments: Sequence[str], start: Callable[..., "subprocess.Popen[Any]"] = warm.start, **options: Any
) -> tuple[int, bytes]:
    """Run a command on a terminal, and give its status and all that was written there."""
    ours, theirs = pty.openpty()
    where = {"stdin": theirs, "stdout": theirs, "stderr": theirs} | options
    process = start(arguments, env=environment({}) | {"TERM": "xterm", "COLUMNS": "80"}, **where)
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # the other end is closed
        while more := os.read(ours, 65_536):
            said += more
    os.close(ours)
    return process.wait(300), said


def test_rows_on_a_terminal_stand_on_lines_of_their_own(photos: Path) -> None:
    arguments = ["match", str(photos), "--against", str(photos), "--no-cache", "--format", "jsonl"]
    status, said = screen_of(arguments)
    assert status == 0, said
    before_rows = [line[: line.index(b'{"query"')] for line in said.splitlines() if b'{"query"' in line]
    assert len(before_rows) == 8
    # The bar has been wiped off its line: after the last of it, nothing but commands to the terminal.
    assert [re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", re.split(rb"\x1b\[2K", line)[-1]) for line in before_rows] == [
        b""
    ] * 8


def test_a_bar_on_the_terminal_takes_no_data_out_of_a_pipe(photos: Path, tmp_path: Path) -> None:
    arguments = ["match", str(photos), "--against", str(photos), "--no-cache", "--format", "jsonl"]
    with (tmp_path / "rows.jsonl").open("wb") as file:
        status, said = screen_of(arguments, stdout=file)
    assert status == 0, said
    assert len(rows((tmp_path / "rows.jsonl").read_text())) == 8
    assert b'"query"' not in said


def test_a_log_line_stands_above_the_bar() -> None:
    code = (
        "import logging\n"
        "from synsift.pipelines.logs import set_up_logging\n"
        "from synsift.pipelines.cli.scanning import progress\n"
        "set_up_logging('INFO')\n"
        "with progress('counted', 3) as advance:\n"
        "    advance(1)\n"
        "    logging.getLogger('a').warning('this is logged')\n"
        "    advance(2)\n"
    )
    status, said = screen_of([sys.executable, "-c", code], subprocess.Popen)
    assert status == 0, said
    line = next(line for line in said.splitlines() if b"this is logged" in line)
    assert b"counted" not in re.split(rb"\x1b\[2K", line)[-1], line


def test_dedupe_prints_csv_and_a_table(run: RunFolders, photos: Path, tmp_path: Path) -> None:
    found = list(csv.DictReader(io.StringIO(run("dedupe", str(photos), "--format", "csv").stdout)))
    assert [row["group"] for row in found] == ["1", "1", "1", "2", "2"]
    assert found[0].keys() >= {"path", "keep", "kind", "distance", "transform", "of", "sha256"}
    table = run("dedupe", str(photos)).stdout
    assert re.search(r"1 +near \d+ mirrored +200×150 WEBP", table)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.jpg").write_bytes((photos / "1.jpg").read_bytes())
    alone = run("dedupe", str(tmp_path / "one"), "--format", "csv")
    assert alone.stdout.startswith("group,keep,path")
    assert alone.returncode == 0


def test_decoders_do_not_print_past_the_list_of_unreadable_files(run: RunFolders, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    data = bytearray(encoded(scene(1), "TIFF", compression="tiff_adobe_deflate"))
    data[30:230] = bytes(200)
    (folder / "broken.tiff").write_bytes(data)
    (folder / "fine.jpg").write_bytes(encoded(scene(2), "JPEG"))
    lines = run("dedupe", str(folder)).stderr.splitlines()
    assert [line for line in lines if "broken.tiff: corrupt image" in line]
    assert len(lines) == 4  # no copies, the counts, one unreadable, and which


def test_dedupe_says_what_is_too_plain(run: RunFolders, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    for name, level in (("a.png", 250), ("b.png", 0), ("c.png", 250)):
        (folder / name).write_bytes(encoded(Image.new("L", (90, 90), level), "PNG"))
    done = run("dedupe", str(folder), "--format", "csv")
    assert "2 to keep, 1 copy in 1 group, 3 too plain to compare but by their bytes" in done.stderr
    assert ",exact," in done.stdout


def test_dedupe_moves_copies_and_writes_down_from_where(run: RunFolders, photos: Path, tmp_path: Path) -> None:
    target = tmp_path / "copies"
    (target / "sub").mkdir(parents=True)
    (target / "sub" / "1-mirrored.webp").write_text("was here before")
    done = run("dedupe", str(photos), "--move", str(target))
    assert done.returncode == 0, done.stderr
    assert "3 copies moved" in done.stderr
    assert sorted(path.name for path in photos.rglob("*.*")) == ["1.jpg", "2-same.jpg", "3.jpg", "cut.jpg", "notes.txt"]
    assert (target / "sub" / "1-mirrored.webp").read_text() == "was here before"
    journal = rows((target / "moved.jsonl").read_text())
    assert len(journal) == 3
    for line in journal:  # and so it is undone
        Path(line["to"]).rename(line["from"])
        assert Path(line["kept"]).exists()
    assert "2 groups" in run("dedupe", str(photos)).stderr


def test_dedupe_links_what_is_kept(run: RunFolders, photos: Path, tmp_path: Path) -> None:
    target = tmp_path / "clean"
    assert "3 files linked" in run("dedupe", str(photos), "--link", str(target)).stderr
    assert sorted(path.name for path in target.iterdir()) == ["1.jpg", "2-same.jpg", "3.jpg"]
    assert (target / "1.jpg").samefile(photos / "1.jpg")
    assert "0 files linked" in run("dedupe", str(photos), "--link", str(target)).stderr


def test_dedupe_rejects_what_is_near_to_a_reference(run: RunFolders, photos: Path, tmp_path: Path) -> None:
    split = tmp_path / "split"
    split.mkdir()
    (split / "test.png").write_bytes(encoded(scene(1).resize((100, 75)), "PNG"))
    for kind in ("jsonl", "parquet"):
        made = run("fingerprint", str(split), "--format", kind, "--out", str(tmp_path / f"set.{kind}"))
        assert made.returncode == 0, made.stderr
    found = []
    for reference in (split, tmp_path / "set.jsonl", tmp_path / "set.parquet"):
        done = run("dedupe", str(photos), "--reference", str(reference), "--format", "jsonl")
        assert "3 near to a reference" in done.stderr, done.stderr
        found.append([row for row in rows(done.stdout) if row["kind"] == "reference"])
        assert {Path(row["of"]).name for row in found[-1]} == {"test.png"}
    assert found[0] == found[1] == found[2]


def test_a_report_shows_the_groups_and_needs_nothing_else(run: RunFolders, photos: Path, tmp_path: Path) -> None:
    (photos / "<script>alert(1)<b>.jpg").write_bytes(encoded(scene(3).resize((200, 150)), "JPEG"))
    report = tmp_path / "report.html"
    done = run("dedupe", str(photos), "--report", str(report))
    assert done.returncode == 0, done.stderr
    page = report.read_text()
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert sorted(len(group["items"]) for group in data["groups"]) == [2, 2, 3]
    pictures = page.partition('id="pictures-0">')[2].partition("</script>")[0].split("\n")
    assert len([picture for picture in pictures if picture]) == 7
    assert "<script>alert" not in page
    assert "alert(1)" in page
    assert "http" not in page.replace("http-equiv", "")


def test_match_has_a_line_for_every_query(run: RunFolders, photos: Path, tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.mkdir()
    (known / "one.jpg").write_bytes(encoded(scene(1), "JPEG", quality=95))
    (known / "two.jpg").write_bytes((photos / "2.jpg").read_bytes())
    done = run("match", str(photos), "--against", str(known), "--format", "jsonl")
    found = {Path(row["query"]).name: row for row in rows(done.stdout)}
    assert {name: (row["kind"], row["match"] and Path(row["match"]).name) for name, row in found.items()} == {
        "1.jpg": ("near", "one.jpg"),
        "1-mirrored.webp": ("near", "one.jpg"),
        "1-grey.png": ("near", "one.jpg"),
        "2.jpg": ("exact", "two.jpg"),
        "2-same.jpg": ("exact", "two.jpg"),
        "3.jpg": ("new", None),
        "cut.jpg": ("unreadable", None),
        "notes.txt": ("unreadable", None),
    }
    assert all(list(row) == ["query", "match", "kind", "distance", "transform"] for row in found.values())
    assert found["1-mirrored.webp"]["transform"] == "mirrored"
    assert found["3.jpg"]["distance"] is None


def test_fingerprint_prints_what_is_known_of_an_image(run: RunFolders, photos: Path) -> None:
    (row,) = rows(run("fingerprint", str(photos / "1.jpg"), "--format", "jsonl").stdout)
    assert (row["width_px"], row["height_px"], row["format"], row["quality"]) == (320, 240, "JPEG", 90)
    assert re.fullmatch(r"[0-9a-f]{16}", row["phash"])
    assert row["fingerprint"].startswith("4:")
    assert "320×240" in run("fingerprint", str(photos / "1.jpg")).stdout


@pytest.mark.parametrize("command", ["dedupe", "match", "fingerprint", "calibrate"])
def test_the_limit_of_pixels_is_an_option(run: RunFolders, tmp_path: Path, command: str) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for seed, size in ((1, (320, 240)), (2, (160, 120)), (3, (160, 121))):
        (folder / f"{seed}.png").write_bytes(encoded(scene(seed, size), "PNG"))
    more = ("--against", str(folder / "2.png")) if command == "match" else ()
    small = run(command, str(folder), *more, "--max-pixels", "20000")
    assert small.returncode == 0, small.stderr
    words = " ".join(small.stderr.split())
    assert f"{folder}/1.png: too many pixels:" in words
    assert "hint: `--max-pixels N` reads larger images" in words
    assert "too many pixels" not in run(command, str(folder), *more, "--set", "fetch.max_pixels=80000").stderr
    assert run(command, str(folder), *more, "--max-pixels", "0").returncode == 2


def test_calibrate_proposes_a_threshold(run: RunFolders, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for seed in range(6):
        (folder / f"{seed}.jpg").write_bytes(encoded(scene(seed), "JPEG"))
    done = run("calibrate", str(folder), "--sample", "4", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    assert sum(row["proposed"] != "" for row in rows(done.stdout)) == 1
    assert re.search(r"SYNSIFT_DEDUPE__SIMILARITY=0\.\d+", done.stderr)
    assert "4 of 6 images copied, 235 pairs of different ones compared" in done.stderr
    assert "no value is shown to stay below 1e-06 false matches a pair" in done.stderr


def test_calibrate_shows_what_looks_alike_believes_a_person_and_writes_the_value(
    run: RunFolders, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    plain = photograph(3, (320, 240))
    spoilt = plain.copy()
    ImageDraw.Draw(spoilt).ellipse((60, 60, 170, 170), fill=(200, 30, 40))
    for name, picture in (("plain", plain), ("spoilt", spoilt), ("other", photograph(5, (320, 240)))):
        (folder / f"{name}.png").write_bytes(encoded(picture, "PNG"))
    done = run("calibrate", str(folder), "--sample", "1", "--report", "pairs.html", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    assert rows(done.stdout)[0]["unsure"] == 1
    assert "1 pair of your images looks alike and counts as false" in done.stderr
    page = (tmp_path / "cwd" / "pairs.html").read_text()
    assert page.count("<img ") == 2
    line = re.search(r"<code>([0-9a-f]{64} [0-9a-f]{64})</code>", page)
    assert line is not None

    (tmp_path / "cwd" / "pairs.txt").write_text(line[1] + "\n")
    config = tmp_path / "cwd" / "synsift.toml"
    config.write_text("# mine\n[fetch]\ndelay_s = 3 # slowly\n")
    judged = ("calibrate", str(folder), "--sample", "1", "--judged", "--format", "jsonl")
    done = run(*judged, "--not-copies", "pairs.txt", "--apply")
    assert done.returncode == 0, done.stderr
    assert (rows(done.stdout)[0]["false_matches"], rows(done.stdout)[0]["unsure"]) == (1, 0)
    (proposed,) = (row["similarity"] for row in rows(done.stdout) if row["proposed"])
    assert config.read_text().startswith("# mine\n[fetch]\ndelay_s = 3 # slowly\n\n[dedupe]\n")
    assert tomllib.loads(config.read_text())["dedupe"] == {"similarity": float(proposed)}
    assert "set dedupe.similarity" in done.stderr

    config.write_text("dedupe = {batch = 3}\n")
    refused = run(*judged, "--apply")
    assert (refused.returncode, refused.stdout) == (2, "")  # before anything is measured
    assert "by hand" in refused.stderr
    assert config.read_text() == "dedupe = {batch = 3}\n"


def test_calibrate_says_what_stands_above_the_value_that_it_wrote(cli: RunCli, photos: Path) -> None:
    done = cli("calibrate", str(photos), "--sample", "1", "--no-cache", "--apply", options={"dedupe.similarity": 0.99})
    assert done.returncode == 0, done.stderr
    assert "SYNSIFT_DEDUPE__SIMILARITY stands above the file: dedupe.similarity is 0.99 until it is unset" in " ".join(
        done.stderr.split()
    )


def test_calibrate_looks_through_copies_if_asked(run: RunFolders, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for seed in range(2):
        (folder / f"{seed}.jpg").write_bytes(encoded(photograph(seed, (400, 300)), "JPEG"))
    done = run(
        "calibrate", str(folder), "--sample", "1", "--thorough", "--format", "jsonl", "--set", "dedupe.radius_bits=0"
    )
    assert done.returncode == 0, done.stderr
    found = rows(done.stdout)[0]
    assert float(found["recall"]) < 0.5 < 0.9 < float(found["thorough"])
    assert "and with `--thorough`" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("dedupe", "nowhere"), "there is no file or folder `nowhere`"),
        (("match", ".", "--against", "nowhere"), "there is no file or folder `nowhere`"),
        (("dedupe", ".", "--link", "a", "--move", "b"), "choose one"),
        (("dedupe", ".", "--move", "inside"), "inside of `.`, which is searched"),
        (("fingerprint", ".", "--format", "parquet"), "name it with `--out FILE`"),
        (("match", ".", "--against", "bad.jsonl"), "bad.jsonl, line 1: there is no `fingerprint`"),
        (("match", ".", "--against", "worse.jsonl"), "worse.jsonl, line 1: not JSON"),
        (("match", ".", "--against", "old.jsonl"), "old.jsonl, line 1: fingerprint of version '1'"),
        (("match", ".", "--against", "broken.parquet"), "broken.parquet"),
    ],
)
def test_wrong_use_is_told_what_is_wrong(
    run: RunFolders, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    folder = tmp_path / "cwd"
    (folder / "bad.jsonl").write_text('{"a": 1}\n')
    (folder / "worse.jsonl").write_text("[")
    (folder / "old.jsonl").write_text('{"fingerprint": "1:AAAA"}\n')
    (folder / "broken.parquet").write_text("PAR1")
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr, done.stderr


def test_a_folder_without_images_fails(run: RunFolders, tmp_path: Path) -> None:
    done = run("dedupe", str(tmp_path / "cwd"))
    assert (done.returncode, done.stdout) == (1, "")


def test_ctrl_c_keeps_what_was_done(tmp_path: Path) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    data = [encoded(scene(seed, size=(1600, 1200)), "PNG", compress_level=1) for seed in range(6)]
    for number in range(240):
        (folder / f"{number:03d}.png").write_bytes(data[number % 6])
    arguments = ["dedupe", str(folder), "--cache", str(tmp_path / "cache.db"), "--jobs", "1"]
    process = warm.start(arguments, env=environment({}), stderr=subprocess.PIPE)
    cache = tmp_path / "cache.db-wal"
    while process.poll() is None and not (cache.exists() and cache.stat().st_size > 100_000):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 1, stderr
    assert "what was done is kept" in stderr
    assert "Traceback" not in stderr, stderr
    again = warm.run(arguments, env=environment({}), check=True)
    known = re.search(r"240 images \((\d+) known from before\): 6 to keep", again.stderr)
    assert known is not None, again.stderr
    assert int(known[1]) > 0


def test_ctrl_c_of_a_terminal_reaches_all_processes_and_is_said_once(tmp_path: Path) -> None:
    """A terminal sends it to the whole group: also to processes that are being started, and have nothing to say."""
    folder = tmp_path / "large"
    folder.mkdir()
    data = encoded(scene(1, size=(1600, 1200)), "PNG", compress_level=1)
    for number in range(120):
        (folder / f"{number:03d}.png").write_bytes(data)
    process = subprocess.Popen(
        command("dedupe", str(folder), "--no-cache", "--jobs", "2"),
        env=environment({}), stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip

    def has_helpers() -> bool:
        return bool(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())

    while process.poll() is None and not has_helpers():
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 1, stderr
    assert "interrupted" in stderr
    assert "Traceback" not in stderr, stderr


def test_what_the_user_calls_part_stays_the_users(run: RunFolders, photos: Path, tmp_path: Path) -> None:
    mine = tmp_path / "copies.html.part"
    mine.write_text("mine")
    assert run("dedupe", str(photos), "--report", str(tmp_path / "copies.html")).returncode == 0
    assert mine.read_text() == "mine"
    assert not list(tmp_path.glob(".copies.html.*"))


def test_a_reference_of_the_configuration_counts(run: RunFolders, photos: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.jsonl"
    known.write_text(run("fingerprint", str(photos / "1.jpg"), "--format", "jsonl").stdout)
    done = run("dedupe", str(photos), "--set", f"dedupe.reference={known}", "--format", "jsonl")
    assert any(row["kind"] == "reference" for row in rows(done.stdout))
    assert run("dedupe", str(photos), "--set", "dedupe.reference=nothing.parquet").returncode == 2


def test_fingerprints_of_files_with_odd_names_are_written_as_parquet(run: RunFolders, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.jpg")).write_bytes(encoded(scene(1), "JPEG"))
    done = run("fingerprint", str(folder), "--format", "parquet", "--out", str(tmp_path / "set.parquet"))
    assert done.returncode == 0, done.stderr
    assert "0 files" not in run("match", str(folder), "--against", str(tmp_path / "set.parquet")).stderr


@pytest.mark.parametrize(
    ("form", "kinds"), [("imagehash", ("phash", "dhash")), ("md5", ("md5",)), ("sha256", ("sha256",))]
)
def test_hashes_for_others_are_written_and_lists_of_them_are_read(
    run: RunFolders, photos: Path, tmp_path: Path, form: str, kinds: tuple[str, ...]
) -> None:
    listed = tmp_path / "hashes.csv"
    done = run("fingerprint", str(photos / "2.jpg"), "--format", form, "--out", str(listed))
    assert done.returncode == 0, done.stderr
    (row,) = csv.DictReader(listed.read_text().splitlines())
    assert tuple(row) == (*kinds, "path")
    shown = run("fingerprint", str(photos / "2.jpg"), "--format", form)
    assert shown.stdout.splitlines() == listed.read_text().splitlines()
    done = run("match", str(photos), "--against", str(listed), "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    found = {Path(row["query"]).name: (row["kind"], row["match"]) for row in rows(done.stdout) if row["match"]}
    assert found == {name: (kinds[0], str(photos / "2.jpg")) for name in ("2.jpg", "2-same.jpg")}
    done = run("dedupe", str(photos), "--reference", str(listed), "--format", "jsonl")
    rejected = {Path(row["path"]).name: row["of"] for row in rows(done.stdout) if row["kind"] == "reference"}
    assert rejected == {name: str(photos / "2.jpg") for name in ("2.jpg", "2-same.jpg")}
    assert "2 near to a reference" in done.stderr


def test_a_denied_picture_is_named_and_shown_nowhere(run: RunFolders, photos: Path, tmp_path: Path) -> None:
    listed, page = tmp_path / "deny.csv", tmp_path / "page.html"
    assert (
        run("fingerprint", str(photos / "1.jpg"), "--format", "jsonl", "--out", str(tmp_path / "d.jsonl")).returncode
        == 0
    )
    assert run("fingerprint", str(photos / "2.jpg"), "--format", "md5", "--out", str(listed)).returncode == 0
    deny = f'dedupe.deny=["{listed}", "{tmp_path / "d.jsonl"}"]'
    done = run("dedupe", str(photos), "--report", str(page), "--set", deny, "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    for name in ("1.jpg", "1-grey.png", "1-mirrored.webp", "2.jpg", "2-same.jpg"):
        assert re.search(rf"{re.escape(name)}: denied: within \d+ bits", done.stderr), name
    assert "1 image (" in done.stderr
    assert "data:image" not in page.read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing,here\n", "is neither a hash nor a header of one"),
        ("pdq\nabc\n", "line 2: `abc` is no pdq hash"),
        (f"{'a' * 64}\n", "pdq:"),
    ],
)
def test_a_list_that_cant_be_read_is_wrong_use(
    run: RunFolders, photos: Path, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "list.csv").write_text(text)
    done = run("match", str(photos), "--against", str(tmp_path / "list.csv"))
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


def kept(run: RunFolders, photos: Path, *options: str) -> dict[int, str]:
    done = run("dedupe", str(photos), "--format", "jsonl", *options)
    assert done.returncode == 0, done.stderr
    found = rows(done.stdout)
    assert sum(row["keep"] for row in found) == len({row["group"] for row in found})
    return {row["group"]: Path(row["path"]).name for row in found if row["keep"]}


def test_a_person_chooses_by_rules_which_copy_is_kept(run: RunFolders, photos: Path) -> None:
    for number, name in enumerate(("1.jpg", "sub/1-mirrored.webp", "1-grey.png", "2.jpg", "2-same.jpg")):
        os.utime(photos / name, (1_000_000 + number, 1_000_000 + number))
    os.utime(photos / "1-grey.png", (500_000, 500_000))
    assert kept(run, photos) == {1: "1.jpg", 2: "2-same.jpg"}
    assert kept(run, photos, "--keep", "oldest") == {1: "1-grey.png", 2: "2.jpg"}
    assert kept(run, photos, "--keep", "newest") == {1: "1-mirrored.webp", 2: "2-same.jpg"}
    assert kept(run, photos, "--keep", f"folder:{photos / 'sub'}", "--keep", "oldest") == {
        1: "1-mirrored.webp",
        2: "2.jpg",
    }
    assert kept(run, photos, "--keep", "largest") == {1: "1.jpg", 2: "2-same.jpg"}
    for rule, says in (("nicest", "takes best, largest"), (f"folder:{photos / 'none'}", "there is no such folder")):
        done = run("dedupe", str(photos), "--keep", rule)
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr


def test_mirrored_images_are_no_copies_where_that_is_not_wanted(run: RunFolders, photos: Path) -> None:
    done = run("dedupe", str(photos), "--no-mirror", "--format", "jsonl")
    assert "1-mirrored.webp" not in done.stdout
    assert "1-grey.png" in done.stdout


def test_pairs_that_a_person_judged_are_never_copies_again(run: RunFolders, photos: Path, tmp_path: Path) -> None:
    hashes = {
        Path(row["path"]).name: row["sha256"] for row in rows(run("dedupe", str(photos), "--format", "jsonl").stdout)
    }
    judged = tmp_path / "judged.txt"
    judged.write_text(f"{hashes['1.jpg']} {hashes['1-grey.png']}  # another photographer\n")
    found = run("dedupe", str(photos), "--not-copies", str(judged), "--format", "jsonl").stdout
    groups = {Path(row["path"]).name: row["group"] for row in rows(found)}
    assert groups.get("1-grey.png") != groups.get("1.jpg") or "1-grey.png" not in groups
    found = run(
        "match",
        str(photos / "1-grey.png"),
        "--against",
        str(photos / "1.jpg"),
        "--not-copies",
        str(judged),
        "--format",
        "jsonl",
    )
    assert rows(found.stdout)[0]["kind"] == "new"
    judged.write_text("1.jpg 1-grey.png\n")
    done = run("dedupe", str(photos), "--not-copies", str(judged))
    assert done.returncode == 2
    assert "line 1: two SHA-256 stand in a line" in done.stderr


@pytest.mark.parametrize("name", ["set.phash", "set.dhash", "set.imagehash", "set.pdq", "set.sha256"])
def test_a_list_is_read_by_the_name_of_its_kind(run: RunFolders, photos: Path, tmp_path: Path, name: str) -> None:
    made = tmp_path / name
    kind = made.suffix[1:]
    if kind != "sha256":
        pytest.importorskip("pdqhash" if kind == "pdq" else "imagehash")
    assert run("fingerprint", str(photos / "3.jpg"), "--format", kind, "--out", str(made)).returncode == 0
    done = run("match", str(photos / "3.jpg"), "--against", str(made), "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    assert [row["kind"] for row in rows(done.stdout)] != ["new"]


@pytest.mark.parametrize("command", [("match", "--against"), ("dedupe", "--reference")])
def test_what_is_to_be_compared_with_and_is_nothing_is_said(
    run: RunFolders, photos: Path, tmp_path: Path, command: tuple[str, str]
) -> None:
    verb, option = command
    for name, data in (("hashes.lst", b"phash,path\n"), ("photo.jpg", b"\xff\xd8\xff damaged, as it seems")):
        (tmp_path / name).write_bytes(data)
        done = run(verb, str(photos / "1.jpg"), option, str(tmp_path / name))
        assert done.returncode == 2, done.stderr
        assert name in done.stderr
        assert "neither an image that can be read nor a file of fingerprints" in " ".join(done.stderr.split())
    (tmp_path / "empty").mkdir()
    done = run(verb, str(photos / "1.jpg"), option, str(tmp_path / "empty"))
    assert done.returncode == 2
    assert "has no images to compare with hint: name a folder with images" in " ".join(done.stderr.split())


@pytest.mark.parametrize("form", ["jsonl", "csv", "sha256"])
def test_an_output_that_is_full_is_no_out_of_nobody(photos: Path, form: str) -> None:
    """``--out None`` was said to be full."""
    words = " ".join(command("fingerprint", str(photos / "1.jpg"), "--no-cache", "--format", form))
    done = subprocess.run(
        ["bash", "-c", f"{words} > /dev/full"], env=environment({}), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "synsift: the output: No space left on device\nhint: free some space" in done.stderr
    assert "None" not in done.stderr


def test_a_picture_of_a_format_that_is_not_read_is_called_by_it(run: RunFolders, tmp_path: Path) -> None:
    (tmp_path / "a.jp2").write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100))
    done = run("dedupe", str(tmp_path))
    said = " ".join(done.stderr.split())
    assert "a JPEG 2000 picture, which isn't read; JPEG, PNG, WEBP," in said
    assert "not an image" not in said


def test_pairs_that_look_alike_are_counted_in_good_english(run: RunFolders, tmp_path: Path) -> None:
    for seed in (3, 4):
        plain = photograph(seed, (320, 240))
        (tmp_path / f"{seed}.png").write_bytes(encoded(plain, "PNG"))
        ImageDraw.Draw(plain).ellipse((60, 60, 170, 170), fill=(200, 30, 40))
        (tmp_path / f"{seed}-spoilt.png").write_bytes(encoded(plain, "PNG"))
    done = run("calibrate", str(tmp_path), "--sample", "1", "--format", "jsonl")
    said = "2 pairs of your images look alike and count as false: look at them (`--report`)"
    assert said in " ".join(done.stderr.split()), done.stderr


def test_a_folder_to_keep_is_named(run: RunFolders, photos: Path) -> None:
    done = run("dedupe", str(photos), "--keep", "folder:")
    assert done.returncode == 2
    assert "`--keep folder:` names no folder hint: for example" in " ".join(done.stderr.split())


def test_a_set_takes_the_place_of_no_picture(run: RunFolders, photos: Path) -> None:
    before = (photos / "3.jpg").read_bytes()
    done = run("fingerprint", str(photos), "--format", "jsonl", "--out", str(photos / "3.jpg"))
    assert done.returncode == 2
    assert "is a picture" in done.stderr
    assert (photos / "3.jpg").read_bytes() == before


@pytest.mark.parametrize("form", ["jsonl", "parquet", "sha256"])
def test_where_no_images_are_an_earlier_set_stays(run: RunFolders, photos: Path, tmp_path: Path, form: str) -> None:
    (tmp_path / "empty").mkdir()
    target = tmp_path / f"set.{form}"
    assert run("fingerprint", str(photos), "--format", form, "--out", str(target)).returncode == 0
    before = target.read_bytes()
    done = run("fingerprint", str(tmp_path / "empty"), "--format", form, "--out", str(target))
    assert done.returncode == 1
    assert "no images" in done.stderr
    assert target.read_bytes() == before
