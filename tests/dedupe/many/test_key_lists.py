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
