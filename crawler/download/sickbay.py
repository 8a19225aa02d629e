"""Jobs whose host is ill: which of them probes it, which wait here, and which go back to whoever gave them.

    next job ──┬─ its host is well ───────────────▶ begins
               ├─ … may be asked again ───────────▶ begins, as the one that probes
               ├─ … is being probed ──────────────▶ set aside until the probe ends
               ├─ … is asleep ────────────────────▶ put off until it may be asked
               └─ … was given up ─────────────────▶ ends unasked, ``host_down``

What was in flight when its host fell asleep for long goes back, so that the log says until when; what stands behind it
in the schedule is put off where it is, unless others wait for it to end: then it goes back, too.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

from synsift.crawler.download.dispatcher import Dispatcher
from synsift.crawler.download.host_health import HostHealth, Illness, Leave
from synsift.crawler.wording import masked

_log: Final = logging.getLogger(__name__)

KEEP_S: Final = 10.0
"""For a pause up to this nothing is written down: it is over soon."""
_TELL_FROM: Final = 2
_AGAIN_S: Final = 0.05
_MOST_WAITS: Final = 2
"""For a file about use that a host can't give; a minute in all, by the pauses of its sleep."""


class Bound(Protocol):
    """What is needed of a job.

    Attributes:
        host: Its politeness key.
        origin: Whose health counts.
    """

    host: str

    @property
    def origin(self) -> str:
        """Scheme, name and port that it asks now."""


J = TypeVar("J", bound=Bound)


