"""Rows of JSON Lines and of Parquet."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from synsift.crawler.outside_json import loads
from synsift.crawler.sources.lists.cells import text_of, texts_of
from synsift.crawler.sources.lists.layouts import Mapper
from synsift.crawler.sources.lists.lines import TOO_LONG, Lines
from synsift.crawler.sources.lists.rows import Row, bad_row, is_text

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS: Final = 4_096
"""Rows of Parquet that are in memory at once, beside the pages that they stand on."""
_DEEPEST: Final = 4


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
                yield bad_row(line.number, TOO_LONG, line.raw)
            elif line.text.strip():
                yield row_of_json(line.number, line.text, line.raw)


def row_of_json(number: int, text: str, raw: bytes) -> Row:
    """The row of an object, or of a text, which is a URL then."""
    try:
        value = loads(text)
    except ValueError as exc:
        return bad_row(number, f"not JSON: {exc}", raw)
    if isinstance(value, str):
        value = {"url": value}
    if not isinstance(value, dict):
        return bad_row(number, "not a JSON object", raw)
    fields = texts_of(value)
    if not (all(map(is_text, fields)) and all(map(is_text, fields.values()))):
        return bad_row(number, "not UTF-8", raw)
    return Row(number, tuple(fields), tuple(fields.values()))


def openable(path: Path) -> "Path | IO[bytes]":
    """What Arrow reads of a file: it can't open one whose name is no text."""
    return path if is_text(str(path)) else path.open("rb")


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
        self._file = pyarrow.parquet.ParquetFile(openable(path), buffer_size=1 << 20, pre_buffer=False)
        names = tuple(names_of(self._file.schema_arrow))
        self.all_names = names
        self._columns = [names[at] for at in mapper.wanted(names)]

    def close(self) -> None:
        """Close the file."""
        self._file.close(force=True)

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
                    yield from self._group(group, max(0, self._next - first))
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
            table = flat(batch.slice(passed))
            names = tuple(table.schema.names)
            columns = [_texts(column) for column in table.columns]
            passed = 0
            for values in zip(*columns, strict=True):
                self._next += 1
                if all(map(is_text, values)):
                    yield Row(self._next, names, values)
                else:
                    yield bad_row(self._next, "not UTF-8", " ".join(values).encode("utf-8", "surrogateescape"))


def _texts(column: "pa.ChunkedArray[Any]") -> list[str]:
    """The values of a column as texts; what is missing is empty."""
    try:
        values = column.to_pylist()
    except UnicodeDecodeError:  # a writer that didn't look: bytes that are no UTF-8 in a column of texts
        values = column.cast("binary").to_pylist()
    return [text_of(value) for value in values]


def names_of(fields: "Iterable[pa.Field[Any]]", before: str = "", deepest: int = _DEEPEST) -> Iterator[str]:
    """Names of columns; of a column of structs, those of its members: ``image.url``."""
    import pyarrow.types

    for each in fields:
        if pyarrow.types.is_struct(each.type) and each.type.num_fields and deepest:
            yield from names_of(each.type, f"{before}{each.name}.", deepest - 1)
        else:
            yield before + each.name


def flat(batch: "pa.RecordBatch") -> "pa.Table":
    """Members of structs as columns of their own."""
    import pyarrow.types

    table = pyarrow.Table.from_batches([batch])
    for _ in range(_DEEPEST):
        if not any(pyarrow.types.is_struct(each.type) and each.type.num_fields for each in table.schema):
            break
        table = table.flatten()
    return table
