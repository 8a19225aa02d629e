"""A damaged log file: noticed when it is opened, checked by a command, and made new from what is whole."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from synsift.pipelines.errors import ConfigError, DamagedLog, LogError
from synsift.pipelines.log.base import Position
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.log.sqlite_recovery import is_whole, recover
from synsift.pipelines.topics import Entry
from tests.pipelines.log.contract import PARTITIONS, Owner, poll_all

RECORDS = 4_000


def value(number: int) -> bytes:
    return b"%06d" % number * 30


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log with many pages of candidates, a compacted topic, and a position."""
    path = tmp_path / "log.db"
    with closing(SqliteLog(path, partitions=PARTITIONS)) as log:
        log.produce([Entry("candidates", n % 2, b"n%d" % n, value(n), (("h", b"1"),)) for n in range(RECORDS)])
        log.produce([Entry("fetched", 0, b"url%d" % (n % 10), b"%d" % n) for n in range(100)])
        member = log.join("dedupe", "candidates", Owner())
        poll_all(member, 10)
        member.commit({0: Position(7, "note")})
        member.close()
    return path


def damage(path: Path, spoil: Callable[[bytearray], None]) -> None:
    data = bytearray(path.read_bytes())
    spoil(data)
    path.write_bytes(data)


def test_a_flipped_bit_costs_its_record_and_nothing_else(path: Path) -> None:
    damage(path, lambda data: data.__setitem__(at := data.index(value(1_000)) + 50, data[at] ^ 4))
    with closing(SqliteLog(path, partitions=PARTITIONS)) as log:
        found = [message for p in (0, 1) for message in log.read("candidates", p)]
        assert [m.value for m in found if m.damage] != []
        assert len([m for m in found if not m.damage]) == RECORDS - 1


def test_recovery_keeps_everything_that_is_whole(path: Path) -> None:
    page = 4096

    def spoil(data: bytearray) -> None:
        for number in (40, 41, 90):  # pages with rows, far from the schema
            data[number * page : (number + 1) * page] = b"\xa5" * page
        at = data.index(value(3_000))
        data[at] ^= 1

    damage(path, spoil)
    with pytest.raises(DamagedLog) as caught:
        SqliteLog(path, partitions=PARTITIONS)
    assert "log recover" in caught.value.hint
    before = path.read_bytes()
    found = recover(path, PARTITIONS)
    assert found.put_aside is not None
    assert found.put_aside.read_bytes() == before
    assert found.damaged >= 1
    assert found.unreadable >= 1
    with closing(SqliteLog(path, partitions=PARTITIONS)) as log:
        kept = [m for p in (0, 1) for m in log.read("candidates", p)]
        assert not any(m.damage for m in kept)
        assert all(m.value == value(m.offset * 2 + m.partition) for m in kept)
        # Three pages of some twenty rows each, and one row more: what is lost is what stood there.
        assert RECORDS - 100 < len(kept) < RECORDS
        assert sorted(m.value or b"" for m in log.read("fetched", 0)) == sorted(b"%d" % n for n in range(90, 100))
        assert [(lag.committed, lag.end) for lag in log.lag("dedupe", "candidates")][:2] == [(7, 2_000), (0, 2_000)]
        log.produce([Entry("fetched", 0, b"url1", b"new"), Entry("candidates", 0, b"k", b"new")])
        assert [m.value for m in log.read("fetched", 0) if m.key == b"url1"] == [b"new"]


def test_a_log_cut_in_half_gives_what_is_left(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DamagedLog):
        SqliteLog(path, partitions=PARTITIONS)
    found = recover(path, PARTITIONS)
    with closing(SqliteLog(path, partitions=PARTITIONS)) as log:
        kept = [m for p in (0, 1) for m in log.read("candidates", p)]
    assert len(kept) == found.kept["candidates"] > 0


def test_a_log_whose_first_page_is_gone_is_read_by_the_form_of_a_new_one(path: Path) -> None:
    damage(path, lambda data: data.__setitem__(slice(0, 4096), bytes(4096)))
    with pytest.raises(LogError):
        SqliteLog(path, partitions=PARTITIONS)
    assert recover(path, PARTITIONS).kept["candidates"] == RECORDS


@pytest.mark.parametrize("junk", [b"not a database at all, but long enough to be looked at" * 20, os.urandom(9_000)])
def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(junk)
    with pytest.raises(LogError, match=r"log\.db"):
        SqliteLog(path, partitions=PARTITIONS)
    assert path.read_bytes() == junk


