"""Scrapy's scheduler, which holds nothing: the downloader has decided everything by then."""

from scrapy import Request
from scrapy.core.scheduler import BaseScheduler


class NoQueue(BaseScheduler):
    """Always empty; the spider asks by itself."""

    def has_pending_requests(self) -> bool:
        """Whether anything is queued."""
        return False

    def enqueue_request(self, request: Request) -> bool:
        """Refuse a request."""
        del request
        return False

    def next_request(self) -> Request | None:
        """Give none."""
        return None
