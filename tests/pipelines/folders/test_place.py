"""A move is made whole or not at all, and its journal says what was made."""

import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from synsift.pipelines.folders import place, whole
from synsift.pipelines.folders.journal import JOURNAL, read_moves
from synsift.pipelines.folders.place import Placed, link_all, move_all
from synsift.pipelines.folders.whole import copy_whole


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("kept.jpg", "first.jpg", "second.jpg"):
        (folder / name).write_bytes(name.encode())
    return folder


def moves(source: Path) -> list[tuple[str, str]]:
    return [(str(source / name), str(source / "kept.jpg")) for name in ("first.jpg", "second.jpg")]


def journal(target: Path) -> list[str]:
    return [Path(json.loads(line)["from"]).name for line in (target / JOURNAL).read_text().splitlines()]


def refuse(*_paths: object, **_options: object) -> None:
    raise OSError(errno.EROFS, "Read-only file system")


def another_disk(*_paths: object) -> None:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


def test_files_move_between_disks(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "rename", another_disk)
    target = tmp_path / "copies"
    assert move_all(moves(source), target, [source]) == Placed(2)
    assert sorted(path.name for path in source.iterdir()) == ["kept.jpg"]
    assert journal(target) == ["first.jpg", "second.jpg"]


@pytest.mark.parametrize("across_disks", [True, False])
def test_a_file_that_cannot_leave_its_place_leaves_nothing_elsewhere(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, across_disks: bool
) -> None:
    target = tmp_path / "copies"
    assert move_all(moves(source)[:1], target, [source]) == Placed(1)
    monkeypatch.setattr(os, "rename", another_disk if across_disks else refuse)
    unlink = os.unlink
    monkeypatch.setattr(os, "unlink", lambda path: refuse() if Path(path).parent == source else unlink(path))
    for _ in range(2):
        left_alone = [(str(source / "second.jpg"), "Read-only file system")]
        assert move_all(moves(source)[1:], target, [source]) == Placed(0, left_alone)
    assert sorted(path.name for path in target.iterdir()) == sorted(["first.jpg", JOURNAL])
    assert journal(target) == ["first.jpg"]


