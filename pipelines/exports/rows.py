"""What an export says of an image: as it is chosen, and as it is written.

A ``Row`` is what a store and a log know of an image. What follows from all rows together (side, number of its class,
cluster) comes with ``Placed``; ``columns_of`` makes of both what every format writes, under the same names.
"""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from synsift.dedupe import EXTENSIONS
from synsift.pipelines.exports.attribution import Credit


class Row(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """An image that is exported, and what is known of it.

    Attributes:
        number: Of all that stand, in the order in which they were read.
        sha256: Of the original.
        wnid: Its synset.
        width_px: Upright.
        height_px: Upright.
        format: As its decoder is called.
        size_bytes: Of the original.
        source: That found it.
        query: That found it.
        lang: Of the query.
        rank: In the answer to it.
        landing_page: Shows it to people.
        url: Where it was fetched, without what is secret in it.
        title: As the source gives it.
        author: As the source gives it.
        licence: SPDX name.
        licence_name: As the source gives it.
        licence_url: Its text.
        fetched_at: When, RFC 3339.
        decision: What voters decided; empty where none did.
        confidence: How sure that is; 0 where nobody voted.
        yes: Votes for it.
        no: Votes against it.
        decided_by: By what rule.
    """

    number: int
    sha256: str
    wnid: str
    width_px: int
    height_px: int
    format: str
    size_bytes: int
    source: str
    query: str
    lang: str
    rank: int
    landing_page: str
    url: str
    title: str
    author: str
    licence: str
    licence_name: str
    licence_url: str
    fetched_at: str
    decision: str = ""
    confidence: float = 0.0
    yes: int = 0
    no: int = 0
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Class:
    """A synset as a class.

    Attributes:
        wnid: Its synset.
        label: Its number, from 0, in the order of wnids.
        name: What people call it; no two classes have the same.
        definition: What it is; empty where no ontology says.
    """

    wnid: str
    label: int
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A row, and what follows from all of them.

    Attributes:
        row: The image.
        kind: Its class.
        side: Name of the split it is on.
        cluster: Names what may not be torn apart; empty where nothing was split.
        max_side_px: To what longer side it is scaled; 0 where it stays as it is.
    """

    row: Row
    kind: Class
    side: str
    cluster: str = ""
    max_side_px: int = 0

    @property
    def is_scaled(self) -> bool:
        """Whether what is exported is smaller than the original."""
        return 0 < self.max_side_px < max(self.row.width_px, self.row.height_px)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of what is exported."""
        return scaled_size(self.row.width_px, self.row.height_px, self.max_side_px)

    @property
    def format(self) -> str:
        """Of what is exported."""
        return scaled_format(self.row.format) if self.is_scaled else self.row.format

    @property
    def file_name(self) -> str:
        """A name within its side, unique there: one image may stand under two synsets."""
        return f"{self.row.wnid}/{self.row.sha256}.{EXTENSIONS[self.format]}"


_LOSSLESS: Final = ("PNG", "GIF", "BMP", "TIFF")


def scaled_format(kind: str) -> str:
    """In what a scaled copy of an image is written."""
    return "PNG" if kind in _LOSSLESS else "WEBP" if kind == "WEBP" else "JPEG"


def scaled_size(width_px: int, height_px: int, max_side_px: int) -> tuple[int, int]:
    """Width and height of an image whose longer side is bounded; 0 for no bound."""
    longer = max(width_px, height_px)
    if not 0 < max_side_px < longer:
        return width_px, height_px
    # In integers: the same on every machine.
    return tuple(max(1, (2 * side * max_side_px + longer) // (2 * longer)) for side in (width_px, height_px))  # type: ignore[return-value]


TEXTS: Final = (
    *("sha256", "wnid", "name", "split", "file_name", "format", "source", "query", "query_lang", "landing_page"),
    *("image_url", "title", "author", "licence", "licence_name", "licence_url", "attribution", "fetched_at"),
    *("decision", "decided_by", "cluster"),
)
INTEGERS: Final = ("label", "width", "height", "rank", "votes_yes", "votes_no")
FLOATS: Final = ("confidence",)
COLUMNS: Final = (
    *("sha256", "wnid", "label", "name", "split", "file_name", "width", "height", "format", "source", "query"),
    *("query_lang", "rank", "landing_page", "image_url", "title", "author", "licence", "licence_name", "licence_url"),
    *("attribution", "fetched_at", "decision", "confidence", "votes_yes", "votes_no", "decided_by", "cluster"),
)
"""Names and order of what every format writes. Each always has a value of its type, texts that say nothing are empty:
readers that take the types from the first rows would drop or cut what they don't see there."""


def columns_of(placed: Placed, file_name: str = "") -> dict[str, Any]:
    """What every format writes of an image.

    Args:
        placed: The image.
        file_name: Where it stands, if not under its own name.
    """
    row, (width_px, height_px) = placed.row, placed.size_px
    values = (
        *(row.sha256, row.wnid, placed.kind.label, placed.kind.name, placed.side, file_name or placed.file_name),
        *(width_px, height_px, placed.format, row.source, row.query, row.lang, row.rank, row.landing_page, row.url),
        *(row.title, row.author, row.licence, row.licence_name, row.licence_url, credit_of(placed), row.fetched_at),
        *(row.decision, float(row.confidence), row.yes, row.no, row.decided_by, placed.cluster),
    )
    return dict(zip(COLUMNS, values, strict=True))


def credit_of(placed: Placed) -> str:
    """Whose the image is, in one line."""
    row = placed.row
    return Credit(
        title=row.title,
        author=row.author,
        place=row.landing_page or row.url,
        spdx=row.licence,
        licence_name=row.licence_name,
        licence_url=row.licence_url,
        change=f"scaled to {max(placed.size_px)} px" if placed.is_scaled else "",
    ).line()
