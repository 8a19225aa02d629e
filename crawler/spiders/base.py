"""What both spiders do: take jobs from a downloader, give it what came of them."""

import asyncio
import functools
import logging
from collections.abc import AsyncIterator
from typing import Any, ClassVar, Final, Generic, TypeVar

import scrapy
from scrapy import Request
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response
from twisted.python.failure import Failure

from synsift.crawler.download.attempt import Answer
from synsift.crawler.download.downloader import Downloader, Job
from synsift.crawler.download.large_bodies import OWNER, LargeBodies
from synsift.crawler.download.settings import Limits, scrapy_settings
from synsift.crawler.errors import DownloadRefused, NetworkDown
from synsift.crawler.outcome import Outcome

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

# The first that matches wins, so subclasses stand before their bases.
_OUTCOMES: Final[tuple[tuple[type[Exception], Outcome], ...]] = (
    (NetworkDown, Outcome.NO_NETWORK),
    (DownloadTimeoutError, Outcome.TIMEOUT),
    (CannotResolveHostError, Outcome.DNS_FAILED),
    (DownloadConnectionRefusedError, Outcome.CONNECTION_FAILED),
    (ResponseDataLossError, Outcome.CONNECTION_FAILED),
    (DownloadCancelledError, Outcome.TOO_LARGE),
    (UnsupportedURLSchemeError, Outcome.BAD_URL),
    (DownloadFailedError, Outcome.CONNECTION_FAILED),
)

# Headers that are no lists, so that two of them are a server's mistake.
_NO_LISTS: Final = frozenset({"content-type", "etag", "last-modified", "location", "retry-after"})


class DownloadSpider(scrapy.Spider, Generic[T]):
    """A spider without decisions. Ends when its downloader is closed and the requests in flight have ended."""

    name = "downloader"
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, downloader: Downloader[T], timeout_s: float) -> None:
        super().__init__()
        self._downloader = downloader
        self._timeout_s = timeout_s
        self.large_bodies = LargeBodies()

    def extract(self, task: T, response: Response) -> Any:  # noqa: ANN401 - as each spider says
        """Take what is wanted from a good response. May raise ``SourceError``."""
        raise NotImplementedError

    async def start(self) -> AsyncIterator[Any]:
        """Give Scrapy one request at a time, each when it may start."""
        while (job := await self._downloader.next()) is not None:
            try:
                request = self._request(job)
            except ValueError as exc:
                # Scrapy is stricter than the check before; one bad URL must not end the stream of all others.
                await self._downloader.failed(job, Outcome.BAD_URL, str(exc))
                continue
            yield request

    def _request(self, job: Job[T]) -> Request:
        return Request(
            job.current_url,
            callback=self.answered,
            errback=self.failed,
            headers={"User-Agent": self.settings["USER_AGENT"], **self.headers},
            meta={OWNER: job, "download_timeout": self._timeout_s},
            dont_filter=True,
        )

    async def answered(self, response: Response) -> None:
        """Pass a response to the downloader."""
        job: Job[T] = response.meta[OWNER]
        headers = {
            name: _value(name, values)
            for name, values in ((name.decode("latin-1").lower(), values) for name, values in response.headers.items())
        }
        answer = Answer(job.current_url, response.status, headers)
        try:
            await self._downloader.answered(job, answer, functools.partial(self.extract, job.task, response))
        finally:
            self.large_bodies.release(job)

    async def failed(self, failure: Failure) -> None:
        """Pass a request that got no response to the downloader."""
        job: Job[T] = failure.request.meta[OWNER]  # type: ignore[attr-defined]  # Scrapy sets it
        self.large_bodies.release(job)
        error = failure.value
        if isinstance(error, asyncio.CancelledError):
            return  # the worker gives up: nobody waits for this job any longer
        if not isinstance(error, Exception):
            failure.raiseException()
        outcome = outcome_of(error)
        if outcome is Outcome.INTERNAL_ERROR:
            _log.error("fetching %s failed unexpectedly", job.current_url, exc_info=error)
        await self._downloader.failed(job, outcome, f"{type(error).__name__}: {error}")

    def slow_down(self, url: str, delay_s: float) -> None:
        """Honour the Crawl-delay of a URL's host."""
        self._downloader.slow_down(url, delay_s)


def outcome_of(error: Exception) -> Outcome:
    """The outcome of a request that ended in an exception."""
    if isinstance(error, DownloadRefused):
        return error.outcome
    for kind, outcome in _OUTCOMES:
        if isinstance(error, kind):
            return outcome
    return Outcome.CONNECTION_FAILED if isinstance(error, OSError) else Outcome.INTERNAL_ERROR


async def run_spider(
    spider: type[DownloadSpider[T]], downloader: Downloader[T], limits: Limits, **arguments: object
) -> None:
    """Run a spider in this event loop until its downloader is closed and the requests in flight have ended."""
    runner = AsyncCrawlerRunner(scrapy_settings(limits))
    await runner.crawl(spider, downloader=downloader, timeout_s=limits.timeout_s, **arguments)


def _value(name: str, values: list[bytes]) -> str:
    """A header that was sent several times: joined if it is a list (RFC 9110, section 5.3), otherwise the first."""
    return (values[0] if name in _NO_LISTS and values else b", ".join(values)).decode("latin-1")
