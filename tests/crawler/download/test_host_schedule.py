import itertools
from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.crawler.download.host_rules import Pace
from synsift.crawler.download.host_schedule import HostSchedule


def schedule(places: int = 100, per_host: int = 100, delay_s: float = 0.0) -> HostSchedule[str]:
    return HostSchedule(places=places, pace_of=lambda _host: Pace(delay_s, per_host))


def drain(plan: HostSchedule[str], now_s: float) -> list[str]:
    jobs = []
    while (job := plan.pop(now_s)) is not None:
        jobs.append(job)
    return jobs


def test_jobs_of_one_host_start_in_order() -> None:
    plan = schedule()
    for job in "abc":
        plan.add("host", job)
    assert drain(plan, 0.0) == ["a", "b", "c"]


def test_hosts_take_turns() -> None:
    plan = schedule()
    for n in range(3):
        plan.add("x", f"x{n}")
    for n in range(3):
        plan.add("y", f"y{n}")
    assert drain(plan, 0.0) == ["x0", "y0", "x1", "y1", "x2", "y2"]


def test_a_job_that_was_begun_goes_before_thousands_that_were_not() -> None:
    plan = schedule(places=2, delay_s=1.0)
    for n in range(5_000):
        plan.add(f"host{n}", f"job{n}")
    first, second = plan.pop(0.0), plan.pop(0.0)
    assert (first, second) == ("job0", "job1")
    plan.put_back("host0", "job0")
    plan.finish("host0")
    assert plan.pop(0.5) == "job2", "its host may not be asked yet"
    plan.finish("host1")
    assert plan.pop(1.0) == "job0"


def test_a_visit_of_a_host_ends_where_others_wait() -> None:
    plan = schedule(places=1, delay_s=1.0)
    for n in range(100):
        plan.add("large", f"large{n}")
    for n in range(3):
        plan.add(f"host{n}", f"small{n}")
    started = []
    for now_s in range(103):
        started += drain(plan, float(now_s))
        plan.finish("large" if started[-1].startswith("large") else f"host{started[-1][-1]}")
    assert started[:16] == [f"large{n}" for n in range(16)], "its connection is open"
    assert started[16:19] == ["small0", "small1", "small2"]
    assert len(set(started)) == 103


def test_what_was_begun_and_is_withdrawn_leaves_others_in_their_turn() -> None:
    plan = schedule(places=1)
    for job in ("a", "b", "c"):
        plan.add("host", job)
    assert plan.pop(0.0) == "a"
    plan.put_back("host", "a")
    plan.finish("host")
    assert plan.withdraw("host", lambda job: job == "a") == ["a"]
    plan.add("other", "d")
    plan.put_back("other", "e")
    order = []
    while (job := plan.pop(1.0)) is not None:
        order.append(job)
        plan.finish("other" if job in "de" else "host")
    assert order == ["e", "b", "d", "c"]


def test_what_waits_for_a_place_is_ready_and_what_waits_for_its_host_is_not() -> None:
    plan = schedule(places=1, delay_s=10.0)
    for n in range(3):
        plan.add("slow", f"slow{n}")
    assert plan.pop(0.0) == "slow0"
    assert plan.pop(1.0) is None
    assert plan.ready_jobs == 0, "a further worker could do nothing for it"
    plan.add("other", "other0")
    plan.add("other", "other1")
    plan.add("later", "later0", not_before_s=50.0)
    assert plan.pop(1.0) is None
    assert plan.ready_jobs == 2
    plan.finish("slow")
    assert plan.pop(1.0) == "other0"
    assert plan.pop(10.0) is None
    assert plan.ready_jobs == 2, "the slow host may be asked again, the other not yet"
    assert plan.pop(11.0) is None
    assert plan.ready_jobs == 3


def test_a_delay_lies_between_two_starts() -> None:
    plan = schedule(delay_s=2.0)
    plan.add("host", "a")
    plan.add("host", "b")
    assert drain(plan, 10.0) == ["a"]
    assert plan.wake_at_s() == 12.0
    assert drain(plan, 11.9) == []
    assert drain(plan, 12.0) == ["b"]


def test_what_no_job_asks_for_takes_its_turn_among_them() -> None:
    plan = schedule(delay_s=2.0)
    plan.add("host", "a")
    plan.add("host", "b")
    assert drain(plan, 10.0) == ["a"]
    assert plan.reserve("host", 10.5, longest_s=60.0) == 12.0
    assert plan.reserve("host", 10.5, longest_s=60.0) == 14.0
    assert drain(plan, 15.9) == []
    assert drain(plan, 16.0) == ["b"]
    assert plan.reserve("new", 16.0, longest_s=60.0) == 16.0


