import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from synsift.pipelines.errors import SynsiftError
from synsift.pipelines.folders import room as room_module
from synsift.pipelines.folders.room import NewRoom, OpenRoom

HOLDER = """
import sys, time
from pathlib import Path
from synsift.pipelines.folders.room import NewRoom
room = NewRoom(Path(sys.argv[1]))
room.make("a", "u1", (3,))
print(room.folder, flush=True)
sys.stdin.read()
"""


def test_what_one_writes_another_reads(tmp_path: Path) -> None:
    room = NewRoom(tmp_path / "cache.db")
    made = room.make("a", np.dtype([("x", "<f4"), ("y", "u1", (3,))]), (5,))
    made["x"] = np.arange(5)
    other = OpenRoom(room.folder)
    assert other.get("a").dtype == made.dtype
    assert other.get("a")["x"].tolist() == [0, 1, 2, 3, 4]
    room.release()
    other.release()
    assert made["x"].tolist() == [0, 1, 2, 3, 4]
    assert room.make("empty", "u1", (0, 7)).shape == OpenRoom(room.folder).get("empty").shape == (0, 7)


def test_a_room_is_gone_when_nobody_has_it(tmp_path: Path) -> None:
    room = NewRoom(tmp_path / "cache.db")
    room.make("a", "u1", (5,))
    del room
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_program_left_behind_is_deleted_by_the_next_one_and_what_is_held_is_not(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "cache.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    held = Path(holder.stdout.readline().strip())
    NewRoom(tmp_path / "cache.db").close()
    assert (held / "a").exists()
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert (held / "a").exists()
    NewRoom(tmp_path / "cache.db").close()
    assert not held.exists()


def test_nothing_is_deleted_through_a_link(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "lock").touch()
    (photos / "photo.jpg").touch()
    (tmp_path / "synsift-room-x").symlink_to(photos)
    NewRoom(tmp_path / "cache.db").close()
    assert (photos / "photo.jpg").exists()


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = NewRoom(tmp_path / "cache.db")

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(room_module, "_reserve", full)
    with pytest.raises(SynsiftError, match="No space left on device"):
        room.make("a", "u1", (5,))
