"""Splits: nothing of one side can be seen on another, and each synset has its share."""

import hashlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.pipelines.errors import UsageError
from synsift.pipelines.exports.sides import Images, Share, assign, clusters_of, key_of, names_of, shares_of

SHARES = [Share("test", 0.1), Share("val", 0.1)]


def images(count: int, synsets: int, keys: list[np.ndarray], pairs: list[tuple[int, int]], seed: int = 0) -> Images:
    digests = [hashlib.sha256(f"{seed} {number}".encode()).digest() for number in range(count)]
    columns = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 32)
    joined = clusters_of(keys, np.array(pairs, dtype=np.int64).reshape(-1, 2), count)
    numbers = np.arange(count, dtype=np.int32) % synsets
    return Images(columns, numbers, np.ones(count, dtype=np.bool_), joined)


def joined_slowly(keys: list[list[int]], pairs: list[tuple[int, int]], count: int) -> list[int]:
    """The same by hand."""
    found = list(range(count))
    edges = list(pairs)
    for column in keys:
        edges += [(a, b) for a in range(count) for b in range(a) if column[a] and column[a] == column[b]]
    for _ in range(count):
        for a, b in edges:
            found[a] = found[b] = min(found[a], found[b])
    return found


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_clusters_are_what_hangs_together(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 25))
    keys = [data.draw(st.lists(st.integers(0, 12), min_size=count, max_size=count)) for _ in range(3)]
    pairs = data.draw(st.lists(st.tuples(*[st.integers(0, count - 1)] * 2), max_size=8))
    columns = [np.array(column, dtype=np.uint64) for column in keys]
    found = clusters_of(columns, np.array(pairs, dtype=np.int64).reshape(-1, 2), count)
    assert found.tolist() == joined_slowly(keys, pairs, count)


def test_a_long_chain_is_one_cluster() -> None:
    pairs = [(number + 1, number) for number in range(5_000)]
    found = clusters_of([np.zeros(5_001, dtype=np.uint64)], np.array(pairs), 5_001)
    assert set(found.tolist()) == {0}


@pytest.mark.parametrize("seed", range(5))
def test_a_cluster_stands_on_one_side_and_synsets_have_their_shares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    authors = rng.integers(0, 400, 3_000).astype(np.uint64)
    pages = np.where(rng.random(3_000) < 0.9, np.arange(1, 3_001), 1 + rng.integers(0, 50, 3_000)).astype(np.uint64)
    pages[authors == 7] = 0
    found = images(3_000, 12, [np.where(rng.random(3_000) < 0.3, authors, 0), pages], [], seed)
    sides = assign(found, SHARES)
    for cluster in set(found.clusters.tolist()):
        assert len(set(sides[found.clusters == cluster].tolist())) == 1
    counts = Counter(sides.tolist())
    biggest = max(Counter(found.clusters.tolist()).values())
    if biggest < 25:
        assert counts[1] == pytest.approx(300, abs=15)
        assert counts[2] == pytest.approx(300, abs=15)
    for synset in range(12):
        of_synset = Counter(sides[found.synsets == synset].tolist())
        assert of_synset[1] <= 26
        assert of_synset[2] <= 26


def test_images_alone_are_shared_out_exactly() -> None:
    found = images(2_000, 4, [np.zeros(2_000, dtype=np.uint64)], [])
    sides = assign(found, SHARES)
    for synset in range(4):
        assert Counter(sides[found.synsets == synset].tolist()) == {0: 400, 1: 50, 2: 50}


def test_an_author_of_half_of_all_images_goes_to_training() -> None:
    authors = np.where(np.arange(1_000) // 4 % 2 == 0, 5, 0).astype(np.uint64)
    sides = assign(images(1_000, 4, [authors], []), SHARES)
    assert set(sides[authors == 5].tolist()) == {0}
    assert Counter(sides.tolist())[1] == 100


def test_small_synsets_have_the_share_together() -> None:
    sides = assign(images(3_000, 1_000, [np.zeros(3_000, dtype=np.uint64)], []), SHARES)
    assert Counter(sides.tolist())[1] == pytest.approx(300, abs=60)


def test_what_is_left_out_joins_others_all_the_same() -> None:
    found = images(3, 1, [np.zeros(3, dtype=np.uint64)], [(0, 1), (1, 2)])
    chosen = np.array([True, False, True])
    sides = assign(Images(found.digests, found.synsets, chosen, found.clusters), [Share("test", 0.5)])
    assert sides[0] == sides[2]
    assert len(set(names_of(found).tolist())) == 1


def test_most_images_stay_on_their_side_when_more_come() -> None:
    few, many = (images(count, 5, [np.zeros(count, dtype=np.uint64)], []) for count in (5_000, 5_500))
    before, after = assign(few, SHARES), assign(many, SHARES)[:5_000]
    assert np.mean(before == after) > 0.95


def test_the_order_in_which_images_are_read_changes_nothing() -> None:
    found = images(500, 3, [np.arange(500, dtype=np.uint64) // 3], [])
    order = np.random.default_rng(3).permutation(500)
    keys = [np.ascontiguousarray((np.arange(500, dtype=np.uint64) // 3)[order])]
    clusters = clusters_of(keys, np.empty((0, 2), dtype=np.int64), 500)
    turned = Images(found.digests[order], found.synsets[order], found.chosen, clusters)
    assert assign(found, SHARES)[order].tolist() == assign(turned, SHARES).tolist()


def test_nothing_at_all_is_split_into_nothing() -> None:
    assert assign(images(0, 1, [np.zeros(0, dtype=np.uint64)], []), SHARES).tolist() == []


@pytest.mark.parametrize(
    "text", ["", "test", "test=", "test=x", "test=0", "test=1", "test=-0.1", "train=0.5", "a=0.5,b=0.5", "a=.1,a=.1",
             "Test=0.1", "../x=0.1", "a b=0.1", "test=nan", "test=inf", "_x=0.1", "ä=0.1"],
)  # fmt: skip
def test_shares_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--split"):
        shares_of(text)


def test_shares_are_read() -> None:
    assert shares_of(" test = 0.1, val=.2") == [Share("test", 0.1), Share("val", 0.2)]
    assert key_of("") == 0
    assert key_of("a") != key_of("b")
