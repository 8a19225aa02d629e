"""What a robots.txt may ask for."""

import math

import pytest

from synsift.crawler.download.robots import LONGEST_DELAY_S, rules_of

AGENT = "synsift/1"


def rules(delay: str) -> bytes:
    return f"User-agent: *\nCrawl-delay: {delay}\nDisallow: /private\n".encode()


def test_a_delay_that_can_be_waited_for_is_no_problem() -> None:
    found = rules_of(rules("30"), math.inf)
    assert found.problem(AGENT) is None
    assert found.crawl_delay_s(AGENT) == 30
    assert found.allows("http://h.example/", AGENT)


@pytest.mark.parametrize("delay", ["3601", "1000000000"])
def test_a_delay_that_would_hold_up_a_crawl_for_ever_is_a_refusal(delay: str) -> None:
    problem = rules_of(rules(delay), math.inf).problem(AGENT)
    assert problem is not None
    assert "longer than" in problem


@pytest.mark.parametrize("delay", ["inf", "nan", "-5", "", "soon", "\x00", "1e999", "9" * 400, "١٢"])
def test_a_delay_that_is_none_is_left_out(delay: str) -> None:
    found = rules_of(rules(delay), math.inf)
    assert 0 <= found.crawl_delay_s(AGENT) <= LONGEST_DELAY_S
    assert not found.allows("http://h.example/private", AGENT)
