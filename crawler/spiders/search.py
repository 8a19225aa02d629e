"""Queries → pages of image URLs."""

from typing import ClassVar

from scrapy.http import Response

from crawler.download.courier import Courier
from crawler.sources.base import Page, PageQuery, Source
from crawler.spiders.base import CourierSpider


class SearchSpider(CourierSpider[PageQuery]):
    """Gives the page that a query's source reads out of every response."""

    name = "search"
    headers: ClassVar[dict[str, str]] = {"Accept": "application/json,*/*;q=0.5", "Accept-Encoding": "identity"}

    def __init__(self, courier: Courier[PageQuery], timeout_s: float, sources: dict[str, Source]) -> None:
        super().__init__(courier, timeout_s)
        self._sources = sources

    def extract(self, task: PageQuery, response: Response) -> Page:
        """The page. May raise ``SourceError``."""
        return self._sources[task.source].page(task, response.body)
