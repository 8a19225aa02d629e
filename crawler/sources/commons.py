"""Wikimedia Commons, and any other wiki: the MediaWiki Action API.

``generator=search`` over the file namespace with ``prop=imageinfo``; licence and author from ``extmetadata`` where
the wiki has the CommonsMetadata extension. A wiki is asked first what its search understands. Where people stated what
files depict, synsets of WordNet are asked for by their item in Wikidata, too: one request finds the item by the
synset's identifier in WordNet 3.1 (property P8814), the next what depicts it (P180).
"""

import json
import logging
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final
from urllib.parse import urlencode, urlsplit

from synsift.crawler.download.quotas import Quota
from synsift.crawler.errors import SourceError
from synsift.crawler.queries import Rule, SynsetQuery
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, Reject, SourceAnswer, SourceRequest
from synsift.crawler.sources.json_answers import LeftOut, in_words
from synsift.crawler.sources.mediawiki import abilities
from synsift.crawler.sources.mediawiki.abilities import PLAIN, Abilities
from synsift.crawler.sources.mediawiki.answers import (
    Place,
    continuation,
    pages_of,
    parse,
    parse_query,
    read_cursor,
    search_rank,
)
from synsift.crawler.sources.mediawiki.files import found_image, step_px
from synsift.crawler.sources.mediawiki.items import (
    WIKIDATA_API,
    Parameters,
    is_concept,
    items_of,
    search_for_items,
)
from synsift.crawler.sources.mediawiki.trail import MOST_STALE
from synsift.crawler.sources.settings import setting

DEFAULT_API: Final = "https://commons.wikimedia.org/w/api.php"
_log: Final = logging.getLogger(__name__)
_FILE_NAMESPACE: Final = 6
_SPACE: Final = re.compile(r"\s+")
# The search's operators: a synset's word must not act as one.
_OPERATORS: Final = re.compile(r'["~*?\\:!|()\[\]{}^/<>]')
_MOST_CURSOR: Final = 1_500
"""Characters; a longer one makes a URL that nobody takes."""


WIKIMEDIA: Final = Quota(
    domains=(
        "wikimedia.org",
        *(f"{name}.org" for name in ("wikidata", "wikipedia", "wiktionary", "wikisource", "wikivoyage", "wikibooks")),
    ),
    per_minute=200,
    at_once=3,
)
"""What the Wikimedia Foundation grants to a client that says who runs it, all its projects and workers together."""


def is_wikimedia(api_url: str) -> bool:
    """Whether an API is one of the Wikimedia Foundation's, whose rules it then has."""
    host = urlsplit(api_url).hostname or ""
    return any(f".{host}".endswith(f".{domain}") for domain in WIKIMEDIA.domains)


