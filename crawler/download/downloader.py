"""Brings URLs to their ends: politeness, retries and redirects between a stage and a spider.

stage ──submit──▶ Downloader ──next──▶ spider ──▶ Scrapy ──▶ the web
  ▲                │  ▲                            │
  └──── received ──┘  └──── answered / failed ─────┘
         abandoned
"""

import contextlib
import datetime
import logging
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from synsift.crawler.download import attempt
from synsift.crawler.download.attempt import Answer, Follow, GiveUp, Patience, Retry, origin_of
from synsift.crawler.download.dispatcher import Dispatcher, Politeness
from synsift.crawler.download.givers import Abandoned, Receiver, Steers, Waits
from synsift.crawler.download.host_health import Illness
from synsift.crawler.download.host_rules import HostKeys
from synsift.crawler.download.job import Job
from synsift.crawler.download.reachability import Reachability
from synsift.crawler.download.reading import AnswerReader, Readers, Received
from synsift.crawler.download.sickbay import Sickbay
from synsift.crawler.outcome import Outcome, of_status

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

_log: Final = logging.getLogger(__name__)

_TELL_EVERY_S: Final = 10.0
_WORTH_TELLING_S: Final = 6.0
_YEAR_S: Final = 365 * 86_400.0
# Failures that may be a host's rather than a URL's.
_OF_THE_HOST: Final = frozenset(outcome for outcome in Outcome if outcome.heals) - {
    Outcome.NO_NETWORK,
    Outcome.HOST_DOWN,
}
_REMEMBERED_S: Final = 60.0
# What shows that a host has too much to do: it is asked less often.
_TOO_MUCH: Final = frozenset({Outcome.RATE_LIMITED, Outcome.TIMEOUT})
_BUSY: Final = 503
# So late a request may come that was on its way when its host fell ill.
_LATE_S: Final = 1.0


