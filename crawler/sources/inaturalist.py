"""iNaturalist: observations of wild life, named by many. Facts: https://api.inaturalist.org/v1/docs/.

An observation's licence is none of its photographs': each has its own. Further photographs of one observation show
the same individual a moment later, and are left out.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from synsift.crawler.download.quotas import Quota
from synsift.crawler.queries import SynsetQuery
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest
from synsift.crawler.sources.json_answers import (
    Gathered,
    LeftOut,
    entries_of,
    licence_of,
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
from synsift.crawler.sources.species import is_of_species

_CODES: Final = "cc0,cc-by,cc-by-nc,cc-by-sa,cc-by-nd,cc-by-nc-sa,cc-by-nc-nd"


@dataclass(frozen=True, slots=True)
class INaturalistSource:
    """Observations by scientific name."""

    about: ClassVar[About] = About(
        title="iNaturalist",
        docs="https://api.inaturalist.org/v1/docs/",
        licences="of each photograph; all rights reserved is left out",
        terms="60 requests a minute, 10,000 a day, 24 GB of photographs a day; for more use its open data set",
    )

    api_url: str = setting("https://api.inaturalist.org/v1/observations", "URL of the observations")
    page_size: int = setting(200, "Observations in one answer", least=1, most=200)
    size: str = setting("large", "Size of the photographs", pattern="^(original|large|medium|small)$")
    quality: str = setting(
        "research", "Observations of this quality", pattern="^(research|needs_id|casual)(,(research|needs_id|casual))*$"
    )

    @property
    def quota(self) -> Quota:
        """What it asks to keep to."""
        return Quota(("inaturalist.org",), 60, 1, per_day=10_000)

    def takes(self, query: SynsetQuery) -> bool:
        """Scientific names only: others mean several things."""
        return is_of_species(query)

    def request(self, query: PageQuery) -> SourceRequest:
        """The observations of a page: those before the last, for pages by number end at the 10,000th."""
        words: dict[str, str | int] = {
            "taxon_name": writable(query.text),
            "photos": "true",
            "photo_license": _CODES,
            "quality_grade": self.quality,
            "order_by": "id",
            "order": "desc",
            "per_page": self.page_size,
        }
        if query.cursor:
            words["id_below"] = page_number(query.cursor)
        return SourceRequest(f"{self.api_url}?{urlencode(words)}")

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        observations = entries_of(object_of(answer).get("results"), "results")
        found = Gathered().read(observations, self._image)
        oldest = min((number(part(one, "id")) for one in observations), default=0)
        is_last = len(observations) < self.page_size or not oldest
        return found.page(self.page_size, "" if is_last else str(oldest), query.cursor)

    def problem(self, _query: PageQuery, answer: SourceAnswer) -> str:
        """What it says is wrong."""
        return said_of(answer, ("error",), ("errors", 0, "message"), ("message",))

    def _image(self, observation: Any) -> FoundImage:  # noqa: ANN401 - any JSON
        photos = [photo for photo in observation["photos"] if photo.get("license_code") and not photo.get("hidden")]
        if not photos:
            raise LeftOut("all_rights_reserved")
        photo = photos[0]
        square = need_url(photo["url"])
        head, _, name = square.rpartition("/")
        if not name.startswith("square"):
            raise ValueError(f"a photograph whose URL has no size: {square[:80]}")
        return FoundImage(
            url=f"{head}/{self.size}{name.removeprefix('square')}",
            landing_page=url(observation.get("uri")),
            title=text(part(observation, "taxon", "name")),
            author=text(photo.get("attribution")) or text(part(observation, "user", "login")),
            licence=licence_of(photo["license_code"]),
            content_id=content_id(text(photo.get("id")), self.size),
        )


def content_id(photo_id: str, size: str) -> str:
    """What names a photograph's file, whoever lists it."""
    return f"inaturalist:{photo_id};{size}" if photo_id.isdigit() else ""
