"""The Kafka log keeps the contract against a real broker, and survives what only Kafka can do to it."""

import itertools
from collections.abc import Callable

import pytest

from pipelines.errors import LogUnavailable
from pipelines.log.base import Log
from pipelines.log.kafka import KafkaLog
from pipelines.log.kafka_clients import KafkaAddress
from pipelines.log.kafka_topics import KafkaTopics, Shape
from tests.pipelines.log.contract import PARTITIONS, LogContract

_prefixes = (f"test{n}-" for n in itertools.count())


@pytest.fixture
def prefix(kafka: KafkaAddress) -> str:
    """Topics of its own for each test."""
    name = next(_prefixes)
    KafkaTopics(kafka, prefix=name).create(Shape(PARTITIONS))
    return name


@pytest.mark.slow
class TestKafkaLog(LogContract):
    @pytest.fixture
    def make_log(self, kafka: KafkaAddress, prefix: str) -> Callable[[], Log]:
        return lambda: KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)

    def let_session_expire(self) -> None:
        """Nothing to do: `kafka` gives members that don't poll two seconds, and the heir waits for them."""


def test_an_unreachable_broker_is_named() -> None:
    with pytest.raises(LogUnavailable, match=r"127\.0\.0\.1:9"):
        KafkaLog(KafkaAddress("127.0.0.1:9", connect_timeout_s=1.0), partitions=PARTITIONS)
