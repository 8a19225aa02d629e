"""Scrapy's scheduler, reduced to a queue: the downloader has decided everything by then."""

from collections import deque

from scrapy import Request
from scrapy.core.scheduler import BaseScheduler


class PlainQueue(BaseScheduler):
    """First in, first out, in memory, without a filter for duplicates."""

    def __init__(self) -> None:
        self._requests: deque[Request] = deque()

    def has_pending_requests(self) -> bool:
        """Whether anything is queued."""
        return bool(self._requests)

    def enqueue_request(self, request: Request) -> bool:
        """Queue a request."""
        self._requests.append(request)
        return True

    def next_request(self) -> Request | None:
        """Give the oldest request."""
        return self._requests.popleft() if self._requests else None
