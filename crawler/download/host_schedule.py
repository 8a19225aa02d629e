"""Which job may start now. Politeness as a pure data structure: time is an argument.

    add ──▶ one queue a host ──┬─ next in line, once the host's delay has passed and one of its places is free
                               └─ not before a time (back-off, Retry-After)

A host's delay is what its answers make of its pace, and its Crawl-delay if that is longer. A host that is slow, pausing
or far behind never holds up another one.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from synsift.crawler.download.host_rules import Pace
from synsift.crawler.download.host_tempo import Tempo

T = TypeVar("T")

_PRUNE_FROM: Final = 10_000
# So long a host that was slowed down is known when nothing is left to ask it for.
_KNOWN_S: Final = 600.0
_NEVER: Final = float("-inf")


@dataclass(slots=True)
class _Host(Generic[T]):
    pace: Pace
    queue: deque[T] = field(default_factory=deque)
    later: list[tuple[float, int, T]] = field(default_factory=list)
    active: int = 0
    started_at_s: float = _NEVER
    paused_until_s: float = _NEVER
    crawl_delay_s: float = 0.0
    tempo: Tempo | None = None
    listed_at_s: float | None = None

    @property
    def delay_s(self) -> float:
        """Between two starts, for now."""
        return max(self.crawl_delay_s, self.pace.delay_s if self.tempo is None else self.tempo.delay_s)

    @property
    def next_at_s(self) -> float:
        """When its next job may start, if it has one and a place is free."""
        return max(self.paused_until_s, self.started_at_s + self.delay_s)

    @property
    def is_slowed(self) -> bool:
        return self.tempo is not None and self.tempo.delay_s > self.pace.delay_s

    @property
    def is_idle(self) -> bool:
        return self.active == 0 and not self.queue and not self.later

    def ready_at_s(self) -> float | None:
        """When its next job may start; None if it has none or no place is free."""
        if self.active >= self.pace.places or not (self.queue or self.later):
            return None
        return self.next_at_s if self.queue else max(self.next_at_s, self.later[0][0])

    def take(self, now_s: float) -> T:
        while self.later and self.later[0][0] <= now_s:
            self.queue.append(heapq.heappop(self.later)[2])
        return self.queue.popleft()


class HostSchedule(Generic[T]):
    """Jobs by host, each host with a delay between starts and a number of places."""

    def __init__(self, *, places: int, pace_of: Callable[[str], Pace]) -> None:
        """Make an empty schedule.

        Args:
            places: How many jobs may run at once.
            pace_of: How hard a host may be hit.
        """
        self._places = places
        self._pace_of = pace_of
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
            ready_at_s = entry.ready_at_s()
            if ready_at_s is None or ready_at_s > now_s:
                self._list(host, entry)
                continue
            job = entry.take(now_s)
            entry.active += 1
            self.active += 1
            self.waiting -= 1
            entry.started_at_s = now_s
            self._list(host, entry)
            return job
        return None

    def finish(self, host: str) -> None:
        """Free the place of a job that was started."""
        entry = self._hosts[host]
        entry.active -= 1
        self.active -= 1
        if entry.is_idle and entry.delay_s == 0:
            del self._hosts[host]
        else:
            self._list(host, entry)

    def pause(self, host: str, until_s: float) -> None:
        """Start nothing at a host before a time."""
        entry = self._host(host)
        entry.paused_until_s = max(entry.paused_until_s, until_s)
        self._list(host, entry)

    def slow_down(self, host: str, delay_s: float) -> bool:
        """Make a host's delay at least so long; gives whether that is longer than its pace has it."""
        entry = self._host(host)
        entry.crawl_delay_s = max(entry.crawl_delay_s, delay_s)
        return delay_s > entry.pace.delay_s

    def answered(self, host: str, *, began_s: float, now_s: float, latency_s: float) -> None:
        """A job that was started was answered, so soon."""
        tempo, pace = self._tempo(host)
        if tempo is not None:
            tempo.answered(pace, began_s=began_s, now_s=now_s, latency_s=latency_s)

    def refused(self, host: str, *, began_s: float, now_s: float) -> None:
        """A job that was started was refused, for the host has too much to do."""
        tempo, pace = self._tempo(host)
        if tempo is not None:
            tempo.refused(pace, began_s=began_s, now_s=now_s)

    def repace(self, pace_of: Callable[[str], Pace]) -> None:
        """Hit hosts as hard as is said from now on."""
        self._pace_of = pace_of
        for host, entry in self._hosts.items():
            entry.pace = pace_of(host)
            if entry.tempo is not None:
                entry.tempo.keep_within(entry.pace)
            self._list(host, entry)

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
        """Forget hosts that have nothing to do and are past their delay, but those that want more than their pace."""
        for name, entry in list(self._hosts.items()):
            known_s = _KNOWN_S if entry.is_slowed else 0.0
            if entry.is_idle and entry.next_at_s + known_s <= now_s and entry.crawl_delay_s <= entry.pace.delay_s:
                del self._hosts[name]
        self._prune_at = max(_PRUNE_FROM, 2 * len(self._hosts))

    def _tempo(self, host: str) -> tuple[Tempo | None, Pace]:
        entry = self._host(host)
        if entry.pace.max_delay_s <= entry.pace.delay_s:
            entry.tempo = None
        elif entry.tempo is None:
            entry.tempo = Tempo(entry.pace)
        return entry.tempo, entry.pace

    def _host(self, host: str) -> _Host[T]:
        entry = self._hosts.get(host)
        if entry is None:
            entry = self._hosts[host] = _Host(self._pace_of(host))
        return entry

    def _list(self, host: str, entry: _Host[T]) -> None:
        ready_at_s = entry.ready_at_s()
        if ready_at_s is not None and ready_at_s != entry.listed_at_s:
            entry.listed_at_s = ready_at_s
            heapq.heappush(self._ready, (ready_at_s, next(self._turn), host))
