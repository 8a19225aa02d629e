"""What is refused before a request is made, by what a site says."""

import math

import pytest

from synsift.crawler.download.site import Site, refuse
from synsift.crawler.download.site_cache import SiteCache
from synsift.crawler.errors import RobotsDenied, RobotsWithheld, TooSlow
from synsift.crawler.robots import read_robots
from synsift.crawler.robots.robots_file import NOTHING_SAID


def site(body: bytes, status: int = 200, expires_at_s: float = math.inf) -> Site:
    return Site(read_robots(body, "synsift"), status, expires_at_s)


@pytest.mark.parametrize("delay", ["30", "3600", "0.5"])
def test_a_delay_that_can_be_waited_for_is_no_problem(delay: str) -> None:
    refuse(site(f"User-agent: *\nCrawl-delay: {delay}\n".encode()), "http://h", "http://h/a", "cautious")


@pytest.mark.parametrize("delay", ["3601", "1000000000", "1e9"])
def test_a_delay_that_would_hold_up_a_crawl_for_ever_is_a_refusal(delay: str) -> None:
    with pytest.raises(TooSlow, match="between two requests"):
        refuse(site(f"User-agent: *\nCrawl-delay: {delay}\n".encode()), "http://h", "http://h/a", "cautious")


def test_only_a_rule_denies() -> None:
    with pytest.raises(RobotsDenied):
        refuse(site(b"User-agent: *\nDisallow: /a"), "http://h", "http://h/a", "cautious")
    refuse(site(b"", 404), "http://h", "http://h/a", "cautious")
    with pytest.raises(RobotsWithheld):
        refuse(site(b"", 401), "http://h", "http://h/a", "cautious")
    with pytest.raises(RobotsWithheld):
        refuse(site(b"", 403), "http://h", "http://h/a", "strict")
    refuse(site(b"", 403), "http://h", "http://h/a", "cautious")
    refuse(site(b"", 401), "http://h", "http://h/a", "lenient")


def test_a_cache_of_sites_is_bounded_in_bytes_and_forgets_those_asked_longest_ago() -> None:
    cache: SiteCache[Site] = SiteCache(100_000)
    long = site(b"User-agent: *\n" + b"".join(b"Disallow: /%d\n" % (n * 7919) for n in range(9_000)))
    assert long.size_bytes > 10_000
    for number in range(1_000):
        cache.put(f"http://{number}.example", Site(NOTHING_SAID, 404, math.inf))
        assert cache.get("http://0.example", 0.0) is not None
    assert 100 < len(cache) < 1_000
    assert cache.size_bytes <= 100_000
    assert cache.get("http://1.example", 0.0) is None
    for number in range(5):
        cache.put(f"http://long{number}.example", long)
        assert cache.size_bytes <= 100_000


def test_what_is_too_old_is_asked_for_again() -> None:
    cache: SiteCache[Site] = SiteCache()
    cache.put("http://h", site(b"", 404, 10.0))
    assert cache.get("http://h", 9.0) is not None
    assert cache.get("http://h", 11.0) is None
    assert len(cache) == cache.size_bytes == 0
