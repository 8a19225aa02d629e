"""When a worker that ends by itself looks at what is left, and what it asks for then."""

from typing import cast

import pytest

from synsift.pipelines.log.base import Lag, Log
from synsift.pipelines.looks import Looks
from synsift.pipelines.worker import left_to_do


class Lags:
    """A log of which lags are all that is known."""

    def __init__(self, **left: int) -> None:
        self._left = left
        self.asked: list[str] = []

    def lag(self, group: str, _topic: str) -> list[Lag]:
        self.asked.append(group)
        return [Lag(0, 0, self._left[group])]


def looks_within(looks: Looks, until_s: float, left: int, took_s: float) -> int:
    """How many looks there are, of which each takes as long, by somebody who asks a hundred times a second."""
    now_s, found = 0.0, 0
    while now_s < until_s:
        if looks.is_due(now_s):
            looks.looked(left, now_s, now_s + took_s)
            now_s, found = now_s + took_s, found + 1
        now_s += 0.01
    return found


def test_in_the_midst_of_a_crawl_looks_at_a_slow_log_take_little_of_the_time() -> None:
    assert looks_within(Looks(), until_s=100.0, left=100_000, took_s=0.05) <= 120


def test_a_log_that_answers_at_once_is_looked_at_as_often_as_anybody_likes() -> None:
    assert looks_within(Looks(), until_s=10.0, left=100_000, took_s=0.0) >= 1_000


def test_where_little_is_left_and_it_becomes_less_the_next_look_is_at_once() -> None:
    looks = Looks()
    for left in (5, 4, 3):
        looks.looked(left, 0.0, 1.0)
        assert looks.is_due(1.0)


def test_where_what_is_left_stays_it_is_looked_at_now_and_then() -> None:
    looks = Looks()
    looks.looked(5, 0.0, 0.1)
    looks.looked(5, 0.1, 0.2)
    assert not looks.is_due(0.2)
    assert looks.is_due(1.01)


@pytest.mark.parametrize("took_s", [0.0, 0.1, 60.0])
def test_no_look_is_late_by_a_second(took_s: float) -> None:
    looks = Looks()
    looks.looked(100_000, 0.0, took_s)
    assert looks.is_due(took_s + 1.0)


def test_behind_a_stage_that_goes_on_nothing_is_asked_for() -> None:
    log = Lags(fetch=7, dedupe=3, land=2)
    left = left_to_do(cast("Log", log), ["land", "dedupe", "fetch"], lambda name: name == "fetch")
    assert left == {"fetch": 7}
    assert log.asked == ["fetch"]


def test_behind_a_stage_that_rests_all_are_asked_for() -> None:
    log = Lags(fetch=7, dedupe=0, land=2)
    assert left_to_do(cast("Log", log), ["fetch", "dedupe", "land"]) == {"fetch": 7, "land": 2}
    assert log.asked == ["fetch", "dedupe", "land"]
