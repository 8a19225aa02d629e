"""The log on Apache Kafka, for fleets. With its two neighbours the one place that knows kafka-python.

Exactly once: a member's outputs and positions go out in one Kafka transaction with the consumer's group metadata, so
the broker refuses a member whose generation has passed (KIP-447). Where the end of a transaction is unknown, the
member counts as fenced: it begins anew at the committed positions, and its state is rebuilt from the log.
"""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Final

from kafka import KafkaAdminClient, TopicPartition
from kafka import errors as kafka_errors
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from synsift.pipelines import topics
from synsift.pipelines.errors import HeldUp, LogError, LogUnavailable
from synsift.pipelines.log.base import Lag, Listener, Message, Position
from synsift.pipelines.log.kafka_clients import (
    KafkaAddress,
    errors_of,
    make_consumer,
    make_producer,
    message_of,
    patiently,
    wait_until_written,
)
from synsift.pipelines.log.kafka_data_end import NOT_LOOKED, DataEnd
from synsift.pipelines.log.kafka_deadlines import Progress, bounded
from synsift.pipelines.log.kafka_follower import KafkaFollower
from synsift.pipelines.log.kafka_growth import COPIED, NOTED, Growth, growths, unfinished
from synsift.pipelines.log.kafka_identity import contradiction, given, identities, withdrawn
from synsift.pipelines.log.kafka_member import Clients, KafkaMember
from synsift.pipelines.log.kafka_positions import newest
from synsift.pipelines.log.kafka_private import read_whatever_comes
from synsift.pipelines.log.kafka_whole import WholeAssignor
from synsift.pipelines.log.watermark import done_above
from synsift.pipelines.topics import Entry

