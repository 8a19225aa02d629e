"""``dedupe --move`` looks at files again before it moves them, and ``undo`` takes moves back."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synsift.pipelines.cli import apply
from synsift.pipelines.cli.console import err
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.journal import read_moves
from synsift.pipelines.folders.place import move_all, moved_before
from synsift.pipelines.folders.undo import undo as take_back
from tests.conftest import RunCli
from tests.dedupe.pictures import encoded, scene

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def dedupe(cli: RunCli, tmp_path: Path) -> Run:
    return lambda *arguments: cli("dedupe", *map(str, arguments), "--cache", str(tmp_path / "cache.db"))


@pytest.fixture
def undo(cli: RunCli) -> Run:
    return lambda *arguments: cli("undo", *map(str, arguments))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A picture with two copies, one below another folder, and a name that is no UTF-8."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    data = encoded(scene(1), "JPEG", quality=90)
    (folder / "1.jpg").write_bytes(data)
    (folder / "sub" / "grey.png").write_bytes(encoded(scene(1).convert("L").resize((160, 120)), "PNG"))
    Path(os.fsdecode(bytes(folder) + b"/caf\xe9.jpg")).write_bytes(data)
    (folder / "2.jpg").write_bytes(encoded(scene(2), "JPEG"))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def words(done: "subprocess.CompletedProcess[str]") -> str:
    return " ".join(done.stderr.split())


def test_what_was_moved_is_moved_back(dedupe: Run, undo: Run, photos: Path, tmp_path: Path) -> None:
    before, copies = contents(photos), tmp_path / "copies"
    done = dedupe(photos, "--move", copies)
    assert done.returncode == 0, done.stderr
    assert f"2 copies moved; `synsift undo {copies}` takes that back" in words(done)
    moved = contents(photos)
    assert len(moved) == len(before) - 2
    done = undo(copies, "--dry-run")
    assert (done.returncode, words(done)) == (0, f"2 files would be moved back to `{photos}`")
    assert str(copies / "sub" / "grey.png") in done.stdout
    assert str(photos / "sub" / "grey.png") in done.stdout
    assert len(done.stdout.splitlines()) == 3
    assert contents(photos) == moved
    done = undo(copies)
    assert (done.returncode, words(done)) == (0, f"2 files moved back to `{photos}`")
    assert contents(photos) == before
    done = undo(copies / "moved.jsonl")
    assert (done.returncode, words(done)) == (0, "0 files moved back 2 were back before")


def test_folders_that_a_move_made_go_with_its_files_and_no_others(
    dedupe: Run, undo: Run, photos: Path, tmp_path: Path
) -> None:
    data = (photos / "1.jpg").read_bytes()
    for place in ("deep/er/copy.jpg", "mine/copy.jpg", "kept/copy.jpg"):
        (photos / place).parent.mkdir(parents=True)
        (photos / place).write_bytes(data)
    copies = tmp_path / "copies"
    (copies / "mine").mkdir(parents=True)
    assert dedupe(photos, "--move", copies).returncode == 0
    assert (copies / "deep" / "er" / "copy.jpg").exists()
    (copies / "kept" / "note.txt").write_text("of somebody")
    assert undo(copies, "--dry-run").returncode == 0
    assert (copies / "deep" / "er" / "copy.jpg").exists()
    done = undo(copies)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in copies.iterdir()) == ["kept", "mine", "moved.jsonl"]
    assert sorted(path.name for path in photos.iterdir() if path.is_dir()) == ["deep", "kept", "mine", "sub"]


def test_a_journal_of_somebody_else_removes_no_folder(undo: Run, tmp_path: Path) -> None:
    (tmp_path / "copies").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "copies" / "a.jpg").write_bytes(b"a")
    made = [str(tmp_path / "elsewhere"), str(tmp_path / "copies"), str(tmp_path / "copies" / ".." / "elsewhere"), 1]
    line = {"from": str(tmp_path / "a.jpg"), "to": str(tmp_path / "copies" / "a.jpg"), "kept": "", "made": made}
    (tmp_path / "copies" / "moved.jsonl").write_text(json.dumps(line) + "\n")
    assert undo(tmp_path / "copies").returncode == 0
    assert (tmp_path / "elsewhere").exists()


def test_nothing_is_overwritten(dedupe: Run, undo: Run, photos: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    assert dedupe(photos, "--move", copies).returncode == 0
    (photos / "sub" / "grey.png").write_text("mine, and new")
    done = undo(copies)
    assert done.returncode == 1
    assert "1 file moved back" in words(done)
    assert "is there again" in words(done)
    assert (photos / "sub" / "grey.png").read_text() == "mine, and new"
    assert (copies / "sub" / "grey.png").exists()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[" * 10_000,
        "{}",
        '{"from": "a", "to": "b"}',
        '{"from": 1, "to": 2}',
        json.dumps({"from": "/a\0b", "to": "/c"}),
        '{"from": "/synsift-nowhere", "to": "/etc/hostname"}',
        '{"from": "/synsift-nowhere", "to": "/nor/here"}',
    ],
)
def test_a_journal_of_somebody_else_moves_nothing(undo: Run, tmp_path: Path, line: str) -> None:
    (tmp_path / "moved.jsonl").write_text(line + "\n")
    done = undo(tmp_path)
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr, done.stderr
    assert ("0 files moved back" if line else "holds no moves: there is nothing to take back") in words(done)
    assert done.returncode == (1 if line else 0)
    assert not Path("/synsift-nowhere").exists()


def test_a_line_that_breaks_off_is_told_and_fails(dedupe: Run, undo: Run, photos: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    dedupe(photos, "--move", copies)
    journal = copies / "moved.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    done = undo(copies)
    assert done.returncode == 1
    assert "1 file moved back" in words(done)
    assert "1 line says no move in" in words(done)


def test_a_link_out_of_the_folder_is_not_followed(undo: Run, tmp_path: Path) -> None:
    secret, copies = tmp_path / "elsewhere", tmp_path / "copies"
    secret.mkdir()
    copies.mkdir()
    (secret / "file").write_text("stays")
    (copies / "way").symlink_to(secret)
    line = {"from": str(tmp_path / "out"), "to": str(copies / "way" / "file")}
    (copies / "moved.jsonl").write_text(json.dumps(line))
    done = undo(copies)
    assert done.returncode == 1
    assert "isn't in the folder of the journal" in words(done)
    assert (secret / "file").read_text() == "stays"


def test_without_a_journal_it_is_wrong_use(undo: Run, tmp_path: Path) -> None:
    done = undo(tmp_path)
    assert done.returncode == 2
    assert "hint: name the folder of `--move`" in words(done)


@pytest.mark.parametrize("option", ["--move", "--link"])
def test_a_file_that_changed_and_kept_its_time_is_left_alone(dedupe: Run, tmp_path: Path, option: str) -> None:
    folder, target = tmp_path / "photos", tmp_path / "target"
    folder.mkdir()
    pictures = [encoded(scene(seed), "BMP") for seed in (1, 2, 3)]
    for name in ("a.bmp", "b.bmp"):
        (folder / name).write_bytes(pictures[0])
    assert dedupe(folder).returncode == 0  # both are in the cache now
    for name, data in (("a.bmp", pictures[1]), ("b.bmp", pictures[2])):
        stood = (folder / name).stat()
        (folder / name).write_bytes(data)
        os.utime(folder / name, ns=(stood.st_atime_ns, stood.st_mtime_ns))
    before = contents(folder)
    done = dedupe(folder, option, target)
    assert done.returncode == 1
    assert "it has changed" in words(done)
    assert "--no-cache" in words(done)
    assert contents(folder) == before
    assert not list(target.rglob("*.bmp"))
    done = dedupe(folder, option, target, "--no-cache")
    assert done.returncode == 0, done.stderr
    assert contents(folder) == before


def test_a_file_that_was_back_but_not_yet_gone_has_one_name_again(
    dedupe: Run, undo: Run, photos: Path, tmp_path: Path
) -> None:
    """Who was killed between the two had the file twice for ever: it was left alone, as its place was taken."""
    before, copies = contents(photos), tmp_path / "copies"
    dedupe(photos, "--move", copies)
    os.link(copies / "sub" / "grey.png", photos / "sub" / "grey.png")
    done = undo(copies)
    assert (done.returncode, words(done)) == (0, f"2 files moved back to `{photos}`")
    assert contents(photos) == before
    assert [path.name for path in copies.rglob("*") if path.is_file()] == ["moved.jsonl"]


def test_who_ends_a_move_early_hears_what_was_moved(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(err, "print", said.append)
    copies = tmp_path / "copies"

    def stop(_number: int) -> None:
        raise KeyboardInterrupt

    @contextlib.contextmanager
    def progress(*_: object) -> Iterator[Callable[[int], None]]:
        yield stop

    monkeypatch.setattr(apply, "progress", progress)
    with pytest.raises(KeyboardInterrupt):
        apply._move(
            [(str(photos / name), str(photos / "1.jpg")) for name in ("2.jpg", "sub/grey.png")], copies, [photos]
        )
    assert said == [f"1 of 2 copies moved; `synsift undo {copies}` takes that back"]
    assert (copies / "2.jpg").exists()


def test_a_folder_that_became_a_link_to_the_journals_loses_nothing(dedupe: Run, undo: Run, photos: Path) -> None:
    moved = photos.parent / "moved"
    assert dedupe(photos, "--move", moved).returncode == 0
    kept, there = photos.parent / "kept", contents(moved)
    photos.rename(kept)
    photos.symlink_to(moved)
    done = undo(moved)
    assert contents(moved) == there
    assert "is there again" in words(done)


_MEMORY = Path("/dev/shm")  # noqa: S108 - another file system than that of the tests, as a rule


@pytest.mark.skipif(not _MEMORY.is_dir(), reason="no second file system to move to")
def test_who_is_killed_between_two_disks_is_taken_back_by_the_next(undo: Run, photos: Path) -> None:
    with tempfile.TemporaryDirectory(dir=_MEMORY) as elsewhere:
        moved = Path(elsewhere) / "moved"
        moved.mkdir()
        line = {"from": str(photos / "1.jpg"), "to": str(moved / "1.jpg"), "kept": str(photos / "2.jpg")}
        (moved / "moved.jsonl").write_text(json.dumps(line) + "\n")
        shutil.copy2(photos / "1.jpg", moved / "1.jpg")  # back, and not yet gone
        before = contents(photos)
        assert undo(moved).returncode == 0
        assert contents(photos) == before
        assert not (moved / "1.jpg").exists()
        (moved / "1.jpg").write_bytes(b"another one")
        assert "is there again" in words(undo(moved))
        assert (moved / "1.jpg").read_bytes() == b"another one"


def test_where_nothing_was_moved_nothing_is_to_be_taken_back(dedupe: Run, photos: Path) -> None:
    moved = photos.parent / "moved"
    (moved / "moved.jsonl").mkdir(parents=True)
    done = dedupe(photos, "--move", moved)
    assert done.returncode != 0
    assert "takes that back" not in done.stderr


def test_a_folder_whose_name_can_be_none_ends_nothing(dedupe: Run, undo: Run, photos: Path) -> None:
    """A line of a journal that something else wrote."""
    dedupe(photos, "--move", photos.parent / "copies")
    journal = photos.parent / "copies" / "moved.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    lines[0]["made"] = [f"{photos.parent}/copies/\ud800", f"{photos.parent}/copies/\0"]
    journal.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    done = undo(journal)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 0


def without(journal: Path, *names: str) -> None:
    """Make a journal one of those that didn't have some of the fields."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    journal.write_text("".join(f"{json.dumps({k: v for k, v in line.items() if k not in names})}\n" for line in lines))


