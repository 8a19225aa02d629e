"""Wikimedia Commons, and any other wiki: the MediaWiki Action API.

``generator=search`` over the file namespace with ``prop=imageinfo``; licence and author from ``extmetadata`` where
the wiki has the CommonsMetadata extension. https://www.mediawiki.org/wiki/API:Search, …/API:Imageinfo,
…/Manual:Maxlag_parameter, and the User-Agent policy of the Wikimedia Foundation.
"""

import html
import json
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urljoin

from synsift.crawler.errors import SourceBusy, SourceError
from synsift.crawler.outside_json import loads
from synsift.crawler.sources.base import FoundImage, Page, PageQuery, Reject
from synsift.crawler.wording import code

DEFAULT_API: Final = "https://commons.wikimedia.org/w/api.php"
_FILE_NAMESPACE: Final = 6
_IMAGE_MIMES: Final = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff", "image/bmp", "image/x-ms-bmp", "image/avif"}
)
_TAG: Final = re.compile(r"<[^>]*>")
_MOST_LAG_S: Final = 3600.0
_SPACE: Final = re.compile(r"\s+")
# CirrusSearch's operators: a synset's word must not act as one.
_OPERATORS: Final = re.compile(r'["~*?\\:!|()\[\]{}^/<>]')


@dataclass(frozen=True, slots=True)
class CommonsSource:
    """A MediaWiki as an image source.

    Attributes:
        api_url: Its ``api.php``.
        width_px: Ask for a thumbnail of this width, which is gentler on both sides; 0 for the original.
        page_size: Files a page, at most 50.
        maxlag_s: Let the wiki refuse while its replicas lag by more.
        max_pages: Pages of one query at most: a wiki whose continuation never ends is left.
    """

    api_url: str = DEFAULT_API
    width_px: int = 1024
    page_size: int = 50
    maxlag_s: int = 5
    max_pages: int = 200

    def request_url(self, query: PageQuery) -> str:
        """The API request of a page."""
        phrase = _SPACE.sub(" ", _OPERATORS.sub(" ", query.text)).strip()
        parameters: dict[str, str | int] = {
            "action": "query",
            "format": "json",
            "formatversion": 2,
            "maxlag": self.maxlag_s,
            "generator": "search",
            # The phrase is quoted, and drawings of it (SVG, PDF, DjVu) are left out.
            "gsrsearch": f'"{phrase}" filetype:bitmap',
            "gsrnamespace": _FILE_NAMESPACE,
            "gsrlimit": self.page_size,
            "prop": "imageinfo",
            "iiprop": "url|size|mime|sha1|extmetadata",
            "iiextmetadatafilter": "Artist|LicenseShortName|LicenseUrl|ImageDescription",
            "iiextmetadatalanguage": query.lang,
        }
        if self.width_px:
            parameters["iiurlwidth"] = self.width_px
        parameters.update(_continuation(query.cursor))
        return f"{self.api_url}?{urlencode(parameters)}"

    def page(self, query: PageQuery, body: bytes) -> Page:
        """Read an answer of the API."""
        answer = _parse(body)
        _check_error(answer)
        query_part = answer.get("query") or {}
        pages = query_part.get("pages", []) if isinstance(query_part, dict) else None
        if not isinstance(pages, list):
            raise SourceError("the API's answer has no list of pages: formatversion=2 is not understood")
        images: list[FoundImage] = []
        rejects: list[Reject] = []
        for entry in sorted(pages, key=_search_rank):
            try:
                image = self._image(entry)
            except (KeyError, TypeError, ValueError, AttributeError, IndexError) as exc:
                rejects.append(Reject(f"a file's entry can't be read: {exc!r}", json.dumps(entry)[:2000]))
                continue
            if image is not None:
                images.append(image)
        cursor = self._next_cursor(query, answer)
        if cursor and cursor == query.cursor:
            rejects.append(Reject("the API's continuation repeats itself: no further page is asked for", cursor))
            cursor = ""
        return Page(tuple(images), cursor, tuple(rejects))

    def _image(self, entry: dict[str, Any]) -> FoundImage | None:
        info = entry["imageinfo"][0]
        if info["mime"] not in _IMAGE_MIMES:
            return None
        # A thumbnail is scaled by the wiki; an original that is smaller is served as it is.
        url = info.get("thumburl") if self.width_px and info.get("width", 0) > self.width_px else None
        metadata = info.get("extmetadata") or {}
        return FoundImage(
            url=urljoin(self.api_url, str(url or info["url"])),
            landing_page=str(info.get("descriptionurl", "")),
            title=str(entry["title"]).removeprefix("File:"),
            author=_plain(metadata, "Artist"),
            licence=_plain(metadata, "LicenseShortName"),
            licence_url=_plain(metadata, "LicenseUrl"),
        )

    def _next_cursor(self, query: PageQuery, answer: dict[str, Any]) -> str:
        following = answer.get("continue")
        if not following or query.page + 1 >= self.max_pages:
            return ""
        return json.dumps(following, sort_keys=True)


def _continuation(cursor: str) -> dict[str, str]:
    if not cursor:
        return {}
    try:
        said = {str(name): str(value) for name, value in loads(cursor).items()}
        urlencode(said)
    except (ValueError, AttributeError) as exc:
        raise SourceError(f"the continuation {code(cursor)} can't be read") from exc
    return said


def _search_rank(entry: object) -> int:
    rank = entry.get("index") if isinstance(entry, dict) else None
    return rank if isinstance(rank, int) else 1 << 30


def _parse(body: bytes) -> dict[str, Any]:
    try:
        answer = loads(body)
    except ValueError as exc:
        start = body[:80].decode("utf-8", "replace").strip()
        raise SourceError(f"the API answered something that isn't JSON, beginning {code(start)}") from exc
    if not isinstance(answer, dict):
        raise SourceError("the API's answer isn't a JSON object")
    return answer


def _check_error(answer: dict[str, Any]) -> None:
    error = answer.get("error")
    if error is None:
        return
    code = str(error.get("code", "unknown")) if isinstance(error, dict) else "unknown"
    info = str(error.get("info", ""))[:300] if isinstance(error, dict) else str(error)[:300]
    message = f"the API says {code}: {info}"
    if code in ("maxlag", "ratelimited", "readonly") or code.startswith("internal_api_error"):
        lag = error.get("lag") if isinstance(error, dict) else None
        lag_s = float(lag) if isinstance(lag, (int, float)) and 0 <= lag < _MOST_LAG_S else 0.0
        raise SourceBusy(message, retry_after_s=max(5.0, lag_s) if code == "maxlag" else 0.0)
    raise SourceError(message)


def _plain(metadata: dict[str, Any], name: str) -> str:
    """A field of extmetadata without its HTML."""
    value = metadata.get(name)
    text = str(value.get("value", "")) if isinstance(value, dict) else ""
    return _SPACE.sub(" ", html.unescape(_TAG.sub("", text))).strip()[:500]
