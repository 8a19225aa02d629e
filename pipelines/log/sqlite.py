"""The log in one SQLite file: for one machine, any number of processes, no server."""

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from synsift.pipelines import topics
from synsift.pipelines.errors import FencedError, LogError
from synsift.pipelines.log.base import Lag, Listener, Message, Position
from synsift.pipelines.log.sqlite_group import Group, Seat
from synsift.pipelines.log.sqlite_rows import Row, message_of, record_id, row_of
from synsift.pipelines.log.sqlite_schema import connect, connect_to_read, deferred, errors_of, immediate, quick_check
from synsift.pipelines.log.transaction import GatheredTransaction
from synsift.pipelines.log.watermark import done_above
from synsift.pipelines.topics import Entry

# Longest wait for records that another process writes: shorter burns CPU when idle, longer delays each stage.
_POLL_INTERVAL_S: Final = 0.05
_READ_BATCH: Final = 1_000
_COMPACTED: Final = {topic.name for topic in topics.ALL if topic.cleanup is topics.Cleanup.COMPACT}


class SqliteLog:
    """A log in the file at ``path``, made if it doesn't exist.

    Compacted topics keep the last record of a key only; the others keep all.
    """

    def __init__(
        self,
        path: Path,
        *,
        partitions: int,
        session_timeout_s: float = 30.0,
        clock: Callable[[], float] = time.time,
        read_only: bool = False,
    ) -> None:
        """Open the log.

        Args:
            path: The database file.
            partitions: Of every topic; fixed when the file is made.
            session_timeout_s: A member that neither polls nor commits for so long is dead. One whose process has
                ended is dead at once.
            clock: Seconds, the same for all processes.
            read_only: Whether to make and change nothing, also beside the file.
        """
        self.path = path
        self.partitions = partitions
        self.session_timeout_s = session_timeout_s
        self.clock = clock
        self.written = threading.Condition()
        self._lock = threading.Lock()
        quick_check(path)
        self._db = connect_to_read(path, partitions) if read_only else connect(path, partitions)
        with errors_of(path):
            self._file = path.stat()

    def produce(self, entries: Sequence[Entry]) -> None:
        """Write entries, all or nothing; durable on return, as long as the file stands under its name."""
        with self._lock, errors_of(self.path), immediate(self._db):
            self.check_there()
            append(self._db, entries)
        self.notify()

    def check_there(self) -> None:
        """Refuse to write into a file that was deleted: SQLite would, and it would be lost.

        Raises:
            LogError: It isn't there any more, or another one is.
        """
        if not self.is_there():
            raise LogError(
                f"the log {self.path} was deleted or moved while it was in use",
                hint="begin anew; what was written before is where it was moved to",
            )

    def is_there(self) -> bool:
        """Whether the file that was opened stands under its name."""
        try:
            return os.path.samestat(self.path.stat(), self._file)
        except FileNotFoundError:
            return False

    def join(self, group: str, topic: str, listener: Listener, *, whole: bool = False) -> "SqliteMember":
        """Become a member of a group that reads one topic."""
        return SqliteMember(self, group, topic, listener, whole=whole)

    def read(self, topic: str, partition: int, start: int = 0) -> Generator[Message, None, None]:
        """Read a partition from an offset to its present end, outside of any group."""
        while True:
            with self._lock, errors_of(self.path):
                batch = read_batch(self._db, topic, partition, start, _READ_BATCH)
            yield from batch
            if len(batch) < _READ_BATCH:
                return
            start = batch[-1].offset + 1

    def follow(self, topic: str) -> "SqliteFollower":
        """Read a topic from its beginning, and then again and again what is new."""
        return SqliteFollower(self, topic)

    def lag(self, group: str, topic: str) -> list[Lag]:
        """What a group has yet to do, by partition."""
        with self._lock, errors_of(self.path), deferred(self._db):
            ends = heads(self._db, topic)
            members = dict(
                self._db.execute(
                    "SELECT partition, owner FROM owners WHERE grp = ? AND topic = ?", (group, topic)
                ).fetchall()
            )
            rows = self._db.execute(
                "SELECT partition, next, note FROM positions WHERE grp = ? AND topic = ?", (group, topic)
            ).fetchall()
        committed = {number: Position(offset, note) for number, offset, note in rows}
        return [
            Lag(number, at.offset, ends.get(number, 0), members.get(number, ""), done_above(at))
            for number, at in ((number, committed.get(number, Position(0))) for number in range(self.partitions))
        ]

    def identity(self) -> str:
        """A name that no other log has."""
        with self._lock, errors_of(self.path):
            (found,) = self._db.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
        return str(found)

    def adopt(self, identity: str) -> None:
        """Take the identity of a log that is gone, whose store this one goes on with."""
        with self._lock, errors_of(self.path), immediate(self._db):
            self.check_there()
            self._db.execute("UPDATE meta SET value = ? WHERE name = 'identity'", (identity,))

    def ends(self, topic: str) -> dict[int, int]:
        """The offset that each partition's next record will have."""
        with self._lock, errors_of(self.path):
            return heads(self._db, topic)

    def notify(self) -> None:
        """Wake the members of this process: there may be something to read."""
        with self.written:
            self.written.notify_all()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


