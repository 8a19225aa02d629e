"""The configuration of brokers → what speaks with them; kafka-python is loaded by who has some."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from synsift.pipelines.config import Settings
from synsift.pipelines.errors import ConfigError
from synsift.pipelines.politeness import host_rules
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.topics import Router

if TYPE_CHECKING:
    from synsift.pipelines.log.kafka_clients import KafkaAddress
    from synsift.pipelines.log.kafka_growing import Growing
    from synsift.pipelines.log.kafka_topics import KafkaTopics, Shape


def kafka_address(settings: Settings) -> "KafkaAddress":
    """Where the configuration says that the brokers are.

    Raises:
        ConfigError: kafka-python isn't installed, or what it reads Zstandard by.
    """
    with _kafka_installed():
        import zstandard  # noqa: F401 - whatever is configured here: others may write what only this reads

        from synsift.pipelines.log.kafka_clients import KafkaAddress

    kafka = settings.kafka
    return KafkaAddress(
        bootstrap=kafka.bootstrap,
        security_protocol=kafka.security_protocol,
        sasl_mechanism=kafka.sasl_mechanism,
        username=kafka.username,
        password=kafka.password,
        ca_file=kafka.ca_file,
        compression=kafka.compression,
        connect_timeout_s=kafka.connect_timeout_s,
        session_timeout_s=kafka.session_timeout_s,
        poll_timeout_s=kafka.poll_timeout_s,
        keep_done=kafka.keep_done,
        instance=kafka.instance,
    )


@contextlib.contextmanager
def _kafka_installed() -> Iterator[None]:
    """Say what to install where kafka-python is missing: who works on one machine needs none."""
    try:
        yield
    except ModuleNotFoundError as exc:
        missing = {"kafka": "kafka-python", "zstandard": "zstandard"}.get((exc.name or "").partition(".")[0])
        if missing is None:
            raise
        raise ConfigError(
            f"kafka.bootstrap names brokers, and {missing} isn't installed", hint="pip install 'synsift[fleet]'"
        ) from exc


def kafka_topics(settings: Settings) -> "KafkaTopics":
    """The topics on the brokers that the configuration names."""
    address = kafka_address(settings)

    from synsift.pipelines.log.kafka_topics import KafkaTopics

    return KafkaTopics(address, prefix=settings.kafka.prefix)


def topics_shape(settings: Settings) -> "Shape":
    """What the topics on Kafka must be like."""
    from synsift.pipelines.log.kafka_topics import Shape

    kafka = settings.kafka
    compression = "zstd" if kafka.compression == "zstd" else "gzip"  # which every client reads
    return Shape(settings.log.partitions, kafka.replication, kafka.retention_days, compression)


def growing(settings: Settings, say: Callable[[str], None]) -> "Growing":
    """What gives the topics on Kafka more partitions."""
    address = kafka_address(settings)

    from synsift.pipelines.log.kafka import KafkaLog
    from synsift.pipelines.log.kafka_growing import Growing

    rules, prefix = host_rules(settings), settings.kafka.prefix
    return Growing(
        kafka_topics(settings),
        lambda partitions: KafkaLog(address, partitions=partitions, prefix=prefix),
        INPUTS,
        lambda partitions: Router(partitions, rules),
        say,
    )
