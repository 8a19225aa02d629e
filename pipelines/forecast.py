"""What a plan will ask, how long that takes by what is granted and configured, and what it may find: before asking."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from synsift.crawler.download.quotas import Quota
from synsift.crawler.sources.registry import registry
from synsift.pipelines.image_sources import Ask

_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected of one source.

    Attributes:
        source: Its name.
        queries: That are planned, each at least one request.
        synsets: For which.
        minutes: How long that takes at least, by what is granted and by the delay between requests.
        most: How many images it can find at most; 0 if nobody says.
    """

    source: str
    queries: int
    synsets: int
    minutes: float
    most: int


def forecasts(
    asks: Iterable[Ask], quotas: Mapping[str, Quota], *, limit: int = 0, delay_s: float = 0.0
) -> Iterator[Forecast]:
    """What is to be expected of each source.

    Args:
        asks: Whom to ask for what.
        quotas: What all workers together may ask, by source.
        limit: Image URLs a synset; 0 for no limit.
        delay_s: Time between two requests to a source, as configured.
    """
    queries: Counter[str] = Counter()
    synsets: dict[str, set[str]] = {}
    for name, query in asks:
        queries[name] += 1
        synsets.setdefault(name, set()).add(query.wnid)
    for name, number in queries.items():
        depth = registry().about(name).depth
        bounds = [bound for bound in (number * depth, len(synsets[name]) * limit) if bound]
        minutes = max(number * delay_s / 60, minutes_of(number, quotas[name]) if name in quotas else 0.0)
        yield Forecast(name, number, len(synsets[name]), minutes, min(bounds, default=0))


def minutes_of(requests: int, quota: Quota) -> float:
    """How long some requests take at least."""
    at_its_pace = requests / quota.per_minute
    if not quota.per_day:
        return at_its_pace
    full_days, rest = divmod(max(0, requests - 1), quota.per_day)
    return full_days * _MINUTES_A_DAY + (rest + 1) / quota.per_minute


def duration_text(minutes: float) -> str:
    """A time for people: ``3 min``, ``5 h``, ``12 days``."""
    if minutes < 1:
        return "< 1 min" if minutes else ""
    if minutes < 120:
        return f"{minutes:.0f} min"
    if minutes < 2 * _MINUTES_A_DAY:
        return f"{minutes / 60:.0f} h"
    return f"{minutes / _MINUTES_A_DAY:.0f} days"
