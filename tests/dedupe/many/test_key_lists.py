from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from synsift.dedupe.hash_tables import Parts
from synsift.dedupe.index import CLOSE, WIDE
from synsift.dedupe.many.key_lists import KeyLists, make_lists
from synsift.pipelines.folders.room import NewRoom

ALL_PARTS = [(CLOSE.parts, 8), (CLOSE.parts_of_many, 8), (WIDE.parts, 11)]


def keys_that_cluster(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random keys, and keys with a few bits of others changed: as many of each distance up to 14."""
    keys = rng.integers(0, 1 << 64, count, dtype=np.uint64)
    for number in range(0, count, 2):
        bits = rng.choice(64, number % 15, replace=False)
        keys[number] = keys[number + 1] ^ np.bitwise_or.reduce(
            np.uint64(1) << bits.astype(np.uint64), initial=np.uint64(0)
        )
    return keys


@pytest.mark.parametrize(("parts", "radius_bits"), ALL_PARTS)
def test_lists_find_what_comparing_all_finds(tmp_path: Path, parts: Parts, radius_bits: int) -> None:
    rng = np.random.default_rng(radius_bits)
    keys = keys_that_cluster(rng, 3_000)
    # Numbers with gaps, as pictures have views that aren't used.
    numbers = np.sort(rng.choice(10_000, len(keys), replace=False))
    room = NewRoom(tmp_path / "cache.db")

    def chunks() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for begin in range(0, len(keys), 700):
            yield numbers[begin : begin + 700], keys[begin : begin + 700]

    for part in range(len(parts.bits)):
        make_lists(chunks, parts, part, room=room, name="keys")
    queries = np.concatenate([keys[:500], rng.integers(0, 1 << 64, 100, dtype=np.uint64)])
    rows, found = KeyLists(parts, radius_bits=radius_bits, room=room, name="keys").near(queries)
    at, places = np.nonzero(np.bitwise_count(queries[:, None] ^ keys) <= radius_bits)
    assert len(at) > 600
    assert set(zip(rows.tolist(), found.tolist(), strict=True)) == set(
        zip(at.tolist(), numbers[places].tolist(), strict=True)
    )


def test_lists_of_nothing_find_nothing(tmp_path: Path) -> None:
    room = NewRoom(tmp_path / "cache.db")
    for part in range(4):
        make_lists(lambda: iter(()), WIDE.parts, part, room=room, name="keys")
    lists = KeyLists(WIDE.parts, radius_bits=11, room=room, name="keys")
    assert [len(column) for column in lists.near(np.zeros(3, np.uint64))] == [0, 0]


@pytest.mark.parametrize("bits", [3, 8, 9, 16, 22])
@pytest.mark.parametrize("kind", ["random", "crowd", "few"])
def test_lists_stand_in_a_file_as_they_are_wanted(tmp_path: Path, bits: int, kind: str) -> None:
    """Keys of each value in their order, and behind them their numbers, whatever the regions."""
    rng = np.random.default_rng(bits)
    keys = rng.integers(0, 1 << 64, {"random": 5_000, "crowd": 5_000, "few": 3}[kind], dtype=np.uint64)
    if kind == "crowd":
        keys[100:] = keys[0]
    numbers = np.arange(len(keys)) * 3
    room = NewRoom(tmp_path / "cache.db")
    parts = Parts((64 - bits, bits), (0, 0))
    make_lists(lambda: iter([(numbers[:900], keys[:900]), (numbers[900:], keys[900:])]), parts, 1, room=room, name="k")
    values = keys & np.uint64((1 << bits) - 1)
    expected = [column[values == value] for value in np.unique(values) for column in (keys, numbers.astype(np.uint64))]
    assert room.get("k-1-lists").tolist() == np.concatenate(expected).tolist()
    assert np.diff(room.get("k-1-begins")).tolist() == np.bincount(values.astype(int), minlength=1 << bits).tolist()


def test_a_part_with_more_lists_than_are_told_apart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too many lists"):
        make_lists(lambda: iter(()), Parts((39, 25), (0, 0)), 1, room=NewRoom(tmp_path / "cache.db"), name="keys")
