"""Pages of lists.

A list that is read page after page stays open between them, at the place where it stands: a packed file would be
unpacked from its beginning for every page. A crawl that goes on after an interruption opens it at the cursor.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from synsift.crawler.errors import SourceError
from synsift.crawler.sources.lists.delimited import DelimitedReader
from synsift.crawler.sources.lists.files import Kind, kind_of
from synsift.crawler.sources.lists.forms import beginning_of, form_of, kind_shown, missing_column
from synsift.crawler.sources.lists.json_values import JsonValuesReader
from synsift.crawler.sources.lists.layouts import Layout, Mapper
from synsift.crawler.sources.lists.lines import Line, Lines
from synsift.crawler.sources.lists.records import JsonReader, ParquetReader
from synsift.crawler.sources.lists.rows import Reader, Row, bad_row
from synsift.crawler.sources.lists.unpacked import UNPACKING_ERRORS, begins_as_parquet

_OPEN: Final = 8
"""Lists that stay open: more than one worker's synsets ask for at a time."""
_DAMAGE: Final = (*UNPACKING_ERRORS, OverflowError, NotImplementedError, MemoryError)


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of rows, what their columns mean, and the next page's cursor: empty after the last. Not all have lines."""

    rows: tuple[Row, ...]
    next_cursor: str
    mapper: Mapper
    has_lines: bool = True


@dataclass(slots=True)
class _Open:
    """A list that is being read."""

    reader: Reader
    rows: Iterator[Row]
    mapper: Mapper
    is_parquet: bool


class Lists:
    """Reads lists. May be asked from any thread."""

    def __init__(self, layout: Layout) -> None:
        """Make a reader of lists whose columns mean what a layout says."""
        self._layout = layout
        self._open: OrderedDict[tuple[Path, str], _Open] = OrderedDict()
        self._lock = threading.Lock()

    def page(self, path: Path, cursor: str, limit: int) -> Rows:
        """Read at most ``limit`` rows from a cursor; empty for the beginning.

        Raises:
            SourceError: The file can't be read, has no known suffix, or the cursor isn't one of this file.
        """
        with self._lock:
            found = self._open.pop((path, cursor), None)
        try:
            found = found or open_list(path, cursor, self._layout)
        except _DAMAGE as exc:
            raise _unreadable(path, exc) from exc
        if found is None:
            return Rows((), "", Mapper(self._layout))
        rows: list[Row] = []
        try:
            for row in found.rows:
                rows.append(row)
                if len(rows) == limit:
                    return self._keep(path, found, rows)
        except _DAMAGE as exc:
            found.reader.close()
            if not rows and not cursor:
                raise _unreadable(path, exc) from exc
            number = int(found.reader.cursor().rpartition(":")[2]) + 1
            rows.append(bad_row(number, f"the list can't be read any further: {_words(exc)}", b""))
            return Rows(tuple(rows), "", found.mapper, not found.is_parquet)
        found.reader.close()
        return Rows(tuple(rows), "", found.mapper, not found.is_parquet)

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            for found in self._open.values():
                found.reader.close()
            self._open.clear()

    def _keep(self, path: Path, found: _Open, rows: list[Row]) -> Rows:
        cursor = found.reader.cursor()
        with self._lock:
            self._open[path, cursor] = found
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)[1].reader.close()
        return Rows(tuple(rows), cursor, found.mapper, not found.is_parquet)


def open_list(path: Path, cursor: str, layout: Layout) -> _Open | None:
    """Open a list at a cursor; None if there is nothing in it.

    Raises:
        SourceError: It is no list, or has no column of URLs.
        OSError: It can't be read.
        ValueError: The cursor isn't one of it, or it is damaged.
    """
    kind = kind_of(path)
    if is_parquet_list(path):
        return _open_parquet(path, cursor, layout)
    begin = beginning_of(path)
    line = begin.line
    if line is None or not (line.text.strip() or line.is_too_long):
        return None
    if kind is Kind.TEXT and not layout.names:
        kind = kind_shown(begin, layout)
    elif kind is Kind.TEXT:
        kind = Kind.TSV
    if kind is Kind.JSON_LINES:
        json_reader = _json_reader(path, cursor, line)
        return _Open(json_reader, json_reader.rows(), Mapper(layout), is_parquet=False)
    form, layout = form_of(path, kind, begin, layout)
    if form.url_at < 0:
        raise missing_column(path, form, layout.columns.url)
    reader = DelimitedReader(_lines_from(path, cursor, form.passed_lines), form)
    return _Open(reader, reader.rows(), Mapper(layout), is_parquet=False)


def is_parquet_list(path: Path) -> bool:
    """Whether a list is read as Parquet: its bytes say so, or its name alone does.

    Raises:
        SourceError: It is no list.
        OSError: It can't be read.
    """
    return begins_as_parquet(path) or (kind_of(path) is Kind.PARQUET and path.stat().st_size > 0)


def _open_parquet(path: Path, cursor: str, layout: Layout) -> _Open:
    mapper = Mapper(layout)
    reader = ParquetReader(path, int(cursor or 0), mapper)
    if mapper.url_at(reader.all_names) < 0:
        reader.close()
        wanted, known = layout.columns.url or "url", ", ".join(reader.all_names) or "none"
        raise SourceError(
            f"{path}: there is no column `{wanted}`; its columns are {known}",
            hint="name the column of the URLs with `--set sources.urls.url_column=NAME`",
        )
    return _Open(reader, reader.rows(), mapper, is_parquet=True)


def _json_reader(path: Path, cursor: str, line: Line) -> JsonReader | JsonValuesReader:
    """An object a line, or values that may stand on any lines, as the first line shows."""
    text = line.raw.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith(b"[") and text.rstrip() != b"{":
        return JsonReader(_lines_from(path, cursor, 0))
    offset, _, number = (cursor or "0:0").partition(":")
    return JsonValuesReader(path, int(offset), int(number))


def _lines_from(path: Path, cursor: str, header_lines: int) -> Lines:
    if cursor:
        offset, _, number = cursor.partition(":")
        return Lines(path, int(offset), int(number))
    lines = Lines(path)
    for _ in range(header_lines):
        lines.take()
    return lines


def _unreadable(path: Path, exc: BaseException) -> SourceError:
    return SourceError(f"{path}: {_words(exc)}")


def _words(exc: BaseException) -> str:
    return (exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)) or type(exc).__name__
