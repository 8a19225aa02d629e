"""The database file of the SQLite log: schema, connections, and SQLite's errors in our words."""

import os
import shutil
import sqlite3
import stat
import urllib.parse
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from synsift.pipelines.errors import ConfigError, DamagedLog, DiskFull, LogError, LogUnavailable

_FORMAT: Final = "2"
_LEAST_BYTES: Final = 64 << 10
_BUSY_TIMEOUT_S: Final = 30.0
APPLICATION_ID: Final = 0x73796E73  # "syns": what `file` and SQLite itself know the file by
_CHECKED_BYTES: Final = 512 * 1024 * 1024
"""A larger file isn't read whole at each opening: that takes seconds. `synsift log check` does."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY, key BLOB, value BLOB, headers BLOB, checksum INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS heads (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latest (
    topic TEXT NOT NULL, partition INTEGER NOT NULL, key BLOB NOT NULL, id INTEGER NOT NULL,
    PRIMARY KEY (topic, partition, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions (
    grp TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, note TEXT NOT NULL,
    PRIMARY KEY (grp, topic, partition)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generations (
    grp TEXT NOT NULL, topic TEXT NOT NULL, generation INTEGER NOT NULL, PRIMARY KEY (grp, topic)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS members (
    grp TEXT NOT NULL, topic TEXT NOT NULL, name TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL,
    seen_at REAL NOT NULL, PRIMARY KEY (grp, topic, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS owners (
    grp TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, owner TEXT NOT NULL,
    PRIMARY KEY (grp, topic, partition)
) WITHOUT ROWID;
"""


def connect(path: Path, partitions: int) -> sqlite3.Connection:
    """Open the file, making it if it is new.

    WAL, synchronous=NORMAL: a killed process loses nothing; a power failure may lose the last transactions, whole
    and in order, so outputs and positions still agree.

    Raises:
        ConfigError: The file was made with another number of partitions.
        LogError: It can't be opened or isn't a log.
    """
    with errors_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        check_file(path)
        is_new = not path.exists() or path.stat().st_size == 0
        db = sqlite3.connect(path.absolute(), timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            if not is_new:
                _recognise(db, path)
            _prepare(db, path, partitions)
        except BaseException:
            db.close()
            raise
    return db


def quick_check(path: Path, *, whole: bool = False) -> None:
    """Make sure that the file's pages hang together; a large file's only if ``whole`` is asked for.

    Raises:
        DamagedLog: They don't.
    """
    with errors_of(path):
        check_file(path)
        if not path.exists() or (path.stat().st_size > _CHECKED_BYTES and not whole):
            return
        with closing(_open_to_read(path)) as db:
            (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise damaged(path, verdict)


def check_file(path: Path) -> None:
    """Make sure that what stands at a log's place is a file: a pipe would be waited on for ever.

    Raises:
        LogError: It is something else.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise LogError(f"the log {path} is {kind}, not a file", hint="move it away, or choose another `--out`")


def damaged(path: Path, reason: str) -> DamagedLog:
    """What to say of a damaged log."""
    return DamagedLog(
        f"the log {path} is damaged: {reason}", hint="`synsift log recover` makes a new one of what is whole"
    )


def _recognise(db: sqlite3.Connection, path: Path) -> None:
    """Before anything is written: a stranger's database is left as it is."""
    (found,) = db.execute("PRAGMA application_id").fetchone()
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if found == APPLICATION_ID or not tables:
        return
    if {"meta", "records", "heads"} <= tables:
        raise LogError(
            f"{path} was written by an earlier version of synsift", hint="choose another `--out`, or move it away"
        )
    raise foreign(path)


def foreign(path: Path) -> LogError:
    """What to say of a database that is no log."""
    return LogError(f"{path} is a database of another program, and was left as it is", hint="choose another `--out`")


def connect_to_read(path: Path, partitions: int) -> sqlite3.Connection:
    """Open the file for reading alone: nothing is made or changed, also not beside it, in a folder of whatever rights.

    Raises:
        ConfigError: The file was made with another number of partitions.
        LogError: It can't be opened or isn't a log.
    """
    with errors_of(path):
        db = _open_to_read(path)
        try:
            _recognise(db, path)
            _check(db, path, partitions)
        except BaseException:
            db.close()
            raise
    return db


def _open_to_read(path: Path) -> sqlite3.Connection:
    # SQLite reads a log in WAL mode by files beside it, which it makes if they aren't there. They aren't where the last
    # program closed the log properly; then the file is whole in itself, and is read as one that nobody changes.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    address = f"file:{urllib.parse.quote(str(path.absolute()))}?{mode}"
    return sqlite3.connect(address, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, uri=True)


def _prepare(db: sqlite3.Connection, path: Path, partitions: int) -> None:
    db.execute("PRAGMA journal_mode=WAL")
    db.execute(f"PRAGMA application_id={APPLICATION_ID}")
    db.execute("PRAGMA synchronous=NORMAL")
    with immediate(db):
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        for name, value in (("format", _FORMAT), ("partitions", str(partitions)), ("identity", uuid.uuid4().hex)):
            db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, value))
    _check(db, path, partitions)


