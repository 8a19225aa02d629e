#!/usr/bin/env python3
"""A day's crawl of many hosts by one worker's memory of hosts, on a virtual clock: is everybody asked politely?

    benchmarks/day.py [--hosts 100000] [--urls 10]

Hosts share addresses as they do (one in ten has one of its own, a few hold thousands), have a Crawl-delay (1 in 50),
refuse above their own rate (1 in 10), or are down (1 in 20). Printed are memory, requests wasted, and how close
requests came at a host and at an address.
"""

import argparse
import gc
import heapq
import random
import time
from collections import defaultdict
from dataclasses import dataclass

from synsift.crawler.download.host_health import DEFAULT_HEALTH, HostHealth, Leave
from synsift.crawler.download.host_rules import Pace
from synsift.crawler.download.host_schedule import HostSchedule

PACE = Pace(0.1, 2, 10.0)
AT_ADDRESS = Pace(0.02, 8)
PLACES = 256
DAY_S = 86_400.0
EPOCH_S = 1_800_000_000.0


@dataclass(slots=True)
class Host:
    """How a host behaves, and what was seen of it."""

    address: str
    left: int
    is_down: bool
    bears_s: float
    crawl_delay_s: float
    started_at_s: float = -1e9
    answered_at_s: float = -1e9
    closest_s: float = 1e9
    asked: int = 0
    refused: int = 0


def make_hosts(count: int, urls: int, rng: random.Random) -> dict[str, Host]:
    """The hosts, always the same ones."""
    found = {}
    for number in range(count):
        place = rng.random()
        machine = number if place < 0.1 else int(count / 20 * rng.random() ** 3)
        found[f"www{number}.example-{number}.org"] = Host(
            address=f"192.{machine >> 16}.{machine >> 8 & 255}.{machine & 255}",
            left=1 + min(50 * urls, int(rng.expovariate(1 / urls))),
            is_down=rng.random() < 0.05,
            bears_s=rng.choice([0.5, 1.0, 3.0]) if rng.random() < 0.1 else 0.0,
            crawl_delay_s=rng.choice([1.0, 5.0, 10.0]) if rng.random() < 0.02 else 0.0,
        )
    return found


class Day:
    """The crawl."""

    def __init__(self, hosts: dict[str, Host], rng: random.Random) -> None:
        self.hosts = hosts
        self._rng = rng
        self.now_s = 0.0
        self.plan: HostSchedule[str] = HostSchedule(places=PLACES, pace_of=lambda _: PACE, at_address=AT_ADDRESS)
        self.health = HostHealth(DEFAULT_HEALTH, chance=rng.random)
        self._ends: list[tuple[float, float, str]] = []
        self._at_address: dict[str, float] = {}
        self.closest_at_address_s = 1e9
        self.active: defaultdict[str, int] = defaultdict(int)
        self.most_at_address = 0
        self.done = 0

    def begin(self) -> None:
        """All hosts are known, with one URL each in line."""
        for name, host in self.hosts.items():
            self.plan.add(name, name)
            self.plan.stands_at(name, host.address)
            if host.crawl_delay_s:
                self.plan.slow_down(name, host.crawl_delay_s)

    def run(self) -> None:
        """Until nothing is left, or a day has passed."""
        while self.now_s < DAY_S:
            while (name := self.plan.pop(self.now_s)) is not None:
                self._start(name)
            times = [self._ends[0][0]] if self._ends else []
            if (wake_at_s := self.plan.wake_at_s()) is not None:
                times.append(wake_at_s)
            if not times:
                return
            self.now_s = max(self.now_s, min(times))
            while self._ends and self._ends[0][0] <= self.now_s:
                _, began_s, name = heapq.heappop(self._ends)
                self._end(name, began_s)

    def _start(self, name: str) -> None:
        host = self.hosts[name]
        if self.health.may_ask(name, EPOCH_S + self.now_s) not in (Leave.ASK, Leave.PROBE):
            self.plan.add(name, name, not_before_s=self.now_s + 60)
            self.plan.finish(name)
            return
        host.asked += 1
        host.closest_s = min(host.closest_s, self.now_s - host.started_at_s)
        host.started_at_s = self.now_s
        before_s = self._at_address.get(host.address, -1e9)
        self.closest_at_address_s = min(self.closest_at_address_s, self.now_s - before_s)
        self._at_address[host.address] = self.now_s
        self.active[host.address] += 1
        self.most_at_address = max(self.most_at_address, self.active[host.address])
        latency_s = 30.0 if host.is_down else self._rng.uniform(0.05, 0.5)
        heapq.heappush(self._ends, (self.now_s + latency_s, self.now_s, name))

    def _end(self, name: str, began_s: float) -> None:
        host = self.hosts[name]
        self.active[host.address] -= 1
        times = {"began_s": began_s, "now_s": self.now_s}
        wait_s = 0.0
        if host.is_down:
            self.plan.refused(name, **times)
            found = self.health.failed(name, EPOCH_S + self.now_s, "timeout")
            wait_s = found.until_s - EPOCH_S - self.now_s
            host.left = 0 if found.is_given_up else host.left
        elif host.bears_s and began_s - host.answered_at_s < host.bears_s:
            host.refused += 1
            self.plan.refused(name, **times)
        else:
            host.answered_at_s = began_s
            host.left -= 1
            self.done += 1
            self.plan.answered(name, latency_s=self.now_s - began_s, **times)
            self.health.answered(name)
        if host.left > 0:
            self.plan.add(name, name, not_before_s=self.now_s + wait_s if wait_s else 0.0)
        self.plan.finish(name)


def resident_bytes() -> int:
    """Memory of this process."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


def main() -> None:
    """Simulate, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=100_000)
    parser.add_argument("--urls", type=int, default=10)
    options = parser.parse_args()
    rng = random.Random(14)  # noqa: S311 - the same world each time
    hosts = make_hosts(options.hosts, options.urls, rng)
    urls = sum(host.left for host in hosts.values())
    day = Day(hosts, rng)
    gc.collect()
    before_bytes, began_s = resident_bytes(), time.process_time()
    day.begin()
    gc.collect()
    waiting_bytes = (resident_bytes() - before_bytes) / len(hosts)
    day.run()
    gc.collect()
    per_host = (resident_bytes() - before_bytes) / len(hosts)
    down = [host for host in hosts.values() if host.is_down]
    strict = [host for host in hosts.values() if host.bears_s and not host.is_down]
    asked = sum(host.asked for host in hosts.values())
    spent_s = time.process_time() - began_s
    too_close = [host for host in hosts.values() if host.closest_s < max(PACE.delay_s, host.crawl_delay_s) - 1e-6]
    print(f"{len(hosts):,} hosts at {len(day.active):,} addresses, {urls:,} URLs; {day.now_s / 3600:.1f} h passed")
    print(f"fetched {day.done:,} with {asked:,} requests, {1e6 * spent_s / asked:.0f} µs CPU each")
    print(
        f"memory: {waiting_bytes:,.0f} bytes a host at the start, {per_host:,.0f} at the end, with the simulation's own"
    )
    print(f"down: {len(down):,} hosts, {sum(h.asked for h in down) / len(down):.1f} requests each in all")
    refused = sum(host.refused for host in strict)
    print(f"strict: {len(strict):,} hosts, {refused / sum(h.asked for h in strict):.1%} of requests refused")
    print(f"asked sooner than allowed: {len(too_close)} hosts")
    print(
        f"closest at one address: {1000 * day.closest_at_address_s:.1f} ms; most at once there: {day.most_at_address}"
    )


if __name__ == "__main__":
    main()
