"""Follows the topic ``controls`` in a thread of its own: each stage has a fresh view, whatever it does.

    begin ──all that stands there is read──▶ view ──every 0.3 s what is new──▶ view ──▶ … ──▶ end
                                              └─ the log is away ──▶ the last view holds, and later all is read

A record that can't be read is passed by, counted, and named once.
"""

import itertools
import logging
import threading
from collections.abc import Iterable
from typing import Final

from synsift.dedupe import MatchOptions
from synsift.dedupe.verdicts import DEFAULT_OPTIONS
from synsift.pipelines import topics
from synsift.pipelines.control_records import Control
from synsift.pipelines.controls.view import View
from synsift.pipelines.errors import SynsiftError
from synsift.pipelines.log.base import Follower, Log, Message
from synsift.pipelines.reading import Broken, Skipped, look_at_state
from synsift.pipelines.topics import Router

_log: Final = logging.getLogger(__name__)

_LOOK_S: Final = 0.3
_LEAVE_S: Final = 2.0


class Steering:
    """The controls of a log, as a process knows them. Thread-safe.

    Attributes:
        view: What holds.
    """

    def __init__(self, log: Log, options: MatchOptions = DEFAULT_OPTIONS) -> None:
        """Know nothing yet.

        Args:
            log: Where the topic is.
            options: What counts as near to a fingerprint that is blocked.
        """
        self._logbook = log
        self._router = Router(log.partitions)
        self._skipped = Skipped()
        self._lock = threading.RLock()
        self._users: set[str] = set()
        self._follower: Follower | None = None
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self.view = View(options=options)

    def begin(self, user: str) -> None:
        """Read the topic to its end, and follow it until all users have ended. Doing it again changes nothing.

        Args:
            user: Who wants it.

        Raises:
            LogUnavailable: The log is away.
        """
        with self._lock:
            self._users.add(user)
            if self._follower is None:
                self._open()
            if self._thread is None:
                self._ending = threading.Event()
                self._thread = threading.Thread(target=self._follow, args=(self._ending,), name="controls", daemon=True)
                self._thread.start()

    def end(self, user: str) -> None:
        """A user needs it no more."""
        with self._lock:
            self._users.discard(user)
            thread = self._thread
            if self._users or thread is None:
                return
            self._ending.set()
            self._thread = None
        thread.join(_LEAVE_S)  # a log that doesn't answer holds nobody up; the thread ends by itself

    def _follow(self, ending: threading.Event) -> None:
        is_told = False
        while not ending.wait(_LOOK_S):
            try:
                with self._lock:
                    if self._follower is None:
                        self._open()
                    else:
                        self.view = self._changed(self.view, self._follower.read())
                is_told = False
            except SynsiftError as exc:
                self._close()
                if not is_told:
                    _log.warning("controls can't be read now: %s; what was said before holds", exc)
                is_told = True
            except Exception:  # noqa: BLE001 - whatever strangers wrote: without this thread, nobody would hear anything
                self._close()
                _log.exception("controls could not be taken in; what was said before holds")
        with self._lock:
            if self._thread is None:  # else it is the next one's
                self._close()

    def _open(self) -> None:
        """Read all, as if nothing was known: what was deleted while nobody looked is gone."""
        follower = self._logbook.follow(topics.CONTROLS.name)
        try:
            known = dict.fromkeys(self.view.controls)
            self.view = self._changed(self.view, follower.read(), known)
        except BaseException:
            follower.close()
            raise
        self._follower = follower

    def _close(self) -> None:
        with self._lock:
            if self._follower is not None:
                follower, self._follower = self._follower, None
                follower.close()

    def _changed(self, view: View, messages: Iterable[Message], gone: dict[str, None] | None = None) -> View:
        changes = {**(gone or {}), **said_by(messages, self._router, self._skipped)}
        return view.with_(changes) if changes else view


def said_by(messages: Iterable[Message], router: Router, skipped: Skipped) -> dict[str, Control | None]:
    """What some messages say, by key: the last control of each, or None for one that is deleted."""
    changes: dict[str, Control | None] = {}
    for message in messages:
        found = look_at_state(Control, message, router)
        if isinstance(found, Broken):
            skipped.note(message, found)
        elif found is not None:
            changes[found.key] = found
        elif message.key is not None:
            changes[message.key.decode("utf-8", "replace")] = None
    return changes


def read_view(log: Log, options: MatchOptions = DEFAULT_OPTIONS, skipped: Skipped | None = None) -> View:
    """What holds at this moment, for commands that look once."""
    router, noted = Router(log.partitions), Skipped() if skipped is None else skipped
    parts = (log.read(topics.CONTROLS.name, partition) for partition in range(log.partitions))
    return View(options=options).with_(said_by(itertools.chain.from_iterable(parts), router, noted))
