"""When a stage that works at the web's pace commits what has ended. Pure.

On Kafka a transaction costs a worker some 6 ms of CPU and the broker 5, with one image in it as with fifty. So while
more is about to end, what has ended waits a moment. Longer, and whoever takes over from a killed worker asks for more
images again.
"""

import math
from typing import Final

_REST_S: Final = 0.5


class CommitPace:
    """Of one stage. Time is an argument, in seconds."""

    def __init__(self) -> None:
        """Nothing was committed yet."""
        self._rests_until_s = -math.inf

    def is_due(self, now_s: float, *, in_work: int, is_urgent: bool) -> bool:
        """Whether to commit what has ended.

        Args:
            now_s: The time, as in ``committed``.
            in_work: How many inputs have not ended: where there are none, nothing more comes that is worth waiting for.
            is_urgent: Whether somebody waits to know what has ended.
        """
        return is_urgent or not in_work or now_s >= self._rests_until_s

    def committed(self, now_s: float) -> None:
        """Something was."""
        self._rests_until_s = now_s + _REST_S