def test_a_host_that_pauses_for_long_is_asked_for_its_files_before() -> None:
    plan = schedule(delay_s=2.0)
    plan.pause("host", 4_000.0)
    assert plan.reserve("host", 0.0, longest_s=60.0) == 60.0


def test_time_counts_from_when_a_request_leaves() -> None:
    plan = schedule(delay_s=2.0)
    plan.add("host", "a")
    plan.add("host", "b")
    assert drain(plan, 10.0) == ["a"]
    plan.left("host", 11.0)  # its address was looked up for so long
    assert drain(plan, 12.9) == []
    assert drain(plan, 13.0) == ["b"]


def test_places_of_a_host_are_limited_and_freed() -> None:
    plan = schedule(per_host=1)
    plan.add("host", "a")
    plan.add("host", "b")
    assert drain(plan, 0.0) == ["a"]
    assert plan.wake_at_s() is None
    plan.finish("host")
    assert drain(plan, 0.0) == ["b"]


def test_places_in_all_are_limited() -> None:
    plan = schedule(places=2)
    for n in range(4):
        plan.add(f"host{n}", str(n))
    assert len(drain(plan, 0.0)) == 2
    plan.finish("host0")
    assert len(drain(plan, 0.0)) == 1


def test_a_job_waits_for_its_time_without_holding_up_others() -> None:
    plan = schedule()
    plan.add("host", "later", not_before_s=5.0)
    plan.add("host", "now")
    assert drain(plan, 0.0) == ["now"]
    assert plan.wake_at_s() == 5.0
    assert drain(plan, 5.0) == ["later"]


def test_a_pause_holds_up_its_host_only() -> None:
    plan = schedule()
    plan.pause("slow", 30.0)
    plan.add("slow", "a")
    plan.add("fast", "b")
    assert drain(plan, 0.0) == ["b"]
    assert drain(plan, 30.0) == ["a"]


def test_a_pause_of_a_host_that_was_listed_already_holds() -> None:
    plan = schedule()
    plan.add("host", "a")
    plan.pause("host", 3.0)
    assert drain(plan, 2.9) == []
    assert drain(plan, 3.0) == ["a"]


def test_a_crawl_delay_makes_a_host_slower_and_never_faster() -> None:
    plan = schedule(delay_s=2.0)
    plan.slow_down("host", 5.0)
    plan.slow_down("host", 1.0)
    plan.add("host", "a")
    plan.add("host", "b")
    assert drain(plan, 0.0) == ["a"]
    assert drain(plan, 4.9) == []
    assert drain(plan, 5.0) == ["b"]


def test_hosts_without_work_are_forgotten_but_not_their_crawl_delay() -> None:
    plan = schedule(places=50_000, delay_s=1.0)
    plan.slow_down("patient", 60.0)
    for n in range(30_000):
        plan.add(f"host{n}", "job")
        assert plan.pop(float(n)) == "job"
        plan.finish(f"host{n}")
    assert len(plan._hosts) <= 10_001
    plan.add("patient", "a")
    plan.add("patient", "b")
    assert drain(plan, 40_000.0) == ["a"]
    assert plan.wake_at_s() == 40_060.0


def disturbed(
    plan: HostSchedule[int], job: int, jobs: list[tuple[int, float]], put_back: set[int], withdrawn: set[int]
) -> bool:
    """Do what else happens when a job starts; gives whether it was put back."""
    if job in put_back:
        put_back.remove(job)
        plan.put_back(f"h{jobs[job][0]}", job)
        plan.finish(f"h{jobs[job][0]}")
        return True
    if job in withdrawn:
        for other in plan.withdraw(f"h{jobs[job][0]}", lambda one: one % 2 == 0):
            plan.add(f"h{jobs[job][0]}", other, not_before_s=jobs[other][1])
    return False


