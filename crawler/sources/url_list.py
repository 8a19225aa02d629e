"""A team's own list of image URLs as a source: of any form that ``sources.lists`` reads.

The text of the query is the path of a file. Rows may name their own synset; those that don't belong to the one that
asks.
"""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from synsift.crawler.errors import SourceError, TargetError
from synsift.crawler.sources.base import About, FoundImage, Page, PageQuery, Reject
from synsift.crawler.sources.lists.layouts import LAYOUTS, Columns, Layout, layout_of
from synsift.crawler.sources.lists.reading import Lists, Rows
from synsift.crawler.sources.lists.remote import Copies, is_remote
from synsift.crawler.sources.lists.rows import Row
from synsift.crawler.sources.settings import setting


@dataclass(frozen=True, slots=True)
class UrlListSource:
    """Lists of URLs on this machine, or copied to it.

    Attributes:
        copies: Has lists that stand elsewhere; None if only files can be read.
    """

    about: ClassVar[About] = About(
        title="Your own lists of URLs", licences="as the list says", terms="those of the hosts that the list names"
    )

    layout: str = setting("", "Form of the lists, as `--layout` names it; empty to look")
    url_column: str = setting("", "Name of the column of image URLs; its number without a header")
    wnid_column: str = setting("", "The same of synsets, or of labels of your own")
    title_column: str = setting("", "The same of titles or captions")
    author_column: str = setting("", "The same of authors")
    licence_column: str = setting("", "The same of licences")
    licence_url_column: str = setting("", "The same of URLs of licences")
    landing_page_column: str = setting("", "The same of pages that show the images to people")
    page_size: int = setting(5000, "Rows to read at once", least=1, most=100_000)
    referer: bool = setting(False, "Tell hosts the landing page as Referer, where they ask for it")
    copies: Copies | None = None
    _lists: Lists = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lists", Lists(self._known_layout()))

    def read(self, query: PageQuery) -> Page:
        """Read a page.

        Raises:
            SourceError: The list can't be read, or is none.
        """
        path = Path(query.text)
        if self.copies is not None and is_remote(query.text):
            copy = self.copies.of(query.text)
            with _named(copy.path, query.text):
                found = self._lists.page(copy.path, copy.inner(query.cursor, query.text), self.page_size)
            found = dataclasses.replace(found, next_cursor=copy.cursor(found.next_cursor))
        else:
            found = self._lists.page(path, query.cursor, self.page_size)
        images: list[FoundImage] = []
        rejects: list[Reject] = []
        before = ":" if found.has_lines else ", row "
        for row in found.rows:
            place = f"{query.text}{before}{row.number}"
            entry = Reject(f"{place}: {row.problem}", row.raw) if row.problem else _entry(found, row, place)
            if isinstance(entry, Reject):
                rejects.append(entry)
            elif self.referer and entry.landing_page:
                images.append(dataclasses.replace(entry, sends_referrer=True))
            else:
                images.append(entry)
        return Page(tuple(images), found.next_cursor, tuple(rejects))

    def close(self) -> None:
        """Close the lists that are open."""
        self._lists.close()

    def _known_layout(self) -> Layout:
        columns = Columns(
            url=self.url_column,
            wnid=self.wnid_column,
            title=self.title_column,
            author=self.author_column,
            licence=self.licence_column,
            licence_url=self.licence_url_column,
            landing_page=self.landing_page_column,
        )
        try:
            return layout_of(self.layout, columns)
        except KeyError as exc:
            raise SourceError(f"there is no layout `{self.layout}`; known are {', '.join(LAYOUTS)}") from exc


@contextmanager
def _named(copy: Path, url: str) -> Iterator[None]:
    """Call a copy what its user calls it."""
    try:
        yield
    except SourceError as exc:
        raise type(exc)(str(exc).replace(str(copy), url), hint=exc.hint) from exc


def _entry(found: Rows, row: Row, place: str) -> FoundImage | Reject:
    try:
        image = found.mapper.image(row.names, row.values, place)
    except (ValueError, TargetError) as exc:
        return Reject(f"{place}: {exc}", json.dumps(row.fields))
    if image is not None:
        return image
    wanted, known = found.mapper.layout.columns.url or "url", ", ".join(row.names) or "none"
    return Reject(f"{place}: no value in column {wanted!r} (columns: {known})", json.dumps(row.fields))
