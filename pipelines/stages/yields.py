"""What the pages of each query gave: counted where an image ends, and read where the next page is chosen.

    search   asked:ARM     its pages
             given:ARM     image URLs on them
    fetch    judged:ARM    of these, what came to no candidate
    dedupe   judged:ARM    the others
             new:ARM       of these, what survived

An arm is a query at a source, and a bucket of its pages: ``openverse/en/2/whippet dog``. Bucket 0 is the first page, 1
the second, 2 the third and the fourth, 3 the next four, and so on: few counts however many pages, and the last buckets
tell of the last pages. All of it are counts in ``progress``, and so as durable and as exact as these.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from synsift.pipelines.records import FoundBy, ImageUrl
from synsift.pipelines.stages.tally import Count

ASKED: Final = "asked:"
GIVEN: Final = "given:"
JUDGED: Final = "judged:"
NEW: Final = "new:"
PREFIXES: Final = (ASKED, GIVEN, JUDGED, NEW)
UNIQUE: Final = "unique"
"""Count of the survivors of a synset."""

_TAKEN_FOR_NEW: Final = 10
"""Image URLs that are taken for judged, and new, before any are."""
Arm = tuple[str, str, str]
"""Source, language and text of a query."""


def bucket_of(page: int) -> int:
    """The bucket of a page; pages count from 0."""
    return page.bit_length()


def arm_count(prefix: str, wnid: str, found_by: FoundBy) -> tuple[Count, ...]:
    """One more image of an arm; none where pages come in their order.

    Args:
        prefix: Of the count's name.
        wnid: The image's synset.
        found_by: Its origin.
    """
    if not found_by.page:
        return ()
    return (Count(wnid, name_of(prefix, (found_by.source, found_by.lang, found_by.query), found_by.page - 1)),)


def ends_of(record: ImageUrl, outcome: str, *, is_candidate: bool) -> list[Count]:
    """What an image URL counts for that came to its end; as a candidate its end is still to come."""
    counts = [Count(record.wnid, outcome)]
    return counts if is_candidate else [*counts, *arm_count(JUDGED, record.wnid, record.found_by)]


def name_of(prefix: str, arm: Arm, page: int) -> str:
    """The name of a count."""
    source, lang, text = arm
    return f"{prefix}{source}/{lang}/{bucket_of(page)}/{text}"


@dataclass(slots=True)
class Pages:
    """What the pages of a bucket gave.

    Attributes:
        asked: How many they are.
        given: Image URLs.
        judged: Those that came to their end.
        new: Those of which a survivor came.
    """

    asked: int = 0
    given: int = 0
    judged: int = 0
    new: int = 0

    def add(self, other: "Pages", sign: int = 1) -> None:
        """Add another's, or take it back with -1."""
        self.asked += sign * other.asked
        self.given += sign * other.given
        self.judged += sign * other.judged
        self.new += sign * other.new

    @property
    def on_the_way(self) -> int:
        """Image URLs without an end yet. What is tried again ends twice."""
        return max(0, self.given - self.judged)

    @property
    def expected(self) -> float:
        """Survivors when all have ended, if the rest is as what was judged (Laplace's rule of succession)."""
        new, judged = max(0, self.new), max(0, self.judged, self.new)
        return new + self.on_the_way * (new + 1) / (judged + 2)


@dataclass(slots=True)
class Yields:
    """What the queries of a synset gave.

    Attributes:
        unique: Its survivors, of whatever query.
        arms: By arm and bucket.
    """

    unique: int = 0
    arms: dict[Arm, dict[int, Pages]] = field(default_factory=dict)

    def add(self, counts: Mapping[str, int]) -> None:
        """Add the counts of a record of ``progress``."""
        self.unique += counts.get(UNIQUE, 0)
        for name, number in counts.items():
            kind, found, rest = name.partition(":")
            if found and kind in _KINDS:
                self._add(kind, rest, number)

    def _add(self, kind: str, name: str, number: int) -> None:
        source, lang, bucket, text = (*name.split("/", 3), "", "", "", "")[:4]
        if not bucket.isdecimal():
            return  # a stranger's
        buckets = self.arms.setdefault((source, lang, text), {})
        pages = buckets.setdefault(int(bucket), Pages())
        setattr(pages, kind, getattr(pages, kind) + number)

    def _all(self) -> Iterator[Pages]:
        return (pages for buckets in self.arms.values() for pages in buckets.values())

    @property
    def judged(self) -> int:
        """Image URLs that came to their end."""
        return sum(pages.judged for pages in self._all())

    @property
    def on_the_way(self) -> int:
        """Image URLs without an end yet."""
        return sum(pages.on_the_way for pages in self._all())

    @property
    def share(self) -> float:
        """Survivors of an image URL, by what was judged; all, before anything was, so that too few are asked for."""
        all_pages = total(self._all())
        new, judged = max(0, all_pages.new), max(0, all_pages.judged)
        return min(1.0, (new + _TAKEN_FOR_NEW) / (judged + _TAKEN_FOR_NEW))

    def recent(self, arm: Arm, asked: int) -> Pages:
        """What the last pages of an arm gave, at least half of all.

        Args:
            arm: Which.
            asked: How many pages of it were asked for; at least one.
        """
        last = bucket_of(asked - 1)
        buckets = self.arms.get(arm, {})
        return total(buckets[bucket] for bucket in {last, max(0, last - 1)} if bucket in buckets)

    def first_pages(self) -> Iterable[tuple[Arm, Pages]]:
        """What the first page of each arm gave."""
        return ((arm, buckets[0]) for arm, buckets in self.arms.items() if 0 in buckets)


def total(found: Iterable[Pages]) -> Pages:
    """All together."""
    pages = Pages()
    for each in found:
        pages.add(each)
    return pages


_KINDS: Final = frozenset(prefix.rstrip(":") for prefix in PREFIXES)
