"""Scrapy's way to a list of URLs on this machine: the ``file:`` URLs of ``UrlListSource``."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.http import Response

from synsift.crawler.errors import SourceError
from synsift.crawler.sources.rows import read_rows

FILE_HANDLER: Final = "synsift.crawler.download.rows_handler.RowsDownloadHandler"


class RowsDownloadHandler(BaseDownloadHandler):
    """Answers with a page of rows as JSON."""

    lazy = True

    async def download_request(self, request: Request) -> Response:
        """Read a page; what is wrong with the file stands in the answer."""
        return Response(request.url, body=await asyncio.to_thread(answer_of, request.url))


def answer_of(url: str) -> bytes:
    """The page of rows that a URL of ``UrlListSource`` names, or what is wrong with it."""
    parts = urlsplit(url)
    where = parse_qs(parts.query, keep_blank_values=True)
    try:
        rows = read_rows(Path(unquote(parts.path)), where["cursor"][0], int(where["limit"][0]))
    except SourceError as exc:
        return json.dumps({"error": str(exc)}).encode()
    return json.dumps(asdict(rows)).encode()
