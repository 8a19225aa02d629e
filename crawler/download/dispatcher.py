"""The host schedule put to work: an asynchronous stream of jobs, each given when it may start."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from synsift.crawler.download.host_schedule import HostSchedule

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Politeness:
    """How hard hosts may be hit.

    Attributes:
        places: Requests in flight at once, in all.
        places_per_host: Requests in flight at once at one host.
        delay_s: Time between two starts at one host.
    """

    places: int
    places_per_host: int
    delay_s: float


class Dispatcher(Generic[T]):
    """Gives jobs in the order in which politeness allows them. Lives in one event loop."""

    def __init__(self, politeness: Politeness) -> None:
        self._schedule: HostSchedule[T] = HostSchedule(
            places=politeness.places, places_per_host=politeness.places_per_host, delay_s=politeness.delay_s
        )
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def has_free_places(self) -> bool:
        """Whether more jobs could run, if hosts allowed it."""
        return self._schedule.has_free_places

    def add(self, host: str, job: T, *, delay_s: float = 0.0) -> None:
        """Queue a job, to start at the earliest after a delay."""
        self._schedule.add(host, job, not_before_s=time.monotonic() + delay_s if delay_s > 0 else 0.0)
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
    def active(self) -> int:
        """Jobs that run."""
        return self._schedule.active

    def slow_down(self, host: str, delay_s: float) -> None:
        """Keep at least this delay at a host, for example its Crawl-delay."""
        self._schedule.slow_down(host, delay_s)

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
