"""Wikidata: the pictures of a synset's items, and of what stands one step below them. Facts: the MediaWiki Action API.

    synset ──P8814──▶ its items ──P31, P279──▶ items one step below, those that have a picture
                          └────────┬───────────────┘
                                   └──P18──▶ names of files ──imageinfo of Commons──▶ pictures

Each arrow is a request, and what is still to be asked stands in the cursor. An item's picture was chosen by people to
show what the item is: there are few of them, and hardly any is wrong.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlencode

from synsift.crawler.download.quotas import Quota
from synsift.crawler.errors import SourceError
from synsift.crawler.outside_json import loads
from synsift.crawler.queries import Rule, SynsetQuery
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest
from synsift.crawler.sources.commons import DEFAULT_API, WIKIMEDIA, is_wikimedia
from synsift.crawler.sources.json_answers import Gathered, LeftOut, number, part, writable
from synsift.crawler.sources.mediawiki.answers import continuation, pages_of, parse, parse_query
from synsift.crawler.sources.mediawiki.files import found_image, step_px
from synsift.crawler.sources.mediawiki.items import (
    WIKIDATA_API,
    Parameters,
    is_concept,
    is_item,
    items_of,
    search_for_items,
)
from synsift.crawler.sources.settings import setting
from synsift.crawler.wording import code

_LISTED: Final = 50
# Entities come with all their statements, some hundred kB of the largest.
_ENTITIES: Final = 10
_FILES_OF_ITEM: Final = 3
_MOST_FILES: Final = 50
_LONGEST_NAME: Final = 240
"""Bytes of a title in MediaWiki; 255 with its namespace."""
_LONGEST_TITLES: Final = 3_000
"""Characters of the files' names in one URL, as it is sent."""
_LONGEST_CONTINUATION: Final = 1_000
_LONGEST_PLACE: Final = _MOST_FILES * (_LONGEST_NAME + 4) + _LISTED * 14 + 2 * _LONGEST_CONTINUATION


