"""When a worker that ends by itself looks at what is left to do. Pure.

A look asks the log a dozen things. In the midst of a crawl it decides nothing; at the end, whoever waits for it.
"""

import math
from typing import Final

# Looks take a twentieth of the time, at most. Where the log is slow, the end of a crawl is seen late by as much.
_REST_RATIO: Final = 20.0
_LONGEST_REST_S: Final = 0.8
_FEW: Final = 200


class Looks:
    """Looks of one worker: at once where little is left and becomes less, else now and then. Time is an argument."""

    def __init__(self) -> None:
        """Look at once."""
        self._next_s = -math.inf
        self._left: int | None = None

    def is_due(self, now_s: float) -> bool:
        """Whether it is time for a look."""
        return now_s >= self._next_s

    def looked(self, left: int, began_s: float, now_s: float) -> None:
        """Note what a look found.

        Args:
            left: Records that are left.
            began_s: When it began.
            now_s: When it ended.
        """
        is_near = left < _FEW and left != self._left
        rest_s = 0.0 if is_near else min(_LONGEST_REST_S, _REST_RATIO * (now_s - began_s))
        self._left, self._next_s = left, now_s + rest_s
