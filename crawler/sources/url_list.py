"""A team's own list of image URLs as a source: CSV, JSON Lines or Parquet, as img2dataset's users have them.

The text of the query is the path of the list. Rows may name their own synset; those that don't belong to the one
that asks.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from synsift.crawler.errors import SourceError
from synsift.crawler.outside_json import loads
from synsift.crawler.sources.base import FoundImage, Page, PageQuery, Reject


@dataclass(frozen=True, slots=True)
class UrlListSource:
    """Lists of URLs.

    Attributes:
        url_column: Column of the image URLs.
        wnid_column: Column of the synsets; need not exist.
        page_size: Rows a page.
    """

    url_column: str = "url"
    wnid_column: str = "synset"
    page_size: int = 1_000

    def request_url(self, query: PageQuery) -> str:
        """The list's path as a URL, with the place of the page."""
        where = urlencode({"cursor": query.cursor, "limit": self.page_size})
        return f"file://{quote(str(Path(query.text).resolve()))}?{where}"

    def page(self, query: PageQuery, body: bytes) -> Page:
        """Read the rows that the handler gives."""
        answer = loads(body)
        if "error" in answer:
            raise SourceError(answer["error"])
        images: list[FoundImage] = []
        rejects: list[Reject] = []
        for row in answer["rows"]:
            fields = row["fields"]
            url = fields.get(self.url_column, "").strip()
            if row["problem"]:
                rejects.append(Reject(f"{row['place']}: {row['problem']}", row["raw"]))
            elif not url:
                known = ", ".join(fields) or "none"
                message = f"{row['place']}: no value in column {self.url_column!r} (columns: {known})"
                rejects.append(Reject(message, json.dumps(fields)))
            else:
                images.append(self._image(url, fields, row["place"]))
        return Page(tuple(images), answer["next_cursor"], tuple(rejects))

    def _image(self, url: str, fields: dict[str, str], place: str) -> FoundImage:
        return FoundImage(
            url=url,
            landing_page=fields.get("landing_page", ""),
            title=fields.get("title", fields.get("caption", "")),
            author=fields.get("author", ""),
            licence=fields.get("licence", fields.get("license", "")),
            licence_url=fields.get("licence_url", fields.get("license_url", "")),
            wnid=fields.get(self.wnid_column, "").strip(),
            place=place,
        )
