import contextlib
import os
import socket
import sqlite3
from pathlib import Path

import pytest
from PIL import Image

from synsift.dedupe import Fingerprint
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders import pool as pool_module
from synsift.pipelines.folders import scan as scan_module
from synsift.pipelines.folders.cache import Cache
from synsift.pipelines.folders.files import File, Unreadable, walk
from synsift.pipelines.folders.scan import Scanned, ScanOptions, scan
from synsift.pipelines.log.sqlite import SqliteLog
from tests.dedupe.pictures import encoded, scene


@pytest.fixture(params=["in memory", "on disk"], autouse=True)
def where_fingerprints_are(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a few files, and as of very many."""
    if request.param == "on disk":
        monkeypatch.setattr(scan_module, "MANY", 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(encoded(scene(number), "JPEG"))
    (folder / "sub" / "no-name-helps").write_bytes(encoded(scene(3), "PNG"))
    (folder / "cut.jpg").write_bytes(encoded(scene(4), "JPEG")[:2_000])
    (folder / "text.jpg").write_text("no image at all")
    (folder / "empty.png").write_bytes(b"")
    return folder


def run(folder: Path, cache: Path | None, options: ScanOptions | None = None) -> Scanned:
    with Cache(cache) as opened:
        return scan(list(walk([folder])), opened, options or ScanOptions())


def names(scanned: Scanned) -> list[str]:
    return [Path(path).name for path in scanned.images]


def reasons(scanned: Scanned) -> dict[str, str]:
    return {Path(one.path).name: one.reason for one in scanned.unreadable}


def test_images_are_found_by_their_bytes_and_the_others_have_reasons(folder: Path) -> None:
    scanned = run(folder, None)
    assert names(scanned) == ["0.jpg", "1.jpg", "2.jpg", "no-name-helps"]
    assert reasons(scanned) == {
        "cut.jpg": "truncated_image",
        "empty.png": "not_an_image",
        "text.jpg": "not_an_image",
    }


def test_links_devices_and_loops_are_survived(folder: Path) -> None:
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "dangling").symlink_to(folder / "nothing")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
        once = list(walk([folder]))
        again = list(walk([folder, folder / "sub", folder / "0.jpg", folder / "loop"]))
    assert len([one for one in once if isinstance(one, File)]) == 7
    assert {Path(one.path).name: one.message for one in once if isinstance(one, Unreadable)} == {
        "loop": f"a symbolic link to {folder}",
        "dangling": f"a symbolic link to {folder / 'nothing'}",
        "pipe": "a device, a pipe or a socket",
        "socket": "a device, a pipe or a socket",
    }
    assert again == once


def test_odd_names_are_names_like_others(folder: Path) -> None:
    data = encoded(scene(9), "JPEG")
    for name in (b"new\nline.jpg", b"[red]markup.jpg", b"latin-\xe9.jpg"):
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:
            file.write(data)
    cache = folder.parent / "cache.db"
    assert len(run(folder, cache).images) == 7
    assert len(run(folder, cache).images) == 7


def test_a_path_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file or folder"):
        list(walk([tmp_path / "nothing"]))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_listed(folder: Path) -> None:
    (folder / "0.jpg").chmod(0)
    (folder / "sub").chmod(0)
    try:
        assert reasons(run(folder, None)).items() >= {"0.jpg": "not_readable", "sub": "not_readable"}.items()
    finally:
        (folder / "sub").chmod(0o755)


def test_the_second_run_reads_the_cache_and_only_what_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = folder.parent / "deep" / "cache.db"
    first = run(folder, cache)
    assert first.from_cache == 0
    (folder / "1.jpg").write_bytes(encoded(scene(7), "JPEG"))
    made: list[str] = []
    work = scan_module.fingerprint_files
    noted = lambda paths, **rest: made.extend(paths) or work(paths, **rest)  # noqa: E731
    monkeypatch.setattr(scan_module, "fingerprint_files", noted)
    second = run(folder, cache)
    # What can't be read can be mended, or be read by another version: it is looked at again.
    assert sorted(Path(path).name for path in made) == ["1.jpg", "cut.jpg", "empty.png", "text.jpg"]
    assert second.from_cache == 3
    assert reasons(second) == reasons(first)
    changed = str(folder / "1.jpg")
    assert second.images[changed].sha256 != first.images[changed].sha256
    assert {p: i.to_record() for p, i in second.images.items() if p != changed} == {
        p: i.to_record() for p, i in first.images.items() if p != changed
    }


def test_an_interrupted_scan_keeps_what_it_made(folder: Path) -> None:
    cache = folder.parent / "cache.db"

    def interrupt(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt

    calls = 0
    with Cache(cache) as opened, pytest.raises(KeyboardInterrupt):
        scan(list(walk([folder])), opened, ScanOptions(), interrupt)
    assert run(folder, cache).from_cache == 4


@pytest.mark.parametrize(
    "damage", [b"not a database at all, but long enough to look like one" * 100, b"SQLite format 3\0"]
)
def test_a_damaged_cache_costs_a_warning(folder: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    cache = folder.parent / "cache.db"
    cache.write_bytes(damage)
    assert len(run(folder, cache).images) == 4
    assert "going on without" in caplog.text


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE places (a)",
        "CREATE TABLE fingerprints (path)",
        "PRAGMA application_id = 7",
    ],
)
def test_a_database_of_others_is_no_cache_and_stays_as_it_is(folder: Path, statement: str) -> None:
    cache = folder.parent / "cache.db"
    with contextlib.closing(sqlite3.connect(cache)) as connection:
        connection.executescript(statement)
    before = cache.read_bytes()
    with pytest.raises(UsageError, match="left as it is"):
        run(folder, cache)
    assert cache.read_bytes() == before


def test_the_log_of_a_crawl_is_no_cache(folder: Path) -> None:
    path = folder.parent / "log.db"
    SqliteLog(path, partitions=4).close()
    before = path.read_bytes()
    with pytest.raises(UsageError, match="left as it is"):
        run(folder, path)
    assert path.read_bytes() == before


def test_a_fifo_is_no_cache_and_nobody_waits_at_it(folder: Path) -> None:
    path = folder.parent / "cache.db"
    os.mkfifo(path)
    with pytest.raises(UsageError, match="no file"):
        run(folder, path)


def test_a_cache_without_a_mark_is_used_and_gets_one(folder: Path) -> None:
    cache = folder.parent / "cache.db"
    run(folder, cache)
    with contextlib.closing(sqlite3.connect(cache)) as connection:
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        connection.execute("PRAGMA application_id = 0")
    assert mark != 0
    assert run(folder, cache).from_cache > 0
    with contextlib.closing(sqlite3.connect(cache)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (mark,)


def test_damaged_rows_of_the_cache_are_made_anew(folder: Path) -> None:
    cache = folder.parent / "cache.db"
    first = run(folder, cache)
    with sqlite3.connect(cache) as connection:
        connection.execute("UPDATE fingerprints SET record = x'00' WHERE record IS NOT NULL")
    connection.close()
    assert names(run(folder, cache)) == names(first)


def test_all_cores_find_what_one_does(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = run(folder, None)
    monkeypatch.setattr(pool_module, "_WORTH_PROCESSES", 1)
    monkeypatch.setattr(pool_module, "_THINGS_A_TASK", 2)
    many = run(folder, None, ScanOptions(processes=2))
    assert {path: image.to_record() for path, image in many.images.items()} == {
        path: image.to_record() for path, image in one.images.items()
    }
    assert many.unreadable == one.unreadable


def crash_on_marked(paths: list[str], **_: object) -> list[tuple[str, str]]:
    """Stands for a decoder that brings its process down."""
    if any("crash" in path for path in paths):
        os._exit(139)
    return [("corrupt_image", "as every file here") for _ in paths]


def test_a_decoder_that_crashes_costs_only_its_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_WORTH_PROCESSES", 1)
    monkeypatch.setattr(pool_module, "_THINGS_A_TASK", 3)
    monkeypatch.setattr(scan_module, "fingerprint_files", crash_on_marked)
    files: list[File | Unreadable] = [File(f"{'crash' if n in (4, 9) else 'fine'}-{n}", 1, 1) for n in range(12)]
    with Cache(None) as cache:
        scanned = scan(files, cache, ScanOptions(processes=2))
    found = {one.path: one.reason for one in scanned.unreadable}
    assert len(found) == 12
    assert {path for path, reason in found.items() if reason == "decoder_crashed"} == {"crash-4", "crash-9"}


def test_files_and_pictures_above_the_limits_are_listed(folder: Path) -> None:
    small = run(folder, None, ScanOptions(max_bytes=1_000))
    assert set(reasons(small).values()) == {"too_large", "not_an_image"}
    few = run(folder, None, ScanOptions(max_pixels=1_000))
    assert reasons(few)["0.jpg"] == "too_many_pixels"


def test_the_cache_knows_fingerprints_of_this_version_only(tmp_path: Path) -> None:
    file = File(str(tmp_path / "a"), 1, 2)
    image = Fingerprint.from_record(run_one(tmp_path).to_record())
    with Cache(tmp_path / "cache.db") as cache:
        cache.put({file: image})
        assert cache.get([file]).keys() == {file}
        assert cache.get([File(file.path, 1, 3)]) == {}
    with sqlite3.connect(tmp_path / "cache.db") as connection:
        connection.execute("UPDATE fingerprints SET version = version - 1")
    connection.close()
    with Cache(tmp_path / "cache.db") as cache:
        assert cache.get([file]) == {}


def run_one(folder: Path) -> Fingerprint:
    (folder / "one.jpg").write_bytes(encoded(scene(1), "JPEG"))
    return next(iter(run(folder, None).images.values()))


def test_what_was_refused_is_tried_again_and_what_is_too_large_now_is_refused(tmp_path: Path) -> None:
    folder, cache = tmp_path / "images", tmp_path / "cache.db"
    folder.mkdir()
    (folder / "large.png").write_bytes(encoded(Image.new("1", (2_000, 1_500)), "PNG"))
    (folder / "small.png").write_bytes(encoded(scene(1, (100, 80)), "PNG"))

    def read(limit: int) -> list[str]:
        return sorted(Path(path).name for path in run(folder, cache, ScanOptions(max_pixels=limit)).images)

    assert read(10_000) == ["small.png"]
    assert read(3_000_000) == ["large.png", "small.png"]
    assert read(10_000) == ["small.png"]


def test_a_limit_above_pillows_own_counts(tmp_path: Path) -> None:
    (tmp_path / "map.png").write_bytes(encoded(Image.new("1", (20_000, 10_000)), "PNG"))
    scanned = run(tmp_path, None, ScanOptions(max_pixels=150_000_000))
    assert "200000000 pixels are more than the limit of 150000000" in scanned.unreadable[0].message
    assert len(run(tmp_path, None, ScanOptions(max_pixels=200_000_000)).images) == 1
