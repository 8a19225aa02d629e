"""Choices of a page of groups: what is believed of them, and what isn't."""

import copy
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synsift.pipelines.errors import SynsiftError, UsageError
from synsift.pipelines.folders.choices import KIND, VERSION, Choices, check, read_choices
from synsift.pipelines.folders.place import Placed, link_all, move_all

Make = Callable[..., Path]


def entry(path: Path, data: bytes | None = None) -> dict[str, str]:
    return {"path": str(path), "sha256": hashlib.sha256(data if data is not None else path.read_bytes()).hexdigest()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.jpg", "sub/b.jpg", "c.jpg", "d.jpg"):
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def content(folder: Path) -> dict[str, Any]:
    return {
        "kind": KIND,
        "version": VERSION,
        "folders": [str(folder)],
        "groups": [
            {"keep": [entry(folder / "a.jpg")], "move": [entry(folder / "sub/b.jpg")]},
            {"keep": [entry(folder / "c.jpg")], "move": [entry(folder / "d.jpg")]},
        ],
    }


def saved(folder: Path, content: object) -> Path:
    file = folder.parent / "choices.json"
    file.write_text(json.dumps(content))
    return file


def test_what_is_as_it_was_may_move(folder: Path, content: dict[str, Any]) -> None:
    checked = check(read_choices(saved(folder, content)))
    assert checked.left_alone == []
    assert checked.moves == [
        (str(folder / "sub/b.jpg"), str(folder / "a.jpg")),
        (str(folder / "d.jpg"), str(folder / "c.jpg")),
    ]


@pytest.mark.parametrize("name", ["a.jpg", "sub/b.jpg"])
@pytest.mark.parametrize("harm", ["changed", "gone", "a link", "a folder", "a pipe"])
def test_what_is_not_as_it_was_is_left_alone(folder: Path, content: dict[str, Any], name: str, harm: str) -> None:
    path = folder / name
    data = path.read_bytes()
    path.unlink()
    if harm == "changed":
        path.write_text("another")
    elif harm == "a link":
        (folder / "real").write_bytes(data)
        path.symlink_to(folder / "real")
    elif harm == "a folder":
        path.mkdir()
    elif harm == "a pipe":
        os.mkfifo(path)
    checked = check(read_choices(saved(folder, content)))
    assert [Path(moved).name for moved, _ in checked.moves] == ["d.jpg"]
    assert str(path) in dict(checked.left_alone)


def test_a_folder_that_became_a_link_is_left_alone(folder: Path, content: dict[str, Any]) -> None:
    (folder / "sub").rename(folder.parent / "elsewhere")
    (folder / "sub").symlink_to(folder.parent / "elsewhere")
    checked = check(read_choices(saved(folder, content)))
    assert checked.left_alone == [(str(folder / "sub/b.jpg"), "its folder is reached by a symbolic link")]


def spoil(content: dict[str, Any], how: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    spoilt = copy.deepcopy(content)
    how(spoilt)
    return spoilt


HARMS: dict[str, Callable[[dict[str, Any]], object]] = {
    "another kind": lambda c: c.update(kind="x"),
    "a later version": lambda c: c.update(version=2),
    "unknown fields": lambda c: c.update(more=1),
    "no groups": lambda c: c.pop("groups"),
    "a group that keeps nothing": lambda c: c["groups"][0].update(keep=[]),
    "a file that both stays and goes": lambda c: c["groups"][0]["move"].append(c["groups"][0]["keep"][0]),
    "a file that goes twice": lambda c: c["groups"][0]["move"].append(c["groups"][1]["move"][0]),
    "a file elsewhere": lambda c: c["groups"][0]["move"][0].update(path="/etc/passwd"),
    "a folder beside": lambda c: c["groups"][0]["move"][0].update(path=c["folders"][0] + "-2/x.jpg"),
    "dots": lambda c: c["groups"][0]["move"][0].update(path=c["folders"][0] + "/../x.jpg"),
    "a path that is not whole": lambda c: c["groups"][0]["move"][0].update(path="a.jpg"),
    "a zero in a path": lambda c: c["groups"][0]["move"][0].update(path=c["folders"][0] + "/a\0b"),
    "no hash": lambda c: c["groups"][0]["move"][0].update(sha256="abc"),
    "numbers for names": lambda c: c["groups"][0]["move"][0].update(path=3),
    "a folder that is not whole": lambda c: c.update(folders=["photos"]),
}


@pytest.mark.parametrize("harm", HARMS)
def test_foreign_and_changed_files_are_refused(folder: Path, content: dict[str, Any], harm: str) -> None:
    with pytest.raises(UsageError, match=r"choices\.json"):
        read_choices(saved(folder, spoil(content, HARMS[harm])))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"kind": NaN}'])
def test_damaged_files_are_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "choices.json"
    file.write_bytes(data)
    with pytest.raises(UsageError, match="damaged"):
        read_choices(file)


def test_a_file_that_is_not_there_is_an_error_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_choices(tmp_path / "nothing.json")
    with pytest.raises(UsageError):
        read_choices(tmp_path)


def test_names_that_are_no_utf_8_come_through(folder: Path, content: dict[str, Any]) -> None:
    odd = folder / os.fsdecode(b"\xff\xfe.jpg")
    odd.write_text("odd")
    content["groups"][0]["move"] = [entry(odd)]
    assert check(read_choices(saved(folder, content))).moves[0][0] == str(odd)


@pytest.mark.parametrize("place", ["sub", "moved.jsonl"])
def test_nothing_leaves_the_target_by_a_link_in_it(folder: Path, tmp_path: Path, place: str) -> None:
    target, outside = tmp_path / "target", tmp_path / "outside"
    target.mkdir()
    outside.mkdir()
    (target / place).symlink_to(outside / "file" if place == "moved.jsonl" else outside)
    moves = [(str(folder / "sub/b.jpg"), str(folder / "a.jpg"))]
    if place == "sub":
        for placed in (move_all(moves, target, [folder]), link_all([moves[0][0]], target, [folder])):
            assert placed == Placed(0, [(moves[0][0], f"a symbolic link leads out of {target}")])
    else:
        with pytest.raises(SynsiftError, match="Too many levels"):
            move_all(moves, target, [folder])
    assert list(outside.iterdir()) == []
    assert (folder / "sub/b.jpg").exists()


def test_a_kept_file_reached_by_another_way_stays(folder: Path, content: dict[str, Any], tmp_path: Path) -> None:
    other = tmp_path / "another-way"
    other.symlink_to(folder)
    kept = content["groups"][0]["keep"][0]
    content["folders"].append(str(other))
    content["groups"][0]["move"] = [{**kept, "path": kept["path"].replace(str(folder), str(other))}]
    checked = check(read(tmp_path, content))
    assert not any(str(other) in path for path, _ in checked.moves)
    assert ["another name" in reason for path, reason in checked.left_alone if str(other) in path] == [True]


def test_a_name_that_no_file_can_have_is_left_alone(folder: Path, content: dict[str, Any], tmp_path: Path) -> None:
    content["groups"][0]["move"][0]["path"] = f"{folder}/\ud800.jpg"
    assert not any("\ud800" in path for path, _ in check(read(tmp_path, content)).moves)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_what_is_no_file_is_not_read(device: str) -> None:
    with pytest.raises(UsageError, match="no file of choices"):
        read_choices(Path(device))


def read(folder: Path, content: dict[str, Any]) -> Choices:
    file = folder / "changed.json"
    file.write_text(json.dumps(content))
    return read_choices(file)
