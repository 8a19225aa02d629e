from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsift.crawler.download.host_rules import HostKeys, HostRule, Pace, Paces, name_of, rule_for

RULES = {
    "cdn.example": HostRule(delay_s=0.02, places=8, split=4),
    "*.shop.example": HostRule(delay_s=2.0),
    "slow.shop.example": HostRule(delay_s=9.0),
    "blogs.example": HostRule(places=1),
    "127.0.0.1": HostRule(max_delay_s=0.0),
}
DEFAULT = Pace(0.1, 2, 10.0)


def registered(name: str) -> str:
    return ".".join(name.split(".")[-2:])


def keys(partitions: int = 16) -> HostKeys:
    return HostKeys(RULES, registered, lambda key: sum(key.encode()) % partitions)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("cdn.example", "cdn.example"),
        ("img.cdn.example", "cdn.example"),
        ("a.b.shop.example", "*.shop.example"),
        ("shop.example", None),
        ("slow.shop.example", "slow.shop.example"),
        ("x.slow.shop.example", "slow.shop.example"),
        ("notcdn.example", None),
        ("127.0.0.1", "127.0.0.1"),
        ("1.127.0.0.1", "127.0.0.1"),
        ("0.0.0.1", None),
        ("", None),
    ],
)
def test_the_longest_rule_holds_for_a_name(name: str, rule: str | None) -> None:
    assert rule_for(name, RULES) == rule


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://a.other.example/x", "other.example"),
        ("http://a.shop.example/x", "a.shop.example"),
        ("http://x.a.shop.example:8080/x", "a.shop.example"),
        ("http://y.slow.shop.example/x", "slow.shop.example"),
        ("http://me.blogs.example./x", "blogs.example"),
        ("http://IMG.CDN.example/x", "cdn.example"),
        ("http://[broken/", ""),
    ],
)
def test_a_rule_says_which_names_are_one_host(url: str, host: str) -> None:
    assert name_of(keys().key_of(url)) == host


def test_the_urls_of_a_split_host_are_dealt_out_evenly_and_always_alike() -> None:
    urls = [f"http://cdn.example/{number}.jpg" for number in range(4_000)]
    dealt = [keys().key_of(url) for url in urls]
    assert dealt == [keys().key_of(url) for url in urls]
    assert set(dealt) == set(keys().keys_of(urls[0]))
    assert len(set(dealt)) == 4
    assert min(Counter(dealt).values()) > 900


@given(split=st.integers(1, 64), partitions=st.integers(1, 32))
def test_parts_stand_on_as_many_partitions_as_there_are(split: int, partitions: int) -> None:
    def partition_of(key: str) -> int:
        return hash(key) % partitions

    made = HostKeys({"h.example": HostRule(split=split)}, registered, partition_of).keys_of("http://h.example/")
    assert len(set(made)) == split
    if split == 1:
        assert made == ("h.example",)
    assert {name_of(key) for key in made} == {"h.example"}
    assert len({partition_of(key) for key in made}) >= min(split, partitions) - 1  # the last may be hard to hit


@given(split=st.integers(1, 16), places=st.integers(1, 64), delay_s=st.floats(0, 10))
def test_parts_together_never_ask_more_than_their_host_may_be_asked(split: int, places: int, delay_s: float) -> None:
    rules = {"h.example": HostRule(delay_s=delay_s, places=max(split, places), split=split)}
    paces, made = Paces(DEFAULT, rules), HostKeys(rules, registered).keys_of("http://h.example/")
    shares = [paces.of(key) for key in made]
    assert sum(share.places for share in shares) <= max(split, places)
    assert all(share.delay_s == pytest.approx(delay_s * split) for share in shares)


def test_what_no_rule_says_is_as_everywhere() -> None:
    paces = Paces(DEFAULT, RULES)
    assert paces.of("other.example") == DEFAULT
    assert paces.of("a.shop.example") == Pace(2.0, 2, 10.0)
    assert paces.of("blogs.example") == Pace(0.1, 1, 10.0)
    assert paces.of("cdn.example#3") == Pace(0.08, 2, 40.0)
    assert paces.whole("cdn.example#3") == Pace(0.02, 8, 10.0)


def test_a_part_has_its_share_of_changed_rules_by_the_split_that_it_began_with() -> None:
    changed = Paces(DEFAULT, {"cdn.example": HostRule(delay_s=1.0, places=8)}, splits=RULES)
    assert changed.of("cdn.example#3") == Pace(4.0, 2, 40.0)
    assert Paces(DEFAULT, {}, splits=RULES).of("cdn.example#3") == Pace(0.4, 1, 40.0)
