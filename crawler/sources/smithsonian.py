"""Smithsonian Open Access. Facts: https://edan.si.edu/openaccess/apidocs/."""

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from synsift.crawler.download.quotas import Quota
from synsift.crawler.errors import SourceSpent
from synsift.crawler.secret import Secret
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
    phrase,
    said_of,
    text,
    url,
)
from synsift.crawler.sources.settings import setting

_AN_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class SmithsonianSource:
    """Records with CC0 pictures, by phrase. A record's first such picture is taken: the others show the same thing."""

    about: ClassVar[About] = About(
        title="Smithsonian Open Access",
        docs="https://edan.si.edu/openaccess/apidocs/",
        licences="CC0",
        terms="1,000 requests an hour for a key",
        key="api_key",
        needs_key=True,
        key_from="https://api.data.gov/signup/",
    )

    api_url: str = setting("https://api.si.edu/openaccess/api/v1.0/search", "URL of the search")
    api_key: Secret = setting(Secret(), "Key of api.data.gov")
    page_size: int = setting(100, "Records in one answer", least=1, most=1000)

    @property
    def quota(self) -> Quota:
        """What it grants to a key: 1,000 an hour."""
        return Quota(("si.edu",), 16, 1)

    def request(self, query: PageQuery) -> SourceRequest:
        """The search for a page."""
        words = {
            "q": f'{phrase(query.text)} AND online_media_type:"Images" AND media_usage:"CC0"',
            "start": page_number(query.cursor, 0),
            "rows": self.page_size,
        }
        return SourceRequest(f"{self.api_url}?{urlencode(words)}", {"X-Api-Key": self.api_key})

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        said = object_of(answer)
        rows = entries_of(part(said, "response", "rows"), "response.rows")
        found = Gathered().read(rows, _image)
        following = page_number(query.cursor, 0) + self.page_size
        has_more = bool(rows) and following < number(part(said, "response", "rowCount"))
        return found.page(self.page_size, str(following) if has_more else "", query.cursor)

    def problem(self, _query: PageQuery, answer: SourceAnswer) -> str:
        """What it says is wrong; a key that was asked too often is let in again within the hour."""
        said = said_of(answer, ("error", "message"), ("error", "code"), ("message",))
        if answer.status == 429:
            raise SourceSpent(said or "its key was used too often", for_s=_AN_HOUR_S)
        return said


def _image(row: Any) -> FoundImage:  # noqa: ANN401 - any JSON
    about = row["content"]["descriptiveNonRepeating"]
    media = part(about, "online_media", "media")
    free = [
        one
        for one in (media if isinstance(media, list) else [media])
        if part(one, "type") == "Images" and part(one, "usage", "access") == "CC0"
    ]
    if not free:
        raise LeftOut("not_cc0")
    return FoundImage(
        url=need_url(free[0].get("content"), secure=True),
        landing_page=url(about.get("record_link"), secure=True) or url(about.get("guid"), secure=True),
        title=text(row.get("title")),
        author=text(part(row, "content", "freetext", "name", 0, "content")),
        licence="CC0 1.0",
        licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
    )
