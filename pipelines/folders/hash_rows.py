"""The rows of a file of fingerprints or hashes, whatever it is written as: each with its place in words.

    tables               CSV and its kin, with a header or without; a cell may have several lines
    JSON                 lines, an array, or an object that holds one, as ``{"data": [...]}``
    sums                 as ``md5sum``, ``shasum``, ``openssl dgst`` write them, with LF or (``-z``) NUL behind each
    hashdeep             its own header: ``%%%% size,md5,sha256,filename``
    Parquet

Packed with gzip, bzip2, xz or Zstandard, and in UTF-16, too. A row that can't be read is an error and never skipped: a
list that denies must deny all that stands in it.
"""

import csv
import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from synsift.crawler.errors import SourceError
from synsift.crawler.outside_json import loads
from synsift.crawler.sources.lists.lines import MAX_LINE_BYTES, Lines
from synsift.crawler.sources.lists.unpacked import begins_as_parquet
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.hash_cells import FINGERPRINT, is_header, of_plain, of_sums, plain

PACKED: Final = (".gz", ".bz2", ".xz", ".zst")
"""Behind a file's name when it is packed."""
_JSON_LINES: Final = (".jsonl", ".ndjson")
# An object that holds all others is read whole.
_MOST_JSON_BYTES: Final = 256_000_000
_HASHDEEP: Final = "%%%% "
# In so many lines a list shows whether its rows end in NUL.
_LOOKED_AT: Final = 100
# What stands in lines of remarks is no hash.
_REMARK: Final = re.compile(r"(?:;|//)(?!.*[0-9a-fA-F]{16})")

Placed = tuple[str, Mapping[str, Any]]
"""Where a row stands, in words, and its cells."""


def rows_of(file: Path, kind: str) -> Iterator[Placed]:
    """Read a file.

    Args:
        file: Which.
        kind: What its hashes are, where that was said.

    Raises:
        UsageError: A row can't be read, or it is no such file.
        OSError: The file can't be read.
    """
    if file.suffix.lower() == ".parquet" or begins_as_parquet(file):
        yield from _parquet_rows(file)
        return
    try:
        lines = Lines(file, of="hashes")
    except SourceError as exc:
        raise UsageError(str(exc), hint=exc.hint) from exc
    try:
        yield from _rows(file, _records(file, lines), kind)
    finally:
        lines.close()


def bare_suffix(file: Path) -> str:
    """The end of a file's name, in small letters, without that of what it is packed with."""
    return (Path(file.stem) if file.suffix.lower() in PACKED else file).suffix.lower()


def _records(file: Path, lines: Lines) -> Iterator[tuple[int, str]]:
    """Lines, or what ends in NUL, numbered from 1 and without their ends."""
    begin = list(itertools.islice(lines, _LOOKED_AT))
    lines.put_back(begin)
    if not any("\0" in line.text for line in begin):
        for line in lines:
            if line.is_too_long:
                raise _too_long(file)
            if "\0" in line.text:
                raise UsageError(f"{file}, line {line.number}: a NUL stands in it, as in no list of lines")
            yield line.number, line.text.rstrip("\r\n")
        return
    number, text = 0, ""
    for line in lines:
        if line.is_too_long:
            raise _too_long(file)
        *whole, text = (text + line.text).split("\0")
        for one in whole:
            number += 1
            yield number, one
        if len(text) > MAX_LINE_BYTES:
            raise _too_long(file)
    if text.strip():
        yield number + 1, text


def _too_long(file: Path) -> UsageError:
    return UsageError(f"{file}: a line of more than {MAX_LINE_BYTES:,} bytes is none of a list of hashes")


