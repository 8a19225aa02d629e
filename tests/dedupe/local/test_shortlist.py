import functools
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from synsift.dedupe import describe
from synsift.dedupe.local import shortlist
from synsift.dedupe.local.features import Features
from synsift.dedupe.local.shortlist import Shortlist, learn
from tests.dedupe.local.scenes import busy


@functools.cache
def described(seed: int) -> Features:
    return describe(busy(seed))


@functools.cache
def described_part(seed: int) -> Features:
    return describe(busy(seed).crop((60, 40, 300, 220)))


def shortlist_of(seeds: range) -> Shortlist:
    pictures = [described(seed) for seed in seeds]
    made = Shortlist(learn(np.concatenate([one.descriptors for one in pictures])))
    for one in pictures:
        made.add(one)
    return made


def test_what_a_picture_was_made_from_is_proposed_first() -> None:
    made = shortlist_of(range(40))
    for seed in (3, 17, 29):
        part = busy(seed).crop((60, 40, 300, 220)).rotate(90, expand=True)
        assert made.propose(describe(part))[0] == seed


def test_no_more_are_proposed_than_asked_for() -> None:
    assert len(shortlist_of(range(30)).propose(described(1), most=4)) <= 4


def test_pictures_without_points_are_proposed_nothing_and_do_no_harm() -> None:
    plain = describe(np.full((64, 64), 128, np.uint8))
    made = Shortlist(learn(plain.descriptors))
    made.add(plain)
    assert made.propose(plain) == []
    assert made.propose(described(1)) == []


def test_a_large_set_proposes_what_its_slow_twin_does(monkeypatch: pytest.MonkeyPatch) -> None:
    queries = [described_part(seed) for seed in (3, 17, 29)]
    small = shortlist_of(range(40))
    monkeypatch.setattr(shortlist, "_LARGE", 0)
    large = shortlist_of(range(40))
    assert [large.propose(query) for query in queries] == [small.propose(query) for query in queries]
    assert all(large.propose(query) for query in queries)


def test_votes_are_counted_alike_whether_they_are_many_or_few(monkeypatch: pytest.MonkeyPatch) -> None:
    made = shortlist_of(range(12))
    queries = [described_part(seed) for seed in range(12)]
    found = []
    for keys_a_vote in (0, 1 << 40):
        monkeypatch.setattr(shortlist, "_KEYS_A_VOTE", keys_a_vote)
        found.append([made.propose(query) for query in queries])
    assert found[0] == found[1]
    assert [first for first, *_ in found[0]] == list(range(12))


@pytest.mark.parametrize("large", [0, 1 << 40])
def test_looking_up_words_converts_no_set(monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    # What is looked for has the type of the set's words: NumPy would convert all of the set otherwise, at each query.
    monkeypatch.setattr(shortlist, "_LARGE", large)
    seen: list[np.dtype[Any]] = []
    plain = np.searchsorted

    def watched(words: NDArray[Any], wanted: NDArray[Any], side: Literal["left", "right"] = "left") -> Any:
        if words.dtype == np.uint16:
            seen.append(np.asarray(wanted).dtype)
        return plain(words, wanted, side)

    made = shortlist_of(range(5))
    monkeypatch.setattr(shortlist.np, "searchsorted", watched)
    assert made.propose(described(3))[0] == 3
    assert set(seen) == (set() if large == 0 else {np.dtype(np.uint16)})
