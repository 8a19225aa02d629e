"""A team's own list of image URLs as a source: of any form that ``sources.lists`` reads.

The text of the query is the path of a file. Rows may name their own synset; those that don't belong to the one that
asks.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

from synsift.crawler.errors import SourceError, TargetError
from synsift.crawler.sources.base import FoundImage, Page, PageQuery, Reject
from synsift.crawler.sources.lists.layouts import LAYOUTS, Columns, Layout, layout_of
from synsift.crawler.sources.lists.reading import Lists, Rows
from synsift.crawler.sources.lists.remote import Copies, is_remote
from synsift.crawler.sources.lists.rows import Row


@dataclass(frozen=True, slots=True)
class UrlListSource:
    """Lists of URLs on this machine, or copied to it.

    Attributes:
        layout: Name of a known layout; empty to go by the columns.
        columns: Names of columns.
        page_size: Rows a page.
        sends_referrer: Whether hosts are told the landing pages, where the list names them.
        copies: Has lists that stand elsewhere; None if only files can be read.
    """

    layout: str = ""
    columns: Columns = field(default_factory=Columns)
    page_size: int = 5_000
    sends_referrer: bool = False
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
            found = self._lists.page(copy.path, copy.inner(query.cursor, query.text), self.page_size)
            found = dataclasses.replace(found, next_cursor=copy.cursor(found.next_cursor))
        else:
            found = self._lists.page(path, query.cursor, self.page_size)
        images: list[FoundImage] = []
        rejects: list[Reject] = []
        before = ", row " if path.suffix.lower() in (".parquet", ".pq") else ":"
        for row in found.rows:
            place = f"{query.text}{before}{row.number}"
            entry = Reject(f"{place}: {row.problem}", row.raw) if row.problem else _entry(found, row, place)
            if isinstance(entry, Reject):
                rejects.append(entry)
            elif self.sends_referrer and entry.landing_page:
                images.append(dataclasses.replace(entry, sends_referrer=True))
            else:
                images.append(entry)
        return Page(tuple(images), found.next_cursor, tuple(rejects))

    def close(self) -> None:
        """Close the lists that are open."""
        self._lists.close()

    def _known_layout(self) -> Layout:
        try:
            return layout_of(self.layout, self.columns)
        except KeyError as exc:
            raise SourceError(f"there is no layout `{self.layout}`; known are {', '.join(LAYOUTS)}") from exc


def _entry(found: Rows, row: Row, place: str) -> FoundImage | Reject:
    try:
        image = found.mapper.image(row.names, row.values, place)
    except (ValueError, TargetError) as exc:
        return Reject(f"{place}: {exc}", json.dumps(row.fields))
    if image is not None:
        return image
    wanted, known = found.mapper.layout.columns.url or "url", ", ".join(row.names) or "none"
    return Reject(f"{place}: no value in column {wanted!r} (columns: {known})", json.dumps(row.fields))
