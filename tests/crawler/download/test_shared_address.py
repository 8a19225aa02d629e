"""Hosts behind one address are asked in turns, none is forgotten, and none has less than it would have alone."""

import heapq
import itertools
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.crawler.download.host_rules import Pace
from synsift.crawler.download.host_schedule import HostSchedule
from synsift.crawler.download.shared_address import machine_of

BOUND = Pace(0.5, 2)


def schedule(pace: Pace = Pace(1.0, 1), bound: Pace | None = BOUND) -> HostSchedule[str]:  # noqa: B008 - frozen
    return HostSchedule(places=1_000, pace_of=lambda _host: pace, at_address=bound)


def drain(plan: HostSchedule[str], now_s: float) -> list[str]:
    return list(iter(lambda: plan.pop(now_s), None))


@pytest.mark.parametrize(
    ("address", "machine"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("nonsense", "nonsense"),
    ],
)
def test_what_one_machine_has_of_addresses(address: str, machine: str) -> None:
    assert machine_of(address) == machine


def test_hosts_behind_one_address_take_turns_at_its_delay() -> None:
    plan = schedule()
    for host, n in itertools.product("abc", range(2)):
        plan.add(host, f"{host}{n}")
        plan.stands_at(host, "192.0.2.7")
    assert drain(plan, 0.0) == ["a0"]
    plan.finish("a")
    assert drain(plan, 0.4) == []
    assert drain(plan, plan.wake_at_s() or 9) == ["b0"]
    assert plan.wake_at_s() == 1.0


def test_others_are_not_held_up() -> None:
    plan = schedule()
    for number in range(50):
        plan.add(f"h{number}", f"h{number}")
        plan.stands_at(f"h{number}", "192.0.2.7")
    plan.add("other", "other")
    plan.stands_at("other", "192.0.2.8")
    assert set(drain(plan, 0.0)) == {"h0", "other"}


def test_a_host_may_be_asked_at_a_shared_address_what_it_may_be_asked_alone() -> None:
    plan = HostSchedule[str](
        places=100, pace_of=lambda host: Pace(0.1, 5) if host == "big" else Pace(1.0, 1), at_address=BOUND
    )
    for host in ("big", "small"):
        for number in range(3):
            plan.add(host, f"{host}{number}")
        plan.stands_at(host, "192.0.2.7")
    starts = [(now / 10, job) for now in range(40) for job in drain(plan, now / 10)]
    assert [job for _, job in starts if job.startswith("big")] == ["big0", "big1", "big2"]
    assert max(at for at, job in starts if job.startswith("big")) < 1.0


def test_is_shared_says_whether_there_are_others_and_parts_of_a_host_are_none() -> None:
    plan = schedule()
    assert not plan.stands_at("a#1", "192.0.2.7")
    assert not plan.stands_at("a#2", "192.0.2.7")
    assert plan.stands_at("b", "192.0.2.7")
    assert plan.is_shared("a#1")
    assert not plan.is_shared("unknown")


@settings(max_examples=300, deadline=None)
@given(
    jobs=st.lists(st.tuples(st.integers(0, 6), st.floats(0, 5)), max_size=40),
    stands=st.lists(st.tuples(st.floats(0, 20), st.integers(0, 6), st.integers(0, 2)), max_size=20),
    withdrawn=st.lists(st.tuples(st.floats(0, 20), st.integers(0, 6)), max_size=5),
    bound=st.builds(Pace, st.sampled_from([0.0, 0.3, 1.0]), st.integers(1, 3)),
    pace=st.builds(Pace, st.sampled_from([0.0, 0.5, 2.0]), st.integers(1, 3)),
    work_s=st.floats(0, 3),
)
def test_every_job_starts_and_no_address_is_asked_too_much(  # noqa: C901 - a world
    jobs: list[tuple[int, float]],
    stands: list[tuple[float, int, int]],
    withdrawn: list[tuple[float, int]],
    bound: Pace,
    pace: Pace,
    work_s: float,
) -> None:
    plan: HostSchedule[int] = HostSchedule(places=8, pace_of=lambda _host: pace, at_address=bound)
    for number, (host, not_before_s) in enumerate(jobs):
        plan.add(f"h{host}", number, not_before_s=not_before_s)
    events = [(at, 0, host, where) for at, host, where in stands] + [(at, 1, host, 0) for at, host in withdrawn]
    heapq.heapify(events)
    running: list[tuple[float, str]] = []
    where: dict[str, int] = {}
    starts: dict[int, list[float]] = defaultdict(list)
    seen: list[int] = []
    now_s, moved_at_s = 0.0, 0.0
    for _ in range(10_000):
        while (job := plan.pop(now_s)) is not None:
            host = f"h{jobs[job][0]}"
            seen.append(job)
            running.append((now_s + work_s, host))
            if host in where:
                starts[where[host]].append(now_s)
                active = Counter(where[one] for _, one in running if one in where)
                if moved_at_s < now_s - work_s:  # what was in flight when its host was met there counts, too
                    assert active[where[host]] <= max(bound.places, pace.places)
        if not running and plan.waiting == 0:
            break
        times = [end for end, _ in running] + [at for at, *_ in events[:1]]
        times += [wake_at_s] if (wake_at_s := plan.wake_at_s()) is not None else []
        assert times, "jobs wait and nothing will ever wake them"
        now_s = max(now_s, min(times))
        for item in [item for item in running if item[0] <= now_s]:
            running.remove(item)
            plan.finish(item[1])
        while events and events[0][0] <= now_s:
            _, is_withdrawal, number, place = heapq.heappop(events)
            if is_withdrawal:
                seen += plan.withdraw(f"h{number}", lambda _job: True)
            else:
                plan.stands_at(f"h{number}", f"192.0.2.{place}")
                where[f"h{number}"], moved_at_s = place, now_s
                starts.clear()
    assert sorted(seen) == list(range(len(jobs)))
    for at_address in starts.values():
        shortest_s = min(bound.delay_s, pace.delay_s)
        assert all(later - earlier >= shortest_s - 1e-9 for earlier, later in itertools.pairwise(at_address))
