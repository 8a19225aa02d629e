"""Queries → pages of image URLs."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from scrapy import Request
from scrapy.http import Response

from synsift.crawler.download.attempt import origin_of
from synsift.crawler.download.downloader import Downloader
from synsift.crawler.download.job import Job
from synsift.crawler.secret import Secret
from synsift.crawler.sources.base import (
    ExplainingSource,
    IntroducedSource,
    Page,
    PageQuery,
    Source,
    SourceAnswer,
    SourceRequest,
)
from synsift.crawler.sources.foreign import foreign_code
from synsift.crawler.spiders.base import DownloadSpider, Headers


class SearchSpider(DownloadSpider[PageQuery]):
    """Gives the page that a query's source reads out of every response."""

    name = "search"
    headers: ClassVar[dict[str, str]] = {"Accept": "application/json,*/*;q=0.5", "Accept-Encoding": "identity"}

    def __init__(
        self,
        downloader: Downloader[PageQuery],
        timeout_s: float,
        sources: Mapping[str, Source],
        overhears: Callable[[PageQuery, SourceAnswer], None] = lambda _task, _answer: None,
    ) -> None:
        """Make one.

        Args:
            downloader: Gives jobs.
            timeout_s: Deadline of a request.
            sources: By name.
            overhears: Is told every answer, before its source.
        """
        super().__init__(downloader, timeout_s)
        self._sources = sources
        self._overhears = overhears

    def _request(self, job: Job[PageQuery]) -> Request:
        """What the source wants sent. Where it leads elsewhere, that is asked as any page is, and told no secret."""
        request = super()._request(job)
        wanted = self._wanted(job.task)
        if wanted is None:
            return request
        is_at_home = origin_of(job.current_url) == origin_of(wanted.url)
        for name, value in wanted.headers.items():
            if text := _told(value, is_at_home=is_at_home):
                request.headers[name] = text
        return request if job.been else request.replace(method=wanted.method, body=wanted.body)

    def _wanted(self, task: PageQuery) -> SourceRequest | None:
        source = self._sources[task.source]
        with foreign_code(task.source):
            if not task.introduces:
                return source.request(task)
            return source.introduction() if isinstance(source, IntroducedSource) else None

    def hears(self, _request: Request, _status: int, _lines: Headers) -> bool:
        """Every body is wanted: that of an error says what is wrong."""
        return True

    def extract(self, task: PageQuery, response: Response) -> Page | None:
        """The page; none where a source said what it can. May raise ``SourceError``."""
        source, answer = self._sources[task.source], self._answer(task, response)
        with foreign_code(task.source):
            if task.introduces and isinstance(source, IntroducedSource):
                source.introduce(answer)
                return None
            return source.page(task, answer)

    def explain(self, task: PageQuery, response: Response) -> str:
        """What the source says is wrong. May raise ``SourceError``."""
        source, answer = self._sources[task.source], self._answer(task, response)
        if task.introduces or not isinstance(source, ExplainingSource):
            return ""
        with foreign_code(task.source):
            return source.problem(task, answer)

    def _answer(self, task: PageQuery, response: Response) -> SourceAnswer:
        headers = {
            name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
            for name, values in response.headers.items()
        }
        answer = SourceAnswer(response.body, response.status, headers)
        self._overhears(task, answer)
        return answer


def _told(value: str | Secret, *, is_at_home: bool) -> str:
    if isinstance(value, Secret):
        return value.reveal() if is_at_home else ""
    return value
