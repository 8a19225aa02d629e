"""Whether what a crawl has left may stay as it is: its targets are reached, and only slow hosts have more."""

from collections.abc import Callable, Mapping
from typing import Final

from synsift.pipelines.log.base import Log
from synsift.pipelines.stage import INPUTS

SEARCH: Final = "search"
FETCH: Final = "fetch"
_STALLS_S: Final = 5.0
"""In which no image URL comes to its end: hosts that want more time between two requests aren't waited for."""


class Remains:
    """Looks at it again and again."""

    def __init__(self, enough: Callable[[], bool] | None) -> None:
        """Look at nothing yet.

        Args:
            enough: Whether the targets are reached; None if there are none, so that all is to be done.
        """
        self._enough = enough
        self._left = -1
        self._since_s = 0.0

    def may_stay(self, log: Log, busy: Mapping[str, float | None], now_s: float) -> bool:
        """Whether it may.

        Args:
            log: The stages' log.
            busy: Stages that have something left to do, and until when they rest, where they do.
            now_s: Of a clock that never goes back.
        """
        if self._enough is None or FETCH not in busy or not set(busy) <= {SEARCH, FETCH}:
            return False
        if SEARCH in busy and busy[SEARCH] is None:
            return False  # it ends its queries as soon as it hears that there is enough
        left = sum(lag.records for lag in log.lag(FETCH, INPUTS[FETCH].name))
        if left != self._left:
            self._left, self._since_s = left, now_s
            return False
        if busy[FETCH] is None and now_s - self._since_s < _STALLS_S:
            return False
        if self._enough():
            return True
        self._since_s = now_s  # to count takes its time
        return False
