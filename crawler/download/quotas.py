"""What an owner grants to a whole installation, dealt out among its workers without a coordinator."""

import datetime
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from synsift.crawler.download.host_rules import Pace

_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Quota:
    """What may be asked of an owner's hosts, by all workers together.

    Attributes:
        domains: Registered domains of its hosts, which are one host as far as politeness goes; the first is its key.
        per_minute: Requests a minute.
        at_once: Requests in flight.
        per_day: Requests a day, by UTC; 0 for any number.
    """

    domains: tuple[str, ...]
    per_minute: float
    at_once: int
    per_day: int = 0

    @property
    def key(self) -> str:
        """The key of all its hosts."""
        return self.domains[0]

    def tightened(self, other: "Quota") -> "Quota":
        """The least of two that are of the same hosts."""
        per_day = min((number for number in (self.per_day, other.per_day) if number), default=0)
        domains = tuple(dict.fromkeys((*self.domains, *other.domains)))
        return Quota(domains, min(self.per_minute, other.per_minute), min(self.at_once, other.at_once), per_day)

    def bounds(self, pace: Pace, share: float) -> Pace:
        """A pace within a worker's share of the quota, which is of (0, 1]. Each may have one request in flight."""
        places = max(1, math.floor(self.at_once * share))
        delay_s = max(pace.delay_s, 60.0 / (self.per_minute * share))
        return Pace(delay_s, min(pace.places, places), max(delay_s, pace.max_delay_s) if pace.max_delay_s else 0.0)


def day_of(now_s: float) -> str:
    """The day, by UTC, such as ``2026-11-26``."""
    return datetime.datetime.fromtimestamp(now_s, datetime.UTC).date().isoformat()


def next_day_s(now_s: float) -> float:
    """When the next day begins, by UTC, in Unix time."""
    return (now_s // _DAY_S + 1) * _DAY_S


class Shares:
    """Paces of hosts, within a worker's share of what their owners grant."""

    def __init__(self, pace_of: Callable[[str], Pace], quotas: Mapping[str, Quota], share: float) -> None:
        """Make them.

        Args:
            pace_of: As configured.
            quotas: By key.
            share: Of this worker, of (0, 1].
        """
        self._pace_of = pace_of
        self._quotas = quotas
        self._share = share

    def of(self, key: str) -> Pace:
        """How hard a host may be hit by this worker."""
        pace, quota = self._pace_of(key), self._quotas.get(key)
        return pace if quota is None else quota.bounds(pace, self._share)
