"""How hard hosts may be hit where operators say another delay than the configuration. Pure."""

import dataclasses
from collections.abc import Callable

from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.host_rules import Pace, name_of
from synsift.pipelines.controls.view import View


class _Steered:
    """Paces, with the delays that operators say."""

    def __init__(self, pace_of: Callable[[str], Pace], view: View, parts_of: Callable[[str], int]) -> None:
        self._pace_of = pace_of
        self._view = view
        self._parts_of = parts_of

    def of(self, key: str) -> Pace:
        """How hard it may be hit: a host that is split has so many keys, and each a part of the rate."""
        pace, delay_s = self._pace_of(key), self._view.delay_s(name_of(key))
        if delay_s is None:
            return pace
        delay_s *= self._parts_of(key)
        return Pace(delay_s, pace.places, max(delay_s, pace.max_delay_s) if pace.max_delay_s else 0.0)


def steered(politeness: Politeness, view: View, parts_of: Callable[[str], int]) -> Politeness:
    """A politeness in which the delays of a view hold. A Crawl-delay of the host's own holds beside them.

    Args:
        politeness: As configured.
        view: What operators say.
        parts_of: Over how many keys the host of a key is split.
    """
    if not view.delays:
        return politeness
    return dataclasses.replace(politeness, paces=_Steered(politeness.pace_of, view, parts_of))
