"""Files of a folder, as obstore has them: either may write what the other reads."""

import os
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import obstore
import pytest
from obstore.store import LocalStore

from synsift.pipelines.errors import StoreError
from synsift.pipelines.storage import local_files
from synsift.pipelines.storage.objects import Objects, StoreAddress

ODD = [
    *("", "/", "a/", "/a", "a//b", ".", "..", "a/..", "../a", "a/../b", "a/./b", "a/.", "a#1", "a b", "a%20b"),
    *("ä", "a\n", "a\x00", "a\\b", "a:b", "~", "*", "a\udcff"),
]


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(StoreAddress(str(tmp_path / "store")))


def place(root: Path, path: str) -> str:
    found = local_files.place_of(root, path)
    assert found is not None
    return found


@pytest.mark.parametrize("path", ODD)
def test_a_path_that_may_mean_more_than_it_says_is_left_to_obstore(tmp_path: Path, path: str) -> None:
    assert local_files.place_of(tmp_path, path) is None


@pytest.mark.parametrize("path", ["a", "blobs/ab/cd", "n1/x.jpg", "...", ".a/..b", "p=1/0-9_x.parquet"])
def test_a_plain_path_is_a_file_in_the_folder(tmp_path: Path, path: str) -> None:
    assert local_files.place_of(tmp_path, path) == f"{tmp_path}/{path}"
    assert local_files.place_of(None, path) is None


def files_of(root: Path) -> dict[str, bytes]:
    """What stands in a folder; obstore leaves its temporary name where it links a file over itself."""
    found = [file for file in root.rglob("*") if file.is_file() and not file.name.rpartition("#")[2].isdigit()]
    return {str(file.relative_to(root)): file.read_bytes() for file in found}


def came_of(step: Callable[[], object]) -> str:
    """What a step came to, in a word."""
    try:
        return "refused" if step() is False else "done"
    except FileNotFoundError:
        return "none"
    except obstore.exceptions.AlreadyExistsError:
        return "refused"


def test_whatever_is_done_in_whatever_order_obstore_would_have_done_the_same(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - the same steps every time
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    theirs.mkdir()
    store = LocalStore(theirs)
    for number in range(400):
        path, other = chance.choice(["a", "b/c", "b/d/e"]), chance.choice(["a", "b/c", "b/d/e"])
        near, beside, data = place(ours, path), place(ours, other), bytes([number % 251]) * (number % 7)
        ways: list[tuple[Callable[[], object], Callable[[], object]]] = [
            (
                partial(local_files.write, near, data, overwrite=True),
                partial(obstore.put, store, path, data, mode="overwrite"),
            ),
            (
                partial(local_files.write, near, data, overwrite=False),
                partial(obstore.put, store, path, data, mode="create"),
            ),
            (partial(local_files.link, near, beside), partial(obstore.copy, store, path, other)),
            (partial(os.unlink, near), partial(obstore.delete, store, path)),
        ]
        mine, its = chance.choice(ways)
        assert came_of(mine) == came_of(its), (number, mine)
        assert files_of(ours) == files_of(theirs), (number, mine)


def test_what_is_read_is_marked_as_obstore_marks_it(tmp_path: Path) -> None:
    file = place(tmp_path, "a/b")
    local_files.write(file, b"data", overwrite=True)
    data, mark = local_files.read(file)
    assert data == b"data"
    assert mark == local_files.mark_of(local_files.look(file))
    assert mark == obstore.head(LocalStore(tmp_path), "a/b")["e_tag"]


def test_a_folder_is_no_object(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for use in (local_files.look, local_files.read):
        with pytest.raises(FileNotFoundError):
            use(place(tmp_path, "a"))
    with pytest.raises(FileNotFoundError):
        local_files.link(place(tmp_path, "a"), place(tmp_path, "b"))


def test_a_second_name_for_the_same_file_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file, other = place(tmp_path, "a"), place(tmp_path, "b")
    local_files.write(file, b"data", overwrite=True)
    for _ in range(3):
        local_files.link(file, other)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a", "b"]
    assert local_files.read(other)[0] == b"data"


def test_what_a_killed_writer_left_is_in_nobodys_way(tmp_path: Path, objects: Objects) -> None:
    (tmp_path / "store" / "a#1").write_bytes(b"half")
    assert objects.put("a", b"whole")
    assert objects.put("b", b"x", overwrite=False)
    assert sorted(objects.list("")) == ["a", "b"]
    assert objects.get("a") == b"whole"


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_link_that_leads_nowhere_is_an_error_and_no_endless_try(
    tmp_path: Path, objects: Objects, *, overwrite: bool
) -> None:
    (tmp_path / "store" / "a").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StoreError):
        objects.put("a/b", b"x", overwrite=overwrite)
    objects.put("c", b"x")
    with pytest.raises(StoreError):
        objects.copy("c", "a/b")


def test_a_file_in_the_place_of_a_folder_is_an_error(objects: Objects) -> None:
    objects.put("a", b"x")
    with pytest.raises(StoreError):
        objects.put("a/b", b"x")


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handle: int, _data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(OSError, match="No space"):
        local_files.write(place(tmp_path, "a"), b"data", overwrite=True)
    assert list(tmp_path.iterdir()) == []
