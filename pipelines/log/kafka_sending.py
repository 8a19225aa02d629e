"""Batches of records into kafka-python's producer, whole, and not record by record.

``KafkaProducer.send`` checks, measures, sums up and writes each record by itself, with a future of its own: 40 µs of a
worker's time a record, beside 2 when a batch is written at once (``kafka_records``). What becomes of a batch then,
transactions, order, tries and time-outs, stays kafka-python's. As ``kafka_private``, this names what it uses beyond
kafka-python's promises; tests/test_private_interfaces.py says what a new version took away.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from kafka import TopicPartition
from kafka.errors import IllegalStateError, KafkaTimeoutError
from kafka.producer.future import FutureRecordMetadata
from kafka.producer.producer_batch import ProducerBatch
from kafka.record.memory_records import MemoryRecordsBuilder

from synsift.pipelines.log.kafka_records import Packed, packed, value_of
from synsift.pipelines.topics import Entry

_FORMAT: Final = 2
# Before a batch's records.
_HEADER_BYTES: Final = 61
_FUTURE: Final = (
    "(produce_future, batch_index, timestamp_ms, checksum, serialized_key_size, serialized_value_size,"
    " serialized_header_size)"
)

STANDS_ON: Final[Mapping[str, tuple[str | None, str]]] = {
    "kafka.producer.kafka.KafkaProducer#_accumulator": (None, "see _enqueue"),
    "kafka.producer.kafka.KafkaProducer#_transaction_manager": (None, "see _enqueue"),
    "kafka.producer.transaction_manager.TransactionManager.is_transactional": ("(self)", "see _enqueue"),
    "kafka.producer.transaction_manager.TransactionManager.maybe_add_partition_to_transaction": (
        "(self, topic_partition)",
        "see _enqueue",
    ),
    "kafka.producer.record_accumulator.RecordAccumulator#_appends_in_progress": (None, "see _enqueue"),
    "kafka.producer.record_accumulator.RecordAccumulator#_batches": (None, "see _enqueue"),
    "kafka.producer.record_accumulator.RecordAccumulator#_closed": (None, "see _enqueue"),
    "kafka.producer.record_accumulator.RecordAccumulator#_incomplete": (None, "see _enqueue"),
    "kafka.producer.record_accumulator.RecordAccumulator._tp_lock": ("(self, tp)", "see _enqueue"),
    "kafka.producer.producer_batch.ProducerBatch": ("(tp, records, now)", "see _enqueue"),
    "kafka.producer.producer_batch.ProducerBatch#_record_futures": (None, "see _Futures"),
    "kafka.producer.producer_batch.ProducerBatch#produce_future": (None, "see Sent"),
    "kafka.producer.future.FutureProduceResult.wait": ("(self, timeout)", "see Sent"),
    "kafka.producer.future.FutureRecordMetadata": (_FUTURE, "see _Futures"),
    "kafka.record.memory_records.MemoryRecordsBuilder": (
        "(magic, compression_type, batch_size, offset, transactional, producer_id, producer_epoch, base_sequence)",
        "see _enqueue",
    ),
    "kafka.record.memory_records.MemoryRecordsBuilder#_builder": (None, "see _enqueue"),
    "kafka.record.memory_records.MemoryRecordsBuilder#_next_offset": (None, "see _enqueue"),
    "kafka.record.default_records.DefaultRecordBatchBuilder#_buffer": (None, "see _enqueue"),
    "kafka.record.default_records.DefaultRecordBatchBuilder#_num_records": (None, "see _enqueue"),
    "kafka.record.default_records.DefaultRecordBatchBuilder#_last_offset": (None, "see _enqueue"),
    "kafka.record.default_records.DefaultRecordBatchBuilder#_first_timestamp": (None, "see _enqueue"),
    "kafka.record.default_records.DefaultRecordBatchBuilder#_max_timestamp": (None, "see _enqueue"),
}
"""As in ``kafka_private``."""


class Sent:
    """What becomes of a batch, as ``KafkaProducer.send`` gives it of a record."""

    def __init__(self, batch: Any, count: int) -> None:  # noqa: ANN401 - kafka-python has no types
        """Wait for a batch.

        Args:
            batch: A ``ProducerBatch``.
            count: Its records.
        """
        self._result = batch.produce_future
        batch._record_futures = _Futures(self._result, count)  # noqa: SLF001 - no other way

    def get(self, timeout: float) -> None:
        """Wait until the brokers have all of it.

        Raises:
            KafkaError: They don't, or nobody knows within so many seconds.
        """
        if not (self._result.wait(timeout) and self._result.is_done):
            raise KafkaTimeoutError(f"a batch was not sent within {timeout:.0f} s")
        if self._result.exception is not None:
            raise self._result.exception
        errors_of = self._result.value[2]
        if errors_of is not None:
            raise errors_of(0)


class _Futures:
    """The futures of a batch's records, made when one is asked for: only where brokers find the batch too large.

    kafka-python splits it then, gives each part its records' futures, and tells by these who waits for the whole.
    """

    def __init__(self, result: Any, count: int) -> None:  # noqa: ANN401 - as above
        self._result = result
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Any:  # noqa: ANN401
        return FutureRecordMetadata(self._result, number, None, None, -1, -1, -1)


def enqueue_all(producer: Any, prefix: str, entries: Sequence[Entry]) -> list[Any]:  # noqa: ANN401
    """Hand entries to a producer, those of a partition in their order; they are on their way when it is flushed.

    Args:
        producer: A ``KafkaProducer``.
        prefix: Before the names of topics.
        entries: Of any topics and partitions.

    Returns:
        What becomes of them: each has ``get``.

    Raises:
        KafkaError: The producer is closed, or can't write now; or no broker says what partitions there are.
    """
    by_place: dict[tuple[str, int], list[Entry]] = {}
    for entry in entries:
        by_place.setdefault((entry.topic, entry.partition), []).append(entry)
    found: list[Any] = []
    for (topic, partition), some in by_place.items():
        place, most_bytes = TopicPartition(prefix + topic, partition), int(producer.config["batch_size"])
        is_usual = all(entry.size_bytes < most_bytes for entry in some)
        if is_usual and partition in (producer.partitions_for(place.topic) or ()):
            found += _enqueue(producer, place, packed(some, most_bytes - _HEADER_BYTES))
        else:  # kafka-python sends what is large by itself, and says what is wrong
            found += [_send(producer, place, entry) for entry in some]
    return found


def _send(producer: Any, place: TopicPartition, entry: Entry) -> Any:  # noqa: ANN401
    what = {"key": entry.key, "value": value_of(entry), "headers": list(entry.headers)}
    return producer.send(place.topic, partition=place.partition, **what)


def _enqueue(producer: Any, place: TopicPartition, batches: Iterable[Packed]) -> list[Sent]:  # noqa: ANN401
    accumulator, transactions = producer._accumulator, producer._transaction_manager  # noqa: SLF001
    if transactions is not None and transactions.is_transactional():
        transactions.maybe_add_partition_to_transaction(place)
    now_s, found = time.monotonic(), []
    accumulator._appends_in_progress.increment()  # noqa: SLF001 - who aborts waits until nobody appends
    try:
        with accumulator._tp_lock(place):  # noqa: SLF001
            if accumulator._closed:  # noqa: SLF001
                raise IllegalStateError("the producer is closed")
            for batch in batches:
                made = ProducerBatch(place, _records(accumulator, batch), now=now_s)
                found.append(Sent(made, batch.records))
                accumulator._batches[place].append(made)  # noqa: SLF001
                accumulator._incomplete.add(made)  # noqa: SLF001
    finally:
        accumulator._appends_in_progress.decrement()  # noqa: SLF001
    return found


def _records(accumulator: Any, batch: Packed) -> Any:  # noqa: ANN401
    """Records that are written, as if they had been appended one by one."""
    config = accumulator.config
    records = MemoryRecordsBuilder(_FORMAT, config["compression_attrs"], config["batch_size"])
    builder, now_ms = records._builder, int(time.time() * 1000)  # noqa: SLF001
    builder._buffer += batch.body  # noqa: SLF001
    builder._num_records = records._next_offset = batch.records  # noqa: SLF001
    builder._last_offset = batch.records - 1  # noqa: SLF001
    builder._first_timestamp = builder._max_timestamp = now_ms  # noqa: SLF001
    return records
