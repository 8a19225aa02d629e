"""Brave's search for images, with a key of the user's. Facts: https://api-dashboard.search.brave.com.

It knows no licences: an image that it finds says so, and whoever uses it must find out.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from synsift.crawler.download.quotas import Quota
from synsift.crawler.secret import Secret
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest
from synsift.crawler.sources.json_answers import (
    Gathered,
    entries_of,
    need_url,
    object_of,
    part,
    said_of,
    text,
    url,
    writable,
)
from synsift.crawler.sources.settings import setting

_DEPTH: Final = 200
_MOST_CHARACTERS: Final = 400
_MOST_WORDS: Final = 50
UNKNOWN: Final = "unknown: found by a search of the web"
"""Stands for the licence of an image of which nobody says one."""


@dataclass(frozen=True, slots=True)
class BraveSource:
    """Images of the whole web, 200 a query."""

    about: ClassVar[About] = About(
        title="Brave Search",
        docs="https://api-dashboard.search.brave.com/documentation",
        licences="none is known",
        terms="whether answers may be kept, and used for training, is a matter of your plan",
        depth=_DEPTH,
        key="api_key",
        needs_key=True,
        key_from="https://api-dashboard.search.brave.com/",
        is_narrow=True,
    )

    api_url: str = setting("https://api.search.brave.com/res/v1/images/search", "URL of the search")
    api_key: Secret = setting(Secret(), "Key of the API")
    page_size: int = setting(200, "Images in the one answer", least=1, most=_DEPTH)
    country: str = setting("ALL", "Country whose results are wanted", pattern="^[A-Z]{2,3}$")
    safe: bool = setting(True, "Leave out what isn't safe for work")

    @property
    def quota(self) -> Quota:
        """A request a second, as every plan has; what a month grants is a matter of the plan."""
        return Quota(("brave.com",), 60, 1)

    def request(self, query: PageQuery) -> SourceRequest:
        """The search; there is one page. Without its spelling corrections, which ask for something else."""
        words = " ".join(writable(query.text).split()[:_MOST_WORDS])[:_MOST_CHARACTERS]
        asked = {
            "q": words,
            "count": self.page_size,
            "country": self.country,
            "search_lang": query.lang,
            "safesearch": "strict" if self.safe else "off",
            "spellcheck": "false",
        }
        return SourceRequest(f"{self.api_url}?{urlencode(asked)}", {"X-Subscription-Token": self.api_key})

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        found = Gathered().read(entries_of(object_of(answer).get("results"), "results"), _image)
        return found.page(self.page_size, "", query.cursor)

    def problem(self, _query: PageQuery, answer: SourceAnswer) -> str:
        """What it says is wrong."""
        return said_of(answer, ("error", "detail"), ("error", "code"), ("message",))


def _image(hit: Any) -> FoundImage:  # noqa: ANN401 - any JSON
    return FoundImage(
        url=need_url(part(hit, "properties", "url")),
        landing_page=url(hit.get("url")),
        title=text(hit.get("title")),
        licence=UNKNOWN,
    )
