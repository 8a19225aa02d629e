"""The log on Apache Kafka, for fleets. The one place that knows kafka-python.

Exactly once: a member's outputs and positions go out in one Kafka transaction with the consumer's group metadata, so
the broker refuses a member whose generation has passed (KIP-447). Where the end of a transaction is unknown, the
member counts as fenced: it begins anew at the committed positions, and its state is rebuilt from the log.

    transaction   1. begin   2. send outputs   3. send positions with the group's metadata   4. commit
                  fails in 1–3: aborted, may be tried again         fails in 4: fenced
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from kafka import (
    ConsumerRebalanceListener,
    KafkaAdminClient,
    KafkaConsumer,
    KafkaProducer,
    OffsetAndMetadata,
    TopicPartition,
)
from kafka import errors as kafka_errors
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.structs import MemberState

from pipelines.errors import FencedError, LogError, LogUnavailable
from pipelines.log.base import Lag, Listener, Message, Position
from pipelines.log.transaction import GatheredTransaction
from pipelines.topics import Entry

_log: Final = logging.getLogger(__name__)

R = TypeVar("R")

# A killed worker's open transaction holds up the readers of its outputs for as long; shorter, and a slow store of
# the broker aborts transactions that would have been committed.
_TRANSACTION_TIMEOUT_MS: Final = 10_000
_WAITS_S: Final = (0.1, 0.3, 1.0, 3.0, 5.0)
# Joining takes two round trips and the patience of the slowest member; shorter, and members that poll in turn keep
# each other from ever finishing.
_JOINING_POLL_MS: Final = 500
# Above this many offsets the exact number of records between two of them doesn't matter to anybody.
_EXACT_LAG: Final = 64

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
        compression: Of record batches: ``gzip`` or empty for none.
        connect_timeout_s: How long to look for a broker that answers.
        session_timeout_s: A member whose process is gone is dead after so long.
        poll_timeout_s: A member that doesn't poll for so long is dead, however alive its process.
    """

    bootstrap: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = ""
    username: str = ""
    password: str = ""
    ca_file: str = ""
    compression: str = "gzip"
    connect_timeout_s: float = 15.0
    session_timeout_s: float = 10.0
    poll_timeout_s: float = 300.0

    def client_settings(self) -> dict[str, Any]:
        """What every client needs."""
        settings: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap.split(","),
            "security_protocol": self.security_protocol,
            "bootstrap_timeout_ms": int(self.connect_timeout_s * 1000),
        }
        if self.sasl_mechanism:
            settings["sasl_mechanism"] = self.sasl_mechanism
            settings["sasl_plain_username"] = self.username
            settings["sasl_plain_password"] = self.password
        if self.ca_file:
            settings["ssl_cafile"] = self.ca_file
        return settings


