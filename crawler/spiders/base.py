"""What both spiders do: take jobs from a downloader, give it what came of them.

A request has a task of its own, from the downloader's word to what becomes of the answer, and passes Scrapy's engine
by: its queue, slots, signals and scraper decide nothing that isn't decided here, and took a quarter of the event loop's
time (docs/performance.md). What the engine kept, this keeps: no more is asked for while answers of 64 MB wait.
"""

import asyncio
import functools
import logging
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, ClassVar, Final, Generic, TypeVar

import scrapy
from scrapy import Request
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.http import Response

from synsift.crawler.download.attempt import Answer
from synsift.crawler.download.downloader import Downloader
from synsift.crawler.download.failures import message_of, outcome_of
from synsift.crawler.download.job import Job
from synsift.crawler.download.large_bodies import OWNER, LargeBodies
from synsift.crawler.download.reading import Readers
from synsift.crawler.download.robots import ASKED, LEFT_AT, LISTENER, WaitForDelay
from synsift.crawler.download.scrapy_private import exchange
from synsift.crawler.download.settings import Limits, scrapy_settings
from synsift.crawler.download.web_url import as_asked
from synsift.crawler.errors import HostUnwell
from synsift.crawler.outcome import Outcome, of_status

T = TypeVar("T")
Headers = Sequence[tuple[bytes, bytes]]
"""Lines of a head, as they were sent."""

_log: Final = logging.getLogger(__name__)

# Headers that are no lists, so that two of them are a server's mistake.
_NO_LISTS: Final = frozenset({"content-type", "etag", "last-modified", "location"})
# More than this of bodies waits to be dealt with: then decoding or storing is behind, and asking for more fills memory.
_MOST_WAITING_BYTES: Final = 64 * 1024 * 1024


