"""The books of a stage at the moments when partitions change hands."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from synsift.pipelines import topics
from synsift.pipelines.errors import DiskFull, FencedError, LogUnavailable
from synsift.pipelines.log.attempts import Begun
from synsift.pipelines.log.base import Message, Position
from synsift.pipelines.log.transaction import GatheredTransaction
from synsift.pipelines.log.watermark import Watermark
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import Progress
from synsift.pipelines.stages.ledger import Hooks, Ledger
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.summary import read_counts
from synsift.pipelines.topics import Entry
from tests.pipelines.worlds import World, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


class MemberWithInterruptions:
    """A member that does something else in the midst of a commit, as another thread may."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.meanwhile = lambda: None
        self.positions: dict[int, Position] = {}

    @contextmanager
    def transaction(self) -> Iterator[GatheredTransaction]:
        gathered = GatheredTransaction()
        yield gathered
        self.meanwhile()
        self.world.log.produce(gathered.entries)
        self.positions.update(gathered.positions)

    def poll(self, max_records: int, timeout_s: float, *, paused: Collection[int] = ()) -> list[Message]:
        raise NotImplementedError

    def commit(self, positions: Mapping[int, Position]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def ledger_of(world: World, member: MemberWithInterruptions) -> Ledger:
    ledger = Ledger("dedupe", world.log, world.router, Hooks(lambda _partition, _skipped: None, lambda _: None))
    ledger.member = member
    return ledger


def inputs(world: World, count: int) -> Sequence[Message]:
    world.log.produce([Entry(topics.CANDIDATES.name, 0, b"n1", b"%d" % n) for n in range(count)])
    return list(world.log.read(topics.CANDIDATES.name, 0))


def test_what_ends_while_its_partition_is_let_go_is_done_again_by_its_next_owner(world: World) -> None:
    member = MemberWithInterruptions(world)
    ledger = ledger_of(world, member)
    first, second = inputs(world, 2)
    ledger.on_assigned({0: Position(0)})
    assert ledger.admit(first)
    assert ledger.admit(second)
    ledger.finish(first, [], [Count("n1", "unique")])
    member.meanwhile = lambda: ledger.finish(second, [], [Count("n1", "unique")]) and None
    ledger.on_revoked([0])
    member.meanwhile = lambda: None
    ledger.on_assigned({0: member.positions[0]})  # it comes back in the same poll
    assert ledger.commit(member) == 0
    assert ledger.admit(second)
    ledger.finish(second, [], [Count("n1", "unique")])
    assert ledger.commit(member) == 1
    assert member.positions[0].offset == 2
    assert [p.counts for p in read_all(world.log, Progress)] == [{"unique": 2}]


def test_inputs_that_the_log_has_lost_are_counted_and_shown(world: World, caplog: pytest.LogCaptureFixture) -> None:
    member = MemberWithInterruptions(world)
    ledger = ledger_of(world, member)
    ledger.on_assigned({0: Position(0, begins=50)})
    ledger.commit(member)
    assert read_counts(world.log)[""].lost == {"candidates": 50}
    assert "lost up to 50 records that were never done" in caplog.text
    assert member.positions[0] == Position(50)  # or the next owner would count them again


def test_what_was_done_of_deleted_inputs_is_not_lost_and_not_done_again(world: World) -> None:
    member = MemberWithInterruptions(world)
    before = Watermark(Position(0))
    for offset in range(8):
        before.admit(offset)
    for offset in (1, 2, 5, 6):
        before.finish(offset)
    at = before.position()
    ledger = ledger_of(world, member)
    ledger.on_assigned({0: Position(at.offset, at.note, begins=4)})
    ledger.commit(member)
    assert read_counts(world.log)[""].lost == {"candidates": 2}
    assert [ledger.admit(message) for message in inputs(world, 8)[4:]] == [True, False, False, True]


def test_what_is_lost_while_a_worker_lives_is_counted_once_though_it_dies(world: World) -> None:
    member = MemberWithInterruptions(world)
    ledger = ledger_of(world, member)
    first, second, *_ = inputs(world, 9)
    ledger.on_assigned({0: Position(0)})
    assert ledger.admit(first)
    assert ledger.admit(second)
    ledger.on_gap(0, range(2, 8))
    ledger.finish(second, [], [])
    ledger.commit(member)
    assert member.positions[0].offset == 0  # the first one is in flight
    heir = ledger_of(world, member)
    heir.on_assigned({0: Position(0, member.positions[0].note, begins=8)})
    heir.commit(member)
    assert read_counts(world.log)[""].lost == {"candidates": 6 + 1}  # the six, and the one that was in flight
    assert member.positions[0] == Position(8)


def test_objects_outlast_a_power_cut_before_a_commit_says_that_they_are_there(world: World) -> None:
    order: list[str] = []
    member = MemberWithInterruptions(world)
    member.meanwhile = lambda: order.append("commit")
    hooks = Hooks(lambda _partition, _skipped: None, lambda _: None, durable=lambda: order.append("sync"))
    ledger = Ledger("dedupe", world.log, world.router, hooks)
    (first,) = inputs(world, 1)
    ledger.on_assigned({0: Position(0)})
    ledger.admit(first)
    ledger.finish(first, [], [])
    ledger.commit(member)
    assert order == ["sync", "commit"]


@pytest.mark.parametrize("error", [DiskFull("no space"), LogUnavailable("locked"), FencedError("gone")])
def test_what_a_failed_commit_had_taken_is_not_skipped_by_a_later_one_that_succeeds(
    world: World, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synsift.pipelines.stages.ledger._RETRY_S", ())
    member = MemberWithInterruptions(world)
    ledger = ledger_of(world, member)
    first, second = inputs(world, 2)
    ledger.on_assigned({0: Position(0)})
    assert ledger.admit(first)
    assert ledger.admit(second)
    ledger.finish(first, [], [Count("n1", "unique")])

    def fail() -> None:
        raise error

    member.meanwhile = fail
    with pytest.raises(type(error)):
        ledger.commit(member)
    # The disk has room again, and what was in flight meanwhile ends while the stage is leaving.
    member.meanwhile = lambda: None
    ledger.finish(second, [], [Count("n1", "unique")])
    ledger.commit(member)
    assert member.positions == {}
    ledger.forget_all()  # as a stage does before it joins anew
    ledger.on_assigned({0: Position(0)})
    for message in (first, second):
        assert ledger.admit(message)
        ledger.finish(message, [], [Count("n1", "unique")])
    assert ledger.commit(member) == 2
    assert [p.counts for p in read_all(world.log, Progress)] == [{"unique": 2}]


def test_what_was_done_before_a_restart_and_is_read_behind_the_last_to_end_keeps_no_lag(world: World) -> None:
    # Found by lives of workers played through: a position stood still, as nothing behind it was left to be finished.
    messages = inputs(world, 5)
    before = Watermark(Position(0))
    for message in messages:
        before.admit(message.offset)
    for message in messages[1:]:
        before.finish(message.offset)
    member = MemberWithInterruptions(world)
    ledger = ledger_of(world, member)
    ledger.on_assigned({0: before.position()})
    assert ledger.admit(messages[0])
    ledger.finish(messages[0], [], [])
    ledger.commit(member)
    assert [ledger.admit(message) for message in messages[1:]] == [False] * 4
    ledger.commit(member)
    assert member.positions[0].offset == 5


def test_after_a_commit_that_failed_nothing_is_committed_but_that_nothing_is_in_flight(world: World) -> None:
    # What was finished before would be gone, and what is finished behind it would say that it is done.
    first, second = inputs(world, 2)
    member = MemberWithInterruptions(world)
    hooks = Hooks(lambda _partition, _skipped: None, lambda _: None, durable=lambda: next(outages))
    outages = iter(())  # type: Iterator[None]
    ledger = Ledger("dedupe", world.log, world.router, hooks)
    ledger.member = member
    ledger.on_assigned({0: Position(0)})
    for message in (first, second):
        ledger.admit(message)
    ledger.begin(member, [first, second], Begun.IN_COMPANY)
    ledger.finish(first, [], [Count("n1", "unique")])
    with pytest.raises(StopIteration):
        ledger.commit(member)
    ledger.finish(second, [], [Count("n1", "unique")])
    assert ledger.commit(member) == 0
    ledger.on_revoked([0])
    assert member.positions[0] == Position(0)
    assert list(world.log.read(topics.PROGRESS.name, 0)) == []