class KafkaLog:
    """A log on Kafka's topics, which must exist: ``synsift topics create`` makes them."""

    def __init__(self, address: KafkaAddress, *, partitions: int, prefix: str = "", worker: str = "") -> None:
        """Connect.

        Args:
            address: The brokers.
            partitions: Of every topic.
            prefix: Before the names of topics, groups and transactional ids, so that several logs share brokers.
            worker: Names this process in the clients' ids.

        Raises:
            LogUnavailable: No broker answers.
        """
        self.address = address
        self.partitions = partitions
        self.prefix = prefix
        self.worker = worker or uuid.uuid4().hex[:8]
        self._lock = threading.Lock()
        # Connecting takes longer than reading a small partition, and a worker that starts reads many.
        self._idle_readers: list[Any] = []
        self._data_ends: dict[tuple[str, int, int], int] = {}
        with errors_of(address):
            self._producer = self._make_producer(f"{prefix}log-{uuid.uuid4().hex}", "log")
            self._reader = self._make_consumer("reader", group=None)
            self._admin = KafkaAdminClient(client_id=self._client_id("admin"), **address.client_settings())

    def produce(self, entries: Sequence[Entry]) -> None:
        """Write entries, all or nothing; durable on return."""
        if entries:
            patiently(lambda: self._produce(entries))

    def _produce(self, entries: Sequence[Entry]) -> None:
        with self._lock, errors_of(self.address):
            self._producer.begin_transaction()
            try:
                self.send(self._producer, entries)
                self._producer.commit_transaction()
            except kafka_errors.KafkaError:
                self._producer.abort_transaction()
                raise

    def join(self, group: str, topic: str, listener: Listener) -> "KafkaMember":
        """Become a member of a group that reads one topic."""
        return KafkaMember(self, group, topic, listener)

    def read(self, topic: str, partition: int, start: int = 0) -> Iterator[Message]:
        """Read a partition from an offset to its present end, outside of any group."""
        place = TopicPartition(self.prefix + topic, partition)
        with errors_of(self.address), self._borrowed_reader() as consumer:
            end = consumer.end_offsets([place])[place]
            consumer.assign([place])
            consumer.seek(place, max(start, consumer.beginning_offsets([place])[place]))
            while consumer.position(place) < end:
                for record in consumer.poll(1_000, max_records=1_000).get(place, []):
                    yield message_of(record, topic)

    def lag(self, group: str, topic: str) -> list[Lag]:
        """What a group has yet to do, by partition."""
        return patiently(lambda: self._lag(group, topic))

    def _lag(self, group: str, topic: str) -> list[Lag]:
        places = [TopicPartition(self.prefix + topic, partition) for partition in range(self.partitions)]
        with self._lock, errors_of(self.address):
            ends = self._reader.end_offsets(places)
            found = self._admin.list_group_offsets({self.prefix + group: places}).get(self.prefix + group, {})
            owners = self._owners(self.prefix + group)
            lags = []
            for place in places:
                committed = max(0, found[place].offset) if place in found else 0
                end = self._data_end(place, committed, ends[place])
                lags.append(Lag(place.partition, committed, end, owners.get(place, "")))
        return lags

    def close(self) -> None:
        """Release the clients."""
        with self._lock:
            self._producer.close()
            self._reader.close(autocommit=False)
            self._admin.close()
            while self._idle_readers:
                self._idle_readers.pop().close(autocommit=False)

    def send(self, producer: Any, entries: Sequence[Entry]) -> None:  # noqa: ANN401 - kafka-python has no types
        """Hand entries to a producer, and wait until the brokers have them."""
        futures = [
            producer.send(self.prefix + entry.topic, key=entry.key, value=entry.value, partition=entry.partition)
            for entry in entries
        ]
        producer.flush()
        for future in futures:
            future.get(timeout=30)

    @contextmanager
    def _borrowed_reader(self) -> Iterator[Any]:
        reader = self._idle_readers.pop() if self._idle_readers else self._make_consumer("reader", group=None)
        try:
            yield reader
        finally:
            reader.unsubscribe()
            self._idle_readers.append(reader)

    def _owners(self, group: str) -> dict[TopicPartition, str]:
        try:
            described = self._admin.describe_groups([group])
        except kafka_errors.KafkaError:
            return {}
        owners: dict[TopicPartition, str] = {}
        for member in described.get(group, {}).get("members", []):
            assignment = member.get("member_assignment") or {}
            for topic, partitions in _assigned(assignment):
                owners.update({TopicPartition(topic, number): member["client_id"] for number in partitions})
        return owners

    def _data_end(self, place: TopicPartition, committed: int, end: int) -> int:
        """The end of the data: the markers of transactions behind it take offsets too, and are nobody's work."""
        if end <= committed or end - committed > _EXACT_LAG:
            return end
        key = (place.topic, place.partition, end)
        if key not in self._data_ends:
            self._reader.assign([place])
            self._reader.seek(place, committed)
            last = committed - 1
            while self._reader.position(place) < end:
                for record in self._reader.poll(500, max_records=_EXACT_LAG).get(place, []):
                    last = record.offset
            self._data_ends[key] = last + 1
        return max(committed, self._data_ends[key])

    def _client_id(self, role: str) -> str:
        return f"synsift-{role}-{self.worker}"

    def _make_producer(self, transactional_id: str, role: str) -> Any:  # noqa: ANN401
        producer = KafkaProducer(
            client_id=self._client_id(role),
            transactional_id=transactional_id,
            transaction_timeout_ms=_TRANSACTION_TIMEOUT_MS,
            delivery_timeout_ms=30_000,
            request_timeout_ms=10_000,
            linger_ms=5,
            batch_size=256 * 1024,
            max_request_size=4 * 1024 * 1024,
            compression_type=self.address.compression or None,
            allow_auto_create_topics=False,
            metrics_enabled=False,
            **self.address.client_settings(),
        )
        producer.init_transactions()
        return producer

    def _make_consumer(self, role: str, *, group: str | None) -> Any:  # noqa: ANN401
        grouped: dict[str, Any] = {}
        if group is not None:
            grouped = {
                "partition_assignment_strategy": [CooperativeStickyAssignor],
                "session_timeout_ms": int(self.address.session_timeout_s * 1000),
                "heartbeat_interval_ms": int(self.address.session_timeout_s * 1000 / 4),
                "max_poll_interval_ms": int(self.address.poll_timeout_s * 1000),
            }
        return KafkaConsumer(
            client_id=self._client_id(role),
            group_id=group,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
            allow_auto_create_topics=False,
            metrics_enabled=False,
            **grouped,
            **self.address.client_settings(),
        )

    def member_clients(self, group: str, rebalance: ConsumerRebalanceListener, topic: str) -> tuple[Any, Any]:
        """The consumer and the producer of a new member."""

        def make() -> tuple[Any, Any]:
            with errors_of(self.address):
                producer = self._make_producer(f"{self.prefix}{group}-{uuid.uuid4().hex}", group)
                consumer = self._make_consumer(group, group=self.prefix + group)
                consumer.subscribe([self.prefix + topic], listener=rebalance)
            return consumer, producer

        return patiently(make)


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Passes changes of ownership on.

    Called in the thread of the consumer's own loop while the member polls. Letting go is done at once, before the
    next owner begins; taking over waits until the poll has returned, as it asks the broker for positions.

    Attributes:
        told: Partitions that the listener believes to own.
        is_lost: Whether the broker took them away without asking.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.told: set[int] = set()
        self.is_lost = False

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Nothing yet: the member looks at its assignment after every poll."""

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Let the listener commit and forget."""
        known = {place.partition for place in revoked} & self.told
        if known:
            self._listener.on_revoked(known)
        self.told -= known

    def on_partitions_lost(self, lost: Collection[TopicPartition]) -> None:
        """Remember that whatever the listener still does is in vain."""
        self.is_lost = self.is_lost or bool({place.partition for place in lost} & self.told)


