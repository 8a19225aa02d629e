"""Rows of a list of URLs: CSV, JSON Lines or Parquet, read a page at a time from any place.

A page begins at a cursor: the byte and the line for text, the row for Parquet. So a list of any length is read in
bounded memory, and a crawl that was interrupted goes on where it stood.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from synsift.crawler.errors import SourceError
from synsift.crawler.outside_json import loads

SUFFIXES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_MAX_RAW: Final = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list.

    Attributes:
        place: File and line, for people.
        fields: Column → value; empty if the row is broken.
        problem: What is broken; empty if nothing is.
        raw: The broken row as it stands.
    """

    place: str
    fields: dict[str, str]
    problem: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows, and the cursor of the next; empty after the last."""

    rows: tuple[Row, ...]
    next_cursor: str


def read_rows(path: Path, cursor: str, limit: int) -> Rows:
    """Read at most ``limit`` rows from a cursor; empty for the beginning.

    Raises:
        SourceError: The file can't be read, has no known suffix, or the cursor isn't one of this file.
    """
    try:
        if path.suffix == ".parquet":
            return _read_parquet(path, cursor, limit)
        if path.suffix in (".jsonl", ".ndjson"):
            return _read_text(path, cursor, limit, _json_rows)
        if path.suffix in (".csv", ".tsv"):
            return _read_text(path, cursor, limit, _csv_rows)
    except OSError as exc:
        raise SourceError(f"{path}: {exc.strerror or exc}") from exc
    except (ValueError, OverflowError) as exc:
        raise SourceError(f"{path}: {exc}") from exc
    raise SourceError(
        f"{path}: a list of URLs is a file whose name ends in one of {', '.join(SUFFIXES)}",
        hint="of a text with a URL a line: put a first line `url` on top, and name it .csv",
    )


def columns(path: Path) -> list[str]:
    """The columns of a list, as its header or its first good row names them."""
    rows = read_rows(path, "", 100).rows
    return next((list(row.fields) for row in rows if not row.problem), [])


class _Lines:
    """Lines of a file, with the place of the next one."""

    def __init__(self, file: IO[bytes], line: int) -> None:
        self._file = file
        self.offset = file.tell()
        self.line = line
        self.last = b""

    def __iter__(self) -> Iterator[str]:
        for raw in self._file:
            self.offset += len(raw)
            self.line += 1
            self.last = raw
            # Bytes that aren't UTF-8 survive as surrogates, and are found by _broken.
            yield raw.decode("utf-8", "surrogateescape")


def _read_text(path: Path, cursor: str, limit: int, parse: Any) -> Rows:  # noqa: ANN401 - _json_rows or _csv_rows
    with path.open("rb") as file:
        if file.read(3) != b"\xef\xbb\xbf":
            file.seek(0)
        header = ""
        if parse is _csv_rows:
            header = file.readline().decode("utf-8", "surrogateescape")
        line = 1 if header else 0
        if cursor:
            offset, _, number = cursor.partition(":")
            file.seek(int(offset))
            line = int(number)
        lines = _Lines(file, line)
        rows: list[Row] = []
        for row in parse(path, lines, header):
            rows.append(row)
            if len(rows) == limit:
                return Rows(tuple(rows), f"{lines.offset}:{lines.line}")
    return Rows(tuple(rows), "")


def _csv_rows(path: Path, lines: _Lines, header: str) -> Iterator[Row]:
    dialect: Any = csv.excel_tab if path.suffix == ".tsv" else csv.excel
    try:
        names = next(csv.reader([header], dialect), [])
        "".join(names).encode()
    except (csv.Error, UnicodeEncodeError) as exc:
        raise SourceError(f"{path}:1: the header can't be read: {exc}") from exc
    reader = iter(csv.reader(lines, dialect))
    while True:
        first = lines.line + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            yield _bad(f"{path}:{first}", str(exc), lines.last)
            continue
        if not values:
            continue
        if len(values) != len(names):
            yield _bad(f"{path}:{first}", f"{len(values)} fields where the header has {len(names)}", lines.last)
            continue
        yield _checked(f"{path}:{first}", dict(zip(names, values, strict=True)), lines.last)


def _json_rows(path: Path, lines: _Lines, _header: str) -> Iterator[Row]:
    for line in lines:
        if not line.strip():
            continue
        place = f"{path}:{lines.line}"
        try:
            value = loads(line)
        except ValueError as exc:
            yield _bad(place, f"not JSON: {exc}", lines.last)
            continue
        if not isinstance(value, dict):
            yield _bad(place, "not a JSON object", lines.last)
            continue
        fields = {str(name): str(field) for name, field in value.items() if field is not None}
        yield _checked(place, fields, lines.last)


def _checked(place: str, fields: dict[str, str], raw: bytes) -> Row:
    try:
        for name, value in fields.items():
            name.encode()
            value.encode()
    except UnicodeEncodeError:
        return _bad(place, "not UTF-8", raw)
    return Row(place, fields)


def _bad(place: str, problem: str, raw: bytes) -> Row:
    return Row(place, {}, problem, raw[:_MAX_RAW].decode("utf-8", "replace").rstrip("\r\n"))


def _read_parquet(path: Path, cursor: str, limit: int) -> Rows:
    import pyarrow.parquet

    start = int(cursor) if cursor else 0
    if start < 0:
        raise ValueError(f"no row has the number {start}")
    with pyarrow.parquet.ParquetFile(path) as file:
        total = file.metadata.num_rows
        group, first = 0, 0
        while group < file.num_row_groups - 1 and first + file.metadata.row_group(group).num_rows <= start:
            first += file.metadata.row_group(group).num_rows
            group += 1
        table = file.read_row_group(group).slice(start - first, limit) if total else None
    records = table.to_pylist() if table is not None else []
    rows = tuple(
        Row(f"{path}, row {number}", {str(name): str(value) for name, value in record.items() if value is not None})
        for number, record in enumerate(records, start=start + 1)
    )
    following = start + len(rows)
    return Rows(rows, str(following) if rows and following < total else "")
