"""Which page to ask for next: where most new survivors are expected of a request. Pure.

A bandit whose arms are the queries of a synset at all sources. What a request to an arm is worth:

    pages were asked      survivors a page of its last pages, at least half of them; what is on its way counts by the
                          share of survivors among what was judged
    none was asked        what the first pages of the same source and language gave this synset, drawn to what the
                          first pages of the source gave all synsets, drawn to half a page

The best arm is asked, and of others those that are worth nearly as much; each source is asked one page at a time.
So a query whose last pages gave what is there already yields its turn until the better ones have come down to it. No
more is asked for while enough is on its way: image URLs without an end yet, or survivors to be expected of them where
there is a target. Equal arms are asked in the order of the plan. The same counts give the same choice.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from synsift.pipelines.stages.yields import Arm, Pages, Yields, total

WORTH_ASKING: Final = 0.9
"""An arm is asked beside the best if it is worth this part of it."""
_PRIOR_REQUESTS: Final = 1.0
"""How many requests' evidence what is known of a wider class counts for."""
_FRUITLESS_PAGES: Final = 8
"""A query ends when so many pages at least were asked for, and the last half or more of them gave nothing new."""


class NextPage(Protocol):
    """A query for a page."""

    @property
    def source(self) -> str:
        """Whom."""

    @property
    def lang(self) -> str:
        """Language of the text."""

    @property
    def text(self) -> str:
        """For what."""

    @property
    def page(self) -> int:
        """Which page, from 0: so many were asked for before."""


P = TypeVar("P", bound=NextPage)


@dataclass(frozen=True, slots=True)
class Queries(Generic[P]):
    """The queries of a synset.

    Attributes:
        waiting: Those that may be asked, in the order of the plan.
        asked: Those that are being asked.
        coming: Those that will wait in a moment: what is worth less than they is not asked before.
    """

    waiting: Sequence[P]
    asked: Collection[P] = ()
    coming: Collection[NextPage] = ()


@dataclass(frozen=True, slots=True)
class Choice(Generic[P]):
    """What to do with the queries of a synset now.

    Attributes:
        ask: Those to ask, best first.
        fruitless: Those that end, as they give nothing new any more.
        waits: Whether more would be asked for, if less were on its way.
    """

    ask: Sequence[P] = ()
    fruitless: Sequence[P] = ()
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """What bounds a synset's asking.

    Attributes:
        want: Survivors; 0 for no target.
        on_the_way: Most image URLs without an end.
        unheard: Of what is on its way, image URLs of which nothing was heard for so long that they don't count.
    """

    want: int
    on_the_way: int
    unheard: int = 0


class Known:
    """What first pages gave all synsets, by source."""

    def __init__(self, page_size_of: Callable[[str], int]) -> None:
        self._page_size_of = page_size_of
        self._first: dict[str, Pages] = {}

    def add(self, yields: Yields, sign: int = 1) -> None:
        """Add what a synset's gave, or take it back with -1."""
        for (source, _, _), pages in yields.first_pages():
            self._first.setdefault(source, Pages()).add(pages, sign)

    def size_of(self, source: str) -> int:
        """Most images of a page of a source."""
        return self._page_size_of(source)

    def of(self, source: str) -> float:
        """Survivors to be expected of a first page."""
        return _drawn(self._first.get(source, Pages()), self._page_size_of(source) / 2)


def choose(queries: Queries[P], yields: Yields, known: Known, bounds: Bounds) -> Choice[P]:
    """Choose.

    Args:
        queries: Of a synset.
        yields: What those of this synset gave.
        known: What those of all gave.
        bounds: Of this synset.
    """
    fruitless = [query for query in queries.waiting if _is_fruitless(query, yields)]
    left = [query for query in queries.waiting if query not in fruitless] if fruitless else queries.waiting
    known_queries: Iterable[NextPage] = itertools.chain(left, queries.asked, queries.coming)
    worth = {id(query): _worth(query, yields, known) for query in known_queries}
    best = max(worth.values(), default=0.0)
    busy = {query.source for query in queries.asked}
    on_the_way = max(0, yields.on_the_way - bounds.unheard) + sum(
        known.size_of(query.source) for query in queries.asked
    )
    ask: list[P] = []
    for query in sorted(left, key=lambda query: -worth[id(query)]):  # stable: equals stay in the order of the plan
        if query.source in busy or worth[id(query)] < WORTH_ASKING * best:
            continue
        may_be_enough = bounds.want and yields.unique + on_the_way * yields.share >= bounds.want
        if on_the_way >= bounds.on_the_way or (on_the_way and may_be_enough):
            return Choice(ask, fruitless, waits=True)
        ask.append(query)
        busy.add(query.source)
        on_the_way += known.size_of(query.source)
    return Choice(ask, fruitless)


def _worth(query: NextPage, yields: Yields, known: Known) -> float:
    """Survivors to be expected of a request."""
    if query.page:
        pages = yields.recent(_arm(query), query.page)
        return pages.expected / max(1, pages.asked)
    like = (query.source, query.lang)
    first = total(pages for (source, lang, _), pages in yields.first_pages() if (source, lang) == like)
    return _drawn(first, known.of(query.source))


def _is_fruitless(query: NextPage, yields: Yields) -> bool:
    if query.page < _FRUITLESS_PAGES:
        return False
    pages = yields.recent(_arm(query), query.page)
    return pages.new <= 0 and pages.on_the_way == 0


def _arm(query: NextPage) -> Arm:
    return query.source, query.lang, query.text


def _drawn(first: Pages, guess: float) -> float:
    """Survivors of a page, drawn to a guess where there are few requests behind it."""
    return (first.expected + _PRIOR_REQUESTS * guess) / (max(0, first.asked) + _PRIOR_REQUESTS)
