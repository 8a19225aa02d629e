"""What it costs that every record says what its bytes are: microseconds of CPU and bytes a record, on both logs.

    python -m benchmarks.headers

SQLite is the log itself. Of Kafka it is what a client does beside the broker: kafka-python's batches, made and read.
The record is a candidate; the peer is the same without headers.
"""

import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.records import Candidate
from synsift.pipelines.topics import Entry, Router
from tests.pipelines.test_records import EXAMPLES

_RECORDS: Final = 40_000
_BATCH: Final = 1_000


def on_sqlite(entry: Entry) -> str:
    """Write and read records."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        log = SqliteLog(path, partitions=4)
        start_s = time.process_time()
        for _ in range(_RECORDS // _BATCH):
            log.produce([entry] * _BATCH)
        written_s = time.process_time()
        read = sum(1 for _ in log.read(entry.topic, entry.partition))
        read_s = time.process_time()
        log.close()
        return _told(read, written_s - start_s, read_s - written_s, path.stat().st_size / read)


def on_kafka(entry: Entry) -> str:
    """Make and read batches."""
    headers: Sequence[tuple[str, bytes]] = list(entry.headers)
    data = b""
    start_s = time.process_time()
    for _ in range(_RECORDS // _BATCH):
        batch = DefaultRecordBatchBuilder(
            magic=2, compression_type=0, is_transactional=True, producer_id=1, producer_epoch=1, base_sequence=0,
            batch_size=1 << 30,
        )  # fmt: skip
        for number in range(_BATCH):
            batch.append(number, 1_700_000_000_000, entry.key, entry.value, headers)
        data = bytes(batch.build())
    written_s = time.process_time()
    for _ in range(_RECORDS // _BATCH):
        for record in DefaultRecordBatch(bytearray(data)):
            _ = record.headers
    read_s = time.process_time()
    packed = f"; {len(zlib.compress(data)) / _BATCH:.0f} compressed"
    return _told(_RECORDS, written_s - start_s, read_s - written_s, len(data) / _BATCH) + packed


def _told(records: int, written_s: float, read_s: float, size_bytes: float) -> str:
    return f"{written_s / records * 1e6:.1f} µs written, {read_s / records * 1e6:.1f} µs read, {size_bytes:.0f} bytes"


def main() -> int:
    """Measure each twice, in turn."""
    candidate = next(one for one in EXAMPLES if isinstance(one, Candidate))
    entry = Router(4).candidate(candidate)
    for _ in range(2):
        for name, one in (("without headers", replace(entry, headers=())), ("with headers", entry)):
            print(f"{name}: SQLite {on_sqlite(one)}; Kafka {on_kafka(one)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
