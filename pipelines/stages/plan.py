"""``plan``: what to ask for each synset → ``queries``. Asking for the same again plans nothing twice."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from synsift.crawler.queries import SynsetQuery
from synsift.pipelines import topics
from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Broken, read
from synsift.pipelines.records import Query
from synsift.pipelines.topics import Router

_BATCH: Final = 2_000
LISTS: Final = frozenset({"urls", "captions"})
"""Sources whose rows name their synsets themselves, so that no synset's target ends their reading."""
BOUNDED: Final = frozenset({"captions"})
"""Sources whose queries are for many synsets at once, with no more for each than is wanted."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning did.

    Attributes:
        new: Queries that were written.
        known: Queries that had been planned before.
    """

    new: int
    known: int


def plan(log: Log, router: Router, queries: Iterable[SynsetQuery], *, source: str, limit: int = 0) -> Planned:
    """Write the queries for one source; as ``plan_asks``."""
    return plan_asks(log, router, ((source, query) for query in queries), limit=limit)


def plan_asks(
    log: Log, router: Router, asks: Iterable[tuple[str, SynsetQuery]], *, limit: int = 0, want: int = 0
) -> Planned:
    """Write the queries that were not planned before.

    Args:
        log: Where they go.
        router: Makes entries.
        asks: Which image source to ask for what, best first within a synset.
        limit: Image URLs a synset; 0 for no limit. With another limit a query counts as new.
        want: Survivors a synset; 0 for no target. With another target a query counts as new.
    """
    wanted = [
        Query(
            wnid=query.wnid,
            source=source,
            text=query.text,
            lang=query.lang,
            rank=query.rank,
            limit=0 if source in BOUNDED else limit,
            want=0 if source in BOUNDED else want,
        )
        for source, query in asks
    ]
    known = _planned_before(log, router, {router.of_wnid(query.wnid) for query in wanted})
    new = list({_identity(query): query for query in wanted if _identity(query) not in known}.values())
    # Not all at once: a transaction of a whole ontology would outlast its time-out. Cut off, planning again goes on.
    for begin in range(0, len(new), _BATCH):
        log.produce([router.query(query) for query in new[begin : begin + _BATCH]])
    return Planned(len(new), len(wanted) - len(new))


def _planned_before(log: Log, router: Router, partitions: Iterable[int]) -> set[tuple[str, ...]]:
    known: set[tuple[str, ...]] = set()
    for partition in partitions:
        for message in log.read(topics.QUERIES.name, partition):
            query = read(Query, message, router)
            # What is broken becomes search's dead letter.
            if not isinstance(query, Broken) and query.page == 0:
                known.add(_identity(query))
    return known


def _identity(query: Query) -> tuple[str, ...]:
    return query.wnid, query.source, query.text, query.lang, str(query.limit), str(query.want)
