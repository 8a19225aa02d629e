"""Which job may start now. Politeness as a pure data structure: time is an argument.

    add ──▶ one queue a host ──┬─ next in line, once the host's delay has passed and one of its places is free
                               └─ not before a time (back-off, Retry-After)

A host that is slow, pausing or far behind never holds up another one.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_PRUNE_FROM: Final = 10_000


@dataclass(slots=True)
class _Host(Generic[T]):
    delay_s: float
    queue: deque[T] = field(default_factory=deque)
    later: list[tuple[float, int, T]] = field(default_factory=list)
    active: int = 0
    next_at_s: float = 0.0
    listed_at_s: float | None = None

    def ready_at_s(self, places: int) -> float | None:
        """When its next job may start; None if it has none or no place is free."""
        if self.active >= places or not (self.queue or self.later):
            return None
        return self.next_at_s if self.queue else max(self.next_at_s, self.later[0][0])

    def take(self, now_s: float) -> T:
        while self.later and self.later[0][0] <= now_s:
            self.queue.append(heapq.heappop(self.later)[2])
        return self.queue.popleft()


class HostSchedule(Generic[T]):
    """Jobs by host, each host with a delay between starts and a number of places."""

    def __init__(self, *, places: int, places_per_host: int, delay_s: float) -> None:
        """Make an empty schedule.

        Args:
            places: How many jobs may run at once.
            places_per_host: How many of them at one host.
            delay_s: Time between two starts at one host.
        """
        self._places = places
        self._places_per_host = places_per_host
        self._delay_s = delay_s
        self._hosts: dict[str, _Host[T]] = {}
        self._ready: list[tuple[float, int, str]] = []
        self._turn = itertools.count()
        self._prune_at = _PRUNE_FROM
        self.active = 0
        self.waiting = 0

    @property
    def has_free_places(self) -> bool:
        """Whether more jobs could run, if hosts allowed it."""
        return self.active < self._places

    def add(self, host: str, job: T, *, not_before_s: float = 0.0) -> None:
        """Put a job in its host's queue, or aside until a time."""
        entry = self._host(host)
        if not_before_s > 0:
            heapq.heappush(entry.later, (not_before_s, next(self._turn), job))
        else:
            entry.queue.append(job)
        self.waiting += 1
        self._list(host, entry)

    def pop(self, now_s: float) -> T | None:
        """Start the next job that may start now; None if there is none."""
        if len(self._hosts) >= self._prune_at:
            self._prune(now_s)
        while self.active < self._places and self._ready and self._ready[0][0] <= now_s:
            listed_at_s, _, host = heapq.heappop(self._ready)
            entry = self._hosts.get(host)
            if entry is None or entry.listed_at_s != listed_at_s:
                continue  # the host was listed again since, at another time
            entry.listed_at_s = None
            ready_at_s = entry.ready_at_s(self._places_per_host)
            if ready_at_s is None or ready_at_s > now_s:
                self._list(host, entry)
                continue
            job = entry.take(now_s)
            entry.active += 1
            self.active += 1
            self.waiting -= 1
            entry.next_at_s = now_s + entry.delay_s
            self._list(host, entry)
            return job
        return None

    def finish(self, host: str) -> None:
        """Free the place of a job that was started."""
        entry = self._hosts[host]
        entry.active -= 1
        self.active -= 1
        if entry.active == 0 and not entry.queue and not entry.later and entry.delay_s <= self._delay_s == 0:
            del self._hosts[host]
        else:
            self._list(host, entry)

    def pause(self, host: str, until_s: float) -> None:
        """Start nothing at a host before a time."""
        entry = self._host(host)
        entry.next_at_s = max(entry.next_at_s, until_s)
        self._list(host, entry)

    def slow_down(self, host: str, delay_s: float) -> None:
        """Make a host's delay at least so long."""
        entry = self._host(host)
        entry.delay_s = max(entry.delay_s, delay_s)

    def put_off(self, host: str, until_s: float, chosen: Callable[[T], bool]) -> None:
        """Let some of a host's waiting jobs start at a time, be it later or sooner than they would."""
        for job in self.withdraw(host, chosen):
            self.add(host, job, not_before_s=until_s)

    def withdraw(self, host: str, chosen: Callable[[T], bool]) -> list[T]:
        """Take some of a host's waiting jobs away, and give them, those that wait longest first."""
        entry = self._hosts.get(host)
        if entry is None:
            return []
        taken = [job for job in entry.queue if chosen(job)]
        later = [item for item in sorted(entry.later) if chosen(item[2])]
        if taken:
            entry.queue = deque(job for job in entry.queue if not chosen(job))
        if later:
            entry.later = [item for item in entry.later if not chosen(item[2])]
            heapq.heapify(entry.later)
        self.waiting -= len(taken) + len(later)
        self._list(host, entry)
        return [*taken, *(job for _, _, job in later)]

    def waiting_jobs(self) -> Iterator[T]:
        """All that wait."""
        for entry in self._hosts.values():
            yield from entry.queue
            for _, _, job in entry.later:
                yield job

    def wake_at_s(self) -> float | None:
        """When ``pop`` may give a job again, if nothing finishes before; None for never."""
        if self.active >= self._places or not self._ready:
            return None
        return self._ready[0][0]

    def _prune(self, now_s: float) -> None:
        """Forget hosts that have nothing to do, are past their delay and keep no Crawl-delay of their own."""
        for name, entry in list(self._hosts.items()):
            idle = entry.active == 0 and not entry.queue and not entry.later
            if idle and entry.next_at_s <= now_s and entry.delay_s <= self._delay_s:
                del self._hosts[name]
        self._prune_at = max(_PRUNE_FROM, 2 * len(self._hosts))

    def _host(self, host: str) -> _Host[T]:
        entry = self._hosts.get(host)
        if entry is None:
            entry = self._hosts[host] = _Host(self._delay_s)
        return entry

    def _list(self, host: str, entry: _Host[T]) -> None:
        ready_at_s = entry.ready_at_s(self._places_per_host)
        if ready_at_s is not None and ready_at_s != entry.listed_at_s:
            entry.listed_at_s = ready_at_s
            heapq.heappush(self._ready, (ready_at_s, next(self._turn), host))
