"""All that we use of kafka-python and that kafka-python doesn't promise: named here, and used through here alone.

Its version is pinned (pyproject.toml). When a new version is tried, tests/test_private_interfaces.py says which of
these it took away; then this module is what to mend.
"""

import functools
import gzip
import io
from collections.abc import Callable, Mapping
from itertools import islice
from types import SimpleNamespace
from typing import Any, Final

import zstandard
from kafka.consumer import fetcher
from kafka.errors import CorruptRecordError
from kafka.record import MemoryRecords, default_records
from kafka.record.default_records import DefaultRecord, DefaultRecordBatch

STANDS_ON: Final[Mapping[str, tuple[str | None, str]]] = {
    "kafka.consumer.group.KafkaConsumer#_fetcher": (None, "see take_up_again"),
    "kafka.consumer.fetcher.Fetcher#_next_partition_records": (None, "see take_up_again"),
    "kafka.consumer.group.KafkaConsumer#_subscription": (None, "see watch_resets"),
    "kafka.consumer.subscription_state.SubscriptionState.request_offset_reset": (
        "(self, partition, offset_reset_strategy)",
        "see watch_resets",
    ),
    "kafka.consumer.group.KafkaConsumer#_coordinator": (None, "see last_heard_s"),
    "kafka.coordinator.base.BaseCoordinator#heartbeat": (None, "see last_heard_s"),
    "kafka.coordinator.heartbeat.Heartbeat#last_receive": (None, "see last_heard_s"),
    "kafka.record.default_records.DefaultRecordBatch._read_msg": ("(self, decode_varint)", "see read_any_header"),
    "kafka.record.default_records.DefaultRecordBatch#_buffer": (None, "see read_any_header"),
    "kafka.record.default_records.DefaultRecordBatch#_pos": (None, "see read_any_header"),
    "kafka.consumer.fetcher.MemoryRecords": ("(bytes_data)", "see pass_damage_by"),
    "kafka.record.memory_records.MemoryRecords.next_batch": ("(self, _min_slice, _magic_offset)", "see pass_damage_by"),
    "kafka.record.memory_records.MemoryRecords._cache_next": ("(self, len_offset, log_overhead)", "see pass_damage_by"),
    "kafka.record.memory_records.MemoryRecords#_next_slice": (None, "see pass_damage_by"),
    "kafka.record.default_records.DefaultRecordBatch#_header_data": (None, "see pass_damage_by"),
    "kafka.record.default_records.DefaultRecordBatch.validate_crc": ("(self)", "see pass_damage_by"),
    "kafka.record.default_records.DefaultRecord": (
        "(size_in_bytes, offset, timestamp, timestamp_type, key, value, headers)",
        "see pass_damage_by",
    ),
    "kafka.record.default_records.DefaultRecordBatch#_num_records": (None, "see pass_damage_by"),
    "kafka.record.default_records.DefaultRecordBatch#_next_record_index": (None, "see pass_damage_by"),
    "kafka.consumer.fetcher.Fetcher._append": (
        "(self, drained, part, max_records, update_offsets)",
        "see poll_within_bounds",
    ),
    "kafka.consumer.fetcher.Fetcher.PartitionRecords.take": ("(self, n)", "see poll_within_bounds"),
    "kafka.consumer.fetcher.Fetcher.PartitionRecords._maybe_raise_next_inline_exception": (
        "(self)",
        "see poll_within_bounds",
    ),
    "kafka.consumer.fetcher.Fetcher.PartitionRecords#_next_inline_exception": (None, "see poll_within_bounds"),
    "kafka.consumer.fetcher.Fetcher.PartitionRecords#record_iterator": (None, "see poll_within_bounds"),
    "kafka.record.default_records.decode_varint": ("(buffer, pos)", "see pass_damage_by"),
    "kafka.record.default_records.gzip_decode": ("(payload)", "see unpack_within_bounds"),
    "kafka.record.default_records.zstd_decode": ("(payload)", "see unpack_within_bounds"),
}
"""Dotted name, after ``#`` an attribute of its objects → its parameters, None if it isn't called, and why we use it."""