class SqliteFollower:
    """A reader of a whole topic."""

    def __init__(self, log: SqliteLog, topic: str) -> None:
        self._log = log
        self._topic = topic
        self._next: dict[int, int] = {}

    def read(self) -> list[Message]:
        """What was written since the last time, in order per partition."""
        found: list[Message] = []
        for partition, end in self._log.ends(self._topic).items():
            begin = self._next.get(partition, 0)
            if begin < end:
                found += self._log.read(self._topic, partition, begin)
                # A compacted record leaves a gap: where nothing is left to read, the end is reached.
                self._next[partition] = max(end, found[-1].offset + 1 if found else 0)
        return found

    def close(self) -> None:
        """Nothing to release."""


class SqliteMember:
    """A member of a consumer group, with a connection of its own."""

    def __init__(self, log: SqliteLog, group: str, topic: str, listener: Listener, *, whole: bool) -> None:
        self._log = log
        self._topic = topic
        self._listener = listener
        self._next: dict[int, int] = {}
        self._generation = -1
        self._beat_at_s = 0.0
        self._turn = 0
        with errors_of(log.path):
            log.check_there()  # a file that is gone would be made anew
        self._db = connect(log.path, log.partitions)
        name = f"{group}-{uuid.uuid4().hex[:8]}"
        self._group = Group(self._db, Seat(group, topic, name), partitions=log.partitions, whole=whole)
        with self._writing():
            self._group.join(log.clock())

    def poll(self, max_records: int, timeout_s: float, *, paused: Collection[int] = ()) -> list[Message]:
        """Read on, in order per partition; empty after ``timeout_s`` without records."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            self._keep_membership()
            messages = self._read(max_records, paused)
            remaining_s = deadline_s - time.monotonic()
            if messages or remaining_s <= 0:
                return messages
            with self._log.written:
                self._log.written.wait(min(remaining_s, _POLL_INTERVAL_S))

    def commit(self, positions: Mapping[int, Position]) -> None:
        """Say how far the work is done, without outputs."""
        with self.transaction() as transaction:
            transaction.consume(positions)

    @contextmanager
    def transaction(self) -> Iterator[GatheredTransaction]:
        """Gather outputs and positions, and write them together at the end of the block."""
        transaction = GatheredTransaction()
        yield transaction
        with self._writing():
            self._group.check_owner(frozenset(transaction.positions))
            append(self._db, transaction.entries)
            self._group.commit(transaction.positions)
        self._log.notify()

    def close(self) -> None:
        """Leave the group, after telling the listener."""
        try:
            if self._next:
                self._listener.on_revoked(frozenset(self._next))
            with errors_of(self._log.path):
                is_there = self._log.is_there()
            if is_there:  # of a file that was deleted nobody is a member
                with self._writing():
                    self._group.leave()
        finally:
            self._next = {}
            self._db.close()
            self._log.notify()

    def _keep_membership(self) -> None:
        now_s = self._log.clock()
        beat_due = now_s - self._beat_at_s > self._log.session_timeout_s / 6
        with errors_of(self._log.path):
            if not beat_due and self._group.generation() == self._generation:
                return
        try:
            with self._writing():
                self._group.beat(now_s, self._log.session_timeout_s)
                changes = self._group.rebalance()
                ends = heads(self._db, self._topic)
                positions = {
                    partition: replace(at, ends=ends.get(partition, 0))
                    for partition, at in self._group.positions(changes.taken).items()
                }
                self._generation = self._group.generation()
        except FencedError:
            self._next = {}
            raise
        self._beat_at_s = now_s
        if changes.unwanted:
            self._listener.on_revoked(changes.unwanted)
            for partition in changes.unwanted:
                self._next.pop(partition, None)
            with self._writing():
                self._group.release(changes.unwanted)
        if changes.taken:
            self._next.update({partition: at.offset for partition, at in positions.items()})
            self._listener.on_assigned(positions)

    def _read(self, max_records: int, paused: Collection[int]) -> list[Message]:
        """Read a fair share of every partition that has records, beginning with another one each time."""
        with errors_of(self._log.path):
            ends = heads(self._db, self._topic)
            ready = [p for p in sorted(self._next) if self._next[p] < ends.get(p, 0) and p not in paused]
            if not ready:
                return []
            self._turn = (self._turn + 1) % len(ready)
            messages: list[Message] = []
            for place, partition in enumerate(ready[self._turn :] + ready[: self._turn]):
                share = -(-(max_records - len(messages)) // (len(ready) - place))
                if share <= 0:
                    break
                batch = read_batch(self._db, self._topic, partition, self._next[partition], share)
                # A compacted record leaves a gap: where nothing is left to read, the end is reached.
                self._next[partition] = batch[-1].offset + 1 if batch else ends[partition]
                messages += batch
        return messages

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with errors_of(self._log.path), immediate(self._db):
            self._log.check_there()
            yield


def heads(db: sqlite3.Connection, topic: str) -> dict[int, int]:
    """The offset that each partition's next record will have."""
    return dict(db.execute("SELECT partition, next FROM heads WHERE topic = ?", (topic,)).fetchall())


