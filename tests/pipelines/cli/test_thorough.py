"""``dedupe --thorough`` and ``match --thorough`` as a user runs them."""

import contextlib
import hashlib
import importlib.util
import itertools
import json
import os
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

from tests.conftest import RunCli, missing
from tests.dedupe.local.scenes import busy
from tests.dedupe.local.test_state import record
from tests.dedupe.pictures import encoded
from tests.pipelines.cli.test_leaks import packed

WITHOUT_OPENCV = "import sys; sys.modules['cv2'] = None\n"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two photographs with edits that hashes can't see through, and others."""
    if importlib.util.find_spec("cv2") is None:
        missing("opencv-python-headless isn't installed")
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(18):
        (folder / f"{seed:02}.jpg").write_bytes(encoded(busy(seed), "JPEG", quality=92))
    turned = busy(1).rotate(33, expand=True)
    ground = busy(50, (600, 450))
    ground.paste(busy(3).resize((240, 180)), (40, 200))
    made: dict[str, Image.Image] = {
        "01-turned": turned,
        "02-part": busy(2).crop((90, 70, 270, 205)),
        "03-pasted": ground,
        "04-mirrored-and-turned": ImageOps.mirror(busy(4)).rotate(20, expand=True),
    }
    for name, image in made.items():
        (folder / f"{name}.jpg").write_bytes(encoded(image, "JPEG", quality=85))
    return folder


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def told(found: list[dict[str, Any]]) -> dict[str, tuple[str, bool, str]]:
    return {Path(row["path"]).name: (row["kind"], row["keep"], Path(row["of"]).name) for row in found if row["of"]}


def test_hashes_leave_apart_what_thorough_joins_and_relations_remove_nothing(cli: RunCli, photos: Path) -> None:
    assert rows(cli("dedupe", str(photos), "--no-cache", "--format", "jsonl")) == []
    found = told(rows(cli("dedupe", str(photos), "--no-cache", "--format", "jsonl", "--thorough")))
    copies = {name: row for name, row in found.items() if not row[1]}
    assert {frozenset((name, row[2])) for name, row in copies.items()} == {
        frozenset(("01.jpg", "01-turned.jpg")),
        frozenset(("04.jpg", "04-mirrored-and-turned.jpg")),
    }
    assert {row[0] for row in copies.values()} == {"copy"}
    kept = {frozenset((name, row[2])): (name, row[0]) for name, row in found.items() if row[1]}
    part = kept.pop(frozenset(("02.jpg", "02-part.jpg")))
    assert part in {("02.jpg", "contains"), ("02-part.jpg", "part_of")}
    pasted = kept.pop(frozenset(("03.jpg", "03-pasted.jpg")))
    assert pasted in {("03-pasted.jpg", "contains"), ("03.jpg", "part_of")}
    assert not kept


def test_what_is_removed_can_be_chosen(cli: RunCli, photos: Path) -> None:
    options = ("--no-cache", "--format", "jsonl", "--thorough", "--remove", "part_of")
    found = told(rows(cli("dedupe", str(photos), *options)))
    gone = {name: row for name, row in found.items() if not row[1]}
    assert gone == {
        "02-part.jpg": ("part_of", False, "02.jpg"),
        "03.jpg": ("part_of", False, "03-pasted.jpg"),
    }


def test_copies_that_were_seen_through_an_edit_are_moved_and_come_back(
    cli: RunCli, photos: Path, tmp_path: Path
) -> None:
    before = {path.name for path in photos.iterdir()}
    done = cli("dedupe", str(photos), "--no-cache", "--thorough", "--move", str(tmp_path / "moved"))
    assert done.returncode == 0, done.stderr
    assert len(before - {path.name for path in photos.iterdir()}) == 2
    assert "2 of them seen by local features" in " ".join(done.stderr.split())


