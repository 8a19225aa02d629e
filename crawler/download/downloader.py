"""Brings URLs to their ends: politeness, retries and redirects between a stage and a spider.

stage ──submit──▶ Downloader ──next──▶ spider ──▶ Scrapy ──▶ the web
  ▲                │  ▲                            │
  └──── received ──┘  └──── answered / failed ─────┘
         abandoned
"""

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from synsift.crawler.download import attempt
from synsift.crawler.download.attempt import Answer, Follow, GiveUp, Patience, Retry, Take
from synsift.crawler.download.dispatcher import Dispatcher, Politeness
from synsift.crawler.download.reachability import Reachability
from synsift.crawler.errors import SourceBusy, SourceError
from synsift.crawler.outcome import Outcome

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

_log: Final = logging.getLogger(__name__)

_TELL_EVERY_S: Final = 10.0
_WORTH_TELLING_S: Final = 6.0


@dataclass(slots=True)
class Job(Generic[T]):
    """One URL on its way.

    Attributes:
        task: What the stage wants back with the result.
        url: Asked first.
        current_url: To ask now, after redirects.
        host: Whose politeness counts now.
        attempts: Tries so far.
        redirects: Redirects followed so far.
    """

    task: T
    url: str
    current_url: str
    host: str
    attempts: int = 0
    redirects: int = 0


