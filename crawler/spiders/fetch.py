"""Image URLs → bytes."""

from typing import ClassVar, TypeVar

from scrapy.http import Response

from synsift.crawler.spiders.base import DownloadSpider

T = TypeVar("T")


class FetchSpider(DownloadSpider[T]):
    """Gives the body of every response."""

    name = "fetch"
    headers: ClassVar[dict[str, str]] = {"Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}

    def extract(self, task: T, response: Response) -> bytes:
        """The image's bytes, not looked at yet."""
        return response.body
