import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from synsift.dedupe import HashIndex, hash_tables
from synsift.dedupe import index as index_module
from synsift.dedupe.hash_tables import Parts, Segment
from synsift.dedupe.index import CLOSE, KEY_RADIUS_BITS, WIDE, DamagedIndex, Reach, by_part, pairs_of


def brute_force(
    stored: NDArray[np.uint8], queries: NDArray[np.uint8], radius_bits: int, *, key_radius_bits: int = KEY_RADIUS_BITS
) -> list[tuple[int, int, int]]:
    difference = queries[:, None] ^ stored[None]
    keys = np.bitwise_count(difference[:, :, :8]).sum(axis=2)
    distances = np.bitwise_count(difference).sum(axis=2)
    rows, numbers = np.nonzero((keys <= key_radius_bits) & (distances <= radius_bits))
    return sorted((int(distances[row, n]), int(row), int(n)) for row, n in zip(rows, numbers, strict=True))


def clouds(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    """Hashes around a few centres, with all distances from none to far."""
    centres = rng.integers(0, 256, (5, 32), dtype=np.uint8)
    noise = rng.random((count, 256)) < rng.random((count, 1)) * 0.35
    return centres[rng.integers(0, 5, count)] ^ np.packbits(noise, axis=1)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 30), st.integers(0, 400), st.integers(0, 128))
