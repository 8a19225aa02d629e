"""The SQLite log keeps the contract, and survives what only files and processes can do to it."""

import contextlib
import multiprocessing
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from synsift.pipelines.errors import ConfigError, DiskFull, LogError
from synsift.pipelines.log.base import Log, Position
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.topics import Entry
from tests.pipelines.log.contract import INPUT, OUTPUT, PARTITIONS, LogContract, Owner, entry, poll_all, texts


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


class TestSqliteLog(LogContract):
    looks = 10_000

    @pytest.fixture
    def make_log(self, tmp_path: Path) -> Callable[[], Log]:
        self.clock = Clock()
        return lambda: SqliteLog(tmp_path / "log.db", partitions=PARTITIONS, clock=self.clock)

    def let_session_expire(self) -> None:
        self.clock.now_s += 31


def _work_until_killed(path: Path) -> None:
    log = SqliteLog(path, partitions=PARTITIONS)
    member = log.join("group", INPUT, Owner())
    while True:
        for message in member.poll(1, 1.0):
            with member.transaction() as transaction:
                transaction.produce([entry(message.value.decode(), topic=OUTPUT, partition=message.partition)])
                transaction.consume({message.partition: Position(message.offset + 1)})


def test_a_killed_process_loses_and_repeats_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = SqliteLog(path, partitions=PARTITIONS)
    total = 400
    log.produce([entry(f"{n}", partition=n % PARTITIONS) for n in range(total)])
    outputs = log.join("watch", OUTPUT, Owner())
    spawn = multiprocessing.get_context("spawn")
    seen: list[str] = []
    while len(seen) < total:
        worker = spawn.Process(target=_work_until_killed, args=(path,), daemon=True)
        worker.start()
        wanted = min(len(seen) + 120, total)
        while len(seen) < wanted:
            seen += texts(outputs.poll(100, 0.2))
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        # No waiting for a session to expire: the process is gone, and the log can see it.
    assert sorted(map(int, seen)) == list(range(total))
    outputs.close()
    log.close()


def test_a_note_of_the_largest_size_survives(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", partitions=1)
    owner = Owner()
    member = log.join("group", INPUT, owner)
    member.poll(1, 0)
    member.commit({0: Position(5, "n" * 4_000)})
    member.close()
    member = log.join("group", INPUT, owner)
    member.poll(1, 0)
    assert owner.owned[0].note == "n" * 4_000
    member.close()
    log.close()


def test_two_records_of_one_key_in_one_write_are_compacted_too(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", partitions=1)
    log.produce([entry(text, topic="progress", key="k") for text in ("1", "2", "3")])
    assert texts(list(log.read("progress", 0))) == ["3"]
    member = log.join("group", "progress", Owner())
    assert texts(poll_all(member, 1)) == ["3"]
    member.close()
    log.close()


def test_another_number_of_partitions_is_refused_with_the_way_out(tmp_path: Path) -> None:
    SqliteLog(tmp_path / "log.db", partitions=4).close()
    with pytest.raises(ConfigError, match="4 partitions") as caught:
        SqliteLog(tmp_path / "log.db", partitions=8)
    assert "set log.partitions = 4" in caught.value.hint


def test_a_file_that_is_no_log_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    path.write_text("this is not a database, it is a letter to a friend" * 100)
    with pytest.raises(LogError, match=r"log\.db"):
        SqliteLog(path, partitions=4)


def test_a_log_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    SqliteLog(path, partitions=4).close()
    db = sqlite3.connect(path)
    db.execute("UPDATE meta SET value = '99' WHERE name = 'format'")
    db.commit()
    db.close()
    with pytest.raises(LogError, match="format 99"):
        SqliteLog(path, partitions=4)


@pytest.mark.parametrize("how", ["deleted", "moved", "another"])
def test_nothing_is_written_into_a_file_that_was_taken_away(tmp_path: Path, how: str) -> None:
    """SQLite goes on with the file that it holds open: whoever was told that it is written would have lost it."""
    path = tmp_path / "out" / "log.db"
    log = SqliteLog(path, partitions=PARTITIONS)
    log.produce([entry("one")])
    member = log.join("stage", INPUT, Owner())
    member.poll(10, 0.0)
    path.parent.rename(tmp_path / "elsewhere")
    if how == "deleted":
        for file in (tmp_path / "elsewhere").iterdir():
            file.unlink()
    if how == "another":
        SqliteLog(path, partitions=PARTITIONS).close()
    with pytest.raises(LogError, match="deleted or moved while it was in use") as caught:
        log.produce([entry("two")])
    assert caught.value.hint

    def joining() -> None:
        log.join("stage", INPUT, Owner())

    def writing() -> None:
        with member.transaction() as transaction:
            transaction.produce([entry("three")])

    for work in (writing, lambda: member.commit({0: Position(1)}), lambda: log.adopt("another"), joining):
        with pytest.raises(LogError, match="deleted or moved while it was in use"):
            work()
    member.close()
    log.close()
    assert path.exists() == (how == "another")


def test_a_disk_without_any_room_is_said_to_be_full_whatever_sqlite_calls_it(small_disk: Path) -> None:
    path = small_disk / "out" / "log.db"
    SqliteLog(path, partitions=2).close()
    with contextlib.suppress(OSError), (small_disk / "ballast").open("wb", buffering=0) as ballast:
        for size_bytes in (1 << 16, 1 << 12, 1 << 8):
            with contextlib.suppress(OSError):
                while True:
                    ballast.write(b"\0" * size_bytes)
    with pytest.raises(DiskFull, match="no space left"):
        SqliteLog(path, partitions=2).produce([Entry("survivors", 0, b"k", b"v" * 100_000)])
    (small_disk / "ballast").unlink()
    with contextlib.closing(SqliteLog(path, partitions=2)) as log:
        log.produce([Entry("survivors", 0, b"k", b"v" * 100_000)])


def test_a_disk_that_may_not_be_written_is_said_to_be_that(small_disk: Path) -> None:
    path = small_disk / "out" / "log.db"
    SqliteLog(path, partitions=PARTITIONS).close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(LogError, match=r"log\.db can't be written") as caught:
        SqliteLog(path, partitions=PARTITIONS)
    assert "read-only" in caught.value.hint
