"""One flipped bit in a broker's file costs the batch it stands in, named record by record, and stops nothing."""

import random
import struct
import tracemalloc
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from kafka import OffsetAndMetadata, TopicPartition
from kafka.consumer import fetcher
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from deploy.local import services
from synsift.pipelines.log.base import Message
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_private import (
    MOST_POLLED_BYTES,
    MOST_RECORD_BYTES,
    MOST_UNPACKED_BYTES,
    Damage,
    last_delta,
    read_whatever_comes,
)
from synsift.pipelines.log.kafka_topics import KafkaTopics, Shape
from tests.pipelines.log.contract import INPUT, OUTPUT, PARTITIONS, Owner, entry, poll_all

HEADER_BYTES = 61


@contextmanager
def damaged_broker(folder: Path, topic: str, *, compression: str = "") -> Iterator[KafkaLog]:
    """A log with three batches of three records on a partition of a topic, of which the second has a flipped bit."""
    broker = services.kafka(folder / "kafka")
    with services.running(broker):
        address = KafkaAddress(f"127.0.0.1:{broker.port}", session_timeout_s=3.0, compression=compression)
        KafkaTopics(address).create(Shape(PARTITIONS))
        log = KafkaLog(address, partitions=PARTITIONS)
        for batch in range(3):
            log.produce([entry(f"{batch}-{n}", topic=topic) for n in range(3)])
        log.close()
        broker.stop()
        flip(next((folder / "kafka").rglob(f"{topic}-0/*0.log")), batch=2)
        broker.start()
        log = KafkaLog(address, partitions=PARTITIONS)
        yield log
        log.close()


def flip(segment: Path, *, batch: int) -> None:
    """Flip a bit in the last byte of a batch; the ends of transactions are batches, too."""
    data = bytearray(segment.read_bytes())
    at = 0
    for _ in range(batch):
        at += 12 + int.from_bytes(data[at + 8 : at + 12], "big")
    length = int.from_bytes(data[at + 8 : at + 12], "big")
    data[at + 12 + length - 1] ^= 1
    segment.write_bytes(data)


def shown(messages: list[Message]) -> list[str]:
    return ["damaged" if message.damage else (message.value or b"").decode() for message in messages]


GOOD = ["0-0", "0-1", "0-2", "damaged", "damaged", "damaged", "2-0", "2-1", "2-2"]


@pytest.mark.slow
def test_a_damaged_batch_of_a_state_is_named_and_passed_by(tmp_path: Path) -> None:
    with damaged_broker(tmp_path, OUTPUT) as log:
        found = list(log.read(OUTPUT, 0))
        assert shown(found) == GOOD
        lost = [message for message in found if message.damage]
        assert [message.offset for message in lost] == [4, 5, 6]
        assert all(message.key is None and message.value is None for message in lost)
        assert all("checksum" in message.damage for message in lost)
        assert shown(list(log.read(OUTPUT, 0, start=5))) == GOOD[4:]


@pytest.mark.slow
@pytest.mark.parametrize("compression", ["", "gzip", "zstd"])
def test_a_member_reads_on_behind_a_damaged_batch(tmp_path: Path, compression: str) -> None:
    with damaged_broker(tmp_path, INPUT, compression=compression) as log:
        owner = Owner()
        member = log.join("group", INPUT, owner)
        found = poll_all(member, len(GOOD))
        assert shown(found) == GOOD
        member.close()


def packed_batch(codec: int, value: bytes) -> bytes:
    """A batch of one record, of which the value is long."""
    batch = DefaultRecordBatchBuilder(
        magic=2, compression_type=codec, is_transactional=False, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=len(value) + 1_000,
    )  # fmt: skip
    batch.append(0, 1, b"key", value, [])
    return bytes(batch.build())


@pytest.mark.parametrize("codec", [DefaultRecordBatch.CODEC_GZIP, DefaultRecordBatch.CODEC_ZSTD])
def test_a_batch_that_unpacks_to_more_than_any_has_is_damage_and_the_next_one_is_read(codec: int) -> None:
    read_whatever_comes()
    bomb, honest = packed_batch(codec, bytes(MOST_UNPACKED_BYTES)), packed_batch(codec, b"x" * 1_000_000)
    assert len(bomb) < MOST_UNPACKED_BYTES / 500
    sent = fetcher.MemoryRecords(bomb + honest)
    (lost,) = list(sent.next_batch())
    assert (lost.offset, lost.key, lost.value) == (0, None, None)
    assert b"it unpacks to more than 64 MB" in lost.headers[0][1]
    assert [record.value for record in sent.next_batch()] == [b"x" * 1_000_000]


@pytest.mark.parametrize("codec", [DefaultRecordBatch.CODEC_GZIP, DefaultRecordBatch.CODEC_ZSTD])
def test_a_packed_batch_whose_bytes_are_others_is_damage(codec: int) -> None:
    read_whatever_comes()
    whole, rng = packed_batch(codec, bytes(range(256)) * 40), random.Random(1)  # noqa: S311 - to be repeated
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(HEADER_BYTES, len(data))] = rng.randrange(256)
        cut = bytes(data[: rng.choice([len(data), rng.randrange(HEADER_BYTES + 1, len(data))])])
        head = cut[:8] + struct.pack(">i", len(cut) - 12) + cut[12:]
        (record,) = list(fetcher.MemoryRecords(head).next_batch())
        is_damage = record.value is None and bool(record.headers) and isinstance(record.headers[0][1], Damage)
        assert is_damage or isinstance(record.value, bytes)