class DownloadSpider(scrapy.Spider, Generic[T]):
    """A spider without decisions. Ends when its downloader is closed and the requests in flight have ended."""

    name = "downloader"
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, downloader: Downloader[T], timeout_s: float) -> None:
        super().__init__()
        self._downloader = downloader
        self._timeout_s = timeout_s
        self.large_bodies = LargeBodies()
        self._waiting_bytes = 0
        self._has_room = asyncio.Event()

    def extract(self, task: T, response: Response) -> Any:  # noqa: ANN401 - as each spider says
        """Take what is wanted from a good response. May raise ``SourceError``."""
        raise NotImplementedError

    def explain(self, task: T, response: Response) -> str:
        """Read out of a bad response what is wrong, for people. May raise ``SourceError``."""
        del task, response
        return ""

    def headers_for(self, job: Job[T]) -> dict[str, str]:
        """More headers of a request."""
        del job
        return {}

    async def start(self) -> AsyncIterator[Any]:
        """Ask for one job after the other, each when it may start; ends with the last of them. Gives Scrapy nothing."""
        asking: set[asyncio.Task[None]] = set()
        try:
            while (job := await self._next()) is not None:
                try:
                    request = self._request(job)
                except ValueError as exc:
                    # Scrapy is stricter than the check before; one bad URL must not end the stream of all others.
                    await self._downloader.failed(job, Outcome.BAD_URL, str(exc))
                    continue
                task = asyncio.create_task(self._ask(request))
                asking.add(task)
                task.add_done_callback(asking.discard)
            while asking:
                await asyncio.wait(asking)
        finally:
            for task in asking:
                task.cancel()
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    async def _next(self) -> Job[T] | None:
        """Wait for room, then for the next job."""
        while self._waiting_bytes > _MOST_WAITING_BYTES:
            self._has_room.clear()
            await self._has_room.wait()
        return await self._downloader.next()

    async def _ask(self, request: Request) -> None:
        """Ask for one job, and pass on what came of it."""
        try:
            response = await exchange(self.crawler, request)
        except Exception as exc:  # noqa: BLE001 - whatever a request came to is its job's own end
            await self._guard(self.failed(request, exc), request)
            return
        self._waiting_bytes += len(response.body)
        try:
            await self._guard(self.answered(response), request)
        finally:
            self._waiting_bytes -= len(response.body)
            self._has_room.set()

    async def _guard(self, ending: Coroutine[Any, Any, None], request: Request) -> None:
        """Say so, where an end can't be passed on: a bug must cost one job, not the stream of all."""
        try:
            await ending
        except Exception as exc:  # noqa: BLE001 - the guard between the web's answers and everything else
            _log.error("%s: its end could not be passed on", request.url, exc_info=exc)

    def _request(self, job: Job[T]) -> Request:
        url = as_asked(job.current_url)
        return Request(
            url,
            headers={"User-Agent": self.settings["USER_AGENT"], **self.headers, **self.headers_for(job)},
            meta={ASKED: url, OWNER: job, LISTENER: self._heard, "download_timeout": self._timeout_s},
            dont_filter=True,
        )

    def _heard(self, request: Request, status: int, lines: Headers) -> bool:
        job: Job[T] = request.meta[OWNER]
        job.latency_s = time.monotonic() - request.meta[LEFT_AT]
        return self.hears(request, status, lines)

    def hears(self, request: Request, status: int, _lines: Headers) -> bool:
        """Hear the head of an answer; gives whether its body is wanted."""
        del request
        return of_status(status) is Outcome.FETCHED

    async def answered(self, response: Response) -> None:
        """Pass a response to the downloader."""
        job: Job[T] = response.meta[OWNER]
        headers = {
            name: _value(name, values)
            for name, values in ((name.decode("latin-1").lower(), values) for name, values in response.headers.items())
        }
        answer = Answer(job.current_url, response.status, headers, tuple(job.said), job.refusal)
        try:
            readers = Readers(*(functools.partial(read, job.task, response) for read in (self.extract, self.explain)))
            await self._downloader.answered(job, answer, readers)
        finally:
            self.large_bodies.release(job)

    async def failed(self, request: Request, error: Exception) -> None:
        """Pass a request that got no response to the downloader."""
        job: Job[T] = request.meta[OWNER]
        self.large_bodies.release(job)
        if isinstance(error, WaitForDelay):
            self._downloader.put_back(job)
            return
        if isinstance(error, HostUnwell):
            await self._downloader.found_ill(job, error.outcome, str(error))
            return
        outcome = outcome_of(error)
        if outcome is Outcome.INTERNAL_ERROR:
            _log.error("fetching %s failed unexpectedly", job.current_url, exc_info=error)
        await self._downloader.failed(job, outcome, message_of(outcome, error))

    async def fell_ill(self, url: str, outcome: Outcome, message: str, asked_s: float) -> float:
        """A URL's host can't say what may be fetched; gives for how long that is to be remembered."""
        return await self._downloader.fell_ill(url, outcome, message, asked_s)

    def got_well(self, url: str) -> None:
        """A URL's host has said what may be fetched."""
        self._downloader.got_well(url)

    def may_wait(self, url: str) -> bool:
        """Whether a host's URLs may wait once more for what isn't needed to know what may be fetched."""
        return self._downloader.may_wait(url)

    def met(self, name: str, address: str) -> None:
        """A request goes to this address of a host."""
        self._downloader.met(name, address)

    async def turn(self, url: str, longest_s: float) -> None:
        """Wait until a URL's host may be asked for what no task is about, or for so long."""
        await self._downloader.turn(url, longest_s)

    def takes_turns(self, url: str) -> bool:
        """Whether a URL's host can't be asked right after another request."""
        return self._downloader.takes_turns(url)

    def slow_down(self, url: str, delay_s: float) -> bool:
        """Honour the Crawl-delay of a URL's host; gives whether it is longer than what is kept anyway."""
        return self._downloader.slow_down(url, delay_s)


async def run_spider(
    spider: type[DownloadSpider[T]], downloader: Downloader[T], limits: Limits, **arguments: object
) -> None:
    """Run a spider in this event loop until its downloader is closed and the requests in flight have ended."""
    runner = AsyncCrawlerRunner(scrapy_settings(limits))
    await runner.crawl(spider, downloader=downloader, timeout_s=limits.timeout_s, **arguments)


def _value(name: str, values: list[bytes]) -> str:
    """A header that was sent several times: joined if it is a list (RFC 9110, section 5.3), otherwise the first."""
    return (values[0] if name in _NO_LISTS and values else b", ".join(values)).decode("latin-1")
