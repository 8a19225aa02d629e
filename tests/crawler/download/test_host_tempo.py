"""The rate of a host by its answers: laws, and a simulation of hosts that bear so much and no more."""

import heapq
import itertools
import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.crawler.download.host_rules import Pace
from synsift.crawler.download.host_schedule import HostSchedule
from synsift.crawler.download.host_tempo import Tempo

PACE = Pace(0.1, 2, 10.0)


def play(tempo: Tempo, pace: Pace, answers: int, latency_s: float = 0.05, now_s: float = 0.0) -> float:
    for _ in range(answers):
        now_s += tempo.delay_s
        tempo.answered(pace, began_s=now_s, now_s=now_s + latency_s, latency_s=latency_s)
    return now_s


def test_it_begins_as_fast_as_may_be_and_stays_so_while_answers_come_soon() -> None:
    tempo = Tempo(PACE)
    play(tempo, PACE, 1_000)
    assert tempo.delay_s == PACE.delay_s


def test_a_refusal_halves_the_rate_and_good_answers_bring_it_back_step_by_step() -> None:
    tempo = Tempo(PACE)
    now_s = play(tempo, PACE, 10)
    tempo.refused(PACE, began_s=now_s, now_s=now_s)
    assert tempo.delay_s == pytest.approx(0.2)
    rates = []
    for _ in range(200):
        now_s = play(tempo, PACE, 1, now_s=now_s)
        rates.append(1 / tempo.delay_s)
    steps = [later - earlier for earlier, later in itertools.pairwise(rates)]
    assert max(steps) == pytest.approx(0.2)  # two hundredths of ten a second, never more
    assert tempo.delay_s == PACE.delay_s


def test_requests_that_were_on_their_way_slow_a_host_down_once() -> None:
    tempo = Tempo(PACE)
    for number in range(20):
        tempo.refused(PACE, began_s=number / 100, now_s=1.0 + number / 100)
    assert tempo.delay_s == pytest.approx(0.2)


def test_a_host_that_gets_late_is_slowed_down_to_one_request_at_a_time_and_no_further() -> None:
    tempo = Tempo(PACE)
    now_s = play(tempo, PACE, 50, latency_s=0.05)
    for _ in range(40):
        now_s += 10
        tempo.answered(PACE, began_s=now_s, now_s=now_s + 2.0, latency_s=2.0)
        assert tempo.delay_s <= 2.0
    assert tempo.delay_s > 1.0


def test_a_host_that_is_always_slow_is_not_late() -> None:
    tempo = Tempo(PACE)
    play(tempo, PACE, 200, latency_s=3.0)
    assert tempo.delay_s == PACE.delay_s


def test_what_is_usual_is_learnt_anew() -> None:
    tempo = Tempo(PACE)
    now_s = play(tempo, PACE, 50, latency_s=0.05)
    play(tempo, PACE, 1_000, latency_s=1.0, now_s=now_s)
    assert tempo.delay_s == PACE.delay_s


events = st.lists(st.tuples(st.booleans(), st.floats(0, 20), st.floats(0, 5)), max_size=60)


@given(events=events, shortest_s=st.floats(0, 2), more_s=st.floats(0.001, 20))
def test_the_delay_never_leaves_its_bounds(
    events: list[tuple[bool, float, float]], shortest_s: float, more_s: float
) -> None:
    pace = Pace(shortest_s, 2, shortest_s + more_s)
    tempo, now_s = Tempo(pace), 0.0
    for refuses, latency_s, gap_s in events:
        began_s, now_s = now_s, now_s + gap_s
        before_s = tempo.delay_s
        if refuses:
            tempo.refused(pace, began_s=began_s, now_s=now_s)
            assert tempo.delay_s >= before_s
        else:
            tempo.answered(pace, began_s=began_s, now_s=now_s, latency_s=latency_s)
        assert pace.delay_s <= tempo.delay_s <= max(pace.delay_s, pace.max_delay_s) + 1e-9


@given(events=events)
def test_bounds_that_change_hold_at_once(events: list[tuple[bool, float, float]]) -> None:
    tempo, before, now_s = Tempo(PACE), PACE, 0.0
    for number, (refuses, latency_s, gap_s) in enumerate(events):
        pace = Pace(0.1 + number / 10, 2, 5.0 + number / 10)
        tempo.keep_within(pace, before)
        before = pace
        assert pace.delay_s <= tempo.delay_s <= pace.max_delay_s
        began_s, now_s = now_s, now_s + gap_s
        if refuses:
            tempo.refused(pace, began_s=began_s, now_s=now_s)
        else:
            tempo.answered(pace, began_s=began_s, now_s=now_s, latency_s=latency_s)