@pytest.mark.parametrize("is_old", [False, True])
def test_copies_whose_folder_has_another_name_by_now_go_back(
    dedupe: Run, undo: Run, photos: Path, tmp_path: Path, is_old: bool
) -> None:
    """Each was said not to be in the folder of the journal, beside which it stood."""
    before, copies, renamed = contents(photos), tmp_path / "copies", tmp_path / "renamed"
    assert dedupe(photos, "--move", copies).returncode == 0
    if is_old:
        without(copies / "moved.jsonl", "folder", "root")
    copies.rename(renamed)
    done = undo(renamed, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert str(renamed / "sub" / "grey.png") in done.stdout
    done = undo(renamed)
    assert done.returncode == 0, done.stderr
    assert "2 files moved back" in words(done)
    assert contents(photos) == before
    assert [path.name for path in renamed.iterdir()] == ["moved.jsonl"]


def test_a_folder_that_was_renamed_between_two_moves_gives_back_both(
    dedupe: Run, undo: Run, photos: Path, tmp_path: Path
) -> None:
    before = contents(photos)
    for place in ("copies", "renamed"):
        assert dedupe(photos, "--move", tmp_path / place).returncode == 0
        if place == "copies":
            (photos / "new.jpg").write_bytes((photos / "1.jpg").read_bytes())
            (tmp_path / "copies").rename(tmp_path / "renamed")
    assert undo(tmp_path / "renamed").returncode == 0
    assert contents(photos).keys() - {"new.jpg"} == before.keys()


def test_what_is_moved_already_is_known_where_the_folder_was_renamed(dedupe: Run, photos: Path, tmp_path: Path) -> None:
    assert dedupe(photos, "--move", tmp_path / "copies").returncode == 0
    (tmp_path / "copies").rename(tmp_path / "renamed")
    assert len(moved_before(tmp_path / "renamed")) == 2


@pytest.mark.parametrize("is_old", [False, True])
def test_a_folder_of_pictures_that_is_gone_is_named_and_not_made_anew(
    dedupe: Run, undo: Run, photos: Path, tmp_path: Path, is_old: bool
) -> None:
    """Copies and pictures were moved together to another place: the old one must not come back, with copies only."""
    both = tmp_path / "both"
    both.mkdir()
    photos.rename(both / "photos")
    before = contents(both / "photos")
    assert dedupe(both / "photos", "--move", both / "copies").returncode == 0
    if is_old:
        without(both / "copies" / "moved.jsonl", "folder", "root")
    both.rename(tmp_path / "elsewhere")
    copies = contents(tmp_path / "elsewhere" / "copies")
    for options in (["--dry-run"], []):
        done = undo(tmp_path / "elsewhere" / "copies", *options)
        assert done.returncode == 1
        assert f"`{both / 'photos'}` is gone" in words(done)
        assert f"hint: give the folder with these pictures the name `{both / 'photos'}` again" in words(done)
    assert not both.exists()
    assert contents(tmp_path / "elsewhere" / "copies") == copies
    both.mkdir()
    (tmp_path / "elsewhere" / "photos").rename(both / "photos")
    assert undo(tmp_path / "elsewhere" / "copies").returncode == 0
    assert contents(both / "photos") == before


def test_of_two_files_that_a_line_without_its_folder_may_mean_none_is_taken(undo: Run, tmp_path: Path) -> None:
    renamed = tmp_path / "renamed"
    (renamed / "copies").mkdir(parents=True)
    for place in ("a.jpg", "copies/a.jpg"):
        (renamed / place).write_text(place)
    line = {"from": str(tmp_path / "a.jpg"), "to": str(tmp_path / "copies" / "a.jpg")}
    (renamed / "moved.jsonl").write_text(json.dumps(line) + "\n")
    assert undo(renamed).returncode == 1
    assert not (tmp_path / "a.jpg").exists()


def rewrite(journal: Path, change: Callable[[dict[str, str]], object]) -> None:
    """Change the first line of a journal."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    change(lines[0])
    journal.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


@pytest.mark.parametrize("place", ["other/new/a.jpg", "photos/../other/a.jpg", "photos/sub/new/../a.jpg", "photos"])
def test_a_place_outside_of_the_folder_that_was_searched_is_refused(
    dedupe: Run, undo: Run, photos: Path, tmp_path: Path, place: str
) -> None:
    """Whoever edits a journal placed a file wherever nothing stood, and had folders made for it."""
    copies = tmp_path / "copies"
    assert dedupe(photos, "--move", copies).returncode == 0
    rewrite(copies / "moved.jsonl", lambda line: line.update({"from": f"{tmp_path}/{place}"}))
    there = len(contents(copies))
    for options in (["--dry-run"], []):
        done = undo(copies, *options)
        assert done.returncode == 1
        assert ("goes through `..`" if ".." in place else f"isn't in `{photos}`") in words(done)
        assert f"moved back to `{photos}" in words(done)
    assert not (tmp_path / "other").exists()
    assert not (photos / "sub" / "new").exists()
    assert len(contents(copies)) == there - 1


def test_a_link_out_of_the_folder_that_was_searched_is_not_followed(
    dedupe: Run, undo: Run, photos: Path, tmp_path: Path
) -> None:
    copies, other = tmp_path / "copies", tmp_path / "other"
    assert dedupe(photos, "--move", copies).returncode == 0
    (photos / "sub").rmdir()
    other.mkdir()
    (photos / "sub").symlink_to(other)
    done = undo(copies)
    assert done.returncode == 1
    assert f"a symbolic link leads out of `{photos}`" in words(done)
    assert not list(other.iterdir())


def test_a_journal_that_does_not_say_what_was_searched_has_its_folders_named(
    dedupe: Run, undo: Run, photos: Path, tmp_path: Path
) -> None:
    copies, other = tmp_path / "copies", tmp_path / "other"
    other.mkdir()
    assert dedupe(photos, "--move", copies).returncode == 0
    without(copies / "moved.jsonl", "folder", "root")
    rewrite(copies / "moved.jsonl", lambda line: line.update({"from": f"{other}/a.jpg"}))
    done = undo(copies, "--dry-run")
    assert "2 files would be moved back: 1 to `" in words(done)
    assert f"1 to `{other}`" in words(done)
    assert f"1 to `{other}`" in words(undo(copies))
    rewrite(copies / "moved.jsonl", lambda line: line.update({"from": f"{other}/new/a.jpg"}))
    (other / "a.jpg").rename(copies / "caf\udce9.jpg")
    assert undo(copies).returncode == 1
    assert not (other / "new").exists()


def test_a_journal_is_not_moved_away_by_its_own_line(dedupe: Run, undo: Run, photos: Path, tmp_path: Path) -> None:
    journal = tmp_path / "copies" / "moved.jsonl"
    assert dedupe(photos, "--move", tmp_path / "copies").returncode == 0
    rewrite(journal, lambda line: line.update({"to": str(journal)}))
    done = undo(tmp_path / "copies")
    assert done.returncode == 1
    assert "it is the journal itself" in words(done)
    assert journal.exists()


@pytest.mark.parametrize("change", ["double", "one place", "one origin", "origin below another"])
def test_a_dry_run_counts_what_the_run_moves(dedupe: Run, undo: Run, photos: Path, tmp_path: Path, change: str) -> None:
    """Lines that were there twice counted twice, and of two files for one place both were to be moved."""
    journal = tmp_path / "copies" / "moved.jsonl"
    assert dedupe(photos, "--move", tmp_path / "copies").returncode == 0
    first, second = (json.loads(line) for line in journal.read_text().splitlines())
    lines = {
        "double": [first, second, first, second],
        "one place": [first, {**second, "to": first["to"]}],
        "one origin": [first, {**second, "from": first["from"]}],
        "origin below another": [{**first, "from": f"{second['from']}/below.jpg"}, second],
    }[change]
    journal.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    dry, done = undo(journal, "--dry-run"), undo(journal)
    assert words(dry).replace("would be moved", "moved") == words(done)
    assert dry.returncode == done.returncode == (0 if change == "double" else 1)


def test_a_read_only_folder_is_called_that_as_when_files_were_moved(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies, access = tmp_path / "copies", os.access
    move_all([(str(photos / "sub" / "grey.png"), str(photos / "1.jpg"))], copies, [photos])
    moves, _ = read_moves(copies / "moved.jsonl")
    for folder, words_of_it in (
        (copies / "sub", "its folder is read-only"),
        (photos / "sub", f"`{photos / 'sub'}` is read-only, where it came from"),
    ):
        monkeypatch.setattr(os, "access", lambda path, mode, closed=folder: Path(path) != closed and access(path, mode))
        for is_dry in (True, False):
            undone = take_back(copies / "moved.jsonl", moves, dry_run=is_dry)
            assert undone.left_alone == [(str(copies / "sub" / "grey.png"), words_of_it)]


def test_a_folder_that_somebody_made_since_stays(dedupe: Run, undo: Run, photos: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    assert dedupe(photos, "--move", copies).returncode == 0
    assert undo(copies).returncode == 0
    (copies / "sub").mkdir()
    assert undo(copies).returncode == 0
    assert (copies / "sub").exists()


def test_a_journal_that_cannot_be_read_has_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(UsageError, match="can't be read: Permission denied") as caught:
        read_moves(tmp_path / "moved.jsonl")
    assert caught.value.hint
