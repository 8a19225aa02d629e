"""One flipped bit in a broker's file costs the batch it stands in, named record by record, and stops nothing."""

import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka.consumer import fetcher
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from deploy.local import services
from synsift.pipelines.log.base import Message
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_private import MOST_UNPACKED_BYTES, Damage, last_delta, read_whatever_comes
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