def read_batch(db: sqlite3.Connection, topic: str, partition: int, start: int, limit: int) -> list[Message]:
    """Read at most ``limit`` records of a partition from an offset on."""
    rows = db.execute(
        "SELECT id, key, value, headers, checksum FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
        (record_id(topic, partition, start), record_id(topic, partition + 1, 0), limit),
    ).fetchall()
    return [message_of(row) for row in rows]


def append(db: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Write entries at the ends of their partitions, within the caller's transaction."""
    ends: dict[tuple[str, int], int] = {}
    rows: dict[int, Row] = {}
    compacted: dict[tuple[str, int, bytes], int] = {}
    for entry in entries:
        place = (entry.topic, entry.partition)
        if place not in ends:
            row = db.execute("SELECT next FROM heads WHERE topic = ? AND partition = ?", place).fetchone()
            ends[place] = row[0] if row else 0
        identity = record_id(entry.topic, entry.partition, ends[place])
        ends[place] += 1
        rows[identity] = row_of(identity, entry)
        if entry.topic in _COMPACTED and entry.key is not None:
            rows.pop(compacted.get((*place, entry.key), -1), None)
            compacted[(*place, entry.key)] = identity
    db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", list(rows.values()))
    db.executemany("INSERT OR REPLACE INTO heads VALUES (?, ?, ?)", [(*place, end) for place, end in ends.items()])
    if compacted:
        _compact(db, compacted)


def _compact(db: sqlite3.Connection, newest: Mapping[tuple[str, int, bytes], int]) -> None:
    """Forget the earlier records of keys that were just written."""
    db.executemany(
        "DELETE FROM records WHERE id = (SELECT id FROM latest WHERE topic = ? AND partition = ? AND key = ?)",
        list(newest),
    )
    db.executemany("INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?)", [(*k, i) for k, i in newest.items()])
