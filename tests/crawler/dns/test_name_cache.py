"""How long names are known, and how many."""

import pytest

from synsift.crawler.dns.name_cache import NameCache

HERE = ("192.0.2.1",)


@pytest.mark.parametrize(("ttl_s", "held_s"), [(0, 10), (60, 60), (10**9, 3600)])
def test_a_host_is_known_as_long_as_is_said_within_bounds(ttl_s: float, held_s: float) -> None:
    cache = NameCache()
    cache.put_found("h", HERE, ttl_s, 1000.0)
    assert cache.get("h", 1000.0 + held_s - 0.1) is not None
    assert cache.get("h", 1000.0 + held_s) is None


@pytest.mark.parametrize(("ttl_s", "held_s"), [(0, 10), (300, 300), (10**9, 3600), (None, 60)])
def test_that_there_is_no_host_is_known_as_long_as_is_said_within_bounds(ttl_s: float | None, held_s: float) -> None:
    cache = NameCache()
    cache.put_absent("h", "gone", ttl_s, 1000.0)
    known = cache.get("h", 1000.0 + held_s - 0.1)
    assert known is not None
    assert (known.addresses, known.problem) == ((), "gone")
    assert cache.get("h", 1000.0 + held_s) is None
    assert cache.stale("h", 1000.0 + held_s) is None


def test_where_a_host_was_is_known_for_a_day_more() -> None:
    cache = NameCache()
    cache.put_found("h", HERE, 60, 0.0)
    assert cache.stale("h", 86_459.0) is not None
    assert cache.stale("h", 86_460.0) is None


def test_names_that_were_used_longest_ago_make_room() -> None:
    cache = NameCache(most_names=3)
    for name in "abc":
        cache.put_found(name, HERE, 60, 0.0)
    cache.get("a", 1.0)
    cache.put_found("d", HERE, 60, 1.0)
    assert [name for name in "abcd" if cache.get(name, 2.0)] == ["a", "c", "d"]
    assert len(cache) == 3
