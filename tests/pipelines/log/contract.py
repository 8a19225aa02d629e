"""What every implementation of the log must do. A test module subclasses ``LogContract`` and gives ``make_log``."""

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from synsift.pipelines import topics
from synsift.pipelines.errors import FencedError
from synsift.pipelines.log.base import Log, Member, Message, Position
from synsift.pipelines.log.watermark import Watermark
from synsift.pipelines.topics import Entry

PARTITIONS = 4
INPUT = topics.CANDIDATES.name
OUTPUT = topics.SURVIVORS.name
COMPACTED = topics.FETCHED.name

MakeLog = Callable[[], Log]


def entry(text: str, *, partition: int = 0, topic: str = INPUT, key: str = "key") -> Entry:
    return Entry(topic, partition, key.encode(), text.encode())


def texts(messages: Collection[Message]) -> list[str]:
    return [(message.value or b"").decode() for message in messages]


class Owner:
    """A listener that remembers what it was told."""

    def __init__(self) -> None:
        self.owned: dict[int, Position] = {}
        self.revoked: list[int] = []
        self.gaps: list[tuple[int, range]] = []
        self.before_release: Callable[[], None] = lambda: None

    def on_assigned(self, positions: Mapping[int, Position]) -> None:
        self.owned.update(positions)

    def on_gap(self, partition: int, lost: range) -> None:
        self.gaps.append((partition, lost))

    def on_revoked(self, partitions: Collection[int]) -> None:
        self.before_release()
        for partition in partitions:
            del self.owned[partition]
            self.revoked.append(partition)


def poll_all(member: Member, count: int) -> list[Message]:
    """Poll until ``count`` messages came; a log that gives fewer fails here."""
    messages: list[Message] = []
    for _ in range(200):
        messages += member.poll(100, 0.1)
        if len(messages) >= count:
            return messages
    raise AssertionError(f"{len(messages)} messages of {count}: {texts(messages)}")


def poll_together(*members: tuple[Member, Owner]) -> None:
    """Poll every member once without reading, each in a thread of its own as workers do."""
    with ThreadPoolExecutor(len(members)) as threads:
        for found in threads.map(lambda pair: pair[0].poll(0, 0.02), members):
            assert found == []


def settle(*members: tuple[Member, Owner]) -> None:
    """Poll members in turn until every partition has one owner, evenly."""
    deadline_s = time.monotonic() + 300
    while time.monotonic() < deadline_s:
        poll_together(*members)
        owned = [set(owner.owned) for _, owner in members]
        if sum(map(len, owned)) == PARTITIONS == len(set().union(*owned)) and min(map(len, owned)) > 0:
            return
    raise AssertionError(f"no even assignment: {owned}")


def settle_whole(*members: tuple[Member, Owner]) -> tuple[Member, Owner]:
    """Poll members in turn until one of them has all partitions; give that one."""
    deadline_s = time.monotonic() + 300
    while time.monotonic() < deadline_s:
        poll_together(*members)
        for pair in members:
            if len(pair[1].owned) == PARTITIONS:
                return pair
    raise AssertionError(f"nobody has all: {[sorted(owner.owned) for _, owner in members]}")


