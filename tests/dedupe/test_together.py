"""Many scopes looked up together: the same proposals and the same verdicts as each alone, one by one."""

import gc
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.dedupe import Fingerprint, Matcher, MatchOptions, Verdict
from synsift.dedupe.hash_batch import HashBatch
from synsift.dedupe.small_scopes import SmallScopes
from synsift.dedupe.together import Together
from tests.dedupe.test_lookup import OPTIONS, pictures


class Crawl:
    """Matchers of some synsets, as a stage has them."""

    def __init__(self, options: MatchOptions) -> None:
        self.options = options
        self.scopes = SmallScopes(options)
        self.together = Together(self.scopes)
        self.matchers: dict[int, Matcher] = {}

    def judge(self, some: Sequence[tuple[int, Fingerprint]]) -> list[Verdict]:
        """Verdicts of a batch, in its order."""
        groups: dict[int, list[Fingerprint]] = {}
        for synset, image in some:
            groups.setdefault(synset, []).append(image)
        batch = HashBatch.of([image for images in groups.values() for image in images], self.options)
        spans, begin = [], 0
        for synset, images in groups.items():
            spans.append(self.matcher(synset).span(begin, begin + len(images)))
            begin += len(images)
        self.together.look_ahead(batch, spans)
        verdicts = [self.matcher(synset).add(image) for synset, image in some]
        self.together.settle()
        return verdicts

    def matcher(self, synset: int) -> Matcher:
        return self.matchers.setdefault(synset, Matcher(self.options, scopes=self.scopes))

    def rest(self, synset: int) -> None:
        """Let go of a matcher, and wake another of what survived."""
        if synset in self.matchers:
            survivors = self.matchers.pop(synset).survivors()
            self.matchers[synset] = Matcher.from_survivors(survivors, self.options, scopes=self.scopes)


def one_by_one(options: MatchOptions, some: Sequence[tuple[int, Fingerprint]]) -> list[Verdict]:
    matchers: dict[int, Matcher] = {}
    return [matchers.setdefault(synset, Matcher(options)).add(image) for synset, image in some]


def spread(synsets: int, *, seed: int = 1) -> list[tuple[int, Fingerprint]]:
    chosen = np.random.default_rng(seed).integers(0, synsets, len(pictures())).tolist()
    return list(zip(chosen, pictures(), strict=True))


@cache
def each_alone(options: MatchOptions, synsets: int) -> list[Verdict]:
    """``one_by_one`` of all pictures over so many synsets, made once."""
    return one_by_one(options, spread(synsets))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("synsets", "size"), [(1, 10), (3, 1_000), (3, 20), (40, 1_000), (40, 1)])
def test_verdicts_are_those_of_each_scope_alone(options: MatchOptions, synsets: int, size: int) -> None:
    some, crawl, verdicts = spread(synsets), Crawl(options), list[Verdict]()
    for begin in range(0, len(some), size):
        verdicts += crawl.judge(some[begin : begin + size])
    assert verdicts == each_alone(options, synsets)


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("together._FEW", 1),
        ("together._MOST_HITS", 0),
        ("together._COMPARED_AT_ONCE", 0),
        ("together._COMPARED_AT_ONCE", 2_000),
        ("small_scopes._MOST_HASHES", 0),
        ("small_scopes._MOST_HASHES", 40),
        ("shared_index._WORTH_CLEANING", 10),
    ],
)
def test_they_hang_on_no_bound(what: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = each_alone(OPTIONS[0], 4)  # made without the bound
    monkeypatch.setattr(f"synsift.dedupe.{what}", value)
    some, crawl, verdicts = spread(4), Crawl(OPTIONS[0]), list[Verdict]()
    for begin in range(0, len(some), 30):
        verdicts += crawl.judge(some[begin : begin + 30])
        crawl.rest(begin // 30 % 4)
    assert verdicts == expected


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_they_hang_on_no_order_and_on_nobody_s_rest(data: st.DataObject) -> None:
    images = data.draw(st.permutations(pictures()))[:40]
    some = [(data.draw(st.integers(0, 4)), image) for image in images]
    crawl, verdicts, begin = Crawl(OPTIONS[0]), list[Verdict](), 0
    while begin < len(some):
        size = data.draw(st.integers(1, 15))
        verdicts += crawl.judge(some[begin : begin + size])
        begin += size
        crawl.rest(data.draw(st.integers(0, 4)))
    assert verdicts == one_by_one(OPTIONS[0], some)


def test_what_nobody_said_would_come_is_judged_in_between() -> None:
    options, images = OPTIONS[0], pictures()
    crawl, alone = Crawl(options), {0: Matcher(options), 1: Matcher(options)}
    ahead, others = images[:40], images[40:80]
    batch = HashBatch.of(ahead, options)
    crawl.together.look_ahead(batch, [crawl.matcher(0).span(0, 20), crawl.matcher(1).span(20, 40)])
    for number, (one, other) in enumerate(zip(ahead, others, strict=True)):
        for image in (one, other) if number % 3 else (one,):
            assert crawl.matcher(number // 20).add(image) == alone[number // 20].add(image)
    crawl.together.settle()
    for image in images:
        for synset in (0, 1):
            assert crawl.matcher(synset).match(image) == alone[synset].match(image)


def test_a_batch_that_broke_off_leaves_what_was_judged() -> None:
    options, images = OPTIONS[0], pictures()[:30]
    crawl, alone = Crawl(options), Matcher(options)
    crawl.together.look_ahead(HashBatch.of(images, options), [crawl.matcher(0).span(0, 30)])
    for image in images[:10]:
        assert crawl.matcher(0).add(image) == alone.add(image)
    assert crawl.judge([(0, image) for image in images]) == [alone.add(image) for image in images]


def test_nothing_stays_of_a_matcher_that_is_let_go() -> None:
    crawl = Crawl(OPTIONS[0])
    crawl.judge(spread(5))
    full = len(crawl.scopes)
    for _ in range(3):
        for synset in range(5):
            crawl.rest(synset)
    assert len(crawl.scopes) == full
    crawl.matchers.clear()
    gc.collect()
    Matcher(OPTIONS[0], scopes=crawl.scopes)  # who begins clears what nobody asks any more
    assert len(crawl.scopes) == 0


def test_scopes_that_have_grown_see_all_that_they_had() -> None:
    options = OPTIONS[0]
    crawl, alone = Crawl(options), Matcher(options)
    some = [(0, image) for image in pictures()]
    for begin in range(0, len(some), 10):
        crawl.judge(some[begin : begin + 10])
        for _, image in some[begin : begin + 10]:
            alone.add(image)
    crawl.matcher(0)._lookup._index = crawl.matcher(0)._lookup.small_scope.taken_out()
    assert [crawl.matcher(0).match(image) for image in pictures()] == [alone.match(image) for image in pictures()]
    assert len(crawl.scopes) == 0