class Sickbay(Generic[J]):
    """The jobs of hosts that are ill. Lives in one event loop."""

    def __init__(
        self,
        health: HostHealth,
        dispatcher: Dispatcher[J],
        *,
        send_back: Callable[[J, Illness], Awaitable[None]],
        give_up: Callable[[J, Illness], Awaitable[None]],
        is_waited_for: Callable[[J], bool] = lambda _: False,
    ) -> None:
        """Make one.

        Args:
            health: What is known of hosts.
            dispatcher: Holds the jobs that wait.
            send_back: Takes a job whose host sleeps for long.
            give_up: Takes a job whose host was given up.
            is_waited_for: Whether a job keeps others from beginning, and must not wait here.
        """
        self.health = health
        self._dispatcher = dispatcher
        self._send_back = send_back
        self._give_up = give_up
        self._is_waited_for = is_waited_for
        self._aside: dict[str, list[J]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is set aside."""
        return not any(self._aside.values())

    async def admit(self, job: J, delay_s: float) -> float | None:
        """How long a job that is new must wait; None if it has ended unasked."""
        found = self.health.illness(job.origin)
        if found is None:
            return delay_s
        left_s = found.until_s - time.time()
        if found.is_given_up and left_s > 0:
            await self._give_up(job, found)
            return None
        if left_s > KEEP_S and self._is_waited_for(job):
            await self._send_back(job, found)
            return None
        return max(delay_s, left_s)

    async def lets(self, job: J) -> bool:
        """Whether a job may begin; what may not is taken care of, and its place must be freed."""
        leave = self.health.may_ask(job.origin, time.time())
        if leave in (Leave.ASK, Leave.PROBE):
            return True
        found = self.health.illness(job.origin)
        if leave is Leave.AWAIT_PROBE or found is None:
            self._aside.setdefault(job.origin, []).append(job)
        elif leave is Leave.GIVE_UP:
            await self._give_up(job, found)
        else:
            await self._wait(job, found)
        return False

    async def _wait(self, job: J, found: Illness) -> None:
        """Let a job wait for its host: here, or, if others wait for it, in the log."""
        left_s = found.until_s - time.time()
        if left_s > KEEP_S and self._is_waited_for(job):
            await self._send_back(job, found)
        else:
            self._dispatcher.add(job.host, job, delay_s=left_s)

    async def fell_ill(self, origin: str, keys: Sequence[str], cause: str, asked_s: float = 0.0) -> Illness:
        """A host failed: put off all that waits for it, or end it if that goes on for too long."""
        found = self.health.failed(origin, time.time(), masked(cause), asked_s=asked_s)
        self._tell(origin, found)
        if found.is_given_up:
            waiting = [job for key in keys for job in self._dispatcher.withdraw(key, lambda job: job.origin == origin)]
            for job in [*self._aside.pop(origin, ()), *waiting]:
                await self._give_up(job, found)
            return found
        delay_s = found.until_s - time.time()
        for job in self._aside.pop(origin, ()):
            await self._wait(job, found)
        for key in keys:
            if delay_s > KEEP_S:
                for job in self._dispatcher.withdraw(
                    key, lambda job: job.origin == origin and self._is_waited_for(job)
                ):
                    await self._send_back(job, found)
            self._dispatcher.put_off(key, delay_s, lambda job: job.origin == origin)
        return found

    def may_wait(self, origin: str) -> bool:
        """Whether a host's jobs may wait once more for what it needn't have to be asked."""
        found = self.health.illness(origin)
        return found is None or found.failures < _MOST_WAITS

    async def found_ill(self, job: J) -> None:
        """A job met its host's illness, which was noted before."""
        self.told_nothing(job.origin)
        found = self.health.illness(job.origin)
        left_s = found.until_s - time.time() if found else 0.0
        if found is not None and found.is_given_up:
            await self._give_up(job, found)
        elif found is not None and left_s > KEEP_S:
            await self._send_back(job, found)
        else:
            self._dispatcher.add(job.host, job, delay_s=max(left_s, _AGAIN_S))

    def got_well(self, origin: str) -> Illness | None:
        """A host answered: let all that waited for it begin. Gives what was known of it, if it was ill."""
        found = self.health.answered(origin)
        if found is not None:
            _log.info("%s answers again", origin)
            self._release(origin)
            self._wake({origin})
        return found

    def told_nothing(self, origin: str) -> None:
        """A request ended without a word on its host's health: if it was the probe, another one is."""
        self.health.probe_came_to_nothing(origin)
        self._release(origin)

    def network_is_back(self) -> None:
        """Nobody was ill: let all be asked again."""
        self._wake(set(self.health.wake_all()))

    def network_never_was(self) -> None:
        """Nobody is to blame, and nothing is to be waited for: let all begin, and end by that."""
        origins = self.health.wake_all()
        for origin in origins:
            self.health.answered(origin)
            self._release(origin)
        self._wake(set(origins))

    def _wake(self, origins: set[str]) -> None:
        if origins:
            for host in {job.host for job in self._dispatcher.waiting_jobs() if job.origin in origins}:
                self._dispatcher.put_off(host, 0.0, lambda job: job.origin in origins)

    def waited_for(self) -> dict[str, float]:
        """The ill hosts for which jobs wait, with the Unix time until when. Safe from any thread."""
        try:
            origins = {job.origin for job in self._dispatcher.waiting_jobs()} | set(self._aside)
        except RuntimeError:  # jobs came or went meanwhile
            origins = set(self.health.asleep(time.time()))
        return {origin: found.until_s for origin in origins if (found := self.health.illness(origin)) is not None}

    def wakes_at_s(self) -> float | None:
        """When the first of the hosts may be asked again for which all jobs wait; None if one waits for none of them.

        Unix time.
        """
        if self._dispatcher.active or any(self._aside.values()):
            return None
        earliest: float | None = None
        for job in self._dispatcher.waiting_jobs():
            found = self.health.illness(job.origin)
            if found is None:
                return None
            earliest = found.until_s if earliest is None else min(earliest, found.until_s)
        return earliest

    def _release(self, origin: str) -> None:
        for job in self._aside.pop(origin, ()):
            self._dispatcher.add(job.host, job)

    def _tell(self, origin: str, found: Illness) -> None:
        if found.is_given_up:
            _log.warning("%s is given up: %s", origin, found.cause)
        else:
            level = logging.INFO if found.failures == _TELL_FROM else logging.DEBUG
            _log.log(level, "%s: %s; left alone for %.0f s", origin, found.cause, found.until_s - time.time())
