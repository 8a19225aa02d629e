"""All that we use of kafka-python and that kafka-python doesn't promise: named here, and used through here alone.

Its version is pinned (pyproject.toml). When a new version is tried, tests/test_private_interfaces.py says which of
these it took away; then this module is what to mend.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

from kafka.record import default_records

STANDS_ON: Final[Mapping[str, tuple[str | None, str]]] = {
    "kafka.consumer.group.KafkaConsumer#_fetcher": (None, "see take_up_again"),
    "kafka.consumer.fetcher.Fetcher#_next_partition_records": (None, "see take_up_again"),
    "kafka.consumer.group.KafkaConsumer#_subscription": (None, "see watch_resets"),
    "kafka.consumer.subscription_state.SubscriptionState.request_offset_reset": (
        "(self, partition, offset_reset_strategy)",
        "see watch_resets",
    ),
    "kafka.consumer.group.KafkaConsumer#_coordinator": (None, "see last_heard_s"),
    "kafka.coordinator.base.BaseCoordinator#heartbeat": (None, "see last_heard_s"),
    "kafka.coordinator.heartbeat.Heartbeat#last_receive": (None, "see last_heard_s"),
    "kafka.record.default_records.DefaultRecordBatch._read_msg": ("(self, decode_varint)", "see read_any_header"),
    "kafka.record.default_records.DefaultRecordBatch#_buffer": (None, "see read_any_header"),
    "kafka.record.default_records.DefaultRecordBatch#_pos": (None, "see read_any_header"),
}
"""Dotted name, after ``#`` an attribute of its objects → its parameters, None if it isn't called, and why we use it."""


def take_up_again(consumer: Any) -> None:  # noqa: ANN401 - kafka-python has no types
    """Let a consumer read partitions that were resumed.

    kafka-python 3.0 sets records of a paused partition aside, and takes them up again only where
    ``_next_partition_records`` is None; but it leaves there what it has emptied, so that a resumed partition would
    neither be read nor fetched again.
    """
    fetcher = consumer._fetcher  # noqa: SLF001 - no other way
    if not fetcher._next_partition_records:  # noqa: SLF001
        fetcher._next_partition_records = None  # noqa: SLF001


def last_heard_s(consumer: Any) -> float:  # noqa: ANN401
    """When the group's coordinator last answered a heartbeat, by the monotonic clock; minus infinity for never.

    kafka-python 3.0 has a member that is cut off stay what it was: its state says that it is in the group.
    """
    heard: float = consumer._coordinator.heartbeat.last_receive  # noqa: SLF001 - no other way
    return heard


def watch_resets(consumer: Any, note: Callable[[Any, int], None]) -> None:  # noqa: ANN401
    """Be told of a partition and its position whenever a consumer must leave it: the log has no such record any more.

    kafka-python 3.0 goes on where the log begins, and says so to nobody.
    """
    subscription = consumer._subscription  # noqa: SLF001 - no other way
    request = subscription.request_offset_reset

    def noted(partition: Any, offset_reset_strategy: Any = None) -> None:  # noqa: ANN401
        position = subscription.assignment[partition].position
        if position is not None:
            note(partition, position.offset)
        request(partition, offset_reset_strategy)

    subscription.request_offset_reset = noted


class _LenientText(bytes):
    """The bytes of a name, which may be no UTF-8."""

    def decode(self, *_arguments: str, **_named: str) -> str:
        return super().decode("utf-8", "backslashreplace")


class _LenientBuffer(bytearray):
    """A batch of records whose parts are lenient texts."""

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401
        found = super().__getitem__(place)
        return _LenientText(found) if isinstance(place, slice) else found


def read_any_header() -> None:
    """Have consumers read records whose headers' names are no UTF-8: what isn't comes escaped.

    Brokers take such records. kafka-python 3.0 calls them corrupt and never gets past them.
    """
    kind = default_records.DefaultRecordBatch
    strict = kind._read_msg  # noqa: SLF001

    @functools.wraps(strict)
    def read(batch: Any, *arguments: Any) -> Any:  # noqa: ANN401
        begin = batch._pos  # noqa: SLF001
        try:
            return strict(batch, *arguments)
        except UnicodeDecodeError:
            buffer, batch._pos = batch._buffer, begin  # noqa: SLF001
            batch._buffer = _LenientBuffer(buffer)  # noqa: SLF001
            try:
                return strict(batch, *arguments)
            finally:
                batch._buffer = buffer  # noqa: SLF001

    if not getattr(kind, "synsift_reads_any_header", False):
        kind._read_msg, kind.synsift_reads_any_header = read, True  # noqa: SLF001
