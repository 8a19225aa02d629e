"""A new log from what is whole of a damaged one.

    damaged log.db ──rows that can be read, and whose checksum is right──▶ log.db.recovered ──▶ log.db
                                            what its owner adds to it ──▶                  │
                                                                           damaged one ──▶ log.db.damaged-1

Nothing is replaced before all is done beside it, and a log that is whole, another program's or a newer version's stays
as it is. The damaged file is read only, and kept. A page that can't be read costs the records on it; what stands behind
it is found by bisection. Positions are taken over where they can be read; what was compacted is compacted again.
"""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from synsift.pipelines import topics
from synsift.pipelines.errors import ConfigError, DamagedLog
from synsift.pipelines.log.sqlite_rows import TOPIC_NUMBERS, Row, message_of, place_of, record_id
from synsift.pipelines.log.sqlite_schema import (
    check_file,
    check_format,
    check_partitions,
    connect,
    connect_to_read,
    errors_of,
    foreign,
    immediate,
    quick_check,
)

_SELECT: Final = "SELECT id, key, value, headers, checksum FROM records WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
_FORGET: Final = "DELETE FROM records WHERE id = (SELECT id FROM latest WHERE topic = ? AND partition = ? AND key = ?)"
_BATCH: Final = 1_000
_NEAR: Final = 5_000
_PAGE: Final = 4096
_PAGE_COUNT: Final = slice(28, 32)  # within the header: https://www.sqlite.org/fileformat.html, section 1.3
_MOST_FILLED: Final = 1 << 30
_MAX_PARTITIONS: Final = 1 << 14
_COMPACTED: Final = {topic.name for topic in topics.ALL if topic.cleanup is topics.Cleanup.COMPACT}


@dataclass(slots=True)
class Recovered:
    """What a recovery found.

    Attributes:
        kept: Records of each topic that the new log has.
        damaged: Records whose bytes are not what was written, left behind.
        unreadable: Stretches of the file that can't be read at all.
        lost_positions: Whether the groups' positions were lost: all inputs are judged anew.
        put_aside: Where the damaged file is now; None if there was none.
        partitions: Those up to the last one that has a record.
    """

    kept: Counter[str] = field(default_factory=Counter)
    damaged: int = 0
    unreadable: int = 0
    lost_positions: bool = False
    put_aside: Path | None = None
    partitions: int = 0


def recover(path: Path, partitions: int, complete: Callable[[Path], None] = lambda _: None) -> Recovered:
    """Replace a damaged log by a new one, or make one where there is none. No process may have it open.

    Args:
        path: The log.
        partitions: Of the new one.
        complete: Is given the new log's file before it takes the old one's place; if it raises, nothing was changed.

    Raises:
        LogError: The file is another program's or a newer version's, or the new one can't be written.
        ConfigError: The damaged log was made with another number of partitions.
    """
    found = Recovered()
    fresh = path.with_name(path.name + ".recovered")
    try:
        with errors_of(path):
            check_file(path)
            _remove(fresh)
            with closing(connect(fresh, partitions)) as new:
                new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                if path.exists() and path.stat().st_size:
                    with _opened_damaged(path, fresh.read_bytes()[:_PAGE]) as old:
                        _recognise(old, path, partitions)
                        _copy(old, new, found)
                        _check_places(found, path, partitions)
                new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        complete(fresh)
    except BaseException:
        _remove(fresh)
        raise
    with errors_of(path):
        if path.exists():
            found.put_aside = _put_aside(path)
        _remove(path)
        fresh.rename(path)
        _remove(fresh)
    return found


def is_whole(path: Path, partitions: int) -> bool:
    """Whether nothing is there to recover: the file hangs together, and each record is what was written.

    Raises:
        LogError: The file is another program's or a newer version's.
        ConfigError: It was made with another number of partitions.
    """
    try:
        quick_check(path, whole=True)
        with closing(connect_to_read(path, partitions)) as db, errors_of(path):
            rows = db.execute("SELECT id, key, value, headers, checksum FROM records")
            return not any(message_of(row).damage for row in rows)
    except DamagedLog:
        return False


def _recognise(old: sqlite3.Connection, path: Path, partitions: int) -> None:
    """Leave alone what others refuse, too. What says nothing that can be read may be a damaged log of ours."""
    meta = dict(_try(old, "SELECT name, value FROM meta") or [])
    with suppress(DamagedLog):
        check_format(path, str(meta.get("format", "")))
    with suppress(DamagedLog):
        check_partitions(path, str(meta.get("partitions", "")), partitions)


def _check_places(found: Recovered, path: Path, partitions: int) -> None:
    if found.partitions > partitions:
        raise ConfigError(
            f"{path} holds records of {found.partitions} partitions and log.partitions says {partitions}",
            hint="set `log.partitions` to the number that it was made with",
        )


@contextmanager
def _opened_damaged(path: Path, first_page: bytes) -> Iterator[sqlite3.Connection]:
    """A copy of the damaged log, made such that SQLite looks at it at all."""
    copy = path.with_name(path.name + ".recovering")
    _remove(copy)
    try:
        for suffix in ("", "-wal"):
            if Path(f"{path}{suffix}").exists():
                shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
        _refuse_strangers(copy, path)
        _mend_header(copy, first_page)
        with closing(sqlite3.connect(copy.absolute(), timeout=30.0)) as db:
            yield db
    finally:
        _remove(copy)


