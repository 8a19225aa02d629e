"""Where the brokers are, and kafka-python's errors in our words."""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from kafka import KafkaConsumer, KafkaProducer
from kafka import errors as kafka_errors
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from synsift.crawler.secret import Secret
from synsift.pipelines.errors import FencedError, HeldUp, LogError, LogUnavailable
from synsift.pipelines.log.base import Message
from synsift.pipelines.log.kafka_deadlines import CALL_S, bounded
from synsift.pipelines.log.kafka_private import Damage
from synsift.pipelines.log.kafka_selector import FrugalSelector

_log: Final = logging.getLogger(__name__)

R = TypeVar("R")

# A killed worker's open transaction holds up the readers of its outputs for as long; shorter, and a slow store of
# the broker aborts transactions that would have been committed.
_TRANSACTION_TIMEOUT_MS: Final = 10_000
_WAITS_S: Final = (0.1, 0.3, 1.0, 3.0, 5.0)

_FENCED: Final = (
    kafka_errors.CommitFailedError,
    kafka_errors.FencedInstanceIdError,
    kafka_errors.FencedMemberEpochError,
    kafka_errors.IllegalGenerationError,
    kafka_errors.InvalidProducerEpochError,
    kafka_errors.InvalidProducerIdMappingError,
    kafka_errors.ProducerFencedError,
    kafka_errors.RebalanceInProgressError,
    kafka_errors.TransactionCoordinatorFencedError,
    kafka_errors.UnknownMemberIdError,
)
_TOO_LARGE: Final = (kafka_errors.MessageSizeTooLargeError, kafka_errors.RecordListTooLargeError)


_NO_SECRET: Final = Secret()


@dataclass(frozen=True, slots=True)
class KafkaAddress:
    """Where the brokers are, and how to speak to them.

    Attributes:
        bootstrap: ``host:port``, several with commas.
        security_protocol: ``PLAINTEXT``, ``SSL``, ``SASL_PLAINTEXT`` or ``SASL_SSL``.
        sasl_mechanism: ``PLAIN``, ``SCRAM-SHA-256`` or ``SCRAM-SHA-512``; empty for none.
        username: For SASL.
        password: For SASL.
        ca_file: Certificates that the brokers' are checked with; empty for the platform's.
        compression: Of record batches: ``zstd``, ``gzip`` or empty for none.
        connect_timeout_s: How long to look for a broker that answers.
        session_timeout_s: A member whose process is gone is dead after so long.
        poll_timeout_s: A member that doesn't poll for so long is dead, however alive its process.
        keep_done: Inputs of a partition that stay on the log after they are done; negative for all.
        instance: Name of this worker that outlives its restarts: it comes back as the member that it was, without a
            rebalance (KIP-345). Empty for none.
    """

    bootstrap: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = ""
    username: str = ""
    password: Secret = _NO_SECRET
    ca_file: str = ""
    compression: str = "zstd"
    connect_timeout_s: float = 15.0
    session_timeout_s: float = 10.0
    poll_timeout_s: float = 300.0
    keep_done: int = -1
    instance: str = ""

    def doubt(self, error: Exception) -> str:
        """What else may be wrong where no broker could be reached: kafka-python doesn't tell a refusal from silence."""
        if self.security_protocol == "PLAINTEXT" or not isinstance(error, kafka_errors.KafkaTimeoutError):
            return ""
        who = f", kafka.sasl_mechanism {self.sasl_mechanism!r}, user {self.username!r}" if self.sasl_mechanism else ""
        return (
            f"; or it refuses kafka.security_protocol {self.security_protocol!r}{who}, or its certificate isn't trusted"
        )

    def client_settings(self) -> dict[str, Any]:
        """What every client needs."""
        settings: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap.split(","),
            "security_protocol": self.security_protocol,
            "bootstrap_timeout_ms": int(self.connect_timeout_s * 1000),
            "selector": FrugalSelector,
        }
        if self.sasl_mechanism:
            settings["sasl_mechanism"] = self.sasl_mechanism
            settings["sasl_plain_username"] = self.username
            settings["sasl_plain_password"] = self.password.reveal()
        if self.ca_file:
            settings["ssl_cafile"] = self.ca_file
        return settings


