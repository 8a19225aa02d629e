"""The Internet Archive: items of pictures, by words. Facts: https://archive.org/help/aboutsearch.htm.

A search lists items, and each item its files: so there is one request an item, after one for each list.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlencode, urlsplit

from synsift.crawler.download.quotas import Quota
from synsift.crawler.errors import SourceError
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest
from synsift.crawler.sources.json_answers import (
    Gathered,
    Todo,
    entries_of,
    licence_of,
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

_DEPTH: Final = 10_000
_LISTED: Final = 50
_FORMATS: Final = ("jpeg", "png", "jpg", "webp", "gif", "tiff")
_OPERATORS: Final = str.maketrans(dict.fromkeys('+-&|!(){}[]^"~*?:\\/', " "))


@dataclass(frozen=True, slots=True)
class ArchiveSource:
    """Items of the type image, by phrase in title or subject."""

    about: ClassVar[About] = About(
        title="Internet Archive",
        docs="https://archive.org/developers/",
        licences="of an item, as its uploader says; most say nothing",
        terms="for research and scholarship; each item's rights stand",
        depth=_DEPTH,
    )

    api_url: str = setting("https://archive.org", "URL of the archive")
    page_size: int = setting(20, "Most pictures of one item", least=1, most=500)

    @property
    def quota(self) -> Quota:
        """Its owner says no number; this is gentle."""
        return Quota(("archive.org",), 60, 1)

    def request(self, query: PageQuery) -> SourceRequest:
        """A list of items, or the files of the next of them."""
        todo = Todo.read(query.cursor)
        if todo.left:
            return SourceRequest(f"{self.api_url}/metadata/{quote(todo.left[0][0], safe='')}")
        words = " ".join(writable(query.text).translate(_OPERATORS).split())
        if not words:
            raise SourceError("nothing is left to ask for without the marks of its search")
        asked = [
            ("q", f'mediatype:image AND (title:"{words}" OR subject:"{words}")'),
            *(("fl[]", name) for name in ("identifier", "title", "creator", "licenseurl")),
            ("sort[]", "downloads desc"),
            ("rows", str(_LISTED)),
            ("page", str(page_number(todo.at))),
            ("output", "json"),
        ]
        return SourceRequest(f"{self.api_url}/advancedsearch.php?{urlencode(asked)}")

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer."""
        said, todo = object_of(answer), Todo.read(query.cursor)
        if said.get("error"):
            raise SourceError(f"the archive says: {text(said['error'])}")
        if todo.left:
            files = entries_of(said.get("files"), "files")
            found = Gathered()
            if not files:
                found.left_out["missing_items"] = 1
            images = list(self._images(said, files, todo.left[0]))
            found.left_out["further_files"] += max(0, len(images) - self.page_size)
            found.images = images[: self.page_size]
            return found.page(self.page_size, todo.after_first().cursor(), query.cursor)
        docs = entries_of(part(said, "response", "docs"), "response.docs")
        left = tuple(
            (name, text(doc.get("title")), text(doc.get("creator")), url(doc.get("licenseurl")))
            for doc in docs
            if isinstance(doc, dict) and (name := text(doc.get("identifier")))
        )
        at = page_number(todo.at)
        has_more = at * _LISTED < min(number(part(said, "response", "numFound")), _DEPTH) and bool(docs)
        cursor = Todo(str(at + 1) if has_more else "", left[:_LISTED]).cursor()
        return Gathered().page(self.page_size, cursor, query.cursor)

    def _images(self, said: dict[str, Any], files: list[Any], hit: tuple[str, ...]) -> Iterator[FoundImage]:
        name, title, author, licence = (*hit, "", "", "")[:4]
        host = urlsplit(self.api_url)
        for file in files:
            if part(file, "source") != "original" or text(part(file, "format")).lower() not in _FORMATS:
                continue
            path = f"{quote(name, safe='')}/{quote(text(file.get('name')))}"
            sha1 = text(file.get("sha1"))
            yield FoundImage(
                url=f"{host.scheme}://{host.netloc}/download/{path}",
                landing_page=f"https://archive.org/details/{quote(name, safe='')}",
                title=title or text(part(said, "metadata", "title")),
                author=author or text(part(said, "metadata", "creator")),
                licence=licence_of(licence or text(part(said, "metadata", "licenseurl"))),
                licence_url=licence or url(part(said, "metadata", "licenseurl")),
                content_id=f"sha1:{sha1}" if len(sha1) == 40 and sha1.isalnum() else "",
            )

    def problem(self, _query: PageQuery, answer: SourceAnswer) -> str:
        """What it says is wrong."""
        return said_of(answer, ("error",))
