"""The shell of the stages that ask the web: ``search`` and ``fetch``.

    log ──poll──▶ turnstile ──take──▶ downloader ⇄ Scrapy ──▶ received / abandoned ──finish──▶ ledger ──commit──▶ log

The log is spoken to in one thread of its own; everything else lives in the event loop.
"""

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Generic, TypeVar

from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.downloader import Downloader
from synsift.crawler.download.givers import Abandoned
from synsift.crawler.download.host_health import Illness
from synsift.crawler.download.host_rules import name_of
from synsift.crawler.download.reading import Received
from synsift.crawler.outcome import Outcome
from synsift.pipelines.controls.pacing import steered
from synsift.pipelines.controls.steering import Steering
from synsift.pipelines.controls.view import View
from synsift.pipelines.errors import FencedError, LogUnavailable
from synsift.pipelines.gate import Gate
from synsift.pipelines.log.base import Log, Member, Message
from synsift.pipelines.metrics import REJOINS
from synsift.pipelines.reading import Skipped
from synsift.pipelines.stage import DEFAULT_PATIENCE_S, Reading, Statistics
from synsift.pipelines.stages.budgets import ANY_COST, Allowed, Budgets
from synsift.pipelines.stages.commit_pace import CommitPace
from synsift.pipelines.stages.ledger import Hooks, Ledger
from synsift.pipelines.stages.look_ahead import LookAhead
from synsift.pipelines.stages.membership import Membership, Stopped
from synsift.pipelines.stages.turnstile import Turnstile
from synsift.pipelines.topics import Router

T = TypeVar("T")
R = TypeVar("R")

_log: Final = logging.getLogger(__name__)

# Reading happens this often and not more often: every wake-up of another thread costs a fight for the interpreter's
# lock. Longer, and the first image of a crawl is late by as much.
_TURN_S: Final = 0.1
_POLL_RECORDS: Final = 1_000


