"""An image that a source knows → its record, within bounds."""

from typing import Final

from synsift.crawler.download.attempt import MAX_URL_CHARACTERS, url_problem
from synsift.crawler.ontology import is_identifier
from synsift.crawler.secret import holds_secret, redacted
from synsift.crawler.sources.base import FoundImage
from synsift.pipelines.records import FoundBy, ImageUrl, Query

_MAX_TITLE: Final = 500
"""Characters of a title or of authors: longer ones are essays, and travel with every record of their image."""
_MAX_LICENCE: Final = 200
_MAX_CONTENT_ID: Final = 200


def image_url(query: Query, found: FoundImage, rank: int, *, page: int = 0) -> ImageUrl:
    """The record of a found image.

    Args:
        query: What found it.
        found: As its source has it.
        rank: Its place in the answer.
        page: The answer's page on which it stood, from 1; 0 if nobody counts what pages give.
    """
    return ImageUrl(
        wnid=found.wnid or query.wnid,
        # What stands behind a `#` is for whoever shows a page: hosts are never asked for it.
        url=found.url.partition("#")[0],
        content_id=found.content_id[:_MAX_CONTENT_ID],
        found_by=FoundBy(
            source=query.source,
            query=found.query or query.text,
            lang=found.lang or query.lang,
            query_rank=found.query_rank if found.query else query.rank,
            rank=rank,
            landing_page=_bounded_url(found.landing_page),
            title=bounded(found.title, _MAX_TITLE),
            author=bounded(found.author, _MAX_TITLE),
            licence=bounded(found.licence, _MAX_LICENCE),
            licence_url=_bounded_url(found.licence_url),
            sends_referrer=found.sends_referrer,
            page=page,
        ),
    )


def bounded(text: str, most: int) -> str:
    """A text of a source as it may stand in a record: without what UTF-8 can't write, and cut where it is too long."""
    text = redacted(text)
    clean = text.encode("utf-8", "replace").decode() if not text.isascii() else text
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def _bounded_url(url: str) -> str:
    """A URL that was cut leads somewhere else: one that is too long is left out."""
    return bounded(url, MAX_URL_CHARACTERS) if len(url) <= MAX_URL_CHARACTERS else ""


def entry_problem(record: ImageUrl) -> str | None:
    """Why it can't be asked for; None if it can."""
    if not is_identifier(record.wnid):
        return f"{record.wnid[:80]!r} is no identifier of a synset"
    if holds_secret(record.url):
        return "its URL holds a secret of the configuration, which must not stand in records"
    return url_problem(record.url)
