"""What was made before, and makes a second run cheap.

Fingerprints by path, size and time of change, local features by SHA-256; a SQLite file each. Losing one costs time and
nothing else, so whatever is wrong with it is said once, and the work goes on without. Only what is another program's is
refused, and left as it is.
"""

import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Self

from synsift.dedupe import FINGERPRINT_VERSION, Fingerprint
from synsift.dedupe.local.features import VERSION as FEATURES_VERSION
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.files import File, Unreadable

_log: Final = logging.getLogger(__name__)

_LOOKED_UP_AT_ONCE: Final = 500
_BUSY_S: Final = 5.0
# Its own messages can hold what is no UTF-8, where they quote a damaged file.
_DAMAGED: Final = (sqlite3.Error, UnicodeDecodeError)
_APPLICATION_ID: Final = 0x73796E66  # "synf": what `file` and SQLite itself know the file by
_COLUMNS: Final = ("path", "size_bytes", "mtime_ns", "version", "record", "reason", "message")
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS fingerprints (
    path TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, version INTEGER NOT NULL,
    record BLOB, reason TEXT, message TEXT
) WITHOUT ROWID
"""


_FEATURES_AT_ONCE: Final = 100
_FEATURES_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS features (sha256 BLOB PRIMARY KEY, version INTEGER NOT NULL, data BLOB NOT NULL)
"""


def features_path(path: Path) -> Path:
    """Where features are kept, beside a cache of fingerprints."""
    return path.with_name(f"{path.stem}-features{path.suffix}")


def cache_home() -> Path:
    """Where we keep what can be made again (XDG base directories)."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "synsift"


def default_path() -> Path:
    """Where it is if nobody says otherwise."""
    return cache_home() / "fingerprints.db"


class _File:
    """A SQLite file of ours, or none. Used by one thread; several programs may share one."""

    schema: str
    table: str
    columns: tuple[str, ...]

    def __init__(self, path: Path | None) -> None:
        """Open.

        Args:
            path: The file, made if it isn't there; None for no cache.

        Raises:
            UsageError: It is another program's, or no file.
        """
        self.path = path
        self._connection: sqlite3.Connection | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and not path.is_file():
                raise _refused(path, "no file")
            self._connection = sqlite3.connect(path.absolute(), timeout=_BUSY_S)
            if not _is_ours(self._connection, self.table, self.columns):
                self._connection.close()
                raise _refused(path, "a database of another kind")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute(self.schema)
        except (*_DAMAGED, OSError) as exc:
            self._give_up(exc)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _give_up(self, exc: Exception) -> None:
        _log.warning("the cache of %s can't be used: %s; going on without", self.table, exc)
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Cache(_File):
    """Fingerprints by file."""

    schema, table, columns = _SCHEMA, "fingerprints", _COLUMNS

    def get(self, files: Iterable[File]) -> Mapping[File, Fingerprint | Unreadable]:
        """What is known of some files as they are now."""
        wanted = {_key(file): file for file in files}
        found: dict[File, Fingerprint | Unreadable] = {}
        paths = list(wanted)
        for begin in range(0, len(paths), _LOOKED_UP_AT_ONCE):
            for path, size_bytes, mtime_ns, record, reason, message in self._rows(
                paths[begin : begin + _LOOKED_UP_AT_ONCE]
            ):
                file = wanted[path]
                if (size_bytes, mtime_ns) != (file.size_bytes, file.mtime_ns):
                    continue
                try:
                    found[file] = Fingerprint.from_record(record) if record else Unreadable(file.path, reason, message)
                except (ValueError, TypeError):
                    continue  # damaged: it is made anew
        return found

    def put(self, made: Mapping[File, Fingerprint | Unreadable]) -> None:
        """Keep what was made of some files."""
        if self._connection is None:
            return
        rows = [
            (
                *(_key(file), file.size_bytes, file.mtime_ns, FINGERPRINT_VERSION),
                result.to_record() if isinstance(result, Fingerprint) else None,
                *((result.reason, result.message) if isinstance(result, Unreadable) else (None, None)),
            )
            for file, result in made.items()
        ]
        try:
            with self._connection:
                self._connection.executemany("REPLACE INTO fingerprints VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        except _DAMAGED as exc:
            self._give_up(exc)

    def _rows(self, paths: list[str | bytes]) -> list[tuple[str | bytes, int, int, bytes | None, str, str]]:
        if self._connection is None:
            return []
        marks = ", ".join("?" * len(paths))
        try:
            return self._connection.execute(
                "SELECT path, size_bytes, mtime_ns, record, reason, message FROM fingerprints "  # noqa: S608 - marks
                f"WHERE version = ? AND path IN ({marks})",
                [FINGERPRINT_VERSION, *paths],
            ).fetchall()
        except _DAMAGED as exc:
            self._give_up(exc)
            return []


class FeatureCache(_File):
    """Local features by the SHA-256 of the bytes that they were made from: some 80 kB each."""

    schema, table, columns = _FEATURES_SCHEMA, "features", ("sha256", "version", "data")

    def get(self, sha256s: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """What is known of some images."""
        wanted = list(sha256s)
        for begin in range(0, len(wanted), _FEATURES_AT_ONCE):
            few = [bytes.fromhex(sha256) for sha256 in wanted[begin : begin + _FEATURES_AT_ONCE]]
            for sha256, data in self._rows(few):
                yield sha256.hex(), data

    def put(self, made: Mapping[str, bytes]) -> None:
        """Keep features, by SHA-256."""
        if self._connection is None or not made:
            return
        rows = [(bytes.fromhex(sha256), FEATURES_VERSION, data) for sha256, data in made.items()]
        try:
            with self._connection:
                self._connection.executemany("REPLACE INTO features VALUES (?, ?, ?)", rows)
        except _DAMAGED as exc:
            self._give_up(exc)

    def _rows(self, sha256s: list[bytes]) -> list[tuple[bytes, bytes]]:
        if self._connection is None:
            return []
        marks = ", ".join("?" * len(sha256s))
        try:
            return self._connection.execute(
                f"SELECT sha256, data FROM features WHERE version = ? AND sha256 IN ({marks})",  # noqa: S608 - marks
                [FEATURES_VERSION, *sha256s],
            ).fetchall()
        except _DAMAGED as exc:
            self._give_up(exc)
            return []


def _is_ours(db: sqlite3.Connection, table: str, wanted: tuple[str, ...]) -> bool:
    """Whether a file is a cache, or empty; before anything is written. Earlier caches have a table and no mark."""
    (mark,) = db.execute("PRAGMA application_id").fetchone()
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master")]
    if mark == _APPLICATION_ID or (mark == 0 and not tables):
        return True
    columns = tuple(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
    return mark == 0 and tables == [table] and columns == wanted


def _refused(path: Path, what: str) -> UsageError:
    return UsageError(
        f"`{path}` is {what} and was left as it is: fingerprints are not kept there",
        hint="name another file with `--cache`, or use `--no-cache`",
    )


def _key(file: File) -> str | bytes:
    """A file's path as SQLite takes it: as text, or as its bytes where these are no UTF-8."""
    path = os.path.abspath(file.path)
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path