def test_everything_that_is_near_is_found(seed: int, count: int, radius_bits: int) -> None:
    rng = np.random.default_rng(seed)
    stored = clouds(rng, count + 8)
    stored, queries = stored[:count], stored[count:]
    index = HashIndex()
    for hash256 in stored[: count // 2]:
        index.add(hash256.tobytes())
    index.add_all(stored[count // 2 :])
    assert len(index) == count
    assert index.search(queries, radius_bits=radius_bits) == brute_force(stored, queries, radius_bits)


@pytest.fixture
def early_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "_MIN_FOR_TABLES", 200)
    monkeypatch.setattr(index_module, "_MIN_GROWTH", 50)
    monkeypatch.setattr(index_module, "_MAX_GROWTH", 150)
    monkeypatch.setattr(index_module, "_GROWTH_SHARE", 0.3)
    monkeypatch.setattr(index_module, "_MANY", 40)
    monkeypatch.setattr(index_module, "_MIN_REST", 20)


@pytest.mark.usefixtures("early_tables")
@pytest.mark.parametrize("reach", [CLOSE, WIDE])
@pytest.mark.parametrize("seed", range(6))
def test_everything_that_is_near_is_found_by_tables_and_behind_them(seed: int, reach: Reach) -> None:
    rng = np.random.default_rng(seed)
    stored = clouds(rng, 1_030)
    stored, queries = stored[:1_000], stored[1_000:]
    index = HashIndex(reach)
    segments = set()
    for begin in range(0, 1_000, 37):
        index.add_all(stored[begin : begin + 37])
        found = index.search(queries, radius_bits=85)
        assert found == brute_force(stored[: begin + 37], queries, 85, key_radius_bits=reach.radius_bits)
        segments.add((len(index._segments), index._small is not None))
    assert len(found) > 100
    assert {large for large, _ in segments} == {0, 1, 2}
    small = {large for large, has_small in segments if has_small}
    assert small == (set() if reach is WIDE else {0, 1, 2})


@pytest.mark.parametrize("count", [12, 60, 400])
@pytest.mark.parametrize("reach", [CLOSE, WIDE])
def test_pairs_of_a_few_are_those_of_an_index(reach: Reach, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synsift.dedupe.index._AT_ONCE", 50)
    stored = clouds(np.random.default_rng(count), count + 30)
    stored, queries = stored[:count], stored[count:]
    index = HashIndex(reach)
    index.add_all(stored)
    expected = {tuple(near) for near in index.search(queries, radius_bits=85)}
    for found in (pairs_of(queries, stored, radius_bits=85, reach=reach), index.pairs(queries, radius_bits=85)):
        assert set(zip(*(column.tolist() for column in found), strict=True)) == expected
        assert len(found.rows) == len(expected)
    assert len(expected) > count // 4
    index.remove({number for _, _, number in expected})
    assert not len(index.pairs(queries, radius_bits=85).rows)


@pytest.mark.usefixtures("early_tables")
@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("reach", [CLOSE, WIDE])
def test_a_key_at_the_very_radius_is_found_wherever_its_bits_differ(
    reach: Reach, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if small:
        monkeypatch.setattr(index_module, "_MIN_FOR_TABLES", 10_000)
    rng = np.random.default_rng(1)
    stored = rng.integers(0, 256, (600, 32), dtype=np.uint8)
    index = HashIndex(reach)
    index.add_all(stored)
    assert bool(index._segments) is not small
    assert (index._small is not None) is (small and reach is CLOSE)
    for number in range(0, 600, 7):
        bits = np.zeros(256, dtype=np.uint8)
        bits[rng.choice(64, reach.radius_bits, replace=False)] = 1
        query = (stored[number] ^ np.packbits(bits))[None]
        assert index.search(query, radius_bits=85)[0] == (reach.radius_bits, 0, number)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("parts", [*CLOSE[1:], WIDE.parts])
def test_tables_find_what_one_part_differs_from_in_so_many_bits(
    parts: Parts, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if many:
        monkeypatch.setattr(hash_tables, "_MANY_KEYS", 10)
    radius_bits = parts.complete_bits
    rng = np.random.default_rng(2)
    stored = rng.integers(0, 1 << 63, 700, dtype=np.uint64) * np.uint64(2) + rng.integers(0, 2, 700).astype(np.uint64)
    segment = Segment(5, stored, parts, radius_bits)
    changes = np.array(
        [sum(1 << int(bit) for bit in rng.choice(64, radius_bits, replace=False)) for _ in range(140)], np.uint64
    )
    queries = stored[:140] ^ changes  # more than are looked up at once
    rows, numbers = segment.near(queries)
    expected = np.nonzero(np.bitwise_count(queries[:, None] ^ stored) <= radius_bits)
    assert len(expected[0]) >= 140
    assert {*zip(rows.tolist(), numbers.tolist(), strict=True)} == {
        (row, number + 5) for row, number in zip(*(column.tolist() for column in expected), strict=True)
    }


def test_what_was_removed_is_not_found_and_numbers_stay() -> None:
    stored = clouds(np.random.default_rng(2), 500)
    index = HashIndex()
    index.add_all(stored)
    index.remove(range(0, 500, 2))
    assert len(index) == 250
    found = {near.number for near in index.search(stored, radius_bits=0)}
    assert found >= set(range(1, 500, 2))
    assert all(number % 2 for number in found)
    with pytest.raises(KeyError, match="number 0"):
        index.remove([0])
    with pytest.raises(KeyError, match="number 500"):
        index.remove([500])


def test_each_quarter_of_a_hash_may_be_what_it_is_looked_up_by() -> None:
    rng = np.random.default_rng(6)
    stored = rng.integers(0, 256, (300, 32), dtype=np.uint8)
    for part in range(4):
        covered = stored.copy()
        others = [byte for byte in range(32) if byte // 8 != part]
        covered[:, others[:6]] = rng.integers(0, 256, (300, 6), dtype=np.uint8)
        turned = by_part(covered, part)
        assert (turned[:, :8] == stored[:, 8 * part : 8 * part + 8]).all()
        distances = np.bitwise_count(stored ^ covered).sum(axis=1)
        assert (np.bitwise_count(by_part(stored, part) ^ turned).sum(axis=1) == distances).all()
        index = HashIndex(WIDE)
        index.add_all(by_part(stored, part))
        assert {near.number for near in index.search(turned, radius_bits=85)} == set(range(300))


def test_an_index_is_read_back() -> None:
    stored = clouds(np.random.default_rng(3), 300)
    index = HashIndex()
    index.add_all(stored)
    index.remove([3, 299])
    again = HashIndex.from_bytes(index.to_bytes())
    assert len(again) == 298
    assert again.search(stored[:20], radius_bits=85) == index.search(stored[:20], radius_bits=85)
    assert len(HashIndex.from_bytes(HashIndex().to_bytes())) == 0


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:40] + b"x" + data[41:], lambda _: b""])
def test_a_damaged_index_is_refused(damage) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    index = HashIndex()
    index.add_all(clouds(np.random.default_rng(4), 10))
    with pytest.raises(DamagedIndex):
        HashIndex.from_bytes(damage(index.to_bytes()))