@dataclass(frozen=True, slots=True)
class _Place:
    """What is still to be asked; the last named first.

    Attributes:
        above: The synset's items, as long as there may be more below them.
        offset: Where the list of these goes on.
        items: Whose pictures are not known yet.
        files: Names of pictures that are not asked for yet.
        following: What Commons wants back, where its answer about the first of these was too long for it.
    """

    above: tuple[str, ...] = ()
    offset: int = 0
    items: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    following: Mapping[str, str] = field(default_factory=dict)

    def cursor(self) -> str:
        """As text; empty if nothing is left to do."""
        if not (self.above or self.items or self.files):
            return ""
        parts = [self.above, self.offset, self.items, self.files, dict(self.following)]
        return json.dumps(parts, ensure_ascii=False)

    @classmethod
    def read(cls, cursor: str) -> "_Place":
        """The place that a cursor names.

        Raises:
            SourceError: It names none.
        """
        try:
            above, offset, items, files, following = loads(cursor)
            place = cls(tuple(above), number(offset), tuple(items), tuple(files), dict(following))
        except (ValueError, TypeError) as exc:
            raise SourceError(f"the place {code(cursor)} can't be read") from exc
        names = all(isinstance(one, str) and is_item(one) for one in (*place.above, *place.items))
        if not (names and all(map(_is_file, place.files)) and all(map(_is_text, chain(*place.following.items())))):
            raise SourceError(f"the place {code(cursor)} can't be read")
        return place

    def asked_files(self) -> tuple[str, ...]:
        """The first of the files, as many as a URL holds."""
        length = 0
        found: list[str] = []
        for name in self.files[:_LISTED]:
            length += len(quote(name)) + 10
            if found and length > _LONGEST_TITLES:
                break
            found.append(name)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class WikidataSource:
    """The pictures of items, by synset."""

    about: ClassVar[About] = About(
        title="Wikidata",
        docs="https://www.wikidata.org/wiki/Wikidata:Data_access",
        licences="of each file",
        terms="say who asks (`identity.contact`); 200 requests a minute in all",
    )

    api_url: str = setting(WIKIDATA_API, "URL of the api.php of Wikidata, or of another Wikibase")
    files_api_url: str = setting(DEFAULT_API, "URL of the api.php of the wiki that has the files")
    width_px: int = setting(1280, "Width of the thumbnails to fetch; 0 for the originals", least=0)
    page_size: int = setting(50, "Files in one answer", least=1, most=50)
    most_below: int = setting(200, "Most items one step below a synset's own to look at; 0 for none", least=0)

    @property
    def quota(self) -> Quota:
        """What the Wikimedia Foundation grants to all its projects together."""
        return WIKIMEDIA

    @property
    def _width_px(self) -> int:
        """As wide as Wikimedia serves thumbnails, where it is asked."""
        return step_px(self.width_px) if is_wikimedia(self.files_api_url) else self.width_px

    def takes(self, query: SynsetQuery) -> bool:
        """Synsets of WordNet, by their identifiers: Wikidata's names mean many things."""
        return query.rule is Rule.DEPICTED

    def request(self, query: PageQuery) -> SourceRequest:
        """What is to be asked next."""
        if not is_concept(query.text):
            raise SourceError(f"{code(query.text)} is no synset of WordNet, as `P8814=02124460-n` is one")
        if not query.cursor:
            return _ask(self.api_url, search_for_items(query.text))
        place = _Place.read(query.cursor)
        if place.files:
            return _ask(self.files_api_url, self._about_files(place))
        if place.items:
            ids = "|".join(place.items[:_ENTITIES])
            return _ask(self.api_url, {"action": "wbgetentities", "ids": ids, "props": "claims"})
        below = "|".join(f"{what}={item}" for item in place.above for what in ("P31", "P279"))
        words = search_for_items(f"{below} P18", limit=_LISTED)
        return _ask(self.api_url, {**words, "sroffset": place.offset} if place.offset else words)

    def _about_files(self, place: _Place) -> Parameters:
        words: Parameters = {
            "action": "query",
            "titles": "|".join(f"File:{name}" for name in place.asked_files()[: self.page_size]),
            "prop": "imageinfo",
            "iiprop": "url|size|mime|sha1|extmetadata",
            "iiextmetadatafilter": "Artist|LicenseShortName|LicenseUrl",
        }
        if self._width_px:
            words["iiurlwidth"] = self._width_px
        return {**words, **place.following}

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        if not query.cursor:
            items = tuple(items_of(parse_query(answer.body)))
            return self._found(Gathered(), _Place(items if self.most_below else (), 0, items), query)
        place = _Place.read(query.cursor)
        if place.files:
            return self._files(place, query, answer)
        if place.items:
            said = parse(answer.body)
            if "entities" not in said:
                raise SourceError(f"the API's answer doesn't say what the items are: {code(json.dumps(said))}")
            named = list(dict.fromkeys(_pictures(said)))[:_MOST_FILES]
            return self._found(Gathered(), replace(place, items=place.items[_ENTITIES:], files=tuple(named)), query)
        said = parse_query(answer.body)
        listed = items_of(said, most=min(_LISTED, self.most_below - place.offset))
        offset = number(part(said, "continue", "sroffset"))
        is_last = not place.offset < offset < self.most_below
        below = tuple(item for item in listed if item not in place.above)
        return self._found(Gathered(), _Place(() if is_last else place.above, 0 if is_last else offset, below), query)

    def _files(self, place: _Place, query: PageQuery, answer: SourceAnswer) -> Page:
        said = parse_query(answer.body)
        # What comes with another piece of a long answer, or came with an earlier one, is bare here.
        following = continuation(said)
        is_long = sum(map(len, chain(*following.items()))) > _LONGEST_CONTINUATION
        is_piece = bool(following or place.following)
        entries = [one for one in pages_of(said) if not (is_piece and part(one, "imageinfo", 0) is None)]
        found = Gathered().read(entries, self._image)
        if following and following != place.following and not is_long:
            return self._found(found, replace(place, following=following), query)
        asked = len(place.asked_files()[: self.page_size])
        return self._found(found, replace(place, files=place.files[asked:], following={}), query)

    def _image(self, entry: dict[str, Any]) -> FoundImage:
        if entry.get("missing"):
            raise LeftOut("missing_files")
        return found_image(entry, width_px=self._width_px, base_url=self.files_api_url)

    def _found(self, found: Gathered, place: _Place, query: PageQuery) -> Page:
        return found.page(self.page_size, place.cursor(), query.cursor, longest=_LONGEST_PLACE)


def _ask(api_url: str, words: Parameters) -> SourceRequest:
    mark = "&" if "?" in api_url else "?"
    return SourceRequest(f"{api_url}{mark}{urlencode({'format': 'json', 'formatversion': 2, 'maxlag': 5, **words})}")


def _pictures(said: Mapping[str, Any]) -> Iterator[str]:
    """The names of the files that entities have as their pictures, the preferred ones first."""
    entities = said.get("entities")
    for entity in entities.values() if isinstance(entities, dict) else ():
        statements = part(entity, "claims", "P18")
        listed = [one for one in statements if isinstance(one, dict)] if isinstance(statements, list) else []
        kept = [one for one in listed if one.get("rank") != "deprecated"]
        kept.sort(key=lambda one: one.get("rank") != "preferred")
        for statement in kept[:_FILES_OF_ITEM]:
            name = part(statement, "mainsnak", "datavalue", "value")
            if _is_file(name):
                yield name


def _is_text(value: object) -> bool:
    return isinstance(value, str) and writable(value) == value


def _is_file(name: object) -> bool:
    """Whether a text can be the name of a file of a wiki, and one among several in a request."""
    if not isinstance(name, str) or writable(name) != name:
        return False
    return 0 < len(name.encode()) <= _LONGEST_NAME and name.isprintable() and not set(name) & set("|#<>[]{}")
