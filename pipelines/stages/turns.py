"""Suspects and all others take turns, so that suspects whose hosts are dead don't keep the others waiting. Pure.

    suspects' turn ──5 s after the first of them began──▶ others' turn
          ▲                                                    │
          └───────three times what the others had waited───────┘

An input that kills does so soon after it began; one that waits for a host that doesn't answer takes as long as that.
"""

from typing import Final

_TURN_S: Final = 5.0
"""From the first suspect on. Longer, and hosts that answer wait longer; shorter, and what is in flight must end more
often for the sake of those that are tried alone."""
_SHARE: Final = 3
"""The others have three quarters of the time. Less, and each of many dead hosts costs them half a minute, for what is
in flight must end before a suspect can begin alone; more, and what kills is found later."""
_IDLE_S: Final = 1.0
"""Who has nothing to do for so long gives the rest of a turn away; it takes a moment to read what may begin."""


class Turns:
    """Whose turn it is. Time is an argument, in seconds."""

    def __init__(self) -> None:
        """Begin with nobody suspected."""
        self._since_s: float | None = None
        self._tried_s: float | None = None
        self._until_s = self._busy_s = 0.0

    def end(self) -> None:
        """Nobody is suspected any more."""
        self._since_s = self._tried_s = None
        self._until_s = 0.0

    def tried(self, now_s: float) -> None:
        """A suspect begins."""
        if self._tried_s is None:
            self._tried_s = now_s

    def are_others(self, now_s: float, *, are_busy: bool) -> bool:
        """Whether it is the turn of those that nothing is held against, as there are suspects.

        Args:
            now_s: By a clock of its caller's.
            are_busy: Whether one of the others waits, or is in flight.
        """
        self._busy_s = now_s if are_busy else self._busy_s
        if now_s < self._until_s and now_s - self._busy_s <= _IDLE_S:
            return True
        self._until_s = 0.0  # what was given away is not taken back
        if self._since_s is None:
            self._since_s, self._tried_s = now_s, None
        if self._tried_s is None or now_s - self._tried_s < _TURN_S:
            return False
        # What the others waited for counts, too: what was in flight had to end before the first could begin alone.
        self._until_s = now_s + _SHARE * (now_s - self._since_s)
        self._since_s, self._busy_s = None, now_s
        return True
