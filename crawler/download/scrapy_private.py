"""All that we use of Scrapy and that Scrapy doesn't promise: named here, and used through here alone.

Scrapy keeps its aiohttp handler private and calls it experimental, so its version is pinned (pyproject.toml). When a
new version is tried, tests/test_private_interfaces.py says which of these it took away; then this module and
``handler.py`` are what to mend.
"""

from collections.abc import Mapping
from typing import Final

from scrapy import Request
from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler
from scrapy.core.downloader.handlers._base_streaming import BaseStreamingDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError
from scrapy.http import Response

__all__ = ["STANDS_ON", "AiohttpDownloadHandler", "BaseStreamingDownloadHandler", "exchange"]


async def exchange(crawler: Crawler, request: Request) -> Response:
    """Let a request pass the middlewares, and a handler answer it, while a crawler's engine runs.

    Goes past the engine's own queue, slots, signals and scraper: what these decide is decided before, by whoever
    gives the request, and each costs a task, a deferred or a turn of the loop (docs/performance.md).

    Raises:
        Exception: A middleware refuses it, or it got no answer.
    """
    if crawler.engine is None:
        raise RuntimeError("nothing can be asked for before an engine runs")
    downloader = crawler.engine.downloader
    answer = await downloader.middleware.download_async(downloader.handlers.download_request_async, request)
    if not isinstance(answer, Response):
        raise DownloadFailedError("a middleware asks for something else")
    answer.request = request
    return answer


STANDS_ON: Final[Mapping[str, tuple[str | None, str]]] = {
    "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler": (
        "(crawler)",
        "our handler is one of these, so that Scrapy opens and closes it as its own",
    ),
    "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler.close": (
        "(self)",
        "closes the session that we opened, which it expects as _session",
    ),
    "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler.download_request": (
        "(self, request)",
        "the method that ours stands for",
    ),
    "scrapy.core.downloader.handlers._base_streaming.BaseStreamingDownloadHandler": (
        "(crawler)",
        "its __init__ is called instead of its child's, which opens a session that isn't guarded",
    ),
    "scrapy.core.engine.ExecutionEngine#downloader": (None, "see exchange"),
    "scrapy.core.downloader.Downloader#middleware": (None, "see exchange"),
    "scrapy.core.downloader.Downloader#handlers": (None, "see exchange"),
    "scrapy.core.downloader.middleware.DownloaderMiddlewareManager.download_async": (
        "(self, download_func, request)",
        "asks the middlewares, then the handler",
    ),
    "scrapy.core.downloader.handlers.DownloadHandlers.download_request_async": (
        "(self, request)",
        "finds the handler of a URL's scheme",
    ),
    "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler#_session": (None, "see close"),
    "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler#_default_maxsize": (
        None,
        "the limit of a response in bytes, from DOWNLOAD_MAXSIZE",
    ),
}
"""Dotted name, after ``#`` an attribute of its objects → its parameters, None if it isn't called, and why we use it."""
