"""The jobs that wait at one host, and when the next of them may start. Pure; time is an argument."""

import bisect
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from synsift.crawler.download.host_rules import Pace
from synsift.crawler.download.host_tempo import Tempo

T = TypeVar("T")
NEVER: Final = float("-inf")
"""When what never happened did."""


@dataclass(slots=True)
class HostQueue(Generic[T]):
    """The jobs of one host, and what is known of it."""

    pace: Pace
    # No deque: an empty one takes 600 bytes, for each of a hundred thousand hosts.
    queue: list[T] = field(default_factory=list)
    later: list[tuple[float, int, T]] = field(default_factory=list)
    active: int = 0
    started_at_s: float = NEVER
    paused_until_s: float = NEVER
    crawl_delay_s: float = 0.0
    tempo: Tempo | None = None
    listed_at_s: float | None = None
    is_due: bool = False
    begun: int = 0
    visit: int = 0
    address: str = ""
    awaits_turn: bool = False
    has_turn: bool = False

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
        """Whether its answers made it slower than its pace."""
        return self.tempo is not None and self.tempo.delay_s > self.pace.delay_s

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return self.active == 0 and not self.queue and not self.later

    def ready_at_s(self) -> float | None:
        """When its next job may start; None if it has none or no place is free."""
        if self.active >= self.pace.places or not (self.queue or self.later):
            return None
        return self.next_at_s if self.queue else max(self.next_at_s, self.later[0][0])

    def put(self, job: T, rank_of: Callable[[T], float] | None) -> int:
        """Queue a job behind those that were begun and those of its rank or a higher one; gives its place."""
        if rank_of is None:
            self.queue.append(job)
            return len(self.queue) - 1
        at = bisect.bisect_right(self.queue, -rank_of(job), lo=self.begun, key=lambda other: -rank_of(other))
        self.queue.insert(at, job)
        return at

    def take(self, now_s: float, rank_of: Callable[[T], float] | None) -> T:
        """Take the next job; there is one."""
        while self.later and self.later[0][0] <= now_s:
            self.put(heapq.heappop(self.later)[2], rank_of)
        self.begun = max(0, self.begun - 1)
        return self.queue.pop(0)
