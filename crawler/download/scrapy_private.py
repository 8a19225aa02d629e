"""All that we use of Scrapy and that Scrapy doesn't promise: named here, and used through here alone.

Scrapy keeps its aiohttp handler private and calls it experimental, so its version is pinned (pyproject.toml). When a
new version is tried, tests/test_private_interfaces.py says which of these it took away; then this module and
``handler.py`` are what to mend.
"""

from collections.abc import Mapping
from typing import Final

from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler
from scrapy.core.downloader.handlers._base_streaming import BaseStreamingDownloadHandler

__all__ = ["STANDS_ON", "AiohttpDownloadHandler", "BaseStreamingDownloadHandler"]

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
    "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler#_session": (None, "see close"),
    "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler#_default_maxsize": (
        None,
        "the limit of a response in bytes, from DOWNLOAD_MAXSIZE",
    ),
}
"""Dotted name, after ``#`` an attribute of its objects → its parameters, None if it isn't called, and why we use it."""
