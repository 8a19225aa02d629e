"""A file for state: a disk that is full is told at once, and costs nothing of what was written before."""

import subprocess
import sys
from pathlib import Path

import pytest

from synsift.pipelines.stages.spill_file import SpillFile

_FULL = """
import resource, signal
from synsift.pipelines.stages.shelf import Shelf
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))
shelf = Shelf(in_memory=0)
known = {bytes([n]) * 16: bytes([n]) * 97 for n in range(200)}
for digest, value in known.items():
    shelf[digest] = value
assert all(shelf.get(digest) == value for digest, value in known.items())
"""


def test_bytes_come_back_from_their_places() -> None:
    file = SpillFile()
    places = [file.append(bytes([n]) * n) for n in range(50)]
    assert [file.read(place, n) for n, place in enumerate(places)] == [bytes([n]) * n for n in range(50)]
    assert file.size_bytes == sum(range(50))
    assert file.read(file.size_bytes - 3, 10) == bytes([49]) * 3


def test_it_goes_with_its_object() -> None:
    def number() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = number()
    file = SpillFile()
    assert number() == before + 1
    del file
    assert number() == before


def test_a_file_that_may_not_grow_keeps_what_it_has() -> None:
    """As on a full disk: buffers of Python's own would keep failing, and take what was written with them."""
    done = subprocess.run([sys.executable, "-c", _FULL], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_has_no_room_was_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    file = SpillFile()
    file.append(b"abc")

    def full(*_arguments: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.pwrite", full)
        with pytest.raises(OSError, match="space"):
            file.append(b"def")
    assert file.append(b"ghi") == 3
    assert file.read(0, 10) == b"abcghi"
