"""Wikipedia: the pictures of a concept's article, in each language. Facts: the MediaWiki Action API.

An article is found by its title, redirects followed; its pictures are those of its text, but for icons.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Final
from urllib.parse import urlencode, urlsplit

from synsift.crawler.download.quotas import Quota
from synsift.crawler.ontology import LANGUAGES
from synsift.crawler.queries import Rule, SynsetQuery
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest
from synsift.crawler.sources.commons import WIKIMEDIA
from synsift.crawler.sources.json_answers import Gathered, LeftOut, writable
from synsift.crawler.sources.mediawiki.answers import Place, continuation, pages_of, parse_query, read_cursor
from synsift.crawler.sources.mediawiki.files import found_image
from synsift.crawler.sources.settings import setting

_HOME: Final = "en.wikipedia.org"
_NOT_IN_TITLES: Final = str.maketrans(dict.fromkeys("#<>[]|{}", " "))
_LEAST_PX: Final = 200
_LONGEST_PLACE: Final = 1_500
_RULES: Final = frozenset({Rule.SYNONYM, Rule.TRANSLATION, Rule.GIVEN})


@dataclass(frozen=True, slots=True)
class WikipediaSource:
    """The pictures of articles, by title."""

    about: ClassVar[About] = About(
        title="Wikipedia",
        docs="https://www.mediawiki.org/wiki/API:Images",
        licences="of each file; what is used fairly is left out",
        terms="say who asks (`identity.contact`); 200 requests a minute in all",
    )

    api_url: str = setting(f"https://{_HOME}/w/api.php", "URL of the api.php of the English one")
    width_px: int = setting(1280, "Width of the thumbnails to fetch; 0 for the originals", least=0)
    page_size: int = setting(50, "Files in one answer", least=1, most=50)

    @property
    def quota(self) -> Quota:
        """What the Wikimedia Foundation grants to all its projects together."""
        return WIKIMEDIA

    def takes(self, query: SynsetQuery) -> bool:
        """Names that mean this synset only: an article about something else has pictures of something else."""
        return query.rule in _RULES and query.ambiguity == 1 and query.lang in LANGUAGES

    def request(self, query: PageQuery) -> SourceRequest:
        """The files of the article, or of the article's next ones."""
        title = " ".join(writable(query.text).translate(_NOT_IN_TITLES).split())
        words: dict[str, str | int] = {
            "action": "query",
            "format": "json",
            "formatversion": 2,
            "maxlag": 5,
            "titles": title[:250],
            "redirects": 1,
            "generator": "images",
            "gimlimit": self.page_size,
            "prop": "imageinfo",
            "iiprop": "url|size|mime|sha1|extmetadata",
            "iiextmetadatafilter": "Artist|LicenseShortName|LicenseUrl|NonFree",
            **read_cursor(query.cursor).following,
        }
        if self.width_px:
            words["iiurlwidth"] = self.width_px
        return SourceRequest(f"{self._api_of(query.lang)}?{urlencode(words)}")

    def _api_of(self, lang: str) -> str:
        """The API of a language's Wikipedia; of another wiki, its own."""
        if urlsplit(self.api_url).hostname != _HOME or lang not in LANGUAGES:
            return self.api_url
        return self.api_url.replace(_HOME, f"{lang}.wikipedia.org", 1)

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        said = parse_query(answer.body)
        following = continuation(said)
        # At the break between two pieces of a long answer a file has an empty list: it comes with another piece.
        entries = [one for one in pages_of(said) if not (isinstance(one, dict) and one.get("imageinfo", []) == [])]
        found = Gathered().read(entries, lambda entry: self._image(entry, query.lang))
        cursor = Place(following).cursor() if following else ""
        return found.page(self.page_size, cursor, query.cursor, longest=_LONGEST_PLACE)

    def _image(self, entry: dict[str, list[dict[str, object]]], lang: str) -> FoundImage:
        info = entry["imageinfo"][0]
        metadata = info.get("extmetadata")
        if isinstance(metadata, dict) and metadata.get("NonFree"):
            raise LeftOut("non_free")
        sides = [side for name in ("width", "height") if isinstance(side := info.get(name), int)]
        if sides and min(sides) < _LEAST_PX:
            raise LeftOut("icons")
        found = found_image(entry, width_px=self.width_px, base_url=self._api_of(lang))
        return replace(found, title=found.title.partition(":")[2] or found.title) if ":" in found.title else found