def take_up_again(consumer: Any) -> None:  # noqa: ANN401 - kafka-python has no types
    """Let a consumer read partitions that were resumed.

    kafka-python 3.0 sets records of a paused partition aside, and takes them up again only where
    ``_next_partition_records`` is None; but it leaves there what it has emptied, so that a resumed partition would
    neither be read nor fetched again.
    """
    fetcher = consumer._fetcher  # noqa: SLF001 - no other way
    if not fetcher._next_partition_records:  # noqa: SLF001
        fetcher._next_partition_records = None  # noqa: SLF001


def last_heard_s(consumer: Any) -> float:  # noqa: ANN401
    """When the group's coordinator last answered a heartbeat, by the monotonic clock; minus infinity for never.

    kafka-python 3.0 has a member that is cut off stay what it was: its state says that it is in the group.
    """
    heard: float = consumer._coordinator.heartbeat.last_receive  # noqa: SLF001 - no other way
    return heard


def watch_resets(consumer: Any, note: Callable[[Any, int], None]) -> None:  # noqa: ANN401
    """Be told of a partition and its position whenever a consumer must leave it: the log has no such record any more.

    kafka-python 3.0 goes on where the log begins, and says so to nobody.
    """
    subscription = consumer._subscription  # noqa: SLF001 - no other way
    request = subscription.request_offset_reset

    def noted(partition: Any, offset_reset_strategy: Any = None) -> None:  # noqa: ANN401
        position = subscription.assignment[partition].position
        if position is not None:
            note(partition, position.offset)
        request(partition, offset_reset_strategy)

    subscription.request_offset_reset = noted


def read_whatever_comes() -> None:
    """Have the consumers of this process read what others write, too, and stop at none of it."""
    read_any_header()
    pass_damage_by()
    unpack_within_bounds()
    poll_within_bounds()


class _LenientText(bytes):
    """The bytes of a name, which may be no UTF-8."""

    def decode(self, *_arguments: str, **_named: str) -> str:
        return super().decode("utf-8", "backslashreplace")


class _LenientBuffer(bytearray):
    """A batch of records whose parts are lenient texts."""

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401
        found = super().__getitem__(place)
        return _LenientText(found) if isinstance(place, slice) else found


def read_any_header() -> None:
    """Have consumers read records whose headers' names are no UTF-8: what isn't comes escaped.

    Brokers take such records. kafka-python 3.0 calls them corrupt and never gets past them.
    """
    kind = default_records.DefaultRecordBatch
    strict = kind._read_msg  # noqa: SLF001

    @functools.wraps(strict)
    def read(batch: Any, *arguments: Any) -> Any:  # noqa: ANN401
        begin = batch._pos  # noqa: SLF001
        try:
            return strict(batch, *arguments)
        except UnicodeDecodeError:
            buffer, batch._pos = batch._buffer, begin  # noqa: SLF001
            batch._buffer = _LenientBuffer(buffer)  # noqa: SLF001
            try:
                return strict(batch, *arguments)
            finally:
                batch._buffer = buffer  # noqa: SLF001

    if not getattr(kind, "synsift_reads_any_header", False):
        kind._read_msg, kind.synsift_reads_any_header = read, True  # noqa: SLF001


class Damage(bytes):
    """Why a record can't be read, as the value of its one header: no producer can write a value of this type."""


def pass_damage_by() -> None:
    """Have consumers read on behind a batch whose checksum is wrong, or that can't be unpacked.

    kafka-python 3.0 raises at it, at each poll anew: one flipped bit would stop a partition for ever. Each record of
    such a batch comes as one that has no key, no value, and the one header ``Damage``.
    """
    fetcher.MemoryRecords = _Records