def test_pairs_that_a_person_judged_and_mirror_images_stay_apart(cli: RunCli, photos: Path, tmp_path: Path) -> None:
    sums = {
        row["path"]: row["sha256"] for row in rows(cli("fingerprint", str(photos), "--no-cache", "--format", "jsonl"))
    }
    pairs = tmp_path / "pairs.txt"
    pairs.write_text(f"{sums[str(photos / '01.jpg')]} {sums[str(photos / '01-turned.jpg')]}\n")
    options = ("--no-cache", "--format", "jsonl", "--thorough", "--not-copies", str(pairs), "--no-mirror")
    assert not [row for row in told(rows(cli("dedupe", str(photos), *options))).values() if not row[1]]


def test_match_says_what_a_query_is_to_what_is_there(cli: RunCli, photos: Path, tmp_path: Path) -> None:
    queries = tmp_path / "queries"
    queries.mkdir()
    for path in photos.glob("*-*.jpg"):
        path.rename(queries / path.name)
    (queries / "unknown.jpg").write_bytes(encoded(busy(99), "JPEG"))
    done = cli("match", str(queries), "--against", str(photos), "--no-cache", "--thorough", "--format", "jsonl")
    found = {Path(row["query"]).name: (row["kind"], row["match"] and Path(row["match"]).name) for row in rows(done)}
    assert found == {
        "01-turned.jpg": ("copy", "01.jpg"),
        "02-part.jpg": ("part_of", "02.jpg"),
        "03-pasted.jpg": ("contains", "03.jpg"),
        "04-mirrored-and-turned.jpg": ("copy", "04.jpg"),
        "unknown.jpg": ("new", None),
    }


def test_without_opencv_it_is_said_before_any_work(
    tmp_path: Path, cli: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_OPENCV)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")])))
    done = cli("dedupe", str(tmp_path), "--thorough")
    assert done.returncode == 2, done.stderr
    assert "pip install 'synsift[thorough]'" in done.stderr
    assert "Traceback" not in done.stderr, done.stderr


def test_what_goes_only_with_thorough_is_wrong_use_without(cli: RunCli, tmp_path: Path) -> None:
    done = cli("dedupe", str(tmp_path), "--remove", "copy")
    assert done.returncode == 2
    assert "hint: add `--thorough`" in done.stderr


def test_what_is_in_a_reference_through_any_edit_is_rejected(cli: RunCli, photos: Path, tmp_path: Path) -> None:
    kept_out = tmp_path / "test-split"
    kept_out.mkdir()
    for name in ("01-turned", "02-part", "05"):
        (photos / f"{name}.jpg").rename(kept_out / f"{name}.jpg")
    options = ("--no-cache", "--format", "jsonl", "--thorough", "--reference", str(kept_out))
    found = {Path(row["path"]).name: row for row in rows(cli("dedupe", str(photos), *options))}
    assert (found["01.jpg"]["kind"], Path(found["01.jpg"]["of"]).name) == ("copy", "01-turned.jpg")
    assert (found["01.jpg"]["keep"], found["01.jpg"]["group"]) == (False, None)
    assert (found["02.jpg"]["kind"], found["02.jpg"]["keep"]) == ("contains", True)
    assert "05.jpg" not in found
    options = (*options, "--remove", "contains")
    found = {Path(row["path"]).name: row for row in rows(cli("dedupe", str(photos), *options))}
    assert (found["02.jpg"]["kind"], found["02.jpg"]["keep"]) == ("contains", False)
    table = cli("dedupe", str(photos), "--no-cache", "--thorough", "--reference", str(kept_out))
    assert "1 near to a reference" in table.stderr
    assert "None" not in table.stdout


