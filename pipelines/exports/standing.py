"""What is exported of an image that stands."""

from collections.abc import Mapping
from typing import Any, Final

from synsift.crawler.wording import masked
from synsift.pipelines.exports.judgements import NONE, Judgement
from synsift.pipelines.exports.licences import licence_of, url_of
from synsift.pipelines.exports.rows import Row

_LONGEST: Final = 4_000


def row_of(number: int, wnid: str, row: Mapping[str, Any], judgement: Judgement = NONE) -> Row:
    """What is exported of a row of a manifest."""

    def text(name: str) -> str:
        value = row.get(name)
        return value[:_LONGEST] if isinstance(value, str) else ""

    def count(name: str) -> int:
        value = row.get(name)
        return value if isinstance(value, int) else 0

    spdx = licence_of(text("licence"), text("licence_url")).spdx
    return Row(
        number=number,
        sha256=row["sha256"],
        wnid=wnid,
        width_px=row["width_px"],
        height_px=row["height_px"],
        format=row["format"],
        size_bytes=count("size_bytes"),
        source=text("source"),
        query=text("query"),
        lang=text("lang"),
        rank=count("rank"),
        landing_page=masked(text("landing_page")),
        url=masked(text("url")),
        title=text("title"),
        author=text("author"),
        licence=spdx,
        licence_name=text("licence"),
        licence_url=masked(text("licence_url")) or url_of(spdx),
        fetched_at=text("fetched_at"),
        decision=judgement.decision,
        confidence=judgement.confidence,
        yes=judgement.yes,
        no=judgement.no,
        decided_by=judgement.decided_by,
    )
