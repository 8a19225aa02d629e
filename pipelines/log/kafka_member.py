"""A member of a consumer group on Kafka: reads, and writes outputs and positions in one transaction.

transaction   1. begin   2. send outputs   3. send positions with the group's metadata   4. commit
              fails in 1–3: aborted, may be tried again         fails in 4: fenced
"""

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from kafka import ConsumerRebalanceListener, OffsetAndMetadata, TopicPartition
from kafka import errors as kafka_errors
from kafka.structs import MemberState

from synsift.pipelines.errors import FencedError, LogError
from synsift.pipelines.log.base import Listener, Message, Position
from synsift.pipelines.log.kafka_clients import KafkaAddress, errors_of, message_of
from synsift.pipelines.log.kafka_deadlines import CALL_S, Hearing, bounded
from synsift.pipelines.log.kafka_growth import Growth
from synsift.pipelines.log.kafka_positions import entries_of, newest
from synsift.pipelines.log.kafka_private import last_heard_s, take_up_again, watch_resets
from synsift.pipelines.log.transaction import GatheredTransaction
from synsift.pipelines.topics import Entry

_log: Final = logging.getLogger(__name__)

# Joining takes two round trips and the patience of the slowest member; shorter, and members that poll in turn keep
# each other from ever finishing.
_JOINING_POLL_MS: Final = 500
_CLOSE_S: Final = 10.0
_CALL_MS: Final = int(CALL_S * 1000)
_FORGET_STEP: Final = 10_000

Send = Callable[[Any, Sequence[Entry]], None]


@dataclass(frozen=True, slots=True)
class Clients:
    """What a member speaks through, each its own.

    Attributes:
        address: The brokers, for messages.
        topic: Full name of the input topic.
        partitions: Of every topic.
        consumer: kafka-python's consumer, not subscribed yet.
        producer: Its transactional producer, initialised.
        send: Hands entries to a producer and waits until the brokers have them.
        group: The group, without prefix.
        growth: What was left behind of the topic when it was grown; None for nothing.
        read_positions: The records of one partition of ``positions``.
        forget: Deletes the input topic's records below an offset, by partition.
        keep_done: How many records below the position stay; negative for all.
    """

    address: KafkaAddress
    topic: str
    partitions: int
    consumer: Any
    producer: Any
    send: Send
    group: str
    growth: Growth | None
    read_positions: Callable[[int], Iterable[Message]]
    forget: Callable[[Mapping[int, int]], None]
    keep_done: int


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
        try:
            if known:
                self._listener.on_revoked(known)
        except LogError as exc:  # such as a rebalance that is a generation further by now, while fleets grow
            _log.warning("letting go of partitions failed (%s): this member begins anew", exc)
            self.is_lost = True
        except Exception:  # noqa: BLE001 - whatever it was, what the listener believes to own must not be relied on
            # kafka-python would log this and let the rebalance go on, with a listener that believes to own what is
            # another's by then; and the broker checks a member's generation, not what it owns.
            _log.exception("letting go of partitions failed: this member begins anew")
            self.is_lost = True
        self.told -= known

    def on_partitions_lost(self, lost: Collection[TopicPartition]) -> None:
        """Remember that whatever the listener still does is in vain."""
        self.is_lost = self.is_lost or bool({place.partition for place in lost} & self.told)


