"""Runs stages in this process: start, drain, stop.

running ──┬─ SIGINT or SIGTERM ──▶ draining: finish what is in flight, commit, leave ──▶ ended, resumable
          ├─ nothing left to do ─▶ draining ──▶ ended, done       (only where asked for)
          ├─ there is enough ────▶ fetch ends first, and what came of it goes through ──▶ draining ──▶ ended, done
          ├─ a stage fails ──────▶ draining ──▶ its error
          └─ a second signal ────▶ killed at once, be the loop held up; the log is consistent at any point

draining has a deadline: then requests in flight are given up, and what doesn't end even so is killed
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from synsift.pipelines.errors import LogUnavailable, SynsiftError
from synsift.pipelines.gate import Gate
from synsift.pipelines.log.base import Log
from synsift.pipelines.looks import Looks
from synsift.pipelines.remains import FETCH, SEARCH, Remains
from synsift.pipelines.stage import BACKWARD, DEFAULT_REST_S, INPUTS, Stage

_log: Final = logging.getLogger(__name__)

_WATCH_S: Final = 0.1
_KILLED: Final = 130
DEFAULT_DRAIN_S: Final = 25.0
"""Orchestrators kill after 30 s by default; a few of them are needed to commit and leave."""
_LEAVE_S: Final = 4.0
_DISOWN_S: Final = 1.0
_NAMED: Final = 3


class Ending(StrEnum):
    """How a worker ended."""

    DONE = "done"
    RESTING = "resting"
    """All that is left waits for hosts that don't answer."""
    INTERRUPTED = "interrupted"


def busy_stages(log: Log, stages: Sequence[str]) -> list[str]:
    """The stages of some, in the order of the stream, that have something left to do."""
    return list(left_to_do(log, stages))


def left_to_do(log: Log, stages: Sequence[str], goes_on: Callable[[str], bool] = lambda _name: False) -> dict[str, int]:
    """The same with how many records each has left, at most; 0 where that can't be told yet.

    The order matters: a stage's outputs and positions are committed together, so what one stage has finished is seen
    in the next one's lag. Where one of them writes to the input of an earlier one, all are looked at twice: nothing
    is left to do if nothing was, and no input has grown meanwhile.

    Args:
        log: The log.
        stages: Which.
        goes_on: Whether a stage is at work on what it has left: then those behind it aren't asked for, and not told.
    """
    wanted = [name for name in INPUTS if name in stages]
    seen: list[dict[str, list[int]]] = []
    for _ in range(2 if BACKWARD & set(stages) else 1):
        left: dict[str, int] = {}
        ends: dict[str, list[int]] = {}
        for name in wanted:
            lags = log.lag(name, INPUTS[name].name)
            left[name], ends[name] = sum(lag.records for lag in lags), [lag.end for lag in lags]
            if left[name] and goes_on(name):
                break
        if any(left.values()):
            return {name: records for name, records in left.items() if records}
        seen.append(ends)
    return {} if seen[0] == seen[-1] else dict.fromkeys(wanted[:1], 0)


def hosts_in_words(stages: Sequence[Stage]) -> str:
    """For which hosts stages wait, and until when: those first that may be asked first."""
    waits = sorted((until_s, host) for stage in stages for host, until_s in stage.waited_for().items())
    if not waits:
        return "hosts or sources that don't answer now"
    named = [f"{host} (until {time.strftime('%H:%M:%S', time.localtime(until_s))})" for until_s, host in waits[:_NAMED]]
    others = [f"and {len(waits) - _NAMED:,} more"] if waits[_NAMED:] else []
    return f"hosts that don't answer now: {', '.join([*named, *others])}"


