"""Queries → pages of image URLs."""

from typing import ClassVar

from scrapy.http import Response

from synsift.crawler.download.downloader import Downloader
from synsift.crawler.sources.base import IntroducedSource, Page, PageQuery, Source
from synsift.crawler.spiders.base import DownloadSpider


class SearchSpider(DownloadSpider[PageQuery]):
    """Gives the page that a query's source reads out of every response."""

    name = "search"
    headers: ClassVar[dict[str, str]] = {"Accept": "application/json,*/*;q=0.5", "Accept-Encoding": "identity"}

    def __init__(self, downloader: Downloader[PageQuery], timeout_s: float, sources: dict[str, Source]) -> None:
        super().__init__(downloader, timeout_s)
        self._sources = sources

    def extract(self, task: PageQuery, response: Response) -> Page | None:
        """The page; none where a source said what it can. May raise ``SourceError``."""
        source = self._sources[task.source]
        if task.introduces and isinstance(source, IntroducedSource):
            source.introduce(response.body)
            return None
        return source.page(task, response.body)
