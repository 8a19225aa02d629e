"""A move is made whole or not at all, and its journal says what was made."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from synsift.pipelines.errors import SynsiftError
from synsift.pipelines.folders.place import JOURNAL, copy_whole, move_all


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
    assert move_all(moves(source), target, [source]) == 2
    assert sorted(path.name for path in source.iterdir()) == ["kept.jpg"]
    assert journal(target) == ["first.jpg", "second.jpg"]


@pytest.mark.parametrize("across_disks", [True, False])
def test_a_file_that_cannot_leave_its_place_leaves_nothing_elsewhere(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, across_disks: bool
) -> None:
    target = tmp_path / "copies"
    assert move_all(moves(source)[:1], target, [source]) == 1
    monkeypatch.setattr(os, "rename", another_disk if across_disks else refuse)
    unlink = os.unlink
    monkeypatch.setattr(os, "unlink", lambda path: refuse() if Path(path).parent == source else unlink(path))
    for _ in range(2):
        with pytest.raises(SynsiftError, match="Read-only"):
            move_all(moves(source)[1:], target, [source])
    assert sorted(path.name for path in target.iterdir()) == sorted(["first.jpg", JOURNAL])
    assert journal(target) == ["first.jpg"]


def test_a_copy_to_another_disk_is_there_when_it_is_whole(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off in the midst, half a picture stood under the name of the whole, and `undo` left it alone for that."""

    def copy_half(path: str, target: Path, **_options: object) -> None:
        Path(target).write_bytes(Path(path).read_bytes()[:4])
        raise KeyboardInterrupt

    place = tmp_path / "place.jpg"
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copy2", copy_half)
        with pytest.raises(KeyboardInterrupt):
            copy_whole(source / "first.jpg", place)
    assert not place.exists()
    copy_whole(source / "first.jpg", place)
    with pytest.raises(FileExistsError):
        copy_whole(source / "second.jpg", place)
    assert place.read_bytes() == b"first.jpg"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "place.jpg"]


def test_a_disk_without_links_is_copied_to_all_the_same(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refuse)
    place = tmp_path / "place.jpg"
    copy_whole(source / "first.jpg", place)
    with pytest.raises(OSError, match="Read-only"):
        copy_whole(source / "second.jpg", place)
    assert place.read_bytes() == b"first.jpg"