@dataclass(slots=True)
class CommonsSource:
    """A MediaWiki as an image source.

    A thumbnail is gentler on both sides than the original; a wiki whose continuation never ends is left.
    """

    about: ClassVar[About] = About(
        title="Wikimedia Commons, or another MediaWiki",
        docs="https://www.mediawiki.org/wiki/API:Search",
        licences="of each file",
        terms="say who asks (`identity.contact`); 200 requests a minute in all",
        depth=10_000,
    )

    api_url: str = setting(DEFAULT_API, "URL of the api.php of a MediaWiki")
    items_api_url: str = setting("", "URL of the api.php that knows a synset's item; empty for Wikidata's at Commons")
    width_px: int = setting(
        1280, "Width of the thumbnails to fetch, at Wikimedia in its steps; 0 for the originals", least=0
    )
    page_size: int = setting(50, "Files in one answer", least=1, most=500)
    maxlag_s: int = setting(5, "Lag of its replicas above which the wiki may refuse", least=1)
    max_pages: int = setting(200, "Most pages of results to ask for, for each query", least=1)
    _can: Abilities | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Keep to Wikimedia's widths at Wikimedia, and ask Wikidata for the items of Commons."""
        if is_wikimedia(self.api_url):
            self.width_px = step_px(self.width_px)
        if self.api_url == DEFAULT_API and not self.items_api_url:
            self.items_api_url = WIKIDATA_API

    @property
    def quota(self) -> Quota | None:
        """What its owner grants to all workers together, if that is known."""
        return WIKIMEDIA if is_wikimedia(self.api_url) else None

    def takes(self, query: SynsetQuery) -> bool:
        """Whether to ask for a query: for what files depict only where somebody knows the synsets' items."""
        return query.rule is not Rule.DEPICTED or bool(self.items_api_url)

    # What it can.

    def introduction(self) -> SourceRequest | None:
        """What asks the wiki what it can; None once that is known."""
        return None if self._can is not None else SourceRequest(self._url(self.api_url, abilities.PARAMETERS))

    def introduce(self, answer: SourceAnswer) -> None:
        """Read what the wiki can.

        Raises:
            SourceBusy: It says to come back later.
            SourceError: It doesn't say.
        """
        found = abilities.read_siteinfo(parse(answer.body))
        if found is None:
            raise SourceError("the API doesn't say what the wiki can")
        self._can = found
        search = "CirrusSearch" if found.keywords else "its own search, which knows no keywords"
        _log.info("%s is %s with %s", self.api_url, found.generator or "a wiki", search)

    def presume(self) -> None:
        """Ask in plain words: the wiki doesn't say what it can."""
        self._can = PLAIN

    # What to ask.

    def request(self, query: PageQuery) -> SourceRequest:
        """The API request of a page."""
        return SourceRequest(self._page_url(query))

    def _page_url(self, query: PageQuery) -> str:
        place = read_cursor(query.cursor)
        if is_concept(query.text) and not place.items:
            if self._can is not None and not self._can.statements:
                raise SourceError("the wiki has no search by what files depict (WikibaseCirrusSearch)")
            return self._url(self.items_api_url or self.api_url, search_for_items(query.text))
        parameters: Parameters = {
            "action": "query",
            "generator": "search",
            "gsrsearch": self._search(query.text, place.items),
            "gsrnamespace": _FILE_NAMESPACE,
            "gsrlimit": self.page_size,
            "prop": "imageinfo",
            "iiprop": "url|size|mime|sha1|extmetadata",
            "iiextmetadatafilter": "Artist|LicenseShortName|LicenseUrl|ImageDescription",
            "iiextmetadatalanguage": query.lang,
        }
        if place.in_texts:
            parameters["gsrwhat"] = "text"
        if self.width_px:
            parameters["iiurlwidth"] = self.width_px
        return self._url(self.api_url, {**parameters, **place.following})

    def _url(self, api_url: str, parameters: Parameters) -> str:
        mark = "&" if "?" in api_url else "?"
        return (
            f"{api_url}{mark}{urlencode({'format': 'json', 'formatversion': 2, 'maxlag': self.maxlag_s, **parameters})}"
        )

    def _search(self, text: str, items: Iterable[str]) -> str:
        can = self._can or PLAIN
        # The phrase is quoted, and drawings of it (SVG, PDF, DjVu) are left out, where the search can do that.
        wanted = "haswbstatement:" + "|".join(f"P180={item}" for item in items) if items else f'"{_words(text)}"'
        return f"{wanted} filetype:bitmap" if can.keywords else wanted

    # What was answered.

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer of the API."""
        return self._page(query, parse_query(answer.body))

    def _page(self, query: PageQuery, answer: dict[str, Any]) -> Page:
        place = read_cursor(query.cursor)
        if is_concept(query.text) and not place.items:
            return _items_page(answer)
        following = continuation(answer)
        is_whole = not any(name.startswith("ii") for name in following)
        found = _Found()
        entries = pages_of(answer)
        for entry in entries:
            self._read(entry, place, is_whole=is_whole, found=found)
        rejects = found.rejects
        if answer.get("continue") and not following:
            rejects.append(Reject("the API's continuation can't be read", _raw(answer["continue"])))
        had = () if is_whole else (*place.had, *found.numbers)
        trail = place.trail.after(entries) if is_whole else place.trail
        following_place = replace(place, following=following, had=had, trail=trail)
        cursor = self._next(following_place)
        if cursor and (problem := _problem(place, following_place, cursor)):
            rejects.append(Reject(f"the API's continuation {problem}: no further page is asked for", cursor[:2_000]))
            cursor = ""
        if cursor and query.page + 1 >= self.max_pages:
            _log.warning(
                "%s has more of %r than the %d pages that `max_pages` allows; the rest is left out",
                self.api_url, query.text, self.max_pages,
            )  # fmt: skip
            cursor = ""
        return Page(tuple(found.images), cursor, tuple(rejects), dict(found.left_out))

    def _next(self, place: Place) -> str:
        """Where the next page begins. A search that knows no keywords looks at titles, and then at texts."""
        if place.following:
            return place.cursor()
        if self._can is None or self._can.keywords or place.in_texts or place.items:
            return ""
        return Place({}, in_texts=True).cursor()

    def _read(self, entry: Any, place: Place, *, is_whole: bool, found: "_Found") -> None:  # noqa: ANN401 - any JSON
        """Read an entry. Of an answer that was too long for the wiki, all entries come with each of its pieces."""
        number = search_rank(entry)
        # At the break between two pieces a file has an empty list.
        is_bare = isinstance(entry, dict) and entry.get("imageinfo", []) == []
        if number in place.had or (is_bare and not is_whole):
            return  # it came with an earlier piece, or comes with a later one
        try:
            if is_bare:
                raise LeftOut("missing_files")
            found.images.append(found_image(entry, width_px=self.width_px, base_url=self.api_url))
        except LeftOut as reason:
            found.left_out[str(reason)] += 1
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as exc:
            found.rejects.append(Reject(f"a file's entry can't be read: {in_words(exc)}", _raw(entry)))
        found.numbers.append(number)


@dataclass(slots=True)
class _Found:
    """What an answer's entries gave."""

    images: list[FoundImage] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    numbers: list[int] = field(default_factory=list)


def _items_page(answer: dict[str, Any]) -> Page:
    """The items that are a synset: what depicts them is the next page."""
    items = items_of(answer)
    return Page((), Place({}, items=tuple(items)).cursor() if items else "")


def _problem(place: Place, following: Place, cursor: str) -> str:
    """What is wrong with where an answer leads; empty if nothing is."""
    if following.following and (following.following, following.had) == (place.following, place.had):
        return "repeats itself"
    if following.following and following.trail.leads_nowhere:
        return f"leads nowhere, {MOST_STALE} answers in a row brought nothing new"
    return "is too long" if len(cursor) > _MOST_CURSOR else ""


def _words(text: str) -> str:
    return _SPACE.sub(" ", _OPERATORS.sub(" ", text)).strip()


def _raw(part: object) -> str:
    return json.dumps(part)[:2000]
