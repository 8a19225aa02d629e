"""Both logs let a fleet be steered."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from synsift.pipelines.controls.steering import Steering
from synsift.pipelines.errors import LogUnavailable
from synsift.pipelines.log.base import Follower, Log, Message
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.sqlite import SqliteLog
from tests.pipelines.controls.contract import SteeringContract, wait_for
from tests.pipelines.controls.said import control, say
from tests.pipelines.log.contract import PARTITIONS
from tests.pipelines.log.test_kafka import prefix  # noqa: F401 - a fixture


class TestOnSqlite(SteeringContract):
    @pytest.fixture
    def make_log(self, tmp_path: Path) -> Callable[[], Log]:
        return lambda: SqliteLog(tmp_path / "log.db", partitions=PARTITIONS)


@pytest.mark.slow
class TestOnKafka(SteeringContract):
    @pytest.fixture
    def make_log(self, kafka: KafkaAddress, prefix: str) -> Callable[[], Log]:  # noqa: F811 - as above
        return lambda: KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)


class Away(SqliteLog):
    """A log that can be away."""

    is_away = False

    def follow(self, topic: str) -> Follower:
        return Flaky(self, super().follow(topic))


class Flaky:
    def __init__(self, log: Away, inner: Follower) -> None:
        self._log = log
        self._inner = inner

    def read(self) -> list[Message]:
        if self._log.is_away:
            raise LogUnavailable("away")
        return self._inner.read()

    def close(self) -> None:
        self._inner.close()


def test_while_the_log_is_away_the_last_word_holds_and_later_the_next_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = Away(tmp_path / "log.db", partitions=PARTITIONS)
    say(log, control("drop", "synset", "n1"))
    steering = Steering(log)
    log.is_away = True
    with pytest.raises(LogUnavailable):
        steering.begin("fetch")
    log.is_away = False
    steering.begin("fetch")
    try:
        log.is_away = True
        with caplog.at_level(logging.WARNING):
            wait_for(lambda: any("can't be read now" in line for line in caplog.messages))
        assert steering.view.of_query("n1", "s") is not None
        say(log, control("drop", "synset", "n2"))
        log.is_away = False
        wait_for(lambda: steering.view.of_query("n2", "s") is not None)
        assert steering.view.of_query("n1", "s") is not None
        assert len([line for line in caplog.messages if "can't be read now" in line]) == 1
    finally:
        steering.end("fetch")
        log.close()
