"""Whether what a crawl has left may stay as it is: all its targets are reached, and it asks no source any more."""

import time
from collections.abc import Callable, Mapping
from typing import Final

SEARCH: Final = "search"
FETCH: Final = "fetch"
_LOOK_S: Final = 2.0
_SHARE: Final = 20.0
"""Counting images takes its time: of twenty seconds, one."""


class Remains:
    """Looks at it again and again."""

    def __init__(self, enough: Callable[[], bool] | None) -> None:
        """Look at nothing yet.

        Args:
            enough: Whether the targets are reached; None if there are none, so that all is to be done.
        """
        self._enough = enough
        self._next_s = 0.0

    def may_stay(self, busy: Mapping[str, float | None]) -> bool:
        """Whether it may.

        Args:
            busy: Stages that have something left to do, and until when they rest, where they do.
        """
        if self._enough is None or FETCH not in busy or busy.get(SEARCH, 0.0) is None:
            return False  # a search ends its queries as soon as it hears that there is enough
        begun_s = time.monotonic()
        if begun_s < self._next_s:
            return False
        may = self._enough()
        took_s = time.monotonic() - begun_s
        self._next_s = begun_s + max(_LOOK_S, _SHARE * took_s)
        return may
