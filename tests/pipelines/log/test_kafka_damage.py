"""One flipped bit in a broker's file costs the batch it stands in, named record by record, and stops nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local import services
from synsift.pipelines.log.base import Message
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_private import last_delta
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
@pytest.mark.parametrize("compression", ["", "gzip"])
def test_a_member_reads_on_behind_a_damaged_batch(tmp_path: Path, compression: str) -> None:
    with damaged_broker(tmp_path, INPUT, compression=compression) as log:
        owner = Owner()
        member = log.join("group", INPUT, owner)
        found = poll_all(member, len(GOOD))
        assert shown(found) == GOOD
        member.close()


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
