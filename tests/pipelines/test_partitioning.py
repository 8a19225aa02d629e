import random

import pytest
from kafka.partitioner.default import murmur2 as murmur2_of_kafka_python

from synsift.pipelines.partitioning import murmur2, partition_of


# Vectors of Apache Kafka's own tests (org.apache.kafka.common.utils.UtilsTest, Apache-2.0), as signed integers.
@pytest.mark.parametrize(
    ("key", "digest"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_the_hash_is_that_of_java_clients(key: str, digest: int) -> None:
    assert murmur2(key.encode()) == digest & 0xFFFFFFFF


@pytest.mark.parametrize("partitions", [1, 4, 16, 214])
def test_other_clients_find_the_same_partition(partitions: int) -> None:
    randoms = random.Random(partitions)  # noqa: S311 - made-up inputs, the same each time
    for _ in range(2_000):
        key = "".join(
            chr(randoms.choice((randoms.randrange(33, 127), 0xE9, 0x4E2D))) for _ in range(randoms.randrange(1, 30))
        )
        assert partition_of(key, partitions) == (murmur2_of_kafka_python(key.encode()) & 0x7FFFFFFF) % partitions


def test_a_key_that_utf_8_cannot_write_has_a_partition() -> None:
    assert 0 <= partition_of("n1\ud800", 16) < 16
