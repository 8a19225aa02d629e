"""Deadlines for what kafka-python waits for without one.

They are: ends of transactions, reads that come to no end, joins that come to none, and coordinators that are silent.
"""

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from kafka import errors as kafka_errors

from synsift.pipelines.errors import FencedError

R = TypeVar("R")

CALL_S: Final = 30.0
"""A broker that is there answers within seconds; one that elects a leader, within some ten."""


def bounded(work: Callable[[], R], what: str, timeout_s: float = CALL_S) -> R:
    """Do something in a thread, and wait for it no longer than that.

    What outlasts its deadline goes on in its thread, and nobody waits for it: its client must not be used again.

    Raises:
        KafkaTimeoutError: It took longer.
    """
    results: list[R] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as exc:  # noqa: BLE001 - raised again where it is waited for
            errors.append(exc)

    thread = threading.Thread(target=run, name=f"kafka-{what}", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if errors:
        raise errors[0]
    if not results:
        raise kafka_errors.KafkaTimeoutError(f"{what} had no end within {timeout_s:.0f} s")
    return results[0]


class Hearing:
    """Notices that a member is in its group no longer, or never comes in, and doesn't know. Time is an argument."""

    def __init__(self, session_s: float, now_s: float) -> None:
        """Begin to listen.

        Args:
            session_s: After so long without a heartbeat, the coordinator takes a member for dead.
            now_s: The time, as in ``check``.
        """
        self._silence_s = _SESSIONS * session_s
        self._since_s = now_s
        self._is_settled = False

    def check(self, *, is_settled: bool, heard_s: float, now_s: float) -> None:
        """Say how it is.

        Args:
            is_settled: Whether the client believes that it is in the group.
            heard_s: When the coordinator last answered a heartbeat.
            now_s: The time.

        Raises:
            FencedError: For some sessions nothing was heard, or for some minutes joining had no end. Nothing is wrong
                with the log, perhaps, but with this client.
        """
        if is_settled != self._is_settled:
            self._is_settled, self._since_s = is_settled, now_s
        silent_s = now_s - max(self._since_s, heard_s if is_settled else self._since_s)
        if is_settled and silent_s > self._silence_s:
            raise FencedError(f"the group's coordinator was silent for {silent_s:.0f} s")
        if not is_settled and silent_s > _JOINING_S:
            raise FencedError(f"joining the group had no end within {silent_s:.0f} s")


# A coordinator drops a member after one session; more of them, and a broker that restarts needs no new clients.
_SESSIONS: Final = 3
# Brokers wait for the slowest member before they let anyone in. Who begins to join anew holds nobody up by that.
_JOINING_S: Final = 90.0


class Progress:
    """Notices that something comes no further."""

    def __init__(self, what: str, timeout_s: float = CALL_S) -> None:
        self._what = what
        self._timeout_s = timeout_s
        self._seen: object = None
        self._since_s = time.monotonic()

    def at(self, place: object) -> None:
        """Say where it is.

        Raises:
            KafkaTimeoutError: It has been there for too long.
        """
        now_s = time.monotonic()
        if place != self._seen:
            self._seen, self._since_s = place, now_s
        elif now_s - self._since_s > self._timeout_s:
            raise kafka_errors.KafkaTimeoutError(f"{self._what} came no further for {self._timeout_s:.0f} s")