def test_a_strangers_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE photos (name TEXT)")
        db.commit()
    before = path.read_bytes()
    with pytest.raises(LogError, match="another program"):
        SqliteLog(path, partitions=PARTITIONS)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["log.db"]


def test_every_byte_of_a_file_may_be_damaged_and_recovery_ends(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    for step in range(40):
        copy = tmp_path / f"copy-{step}" / "log.db"
        copy.parent.mkdir()
        data = bytearray(whole)
        for place in range(step * 997 % 4096, len(data), 40_013):
            data[place] ^= 0x5A
        copy.write_bytes(data)
        try:
            recover(copy, PARTITIONS)
        except LogError:
            continue  # nothing of it can be read: said, and the file stays
        with closing(SqliteLog(copy, partitions=PARTITIONS)) as log:
            assert not any(m.damage for p in range(PARTITIONS) for m in log.read("candidates", p))


def folder_of(path: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in path.parent.iterdir() if entry.is_file()}


def say(path: Path, name: str, text: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE meta SET value = ? WHERE name = ?", (text, name))
        db.commit()
        db.execute("PRAGMA journal_mode=DELETE")


def test_a_recovery_that_can_not_be_completed_changes_nothing(path: Path) -> None:
    damage(path, lambda data: data.__setitem__(slice(40 * 4096, 41 * 4096), b"\xa5" * 4096))
    before = folder_of(path)

    def fail(fresh: Path) -> None:
        assert fresh != path
        raise LogError("the store refuses")

    with pytest.raises(LogError, match="refuses"):
        recover(path, PARTITIONS, fail)
    assert folder_of(path) == before


def test_a_recovery_leaves_alone_what_others_refuse_too(path: Path, tmp_path: Path) -> None:
    strange = tmp_path / "strange" / "log.db"
    strange.parent.mkdir()
    with closing(sqlite3.connect(strange)) as db:
        db.execute("CREATE TABLE photos (name TEXT)")
        db.commit()
    before = folder_of(strange)
    for attempt in (recover, is_whole):
        with pytest.raises(LogError, match="another program"):
            attempt(strange, PARTITIONS)
    assert folder_of(strange) == before
    for attempt in (recover, is_whole):
        with pytest.raises(ConfigError, match="partitions"):
            attempt(path, PARTITIONS + 1)
    say(path, "format", "99")
    before = folder_of(path)
    for attempt in (recover, is_whole):
        with pytest.raises(LogError, match="format 99"):
            attempt(path, PARTITIONS)
    assert folder_of(path) == before


def test_a_log_that_is_whole_needs_no_recovery_and_one_with_a_flipped_bit_does(path: Path) -> None:
    assert is_whole(path, PARTITIONS)
    damage(path, lambda data: data.__setitem__(at := data.index(value(1_000)) + 50, data[at] ^ 4))
    assert not is_whole(path, PARTITIONS)


@pytest.mark.parametrize("name", ["format", "partitions"])
def test_what_a_log_says_of_itself_and_can_not_be_read_is_damage_that_is_recovered(path: Path, name: str) -> None:
    say(path, name, "abc")
    with pytest.raises(DamagedLog) as caught:
        SqliteLog(path, partitions=PARTITIONS)
    assert "log recover" in caught.value.hint
    with pytest.raises(ConfigError, match="partitions"):  # records stand on more
        recover(path, 1)
    assert recover(path, PARTITIONS).kept["candidates"] == RECORDS
    SqliteLog(path, partitions=PARTITIONS).close()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["a pipe", "a folder"])
@pytest.mark.parametrize("read_only", [True, False])
def test_what_is_no_file_is_not_opened_as_a_log(tmp_path: Path, make: Callable[[Path], None], read_only: bool) -> None:
    path = tmp_path / "log.db"
    make(path)
    with pytest.raises(LogError, match="not a file") as caught:
        SqliteLog(path, partitions=PARTITIONS, read_only=read_only)
    assert caught.value.hint
    with pytest.raises(LogError, match="not a file"):
        recover(path, PARTITIONS)


def test_an_empty_file_is_a_damaged_log_to_who_only_reads(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    path.touch()
    with pytest.raises(DamagedLog, match="empty") as caught:
        SqliteLog(path, partitions=PARTITIONS, read_only=True)
    assert "log recover" in caught.value.hint
