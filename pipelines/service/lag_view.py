"""What waits on the log, read beside whoever asks: a scrape never waits for a broker, and says how old its view is."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from synsift.pipelines.errors import LogError
from synsift.pipelines.log.base import Lag

_log: Final = logging.getLogger(__name__)
EVERY_S: Final = 3.0
"""Between two readings."""

Lags = Sequence[tuple[str, Sequence[Lag]]]
"""Stage → its partitions."""
_MOST_SEEN: Final = 500
"""Moments remembered of a partition: at most, every other is forgotten."""


class EndsSeen:
    """When the end of a partition was seen where, so that it is known since when a record waits. Time is an argument.

    Logs need not say when a record was written, and clocks of those who write differ: what is seen here is true at
    least (the way of kafka-lag-exporter).
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def __len__(self) -> int:
        """How many moments are remembered."""
        return len(self._seen)

    def waits_s(self, lag: Lag, now_s: float) -> float:
        """Note where the end is; gives since when the first record that isn't done waits, at least. 0 if none does."""
        seen = self._seen
        if not seen or seen[-1][1] != lag.end:
            seen.append((now_s, lag.end))
        while seen and seen[0][1] <= lag.committed:
            seen.popleft()
        if len(seen) > _MOST_SEEN:
            self._seen = deque(one for number, one in enumerate(seen) if not number % 2)
        return now_s - seen[0][0] if seen and lag.records else 0.0


class LagView:
    """The last lags that could be read. Thread-safe."""

    def __init__(self, read: Callable[[], Lags]) -> None:
        """Begin with none.

        Args:
            read: Asks the log; it may take as long as the log does.
        """
        self._read = read
        self._stop = threading.Event()
        self._found: tuple[float, Lags] = (time.monotonic(), ())
        self._ends: dict[tuple[str, int], EndsSeen] = {}
        self._waits_s: Mapping[str, float] = {}
        # A daemon: a reading that hangs with its broker keeps no worker from ending.
        self._thread = threading.Thread(target=self._run, name="lag", daemon=True)

    def start(self) -> None:
        """Read from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more; a reading that is on its way isn't waited for."""
        self._stop.set()

    def lags(self) -> Lags:
        """Stages and their partitions; none before they were read once."""
        return self._found[1]

    def oldest_s(self) -> Mapping[str, float]:
        """Stage → since when its oldest input waits, at least; it goes on waiting while the log doesn't answer."""
        return {stage: waits_s + self.age_s() if waits_s else 0.0 for stage, waits_s in self._waits_s.items()}

    def age_s(self) -> float:
        """Since when that stands; since the start, if it was never read."""
        return time.monotonic() - self._found[0]

    def _run(self) -> None:
        while not self._stop.is_set():
            begin_s = time.monotonic()
            try:
                self.take(begin_s, self._read())
            except LogError as exc:
                _log.debug("lag: %s", exc)
            except Exception as exc:  # noqa: BLE001 - a log that closes as its worker ends; the age tells the rest
                _log.debug("lag", exc_info=exc)
            self._stop.wait(EVERY_S)

    def take(self, now_s: float, lags: Lags) -> None:
        """Show what was read at a moment, in seconds by the monotonic clock."""
        waits_s = {
            stage: max((self._seen(stage, lag).waits_s(lag, now_s) for lag in partitions), default=0.0)
            for stage, partitions in lags
        }
        self._found, self._waits_s = (now_s, lags), waits_s

    def _seen(self, stage: str, lag: Lag) -> EndsSeen:
        return self._ends.setdefault((stage, lag.partition), EndsSeen())