@settings(max_examples=200, deadline=None)
@given(
    jobs=st.lists(st.tuples(st.integers(0, 4), st.floats(0, 20)), max_size=40),
    places=st.integers(1, 6),
    per_host=st.integers(1, 3),
    delay_s=st.sampled_from([0.0, 0.5, 2.0]),
    work_s=st.floats(0, 3),
    put_back=st.sets(st.integers(0, 40)),
    withdrawn=st.sets(st.integers(0, 40)),
)
def test_every_job_starts_once_and_no_rule_is_broken(
    jobs: list[tuple[int, float]],
    places: int,
    per_host: int,
    delay_s: float,
    work_s: float,
    put_back: set[int],
    withdrawn: set[int],
) -> None:
    """Some jobs are put back when they start, and begin again; some are taken away and added anew as others start."""
    plan: HostSchedule[int] = HostSchedule(places=places, pace_of=lambda _host: Pace(delay_s, per_host))
    for number, (host, not_before_s) in enumerate(jobs):
        plan.add(f"h{host}", number, not_before_s=not_before_s)
    now_s = 0.0
    running: list[tuple[float, str]] = []
    starts: dict[str, list[float]] = defaultdict(list)
    seen: list[int] = []
    for _ in range(10_000):
        while (job := plan.pop(now_s)) is not None:
            host, not_before_s = f"h{jobs[job][0]}", jobs[job][1]
            assert now_s >= not_before_s
            starts[host].append(now_s)
            if disturbed(plan, job, jobs, put_back, withdrawn):
                continue
            seen.append(job)
            running.append((now_s + work_s, host))
            assert len(running) <= places
            assert max(Counter(host for _, host in running).values()) <= per_host
        if not running and plan.waiting == 0:
            break
        times = [end for end, _ in running]
        wake_at_s = plan.wake_at_s()
        if wake_at_s is not None:
            times.append(wake_at_s)
        assert times, "jobs wait and nothing will ever wake them"
        now_s = max(now_s, min(times))
        for item in [item for item in running if item[0] <= now_s]:
            running.remove(item)
            plan.finish(item[1])
    assert sorted(seen) == list(range(len(jobs)))
    for times in starts.values():
        assert all(later - earlier >= delay_s - 1e-9 for earlier, later in itertools.pairwise(times))


def rank_of(job: str) -> float:
    return float(job.partition(" ")[0])


def test_jobs_of_a_higher_rank_start_first_of_a_host_and_of_all_hosts() -> None:
    plan = schedule(places=1)
    for job in ("0 a", "0 b"):
        plan.add("x", job)
    plan.add("y", "0 c")
    plan.rerank(rank_of)
    plan.add("y", "2 d")
    plan.add("x", "1 e")
    plan.add("x", "1 f")
    plan.add("z", "-1 g")
    found = []
    while (job := plan.pop(0.0)) is not None:
        found.append(job)
        plan.finish({"a": "x", "b": "x", "c": "y", "d": "y", "e": "x", "f": "x", "g": "z"}[job[-1]])
    assert found[:3] == ["2 d", "1 e", "1 f"]
    assert found[-1] == "-1 g"
    assert len(found) == 7


def test_ranks_that_are_taken_back_leave_the_order_of_a_host() -> None:
    plan = schedule()
    plan.rerank(rank_of)
    plan.add("x", "0 a")
    plan.add("x", "1 b", not_before_s=5.0)
    plan.rerank(None)
    plan.add("x", "2 c")
    assert drain(plan, 9.0) == ["0 a", "2 c", "1 b"]


@given(
    st.lists(
        st.tuples(st.sampled_from("xyz"), st.integers(-2, 2), st.booleans(), st.booleans(), st.booleans()),
        min_size=1,
        max_size=40,
    )
)
@settings(max_examples=200, deadline=None)
def test_whatever_the_ranks_every_job_starts_once(steps: list[tuple[str, int, bool, bool, bool]]) -> None:
    plan = schedule(places=3, per_host=2)
    added: list[str] = []
    started: list[tuple[str, str]] = []
    running: list[str] = []
    for number, (host, rank, waits, pops, reranks) in enumerate(steps):
        job = f"{rank} {host}{number}"
        plan.add(host, job, not_before_s=float(number) if waits else 0.0)
        added.append(job)
        if reranks:
            plan.rerank(rank_of if rank else None)
        if pops and (found := plan.pop(float(number))) is not None:
            started.append((found, found.partition(" ")[2][0]))
            running.append(found.partition(" ")[2][0])
        if running and number % 2:
            plan.finish(running.pop())
    while plan.waiting:
        found = plan.pop(1_000.0)
        if found is None:
            plan.finish(running.pop())
            continue
        started.append((found, found.partition(" ")[2][0]))
        running.append(found.partition(" ")[2][0])
    assert sorted(job for job, _ in started) == sorted(added)
