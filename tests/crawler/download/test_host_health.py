import pytest

from synsift.crawler.download.host_health import HealthPolicy, HostHealth, Illness, Leave

POLICY = HealthPolicy(in_a_row=3, nap_s=5, sleep_s=60, longest_sleep_s=86_400, give_up_s=86_400)


def health(policy: HealthPolicy = POLICY) -> HostHealth:
    return HostHealth(policy, chance=lambda: 0.0)


def test_pauses_double_up_to_the_longest() -> None:
    hosts = health(HealthPolicy(give_up_s=1e9))
    now_s, pauses = 1e9, []
    for _ in range(16):
        until_s = hosts.failed("h", now_s, "x").until_s
        pauses.append(until_s - now_s)
        now_s = until_s
    assert pauses[:5] == [5, 60, 120, 240, 480]
    assert pauses[-1] == pauses[-2] == 86_400


def test_a_dead_host_costs_few_requests_before_it_is_given_up() -> None:
    hosts = health()
    now_s, requests = 1e9, 0
    while True:
        leave = hosts.may_ask("h", now_s)
        if leave is Leave.GIVE_UP:
            break
        if leave is Leave.WAIT:
            found = hosts.illness("h")
            assert found is not None
            now_s = found.until_s
            continue
        requests += 1
        hosts.failed("h", now_s, "x")
    assert requests <= 20
    assert now_s - 1e9 >= POLICY.give_up_s


def test_ill_hosts_are_counted_by_what_is_done_about_them() -> None:
    hosts = health()
    assert hosts.count_states(0.0) == {"asleep": 0, "waking": 0, "given_up": 0}
    until_s = hosts.failed("a", 0.0, "x").until_s
    hosts.remember("b", Illness(since_s=0.0, until_s=1e9, failures=9, cause="x", is_given_up=True))
    assert hosts.count_states(until_s - 1) == {"asleep": 1, "waking": 0, "given_up": 1}
    assert hosts.count_states(until_s) == {"asleep": 0, "waking": 1, "given_up": 1}
    assert hosts.count_states(1e9) == {"asleep": 0, "waking": 2, "given_up": 0}


def test_one_request_probes_and_the_others_wait_for_it() -> None:
    hosts = health()
    until_s = hosts.failed("h", 0.0, "x").until_s
    assert hosts.may_ask("h", until_s - 1) is Leave.WAIT
    assert hosts.may_ask("h", until_s) is Leave.PROBE
    assert hosts.may_ask("h", until_s) is Leave.AWAIT_PROBE
    hosts.probe_came_to_nothing("h")
    assert hosts.may_ask("h", until_s) is Leave.PROBE
    assert hosts.answered("h") is not None
    assert hosts.may_ask("h", until_s) is Leave.ASK
    assert len(hosts) == 0


def test_a_host_that_was_given_up_begins_anew_after_a_while() -> None:
    hosts = health(HealthPolicy(give_up_s=0))
    until_s = hosts.failed("h", 0.0, "x").until_s
    assert hosts.may_ask("h", until_s - 1) is Leave.GIVE_UP
    assert hosts.may_ask("h", until_s) is Leave.ASK


@pytest.mark.parametrize(
    ("failures", "asked_s", "pause_s"), [(1, 1.0, 1.0), (1, 7200.0, 7200.0), (9, 1.0, 60 * 2.0**7)]
)
def test_what_a_host_asks_for_is_kept_and_a_short_time_not_believed_for_ever(
    failures: int, asked_s: float, pause_s: float
) -> None:
    hosts = health()
    for _ in range(failures - 1):
        hosts.failed("h", 0.0, "x")
    assert hosts.failed("h", 0.0, "x", asked_s=asked_s).until_s == pause_s


def test_urls_must_differ_to_make_a_host_suspect() -> None:
    hosts = health()
    assert [hosts.suspect("h", url) for url in ("a", "a", "a", "b")] == [False] * 4
    hosts.answered("h")
    assert [hosts.suspect("h", url) for url in ("a", "b", "c")] == [False, False, True]


def test_what_was_written_down_is_known_again() -> None:
    hosts = health()
    hosts.remember("h", Illness(0.0, 100.0, 4, "x"))
    assert hosts.may_ask("h", 50.0) is Leave.WAIT
    assert hosts.asleep(50.0) == ["h"]
    assert hosts.may_ask("h", 100.0) is Leave.PROBE
    assert hosts.failed("h", 100.0, "x").failures == 5


def test_a_network_that_was_gone_puts_no_blame_on_hosts() -> None:
    hosts = health()
    hosts.failed("h", 1e9, "x")
    assert hosts.wake_all() == ["h"]
    assert hosts.may_ask("h", 1e9) is Leave.PROBE
