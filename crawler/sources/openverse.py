"""Openverse: 800 million openly licensed images of others, found by one search. Facts: its API's documentation, v1."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from synsift.crawler.download.quotas import Quota
from synsift.crawler.errors import SourceBusy, SourceSpent
from synsift.crawler.secret import Secret
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest
from synsift.crawler.sources.json_answers import (
    Gathered,
    entries_of,
    licence_of,
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

_DEPTH: Final = 240
_MOST_CHARACTERS: Final = 200
_SOON_S: Final = 120
_SECONDS: Final = re.compile(r"available in (\d{1,7}) second", re.ASCII)
_DOMAINS: Final = ("openverse.org",)


@dataclass(frozen=True, slots=True)
class OpenverseSource:
    """Works by any words; 240 a query, with a token or without."""

    about: ClassVar[About] = About(
        title="Openverse",
        docs="https://api.openverse.org/v1/",
        licences="of each work: Creative Commons or public domain",
        terms="meant for the best hits, not for harvests; a token, which is free, raises the quota",
        depth=_DEPTH,
        key="token",
        key_from="https://api.openverse.org/v1/#tag/auth",
    )

    api_url: str = setting("https://api.openverse.org/v1/images/", "URL of the search for images")
    token: Secret = setting(Secret(), "Access token; empty to ask as anybody, 200 times a day")
    page_size: int = setting(20, "Works in one answer; 20 without a token, 50 with one", least=1, most=240)
    licence_type: str = setting(
        "", "Only works of these licences: commercial, modification, all-cc; empty for all", pattern="^[a-z,-]*$"
    )

    @property
    def quota(self) -> Quota:
        """What it grants: to an address, or to a token."""
        return Quota(_DOMAINS, 100, 2, per_day=10_000) if self.token else Quota(_DOMAINS, 20, 1, per_day=200)

    def request(self, query: PageQuery) -> SourceRequest:
        """The search for a page."""
        words: dict[str, str | int] = {
            "q": writable(query.text)[:_MOST_CHARACTERS],
            "page": page_number(query.cursor),
            "page_size": self.page_size,
        }
        if self.licence_type:
            words["license_type"] = self.licence_type
        headers = {"Authorization": Secret(f"Bearer {self.token.reveal()}")} if self.token else {}
        return SourceRequest(f"{self.api_url}?{urlencode(words)}", headers)

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        said = object_of(answer)
        found = Gathered().read(entries_of(said.get("results"), "results"), _image)
        at = page_number(query.cursor)
        has_more = at < number(said.get("page_count")) and (at + 1) * self.page_size <= _DEPTH
        return found.page(self.page_size, str(at + 1) if has_more else "", query.cursor)

    def problem(self, _query: PageQuery, answer: SourceAnswer) -> str:
        """What it says is wrong; of a throttle, how long."""
        said = said_of(answer, ("detail",), ("detail", 0), ("page_size", 0), ("error",))
        if answer.status == 429 and (wait := _SECONDS.search(said)):
            wait_s = int(wait[1])
            if wait_s > _SOON_S:
                raise SourceSpent(said, for_s=wait_s)
            raise SourceBusy(said, retry_after_s=wait_s)
        return said


def _image(work: Any) -> FoundImage:  # noqa: ANN401 - any JSON
    return FoundImage(
        url=need_url(work["url"]),
        landing_page=url(work.get("foreign_landing_url")),
        title=text(work.get("title")),
        author=text(work.get("creator")),
        licence=licence_of(work.get("license"), work.get("license_version")),
        licence_url=url(work.get("license_url")),
    )
