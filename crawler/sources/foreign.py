"""What holds while the code of a source runs, which may be anybody's.

- It ends its page, and not the program, where it wants to end that.
- What it prints goes to standard error: standard output is for data alone.
- Where it doesn't come to an end, it is named: all else may wait for it.
"""

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TextIO

from synsift.crawler.errors import SourceError

_log: Final = logging.getLogger(__name__)

SLOW_S: Final = 5.0
"""How long reading an answer may take before a word is said."""
SLOW_LIST_S: Final = 120.0
"""The same of reading a list, which nothing else waits for: to go on in the midst of one takes its time."""
_LOOK_S: Final = 0.5


@contextlib.contextmanager
def foreign_code(name: str, slow_s: float = SLOW_S) -> Iterator[None]:
    """Run the code of a source.

    Args:
        name: Of the source.
        slow_s: How long it may take before it is named.

    Raises:
        SourceError: It wants to end the program.
    """
    watched = _WATCH.begin(name, slow_s)
    try:
        with printing_to_stderr():
            yield
    except SystemExit as exc:
        raise SourceError(f"the source's code wants to end the program (status {exc.code})") from exc
    finally:
        _WATCH.end(watched)


@contextlib.contextmanager
def printing_to_stderr() -> Iterator[None]:
    """Have whatever is printed go to standard error: by Python, by libraries of C, by processes that are started."""
    _AWAY.begin()
    try:
        yield
    finally:
        _AWAY.end()


class _Away:
    """Standard output, away for as long as anybody wants it to be. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = 0
        self._stream: TextIO | None = None
        self._handle = -1

    def begin(self) -> None:
        with self._lock:
            self._wanted += 1
            if self._wanted > 1:
                return
            self._stream, sys.stdout = sys.stdout, sys.stderr
            _flush(self._stream)  # what was printed before is data
            with contextlib.suppress(OSError):
                self._handle = os.dup(1)
                os.dup2(2, 1)

    def end(self) -> None:
        with self._lock:
            self._wanted -= 1
            if self._wanted:
                return
            if self._stream is not None:
                _flush(self._stream)  # by somebody who had it from before
                sys.stdout, self._stream = self._stream, None
            if self._handle >= 0:
                os.dup2(self._handle, 1)
                os.close(self._handle)
                self._handle = -1


def _flush(stream: TextIO | None) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if stream is not None:
            stream.flush()


@dataclass(slots=True)
class _Running:
    name: str
    begun_s: float
    slow_s: float
    is_told: bool = False


class _Watch:
    """Looks at what runs, from a thread of its own: an event loop that is held up can't say so."""

    def __init__(self) -> None:
        self._running: dict[int, _Running] = {}
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def begin(self, name: str, slow_s: float) -> int:
        one = _Running(name, time.monotonic(), slow_s)
        self._running[id(one)] = one
        # In a process that was forked of one that had it there is none.
        if self._thread is None or not self._thread.is_alive():
            with self._lock:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._look, name="foreign-code", daemon=True)
                    self._thread.start()
        return id(one)

    def end(self, number: int) -> None:
        del self._running[number]

    def _look(self) -> None:
        while True:
            time.sleep(_LOOK_S)
            now_s = time.monotonic()
            for one in list(self._running.values()):
                if not one.is_told and now_s - one.begun_s >= one.slow_s:
                    one.is_told = True
                    _log.warning(
                        "source %s: its code has been at work on one thing for %.0f s, and may hold up all others; "
                        "Ctrl-C twice ends this at once, and loses nothing",
                        one.name,
                        now_s - one.begun_s,
                    )


_AWAY: Final = _Away()
_WATCH: Final = _Watch()