def _check(db: sqlite3.Connection, path: Path, partitions: int) -> None:
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        raise damaged(path, "it is empty")
    meta = dict(db.execute("SELECT name, value FROM meta").fetchall())
    if not {"format", "partitions", "identity"} <= meta.keys():
        raise damaged(path, "it doesn't say what it is")
    check_format(path, str(meta["format"]))
    check_partitions(path, str(meta["partitions"]), partitions)


def check_format(path: Path, found: str) -> None:
    """Make sure that a log is of this program's format.

    Raises:
        LogError: It is of another one.
        DamagedLog: What it says is no format.
    """
    if found == _FORMAT:
        return
    if not found.isdecimal():
        raise damaged(path, "its format can't be read")
    raise LogError(
        f"{path} has format {found}; this program reads format {_FORMAT}",
        hint="use the version of synsift that wrote it, or choose another `--out`",
    )


def check_partitions(path: Path, found: str, partitions: int) -> None:
    """Make sure that a log was made with as many partitions as are configured.

    Raises:
        ConfigError: It was made with another number.
        DamagedLog: What it says is no number.
    """
    if not found.isdecimal():
        raise damaged(path, "its number of partitions can't be read")
    if found != str(partitions):
        raise ConfigError(
            f"{path} was made with {found} partitions and log.partitions says {partitions}",
            hint=f"set log.partitions = {found}, or choose another `--out`",
        )


@contextmanager
def deferred(db: sqlite3.Connection) -> Iterator[None]:
    """A read transaction: everything in the block is seen as it stood at one moment."""
    db.execute("BEGIN DEFERRED")
    try:
        yield
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


@contextmanager
def immediate(db: sqlite3.Connection) -> Iterator[None]:
    """A write transaction: committed at the end of the block, rolled back if it raises."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def errors_of(path: Path) -> Iterator[None]:
    """Translate what SQLite and the file system raise."""
    try:
        yield
    except sqlite3.Error as exc:
        name = getattr(exc, "sqlite_errorname", "")
        has_no_room = name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")) and _is_full(path)
        if has_no_room or name.startswith(("SQLITE_FULL", "SQLITE_IOERR_WRITE")):
            raise DiskFull(f"no space left for the log {path}: free some and run the same command again") from exc
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise LogUnavailable(f"the log {path} stayed locked for {_BUSY_TIMEOUT_S:.0f} s") from exc
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise damaged(path, str(exc)) from exc
        if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")) and not os.access(path.parent, os.W_OK):
            hint = "its folder is another user's, or the disk is read-only"
            raise LogError(f"the log {path} can't be written", hint=hint) from exc
        raise LogError(f"the log {path}: {exc}", hint="`synsift log check` looks at it") from exc
    except UnicodeDecodeError as exc:  # SQLite's own message quotes what is damaged
        raise damaged(path, f"it holds what is no text ({exc.reason})") from exc
    except OSError as exc:
        raise LogError(f"the log {path}: {exc}") from exc


def _is_full(path: Path) -> bool:
    """Whether there is no room for the files that SQLite puts beside a log: it has other words where these can't be."""
    try:
        return shutil.disk_usage(path.parent).free < _LEAST_BYTES
    except OSError:
        return False