class KafkaMember:
    """A member of a consumer group, with a consumer and a transactional producer of its own."""

    def __init__(self, clients: Clients, topic: str, listener: Listener) -> None:
        self._clients = clients
        self._topic = topic
        self._rebalance = _Rebalance(listener)
        self._listener = listener
        self._consumer, self._producer = clients.consumer, clients.producer
        # By partition: below what its records were deleted.
        self._forgotten: dict[int, int] = {}
        # Where reading was when the log had no such record any more.
        self._resets: deque[tuple[TopicPartition, int]] = deque()
        self._hearing = Hearing(clients.address.session_timeout_s, time.monotonic())
        watch_resets(self._consumer, lambda place, at: self._resets.append((place, at)))
        with errors_of(clients.address):
            self._consumer.subscribe([clients.topic], listener=self._rebalance)

    def poll(self, max_records: int, timeout_s: float, *, paused: Collection[int] = ()) -> list[Message]:
        """Read on, in order per partition; empty after ``timeout_s`` without records."""
        with errors_of(self._clients.address):
            waiting = set(range(self._clients.partitions)) if max_records == 0 else set(paused)
            self._pause(waiting)
            found = self._consumer.poll(self._timeout_ms(timeout_s), max_records=max(1, max_records))
            if self._rebalance.is_lost:
                raise FencedError("this member was silent for too long and lost its partitions")
            self._hearing.check(
                is_settled=self._is_settled(), heard_s=last_heard_s(self._consumer), now_s=time.monotonic()
            )
            self._tell_of_gaps()
            moved = self._take_over()
            # Partitions that came with this very poll could not be paused: their records wait for another.
            self._rewind({place: records for place, records in found.items() if place.partition in waiting})
            return [
                self._message(record)
                for place, records in found.items()
                if place.partition not in waiting and place not in moved
                for record in records
            ]

    def _message(self, record: Any) -> Message:  # noqa: ANN401
        message = message_of(record, self._topic)
        growth = self._clients.growth
        return message if growth is None or not growth.is_left_behind(message) else replace(message, is_left=True)

    def commit(self, positions: Mapping[int, Position]) -> None:
        """Say how far the work is done, without outputs."""
        with self.transaction() as transaction:
            transaction.consume(positions)

    @contextmanager
    def transaction(self) -> Iterator[GatheredTransaction]:
        """Gather outputs and positions, and write them together at the end of the block."""
        gathered = GatheredTransaction()
        yield gathered
        with errors_of(self._clients.address):
            self._begin(gathered)
            try:
                bounded(self._producer.commit_transaction, "commit")
            except kafka_errors.KafkaError as exc:
                raise FencedError(f"the end of a transaction is unknown ({exc}); beginning anew") from exc
        self._forget_done(gathered.positions)

    def _forget_done(self, positions: Mapping[int, Position]) -> None:
        """Delete what is done, but for a margin, now and then. A broker that refuses costs a warning."""
        keep = self._clients.keep_done
        if keep < 0:
            return
        # In steps of the margin: a request for each commit would cost more than the records do.
        step = keep or _FORGET_STEP
        due = {
            partition: at.offset - keep
            for partition, at in positions.items()
            if at.offset - keep >= self._forgotten.get(partition, 0) + step
        }
        if not due:
            return
        self._forgotten.update(due)
        try:
            with errors_of(self._clients.address):
                self._clients.forget(due)
        except LogError as exc:
            _log.warning("what is done of %s stays: %s", self._topic, exc)

    def close(self) -> None:
        """Leave the group, after telling the listener."""
        try:
            with errors_of(self._clients.address):
                bounded(lambda: self._consumer.close(autocommit=False), "leaving")
        finally:
            with contextlib.suppress(kafka_errors.KafkaError):
                bounded(lambda: self._producer.close(timeout=5), "closing", _CLOSE_S)

    def _begin(self, gathered: GatheredTransaction) -> None:
        """Send everything; whatever fails is aborted."""
        metadata = self._consumer.group_metadata()
        if gathered.positions and (self._rebalance.is_lost or metadata.generation_id < 0 or not metadata.member_id):
            raise FencedError("this member is in the group no longer; another member does its work")
        self._producer.begin_transaction()
        try:
            kept = entries_of(self._clients.group, self._topic, gathered.positions)
            self._clients.send(self._producer, [*gathered.entries, *kept])
            if gathered.positions:
                offsets = self._offsets(gathered.positions)
                bounded(lambda: self._producer.send_offsets_to_transaction(offsets, metadata), "positions")
        except kafka_errors.KafkaError as exc:
            self._abort(exc)
            raise

    def _abort(self, cause: Exception) -> None:
        try:
            bounded(self._producer.abort_transaction, "abort")
        except kafka_errors.KafkaError as exc:
            raise FencedError(f"a transaction that failed ({cause}) can't be aborted ({exc})") from cause

    def _offsets(self, positions: Mapping[int, Position]) -> dict[TopicPartition, OffsetAndMetadata]:
        return {
            TopicPartition(self._clients.topic, partition): OffsetAndMetadata(at.offset, at.note, -1)
            for partition, at in positions.items()
        }

    def _pause(self, partitions: Collection[int]) -> None:
        assigned = self._consumer.assignment()
        wanted = {TopicPartition(self._clients.topic, partition) for partition in partitions} & assigned
        resumed = self._consumer.paused() - wanted
        if resumed & assigned:
            self._consumer.resume(*(resumed & assigned))
        take_up_again(self._consumer)
        if wanted:
            self._consumer.pause(*wanted)

    def _timeout_ms(self, timeout_s: float) -> int:
        """A poll that returns in the midst of joining begins to join anew: while the group settles it takes longer."""
        return max(int(timeout_s * 1000), 0 if self._is_settled() else _JOINING_POLL_MS)

    def _is_settled(self) -> bool:
        return bool(self._consumer.group_metadata().state == MemberState.STABLE)

    def _take_over(self) -> set[TopicPartition]:
        """Tell the listener of new partitions, with their positions; those that are read from elsewhere than before."""
        new = sorted(place for place in self._consumer.assignment() if place.partition not in self._rebalance.told)
        if not new:
            return set()
        begins, ends = self._consumer.beginning_offsets(new), self._consumer.end_offsets(new)
        positions: dict[int, Position] = {}
        moved: set[TopicPartition] = set()
        corrected: dict[int, Position] = {}
        for place in new:
            committed, kept = self._committed(place), self._kept(place)
            at = kept or committed or Position(0)
            is_behind = begins[place] > at.offset
            if committed is None or committed.offset != at.offset or is_behind:
                self._consumer.seek(place, max(at.offset, begins[place]))
                moved.add(place)
            if kept is not None and (committed is None or committed.offset != kept.offset):
                corrected[place.partition] = kept
                self._tell_of_correction(place, committed, kept)
            behind = begins[place] if is_behind else 0
            positions[place.partition] = Position(at.offset, at.note, behind, ends[place])
        if corrected:
            self.commit(corrected)  # or what is left to do would be told by the group's offsets, and be wrong
        self._rebalance.told |= positions.keys()
        self._listener.on_assigned(positions)
        return moved

    def _tell_of_gaps(self) -> None:
        """Tell the listener what the log deleted of its partitions before it was read."""
        while self._resets:
            place, at = self._resets.popleft()
            if place.partition in self._rebalance.told:
                begins = self._consumer.beginning_offsets([place])[place]
                if begins > at:
                    self._listener.on_gap(place.partition, range(at, begins))

    def _committed(self, place: TopicPartition) -> Position | None:
        committed = self._consumer.committed(place, metadata=True, timeout_ms=_CALL_MS)
        if committed is None or committed.offset < 0:
            return None
        return Position(committed.offset, committed.metadata or "")

    def _kept(self, place: TopicPartition) -> Position | None:
        """Where the log itself says that the group stands: written with the group's own offset, in one transaction.

        So the two differ only where somebody moved the group's (``kafka-consumer-groups --reset-offsets``), or Kafka
        forgot it. To follow would skip inputs without a word, or do all of them twice.
        """
        messages = self._clients.read_positions(place.partition)
        return newest(messages, self._clients.group, self._topic, place.partition)

    def _tell_of_correction(self, place: TopicPartition, committed: Position | None, kept: Position) -> None:
        has = "no offset" if committed is None else f"offset {committed.offset}, which none of its members committed,"
        _log.warning(
            "group %s has %s for %s/%d; the log has: going on at %d",
            *(self._clients.group, has, self._topic, place.partition, kept.offset),
        )

    def _rewind(self, found: Mapping[TopicPartition, Sequence[Any]]) -> None:
        for place, records in found.items():
            self._consumer.seek(place, records[0].offset)
