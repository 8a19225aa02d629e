import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsift.crawler.download.host_rules import Pace
from synsift.crawler.download.quotas import Quota, Shares

QUOTA = Quota(("owner.example", "other.example"), per_minute=200, at_once=3)
PACE = Pace(0.1, 8)


@pytest.mark.parametrize(
    ("share", "pace"), [(1.0, Pace(0.3, 3)), (0.5, Pace(0.6, 1)), (0.125, Pace(2.4, 1)), (2 / 3, Pace(0.45, 2))]
)
def test_a_worker_has_its_share(share: float, pace: Pace) -> None:
    found = QUOTA.bounds(PACE, share)
    assert (found.delay_s, found.places) == (pytest.approx(pace.delay_s), pace.places)


def test_what_is_configured_more_politely_stays_so() -> None:
    assert QUOTA.bounds(Pace(5.0, 1), 1.0) == Pace(5.0, 1)


def test_other_hosts_are_hit_as_is_configured() -> None:
    shares = Shares(lambda _: PACE, {QUOTA.key: QUOTA}, 0.5)
    assert shares.of("elsewhere.example") == PACE
    assert shares.of("owner.example").delay_s == pytest.approx(0.6)


@given(st.lists(st.integers(1, 16), min_size=1, max_size=16))
def test_all_workers_together_keep_to_the_quota(owned: list[int]) -> None:
    paces = [QUOTA.bounds(Pace(0.0, 100), partitions / sum(owned)) for partitions in owned]
    assert sum(60 / pace.delay_s for pace in paces) <= 200 * (1 + 1e-9)
    # A worker whose share is less than one request in flight may still have one.
    assert sum(pace.places for pace in paces if pace.places > 1) <= 3


def test_the_least_of_two_holds() -> None:
    one, other = Quota(("a", "b"), 60, 3, per_day=0), Quota(("a", "c"), 90, 1, per_day=50)
    assert one.tightened(other) == Quota(("a", "b", "c"), 60, 1, per_day=50)