class Downloader(Generic[T]):
    """Carries tasks of one stage. Lives in one event loop."""

    def __init__(
        self,
        receiver: Receiver[T],
        *,
        politeness: Politeness,
        patience: Patience,
        hosts: HostKeys,
        names_tell: bool = False,
    ) -> None:
        """Make one.

        Args:
            receiver: Gets the results.
            politeness: How hard hosts may be hit.
            patience: How often and how long to try.
            hosts: Knows which URLs are of one host.
            names_tell: Whether the hosts are known by the configuration, so that a name that isn't found tells of
                the network. Never where URLs come from the web.
        """
        self._receiver = receiver
        self._patience = patience
        self._reader: AnswerReader[T] = AnswerReader(patience)
        self._hosts = hosts
        self._host_of = hosts.key_of
        self._keys_of = hosts.keys_of
        self._dispatcher: Dispatcher[Job[T]] = Dispatcher(politeness)
        self._reachability = Reachability(names_tell=names_tell)
        self._told_at_s = -_TELL_EVERY_S
        self._sickbay: Sickbay[Job[T]] | None = None
        self._steers: Steers[T] | None = None

    def let_steer(self, steers: Steers[T]) -> None:
        """Ask before each request whether it may leave."""
        self._steers = steers

    async def look_again(self) -> None:
        """Give back what waits and is stopped by now."""
        steers = self._steers
        if steers is None:
            return

        def is_stopped(job: Job[T]) -> bool:
            return steers.stops(job.task, job.current_url)

        hosts = {job.host for job in self._dispatcher.waiting_jobs() if is_stopped(job)}
        for job in [job for host in hosts for job in self._dispatcher.withdraw(host, is_stopped)]:
            await steers.stopped(job.task, job.current_url)

    def rerank(self, rank_of: Callable[[T], float] | None) -> None:
        """Begin tasks of a higher rank first from now on, within politeness; None where all are equal."""
        self._dispatcher.rerank(None if rank_of is None else lambda job: rank_of(job.task))

    def waiting_tasks(self) -> list[T]:
        """Tasks that wait to begin, but for those whose host is being probed."""
        return [job.task for job in self._dispatcher.waiting_jobs()]

    @property
    def is_idle(self) -> bool:
        """Whether no task is on its way, and none waits here."""
        is_empty = not self._dispatcher.active and not self._dispatcher.waiting
        return is_empty and (self._sickbay is None or self._sickbay.is_empty)

    def let_wait(self, waits: Waits[T]) -> None:
        """Leave hosts that are ill alone, and let their tasks wait, rather than end them after some tries."""

        async def send_back(job: Job[T], illness: Illness) -> None:
            await waits.postponed(job.task, job.origin, illness)

        self._sickbay = Sickbay(
            waits.health,
            self._dispatcher,
            send_back=send_back,
            give_up=self._end_unasked,
            is_waited_for=lambda job: waits.is_waited_for(job.task),
        )

    @property
    def has_free_places(self) -> bool:
        """Whether more requests could be made, if hosts allowed it."""
        return self._dispatcher.has_free_places

    @property
    def ready_jobs(self) -> int:
        """Jobs of hosts that may be asked now, if there were places."""
        return self._dispatcher.ready_jobs

    @property
    def active(self) -> int:
        """Requests on their way."""
        return self._dispatcher.active

    async def submit(self, task: T, url: str, *, delay_s: float = 0.0) -> None:
        """Take a task, to begin at the earliest after a delay. A URL that can't be fetched ends at once."""
        problem = attempt.url_problem(url)
        if problem is not None:
            await self._receiver.abandoned(task, Abandoned(Outcome.BAD_URL, problem, 0))
            return
        job = Job(task, url, url, self._host_of(url))
        wait_s = delay_s if self._sickbay is None else await self._sickbay.admit(job, delay_s)
        if wait_s is not None:
            self._dispatcher.add(job.host, job, delay_s=wait_s)

    async def next(self) -> Job[T] | None:
        """Wait for the next job that may start; None once closed."""
        while (job := await self._dispatcher.next()) is not None:
            if self._steers is not None and self._steers.stops(job.task, job.current_url):
                self._dispatcher.finish(job.host)
                await self._steers.stopped(job.task, job.current_url)
            elif self._sickbay is None or await self._lets(job, self._sickbay):
                if self._steers is not None:
                    self._steers.begins(job.task)
                job.attempts += 1
                job.began_s = time.monotonic()
                return job
        return None

    async def _lets(self, job: Job[T], sickbay: Sickbay[Job[T]]) -> bool:
        host = job.host
        try:
            may_begin = await sickbay.lets(job)
        except Exception:
            self._dispatcher.finish(host)
            raise
        if not may_begin:
            self._dispatcher.finish(host)
        return may_begin

    def waited_for(self) -> dict[str, float]:
        """The ill hosts for which jobs wait, with the Unix time until when. Safe from any thread."""
        return self._sickbay.waited_for() if self._sickbay is not None else {}

    def wakes_at_s(self) -> float | None:
        """When a host may be asked again, in Unix time, if all that is left waits for hosts that are ill; else None."""
        return self._sickbay.wakes_at_s() if self._sickbay is not None else None

    def close(self) -> None:
        """Start no more jobs. Those in flight still end; those that wait are dropped, and nobody is told."""
        self._dispatcher.close()

    def slow_down(self, url: str, delay_s: float) -> bool:
        """Honour the Crawl-delay of a URL's host, from now on; gives whether it is longer than what is kept anyway."""
        keys = self._keys_of(url)
        is_longer = False
        for key in keys:  # each of several in its turn: together they keep it
            if self._dispatcher.slow_down(key, delay_s * len(keys)):
                self._dispatcher.pause(key, delay_s * len(keys))
                is_longer = True
        return is_longer

    def met(self, name: str, address: str) -> None:
        """A request goes to this address of the host of a name, just now."""
        keys = self._hosts.keys_of_name(name)
        for key in keys:
            self._dispatcher.stands_at(key, address)
        if len(keys) == 1:
            self._dispatcher.left(keys[0])

    async def turn(self, url: str, longest_s: float) -> None:
        """Wait until a URL's host may be asked for what no task is about, or for so long; it is counted."""
        await self._dispatcher.turn(self._host_of(url), longest_s=longest_s)

    def takes_turns(self, url: str) -> bool:
        """Whether a URL's host can't be asked right after another request, at it or at its address."""
        key = self._host_of(url)
        return self._dispatcher.is_paced(key) or self._dispatcher.is_shared(key)

    def repace(self, politeness: Politeness) -> None:
        """Hit hosts as hard as is said from now on."""
        self._dispatcher.repace(politeness)

    async def fell_ill(self, url: str, outcome: Outcome, message: str, asked_s: float) -> float:
        """A host can't say what may be fetched: its URLs wait. To be told once, however many requests wait for it.

        Gives for how long this is to be remembered, where nobody asks sooner anyway.
        """
        host = self._host_of(url)
        if not self._was_ill(origin_of(url)) and self._reachability.failed(host, outcome):
            _log.warning("there is no network, it seems (%s)", message)
        if self._sickbay is None:
            return _REMEMBERED_S
        if self._is_offline(outcome):
            self._sickbay.network_never_was()
            return 0.0
        found = await self._sickbay.fell_ill(origin_of(url), self._keys_of(url), f"{outcome}: {message}", asked_s)
        return min(_LATE_S, 0.99 * (found.until_s - time.time()))

    def may_wait(self, url: str) -> bool:
        """Whether a host's URLs may wait once more for what isn't needed to know what may be fetched."""
        return self._sickbay is not None and self._sickbay.may_wait(origin_of(url))

    def _was_ill(self, origin: str) -> bool:
        """Whether a host failed before: then it says nothing of the network when it does so again."""
        if self._sickbay is None or self._reachability.is_out:
            return False
        return self._sickbay.health.illness(origin) is not None

    def got_well(self, url: str) -> None:
        """A host has said what may be fetched."""
        if self._sickbay is not None:
            self._sickbay.got_well(origin_of(url))

    async def found_ill(self, job: Job[T], outcome: Outcome, message: str) -> None:
        """Take a request that wasn't made, for its host can't say whether it may be."""
        if self._sickbay is None or self._is_offline(outcome):
            await self.failed(job, outcome, message)
            return
        host = job.host
        job.attempts -= 1
        try:
            await self._sickbay.found_ill(job)
        finally:
            self._dispatcher.finish(host)

    def put_back(self, job: Job[T]) -> None:
        """Take a request that wasn't made, for its host wants more time between two: it begins when it may."""
        job.attempts -= 1
        self._dispatcher.put_back(job.host, job)
        self._dispatcher.finish(job.host)

    def _is_offline(self, outcome: Outcome) -> bool:
        return self._reachability.never_was and self._reachability.outcome_of(outcome) is Outcome.NO_NETWORK

    async def _end_unasked(self, job: Job[T], illness: Illness) -> None:
        message = f"{job.origin} gave no answer since {_day(illness.since_s)}; {illness.cause}"
        await self._receiver.abandoned(job.task, Abandoned(Outcome.HOST_DOWN, message, job.attempts))

    async def answered(self, job: Job[T], answer: Answer, readers: Readers) -> None:
        """Take a response, whose body is given to its readers."""

        def step() -> attempt.Step | Received:
            self._note_answer(job, answer)
            if self._reachability.answered():
                _log.warning("the network is back")
                if self._sickbay is not None:
                    self._sickbay.network_is_back()
            # Where tasks wait for their hosts, they do so as long as these ask for.
            max_wait_s = self._patience.max_wait_s if self._sickbay is None else _YEAR_S
            return self._reader.read(job, answer, readers, max_wait_s=max_wait_s)

        await self._end(job, step)

    def _note_answer(self, job: Job[T], answer: Answer) -> None:
        if answer.status == _BUSY or of_status(answer.status) in _TOO_MUCH:
            self._dispatcher.refused(job.host, began_s=job.began_s)
        else:
            self._dispatcher.answered(job.host, began_s=job.began_s, latency_s=job.latency_s)
        if self._sickbay is not None and not of_status(answer.status).heals:
            self._sickbay.got_well(job.origin)

    async def failed(self, job: Job[T], outcome: Outcome, message: str) -> None:
        """Take a request that got no response."""

        def step() -> attempt.Step:
            if outcome in _TOO_MUCH:
                self._dispatcher.refused(job.host, began_s=job.began_s)
            if self._sickbay is not None and outcome not in _OF_THE_HOST:
                self._sickbay.told_nothing(job.origin)
            if not self._was_ill(job.origin) and self._reachability.failed(job.host, outcome):
                again = "the same command asks again" if self._reachability.never_was else "trying again"
                _log.warning("there is no network, it seems (%s); %s", message, again)
            if self._is_offline(outcome):
                return GiveUp(Outcome.NO_NETWORK, message)
            found = attempt.after_error(outcome, message, attempts=job.attempts, patience=self._patience)
            if isinstance(found, GiveUp):
                return GiveUp(self._reachability.outcome_of(found.outcome), found.message)
            return found

        await self._end(job, step)

    async def _end(self, job: Job[T], decide: Callable[[], "attempt.Step | Received"]) -> None:
        """Bring a request to its end. Whatever is raised on the way costs this task, and never the host's place."""
        host = job.host
        try:
            await self._carry_out(job, decide())
        except Exception as exc:  # noqa: BLE001 - the guard between the web's answers and everything else
            _log.error("%s: an answer could not be dealt with", job.current_url, exc_info=exc)
            bug = Abandoned(Outcome.INTERNAL_ERROR, f"{type(exc).__name__}: {exc}", job.attempts)
            with contextlib.suppress(Exception):  # told already, or can't be told: the input stays open in the log
                await self._receiver.abandoned(job.task, bug)
        finally:
            self._dispatcher.finish(host)

    def _tell(self, job: Job[T], step: Retry) -> None:
        """Say why nothing seems to happen; not more often than anybody would read it."""
        now_s = time.monotonic()
        level = logging.DEBUG
        # Of an API that is silent nobody else tells; hosts of images have a health, and what it is is told.
        is_silent_api = self._sickbay is None and step.outcome is Outcome.TIMEOUT
        is_long = step.wait_s >= _WORTH_TELLING_S or is_silent_api
        if is_long and now_s - self._told_at_s >= _TELL_EVERY_S:
            level, self._told_at_s = logging.WARNING, now_s
        _log.log(level, "%s: %s; trying again in %.0f s", job.host, step.reason or "no answer", step.wait_s)

    async def _waits_for_host(self, job: Job[T], step: "attempt.Step | Received") -> bool:
        """Whether a failure is its host's by now: then the job waits for that, and this try isn't counted."""
        if self._sickbay is None or not isinstance(step, Retry | GiveUp) or step.outcome not in _OF_THE_HOST:
            return False
        is_asked = isinstance(step, Retry) and step.host_wide
        if not is_asked and not self._sickbay.health.suspect(job.origin, job.current_url):
            return False
        reason = (step.reason if isinstance(step, Retry) else step.message) or "no answer"
        asked_s = step.asked_s if isinstance(step, Retry) else 0.0
        known = self._sickbay.health.illness(job.origin)
        # What was on its way when its host fell ill says nothing new.
        if known is None or known.until_s <= time.time() or asked_s > known.until_s - time.time():
            keys = self._keys_of(job.current_url)
            await self._sickbay.fell_ill(job.origin, keys, f"{step.outcome}: {reason}", asked_s)
        job.attempts -= 1
        await self._sickbay.found_ill(job)
        return True

    async def _carry_out(self, job: Job[T], step: "attempt.Step | Received") -> None:
        if await self._waits_for_host(job, step):
            return
        if isinstance(step, Received):
            await self._receiver.received(job.task, step)
        elif isinstance(step, Follow):
            job.attempts -= 1  # a redirect is a part of the same try
            job.been += (job.current_url,)
            job.current_url = step.url
            job.host = self._host_of(step.url)
            self._dispatcher.put_back(job.host, job)
        elif isinstance(step, Retry):
            self._tell(job, step)
            if step.host_wide:
                self._dispatcher.pause(job.host, step.wait_s)
            job.current_url = job.url
            job.host = self._host_of(job.url)
            job.been = ()
            job.said = []
            self._dispatcher.add(job.host, job, delay_s=step.wait_s)
        elif isinstance(step, GiveUp):
            given_up = Abandoned(step.outcome, step.message, job.attempts, step.until_s)
            await self._receiver.abandoned(job.task, given_up)


def _day(at_s: float) -> str:
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).isoformat(timespec="minutes").replace("+00:00", "Z")