class Worker:
    """Some stages in one process."""

    def __init__(
        self,
        log: Log,
        stages: Sequence[Stage],
        *,
        until_idle: bool,
        drain_s: float = DEFAULT_DRAIN_S,
        rest_s: float = DEFAULT_REST_S,
    ) -> None:
        """Make a worker.

        Args:
            log: The stages' log.
            stages: Which.
            until_idle: Whether to end when nothing is left to do, rather than wait for more.
            drain_s: How long draining may take.
            rest_s: How long to wait, in all, where nothing is left but what waits for hosts that don't answer.

        Attributes:
            rests_until_s: When they may be asked again, in Unix time, if the worker ended for that; else None.
            has_enough: Whether it ended for that, and may have left image URLs.
        """
        self._log = log
        self.stages = stages
        self._until_idle = until_idle
        self._drain_s = drain_s
        self._rest_s = rest_s
        self._remains = Remains(None)
        self._rested_s = 0.0
        self._looked_at_s = 0.0
        self._looks = Looks()
        self._says_waits = False
        self.rests_until_s: float | None = None
        self.has_enough = False
        self._interrupted = False
        self._signals_heard = 0
        gate = Gate()
        for stage in stages:
            stage.share(gate)

    def end_with(self, enough: Callable[[], bool]) -> None:
        """End, too, when there is enough and no source is asked any more, whatever image URLs are left."""
        self._remains = Remains(enough)

    async def run(self) -> Ending:
        """Run until the end.

        Raises:
            SynsiftError: A stage failed; the others were drained.
        """
        # What is loaded by now stays: the collector need not walk through it again and again.
        gc.freeze()
        tasks = [asyncio.create_task(stage.run(), name=stage.name) for stage in self.stages]
        with self._signals():
            try:
                while not self._interrupted and not any(task.done() for task in tasks):
                    await asyncio.wait(tasks, timeout=_WATCH_S, return_when=asyncio.FIRST_COMPLETED)
                    is_due = self._until_idle and self._looks.is_due(time.monotonic())
                    if is_due and await asyncio.to_thread(self._is_idle):
                        break
                if self.has_enough:
                    await self._let_through(tasks)
            finally:
                await self._drain(tasks)
                results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        if self._interrupted:
            return Ending.INTERRUPTED
        return Ending.DONE if self.rests_until_s is None else Ending.RESTING

    async def _let_through(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Let the requests in flight end, and what they gave go through all stages."""
        asking = [stage for stage in self.stages if stage.name == FETCH]
        others = [stage.name for stage in self.stages if stage.name not in (FETCH, SEARCH)]
        rest = [task for task in tasks if task.get_name() != FETCH]
        for stage in asking:
            stage.stop()
        await asyncio.wait([task for task in tasks if task.get_name() == FETCH], timeout=self._drain_s)
        while not self._interrupted and not any(task.done() for task in rest):
            if not await asyncio.to_thread(busy_stages, self._log, others):
                return
            await asyncio.wait(rest, timeout=_WATCH_S, return_when=asyncio.FIRST_COMPLETED)

    async def _drain(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Let the stages finish, within the deadline."""
        for stage in self.stages:
            stage.stop()
        _, late = await asyncio.wait(tasks, timeout=self._drain_s)
        if not late:
            return
        names = ", ".join(sorted(task.get_name() for task in late))
        _log.warning("not drained within %.0f s: %s; giving up what is in flight", self._drain_s, names)
        # What Scrapy has in flight dies with the loop, and each task of it would complain about that at length.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        for stage in self.stages:
            stage.give_up()
        _, stuck = await asyncio.wait(late, timeout=_LEAVE_S)
        if stuck:
            _log.error("%s can't be ended; stopping at once, which loses nothing", names)
            os._exit(_KILLED)

    def _is_idle(self) -> bool:
        began_s, by_name = time.monotonic(), {stage.name: stage for stage in self.stages}
        seen: dict[str, float | None] = {}

        def goes_on(name: str) -> bool:
            seen[name] = by_name[name].rests_until_s()
            return seen[name] is None

        try:
            are_placed = all(self._has_its_place(stage) for stage in self.stages)
            busy = left_to_do(self._log, list(by_name), goes_on)
            self._looks.looked(sum(busy.values()), began_s, time.monotonic())
        except LogUnavailable as exc:
            _log.warning("can't see what is left to do: %s", exc)
            return False
        rests = [seen.get(name) for name in busy]
        for name, rest_s in zip(busy, rests, strict=True):
            if rest_s is None:
                by_name[name].hurry()  # all before it are done, or rest
                break
        resting = [rest_s for rest_s in rests if rest_s is not None]
        if are_placed and self._remains.may_stay(dict(zip(busy, rests, strict=True))):
            self.has_enough = True
            return True
        return are_placed and (not busy or (len(resting) == len(busy) and self._has_rested(min(resting))))

    def _has_rested(self, until_s: float) -> bool:
        """Whether what is left would take longer to wait for than anybody wants to."""
        now_s = time.monotonic()
        self._rested_s += min(_WATCH_S * 10, now_s - self._looked_at_s)
        self._looked_at_s = now_s
        if until_s - time.time() <= self._rest_s - self._rested_s:
            if not self._says_waits:
                text = "all that is left waits, for %s: for %.0f s more at most; Ctrl-C loses nothing"
                _log.warning(text, hosts_in_words(self.stages), self._rest_s - self._rested_s)
                self._says_waits = True
            return False
        self.rests_until_s = until_s
        return True

    def _has_its_place(self, stage: Stage) -> bool:
        """Whether a stage has taken partitions over, or all are others': before, offsets may not be the positions."""
        if stage.statistics().partitions:
            return True
        return all(lag.owner for lag in self._log.lag(stage.name, INPUTS[stage.name].name))

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        handled: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)
        try:
            for number in handled:
                loop.add_signal_handler(number, self._interrupt)
                # Of a loop that is held up, by a source's code, nobody would ever hear; this runs in the midst of it.
                signal.signal(number, self._heard)
        except (NotImplementedError, RuntimeError):
            handled = ()  # not in the main thread: whoever runs us here stops us in another way
        try:
            yield
        finally:
            for number in handled:
                loop.remove_signal_handler(number)

    def interrupt(self) -> None:
        """Drain and end, as on SIGTERM."""
        self._interrupted = True

    def _heard(self, _number: int, _frame: object) -> None:
        self._signals_heard += 1
        if self._signals_heard > 1 and not self._interrupted:
            self._disown()
            os._exit(_KILLED)

    def _interrupt(self) -> None:
        if self._interrupted:
            self._disown()
            os._exit(_KILLED)
        _log.warning("interrupted: finishing what is in flight; once more to stop at once")
        self._interrupted = True

    def _disown(self) -> None:
        """No input is to blame for the end that comes; a log that doesn't answer is not waited for."""

        def tell() -> None:
            for stage in self.stages:
                with contextlib.suppress(SynsiftError):
                    stage.disown()

        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        teller.join(_DISOWN_S)
