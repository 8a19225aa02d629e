"""Images that are the same picture, as the crawl found them: what may not stand on two sides of a split."""

from typing import Final

from synsift.pipelines.conflicts import read_conflicts
from synsift.pipelines.log.base import Log
from synsift.pipelines.pairs import Place, places_of
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import Relation
from synsift.pipelines.stage import INPUTS

# A logo or a frame that two images share makes them no copies, and joins thousands.
_JOINING: Final = ("copy", "part_of", "contains")


def pairs_of(log: Log | None) -> list[tuple[Place, Place]] | None:
    """Pairs across synsets and within one; None where the crawl has not looked through all that stand."""
    if log is None:
        return None
    lags = log.lag("conflicts", INPUTS["conflicts"].name)
    if not any(lag.committed for lag in lags) or any(lag.records for lag in lags):
        return None
    found = [places_of(pair) for pair in read_conflicts(log)]
    found += [
        ((relation.wnid, relation.sha256), (relation.wnid, relation.of))
        for relation in read_all(log, Relation)
        if relation.kind in _JOINING
    ]
    return found
