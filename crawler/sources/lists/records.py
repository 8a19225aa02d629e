"""Rows of JSON Lines and of Parquet."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from synsift.crawler.outside_json import loads
from synsift.crawler.sources.lists.layouts import Mapper
from synsift.crawler.sources.lists.lines import Line, Lines
from synsift.crawler.sources.lists.rows import Row, bad_row, is_text

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS: Final = 4_096
"""Rows of Parquet that are in memory at once, beside the pages that they stand on."""


class JsonReader:
    """Rows of JSON Lines from a place on."""

    def __init__(self, lines: Lines) -> None:
        """Read lines."""
        self._lines = lines

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def cursor(self) -> str:
        """The byte and the number of lines before the next row."""
        return f"{self._lines.offset}:{self._lines.number}"

    def rows(self) -> Iterator[Row]:
        """All rows that follow; empty lines are none."""
        for line in self._lines:
            if line.is_too_long:
                yield bad_row(line.number, "the line is too long", line.raw)
            elif line.text.strip():
                yield self._row(line)

    @staticmethod
    def _row(line: Line) -> Row:
        try:
            value = loads(line.text)
        except ValueError as exc:
            return bad_row(line.number, f"not JSON: {exc}", line.raw)
        if not isinstance(value, dict):
            return bad_row(line.number, "not a JSON object", line.raw)
        fields = {name: str(field) for name, field in value.items() if field is not None}
        if not (all(map(is_text, fields)) and all(map(is_text, fields.values()))):
            return bad_row(line.number, "not UTF-8", line.raw)
        return Row(line.number, tuple(fields), tuple(fields.values()))


class ParquetReader:
    """Rows of Parquet from a row on: of the columns that are wanted, a batch at a time."""

    def __init__(self, path: Path, start: int, mapper: Mapper) -> None:
        """Open a file.

        Raises:
            OSError: It can't be read.
            ValueError: It is no Parquet, or has no such row.
        """
        import pyarrow.parquet

        if start < 0:
            raise ValueError(f"no row has the number {start}")
        self._next = start
        self._file = pyarrow.parquet.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
        names = tuple(self._file.schema_arrow.names)
        self.all_names = names
        self._columns = [names[at] for at in mapper.wanted(names)]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def cursor(self) -> str:
        """The number of rows before the next one."""
        return str(self._next)

    def rows(self) -> Iterator[Row]:
        """All rows that follow; a group of rows that can't be read is one row that can't."""
        first = 0
        for group in range(self._file.num_row_groups):
            number = self._file.metadata.row_group(group).num_rows
            if first + number > self._next:
                try:
                    yield from self._group(group, self._next - first)
                except (OSError, ValueError, NotImplementedError) as exc:
                    problem = f"this row and {first + number - self._next - 1} behind it can't be read: {exc}"
                    self._next = first + number
                    yield bad_row(self._next, problem, b"")
            first += number

    def _group(self, group: int, passed: int) -> Iterator[Row]:
        for batch in self._file.iter_batches(_BATCH_ROWS, row_groups=[group], columns=self._columns):
            if passed >= batch.num_rows:
                passed -= batch.num_rows
                continue
            names = tuple(batch.schema.names)
            columns = [_texts(column) for column in batch.slice(passed).columns]
            passed = 0
            for values in zip(*columns, strict=True):
                self._next += 1
                if all(map(is_text, values)):
                    yield Row(self._next, names, values)
                else:
                    yield bad_row(self._next, "not UTF-8", " ".join(values).encode("utf-8", "surrogateescape"))


def _texts(column: "pa.Array[Any]") -> list[str]:
    """The values of a column as texts; what is missing is empty."""
    try:
        values = column.to_pylist()
    except UnicodeDecodeError:  # a writer that didn't look: bytes that are no UTF-8 in a column of texts
        values = column.cast("binary").to_pylist()
    return [_text(value) for value in values]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return "" if value is None else str(value)
