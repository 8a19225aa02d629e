"""Records that are packed many at a time: what kafka-python reads, byte for byte what it would have written."""

from hypothesis import given
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from kafka.record.util import decode_varint, encode_varint

from synsift.pipelines.log.kafka_records import Packed, packed, value_of, varint
from synsift.pipelines.topics import Entry

MOST = 1 << 40
SOME_BYTES = st.binary(max_size=300)
ENTRIES = st.lists(
    st.builds(
        Entry,
        topic=st.just("t"),
        partition=st.just(0),
        key=st.none() | SOME_BYTES,
        value=st.none() | SOME_BYTES,
        headers=st.lists(st.tuples(st.text(max_size=20), SOME_BYTES), max_size=4).map(tuple),
    ),
    max_size=300,
)


@given(st.integers(-(1 << 62), (1 << 62) - 1) | st.sampled_from([0, 63, 64, 8_191, 8_192, 1 << 20]))
def test_numbers_are_written_as_kafka_python_reads_them(number: int) -> None:
    data = varint(number)
    assert decode_varint(bytearray(data), 0) == (number, len(data))
    if -(1 << 34) < number < 1 << 34:
        expected = bytearray()
        encode_varint(number, expected.append)
        assert data == expected


def built(entries: list[Entry]) -> bytes:
    """What kafka-python writes of the same, without what stands before a batch."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, MOST)
    for offset, entry in enumerate(entries):
        builder.append(offset, 7, entry.key, value_of(entry), list(entry.headers))
    return bytes(builder._buffer[DefaultRecordBatchBuilder.HEADER_STRUCT.size :])


@given(ENTRIES, st.integers(1, 2_000))
def test_records_are_those_that_kafka_python_writes_in_batches_that_are_not_too_large(
    entries: list[Entry], most_bytes: int
) -> None:
    rest = list(entries)
    for batch in packed(entries, most_bytes):
        some, rest = rest[: batch.records], rest[batch.records :]
        assert batch.body == built(some)
        assert batch.records == 1 or len(batch.body) <= most_bytes
    assert not rest
    assert list(packed(entries, MOST)) == ([Packed(built(entries), len(entries))] if entries else [])


@given(ENTRIES)
def test_what_was_packed_is_read_as_it_was(entries: list[Entry]) -> None:
    for batch in packed(entries, MOST):
        builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, MOST)
        builder._buffer += batch.body
        builder._num_records, builder._last_offset = batch.records, batch.records - 1
        found = [(record.key, record.value, record.headers) for record in DefaultRecordBatch(builder.build())]
        assert found == [(entry.key, value_of(entry), list(entry.headers)) for entry in entries]