def _wanted(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Those that are neither empty nor remarks, without blanks around them."""
    stripped = ((number, line.strip()) for number, line in lines)
    return ((n, line) for n, line in stripped if line and not line.startswith("#") and not _REMARK.match(line))


def _rows(file: Path, lines: Iterator[tuple[int, str]], kind: str) -> Iterator[Placed]:
    first = next(_wanted(lines), None)
    if first is None:
        return
    rest = itertools.chain([first], lines)
    suffix = bare_suffix(file)
    if suffix == ".json" or (first[1].startswith("[") and suffix not in _JSON_LINES):
        yield from _json_values(file, rest)
    elif first[1].startswith("{") or suffix in _JSON_LINES:
        yield from _json_rows(file, _wanted(rest))
    else:
        yield from _text_rows(file, rest, kind)


def _parquet_rows(file: Path) -> Iterator[Placed]:
    number = 0
    with pq.ParquetFile(file) as table:
        for batch in table.iter_batches(10_000):
            for row in batch.to_pylist():
                number += 1
                yield f"row {number}", row


def _json_rows(file: Path, lines: Iterator[tuple[int, str]]) -> Iterator[Placed]:
    for number, line in lines:
        yield f"line {number}", _object(file, f"line {number}", _parsed(file, f"line {number}", line))


def _json_values(file: Path, lines: Iterator[tuple[int, str]]) -> Iterator[Placed]:
    """The objects of one array, wherever it stands; or JSON Lines by another name."""
    number, line = next(lines)
    second = next(lines, None)
    if second is not None and line.startswith("{") and line.endswith("}"):
        yield from _json_rows(file, _wanted(itertools.chain([(number, line), second], lines)))
        return
    text = [line]
    size = 0
    for _, line in itertools.chain([second] if second else [], lines):
        text.append(line)
        size += len(line)
        if size > _MOST_JSON_BYTES:
            raise UsageError(f"{file}: more than {_MOST_JSON_BYTES // 10**6} MB of JSON", hint="write it as JSON Lines")
    whole = _parsed(file, "", "\n".join(text))
    arrays = [value for value in whole.values() if isinstance(value, list)] if isinstance(whole, dict) else [whole]
    values = arrays[0] if len(arrays) == 1 and isinstance(arrays[0], list) else [whole]
    for number, value in enumerate(values, 1):
        yield f"value {number}", {"hash": value} if isinstance(value, str) else _object(file, f"value {number}", value)


def _parsed(file: Path, place: str, text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return loads(text)
    except ValueError as exc:
        raise UsageError(f"{file}{place and ', '}{place}: not JSON: {exc}") from exc


def _object(file: Path, place: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f'{file}, {place}: a row is an object, such as {{"pdq": "…"}}')
    return value


def _text_rows(file: Path, lines: Iterator[tuple[int, str]], kind: str) -> Iterator[Placed]:
    """Sums, plain lines, or a table with or without a header."""
    header: list[str] | None = None
    delimiter = ""
    for number, line in _wanted(lines):
        place = f"line {number}"
        if line.startswith(_HASHDEEP):
            header = _header(line.removeprefix(_HASHDEEP).split(",")) or header
            continue
        sums = None if header else of_sums(line, kind)
        if sums is not None:
            yield place, sums
            continue
        delimiter = delimiter or next((one for one in (",", "\t", ";") if one in line), ",")
        cells = _cells(file, place, itertools.chain([line], (line for _, line in lines)), delimiter)
        if header is None:
            header = _header(cells)
            if header:
                continue
        yield place, _named(file, place, cells, header) if header else of_plain(file, place, cells, kind)


def _cells(file: Path, place: str, lines: Iterator[str], delimiter: str) -> list[str]:
    """The cells of the row that comes next, which takes more lines only where a quoted cell has several."""
    size = 0

    def bounded() -> Iterator[str]:
        nonlocal size
        for line in lines:
            size += len(line)
            if size > MAX_LINE_BYTES:
                raise _too_long(file)
            yield f"{line}\n"

    try:
        row = next(csv.reader(bounded(), delimiter=delimiter, strict=True))
    except csv.Error as exc:
        never = "a quote is opened and never closed"
        raise UsageError(f"{file}, {place}: {never if 'end of data' in str(exc) else exc}") from exc
    return [cell.strip() for cell in row]


def _header(cells: list[str]) -> list[str]:
    """The names of columns; empty if a line holds none, but a hash."""
    return [plain(cell) for cell in cells] if is_header(cells) else []


def _named(file: Path, place: str, cells: list[str], header: list[str]) -> Mapping[str, Any]:
    # Lists leave out last cells that are empty. One of fingerprints doesn't, and without them is cut off.
    if len(cells) > len(header) or (len(cells) < len(header) and FINGERPRINT in header):
        raise UsageError(f"{file}, {place}: {len(cells)} cells, and the header has {len(header)}")
    return dict(zip(header, cells, strict=False))
