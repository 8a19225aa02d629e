"""A stage's place in its group: joined, left and joined anew, with the patience that an outage needs.

in ──the log is away, or this member was declared dead──▶ out ──joined anew──▶ in
                                                           ├─ told to stop ───▶ left
                                                           └─ out of patience ▶ an error
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from synsift.pipelines.errors import FencedError, LogUnavailable
from synsift.pipelines.log.base import Log, Member
from synsift.pipelines.stage import INPUTS, WHOLE
from synsift.pipelines.stages.ledger import Ledger

_log: Final = logging.getLogger(__name__)

# Beside the log's own tries, which take some seconds before they give up.
_WAITS_S: Final = (1.0, 2.0, 5.0)


class Stopped(Exception):
    """The stage was told to stop while it was out of its group."""


class Membership:
    """Joins for a stage. All but ``stop`` is for the thread that polls."""

    def __init__(self, stage: str, log: Log, ledger: Ledger, prepare: Callable[[], None] = lambda: None) -> None:
        """Begin outside. The ledger's ``member`` is there while the stage is in.

        Args:
            stage: Whose group.
            log: Where.
            ledger: Is told of partitions, and that the stage lives while it waits.
            prepare: Read what must be known before any work; may raise what a log that is away does.
        """
        self._prepare = prepare
        self._stage = stage
        self._logbook = log
        self._ledger = ledger
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._stopping.set()

    def join(self, patience_s: float) -> Member:
        """Become a member, however long it takes within the patience.

        Args:
            patience_s: Longest wait for a log that is away.

        Raises:
            LogUnavailable: The log stayed away.
            Stopped: There was no time for it.
        """
        deadline_s = time.monotonic() + patience_s
        waits = iter(_WAITS_S)
        while not self._stopping.is_set():
            self._ledger.beat()
            self._ledger.lives.say()
            try:
                member = self._join()
            except (FencedError, LogUnavailable) as exc:
                wait_s = next(waits, _WAITS_S[-1])
                if time.monotonic() + wait_s > deadline_s:
                    raise
                _log.warning("%s: %s; joining again in %.0f s", self._stage, exc, wait_s)
            else:
                self._ledger.member = member
                return member
            self._stopping.wait(wait_s)
        raise Stopped

    def _join(self) -> Member:
        self._prepare()
        whole = self._stage in WHOLE
        return self._logbook.join(self._stage, INPUTS[self._stage].name, self._ledger, whole=whole)

    def leave(self, *, telling: bool = True) -> None:
        """Leave, as far as the log is there to be told; nothing where it is out.

        Args:
            telling: Whether to say, with what is finished, that nothing is in flight any more.
        """
        member = self._ledger.member
        if member is None:
            return
        if not telling:
            self._ledger.member = None
        try:
            member.close()
        except (FencedError, LogUnavailable) as exc:
            _log.debug("%s: the member is gone: %s", self._stage, exc)
        finally:
            self._ledger.member = None
