"""Ask a server by our handler, as Scrapy would, and say what came of it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.spiders import Spider

from synsift.crawler.download.access import Access
from synsift.crawler.download.failures import outcome_of
from synsift.crawler.download.handler import GuardedDownloadHandler
from synsift.crawler.download.robots import ASKED, LISTENER
from synsift.crawler.download.settings import Limits, scrapy_settings
from synsift.crawler.download.web_url import as_asked
from synsift.crawler.outcome import Outcome, of_answer, of_status

LIMITS = Limits("synsift/test (+t@example.org)", 20.0, 1_000_000, access=Access("fetch", ("127.0.0.0/8",)))


@dataclass(frozen=True)
class Got:
    """What came of a request."""

    outcome: Outcome
    body: bytes = b""
    error: Exception | None = None
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def handler(limits: Limits = LIMITS) -> AsyncIterator[GuardedDownloadHandler]:
    """Our handler, for the block."""
    crawler = Crawler(Spider, scrapy_settings(limits))
    crawler._apply_settings()
    made = GuardedDownloadHandler(crawler)
    try:
        yield made
    finally:
        await made.close()


def _wants(_request: Request, status: int, _lines: object) -> bool:
    return of_status(status) is Outcome.FETCHED


META = {LISTENER: _wants, "download_timeout": 20.0}
"""What each request brings along."""


async def ask(asker: GuardedDownloadHandler, url: str) -> Got:
    """Ask for a URL."""
    meta = {ASKED: as_asked(url), **META}
    try:
        response: Response = await asker.download_request(Request(url, meta=meta))
    except Exception as exc:  # noqa: BLE001 - whatever it is, is what came of it
        return Got(outcome_of(exc), error=exc)
    ranges = (response.headers.get("Content-Range") or b"").decode("latin-1")
    outcome = of_answer(response.status, ranges)
    if outcome is Outcome.FETCHED and not response.body:
        outcome = Outcome.EMPTY
    headers = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    return Got(outcome, response.body, None, response.status, headers)
