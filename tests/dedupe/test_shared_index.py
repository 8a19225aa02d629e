"""Hashes of many scopes in one index: each query finds what an index of its own scope would find, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.dedupe import HashIndex
from synsift.dedupe.hash_batch import Hashes, Numbers
from synsift.dedupe.index import CLOSE, WIDE, Reach, by_part
from synsift.dedupe.shared_index import SharedIndex, Stored

RADIUS_BITS = 90


def hashes_near_each_other(rng: np.random.Generator, count: int) -> Hashes:
    """Of few pictures, with some bits changed: many are near."""
    originals = rng.integers(0, 256, (max(1, count // 4), 32), dtype=np.uint8)
    bits = np.unpackbits(originals[rng.integers(0, len(originals), count)], axis=1)
    return np.packbits(bits ^ (rng.random(bits.shape) < 0.08), axis=1)


def stored(hashes: Hashes, first: int = 0) -> Stored:
    numbers = np.arange(first, first + len(hashes))
    return Stored(hashes, numbers, numbers % 7)


def found_by(index: SharedIndex, scopes: Numbers, queries: Hashes, part: int) -> set[tuple[int, ...]]:
    near = index.near(scopes, queries, radius_bits=RADIUS_BITS, part=part)
    return set(
        zip(near.distances.tolist(), near.rows.tolist(), near.pictures.tolist(), near.views.tolist(), strict=True)
    )


def expected(
    known: dict[int, list[Hashes]], scopes: Numbers, queries: Hashes, part: int, reach: Reach
) -> set[tuple[int, ...]]:
    """By an index of each scope."""
    found = set()
    for scope, parts in known.items():
        index = HashIndex(reach)
        for some in parts:
            index.add_all(by_part(some, part))
        rows = np.flatnonzero(scopes == scope)
        for near in index.search(by_part(queries[rows], part), radius_bits=RADIUS_BITS):
            found.add((near.distance_bits, int(rows[near.row]), near.number, near.number % 7))
    return found


@pytest.mark.parametrize(("reach", "parts"), [(CLOSE, (0,)), (WIDE, (0, 1, 3))])
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_it_finds_what_an_index_of_each_scope_finds(reach: Reach, parts: tuple[int, ...], data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 1 << 32)))
    index, known = SharedIndex(reach.radius_bits, parts), dict[int, list[Hashes]]()
    for _ in range(data.draw(st.integers(1, 8))):
        # More scopes than there is room for at first, and scopes that are cleared and begun anew.
        cleared = data.draw(st.lists(st.integers(0, 200), max_size=3))
        for scope in cleared:
            index.clear(scope)
            known.pop(scope, None)
        count = data.draw(st.integers(0, 30))
        scopes = rng.choice([0, 1, 2, 63, 64, 200], count)
        some = hashes_near_each_other(rng, count) if count else np.empty((0, 32), np.uint8)
        firsts = {scope: sum(map(len, known.get(scope, []))) for scope in set(scopes.tolist())}
        numbers = np.array([firsts[s] + int(np.sum(scopes[:at] == s)) for at, s in enumerate(scopes.tolist())], int)
        index.add(scopes, Stored(some, numbers, numbers % 7))
        for scope in firsts:
            known.setdefault(scope, []).append(some[scopes == scope])
    queries = np.concatenate([hashes_near_each_other(rng, 6), *(some for parts in known.values() for some in parts)])
    asked = rng.choice([-1, 0, 1, 2, 63, 64, 200, 10_000], len(queries))
    for part in parts:
        assert found_by(index, asked, queries, part) == expected(known, asked, queries, part, reach)
    assert len(index) == sum(len(some) for parts in known.values() for some in parts)
    for scope in (0, 1, 2, 63, 64, 200):
        assert index.of(scope).hashes.tolist() == [row for some in known.get(scope, []) for row in some.tolist()]
        assert index.size(scope) == index.sizes(np.array([scope]))[0] == sum(map(len, known.get(scope, [])))


def test_what_is_cleared_is_cleaned_away_and_the_rest_is_found_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synsift.dedupe.shared_index._WORTH_CLEANING", 50)
    rng = np.random.default_rng(3)
    index, kept = SharedIndex(CLOSE.radius_bits), hashes_near_each_other(rng, 20)
    index.add(np.full(10, 5), stored(kept[:10]))
    for _ in range(40):
        index.add(np.full(30, 9), stored(hashes_near_each_other(rng, 30)))
        index.clear(9)
    index.add(np.full(10, 5), stored(kept[10:], 10))
    assert len(index) == 20
    assert len(index._rows) < 1_000
    assert found_by(index, np.full(20, 5), kept, 0) == expected({5: [kept]}, np.full(20, 5), kept, 0, CLOSE)
