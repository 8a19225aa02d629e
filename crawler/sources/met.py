"""The Metropolitan Museum of Art. Facts: https://metmuseum.github.io.

A search gives the numbers of all objects at once, and each object is a request of its own. Only works in the public
domain have pictures that may be had; these are CC0.
"""

from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import urlencode

from synsift.crawler.download.quotas import Quota
from synsift.crawler.errors import SourceBusy
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest
from synsift.crawler.sources.json_answers import (
    Gathered,
    LeftOut,
    Todo,
    entries_of,
    need_url,
    number,
    object_of,
    page_number,
    said_of,
    text,
    url,
    writable,
)
from synsift.crawler.sources.settings import setting

_LISTED: Final = 100
_CC0: Final = "https://creativecommons.org/publicdomain/zero/1.0/"
_WALL_S: Final = 60


@dataclass(frozen=True, slots=True)
class MetSource:
    """Works in the public domain, by words."""

    about: ClassVar[About] = About(
        title="The Metropolitan Museum of Art",
        docs="https://metmuseum.github.io/",
        licences="CC0: works in the public domain only",
        terms="its firewall refuses who asks more than some thirty times in a row",
    )

    api_url: str = setting("https://collectionapi.metmuseum.org/public/collection/v1", "URL of the API")
    page_size: int = setting(5, "Most pictures of one work", least=1, most=50)

    @property
    def quota(self) -> Quota:
        """Its owner says 80 a second; its firewall doesn't."""
        return Quota(("metmuseum.org",), 30, 1)

    def request(self, query: PageQuery) -> SourceRequest:
        """The list of works, or the next of them. ``q`` stands last: before others it finds less."""
        todo = Todo.read(query.cursor)
        if todo.left:
            return SourceRequest(f"{self.api_url}/objects/{number(todo.left[0][0])}")
        words = {"hasImages": "true", "isPublicDomain": "true", "q": writable(query.text)}
        return SourceRequest(f"{self.api_url}/search?{urlencode(words)}")

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        said, todo = object_of(answer), Todo.read(query.cursor)
        if todo.left:
            found = Gathered().read([said], self._images)
            return found.page(self.page_size, todo.after_first().cursor(), query.cursor)
        numbers = [one for one in map(number, entries_of(said.get("objectIDs"), "objectIDs")) if one]
        begin = page_number(todo.at, 0)
        end = begin + _LISTED
        left = tuple((str(one),) for one in numbers[begin:end])
        return Gathered().page(
            self.page_size, Todo(str(end) if end < len(numbers) else "", left).cursor(), query.cursor
        )

    def _images(self, work: dict[str, object]) -> list[FoundImage]:
        if work.get("isPublicDomain") is not True:
            raise LeftOut("not_in_the_public_domain")
        if not work.get("primaryImage"):
            raise LeftOut("no_pictures")
        further = work.get("additionalImages")
        files = [work["primaryImage"], *(further if isinstance(further, list) else [])][: self.page_size]
        return [
            FoundImage(
                url=need_url(file),
                landing_page=url(work.get("objectURL")),
                title=text(work.get("title")),
                author=text(work.get("artistDisplayName")),
                licence="CC0 1.0",
                licence_url=_CC0,
            )
            for file in files
        ]

    def problem(self, _query: PageQuery, answer: SourceAnswer) -> str:
        """What it says is wrong. Its firewall says 403, and lets in again who waits."""
        if answer.status == 403 and "html" in answer.headers.get("content-type", "").lower():
            raise SourceBusy("its firewall asks for patience", retry_after_s=_WALL_S)
        return said_of(answer, ("message",))