class _Records(MemoryRecords):  # type: ignore[misc]  # kafka-python has no types
    """What a broker sent: batches, each of which knows where the next one begins."""

    def next_batch(self, *_: Any) -> Any:  # noqa: ANN401
        data = self._next_slice
        if data is None:
            return None
        if len(data) < DefaultRecordBatch.HEADER_STRUCT.size:
            raise CorruptRecordError(f"a batch of {len(data)} bytes is shorter than its header")
        self._cache_next()
        following = self._next_slice
        return _Batch(data, None if following is None else int.from_bytes(following[:8], "big", signed=True))


class _Batch(DefaultRecordBatch):  # type: ignore[misc]
    """A batch that raises nothing: what can't be read of it comes as damage."""

    __slots__ = ("_at", "_damage", "_following")
    magic = 2  # no broker has others any more, and this byte isn't under the checksum

    def __init__(self, data: Any, following: int | None) -> None:  # noqa: ANN401
        super().__init__(data)
        self._following = following
        self._damage = b""
        self._at = self.base_offset

    def validate_crc(self) -> bool:
        if not super().validate_crc():
            self._damage = b"the checksum of its batch is wrong"
        return True

    @property
    def last_offset_delta(self) -> int:
        said, count = self._header_data[6], self._header_data[12]
        return last_delta(self.base_offset, said, count, self._following) if self._damage else int(said)

    def __iter__(self) -> Any:  # noqa: ANN401
        if not self._damage:
            try:
                super().__iter__()
            except Exception as exc:  # noqa: BLE001 - bytes of strangers, in a form that we may not have
                self._damage = f"its batch can't be unpacked: {type(exc).__name__}: {exc}".encode()[:500]
        return self

    def __next__(self) -> Any:  # noqa: ANN401
        if not self._damage:
            try:
                self._refuse_excess()
                record = super().__next__()
                self._at = record.offset + 1
                self._give_back()
                return record
            except StopIteration:
                raise
            except Exception as exc:  # noqa: BLE001 - as above
                self._damage = f"its batch can't be read: {exc}".encode()[:500]
        if self.is_control_batch:
            # The end of a transaction. As the end of one that was aborted it hides nothing that was committed.
            return SimpleNamespace(abort=True)
        if self._at > self.last_offset:
            raise StopIteration
        self._drop()
        offset, self._at = self._at, self._at + 1
        return DefaultRecord(0, offset, -1, 0, None, None, [("", Damage(self._damage))])

    def _refuse_excess(self) -> None:
        """Look at a record before it is read: headers of two bytes each, say, take fifty times as much then."""
        if len(self._buffer) < _STEP_BYTES:
            return
        at = self._pos
        for number in range(6):  # length, attributes, time, offset; then of the key and of the value
            size, at = default_records.decode_varint(self._buffer, at)
            if size > MOST_RECORD_BYTES and number != 2:
                raise ValueError(f"a record has {size} bytes, or a part of it")
            at += max(0, size) if number > 3 else 0
        count, _ = default_records.decode_varint(self._buffer, at)
        if count > _MOST_HEADERS:
            raise ValueError(f"a record has {count} headers")

    def _give_back(self) -> None:
        """Behind its last record a batch needs what was unpacked no more; it is held until the next one is read."""
        if self._next_record_index >= self._num_records and self._pos == len(self._buffer):
            self._drop()

    def _drop(self) -> None:
        DefaultRecordBatch._buffer.__set__(self, bytearray())  # noqa: SLF001
        DefaultRecordBatch._pos.__set__(self, 0)  # noqa: SLF001


MOST_RECORD_BYTES: Final = 8 * 1024 * 1024
"""What a record may have: our own producers refuse one of more than 4 MB."""
_MOST_HEADERS: Final = 10_000
MOST_UNPACKED_BYTES: Final = 64 * 1024 * 1024
"""What a batch may have when it is unpacked: a broker takes at most 2 MB of it packed, our own have 0.3 to 4 MB."""
_STEP_BYTES: Final = 1024 * 1024


