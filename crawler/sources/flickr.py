"""Flickr: photographs of people, by words. Facts: https://www.flickr.com/services/api/flickr.photos.search.html.

A query gives some 4,000 photographs and then repeats itself, so the newest come first, and what is older than the
last of 4,000 is asked for as a query of its own (as ImageNetV2 did: Recht et al., ICML 2019).
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlencode

from synsift.crawler.download.quotas import Quota
from synsift.crawler.errors import SourceBusy, SourceError, SourceRefused
from synsift.crawler.secret import Secret
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest
from synsift.crawler.sources.json_answers import (
    Gathered,
    LeftOut,
    entries_of,
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

_DEPTH: Final = 4_000
_SIZES: Final = ("url_l", "url_c", "url_z", "url_o")
_EXTRAS: Final = "license,owner_name,date_upload," + ",".join(_SIZES)
_PASSING: Final = frozenset({0, 105, 106, 201})
# No sound key; a method that wants a log-in.
_FOR_OTHERS: Final = frozenset({98, 99, 100})
_CC: Final = "https://creativecommons.org/"
_BY: Final = ("by-nc-sa", "by-nc", "by-nc-nd", "by", "by-sa", "by-nd")
_BY_4: Final = ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
LICENCES: Final[dict[str, tuple[str, str]]] = {
    "0": ("All rights reserved", ""),
    **{str(n): (f"CC {code.upper()} 2.0", f"{_CC}licenses/{code}/2.0/") for n, code in enumerate(_BY, 1)},
    "7": ("No known copyright restrictions", "https://www.flickr.com/commons/usage/"),
    "8": ("United States Government Work", "https://www.usa.gov/government-copyright"),
    "9": ("CC0 1.0", f"{_CC}publicdomain/zero/1.0/"),
    "10": ("Public Domain Mark 1.0", f"{_CC}publicdomain/mark/1.0/"),
    **{str(n): (f"CC {code.upper()} 4.0", f"{_CC}licenses/{code}/4.0/") for n, code in enumerate(_BY_4, 11)},
}
"""Its numbers of licences; their names change, and are not what to go by."""


@dataclass(frozen=True, slots=True)
class FlickrSource:
    """Photographs by words in titles, descriptions and tags, the newest first."""

    about: ClassVar[About] = About(
        title="Flickr",
        docs="https://www.flickr.com/services/api/",
        licences="of each photograph",
        terms="link to the photograph's page; commercial use needs Flickr's agreement; remove what its owner removes",
        key="api_key",
        needs_key=True,
        key_from="https://www.flickr.com/services/apps/create/",
    )

    api_url: str = setting("https://api.flickr.com/services/rest/", "URL of the API")
    api_key: Secret = setting(Secret(), "Key of the API")
    page_size: int = setting(250, "Photographs in one answer", least=1, most=500)
    licences: str = setting(
        ",".join(one for one in LICENCES if one != "0"),
        "Numbers of the licences to ask for, as Flickr counts them; empty for all, all rights reserved among them",
        pattern=r"^(\d+(,\d+)*)?$",
    )

    @property
    def quota(self) -> Quota:
        """What it grants to a key: 3,600 an hour."""
        return Quota(("flickr.com",), 60, 2)

    def request(self, query: PageQuery) -> SourceRequest:
        """The search for a page."""
        at, until = _place(query.cursor)
        words: dict[str, str | int] = {
            "method": "flickr.photos.search",
            "api_key": self.api_key.reveal(),
            "format": "json",
            "nojsoncallback": 1,
            "text": _plain(query.text),
            "media": "photos",
            "content_types": "0",
            "safe_search": 1,
            "sort": "date-posted-desc",
            "extras": _EXTRAS,
            "per_page": self.page_size,
            "page": at,
        }
        if self.licences:
            words["license"] = self.licences
        if until:
            words["max_upload_date"] = until
        return SourceRequest(f"{self.api_url}?{urlencode(words)}")

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        said = object_of(answer)
        if said.get("stat") != "ok":
            message = f"the API says {text(said.get('code'))}: {text(said.get('message'))}"
            number = said.get("code") if isinstance(said.get("code"), int) else None
            kind = SourceBusy if number in _PASSING else SourceRefused if number in _FOR_OTHERS else SourceError
            raise kind(message)
        photos = entries_of(part(said, "photos", "photo"), "photos.photo")
        found = Gathered().read(photos, _image)
        return found.page(self.page_size, self._next(query.cursor, part(said, "photos"), photos), query.cursor)

    def _next(self, cursor: str, head: Any, photos: list[Any]) -> str:  # noqa: ANN401 - any JSON
        at, until = _place(cursor)
        if at >= number(part(head, "pages")) or not photos:
            return ""
        if (at + 1) * self.page_size <= _DEPTH:
            return f"{at + 1}:{until}" if until else str(at + 1)
        oldest = number(part(photos[-1], "dateupload"))
        # Where a whole answer is of one second, what is left of that second is passed over.
        return f"1:{min(oldest, until - 1) if until else oldest}" if oldest else ""

    def problem(self, _query: PageQuery, answer: SourceAnswer) -> str:
        """What it says is wrong."""
        return said_of(answer, ("message",))


def _place(cursor: str) -> tuple[int, int]:
    """The number of a page, and until when its photographs were uploaded, in Unix time; 0 for until now."""
    at, _, until = cursor.partition(":")
    return page_number(at), page_number(until, 0)


def _plain(words: str) -> str:
    """Words that act as no operators: a leading ``-`` excludes."""
    return " ".join(word.lstrip("-") for word in writable(words).replace('"', " ").split())


def _image(photo: Any) -> FoundImage:  # noqa: ANN401 - any JSON
    file = next((found for size in _SIZES if (found := url(photo.get(size)))), "")
    if not file:
        raise LeftOut("too_small")
    licence, licence_url = LICENCES.get(text(photo.get("license")), ("", ""))
    owner, name = quote(text(photo["owner"]), safe="@"), quote(text(photo["id"]), safe="")
    return FoundImage(
        url=file,
        landing_page=f"https://www.flickr.com/photos/{owner}/{name}",
        title=text(photo.get("title")),
        author=text(photo.get("ownername")),
        licence=licence,
        licence_url=licence_url,
    )
