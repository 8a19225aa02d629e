"""What is known of a host takes less than a kilobyte, whatever it is that is known."""

import gc
import tracemalloc

import pytest

from synsift.crawler.download.host_health import DEFAULT_HEALTH, HostHealth
from synsift.crawler.download.host_rules import Pace
from synsift.crawler.download.host_schedule import HostSchedule

HOSTS = 5_000


@pytest.mark.parametrize(("ill", "most_bytes"), [(0.05, 1_000), (1.0, 1_200)], ids=["as hosts are", "all ill"])
def test_a_host_takes_less_than_a_kilobyte(ill: float, most_bytes: int) -> None:
    names = [f"www{number}.example-{number}.org" for number in range(HOSTS)]
    gc.collect()
    tracemalloc.start()
    try:
        plan: HostSchedule[int] = HostSchedule(
            places=HOSTS, pace_of=lambda _: Pace(0.1, 2, 10.0), at_address=Pace(0.02, 8)
        )
        health = HostHealth(DEFAULT_HEALTH)
        for number, name in enumerate(names):
            plan.add(name, number)
            plan.stands_at(name, f"192.0.{number // 256}.{number % 256}")
            plan.slow_down(name, 1.0)
            plan.refused(name, began_s=0.0, now_s=1.0)
            if number < ill * HOSTS:
                health.failed(name, 1_800_000_000.0, f"timeout: {name} took longer than 30.0 s")
        gc.collect()
        size_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(health) == ill * HOSTS
    assert size_bytes / HOSTS < most_bytes
