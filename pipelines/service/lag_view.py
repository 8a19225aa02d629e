"""What waits on the log, read beside whoever asks: a scrape never waits for a broker, and says how old its view is."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from synsift.pipelines.errors import LogError
from synsift.pipelines.log.base import Lag

_log: Final = logging.getLogger(__name__)
EVERY_S: Final = 3.0
"""Between two readings."""

Lags = Sequence[tuple[str, Sequence[Lag]]]
"""Stage → its partitions."""


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

    def age_s(self) -> float:
        """Since when that stands; since the start, if it was never read."""
        return time.monotonic() - self._found[0]

    def _run(self) -> None:
        while not self._stop.is_set():
            begin_s = time.monotonic()
            try:
                self._found = (begin_s, self._read())
            except LogError as exc:
                _log.debug("lag: %s", exc)
            except Exception as exc:  # noqa: BLE001 - a log that closes as its worker ends; the age tells the rest
                _log.debug("lag", exc_info=exc)
            self._stop.wait(EVERY_S)