def test_a_reference_of_fingerprints_alone_is_compared_by_hashes(cli: RunCli, photos: Path, tmp_path: Path) -> None:
    kept_out = tmp_path / "test-split"
    kept_out.mkdir()
    (photos / "01-turned.jpg").rename(kept_out / "01-turned.jpg")
    written = cli("fingerprint", str(kept_out), "--format", "parquet", "--out", str(tmp_path / "split.parquet"))
    assert written.returncode == 0, written.stderr
    (kept_out / "01-turned.jpg").unlink()
    done = cli("dedupe", str(photos), "--no-cache", "--thorough", "--reference", str(tmp_path / "split.parquet"))
    assert "1 of what is compared with are no files here: compared by hashes alone" in done.stderr
    assert "01.jpg" not in done.stdout


def forms(folder: Path) -> None:
    """Two forms that differ in a name, and of either a copy."""
    folder.mkdir()
    for name in ("Ada Lovelace", "Alan Turing"):
        image, stem = record(13, name), name.split()[0].lower()
        (folder / f"{stem}.png").write_bytes(encoded(image, "PNG"))
        (folder / f"{stem}-small.png").write_bytes(encoded(image.resize((448, 336)), "PNG"))


def test_a_form_with_another_name_that_hashes_take_for_a_copy_is_kept(cli: RunCli, photos: Path) -> None:
    folder = photos / "forms"
    forms(folder)
    options = ("dedupe", str(folder), "--no-cache", "--format", "jsonl")
    assert len({row["group"] for row in rows(cli(*options))}) == 1
    done = cli(*options, "--thorough")
    found = rows(done)
    copies = {Path(row["path"]).name: Path(row["of"]).name for row in found if not row["keep"]}
    assert copies == {"ada-small.png": "ada.png", "alan-small.png": "alan.png"}
    assert ("shares_a_part", True) in {(row["kind"], row["keep"]) for row in found}
    assert "1 near by hashes and another drawing by local features" in " ".join(done.stderr.split())
    done = cli(*options, "--thorough", "--keep", "smallest")
    assert {Path(row["path"]).name for row in rows(done) if not row["keep"]} in (
        {"ada.png", "alan.png"},
        {"ada-small.png", "alan-small.png"},
    )


def test_calibrate_counts_no_forms_as_mistakes_that_local_features_tell_apart_on_one_core_or_two(
    cli: RunCli, photos: Path
) -> None:
    folder = photos / "forms"
    folder.mkdir()
    for name in ("Ada Lovelace", "Alan Turing", "Grace Hopper"):
        (folder / f"{name}.png").write_bytes(encoded(record(13, name), "PNG"))
    sums = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir())
    pairs = photos / "pairs.txt"
    pairs.write_text("".join(f"{one} {other}\n" for one, other in itertools.combinations(sums, 2)))
    options = ("calibrate", str(folder), "--sample", "2", "--not-copies", str(pairs), "--no-cache", "--format", "jsonl")
    assert max(row["false_matches"] for row in rows(cli(*options))) == 3
    one, two = (rows(cli(*options, "--thorough", "--jobs", jobs)) for jobs in ("1", "2"))
    assert one == two
    assert {row["false_matches"] + row["unsure"] for row in one} == {0}


def test_match_goes_by_other_forms_to_the_one_that_it_is_a_copy_of(cli: RunCli, photos: Path, tmp_path: Path) -> None:
    forms(photos / "forms")
    queries = tmp_path / "queries"
    queries.mkdir()
    (photos / "forms" / "alan.png").rename(queries / "alan.png")
    (photos / "forms" / "ada-small.png").unlink()
    (queries / "grace.png").write_bytes(encoded(record(13, "Grace Hopper"), "PNG"))
    options = ("match", str(queries), "--against", str(photos / "forms"), "--no-cache", "--format", "jsonl")
    assert {row["kind"] for row in rows(cli(*options))} == {"near"}
    found = {Path(row["query"]).name: row for row in rows(cli(*options, "--thorough"))}
    assert (found["alan.png"]["kind"], Path(found["alan.png"]["match"]).name) == ("near", "alan-small.png")
    (photos / "forms" / "alan-small.png").unlink()
    found = {Path(row["query"]).name: row for row in rows(cli(*options, "--thorough"))}
    assert {name: (row["kind"], row["match"]) for name, row in found.items()} == {
        "alan.png": ("new", None),
        "grace.png": ("new", None),
    }
    assert {Path(row["shares_a_part_with"]).name for row in found.values()} == {"ada.png"}


