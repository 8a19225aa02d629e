"""When what has ended is committed."""

import math

import pytest

from synsift.pipelines.log.base import Member
from synsift.pipelines.stages.commit_pace import CommitPace
from synsift.pipelines.stages.ledger import Ledger
from tests.pipelines.stages.test_fetch import fetch, picture, want
from tests.pipelines.stages.web import SmallWeb
from tests.pipelines.worlds import World


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


def test_images_that_come_while_others_are_on_their_way_share_a_transaction(
    site: SmallWeb, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    commit = Ledger.commit

    def counted(ledger: Ledger, member: Member, *, letting_go: tuple[int, ...] = ()) -> int:
        commits.append(commit(ledger, member, letting_go=letting_go))
        return commits[-1]

    monkeypatch.setattr(Ledger, "commit", counted)
    monkeypatch.setattr("synsift.pipelines.stages.commit_pace._REST_S", math.inf)
    for number in range(8):
        want(world, site.serve(f"/{number}.jpg", picture(number)))
    fetch(world, delay_s=0.15)
    of_images = [number for number in commits if number]
    assert sum(of_images) == 8
    assert len(of_images) <= 2  # the first that came, and the rest when nothing more was on its way
