"""NASA's image library. Facts: https://images.nasa.gov/docs/images.nasa.gov_api_docs.pdf, version 1.22."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlencode

from synsift.crawler.download.quotas import Quota
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest
from synsift.crawler.sources.json_answers import (
    Gathered,
    Todo,
    entries_of,
    need_url,
    object_of,
    page_number,
    part,
    said_of,
    text,
    writable,
)
from synsift.crawler.sources.settings import setting

_DEPTH: Final = 10_000
_SIZES: Final = ("large", "medium", "orig", "small")
_IN_A_PATH: Final = "/:~%"


@dataclass(frozen=True, slots=True)
class NasaSource:
    """Pictures by words: a search lists them, and a request for each gives its files."""

    about: ClassVar[About] = About(
        title="NASA Image and Video Library",
        docs="https://api.nasa.gov/",
        licences="mostly in the public domain; none is given with a picture",
        terms="name NASA; no endorsement; insignia, persons and what others made keep their rights",
        depth=_DEPTH,
    )

    api_url: str = setting("https://images-api.nasa.gov", "URL of the API")
    page_size: int = setting(50, "Pictures in one list", least=1, most=100)

    @property
    def quota(self) -> Quota:
        """Its owner says no number; this is gentle."""
        return Quota(("nasa.gov",), 120, 2)

    def request(self, query: PageQuery) -> SourceRequest:
        """A list, or the files of the next picture of it."""
        todo = Todo.read(query.cursor)
        if todo.left:
            return SourceRequest(f"{self.api_url}/asset/{quote(todo.left[0][0], safe='')}")
        words = {
            "q": writable(query.text),
            "media_type": "image",
            "page": page_number(todo.at),
            "page_size": self.page_size,
        }
        return SourceRequest(f"{self.api_url}/search?{urlencode(words)}")

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        said, todo = object_of(answer), Todo.read(query.cursor)
        items = entries_of(part(said, "collection", "items"), "collection.items")
        if todo.left:
            found = Gathered()
            if (file := _best(items)) is None:
                found.left_out["no_pictures"] = 1
            else:
                found.read([file], lambda one: _image(one, todo.left[0]))
            return found.page(self.page_size, todo.after_first().cursor(), query.cursor)
        at = page_number(todo.at)
        links = part(said, "collection", "links")
        has_more = any(part(link, "rel") == "next" for link in (links if isinstance(links, list) else ()))
        following = str(at + 1) if has_more and items and (at + 1) * self.page_size <= _DEPTH else ""
        left = tuple(hit for item in items if (hit := _hit(item))[0])[: self.page_size]
        cursor = Todo(following, left).cursor()
        return Gathered().page(self.page_size, cursor, query.cursor)

    def problem(self, _query: PageQuery, answer: SourceAnswer) -> str:
        """What it says is wrong."""
        return said_of(answer, ("reason",), ("error", "message"))


def _hit(item: Any) -> tuple[str, ...]:  # noqa: ANN401 - any JSON
    """What a list says of a picture: its name, title and author."""
    data = part(item, "data", 0)
    author = text(part(data, "photographer")) or text(part(data, "secondary_creator"))
    return text(part(data, "nasa_id"))[:120], text(part(data, "title"))[:80], author[:60]


def _best(items: list[Any]) -> str | None:
    """The file to fetch: large rather than original, which may be a TIFF of a hundred megabytes."""
    files = [file for item in items if isinstance(file := part(item, "href"), str)]
    ranked = {
        size: next((file for file in files if f"~{size}." in file and not file.endswith((".json", ".tif"))), None)
        for size in _SIZES
    }
    return next((file for file in ranked.values() if file), None)


def _image(file: str, hit: tuple[str, ...]) -> FoundImage:
    """The image of a file; its URL comes by plain HTTP, with raw blanks."""
    name, title, author = (*hit, "", "")[:3]
    return FoundImage(
        url=quote(need_url(file, secure=True), safe=_IN_A_PATH),
        landing_page=f"https://images.nasa.gov/details/{quote(name, safe='')}",
        title=title,
        author=author or "NASA",
    )