class KafkaMember:
    """A member of a consumer group, with a consumer and a transactional producer of its own."""

    def __init__(self, log: KafkaLog, group: str, topic: str, listener: Listener) -> None:
        self._log = log
        self._topic = topic
        self._listener = listener
        self._rebalance = _Rebalance(listener)
        self._consumer, self._producer = log.member_clients(group, self._rebalance, topic)

    def poll(self, max_records: int, timeout_s: float, *, paused: Collection[int] = ()) -> list[Message]:
        """Read on, in order per partition; empty after ``timeout_s`` without records."""
        with errors_of(self._log.address):
            waiting = set(range(self._log.partitions)) if max_records == 0 else set(paused)
            self._pause(waiting)
            found = self._consumer.poll(self._timeout_ms(timeout_s), max_records=max(1, max_records))
            if self._rebalance.is_lost:
                raise FencedError("this member was silent for too long and lost its partitions")
            self._take_over()
            # Partitions that came with this very poll could not be paused: their records wait for another.
            self._rewind({place: records for place, records in found.items() if place.partition in waiting})
            return [
                message_of(record, self._topic)
                for place, records in found.items()
                if place.partition not in waiting
                for record in records
            ]

    def commit(self, positions: Mapping[int, Position]) -> None:
        """Say how far the work is done, without outputs."""
        with self.transaction() as transaction:
            transaction.consume(positions)

    @contextmanager
    def transaction(self) -> Iterator[GatheredTransaction]:
        """Gather outputs and positions, and write them together at the end of the block."""
        gathered = GatheredTransaction()
        yield gathered
        with errors_of(self._log.address):
            self._begin(gathered)
            try:
                self._producer.commit_transaction()
            except kafka_errors.KafkaError as exc:
                raise FencedError(f"the end of a transaction is unknown ({exc}); beginning anew") from exc

    def close(self) -> None:
        """Leave the group, after telling the listener."""
        try:
            with errors_of(self._log.address):
                self._consumer.close(autocommit=False)
        finally:
            self._producer.close(timeout=5)

    def _begin(self, gathered: GatheredTransaction) -> None:
        """Send everything; whatever fails is aborted."""
        metadata = self._consumer.group_metadata()
        if gathered.positions and (self._rebalance.is_lost or metadata.generation_id < 0 or not metadata.member_id):
            raise FencedError("this member is in the group no longer; another member does its work")
        self._producer.begin_transaction()
        try:
            self._log.send(self._producer, gathered.entries)
            if gathered.positions:
                self._producer.send_offsets_to_transaction(self._offsets(gathered.positions), metadata)
        except kafka_errors.KafkaError as exc:
            self._abort(exc)
            raise

    def _abort(self, cause: Exception) -> None:
        try:
            self._producer.abort_transaction()
        except kafka_errors.KafkaError as exc:
            raise FencedError(f"a transaction that failed ({cause}) can't be aborted ({exc})") from cause

    def _offsets(self, positions: Mapping[int, Position]) -> dict[TopicPartition, OffsetAndMetadata]:
        topic = self._log.prefix + self._topic
        return {
            TopicPartition(topic, partition): OffsetAndMetadata(at.offset, at.note, -1)
            for partition, at in positions.items()
        }

    def _pause(self, partitions: Collection[int]) -> None:
        topic = self._log.prefix + self._topic
        assigned = self._consumer.assignment()
        wanted = {TopicPartition(topic, partition) for partition in partitions} & assigned
        resumed = self._consumer.paused() - wanted
        if resumed & assigned:
            self._consumer.resume(*(resumed & assigned))
        if wanted:
            self._consumer.pause(*wanted)

    def _timeout_ms(self, timeout_s: float) -> int:
        """A poll that returns in the midst of joining begins to join anew: while the group settles it takes longer."""
        settled = self._consumer.group_metadata().state == MemberState.STABLE
        return int(timeout_s * 1000) if settled else max(int(timeout_s * 1000), _JOINING_POLL_MS)

    def _take_over(self) -> None:
        """Tell the listener of new partitions, with their committed positions."""
        new = [place for place in self._consumer.assignment() if place.partition not in self._rebalance.told]
        positions = {place.partition: self._committed(place) for place in sorted(new)}
        if positions:
            self._rebalance.told |= positions.keys()
            self._listener.on_assigned(positions)

    def _committed(self, place: TopicPartition) -> Position:
        committed = self._consumer.committed(place, metadata=True)
        if committed is None or committed.offset < 0:
            return Position(0)
        return Position(committed.offset, committed.metadata or "")

    def _rewind(self, found: Mapping[TopicPartition, Sequence[Any]]) -> None:
        for place, records in found.items():
            self._consumer.seek(place, records[0].offset)


