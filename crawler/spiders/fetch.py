"""Image URLs → bytes, unless something is said against that on the way."""

import time
from collections.abc import Callable
from typing import ClassVar, Final, TypeVar

from scrapy import Request
from scrapy.http import Response

from synsift.crawler.consent import Kind, Statement, answer, judge, rsl
from synsift.crawler.download.attempt import REDIRECTS
from synsift.crawler.download.downloader import Downloader
from synsift.crawler.download.job import Job
from synsift.crawler.download.large_bodies import OWNER
from synsift.crawler.download.licences import Licences, place_of
from synsift.crawler.download.referrer import referrer
from synsift.crawler.download.robots import LICENCES, SAID, SITE
from synsift.crawler.outcome import Outcome, of_status
from synsift.crawler.robots import token_of
from synsift.crawler.spiders.base import DownloadSpider, Headers

T = TypeVar("T")

_MOST_LICENCES: Final = 3
_TOO_MANY: Final = "one of too many"


class FetchSpider(DownloadSpider[T]):
    """Gives the body of every response."""

    name = "fetch"
    headers: ClassVar[dict[str, str]] = {"Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}

    def __init__(
        self, downloader: Downloader[T], timeout_s: float, page_of: Callable[[T], str] = lambda _task: ""
    ) -> None:
        """Make one.

        Args:
            downloader: Gives jobs.
            timeout_s: Deadline of a request.
            page_of: The page that hosts are told of, for a task; empty for none.
        """
        super().__init__(downloader, timeout_s)
        self._page_of = page_of

    def headers_for(self, job: Job[T]) -> dict[str, str]:
        """The page that shows the image, where that is to be told."""
        page = self._page_of(job.task)
        told = referrer(page, job.current_url) if page else ""
        return {"Referer": told} if told else {}

    def hears(self, request: Request, status: int, lines: Headers) -> bool:
        """Hear what the head of an answer says of its use, a redirect's, too; gives whether its body is wanted.

        What pages of errors say, as many do, they say of themselves.
        """
        job: Job[T] = request.meta[OWNER]
        job.licence = ""
        if of_status(status) is not Outcome.FETCHED and status not in REDIRECTS:
            return False
        said = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in lines]
        token = token_of(self.settings["USER_AGENT"])
        job.said += request.meta.get(SAID, ())
        job.said += answer.statements(said, request.url, token=token, now_s=time.time())
        if (ai := getattr(request.meta.get(SITE), "ai", None)) is not None:
            media_type = next((value for name, value in said if name == "content-type"), "")
            job.said += ai.statements(request.url, f"{request.url} by its type", media_type)
        for number, location in enumerate(answer.licences(said)[: answer.MOST_LICENCES + 1]):
            if number == answer.MOST_LICENCES:
                job.said.append(rsl.unread(_TOO_MANY, place_of(request.url, location)))
            else:
                job.said += self._licensed(request, job, location)
        if job.said:
            judgement = judge(job.said, self.settings["SYNSIFT_POLICY"], is_all=False)
            job.refusal = judgement if judgement.refuses else None
        return of_status(status) is Outcome.FETCHED and job.refusal is None and not job.licence

    def _licensed(self, request: Request, job: Job[T], location: str) -> list[Statement]:
        """What a licence says, that an answer names; if nobody has read it yet, that is to be done first."""
        licences: Licences | None = request.meta.get(LICENCES)
        if licences is None or not self.settings["SYNSIFT_POLICY"].heeds(Kind.LICENCE):
            return [rsl.unread("nobody has read it", place_of(request.url, location))]
        found = licences.statements(request.url, location)
        if found is None and job.licences < _MOST_LICENCES:
            job.licence = location
            return []
        return [rsl.unread(_TOO_MANY, place_of(request.url, location))] if found is None else found

    async def answered(self, response: Response) -> None:
        """Pass a response to the downloader; if a licence has to be read first, the image is asked for once more."""
        job: Job[T] = response.meta[OWNER]
        if not job.licence or job.refusal is not None:
            await super().answered(response)
            return
        location, job.licence = job.licence, ""
        job.licences += 1
        try:
            await response.meta[LICENCES].ask(response.meta[SITE], response.url, location)
        finally:
            self._downloader.got_well(job.current_url)
            self._downloader.put_back(job)

    def extract(self, task: T, response: Response) -> bytes:
        """The image's bytes, not looked at yet."""
        return response.body
