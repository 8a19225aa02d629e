"""Deadlines for what kafka-python waits for without one: ends of transactions, and reads that come to no end."""

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from kafka import errors as kafka_errors

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