def patiently(work: Callable[[], R]) -> R:
    """Do what may fail for now, a few times with growing waits: a broker that starts, or elects, is soon back."""
    for wait_s in _WAITS_S:
        try:
            return work()
        except HeldUp:
            raise
        except LogUnavailable as exc:
            _log.info("%s; trying again in %.1f s", exc, wait_s)
            time.sleep(wait_s)
    return work()


def make_producer(address: KafkaAddress, client_id: str, transactional_id: str) -> Any:  # noqa: ANN401 - as below
    """A transactional producer, ready to begin."""
    producer = KafkaProducer(
        client_id=client_id,
        transactional_id=transactional_id,
        transaction_timeout_ms=_TRANSACTION_TIMEOUT_MS,
        delivery_timeout_ms=30_000,
        request_timeout_ms=10_000,
        linger_ms=5,
        batch_size=256 * 1024,
        max_request_size=4 * 1024 * 1024,
        compression_type=address.compression or None,
        allow_auto_create_topics=False,
        metrics_enabled=False,
        **address.client_settings(),
    )
    bounded(producer.init_transactions, "starting a producer")
    return producer


def make_consumer(
    address: KafkaAddress,
    client_id: str,
    *,
    group: str | None = None,
    isolation: str = "read_committed",
    assignor: type = CooperativeStickyAssignor,
) -> Any:  # noqa: ANN401 - kafka-python has no types
    """A consumer: a member of a group, or a reader without one."""
    grouped: dict[str, Any] = {}
    if group is not None:
        grouped = {
            "partition_assignment_strategy": [assignor],
            "session_timeout_ms": int(address.session_timeout_s * 1000),
            "heartbeat_interval_ms": int(address.session_timeout_s * 1000 / 4),
            "max_poll_interval_ms": int(address.poll_timeout_s * 1000),
            "group_instance_id": address.instance or None,
        }
    return KafkaConsumer(
        client_id=client_id,
        group_id=group,
        enable_auto_commit=False,
        isolation_level=isolation,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        allow_auto_create_topics=False,
        metrics_enabled=False,
        **grouped,
        **address.client_settings(),
    )


def message_of(record: Any, topic: str) -> Message:  # noqa: ANN401 - kafka-python has no types
    """A consumer's record as a message of ours."""
    headers = tuple((name, value or b"") for name, value in record.headers)
    if headers and isinstance(headers[0][1], Damage):
        return Message(
            topic, record.partition, record.offset, None, None, damage=headers[0][1].decode("utf-8", "replace")
        )
    return Message(topic, record.partition, record.offset, record.key, record.value, headers)


def wait_until_written(producer: Any, sent: Sequence[Any], topics: Collection[str]) -> None:  # noqa: ANN401
    """Wait until the brokers have what was sent.

    Args:
        producer: Of kafka-python.
        sent: Its futures.
        topics: What they were sent to, as they are called there.

    Raises:
        KafkaError: They haven't. kafka-python cuts a batch that a topic finds too large, and loses sight of it: that is
            told as what it is.
    """
    try:
        producer.flush(timeout=CALL_S)
        for future in sent:
            future.get(timeout=CALL_S)
    except kafka_errors.KafkaError as exc:
        if not isinstance(exc, _TOO_LARGE) and "Future not done" not in str(exc):
            raise
        text = f"records are larger than {' or '.join(sorted(topics))} takes: its max.message.bytes was made smaller"
        raise kafka_errors.MessageSizeTooLargeError(text) from exc


@contextmanager
def errors_of(address: KafkaAddress) -> Iterator[None]:
    """Translate what kafka-python raises."""
    try:
        yield
    except _FENCED as exc:
        raise FencedError(f"the broker refuses this member ({exc or type(exc).__name__})") from exc
    except kafka_errors.KafkaError as exc:
        name = type(exc).__name__
        said = str(exc) if name in str(exc) else f"{name}: {exc}"
        message = f"Kafka at {address.bootstrap}: {said}{address.doubt(exc)}"
        if exc.retriable or isinstance(exc, kafka_errors.KafkaConnectionError):
            raise LogUnavailable(message) from exc
        raise LogError(message) from exc