@dataclass
class Poll:
    """What ``Fetcher.fetched_records`` asks of subscriptions: one partition, read from its beginning."""

    position: OffsetAndMetadata = field(default_factory=lambda: OffsetAndMetadata(0, "", -1))
    highwater: int | None = None

    @property
    def assignment(self) -> dict[TopicPartition, "Poll"]:
        return {PLACE: self}

    def is_assigned(self, _: TopicPartition) -> bool:
        return True

    is_fetchable = is_assigned

    def is_paused(self, _: TopicPartition) -> bool:
        return False


PLACE = TopicPartition("topic", 0)


def polls(batches: list[bytes], most: int = 500) -> Iterator[list[Any]]:
    """What each poll gives of what a broker sent at once, until nothing is left."""
    read_whatever_comes()
    reader = fetcher.Fetcher.__new__(fetcher.Fetcher)
    reader.config, reader._sensors, reader._subscriptions = {"max_poll_records": most}, None, Poll()
    reader._next_in_line_exception_metadata = None
    reader._completed_fetches, reader._paused_completed_fetches = deque(), {}
    reader._paused_partition_records = {}
    sent = b"".join(struct.pack(">q", number) + batch[8:] for number, batch in enumerate(batches))
    reader._next_partition_records = fetcher.Fetcher.PartitionRecords(0, PLACE, fetcher.MemoryRecords(sent))
    while found := reader.fetched_records()[0].get(PLACE, []):
        yield found


def test_a_poll_ends_once_what_it_unpacked_is_much() -> None:
    large = packed_batch(DefaultRecordBatch.CODEC_ZSTD, bytes(MOST_POLLED_BYTES // 4))
    found = [[record.offset for record in poll] for poll in polls([large] * 10)]
    assert found == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_poll_of_small_records_ends_where_it_was_asked_to() -> None:
    small = packed_batch(DefaultRecordBatch.CODEC_ZSTD, b"value")
    assert [len(poll) for poll in polls([small] * 25, most=10)] == [10, 10, 5]


def test_of_many_large_batches_one_is_unpacked_at_a_time_and_no_huge_record_is_kept() -> None:
    large = packed_batch(DefaultRecordBatch.CODEC_ZSTD, bytes(MOST_UNPACKED_BYTES - 1_000))
    tracemalloc.start()
    try:
        found = [record for poll in polls([large] * 8) for record in poll]
        most_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [record.offset for record in found] == list(range(8))
    assert all(record.value is None and b"a record has 67107" in record.headers[0][1] for record in found)
    assert most_bytes < 3 * MOST_UNPACKED_BYTES


def test_a_record_of_as_much_as_any_has_is_read() -> None:
    read_whatever_comes()
    value = bytes(MOST_RECORD_BYTES - 1_000)
    (record,) = list(fetcher.MemoryRecords(packed_batch(DefaultRecordBatch.CODEC_ZSTD, value)).next_batch())
    assert record.value == value


def test_a_batch_gives_back_what_it_unpacked_behind_its_last_record() -> None:
    read_whatever_comes()
    batch = fetcher.MemoryRecords(packed_batch(DefaultRecordBatch.CODEC_GZIP, bytes(1_000_000))).next_batch()
    record = next(iter(batch))
    assert len(record.value) == 1_000_000
    assert not batch._buffer
    assert list(batch) == []


def test_a_record_of_a_million_headers_is_damage() -> None:
    read_whatever_comes()
    batch = DefaultRecordBatchBuilder(
        magic=2, compression_type=DefaultRecordBatch.CODEC_ZSTD, is_transactional=False, producer_id=-1,
        producer_epoch=-1, base_sequence=-1, batch_size=10_000_000,
    )  # fmt: skip
    batch.append(0, 1, b"key", b"value", [("", None)] * 1_000_000)
    (record,) = list(fetcher.MemoryRecords(bytes(batch.build())).next_batch())
    assert b"a record has 1000000 headers" in record.headers[0][1]


@pytest.mark.parametrize(
    ("said", "count", "following", "last"),
    [
        (2, 3, 7, 2),
        (2, 3, None, 2),
        (500, 3, None, 500),  # compacted
        (500, 3, 7, 3),  # the next batch is there already
        (2**31 - 1, 3, None, 2),
        (-5, 3, None, 2),
        (1, 3, 7, 3),
        (1, 3, None, 2),
        (-1, -1, None, 0),
        (-1, -1, 3, 0),
    ],
)
def test_the_end_of_a_damaged_batch_is_found_from_what_is_left(
    said: int, count: int, following: int | None, last: int
) -> None:
    assert last_delta(3, said, count, following) == last
