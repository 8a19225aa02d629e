"""A member that is cut off notices it, by times that are given."""

import pytest

from synsift.pipelines.errors import FencedError
from synsift.pipelines.log.kafka_deadlines import Hearing

NEVER = float("-inf")


def test_who_hears_the_coordinator_stays_for_ever() -> None:
    hearing = Hearing(10.0, 0.0)
    for now_s in range(1, 10_000, 7):
        hearing.check(is_settled=True, heard_s=now_s - 29.0, now_s=float(now_s))


def test_some_sessions_of_silence_end_a_membership() -> None:
    hearing = Hearing(10.0, 0.0)
    hearing.check(is_settled=True, heard_s=NEVER, now_s=1.0)
    hearing.check(is_settled=True, heard_s=5.0, now_s=34.0)
    with pytest.raises(FencedError, match="silent for 31 s"):
        hearing.check(is_settled=True, heard_s=5.0, now_s=36.0)


def test_silence_counts_from_the_moment_of_joining() -> None:
    hearing = Hearing(10.0, 0.0)
    hearing.check(is_settled=False, heard_s=NEVER, now_s=80.0)
    hearing.check(is_settled=True, heard_s=NEVER, now_s=85.0)
    hearing.check(is_settled=True, heard_s=NEVER, now_s=110.0)
    hearing.check(is_settled=False, heard_s=NEVER, now_s=114.0)
    hearing.check(is_settled=True, heard_s=NEVER, now_s=120.0)
    hearing.check(is_settled=True, heard_s=NEVER, now_s=149.0)
    with pytest.raises(FencedError):
        hearing.check(is_settled=True, heard_s=NEVER, now_s=151.0)


def test_joining_that_has_no_end_is_begun_anew() -> None:
    hearing = Hearing(10.0, 100.0)
    hearing.check(is_settled=False, heard_s=NEVER, now_s=189.0)
    with pytest.raises(FencedError, match="joining"):
        hearing.check(is_settled=False, heard_s=NEVER, now_s=191.0)