class LogContract:
    """The promises of ``synsift.pipelines.log.base``."""

    looks = 50
    """So often one looks at what may change meanwhile: enough to fail nearly always where it isn't seen whole."""

    @pytest.fixture
    def make_log(self) -> MakeLog:
        raise NotImplementedError

    @pytest.fixture
    def log(self, make_log: MakeLog) -> Iterator[Log]:
        log = make_log()
        yield log
        log.close()

    def test_keys_values_and_headers_come_back_as_they_were(self, log: Log) -> None:
        written = [
            Entry(INPUT, 0, b"k", b"v", (("a", b"1"), ("a", b"\xff\x00"), ("b", b""))),
            Entry(INPUT, 0, None, b"v"),
            Entry(INPUT, 0, b"", b""),
            Entry(INPUT, 0, b"k", None, (("closes", b"0/7"),)),
        ]
        log.produce(written)
        member = log.join("group", INPUT, Owner())
        polled = poll_all(member, len(written))
        assert polled == list(log.read(INPUT, 0))
        assert [(m.key, m.value, m.headers) for m in polled] == [(e.key, e.value, e.headers) for e in written]
        assert not any(m.damage for m in polled)
        member.close()

    def test_what_waited_behind_a_pause_is_read_when_it_ends(self, log: Log) -> None:
        log.produce([entry(f"{n}", partition=n % PARTITIONS) for n in range(400)])
        member = log.join("group", INPUT, Owner())
        first = poll_all(member, 1)
        seen = {(message.partition, message.offset) for message in first}
        for turn in range(400):
            # Each partition waits in turn, with some of it read and the rest at hand.
            messages = member.poll(7, 0.05, paused={turn % PARTITIONS, (turn + 1) % PARTITIONS})
            seen |= {(message.partition, message.offset) for message in messages}
            if len(seen) == 400:
                break
        assert len(seen) == 400
        member.close()

    def test_a_partition_is_read_in_the_order_of_writing(self, log: Log) -> None:
        member = log.join("group", INPUT, Owner())
        for start in range(0, 300, 7):
            log.produce([entry(f"{n}", partition=n % 2) for n in range(start, min(start + 7, 300))])
        messages = poll_all(member, 300)
        for partition in (0, 1):
            mine = [message for message in messages if message.partition == partition]
            assert texts(mine) == [str(n) for n in range(partition, 300, 2)]
            assert [m.offset for m in mine] == sorted({m.offset for m in mine})
        member.close()

    def test_nothing_is_lost_between_reads_of_few_records(self, log: Log) -> None:
        log.produce([entry(f"{n}", partition=n % PARTITIONS) for n in range(50)])
        member = log.join("group", INPUT, Owner())
        seen: list[str] = []
        while len(seen) < 50:
            seen += texts(member.poll(3, 1.0))
        assert sorted(map(int, seen)) == list(range(50))
        member.close()

    def test_paused_partitions_wait_and_lose_nothing(self, log: Log) -> None:
        log.produce([entry("a", partition=0), entry("b", partition=1)])
        member = log.join("group", INPUT, Owner())
        first: list[Message] = []
        for _ in range(20):
            first += member.poll(10, 0.05, paused={0})
        assert texts(first) == ["b"]
        assert texts(poll_all(member, 1)) == ["a"]
        member.close()

    def test_a_transaction_is_seen_whole(self, log: Log) -> None:
        owner = Owner()
        member = log.join("group", INPUT, owner)
        log.produce([entry("in")])
        (message,) = poll_all(member, 1)
        with member.transaction() as transaction:
            transaction.produce([entry("out", topic=OUTPUT)])
            transaction.consume({0: Position(message.offset + 1)})
            assert list(log.read(OUTPUT, 0)) == []
        assert texts(list(log.read(OUTPUT, 0))) == ["out"]
        assert log.lag("group", INPUT)[0].committed == message.offset + 1
        member.close()

    def test_an_aborted_transaction_leaves_no_trace(self, log: Log) -> None:
        member = log.join("group", INPUT, Owner())
        log.produce([entry("in")])
        poll_all(member, 1)

        def fail_inside() -> None:
            with member.transaction() as transaction:
                transaction.produce([entry("out", topic=OUTPUT)])
                transaction.consume({0: Position(1)})
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_inside()
        assert list(log.read(OUTPUT, 0)) == []
        with member.transaction() as transaction:
            transaction.produce([entry("second", topic=OUTPUT)])
        reader = log.join("readers", OUTPUT, Owner())
        assert texts(poll_all(reader, 1)) == ["second"]
        assert log.lag("group", INPUT)[0].committed == 0
        member.close()
        reader.close()

    def test_a_restart_begins_at_the_committed_position(self, make_log: MakeLog) -> None:
        log = make_log()
        log.produce([entry(f"{n}") for n in range(5)])
        member = log.join("group", INPUT, Owner())
        messages = poll_all(member, 5)
        member.commit({0: Position(messages[2].offset, "a note")})
        member.close()
        log.close()

        log = make_log()
        owner = Owner()
        member = log.join("group", INPUT, owner)
        assert texts(poll_all(member, 3)) == ["2", "3", "4"]
        assert owner.owned[0] == Position(messages[2].offset, "a note")
        member.close()
        log.close()

    def test_groups_do_not_disturb_each_other(self, log: Log) -> None:
        log.produce([entry("x")])
        for group in ("one", "two"):
            member = log.join(group, INPUT, Owner())
            (message,) = poll_all(member, 1)
            member.commit({0: Position(message.offset + 1)})
            member.close()

    def test_a_second_member_takes_its_share_while_the_first_works(self, log: Log) -> None:
        first, second = Owner(), Owner()
        one = log.join("group", INPUT, first)
        settle((one, first))
        log.produce([entry(f"{n}", partition=n) for n in range(PARTITIONS)])
        messages = poll_all(one, PARTITIONS)
        # What the first has finished is committed when it is told to let go; the rest is the second's to do.
        first.before_release = lambda: one.commit({m.partition: Position(m.offset + 1) for m in messages[:2]})
        two = log.join("group", INPUT, second)
        settle((one, first), (two, second))
        first.before_release = lambda: None
        assert set(first.revoked) == set(second.owned)
        finished = {m.partition for m in messages[:2]}
        redone = {partition for partition in second.owned if second.owned[partition].offset == 0}
        assert redone == set(second.owned) - finished
        one.close()
        two.close()

    def test_a_partition_has_one_owner_at_a_time(self, log: Log) -> None:
        owners = [Owner() for _ in range(3)]
        members: list[tuple[Member, Owner]] = []
        for owner in owners:
            members.append((log.join("group", INPUT, owner), owner))
            for _ in range(20):
                poll_together(*members)
                held = [partition for other in owners for partition in other.owned]
                assert len(held) == len(set(held))
        settle(*members)
        for member, _ in members:
            member.close()

    def test_of_a_group_that_wants_it_whole_one_member_owns_all(self, log: Log) -> None:
        owners = [Owner() for _ in range(3)]
        first = log.join("whole", INPUT, owners[0], whole=True)
        settle_whole((first, owners[0]))
        second = log.join("whole", INPUT, owners[1], whole=True)
        third = log.join("whole", INPUT, owners[2], whole=True)
        members = list(zip((first, second, third), owners, strict=True))
        settle_whole(*members)
        for _ in range(5):
            poll_together(*members)
        assert len(owners[0].owned) == PARTITIONS
        assert not owners[0].revoked, "it moved without need"
        log.produce([entry(f"{n}", partition=n % PARTITIONS) for n in range(8)])
        assert len(poll_all(first, 8)) == 8
        first.close()
        heir = settle_whole(*members[1:])
        assert len(heir[1].owned) == PARTITIONS
        for member, _ in members[1:]:
            member.close()

    def test_what_a_member_leaves_goes_to_the_others(self, log: Log) -> None:
        first, second = Owner(), Owner()
        one, two = log.join("group", INPUT, first), log.join("group", INPUT, second)
        settle((one, first), (two, second))
        one.close()
        settle((two, second))
        assert set(second.owned) == set(range(PARTITIONS))
        two.close()

    def test_a_member_that_was_declared_dead_writes_nothing_more(self, log: Log) -> None:
        dead_owner, owner = Owner(), Owner()
        dead = log.join("group", INPUT, dead_owner)
        settle((dead, dead_owner))
        log.produce([entry("x")])
        poll_all(dead, 1)
        self.let_session_expire()
        heir = log.join("group", INPUT, owner)
        settle((heir, owner))

        def haunt() -> None:
            with dead.transaction() as transaction:
                transaction.produce([entry("ghost", topic=OUTPUT)])
                transaction.consume({0: Position(1)})

        with pytest.raises(FencedError):
            haunt()
        with pytest.raises(FencedError):
            dead.commit({0: Position(1)})
        assert list(log.read(OUTPUT, 0)) == []
        assert log.lag("group", INPUT)[0].committed == 0
        assert texts(poll_all(heir, 1)) == ["x"]
        heir.close()

    def let_session_expire(self) -> None:
        """Make members that don't poll from now on look dead to the log."""
        raise NotImplementedError

    def test_reading_outside_a_group_starts_where_asked(self, log: Log) -> None:
        log.produce([entry(f"{n}") for n in range(4)])
        offsets = [message.offset for message in log.read(INPUT, 0)]
        assert texts(list(log.read(INPUT, 0, offsets[2]))) == ["2", "3"]
        assert list(log.read(INPUT, 1)) == []

    def test_a_follower_reads_all_partitions_and_then_what_is_new(self, log: Log) -> None:
        log.produce([entry("old", partition=0), entry("old too", partition=3)])
        with contextlib.closing(log.follow(INPUT)) as follower:
            assert sorted(texts(follower.read())) == ["old", "old too"]
            assert follower.read() == []
            log.produce([entry(f"new {number}", partition=number % 2) for number in range(6)])
            found: list[Message] = []
            deadline_s = time.monotonic() + 300
            while len(found) < 6 and time.monotonic() < deadline_s:
                found += follower.read()
            assert texts([message for message in found if message.partition == 1]) == ["new 1", "new 3", "new 5"]
            assert texts([message for message in found if message.partition == 0]) == ["new 0", "new 2", "new 4"]
            assert follower.read() == []

    def test_a_follower_sees_no_transaction_that_is_not_committed(self, log: Log) -> None:
        member = log.join("group", INPUT, Owner())
        with contextlib.closing(log.follow(OUTPUT)) as follower:
            assert follower.read() == []
            never = [entry("never", topic=OUTPUT)]
            with contextlib.suppress(ZeroDivisionError), member.transaction() as transaction:
                transaction.produce(never)
                raise ZeroDivisionError
            log.produce([entry("ever", topic=OUTPUT)])
            found: list[Message] = []
            deadline_s = time.monotonic() + 300
            while not found and time.monotonic() < deadline_s:
                found += follower.read()
            assert texts(found) == ["ever"]
        member.close()

    def test_a_follower_of_a_compacted_topic_ends_with_the_last_record_of_each_key(self, log: Log) -> None:
        with contextlib.closing(log.follow(COMPACTED)) as follower:
            last: dict[bytes | None, str] = {}
            for number in range(9):
                log.produce([entry(f"{number}", topic=COMPACTED, key=f"{number % 3}")])
                if number % 2:
                    last |= {message.key: (message.value or b"").decode() for message in follower.read()}
            deadline_s = time.monotonic() + 300
            while last != {b"0": "6", b"1": "7", b"2": "8"} and time.monotonic() < deadline_s:
                last |= {message.key: (message.value or b"").decode() for message in follower.read()}
            assert last == {b"0": "6", b"1": "7", b"2": "8"}

    def test_lag_counts_what_is_not_committed(self, log: Log) -> None:
        log.produce([entry(f"{n}", partition=1) for n in range(6)])
        assert [lag.records for lag in log.lag("group", INPUT)] == [0, 6, 0, 0]
        owner = Owner()
        member = log.join("group", INPUT, owner)
        messages = poll_all(member, 6)
        member.commit({1: Position(messages[3].offset + 1)})
        assert log.lag("group", INPUT)[1].records == 2
        assert log.lag("group", INPUT)[1].owner != ""
        member.close()

    def test_lag_knows_what_is_done_above_a_position(self, log: Log) -> None:
        log.produce([entry(f"{n}", partition=1) for n in range(6)])
        member = log.join("group", INPUT, Owner())
        messages = poll_all(member, 6)
        mark = Watermark(Position(messages[0].offset))
        for message in messages:
            mark.admit(message.offset)
        for message in messages[2:5]:
            mark.finish(message.offset)
        member.commit({1: mark.position()})
        (lag,) = [lag for lag in log.lag("group", INPUT) if lag.partition == 1]
        assert (lag.committed, lag.records) == (messages[0].offset, 3)
        member.close()

    def test_lag_of_all_partitions_is_seen_through_the_ends_of_transactions(self, log: Log) -> None:
        for _ in range(3):
            log.produce([entry("x", partition=partition) for partition in range(4)])
        member = log.join("group", INPUT, Owner())
        messages = poll_all(member, 12)
        last = {message.partition: message.offset for message in messages}
        last[2] = min(message.offset for message in messages if message.partition == 2)
        member.commit({partition: Position(offset + 1) for partition, offset in last.items()})
        assert [lag.records > 0 for lag in log.lag("group", INPUT)] == [False, False, True, False]
        log.produce([entry("y", partition=0)])
        assert [lag.records > 0 for lag in log.lag("group", INPUT)] == [True, False, True, False]
        member.close()

    def test_what_one_group_has_done_says_nothing_of_another_that_reads_the_same(self, log: Log) -> None:
        log.produce([entry(f"{n}", partition=1) for n in range(3)])
        for group, done in (("ahead", 3), ("behind", 1), ("far-behind", 0)):
            member = log.join(group, INPUT, Owner())
            messages = poll_all(member, 3)
            if done:
                member.commit({1: Position(messages[done - 1].offset + 1)})
            member.close()
        for _ in range(2):
            looks = {group: log.lag(group, INPUT)[1].records > 0 for group in ("ahead", "behind", "far-behind")}
            assert looks == {"ahead": False, "behind": True, "far-behind": True}

    def test_a_group_that_feeds_itself_is_never_seen_without_work(self, log: Log) -> None:
        """A list's page writes the query for the next one: an end that is read before the position misses it."""
        log.produce([entry("first")])
        member = log.join("group", INPUT, Owner())
        (message,) = poll_all(member, 1)
        ended = threading.Event()

        def feed() -> None:
            offset = message.offset
            while not ended.is_set():
                with member.transaction() as transaction:
                    transaction.produce([entry("next", partition=message.partition)])
                    transaction.consume({message.partition: Position(offset + 1)})
                offset = poll_all(member, 1)[0].offset

        with ThreadPoolExecutor(1) as feeder:
            fed = feeder.submit(feed)
            left = [log.lag("group", INPUT)[message.partition].records for _ in range(self.looks)]
            ended.set()
            fed.result()
        assert min(left) > 0
        member.close()

    def test_a_compacted_topic_ends_with_the_last_record_of_each_key(self, log: Log) -> None:
        for text in ("old", "new"):
            log.produce([entry(text, topic=COMPACTED, key="a"), entry("other", topic=COMPACTED, key=text)])
        last = {message.key: message.value for message in log.read(COMPACTED, 0)}
        assert last == {b"a": b"new", b"old": b"other", b"new": b"other"}