def test_what_cannot_be_moved_or_linked_does_not_keep_the_rest_from_it(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One read-only folder ended the move of ten thousand copies after it."""
    read_only = source / "read-only"
    read_only.mkdir()
    copy = read_only / "copy.jpg"
    copy.write_bytes(b"copy")
    access, link = os.access, os.link
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != read_only and access(path, mode))
    wanted = [(str(copy), str(source / "kept.jpg")), *moves(source)]
    placed = move_all(wanted, tmp_path / "copies", [source])
    assert placed == Placed(2, [(str(copy), "its folder is read-only")])
    assert journal(tmp_path / "copies") == ["first.jpg", "second.jpg"]
    assert not (tmp_path / "copies" / "read-only").exists()
    monkeypatch.setattr(os, "link", lambda path, place: refuse() if path == str(copy) else link(path, place))
    placed = link_all([str(copy), str(source / "kept.jpg")], tmp_path / "links", [source])
    assert placed == Placed(1, [(str(copy), "Read-only file system")])


@pytest.mark.parametrize("put", [move_all, link_all])
def test_a_full_disk_ends_it_and_what_was_left_alone_before_is_said(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Callable[..., Placed]
) -> None:
    errors = [OSError(errno.EPERM, "Operation not permitted"), OSError(errno.ENOSPC, "No space left on device")]

    def fail(*_paths: object) -> None:
        raise errors.pop(0)

    monkeypatch.setattr(os, "rename" if put is move_all else "symlink", fail)
    monkeypatch.setattr(os, "link", another_disk)
    wanted = [*moves(source), *moves(source)]
    placed = put(wanted if put is move_all else [path for path, _ in wanted], tmp_path / "copies", [source])
    first = (str(source / "first.jpg"), "Operation not permitted")
    assert placed == Placed(0, [first], "No space left on device")


def test_a_move_that_no_room_is_to_write_down_is_not_made(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line was written with the next one, and said of a move that never was; or a full disk had no name."""

    class Full(io.FileIO):
        def write(self, data: bytes) -> int:  # type: ignore[override]
            return super().write(data[:10])

    target = tmp_path / "copies"
    assert move_all(moves(source)[:1], target, [source]) == Placed(1)
    before = (target / JOURNAL).read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(place, "FileIO", Full)
        assert move_all(moves(source)[1:], target, [source]) == Placed(0, [], "No space left on device")
    assert (target / JOURNAL).read_bytes() == before
    assert (source / "second.jpg").exists()
    assert move_all(moves(source)[1:], target, [source]) == Placed(1)


@pytest.mark.parametrize("has_nameless", [True, False])
def test_a_read_only_file_goes_to_another_disk(monkeypatch: pytest.MonkeyPatch, has_nameless: bool) -> None:
    if not has_nameless:
        monkeypatch.setattr(whole, "nameless", lambda _: None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "picture.jpg").write_bytes(b"picture")
        (folder / "picture.jpg").chmod(0o444)
        folder.chmod(0o777)
        user = os.geteuid()
        if user == 0:  # whom nothing is read-only for
            os.seteuid(65534)
        try:
            copy_whole(folder / "picture.jpg", folder / "place.jpg")
        finally:
            os.seteuid(user)
        found = folder / "place.jpg"
        assert (found.read_bytes(), found.stat().st_mode & 0o777) == (b"picture", 0o444)


def test_a_line_that_was_cut_off_takes_no_other_with_it(source: Path, tmp_path: Path) -> None:
    """A full disk cut the journal in the midst of a line; the next run's first move stood on that line, unread."""
    target = tmp_path / "copies"
    move_all(moves(source)[:1], target, [source])
    with (target / JOURNAL).open("a") as file:
        file.write('{"from": "/cut o')
    move_all(moves(source)[1:], target, [source])
    found, others = read_moves(target / JOURNAL)
    assert [Path(move.origin).name for move in found] == ["second.jpg", "first.jpg"]
    assert others == [2]


def test_a_copy_to_another_disk_is_there_when_it_is_whole(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off in the midst, half a picture stood under the name of the whole, and `undo` left it alone for that."""

    def copy_half(path: str, half: Path, **_options: object) -> None:
        Path(half).write_bytes(Path(path).read_bytes()[:4])
        raise KeyboardInterrupt

    target = tmp_path / "place.jpg"
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copy2", copy_half)
        with pytest.raises(KeyboardInterrupt):
            copy_whole(source / "first.jpg", target)
    assert not target.exists()
    copy_whole(source / "first.jpg", target)
    with pytest.raises(FileExistsError):
        copy_whole(source / "second.jpg", target)
    assert target.read_bytes() == b"first.jpg"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "place.jpg"]


def test_a_disk_without_links_is_copied_to_all_the_same(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "place.jpg"
    copy_whole(source / "first.jpg", target)
    with pytest.raises(OSError, match="Read-only"):
        copy_whole(source / "second.jpg", target)
    assert target.read_bytes() == b"first.jpg"


def test_killed_in_the_midst_of_a_copy_it_leaves_nothing(source: Path, tmp_path: Path) -> None:
    """Each kill of a move to another disk left a hidden piece of a picture, which nobody ever took away."""
    descriptor = whole.nameless(tmp_path)
    if descriptor is None:
        pytest.skip("no files without names here")
    os.close(descriptor)
    script = """
import os, shutil, signal, sys
from pathlib import Path
from synsift.pipelines.folders import place, whole
copy = shutil.copy2
def copy_and_die(path, place):
    copy(path, place)
    os.kill(os.getpid(), signal.SIGKILL)
shutil.copy2 = copy_and_die
whole.copy_whole(sys.argv[1], Path(sys.argv[2]))
"""
    target = tmp_path / "copies"
    target.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script, source / "first.jpg", target / "first.jpg"], timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("has_nameless", [True, False])
def test_a_link_is_copied_as_a_link_and_a_file_with_its_times(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_nameless: bool
) -> None:
    if not has_nameless:
        monkeypatch.setattr(whole, "nameless", lambda _: None)
    link = source / "link.jpg"
    link.symlink_to("kept.jpg")
    os.utime(source / "first.jpg", (1e9, 1e9))
    (source / "first.jpg").chmod(0o640)
    for name in ("link.jpg", "first.jpg"):
        copy_whole(source / name, tmp_path / name)
    assert os.readlink(tmp_path / "link.jpg") == "kept.jpg"
    found = (tmp_path / "first.jpg").stat()
    assert (found.st_mtime, found.st_mode & 0o777) == (1e9, 0o640)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.jpg", "link.jpg", "photos"]
