"""A shelf is a dict, whatever its size, and whatever becomes of its file."""

import hashlib
import os
import random

import pytest

from synsift.pipelines.stages import shelf as shelves
from synsift.pipelines.stages.shelf import Shelf
from synsift.pipelines.stages.spill_file import SpillFile


def digest(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "_YOUNG", 50)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("in_memory", [0, 100, 10_000])
def test_it_gives_back_what_was_put_last_and_nothing_of_what_went(seed: int, in_memory: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - to be repeated
    shelf, known = Shelf(in_memory=in_memory), dict[bytes, bytes]()
    for _ in range(3_000):
        key = digest(rng.randrange(600))
        if rng.random() < 0.25:
            shelf.pop(key)
            known.pop(key, None)
        else:
            known[key] = shelf_value = rng.randbytes(rng.randrange(40))
            shelf[key] = shelf_value
        other = digest(rng.randrange(700))
        assert shelf.get(other) == known.get(other)
    assert {digest(n): shelf.get(digest(n)) for n in range(700) if shelf.get(digest(n)) is not None} == known


def test_many_take_sixteen_bytes_of_memory_each() -> None:
    shelf = Shelf(in_memory=10)
    for number in range(2_000):
        shelf[digest(number)] = b"x" * 1_000
    assert len(shelf._young) <= 60
    assert shelf._keys.nbytes + shelf._places.nbytes == 16 * (2_000 - len(shelf._young))
    assert shelf.get(digest(1_999)) == shelf.get(digest(0)) == b"x" * 1_000


class _Full(SpillFile):
    """Takes some bytes, and no more."""

    def append(self, data: bytes) -> int:
        if self.size_bytes > 2_000:
            raise OSError(28, "No space left on device")
        return super().append(data)


def test_where_the_disk_is_full_it_goes_on_in_memory(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf(_Full, in_memory=20)
    for number in range(1_000):
        shelf[digest(number)] = str(number).encode()
    assert all(shelf.get(digest(number)) == str(number).encode() for number in range(1_000))
    assert caplog.text.count("goes on in memory") == 1


def test_what_can_not_be_read_again_is_not_known() -> None:
    files: list[SpillFile] = []

    def opened() -> SpillFile:
        files.append(SpillFile())
        return files[-1]

    shelf = Shelf(opened, in_memory=0)
    for number in range(100):
        shelf[digest(number)] = b"abc"
    os.ftruncate(files[0]._descriptor, 50)
    assert [shelf.get(digest(number)) for number in (0, 99)] == [b"abc", None]
    os.pwrite(files[0]._descriptor, b"\xff\xff\xff\xff", 0)
    assert shelf.get(digest(0)) is None
