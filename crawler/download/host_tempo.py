"""How fast a host is asked: its rate follows its answers. Pure.

    answers as soon as it ever does ──▶ faster by a step        (additive increase), a small one where it refused last
    answers late ─────────────────────▶ slower by a third, down to one request at a time
    refuses, or says nothing ─────────▶ half as fast            (multiplicative decrease), down to its longest delay

As TCP does it (Chiu and Jain 1989), with a rate for its window: many crawlers that ask one host come to equal shares,
and nobody has to know what it can bear. Requests that began before it was slowed down say nothing of the new rate.
"""

from typing import Final

from synsift.crawler.download.host_rules import Pace

LEAST_DELAY_S: Final = 0.01
"""From where a host without a delay is slowed down: a hundred a second."""
_STEP: Final = 0.02  # of the full rate, for each answer
_LARGEST_STEP: Final = 0.05  # of its own rate: a slow host isn't asked twice as often from one answer to the next
# Near the rate at which it was slowed down last it goes on in small steps: each refusal may cost a host's rest.
_NEAR: Final = 0.8
_SMALL: Final = 0.1
_SLOWER: Final = 1.5
_REFUSED: Final = 2.0
# A third more than usual is chance; a host that has to work queues requests, and each waits for all before it.
_LATE_FACTOR: Final = 2.0
# Less, and our own work at full load, or a line over an ocean, looks like a host that has to work.
_LATE_S: Final = 0.5
_SMOOTH: Final = 0.25
_FORGET: Final = 0.01  # of the way to what is usual now, for each answer


class Tempo:
    """The delay of one host, between the bounds of its pace."""

    __slots__ = ("_cut_at_s", "_floor_s", "_limit_per_s", "_smooth_s", "delay_s")

    def __init__(self, pace: Pace) -> None:
        """Begin as fast as may be.

        Attributes:
            delay_s: Between two starts, for now.
        """
        self.delay_s = pace.delay_s
        self._floor_s = -1.0
        self._smooth_s = 0.0
        self._cut_at_s = float("-inf")
        self._limit_per_s = float("inf")

    def answered(self, pace: Pace, *, began_s: float, now_s: float, latency_s: float) -> None:
        """An answer came.

        Args:
            pace: The bounds.
            began_s: When it was asked for.
            now_s: By the same clock.
            latency_s: From asking to its first bytes.
        """
        if self._floor_s < 0:
            self._floor_s = self._smooth_s = latency_s
        self._smooth_s += _SMOOTH * (latency_s - self._smooth_s)
        self._floor_s = min(latency_s, self._floor_s + _FORGET * (latency_s - self._floor_s))
        if self._smooth_s <= _LATE_FACTOR * self._floor_s + _LATE_S:
            self._speed_up(pace)
        elif began_s >= self._cut_at_s:
            self._slow_down(pace, _SLOWER, min(pace.max_delay_s, max(self._smooth_s, self.delay_s)), now_s)

    def refused(self, pace: Pace, *, began_s: float, now_s: float) -> None:
        """It said that this is too much, or nothing at all."""
        if began_s >= self._cut_at_s:
            self._slow_down(pace, _REFUSED, pace.max_delay_s, now_s)

    def keep_within(self, pace: Pace, before: Pace) -> None:
        """Other bounds hold: at once at a host that was never slowed down, in time at one that was."""
        wanted_s = pace.delay_s if self.delay_s <= before.delay_s else self.delay_s
        self.delay_s = max(pace.delay_s, min(wanted_s, pace.max_delay_s))

    def _speed_up(self, pace: Pace) -> None:
        if self.delay_s > pace.delay_s:
            fastest_s, rate = max(pace.delay_s, LEAST_DELAY_S), 1 / self.delay_s
            step = min(_STEP / fastest_s, _LARGEST_STEP * rate)
            delay_s = 1 / (rate + (step * _SMALL if rate >= _NEAR * self._limit_per_s else step))
            self.delay_s = max(pace.delay_s, delay_s) if delay_s > fastest_s else pace.delay_s

    def _slow_down(self, pace: Pace, factor: float, longest_s: float, now_s: float) -> None:
        before_s = max(self.delay_s, LEAST_DELAY_S)
        self._limit_per_s = 1 / before_s
        self.delay_s = max(pace.delay_s, min(longest_s, factor * before_s))
        self._cut_at_s = now_s
