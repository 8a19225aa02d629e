"""When what has ended is committed."""

import pytest

from synsift.pipelines.stages.commit_pace import CommitPace


def commits_within(until_s: float, *, in_work: int, is_urgent: bool) -> int:
    """How many there are of a stage of which something ends ten times a second."""
    pace, found = CommitPace(), 0
    for turn in range(int(until_s * 10)):
        now_s = turn / 10
        if pace.is_due(now_s, in_work=in_work, is_urgent=is_urgent):
            pace.committed(now_s)
            found += 1
    return found


def test_what_comes_first_is_committed_at_once() -> None:
    assert CommitPace().is_due(0.0, in_work=1, is_urgent=False)


def test_while_more_is_in_work_there_are_few_transactions() -> None:
    assert commits_within(100.0, in_work=50, is_urgent=False) <= 200


@pytest.mark.parametrize(("in_work", "is_urgent"), [(0, False), (50, True)])
def test_where_nothing_more_comes_or_somebody_waits_each_end_is_committed(in_work: int, is_urgent: bool) -> None:
    assert commits_within(100.0, in_work=in_work, is_urgent=is_urgent) == 1_000
