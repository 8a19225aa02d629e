from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.pipelines.log.base import Message
from synsift.pipelines.stages.look_ahead import MIN_SHARE, LookAhead, Peek

SHARE = 100


def message(offset: int, key: str = "slow", partition: int = 0) -> Message:
    return Message("image-urls", partition, offset, key.encode(), b"")


def hold(look_ahead: LookAhead, *messages: Message) -> None:
    for item in messages:
        look_ahead.read(item)
        look_ahead.admit(item)


def full(partitions: int = 1) -> LookAhead:
    look_ahead = LookAhead(SHARE * partitions)
    for number in range(partitions):
        look_ahead.assign(number)
    hold(look_ahead, *(message(n) for n in range(SHARE)))
    return look_ahead


def test_a_partition_that_holds_its_share_waits_and_the_others_read_on() -> None:
    look_ahead = full(3)
    assert look_ahead.waiting() == {0}
    look_ahead.release(message(0))
    assert look_ahead.waiting() == frozenset()


def test_a_small_budget_over_many_partitions_leaves_each_something() -> None:
    look_ahead = LookAhead(10)
    for number in range(16):
        look_ahead.assign(number)
    assert look_ahead.share == MIN_SHARE


def test_only_what_a_few_hosts_fill_is_scouted() -> None:
    assert full().peeks(0.0) == [Peek(0, SHARE, frozenset({b"slow"}))]
    many = LookAhead(SHARE)
    many.assign(0)
    hold(many, *(message(n, f"host{n}") for n in range(SHARE)))
    assert many.peeks(0.0) == []


def test_where_only_hot_hosts_stand_behind_nothing_is_passed_and_nothing_is_looked_at_twice() -> None:
    look_ahead = full()
    (peek,) = look_ahead.peeks(0.0)
    look_ahead.peeked(peek, [message(n) for n in range(SHARE, 300)], 0.0)
    assert look_ahead.peeks(1.0) == []
    (again,) = look_ahead.peeks(10.0)
    assert again.start == 300
    assert look_ahead.waiting() == {0}


def test_others_behind_are_reached_by_passing_over_the_hot_host_up_to_the_last_of_them() -> None:
    look_ahead = full()
    (peek,) = look_ahead.peeks(0.0)
    behind = [message(SHARE), message(SHARE + 1, "fast"), message(SHARE + 2)]
    look_ahead.peeked(peek, behind, 0.0)
    assert look_ahead.waiting() == frozenset()
    passed = []
    for item in behind:
        hold(look_ahead, item)
        passed.append(look_ahead.passes_over(item))
    assert passed == [True, False, False]
    assert look_ahead.waiting() == {0}


def test_a_host_that_was_hot_and_is_no_longer_counts_when_the_log_is_looked_at_again() -> None:
    look_ahead = LookAhead(2 * SHARE)
    look_ahead.assign(0)
    hold(look_ahead, *(message(n) for n in range(SHARE)), *(message(n, "warm") for n in range(SHARE, 2 * SHARE)))
    (peek,) = look_ahead.peeks(0.0)
    assert peek.hot == {b"slow", b"warm"}
    look_ahead.peeked(peek, [message(n, "warm") for n in range(200, 300)], 0.0)
    for n in range(SHARE, 2 * SHARE):
        look_ahead.release(message(n, "warm"))
    hold(look_ahead, *(message(n) for n in range(300, 400)))
    (peek,) = look_ahead.peeks(10.0)
    assert (peek.hot, peek.start) == ({b"slow"}, 400)
    look_ahead.release(message(0))
    look_ahead.peeked(peek, [message(400, "warm")], 10.0)
    assert look_ahead.waiting() == frozenset()


def test_a_host_that_holds_little_beside_the_slowest_is_not_hot() -> None:
    look_ahead = LookAhead(SHARE)
    look_ahead.assign(0)
    hold(look_ahead, *(message(n) for n in range(SHARE)), *(message(n, "fast") for n in range(SHARE, SHARE + 20)))
    assert look_ahead.peeks(0.0)[0].hot == {b"slow"}


def test_much_that_was_passed_over_is_followed_by_a_long_rest() -> None:
    look_ahead = full()
    (peek,) = look_ahead.peeks(0.0)
    behind = [message(n) for n in range(SHARE, 10_000)] + [message(10_000, "fast")]
    look_ahead.peeked(peek, behind, 0.0)
    for item in behind:
        hold(look_ahead, item)
        if look_ahead.passes_over(item):
            look_ahead.release(item)
    (peek,) = look_ahead.peeks(5.0)
    look_ahead.peeked(peek, [message(10_001, "fast")], 5.0)
    hold(look_ahead, message(10_001, "fast"))
    assert look_ahead.peeks(20.0) == []
    assert look_ahead.peeks(30.0)


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc"), st.booleans()), max_size=300))
@settings(deadline=None)
def test_what_is_held_is_what_was_admitted_and_not_released(steps: list[tuple[int, str, bool]]) -> None:
    look_ahead = LookAhead(SHARE)
    for number in range(3):
        look_ahead.assign(number)
    open_messages: list[Message] = []
    for offset, (partition, key, releases) in enumerate(steps):
        if releases and open_messages:
            look_ahead.release(open_messages.pop())
        else:
            hold(look_ahead, message(offset, key, partition))
            open_messages.append(message(offset, key, partition))
        for probe in open_messages:
            same = [x for x in open_messages if (x.partition, x.key) == (probe.partition, probe.key)]
            assert look_ahead.held_by(probe) == len(same)