def patiently(work: Callable[[], R]) -> R:
    """Do what may fail for now, a few times with growing waits: a broker that starts, or elects, is soon back."""
    for wait_s in _WAITS_S:
        try:
            return work()
        except LogUnavailable as exc:
            _log.info("%s; trying again in %.1f s", exc, wait_s)
            time.sleep(wait_s)
    return work()


def message_of(record: Any, topic: str) -> Message:  # noqa: ANN401 - kafka-python has no types
    """A consumer's record as a message of ours."""
    return Message(topic, record.partition, record.offset, record.key or b"", record.value or b"")


def _assigned(assignment: Any) -> Iterator[tuple[str, list[int]]]:  # noqa: ANN401
    """Topics and partitions in the description of a member, whose form differs between versions."""
    listed = assignment.get("assigned_partitions", []) if isinstance(assignment, dict) else []
    for item in listed:
        if isinstance(item, dict):
            yield item["topic"], item["partitions"]
        else:
            yield item[0], item[1]


@contextmanager
def errors_of(address: KafkaAddress) -> Iterator[None]:
    """Translate what kafka-python raises."""
    try:
        yield
    except _FENCED as exc:
        raise FencedError(f"the broker refuses this member ({exc or type(exc).__name__})") from exc
    except kafka_errors.KafkaError as exc:
        message = f"Kafka at {address.bootstrap}: {type(exc).__name__}: {exc}"
        if exc.retriable or isinstance(exc, kafka_errors.KafkaConnectionError):
            raise LogUnavailable(message) from exc
        raise LogError(message) from exc