def test_a_query_that_is_another_picture_in_the_set_by_now_ends(cli: RunCli, tmp_path: Path) -> None:
    """What was near to it in the set was taken back under its new SHA-256, and found there again, for ever."""
    refs, queries, known = tmp_path / "refs", tmp_path / "queries", tmp_path / "known.parquet"
    refs.mkdir()
    queries.mkdir()
    (refs / "form.png").write_bytes(encoded(record(13, "Ada Lovelace"), "PNG"))
    (queries / "alan.png").write_bytes(encoded(record(13, "Alan Turing"), "PNG"))
    assert cli("fingerprint", str(refs), "--format", "parquet", "--out", str(known)).returncode == 0
    (refs / "form.png").write_bytes(encoded(record(13, "Grace Hopper"), "PNG"))
    options = ("--against", str(known), "--no-cache", "--format", "jsonl", "--thorough")
    found = rows(cli("match", str(queries), str(refs), *options))
    assert {(Path(row["query"]).name, row["kind"]) for row in found} == {("alan.png", "near"), ("form.png", "near")}


def test_features_are_kept_for_the_next_run(cli: RunCli, photos: Path, tmp_path: Path) -> None:
    cache = tmp_path / "kept.db"
    options = ("--cache", str(cache), "--format", "jsonl", "--thorough")
    first = rows(cli("dedupe", str(photos), *options))
    assert rows(cli("dedupe", str(photos), *options)) == first
    with contextlib.closing(sqlite3.connect(tmp_path / "kept-features.db")) as db, db:
        (number,) = db.execute("SELECT count(*) FROM features").fetchone()
        assert number == len(list(photos.iterdir()))
        # If it is read, features of another image give another answer; if they are no features, the image is looked at.
        db.execute("UPDATE features SET data = (SELECT data FROM features LIMIT 1)")
    assert rows(cli("dedupe", str(photos), *options)) != first
    with contextlib.closing(sqlite3.connect(tmp_path / "kept-features.db")) as db, db:
        db.execute("UPDATE features SET data = x'00'")
    assert rows(cli("dedupe", str(photos), *options)) == first


def test_leaks_sees_a_part_of_a_training_image_in_a_test_set(cli: RunCli, photos: Path, tmp_path: Path) -> None:
    test = tmp_path / "test"
    test.mkdir()
    for name in ("01-turned", "02-part", "03-pasted"):
        (photos / f"{name}.jpg").rename(test / f"{name}.jpg")
    (test / "other.jpg").write_bytes(encoded(busy(90), "JPEG"))
    (photos / "04-mirrored-and-turned.jpg").unlink()
    options = ("leaks", str(photos), str(test), "--no-cache", "--format", "jsonl")
    assert cli(*options).returncode == 0
    page = tmp_path / "leaks.html"
    done = cli(*options, "--thorough", "--page", str(page))
    assert done.returncode == 1, done.stderr
    seen = {
        (Path(row["test"]).stem, row["kind"], Path(row["train"]).stem)
        for row in map(json.loads, done.stdout.splitlines())
    }
    assert seen == {("01-turned", "copy", "01"), ("02-part", "part_of", "02"), ("03-pasted", "contains", "03")}
    assert "3 of the test images (75.0 %) stand in training" in done.stderr
    assert "test part of train, by local features" in page.read_text()
    away = cli(*options[:2], str(packed(test, tmp_path, "tar")), *options[3:], "--thorough")
    assert (away.returncode, away.stdout) == (0, "")
    assert "4 images are no files here: compared by hashes alone" in away.stderr
