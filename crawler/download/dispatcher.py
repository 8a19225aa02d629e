"""The host schedule put to work: an asynchronous stream of jobs, each given when it may start."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from synsift.crawler.download.host_rules import Pace
from synsift.crawler.download.host_schedule import HostSchedule
from synsift.crawler.download.shared_address import machine_of

T = TypeVar("T")


class PaceOfEach(Protocol):
    """Knows how hard each host may be hit."""

    def of(self, key: str) -> Pace:
        """How hard it may be hit by whoever has its key."""


@dataclass(frozen=True, slots=True)
class Politeness:
    """How hard hosts may be hit.

    Attributes:
        places: Requests in flight at once, in all.
        places_per_host: Requests in flight at once at one host.
        delay_s: Time between two starts at one host.
        max_delay_s: Longest one, where a host's answers ask for less; no longer than ``delay_s`` to keep that.
        paces: What holds instead at each host, if some are otherwise.
        at_address: How hard all hosts behind one address together; None for no matter how hard.
    """

    places: int
    places_per_host: int
    delay_s: float
    max_delay_s: float = 0.0
    paces: PaceOfEach | None = None
    at_address: Pace | None = None

    def pace_of(self, host: str) -> Pace:
        """How hard a host may be hit."""
        if self.paces is not None:
            return self.paces.of(host)
        return Pace(self.delay_s, self.places_per_host, self.max_delay_s)


class Dispatcher(Generic[T]):
    """Gives jobs in the order in which politeness allows them. Lives in one event loop."""

    def __init__(self, politeness: Politeness) -> None:
        self._schedule: HostSchedule[T] = HostSchedule(
            places=politeness.places, pace_of=politeness.pace_of, at_address=politeness.at_address
        )
        self._changed = asyncio.Event()
        self._repaced = asyncio.Event()
        self._closed = False

    @property
    def has_free_places(self) -> bool:
        """Whether more jobs could run, if hosts allowed it."""
        return self._schedule.has_free_places

    def add(self, host: str, job: T, *, delay_s: float = 0.0) -> None:
        """Queue a job, to start at the earliest after a delay."""
        self._schedule.add(host, job, not_before_s=time.monotonic() + delay_s if delay_s > 0 else 0.0)
        self._changed.set()

    def put_back(self, host: str, job: T) -> None:
        """Queue a job that was begun, before those of its host that were not."""
        self._schedule.put_back(host, job)
        self._changed.set()

    def finish(self, host: str) -> None:
        """Free the place of a job."""
        self._schedule.finish(host)
        self._changed.set()

    def pause(self, host: str, duration_s: float) -> None:
        """Leave a host alone for a while."""
        self._schedule.pause(host, time.monotonic() + duration_s)

    def put_off(self, host: str, delay_s: float, chosen: Callable[[T], bool]) -> None:
        """Let some of a host's waiting jobs start after a delay, be it later or sooner than they would."""
        self._schedule.put_off(host, time.monotonic() + delay_s if delay_s > 0 else 0.0, chosen)
        self._changed.set()

    def withdraw(self, host: str, chosen: Callable[[T], bool]) -> list[T]:
        """Take some of a host's waiting jobs away, and give them."""
        return self._schedule.withdraw(host, chosen)

    def waiting_jobs(self) -> list[T]:
        """All jobs that wait."""
        return list(self._schedule.waiting_jobs())

    @property
    def waiting(self) -> int:
        """Jobs that wait."""
        return self._schedule.waiting

    @property
    def ready_jobs(self) -> int:
        """Jobs of hosts that may be asked now, if there were places."""
        return self._schedule.ready_jobs

    @property
    def active(self) -> int:
        """Jobs that run."""
        return self._schedule.active

    def slow_down(self, host: str, delay_s: float) -> bool:
        """Keep at least this delay at a host; gives whether that is longer than its pace has it."""
        return self._schedule.slow_down(host, delay_s)

    def answered(self, host: str, *, began_s: float, latency_s: float) -> None:
        """A job that began then was answered so soon."""
        self._schedule.answered(host, began_s=began_s, now_s=time.monotonic(), latency_s=latency_s)

    def refused(self, host: str, *, began_s: float) -> None:
        """A job that began then was refused, or came to nothing, for the host has too much to do."""
        self._schedule.refused(host, began_s=began_s, now_s=time.monotonic())

    async def turn(self, host: str, *, longest_s: float) -> None:
        """Wait for a host's turn to be asked what no job asks for; it counts as one that a job began."""
        while True:
            now_s = time.monotonic()
            start_s = self._schedule.reserve(host, now_s, longest_s=longest_s)
            if start_s <= now_s:
                return
            try:
                async with asyncio.timeout(start_s - now_s):
                    await self._repaced.wait()
            except TimeoutError:
                return

    def left(self, host: str) -> None:
        """A request leaves just now."""
        self._schedule.left(host, time.monotonic())

    def stands_at(self, host: str, address: str) -> None:
        """A host is asked at an address."""
        self._schedule.stands_at(host, machine_of(address))

    def is_paced(self, host: str) -> bool:
        """Whether time must lie between two requests at a host."""
        return self._schedule.is_paced(host)

    def is_shared(self, host: str) -> bool:
        """Whether a host is known to stand at an address with others."""
        return self._schedule.is_shared(host)

    def repace(self, politeness: Politeness) -> None:
        """Hit hosts as hard as is said from now on; the number of places in all stays."""
        self._schedule.repace(politeness.pace_of, politeness.at_address, now_s=time.monotonic())
        self._changed.set()
        self._repaced.set()  # whoever waits for a turn gets another one
        self._repaced = asyncio.Event()

    def rerank(self, rank_of: Callable[[T], float] | None) -> None:
        """Begin jobs of a higher rank first from now on, within politeness; None where all are equal."""
        self._schedule.rerank(rank_of)
        self._changed.set()

    def close(self) -> None:
        """Give no more jobs; those that wait are dropped."""
        self._closed = True
        self._changed.set()

    async def next(self) -> T | None:
        """Wait for the next job that may start; None once closed."""
        while not self._closed:
            job = self._schedule.pop(time.monotonic())
            if job is not None:
                return job
            self._changed.clear()
            wake_at_s = self._schedule.wake_at_s()
            timeout_s = None if wake_at_s is None else max(0.0, wake_at_s - time.monotonic())
            try:
                async with asyncio.timeout(timeout_s):
                    await self._changed.wait()
            except TimeoutError:
                continue
        return None