@dataclass
class Server:
    """Bears so many requests a second; refuses what comes above that, or lets it queue."""

    bears_per_s: float
    refuses: bool
    allowed: float = 0.0
    seen_s: float = 0.0
    free_at_s: float = 0.0
    starts: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def ask(self, now_s: float) -> tuple[bool, float]:
        """Whether it answers well, and after how long."""
        self.starts.append(now_s)
        if self.refuses:
            self.allowed = min(3.0, self.allowed + (now_s - self.seen_s) * self.bears_per_s)
            self.seen_s = now_s
            if self.allowed < 1:
                self.refused.append(now_s)
                return False, 0.02
            self.allowed -= 1
            return True, 0.05
        self.free_at_s = max(now_s, self.free_at_s) + 1 / self.bears_per_s
        return True, self.free_at_s - now_s


def simulate(server: Server, pace: Pace, until_s: float, crawl_delay_s: float = 0.0) -> None:
    plan: HostSchedule[int] = HostSchedule(places=64, pace_of=lambda _host: pace)
    plan.slow_down("h", crawl_delay_s)
    for number in range(math.ceil(until_s / max(pace.delay_s, crawl_delay_s)) + 10):
        plan.add("h", number)
    ends: list[tuple[float, float, bool, float]] = []
    now_s = 0.0
    while now_s < until_s:
        while plan.pop(now_s) is not None:
            good, latency_s = server.ask(now_s)
            heapq.heappush(ends, (now_s + latency_s, now_s, good, latency_s))
        wake_at_s = plan.wake_at_s()
        now_s = min([*([wake_at_s] if wake_at_s is not None else []), *(end for end, *_ in ends[:1])])
        while ends and ends[0][0] <= now_s:
            _, began_s, good, latency_s = heapq.heappop(ends)
            if good:
                plan.answered("h", began_s=began_s, now_s=now_s, latency_s=latency_s)
            else:
                plan.refused("h", began_s=began_s, now_s=now_s)
            plan.finish("h")


@pytest.mark.parametrize("bears_per_s", [1.0, 3.0, 8.0])
def test_a_host_that_refuses_is_asked_about_as_much_as_it_bears(bears_per_s: float) -> None:
    server = Server(bears_per_s, refuses=True)
    simulate(server, Pace(0.02, 4, 10.0), 600)
    late = [at for at in server.starts if at > 300]
    assert 0.5 * bears_per_s <= len(late) / 300 <= 1.3 * bears_per_s
    assert len([at for at in server.refused if at > 300]) <= 0.05 * len(late)
    fixed = Server(bears_per_s, refuses=True)
    simulate(fixed, Pace(0.02, 4), 600)
    assert len(server.refused) < len(fixed.refused) / 10


def test_a_host_that_lets_requests_queue_has_fewer_of_them() -> None:
    followed, fixed = Server(2.0, refuses=False), Server(2.0, refuses=False)
    simulate(followed, Pace(0.02, 16, 10.0), 300)
    simulate(fixed, Pace(0.02, 16), 300)
    assert len(followed.starts) >= 0.8 * 2.0 * 300  # and nothing is lost by that
    assert len(followed.starts) <= len(fixed.starts)


@settings(max_examples=40, deadline=None)
@given(delay_s=st.floats(0.1, 5), refuses=st.booleans())
def test_a_crawl_delay_lies_below_every_rate(delay_s: float, refuses: bool) -> None:
    server = Server(2.0, refuses=refuses)
    simulate(server, Pace(0.05, 4, 3.0), 60, crawl_delay_s=delay_s)
    assert all(later - earlier >= delay_s - 1e-9 for earlier, later in itertools.pairwise(server.starts))


def test_a_shorter_delay_holds_at_once_for_a_host_that_never_refused_and_in_time_for_one_that_did() -> None:
    slow, quick = Pace(2.0, 4, 60.0), Pace(0.05, 8, 60.0)
    well, ill = Tempo(slow), Tempo(slow)
    ill.refused(slow, began_s=0.0, now_s=1.0)
    for tempo in (well, ill):
        tempo.keep_within(quick, slow)
    assert (well.delay_s, ill.delay_s) == (0.05, 4.0)
