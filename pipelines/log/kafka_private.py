"""All that we use of kafka-python and that kafka-python doesn't promise: named here, and used through here alone.

Its version is pinned (pyproject.toml). When a new version is tried, tests/test_private_interfaces.py says which of
these it took away; then this module is what to mend.
"""

from collections.abc import Mapping
from typing import Any, Final

STANDS_ON: Final[Mapping[str, tuple[str | None, str]]] = {
    "kafka.consumer.group.KafkaConsumer#_fetcher": (None, "see take_up_again"),
    "kafka.consumer.fetcher.Fetcher#_next_partition_records": (None, "see take_up_again"),
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