# A poll that finds nothing but the marker of a transaction's end waits to its time-out: longer, and every read of a
# partition ends with such a wait; shorter, and reading over a slow connection turns in vain.
_READ_POLL_MS: Final = 50
# Above this many offsets the exact number of records between two of them doesn't matter to anybody.
_EXACT_LAG: Final = 64
_FORGET_MS: Final = 5_000
# Who asked for it at the same moment withdraws its own; what then stands beside another is a stranger's.
_IDENTITY_WAITS_S: Final = (0.1, 0.1, 0.2, 0.5, 1.0)
# Inputs that nobody reads again: queries are read to plan nothing twice, and survivors are the system of record.
_FORGOTTEN_WHEN_DONE: Final = frozenset({topics.IMAGE_URLS.name, topics.CANDIDATES.name})


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
        # Made when something is written: who only reads needs no right to write.
        self._producer: Any = None
        self._data_ends: dict[TopicPartition, DataEnd] = {}
        read_whatever_comes()
        with errors_of(address):
            self._connect()

    def _connect(self) -> None:
        self._reader: Any = self._make_consumer("reader")
        self._ends: Any = self._make_consumer("ends", isolation="read_uncommitted")
        self._admin: Any = KafkaAdminClient(client_id=self._client_id("admin"), **self.address.client_settings())

    def produce(self, entries: Sequence[Entry]) -> None:
        """Write entries, all or nothing; durable on return."""
        if entries:
            patiently(lambda: self._produce(entries))

    def _produce(self, entries: Sequence[Entry]) -> None:
        with self._lock, errors_of(self.address):
            if self._producer is None:
                self._producer = self._make_producer(f"{self.prefix}log-{uuid.uuid4().hex}", "log")
            self._producer.begin_transaction()
            try:
                self.send(self._producer, entries)
                bounded(self._producer.commit_transaction, "commit")
            except kafka_errors.KafkaError:
                self._give_up_producer()
                raise

    def _give_up_producer(self) -> None:
        """Abort, or where that has no end, leave the producer: the broker aborts what it had begun."""
        producer, self._producer = self._producer, None
        with contextlib.suppress(kafka_errors.KafkaError):
            bounded(producer.abort_transaction, "abort")
            bounded(lambda: producer.close(timeout=5), "closing")

    def identity(self) -> str:
        """A name that no other log has; the first that asks for it writes it."""
        own = uuid.uuid4().hex
        for wait_s in _IDENTITY_WAITS_S:
            found = identities(self.read(topics.POSITIONS.name, 0))
            if len(found) == 1:
                return found[0]
            if not found:
                self.produce([given(own)])
            elif own in found[1:]:
                self.produce([withdrawn(own)])  # two asked for it at once, and the other was first
            else:
                time.sleep(wait_s)
        if found:
            raise contradiction(found)
        raise LogUnavailable("the log's identity was written and can't be read yet")

    def adopt(self, identity: str) -> None:
        """Take the identity of a log that is gone, whose store this one goes on with."""
        others = [withdrawn(other) for other in identities(self.read(topics.POSITIONS.name, 0)) if other != identity]
        self.produce([*others, given(identity)])

    def join(self, group: str, topic: str, listener: Listener, *, whole: bool = False) -> KafkaMember:
        """Become a member of a group that reads one topic."""
        assignor = WholeAssignor if whole else CooperativeStickyAssignor
        return KafkaMember(patiently(lambda: self._member_clients(group, topic, assignor)), topic, listener)

    def read(self, topic: str, partition: int, start: int = 0) -> Generator[Message, None, None]:
        """Read a partition from an offset to its present end, outside of any group; each record where it is at home."""
        growth = self.growth if topic in NOTED else None
        for message in self.read_as_it_stands(topic, partition, start):
            if growth is None or not growth.is_left_behind(message):
                yield message
            elif topic not in COPIED:  # done by then; it stands nowhere else
                yield replace(message, is_left=True)

    @cached_property
    def growth(self) -> Growth | None:
        """The last time that the topics were grown; None for never.

        Raises:
            LogError: It was begun and not finished.
        """
        last, begun = growths(self.read_as_it_stands(topics.POSITIONS.name, 0))
        if begun is not None:
            raise unfinished(begun)
        return last

    def read_as_it_stands(self, topic: str, partition: int, start: int = 0) -> Generator[Message, None, None]:
        """As ``read``, but also what was left behind when the topics were grown."""
        place = TopicPartition(self.prefix + topic, partition)
        with errors_of(self.address), self._borrowed_reader() as consumer:
            # The end of everything written, committed or not yet: the brokers say that a transaction is committed
            # before its readers can see it. Who rebuilds a state must wait for that moment.
            end = self._end_offsets([place])[place]
            consumer.assign([place])
            consumer.seek(place, start)  # what retention has deleted is skipped: auto_offset_reset is earliest
            progress = Progress(f"reading {topic}/{partition}")
            while (position := consumer.position(place)) < end:
                with self._naming_open_transactions(consumer, [place]):
                    progress.at(position)
                for record in consumer.poll(_READ_POLL_MS, max_records=1_000).get(place, []):
                    yield message_of(record, topic)

    def follow(self, topic: str) -> KafkaFollower:
        """Read a topic from its beginning, and then again and again what is new."""
        places = [TopicPartition(self.prefix + topic, partition) for partition in range(self.partitions)]
        growth = self.growth if topic in COPIED else None
        with errors_of(self.address):
            consumer = self._make_consumer("follower")
        return KafkaFollower(self.address, consumer, topic, places, self._end_offsets, growth)

    def lag(self, group: str, topic: str) -> list[Lag]:
        """What a group has yet to do, by partition."""
        try:
            return patiently(lambda: self._lag(group, topic))
        except LogUnavailable:
            self._renew()
            raise

    def _renew(self) -> None:
        """Connect anew for the next time: a client that lost most of its brokers doesn't always find back."""
        with self._lock, errors_of(self.address):
            old = (self._reader, self._ends, self._admin)
            self._connect()
            for client in old:
                self._close(client.close)

    def _lag(self, group: str, topic: str) -> list[Lag]:
        places = [TopicPartition(self.prefix + topic, partition) for partition in range(self.partitions)]
        with self._lock, errors_of(self.address):
            found = self._admin.list_group_offsets({self.prefix + group: places}).get(self.prefix + group, {})
            owners = self._owners(self.prefix + group)
            committed = {place: Position(at.offset, at.metadata or "") for place, at in found.items() if at.offset >= 0}
            missing = [place for place in places if place not in committed]
            written = self._ends.end_offsets(missing) if missing else {}
        for place in missing:
            if not written[place]:
                committed[place] = Position(0)  # nothing was ever written to it, so nobody stood anywhere else
                continue
            kept = newest(self.read(topics.POSITIONS.name, place.partition), group, topic, place.partition)
            committed[place] = kept or Position(0)
        # Looked at last: who moves on from a position has written what follows by then.
        with self._lock, errors_of(self.address):
            ends = self._ends.end_offsets(places)
            # Behind the end nobody can stand, but an offset that somebody moved; members put it right.
            low = {place: min(committed[place].offset, ends[place]) for place in places}
            data_ends = self._find_data_ends(low, ends)
        copies = self._copies_of(group)
        above = {place: done_above(committed[place]) for place in places}
        return [
            Lag(place.partition, low[place], data_ends[place], owners.get(place, ""), above[place], copied)
            for place, copied in zip(places, copies, strict=True)
        ]

    def _copies_of(self, group: str) -> list[int]:
        growth = None
        with contextlib.suppress(LogError):  # whoever grows it asks, too
            growth = self.growth
        return [growth.copies_of(group, partition) if growth else 0 for partition in range(self.partitions)]

    def _forget(self, topic: str, offsets: Mapping[int, int]) -> None:
        with self._lock:
            self._admin.delete_records(
                {TopicPartition(self.prefix + topic, partition): offset for partition, offset in offsets.items()},
                timeout_ms=_FORGET_MS,
            )

    def close(self) -> None:
        """Release the clients."""
        with self._lock:
            if self._producer is not None:
                self._close(self._producer.close)
            self._close(lambda: self._reader.close(autocommit=False))
            self._close(lambda: self._ends.close(autocommit=False))
            self._close(self._admin.close)
            while self._idle_readers:
                self._close(partial(self._idle_readers.pop().close, autocommit=False))

    @staticmethod
    def _close(close: Callable[[], object]) -> None:
        with contextlib.suppress(kafka_errors.KafkaError):
            bounded(close, "closing")

    def send(self, producer: Any, entries: Sequence[Entry]) -> None:  # noqa: ANN401 - kafka-python has no types
        """Hand entries to a producer, and wait until the brokers have them."""
        sent = [
            producer.send(
                self.prefix + entry.topic,
                key=entry.key,
                # Of neither there can be a record, which others' clients write, and this one doesn't.
                value=b"" if entry.key is None and entry.value is None else entry.value,
                headers=list(entry.headers),
                partition=entry.partition,
            )
            for entry in entries
        ]
        wait_until_written(producer, sent, {self.prefix + entry.topic for entry in entries})

    def spans(self, topic: str, partitions: int = 0) -> list[range]:
        """The offsets of each partition, of what isn't committed, too; of another number of them, if one is given."""
        places = [TopicPartition(self.prefix + topic, at) for at in range(partitions or self.partitions)]
        with errors_of(self.address):
            ends = self._end_offsets(places)
            with self._lock:
                begins = self._ends.beginning_offsets(places)
        return [range(begins[place], ends[place]) for place in places]

    def ends(self, topic: str) -> list[int]:
        """The end of each partition."""
        return [span.stop for span in self.spans(topic)]

    def _end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        with self._lock:
            found: dict[TopicPartition, int] = self._ends.end_offsets(places)
        return found

    @contextmanager
    def _borrowed_reader(self) -> Iterator[Any]:
        reader = self._idle_readers.pop() if self._idle_readers else self._make_consumer("reader")
        is_good = True
        try:
            yield reader
        except kafka_errors.KafkaError:
            is_good = False
            raise
        finally:
            if is_good:
                reader.unsubscribe()
                self._idle_readers.append(reader)
            else:
                self._close(lambda: reader.close(autocommit=False))

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

    def _find_data_ends(
        self, committed: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """The ends of the data: the markers of transactions behind them take offsets too, and are nobody's work.

        Read together: a partition that has nothing but markers answers no sooner than its poll's time-out.
        """
        near = {place for place in ends if committed[place] < ends[place] <= committed[place] + _EXACT_LAG}
        unknown = {
            place for place in near if not self._data_ends.get(place, NOT_LOOKED).holds(committed[place], ends[place])
        }
        if unknown:
            found = dict.fromkeys(unknown, 0)
            self._reader.assign(list(unknown))
            for place in unknown:
                self._reader.seek(place, committed[place])
            progress = Progress("looking for the ends of partitions")
            while any(self._reader.position(place) < ends[place] for place in unknown):
                with self._naming_open_transactions(self._reader, list(unknown)):
                    progress.at([self._reader.position(place) for place in unknown])
                for place, records in self._reader.poll(_READ_POLL_MS).items():
                    found[place] = max([found[place], *(r.offset + 1 for r in records if r.offset < ends[place])])
            self._data_ends.update((p, DataEnd(ends[p], committed[p], found[p])) for p in unknown)
        return {
            place: max(committed[place], self._data_ends[place].data_end if place in near else end)
            for place, end in ends.items()
        }

    @contextmanager
    def _naming_open_transactions(self, reader: Any, places: list[TopicPartition]) -> Iterator[None]:  # noqa: ANN401
        """Say why readers come no further, where the last stable offset is what holds them up."""
        try:
            yield
        except kafka_errors.KafkaTimeoutError as exc:
            stable = reader.end_offsets(places)  # of a reader of what is committed
            held = [place for place in places if reader.position(place) >= stable[place]]
            if not held:
                raise
            where = f"{held[0].topic.removeprefix(self.prefix)}/{held[0].partition}"
            raise HeldUp(
                f"readers of {where} wait at offset {stable[held[0]]}: somebody left a transaction open there",
                hint="it ends by its timeout; `kafka-transactions.sh find-hanging` and `abort` end it at once",
            ) from exc

    def _client_id(self, role: str) -> str:
        return f"synsift-{role}-{self.worker}"

    def _make_producer(self, transactional_id: str, role: str) -> Any:  # noqa: ANN401 - kafka-python has no types
        return make_producer(self.address, self._client_id(role), transactional_id)

    def _make_consumer(self, role: str, **what: Any) -> Any:  # noqa: ANN401
        return make_consumer(self.address, self._client_id(role), **what)

    def _member_clients(self, group: str, topic: str, assignor: type) -> Clients:
        with errors_of(self.address):
            return Clients(
                address=self.address,
                topic=self.prefix + topic,
                partitions=self.partitions,
                producer=self._make_producer(f"{self.prefix}{group}-{uuid.uuid4().hex}", group),
                consumer=self._make_consumer(group, group=self.prefix + group, assignor=assignor),
                send=self.send,
                group=group,
                growth=self.growth if topic in COPIED else None,
                read_positions=lambda partition: self.read(topics.POSITIONS.name, partition),
                forget=lambda offsets: self._forget(topic, offsets),
                keep_done=self.address.keep_done if topic in _FORGOTTEN_WHEN_DONE else -1,
            )


def _assigned(assignment: Any) -> Iterator[tuple[str, list[int]]]:  # noqa: ANN401
    """Topics and partitions in the description of a member, whose form differs between versions."""
    listed = assignment.get("assigned_partitions", []) if isinstance(assignment, dict) else []
    for item in listed:
        if isinstance(item, dict):
            yield item["topic"], item["partitions"]
        else:
            yield item[0], item[1]
