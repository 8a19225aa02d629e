"""Lets one stage of a process have one input in flight, alone: what kills a process then is known.

    open ──enter──▶ closed: nobody begins anything ──nothing in flight any more──▶ the holder's, alone ──leave──▶ open

Thread-safe: every stage asks in a thread of its own.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

PATIENCE_S: Final = 30.0
"""A host may be slow for longer than anybody should wait for it. Then what is in flight is let go, to be begun anew."""


class Gate:
    """One for all stages of a process. They are known by their names."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._holder = ""
        self._since_s = 0.0
        self._is_granted = False

    def enter(self, stage: str) -> bool:
        """Close the gate for a stage, if it is open. True once that one is alone."""
        with self._lock:
            if not self._holder:
                self._holder, self._since_s, self._is_granted = stage, self._clock(), False
            if self._holder != stage or self._busy:
                return False
            self._is_granted = True
            return True

    @property
    def is_wanted(self) -> bool:
        """Whether a stage waits to be alone."""
        with self._lock:
            return bool(self._holder) and not self._is_granted

    def leave(self, stage: str) -> None:
        """Open the gate, if it was this stage that had closed it."""
        with self._lock:
            if self._holder == stage:
                self._holder = ""

    def begin(self, stage: str) -> bool:
        """A stage wants to begin inputs. False if it must not now."""
        with self._lock:
            if self._holder not in ("", stage):
                return False
            self._busy.add(stage)
            return True

    def ended(self, stage: str) -> None:
        """A stage has nothing in flight."""
        with self._lock:
            self._busy.discard(stage)

    def presses(self, stage: str) -> bool:
        """Whether somebody has waited long enough for what this stage has in flight; said once, then anew."""
        with self._lock:
            waits = bool(self._holder) and not self._is_granted
            now_s = self._clock()
            if not waits or stage not in self._busy or now_s - self._since_s <= PATIENCE_S:
                return False
            self._since_s = now_s
            return True
