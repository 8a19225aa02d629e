"""Image URLs → bytes."""

from typing import ClassVar, TypeVar

from scrapy.http import Response

from crawler.spiders.base import CourierSpider

T = TypeVar("T")


class FetchSpider(CourierSpider[T]):
    """Gives the body of every response."""

    name = "fetch"
    headers: ClassVar[dict[str, str]] = {"Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}

    def extract(self, task: T, response: Response) -> bytes:
        """The image's bytes, not looked at yet."""
        return response.body