class DownloadStage(ABC, Generic[T]):
    """A stage whose work ends out of order, at the web's pace."""

    name: str
    patience_s: float = DEFAULT_PATIENCE_S

    def __init__(  # noqa: PLR0913 - what the two stages differ in
        self,
        log: Log,
        router: Router,
        *,
        look_ahead: int,
        in_order: bool,
        politeness: Politeness,
        steering: Steering | None = None,
        allowed: Allowed = ANY_COST,
    ) -> None:
        self._logbook = log
        self.politeness = self._unsteered = politeness
        self._steering = steering or Steering(log)
        self._steered_by = -1
        self._router = router
        self.look_ahead = LookAhead(look_ahead)
        hooks = Hooks(self._take_over, self._let_go, self.ended, self.make_durable)
        self._ledger = Ledger(self.name, log, router, hooks)
        self.budgets = Budgets(self.name, log, self._ledger, router, allowed)
        self._membership = Membership(self.name, log, self._ledger, lambda: self._steering.begin(self.name))
        self.turnstile = Turnstile(self.name, self._ledger, in_order=in_order)
        self._stopping = False
        self._fatal: Exception | None = None
        self._log_thread = ThreadPoolExecutor(1, thread_name_prefix=f"{self.name}-log")
        self._joined = False
        self._pace = CommitPace()
        self._given_up = asyncio.Event()
        self._downloader: Downloader[T] | None = None

    # What a stage fills in.

    @abstractmethod
    def make_downloader(self) -> Downloader[T]:
        """The downloader; called within the event loop."""

    @abstractmethod
    async def run_spider(self, downloader: Downloader[T]) -> None:
        """Run the spider until the downloader is closed."""

    @abstractmethod
    async def take(self, message: Message) -> None:
        """Begin the work on an input; what can't be begun is rejected."""

    @abstractmethod
    async def deliver(self, task: T, result: Received) -> None:
        """End the work on a task whose URL was answered."""

    @abstractmethod
    async def abandon(self, task: T, result: Abandoned) -> None:
        """End the work on a task whose URL was given up."""

    @abstractmethod
    async def drop(self, task: T) -> None:
        """A bug ended a task, and its input is rejected: let what waits for it go on."""

    @abstractmethod
    def message_of(self, task: T) -> Message:
        """The input behind a task."""

    def rests_until_s(self) -> float | None:
        """When it goes on, in Unix time, if all that is left waits until then; else None. Safe from any thread."""
        return None

    def waited_for(self) -> dict[str, float]:
        """The hosts for which its jobs wait, with the Unix time until when. Safe from any thread."""
        return {} if self._downloader is None else self._downloader.waited_for()

    async def stop_task(self, task: T, url: str) -> None:
        """Take a task back that was to ask for a URL, and must not by what operators say; or let it go on."""
        raise NotImplementedError

    def rank_of(self, task: T) -> float:
        """How much a task goes before others: by what operators say of its synset."""
        raise NotImplementedError

    async def steer(self) -> None:
        """Let go on what waited for another word than there is now; in the event loop."""

    async def postpone(self, task: T, origin: str, illness: Illness) -> None:
        """Put the input of a task off until its host may be asked again; only where a stage keeps hosts' health."""
        raise NotImplementedError

    def look_further(self) -> None:
        """Look at what stands behind a host that holds up its partition; runs in the log's thread."""

    def make_durable(self) -> None:
        """Make the objects that a commit depends on outlast a power cut; runs in the log's thread."""

    def restore(self, partition: int, skipped: Skipped) -> None:
        """Rebuild the state of a partition, noting what can't be read; runs in the log's thread."""

    def forget(self, partition: int) -> None:
        """Drop the state of a partition that is another's now; runs in the log's thread."""

    # The shell.

    def stop(self) -> None:
        """Read no more."""
        self._stopping = True
        self._membership.stop()

    def give_up(self) -> None:
        """Don't wait for the requests in flight: what has ended is committed, the rest is asked for again."""
        self._given_up.set()

    def hurry(self) -> None:
        """Nothing to do: this stage never waits for a batch."""

    def repace(self, politeness: Politeness) -> None:
        """Hit hosts as hard as is said from now on, but where operators say otherwise; in the event loop."""
        self._unsteered = politeness
        self.pace()

    def pace(self) -> None:
        """Work out anew how hard hosts may be hit."""
        self.politeness = self.bounded(steered(self._unsteered, self.view, self._parts_of))
        if self._downloader is not None:
            self._downloader.repace(self.politeness)

    def bounded(self, politeness: Politeness) -> Politeness:
        """A politeness within what holds whatever is configured or said."""
        return politeness

    @property
    def view(self) -> View:
        """What operators say now."""
        return self._steering.view

    def _parts_of(self, key: str) -> int:
        """Over how many keys the host of a key is split."""
        return len(self._router.keys.keys_of_name(name_of(key))) if name_of(key) != key else 1

    def share(self, gate: Gate) -> None:
        """Let this process try one input alone where that is needed."""
        self.turnstile.gate = gate

    def disown(self) -> None:
        """Say that the end of this process, which comes at once, is no fault of its inputs."""
        self._ledger.disown()

    def statistics(self) -> Statistics:
        """How it is now."""
        return Statistics(self.name, self._ledger.partitions, self._ledger.pending, self._joined, self._ledger.silent_s)

    def readings(self) -> Sequence[Reading]:
        """What waits in memory, and how much of it could be asked for at once if there were more places."""
        if self._downloader is None:
            return ()
        return (
            Reading("held_inputs", self._ledger.pending),
            Reading("ready_inputs", self._downloader.ready_jobs),
            Reading("requests_in_flight", self._downloader.active),
        )

    async def run(self) -> None:
        """Work until ``stop``; then finish what is in flight, commit and leave the group."""
        self.downloader = self._downloader = self.make_downloader()
        try:
            await self._run(await self._in_log_thread(self._membership.join, self.patience_s))
        except Stopped:
            pass
        finally:
            self._log_thread.shutdown()
            self.turnstile.close()
            self._steering.end(self.name)
        if self._fatal is not None:
            raise self._fatal

    async def _run(self, member: Member) -> None:
        spider = asyncio.create_task(self.run_spider(self.downloader), name=f"{self.name}-spider")
        try:
            while not self._stopping and self._fatal is None:
                if spider.done():
                    spider.result()
                    raise RuntimeError(f"the {self.name} spider ended by itself")
                member = await self._turn(member)
        finally:
            self.downloader.close()
            await self._end_spider(spider)
            await self._in_log_thread(self._leave)

    async def _end_spider(self, spider: asyncio.Task[None]) -> None:
        """Wait for the requests in flight, until told to give up."""
        giving_up = asyncio.create_task(self._given_up.wait())
        await asyncio.wait({spider, giving_up}, return_when=asyncio.FIRST_COMPLETED)
        giving_up.cancel()
        if not spider.done():
            _log.warning("%s: giving up %d inputs in flight; they will be done again", self.name, self._ledger.pending)
            spider.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await spider

    async def received(self, task: T, result: Received) -> None:
        """Take an answer from the downloader; whatever goes wrong with it stays with this one input."""
        self.turnstile.heard(self.message_of(task), answers=True)
        await self._guard(self.deliver, task, result)

    async def abandoned(self, task: T, result: Abandoned) -> None:
        """Take a failure from the downloader."""
        await self._guard(self.abandon, task, result)

    def is_waited_for(self, task: T) -> bool:
        """Whether the input of a task keeps others from beginning: it was in flight when a worker died."""
        message = self.message_of(task)
        return self._ledger.is_open(message) and self._ledger.attempts(message.partition).of(message.offset) is not None

    async def postponed(self, task: T, origin: str, illness: Illness) -> None:
        """Take a task back from the downloader, for its host is left alone for a while."""
        self.turnstile.heard(self.message_of(task), answers=False)

        async def put_off(task: T, origin: str) -> None:
            await self.postpone(task, origin, illness)

        await self._guard(put_off, task, origin)

    async def stopped(self, task: T, url: str) -> None:
        """Take a task back from the downloader that operators stop."""
        await self._guard(self.stop_task, task, url)

    async def _take_word(self) -> None:
        """Do as operators say from now on, if they said something new."""
        view = self.view
        if view.number == self._steered_by:
            return
        self._steered_by = view.number
        self.pace()
        self.downloader.rerank(self.rank_of if view.ranks else None)
        await self.downloader.look_again()
        await self.steer()

    async def _turn(self, member: Member) -> Member:
        """Commit, read, begin; once."""
        await self._take_word()
        try:
            for message in await self._in_log_thread(self._exchange, member):
                self.look_ahead.read(message)
                if self._ledger.admit(message):
                    self.look_ahead.admit(message)
                    self.turnstile.add(message)
            start = self.turnstile.ready()
            if start.messages or start.joined:
                await self._in_log_thread(self._ledger.begin, member, [*start.messages, *start.joined], start.how)
            for message in start.messages:
                await self._begin(message)
        except (FencedError, LogUnavailable) as exc:
            # What was not committed is forgotten, and its state with it: both come back from the log.
            _log.warning("%s: %s; joining anew", self.name, exc)
            REJOINS.labels(self.name, type(exc).__name__).inc()
            self._joined = False
            self._ledger.forget_all()
            return await self._in_log_thread(self._rejoin)
        self._joined = True
        await asyncio.sleep(_TURN_S)
        return member

    def _exchange(self, member: Member) -> list[Message]:
        """Commit what is finished and read as much as there is room for; in the log's thread."""
        self._ledger.beat()
        self._commit_if_due(member)
        if self.turnstile.must_step_aside():
            raise FencedError("an input of this process must be tried alone, and others took too long to end")
        self.budgets.read()
        self.look_further()
        far_ahead = self._ledger.far_ahead()
        waiting = far_ahead | self.look_ahead.waiting() | self.turnstile.full()
        found = member.poll(min(_POLL_RECORDS, self.look_ahead.poll_records()), 0.0, paused=waiting)
        self.look_ahead.polled(found, waiting - far_ahead)
        return found

    def _commit_if_due(self, member: Member) -> None:
        """Commit what is finished, unless that was done just now and more is about to end."""
        is_urgent = bool(self.budgets.allowed) or self.turnstile.is_careful
        is_due = self._pace.is_due(time.monotonic(), in_work=self._ledger.in_work, is_urgent=is_urgent)
        if is_due and self._ledger.commit(member):
            self._pace.committed(time.monotonic())

    def _take_over(self, partition: int, skipped: Skipped) -> None:
        self.restore(partition, skipped)
        self.budgets.take_over(partition)
        self.look_ahead.assign(partition)
        self.turnstile.assign(partition)

    def _let_go(self, partition: int) -> None:
        self.look_ahead.forget(partition)
        self.turnstile.forget(partition)
        self.budgets.forget(partition)
        self.forget(partition)

    def ended(self, message: Message) -> None:
        """An input is committed; runs in the log's thread."""
        self.look_ahead.release(message)
        self.turnstile.ended(message)
        self.budgets.release(message)

    async def _begin(self, message: Message) -> None:
        try:
            await self.take(message)
        except Exception as exc:  # noqa: BLE001 - the per-item guard, as below: a poisonous input must not stop the rest
            self._end_with_bug(message, exc)

    async def _guard(self, end: Callable[[T, Any], Any], task: T, result: object) -> None:
        if not self._ledger.is_open(self.message_of(task)):
            return  # begun before its partition was let go: whoever reads it now begins anew
        try:
            await end(task, result)
        except Exception as exc:  # noqa: BLE001 - the per-item guard: a bug must cost one input, not the worker
            self._end_with_bug(self.message_of(task), exc)
            await self.drop(task)

    def _end_with_bug(self, message: Message, bug: Exception) -> None:
        _log.error("%s: %s/%d/%d", self.name, message.topic, message.partition, message.offset, exc_info=bug)
        self._ledger.reject(message, Outcome.INTERNAL_ERROR, f"{type(bug).__name__}: {bug}")

    def fail(self, error: Exception) -> None:
        """Stop the stage for a reason that concerns all inputs, for example a full disk. What is in flight stays."""
        self._fatal = self._fatal or error
        self._membership.stop()

    def _rejoin(self) -> Member:
        self._membership.leave()
        return self._membership.join(self.patience_s)

    def _leave(self) -> None:
        try:
            if self._ledger.member is not None:
                self._ledger.commit(self._ledger.member)
        except (FencedError, LogUnavailable) as exc:
            _log.warning("%s: %s", self.name, exc)
        finally:
            self._membership.leave()
            self.budgets.close()

    async def _in_log_thread(self, work: Callable[..., R], *arguments: object) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._log_thread, work, *arguments)
