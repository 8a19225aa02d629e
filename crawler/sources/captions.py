"""Lists of captions as a source. What is read here is what a sift of them left: an image URL for each row and synset.

The text of the query is the path of the sifted list, or its URL. Each row names its synset and the query that found it.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from synsift.crawler.errors import SourceError, TargetError
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, Reject
from synsift.crawler.sources.lists.layouts import Columns, Layout, index_of
from synsift.crawler.sources.lists.reading import Lists
from synsift.crawler.sources.lists.remote import Copies, is_remote
from synsift.crawler.sources.lists.rows import Row
from synsift.crawler.sources.settings import setting

_SIFTED: Final = Layout(
    Columns("url", "wnid", "title", "author", "licence", "licence_url", "landing_page"),
    extras=("query", "lang", "query_rank", "place"),
)


@dataclass(frozen=True, slots=True)
class CaptionsSource:
    """Lists of URL and caption, as sifted.

    Attributes:
        copies: Has lists that stand elsewhere; None if only files can be read.
    """

    about: ClassVar[About] = About(
        title="Public lists of captions",
        docs="",
        licences="as the list says: with each image, or not at all",
        terms="the list's own; its licence is none of the pictures'",
    )

    most: int = setting(10_000, "Most image URLs of a synset, the best: `--limit` says otherwise", least=1)
    url_column: str = setting("", "Name of the column of image URLs; its number without a header")
    caption_columns: tuple[str, ...] = setting((), "The same of columns whose words say what a picture shows")
    author_column: str = setting("", "The same of authors")
    licence_column: str = setting("", "The same of licences")
    licence_url_column: str = setting("", "The same of URLs of licences")
    landing_page_column: str = setting("", "The same of pages that show the images to people")
    layout: str = setting("", "Form of the lists, as `--layout` names it; empty to look")
    jobs: int = setting(0, "Processes that sift lists; 0 for one a core, six at most", least=0, most=64)
    page_size: int = setting(5000, "Rows to read at once", least=1, most=100_000)
    copies: Copies | None = None
    _lists: Lists = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lists", Lists(_SIFTED))

    def read(self, query: PageQuery) -> Page:
        """Read a page of a sifted list.

        Raises:
            SourceError: It can't be read.
        """
        if self.copies is not None and is_remote(query.text):
            copy = self.copies.of(query.text)
            found = self._lists.page(copy.path, copy.inner(query.cursor, query.text), self.page_size)
            found = dataclasses.replace(found, next_cursor=copy.cursor(found.next_cursor))
        else:
            found = self._lists.page(_sifted(query.text), query.cursor, self.page_size)
        images: list[FoundImage] = []
        rejects: list[Reject] = []
        for row in found.rows:
            if row.problem:
                rejects.append(Reject(f"{query.text}, row {row.number}: {row.problem}", row.raw))
                continue
            try:
                image = found.mapper.image(row.names, row.values, _of(row, "place"))
            except (ValueError, TargetError) as exc:
                rejects.append(Reject(f"{_of(row, 'place')}: {exc}", json.dumps(row.fields)))
                continue
            if image is not None:
                rank = _of(row, "query_rank")
                images.append(
                    dataclasses.replace(
                        image,
                        query=_of(row, "query"),
                        lang=_of(row, "lang"),
                        query_rank=int(rank) if rank.isdecimal() else 0,
                    )
                )
        return Page(tuple(images), found.next_cursor, tuple(rejects))

    def close(self) -> None:
        """Close the lists that are open."""
        self._lists.close()


def _sifted(text: str) -> Path:
    path = Path(text)
    if not path.exists():
        raise SourceError(
            f"{text}: the sifted list is gone", hint="the crawl that made it makes it again: run the same command"
        )
    return path


def _of(row: Row, name: str) -> str:
    at = index_of(row.names, name, ())
    return row.values[at] if at >= 0 else ""