@dataclass(frozen=True, slots=True)
class Received:
    """A URL's good end.

    Attributes:
        answer: The last response.
        content: What the spider extracted from it: bytes of an image, a page of a source.
        attempts: Tries that it took.
    """

    answer: Answer
    content: Any
    attempts: int


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A URL's other end.

    Attributes:
        outcome: Its class: an ``Outcome``, or a stage's own word.
        message: What happened, for people.
        attempts: Tries that were made.
    """

    outcome: str
    message: str
    attempts: int


class Receiver(Protocol[T_contra]):
    """Who gets the results, each task exactly once."""

    async def received(self, task: T_contra, result: Received) -> None:
        """Take a good end."""

    async def abandoned(self, task: T_contra, result: Abandoned) -> None:
        """Take a failure."""


class Downloader(Generic[T]):
    """Carries tasks of one stage. Lives in one event loop."""

    def __init__(
        self,
        receiver: Receiver[T],
        *,
        politeness: Politeness,
        patience: Patience,
        host_of: Callable[[str], str],
        local_files: bool = False,
    ) -> None:
        """Make one.

        Args:
            receiver: Gets the results.
            politeness: How hard hosts may be hit.
            patience: How often and how long to try.
            host_of: A URL's politeness key.
            local_files: Whether tasks may name files of this machine, and their hosts are known. Never where
                URLs come from the web.
        """
        self._receiver = receiver
        self._local_files = local_files
        self._patience = patience
        self._host_of = host_of
        self._dispatcher: Dispatcher[Job[T]] = Dispatcher(politeness)
        self._reachability = Reachability(names_tell=local_files)
        self._told_at_s = -_TELL_EVERY_S

    @property
    def has_free_places(self) -> bool:
        """Whether more requests could be made, if hosts allowed it."""
        return self._dispatcher.has_free_places

    async def submit(self, task: T, url: str, *, delay_s: float = 0.0) -> None:
        """Take a task, to begin at the earliest after a delay. A URL that can't be fetched ends at once."""
        problem = attempt.url_problem(url)
        if problem is not None and not (self._local_files and url.startswith("file:///")):
            await self._receiver.abandoned(task, Abandoned(Outcome.BAD_URL, problem, 0))
            return
        job = Job(task, url, url, self._host_of(url))
        self._dispatcher.add(job.host, job, delay_s=delay_s)

    async def next(self) -> Job[T] | None:
        """Wait for the next job that may start; None once closed."""
        job = await self._dispatcher.next()
        if job is not None:
            job.attempts += 1
        return job

    def close(self) -> None:
        """Start no more jobs. Those in flight still end; those that wait are dropped, and nobody is told."""
        self._dispatcher.close()

    def slow_down(self, url: str, delay_s: float) -> None:
        """Honour the Crawl-delay of a URL's host."""
        self._dispatcher.slow_down(self._host_of(url), min(delay_s, self._patience.max_wait_s))

    async def answered(self, job: Job[T], answer: Answer, extract: Callable[[], Any]) -> None:
        """Take a response; ``extract`` gives its content and may raise ``SourceError``."""

        def step() -> attempt.Step | Received:
            if self._reachability.answered():
                _log.warning("the network is back")
            return self._after_answer(job, answer, extract)

        await self._end(job, step)

    async def failed(self, job: Job[T], outcome: Outcome, message: str) -> None:
        """Take a request that got no response."""

        def step() -> attempt.Step:
            if self._reachability.failed(job.host, outcome):
                again = "the same command asks again" if self._reachability.never_was else "trying again"
                _log.warning("there is no network, it seems (%s); %s", message, again)
            if self._reachability.never_was and self._reachability.outcome_of(outcome) is Outcome.NO_NETWORK:
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

    def _after_answer(self, job: Job[T], answer: Answer, extract: Callable[[], Any]) -> "attempt.Step | Received":
        step = attempt.after_answer(
            answer, attempts=job.attempts, redirects=job.redirects, patience=self._patience, now_s=time.time()
        )
        if not isinstance(step, Take):
            return step
        try:
            return Received(answer, extract(), job.attempts)
        except SourceBusy as exc:
            return self._after_busy(job, exc)
        except SourceError as exc:
            return GiveUp(Outcome.SOURCE_ERROR, str(exc))
        except Exception as exc:  # noqa: BLE001 - an odd answer must cost one page, not the source's other synsets
            _log.warning("%s: the answer can't be read", job.current_url, exc_info=exc)
            return GiveUp(Outcome.SOURCE_ERROR, f"the answer can't be read: {type(exc).__name__}: {exc}")

    def _after_busy(self, job: Job[T], busy: SourceBusy) -> attempt.Step:
        """A source's own "come back later", said in a body of status 200, counts as status 503."""
        headers = {"retry-after": str(int(busy.retry_after_s))} if busy.retry_after_s else {}
        step = attempt.after_answer(
            Answer(job.current_url, 503, headers),
            attempts=job.attempts,
            redirects=job.redirects,
            patience=self._patience,
            now_s=time.time(),
        )
        return GiveUp(Outcome.SOURCE_ERROR, str(busy)) if isinstance(step, GiveUp) else step

    def _tell(self, job: Job[T], step: Retry) -> None:
        """Say why nothing seems to happen; not more often than anybody would read it."""
        now_s = time.monotonic()
        level = logging.DEBUG
        if step.wait_s >= _WORTH_TELLING_S and now_s - self._told_at_s >= _TELL_EVERY_S:
            level, self._told_at_s = logging.WARNING, now_s
        _log.log(level, "%s: %s; trying again in %.0f s", job.host, step.reason or "no answer", step.wait_s)

    async def _carry_out(self, job: Job[T], step: "attempt.Step | Received") -> None:
        if isinstance(step, Received):
            await self._receiver.received(job.task, step)
        elif isinstance(step, Follow):
            job.attempts -= 1  # a redirect is a part of the same try
            job.redirects += 1
            job.current_url = step.url
            job.host = self._host_of(step.url)
            self._dispatcher.add(job.host, job)
        elif isinstance(step, Retry):
            self._tell(job, step)
            if step.host_wide:
                self._dispatcher.pause(job.host, step.wait_s)
            job.current_url = job.url
            job.host = self._host_of(job.url)
            job.redirects = 0
            self._dispatcher.add(job.host, job, delay_s=step.wait_s)
        elif isinstance(step, GiveUp):
            await self._receiver.abandoned(job.task, Abandoned(step.outcome, step.message, job.attempts))
