"""GBIF: pictures of specimens and sightings from museums and societies. Facts: https://techdocs.gbif.org/en/openapi/.

A name is matched first, and what it means is asked for, descendants included. A name that isn't known is answered
with an ancestor (``HIGHERRANK``), whose pictures nobody asked for. A picture's licence is its own, not its record's.
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlencode

from synsift.crawler.download.quotas import Quota
from synsift.crawler.errors import SourceError
from synsift.crawler.queries import SynsetQuery
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest
from synsift.crawler.sources.inaturalist import content_id
from synsift.crawler.sources.json_answers import (
    Gathered,
    LeftOut,
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
from synsift.crawler.sources.species import is_of_species

_DEPTH: Final = 100_000
_KNOWN: Final = frozenset({"EXACT", "FUZZY"})
_INATURALIST: Final = re.compile(
    r"https://inaturalist-open-data\.s3\.amazonaws\.com/photos/(\d{1,15})/(original|large)\.\w+"
)


@dataclass(frozen=True, slots=True)
class GbifSource:
    """Occurrences with pictures, by scientific name."""

    about: ClassVar[About] = About(
        title="GBIF",
        docs="https://techdocs.gbif.org/en/openapi/",
        licences="of each picture, in its publisher's words",
        terms="about a request a second; keep attribution; cite the data",
        depth=_DEPTH,
    )

    api_url: str = setting("https://api.gbif.org/v1", "URL of the API")
    page_size: int = setting(300, "Occurrences in one answer", least=1, most=300)
    basis: str = setting(
        "HUMAN_OBSERVATION,LIVING_SPECIMEN,MACHINE_OBSERVATION",
        "Kinds of records, with commas; empty for all, such as pressed plants and bones",
        pattern="^[A-Z_,]*$",
    )

    @property
    def quota(self) -> Quota:
        """What it asks to keep to."""
        return Quota(("gbif.org",), 60, 1)

    def takes(self, query: SynsetQuery) -> bool:
        """Scientific names only."""
        return is_of_species(query)

    def request(self, query: PageQuery) -> SourceRequest:
        """What a name means; then, pages of what was seen of it."""
        if not query.cursor:
            words = {"name": writable(query.text), "strict": "false"}
            return SourceRequest(f"{self.api_url}/species/match?{urlencode(words)}")
        taxon, offset = _place(query.cursor)
        asked: list[tuple[str, str | int]] = [
            ("mediaType", "StillImage"),
            ("taxonKey", taxon),
            ("limit", self.page_size),
            ("offset", offset),
        ]
        asked += [("basisOfRecord", kind) for kind in self.basis.split(",") if kind]
        return SourceRequest(f"{self.api_url}/occurrence/search?{urlencode(asked)}")

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        said = object_of(answer)
        if not query.cursor:
            return _matched(said)
        found = Gathered().read(entries_of(said.get("results"), "results"), _image)
        taxon, offset = _place(query.cursor)
        following = offset + self.page_size
        has_more = said.get("endOfRecords") is False and following + self.page_size <= _DEPTH
        return found.page(self.page_size, f"{taxon}:{following}" if has_more else "", query.cursor)

    def problem(self, _query: PageQuery, answer: SourceAnswer) -> str:
        """What it says is wrong."""
        return said_of(answer, ("message",), ("error",))


def _place(cursor: str) -> tuple[int, int]:
    taxon, colon, offset = cursor.partition(":")
    if not colon:
        raise SourceError(f"`{cursor[:60]}` is no place in the answers")
    return page_number(taxon), page_number(offset, 0)


def _matched(said: dict[str, Any]) -> Page:
    kind, taxon = text(said.get("matchType")), number(said.get("acceptedUsageKey")) or number(said.get("usageKey"))
    if kind not in _KNOWN or not taxon:
        return Page((), left_out={"unknown_names": 1})
    return Page((), f"{taxon}:0")


def _image(occurrence: Any) -> FoundImage:  # noqa: ANN401 - any JSON
    pictures = [one for one in occurrence["media"] if one.get("type") == "StillImage"]
    if not pictures:
        raise LeftOut("no_pictures")
    picture = pictures[0]
    file = need_url(picture["identifier"])
    known = _INATURALIST.fullmatch(file)
    licence = text(picture.get("license"))
    return FoundImage(
        url=file,
        landing_page=url(picture.get("references"))
        or url(occurrence.get("references"))
        or f"https://www.gbif.org/occurrence/{quote(text(occurrence.get('key')), safe='')}",
        title=text(picture.get("title")) or text(occurrence.get("scientificName")),
        author=text(picture.get("creator")) or text(picture.get("rightsHolder")) or text(occurrence.get("recordedBy")),
        licence=licence_of(licence),
        licence_url=url(licence),
        content_id=content_id(known[1], known[2]) if known else "",
    )