def unpack_within_bounds() -> None:
    """Have consumers give up a batch that unpacks to more than any honest one has.

    kafka-python 3.0 unpacks whatever comes: a megabyte of Zstandard may be tens of gigabytes, and a worker that the
    system kills for them meets the same batch again when it comes back.
    """
    default_records.gzip_decode = _gunzip
    default_records.zstd_decode = _unzstd


def _gunzip(payload: bytes) -> bytearray:
    with gzip.GzipFile(fileobj=io.BytesIO(payload)) as stream:
        return _read_all(stream.read)


def _unzstd(payload: bytes) -> bytearray:
    with zstandard.ZstdDecompressor().stream_reader(payload, read_across_frames=True) as stream:
        return _read_all(stream.read)


def _read_all(read: Callable[[int], bytes]) -> bytearray:
    found = bytearray()
    while part := read(_STEP_BYTES):
        found += part
        if len(found) > MOST_UNPACKED_BYTES:
            raise ValueError(f"it unpacks to more than {MOST_UNPACKED_BYTES >> 20} MB")
    return found


MOST_POLLED_BYTES: Final = 16 * 1024 * 1024
"""After so many bytes of records a poll has enough: our own have a kilobyte or two, and 1,000 of them are polled."""


def poll_within_bounds() -> None:
    """Have consumers give what they have unpacked, once it is much, before they unpack more.

    kafka-python 3.0 counts records alone: a few hundred batches of one record each, which take a broker a few
    kilobytes, were unpacked in one poll and held together.
    """
    kind = fetcher.Fetcher
    if getattr(kind, "synsift_polled_bytes", None) is not None:
        return
    append = kind._append  # noqa: SLF001
    kind.synsift_polled_bytes = 0

    @functools.wraps(append)
    def bounded(self: Any, drained: Any, part: Any, max_records: int, update_offsets: Any) -> int:  # noqa: ANN401
        before_bytes = self.synsift_polled_bytes if drained else 0
        part.synsift_taken_bytes = 0
        taken: int = append(self, drained, part, max_records, update_offsets)
        self.synsift_polled_bytes = before_bytes + part.synsift_taken_bytes
        # What counts as all that was asked for ends the poll.
        return max_records if self.synsift_polled_bytes >= MOST_POLLED_BYTES else taken

    kind._append = bounded  # noqa: SLF001
    kind.PartitionRecords.take = functools.wraps(kind.PartitionRecords.take)(_take)


def _take(part: Any, most: int | None = None) -> list[Any]:  # noqa: ANN401
    """Up to so many records of a partition, and no more once they are much; an error comes behind what was read."""
    part._maybe_raise_next_inline_exception()  # noqa: SLF001
    records: list[Any] = []
    size_bytes = 0
    try:
        for record in islice(part.record_iterator, most):
            records.append(record)
            size_bytes += record.serialized_key_size + record.serialized_value_size + record.serialized_header_size
            if size_bytes >= MOST_POLLED_BYTES:
                break
    except Exception as exc:
        if not records:
            raise
        part._next_inline_exception = exc  # noqa: SLF001
    part.synsift_taken_bytes = size_bytes
    return records


_MOST_RECORDS: Final = 100_000


def last_delta(base: int, said: int, count: int, following: int | None) -> int:
    """How far behind its first offset the last one of a damaged batch stands, at most.

    Args:
        base: The first offset, which is not under the checksum.
        said: What the batch says.
        count: How many records it says to have: as many as offsets, but for what was compacted away.
        following: The first offset of the next batch, if that came, too.
    """
    room = _MOST_RECORDS - 1 if following is None else max(0, following - base - 1)
    if 0 <= said <= room and 0 < count <= said + 1:
        return said
    if following is not None:
        return room
    return count - 1 if 0 < count <= _MOST_RECORDS else 0