def _refuse_strangers(copy: Path, path: Path) -> None:
    """A database that has tables, and not one of ours, is another program's."""
    with closing(sqlite3.connect(copy.absolute())) as db:
        tables = {row[0] for row in _try(db, "SELECT name FROM sqlite_master WHERE type = 'table'") or []}
    if tables and not tables & {"meta", "records", "heads"}:
        raise foreign(path)


def _mend_header(path: Path, first_page: bytes) -> None:
    """Fill up a file that was cut off, and where the first page can't be read, take that of a new log.

    A new log's tables are made in one order, so its first page says where the damaged one's begin, too.
    """
    size = path.stat().st_size
    with path.open("r+b") as file:
        claimed = int.from_bytes(file.read(_PAGE)[_PAGE_COUNT], "big") * _PAGE
        if size < claimed <= max(_MOST_FILLED, 100 * size):
            file.truncate(claimed)
        with closing(sqlite3.connect(path.absolute())) as db:
            tables = _try(db, "SELECT name FROM sqlite_master")
        if tables is not None and ("records",) in tables:
            return
        header = bytearray(first_page)
        header[_PAGE_COUNT] = max(1, -(-size // _PAGE)).to_bytes(4, "big")
        file.seek(0)
        file.write(header)


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, found: Recovered) -> None:
    ends: dict[tuple[str, int], int] = {}
    rows: list[Row] = []
    for row in _whole_rows(old, found):
        topic, partition, offset = place_of(row[0])
        ends[(topic, partition)] = offset + 1
        found.kept[topic] += 1
        found.partitions = max(found.partitions, partition + 1)
        rows.append(row)
        if len(rows) == _BATCH:
            _write(new, rows)
            rows.clear()
    _write(new, rows)
    for (identity,) in _try(old, "SELECT value FROM meta WHERE name = 'identity'") or []:
        new.execute("UPDATE meta SET value = ? WHERE name = 'identity'", (identity,))
    heads = _try(old, "SELECT topic, partition, next FROM heads") or []
    positions = _try(old, "SELECT grp, topic, partition, next, note FROM positions")
    found.lost_positions = positions is None
    # An offset that was given once is never given again, even if its record is lost.
    for topic, partition, end in [*heads, *((row[1], row[2], row[3]) for row in positions or [])]:
        ends[(topic, partition)] = max(end, ends.get((topic, partition), 0))
    with immediate(new):
        new.executemany("INSERT OR REPLACE INTO heads VALUES (?, ?, ?)", [(*place, end) for place, end in ends.items()])
        new.executemany("INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?, ?)", positions or [])


def _write(new: sqlite3.Connection, rows: list[Row]) -> None:
    with immediate(new):
        for row in rows:
            topic, partition, _ = place_of(row[0])
            if topic in _COMPACTED and row[1] is not None:
                place = (topic, partition, row[1])
                new.execute(_FORGET, place)
                new.execute("INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?)", (*place, row[0]))
            new.execute("INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?)", row)


def _whole_rows(old: sqlite3.Connection, found: Recovered) -> Iterator[Row]:
    for topic in TOPIC_NUMBERS:
        begin, end = record_id(topic, 0, 0), record_id(topic, _MAX_PARTITIONS - 1, 0) + (1 << 40)
        for row in _readable(old, begin, end, found):
            if message_of(row).damage:
                found.damaged += 1
            else:
                yield row


def _readable(old: sqlite3.Connection, begin: int, end: int, found: Recovered) -> Iterator[Row]:
    """Rows of a range of ids, in order, without the stretches that can't be read."""
    while begin < end:
        rows = _try(old, _SELECT, begin, end, _BATCH)
        if rows is None:
            rows = _one_by_one(old, begin, end)
            if not rows:
                found.unreadable += 1
                begin = _behind_damage(old, begin, end)
                continue
        if not rows:
            return
        # A damaged page may claim ids of other places: never go back.
        yield from (row for row in rows if begin <= row[0] < end)
        begin = max(begin, *(row[0] for row in rows if row[0] < end), 0) + 1


def _one_by_one(old: sqlite3.Connection, begin: int, end: int) -> list[Row]:
    """The rows before the first that can't be read, at most a batch of them."""
    rows: list[Row] = []
    while len(rows) < _BATCH:
        row = _try(old, _SELECT, begin, end, 1)
        if not row:
            break
        rows += row
        begin = max(begin, row[0][0]) + 1
    return rows


def _behind_damage(old: sqlite3.Connection, begin: int, end: int) -> int:
    """The first id from which on a row can be read again, or the end; ``begin`` can't.

    A page holds some dozens of rows, so the next ids are tried one after the other, and only then larger steps.
    """
    tried, step = begin, 1
    while tried + step < end and _try(old, _SELECT, tried + step, end, 1) is None:
        tried += step
        step = 1 if tried - begin < _NEAR else step * 2
    low, high = tried, min(tried + step, end)
    while high - low > 1:
        middle = (low + high) // 2
        if _try(old, _SELECT, middle, end, 1) is None:
            low = middle
        else:
            high = middle
    return high


def _try(old: sqlite3.Connection, query: str, *parameters: int) -> list[Any] | None:
    try:
        return old.execute(query, parameters).fetchall()
    except (sqlite3.DatabaseError, UnicodeError, OverflowError):
        return None


def _put_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for suffix in ("-wal", ""):  # the log itself last: cut off before, the next try begins anew
        part = Path(f"{path}{suffix}")
        if part.exists():
            part.rename(f"{aside}{suffix}")
    return aside


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
