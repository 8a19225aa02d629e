from synsift.pipelines.log.base import Lag
from synsift.pipelines.service.lag_view import EndsSeen, LagView


def lag(committed: int, end: int) -> Lag:
    return Lag(partition=0, committed=committed, end=end)


def test_an_input_waits_since_the_end_was_first_seen_behind_it() -> None:
    seen = EndsSeen()
    assert seen.waits_s(lag(0, 0), 100.0) == 0.0
    assert seen.waits_s(lag(0, 5), 110.0) == 0.0  # only just seen
    assert seen.waits_s(lag(0, 9), 120.0) == 10.0
    assert seen.waits_s(lag(4, 9), 130.0) == 20.0  # the fifth came with the first
    assert seen.waits_s(lag(5, 9), 140.0) == 20.0  # the sixth was seen at 120
    assert seen.waits_s(lag(9, 9), 150.0) == 0.0
    assert seen.waits_s(lag(9, 10), 160.0) == 0.0


def test_what_a_worker_finds_waiting_when_it_starts_waits_since_then_at_least() -> None:
    seen = EndsSeen()
    assert seen.waits_s(lag(3, 8), 7.0) == 0.0
    assert seen.waits_s(lag(3, 8), 67.0) == 60.0


def test_a_log_that_was_made_anew_begins_again() -> None:
    seen = EndsSeen()
    seen.waits_s(lag(90, 100), 0.0)
    seen.waits_s(lag(100, 100), 10.0)
    assert seen.waits_s(lag(0, 2), 20.0) == 0.0
    assert seen.waits_s(lag(0, 2), 30.0) == 10.0


def test_a_long_wait_is_remembered_however_often_the_end_moves() -> None:
    seen = EndsSeen()
    for moment in range(5_000):
        waits_s = seen.waits_s(lag(0, moment + 1), float(moment))
    assert waits_s == 4_999.0
    assert len(seen) <= 501
    assert 2_000 - 20 <= seen.waits_s(lag(3_000, 5_001), 5_000.0) <= 2_000


def test_ends_of_transactions_that_nobody_counts_as_left_are_no_wait() -> None:
    seen = EndsSeen()
    seen.waits_s(Lag(0, committed=5, end=7, done=2), 0.0)
    assert seen.waits_s(Lag(0, committed=5, end=7, done=2), 900.0) == 0.0


def test_the_oldest_of_all_partitions_is_shown() -> None:
    view = LagView(list)
    for moment, ends in ((0.0, (3, 0)), (50.0, (3, 4)), (60.0, (3, 4))):
        lags = [Lag(number, committed=0, end=end) for number, end in enumerate(ends)]
        view.take(moment, [("fetch", lags), ("land", lags[1:])])
    assert {stage: round(waits_s - view.age_s()) for stage, waits_s in view.oldest_s().items()} == {
        "fetch": 60,
        "land": 10,
    }
