from pathlib import Path

import pytest

from tests import memory_folder as tested


def test_it_is_in_memory_where_there_is_room_and_gone_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tested, "MEMORY", tmp_path)
    monkeypatch.setattr(tested, "ROOM_BYTES", 0)
    with tested.memory_folder() as folder:
        (folder / "file").touch()
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lacks", ["room", "a folder"])
def test_it_is_on_the_disk_where_memory_has_no_room(
    lacks: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tested, "MEMORY", tmp_path if lacks == "room" else tmp_path / "none")
    monkeypatch.setattr(tested, "ROOM_BYTES", 1 << 62)
    with tested.memory_folder() as folder:
        assert tmp_path not in folder.parents
    assert not folder.exists()
