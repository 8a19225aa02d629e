"""Europeana: museums, archives and libraries of Europe. Facts: its Search API.

The files stand with the institutions, so that the hosts are many.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from synsift.crawler.download.quotas import Quota
from synsift.crawler.errors import SourceError
from synsift.crawler.secret import Secret
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest
from synsift.crawler.sources.json_answers import (
    Gathered,
    LeftOut,
    entries_of,
    licence_of,
    object_of,
    phrase,
    said_of,
    text,
    url,
    writable,
)
from synsift.crawler.sources.settings import setting

_FIRST: Final = "*"
_LONGEST_PLACE: Final = 1_500


@dataclass(frozen=True, slots=True)
class EuropeanaSource:
    """Items with a picture, by phrase."""

    about: ClassVar[About] = About(
        title="Europeana",
        docs="https://europeana.atlassian.net/wiki/spaces/EF/pages/2385739812",
        licences="of each item: Creative Commons or rightsstatements.org",
        terms="keep each item's rights; the files are the institutions'",
        key="api_key",
        needs_key=True,
        key_from="https://pro.europeana.eu/pages/get-api",
    )

    api_url: str = setting("https://api.europeana.eu/record/v2/search.json", "URL of the search")
    api_key: Secret = setting(Secret(), "Key of the API")
    page_size: int = setting(100, "Items in one answer", least=1, most=100)
    reusability: str = setting(
        "open,restricted", "Only items that may be used so: open, restricted, permission", pattern="^[a-z,]*$"
    )

    @property
    def quota(self) -> Quota:
        """What it once granted to a key, and no longer says."""
        return Quota(("europeana.eu",), 60, 1, per_day=10_000)

    def request(self, query: PageQuery) -> SourceRequest:
        """The search for a page."""
        words: list[tuple[str, str | int]] = [
            ("query", phrase(query.text)),
            ("qf", "TYPE:IMAGE"),
            ("media", "true"),
            ("profile", "rich"),
            ("rows", self.page_size),
            ("cursor", query.cursor or _FIRST),
        ]
        words += [("reusability", one) for one in [self.reusability] if one]
        return SourceRequest(f"{self.api_url}?{urlencode(words)}", {"X-Api-Key": self.api_key})

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        said = object_of(answer)
        if said.get("success") is False:
            raise SourceError(f"the API says: {text(said.get('error')) or 'no success'}")
        found = Gathered().read(entries_of(said.get("items"), "items"), _image)
        following = said.get("nextCursor")
        cursor = writable(following) if isinstance(following, str) else ""
        return found.page(self.page_size, cursor, query.cursor, longest=_LONGEST_PLACE)

    def problem(self, _query: PageQuery, answer: SourceAnswer) -> str:
        """What it says is wrong."""
        return said_of(answer, ("error",), ("message",))


def _image(item: Any) -> FoundImage:  # noqa: ANN401 - any JSON
    file = url(item.get("edmIsShownBy"))
    if not file:
        raise LeftOut("no_file")
    rights = text(item.get("rights"))
    return FoundImage(
        url=file,
        landing_page=url(item.get("edmIsShownAt")) or url(item.get("guid")),
        title=text(item.get("title")),
        author=text(item.get("dcCreator")) or text(item.get("dataProvider")),
        licence=licence_of(rights),
        licence_url=url(rights),
    )
