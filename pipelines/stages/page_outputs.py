"""A page that a source gave → what ``search`` writes: image URLs, dead letters, counts, the query for the next page."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from synsift.crawler.secret import redacted, sealed
from synsift.crawler.sources.base import FoundImage, Page, Reject
from synsift.pipelines.records import ImageUrl
from synsift.pipelines.stages.asks import Ask, limit_counter
from synsift.pipelines.stages.found_images import bounded, entry_problem, image_url
from synsift.pipelines.stages.ledger import Ledger
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.stages.yields import ASKED, GIVEN, arm_count, name_of
from synsift.pipelines.summary import LEFT_OUT
from synsift.pipelines.topics import Entry, Router

FOUND: Final = "found"
"""Count of image URLs that a synset got."""
BAD_ENTRY: Final = "bad_entry"
_MAX_REJECT: Final = 64_000
"""Characters that are kept of an entry that can't be used."""
_MAX_IMAGES: Final = 10_000
"""Of a page: all of it is written at once, and holds its worker meanwhile."""
_MAX_REASON: Final = 60
_MAX_REASONS: Final = 32
"""Reasons of a synset that are counted apart: a source may make up one for each entry."""
_OTHER: Final = "other"
_BEYOND: Final = "beyond_page"


class PageOutputs:
    """What becomes of the pages of one query."""

    def __init__(self, ask: Ask, router: Router, ledger: Ledger, *, page_size: int, counts_arms: bool) -> None:
        """Make one.

        Args:
            ask: The query.
            router: Makes entries.
            ledger: Makes dead letters, and knows what was counted before.
            page_size: Images of a page of its source.
            counts_arms: Whether pages are asked for by what they give, so that this is counted.
        """
        self._ask = ask
        self._router = router
        self._ledger = ledger
        self._page_size = page_size
        self._counts_arms = counts_arms

    def of(self, page: Page, room: int) -> tuple[list[Entry], list[Count]]:
        """Entries and counts.

        Args:
            page: What came.
            room: How many image URLs the synset may still get.
        """
        query = self._ask.query
        counts = [Count(query.wnid, "pages"), Count(query.wnid, "asked", int(query.page == 0))]
        if self._counts_arms:
            counts.append(Count(query.wnid, name_of(ASKED, (query.source, query.lang, query.text), query.page)))
        entries: list[Entry] = []
        rejects = list(page.rejects[:_MAX_IMAGES])
        most = max(_MAX_IMAGES, self._page_size)
        beyond = max(0, min(room, len(page.images)) - most) + len(page.rejects) - len(rejects)
        for number, found in enumerate(page.images[: min(room, most)]):
            record = self._image_url(found, query.page * self._page_size + number)
            problem = entry_problem(record)
            if problem is not None:
                where = f"{found.place}: {found.url[:200]}" if found.place else found.url[:200]
                rejects.append(Reject(f"{where}: {problem}", found.url))
                continue
            entries.append(self._router.image_url(record))
            counts += [Count(record.wnid, FOUND), *arm_count(GIVEN, record.wnid, record.found_by)]
        for reject in rejects:
            entries.append(self._bad_entry(reject))
            counts.append(Count(query.wnid, BAD_ENTRY))
        counts += self._left_out({**page.left_out, _BEYOND: beyond})
        if query.limit:
            counts.append(Count(query.wnid, limit_counter(query), min(room, len(page.images))))
        if page.next_cursor and room > len(page.images):
            following = msgspec.structs.replace(query, cursor=sealed(page.next_cursor), page=query.page + 1)
            entries.append(self._router.query(following))
        return entries, counts

    def _image_url(self, found: FoundImage, rank: int) -> ImageUrl:
        query = self._ask.query
        # What is found for another synset is counted there, and tells nothing of this one's queries.
        is_counted = self._counts_arms and found.wnid in ("", query.wnid)
        return image_url(query, found, rank, page=query.page + 1 if is_counted else 0)

    def _bad_entry(self, reject: Reject) -> Entry:
        return self._ledger.dead_letter(
            self._ask.message,
            BAD_ENTRY,
            redacted(reject.message),
            wnid=self._ask.wnid,
            part=redacted(reject.raw[:_MAX_REJECT]).encode("utf-8", "replace"),
        )

    def _left_out(self, left_out: Mapping[str, int]) -> Iterator[Count]:
        # At once, as the log's thread may be counting.
        counted = list(self._ledger.counts_of(self._ask.message.partition, self._ask.wnid))
        known = {name for name in counted if name.startswith(LEFT_OUT)}
        found: Counter[str] = Counter()
        for reason, number in left_out.items():
            if isinstance(number, int) and number > 0:
                name = f"{LEFT_OUT}{bounded(reason, _MAX_REASON)}"
                is_room = name in known or len(known | set(found)) < _MAX_REASONS
                found[name if is_room else f"{LEFT_OUT}{_OTHER}"] += number
        return (Count(self._ask.wnid, name, number) for name, number in found.items())
