"""The Library of Congress: its pages as JSON. Facts: https://www.loc.gov/apis/json-and-yaml/."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import urldefrag, urlencode

from synsift.crawler.download.quotas import Quota
from synsift.crawler.errors import SourceSpent
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest
from synsift.crawler.sources.json_answers import (
    Gathered,
    LeftOut,
    entries_of,
    need_url,
    number,
    object_of,
    page_number,
    part,
    said_of,
    text,
    url,
    writable,
)
from synsift.crawler.sources.settings import setting

_DEPTH: Final = 100_000
_AN_HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class LocSource:
    """Photographs, prints and drawings, by words."""

    about: ClassVar[About] = About(
        title="Library of Congress",
        docs="https://www.loc.gov/apis/json-and-yaml/",
        licences="in words on each item's page, not in its list",
        terms="at most 80 requests a minute: who asks more is shut out for an hour",
        depth=_DEPTH,
    )

    api_url: str = setting("https://www.loc.gov/photos/", "URL of the search")
    page_size: int = setting(100, "Items in one answer", least=1, most=150)

    @property
    def quota(self) -> Quota:
        """What keeps well within its limits: 20 in 10 s, 80 a minute."""
        return Quota(("loc.gov",), 60, 1)

    def request(self, query: PageQuery) -> SourceRequest:
        """The search for a page."""
        words = {
            "q": writable(query.text),
            "fa": "online-format:image|access-restricted:false",
            "fo": "json",
            "at": "results,pagination",
            "c": self.page_size,
            "sp": page_number(query.cursor),
        }
        return SourceRequest(f"{self.api_url}?{urlencode(words)}")

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        said = object_of(answer)
        found = Gathered().read(entries_of(said.get("results"), "results"), _image)
        at = page_number(query.cursor)
        has_more = bool(part(said, "pagination", "next")) and (at + 1) * self.page_size <= _DEPTH
        return found.page(self.page_size, str(at + 1) if has_more else "", query.cursor)

    def problem(self, _query: PageQuery, answer: SourceAnswer) -> str:
        """What it says is wrong; who asked too often is shut out for an hour."""
        if answer.status == 429:
            raise SourceSpent("the library shuts out who asks too often", for_s=_AN_HOUR_S)
        return said_of(answer, ("message",), ("error",)) if "json" in answer.headers.get("content-type", "") else ""


def _image(item: Any) -> FoundImage:  # noqa: ANN401 - any JSON
    if "collection" in (item.get("original_format") or []):
        raise LeftOut("collections")
    files = item.get("image_url") or []
    if not files:
        raise LeftOut("no_pictures")
    return FoundImage(
        url=urldefrag(need_url(max(files, key=_size)))[0],
        landing_page=url(item.get("url"), secure=True) or url(item.get("id"), secure=True),
        title=text(item.get("title")),
        author=text(item.get("contributor")),
        licence=text(part(item, "item", "rights")) or text(part(item, "item", "rights_advisory")),
    )


def _size(file: str) -> int:
    """The pixels of a file, as the fragment of its URL says: ``#h=800&w=1024``."""
    pairs = dict(pair.partition("=")[::2] for pair in urldefrag(file)[1].split("&"))
    return number(pairs.get("h")) * number(pairs.get("w"))
