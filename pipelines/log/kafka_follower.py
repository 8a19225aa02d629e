"""Reading a whole topic on Kafka, and then what is new, outside of any group."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from kafka import TopicPartition
from kafka import errors as kafka_errors

from synsift.pipelines.log.base import Message
from synsift.pipelines.log.kafka_clients import KafkaAddress, errors_of, message_of
from synsift.pipelines.log.kafka_deadlines import Progress, bounded
from synsift.pipelines.log.kafka_growth import Growth

_POLL_MS: Final = 50
_POLL_RECORDS: Final = 10_000


class KafkaFollower:
    """A reader of a topic, with a connection of its own."""

    def __init__(  # noqa: PLR0913 - made in one place
        self,
        address: KafkaAddress,
        consumer: Any,  # noqa: ANN401 - kafka-python has no types
        topic: str,
        places: Sequence[TopicPartition],
        ends_of: Callable[[list[TopicPartition]], Mapping[TopicPartition, int]],
        growth: Growth | None = None,
    ) -> None:
        self._address = address
        self._consumer = consumer
        self._topic = topic
        self._places = list(places)
        self._ends_of = ends_of
        self._growth = growth
        self._has_begun = False

    def read(self) -> list[Message]:
        """What was written since the last time, in order per partition.

        Raises:
            LogUnavailable: No broker answers.
        """
        with errors_of(self._address):
            if self._has_begun:
                return self._poll(0)
            found = self._read_all()
            self._has_begun = True
            return found

    def close(self) -> None:
        """Release the client."""
        with contextlib.suppress(kafka_errors.KafkaError):
            bounded(lambda: self._consumer.close(autocommit=False), "closing")

    def _read_all(self) -> list[Message]:
        ends = self._ends_of(self._places)
        self._consumer.assign(self._places)
        self._consumer.seek_to_beginning(*self._places)
        found: list[Message] = []
        progress = Progress(f"reading {self._topic}")
        while any((at := self._consumer.position(place)) is None or at < ends[place] for place in self._places):
            progress.at(tuple(self._consumer.position(place) for place in self._places))
            found += self._poll(_POLL_MS)
        return found

    def _poll(self, timeout_ms: int) -> list[Message]:
        polled = self._consumer.poll(timeout_ms, max_records=_POLL_RECORDS)
        found = [message_of(record, self._topic) for records in polled.values() for record in records]
        growth = self._growth
        return found if growth is None else [message for message in found if not growth.is_left_behind(message)]
