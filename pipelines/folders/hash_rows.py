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
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from synsift.crawler.sources.lists.lines import MAX_LINE_BYTES
from synsift.crawler.sources.lists.unpacked import begins_as_parquet
from synsift.dedupe.hash_kinds import KINDS
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.hash_cells import (
    FINGERPRINT,
    can_be_hash,
    has_digest,
    is_hash_column,
    is_header,
    is_name_column,
    plain,
)
from synsift.pipelines.folders.hash_json import Placed, rows_of_line, rows_of_text, rows_of_value
from synsift.pipelines.folders.hash_lines import cells_of_blanks, check_name, of_plain, of_sums
from synsift.pipelines.folders.hash_records import begin_of, opened, records_of, too_long, whole_text

PACKED: Final = (".gz", ".bz2", ".xz", ".zst")
"""Behind a file's name when it is packed."""
_JSON_LINES: Final = (".jsonl", ".ndjson")
_HASHDEEP: Final = "%%%% "
_DELIMITERS: Final = (",", "\t", ";", "|")
# So many of SHA-256 alone look like that once in 400 lists; half of the bits of one are set in one of twenty.
_ENOUGH_LIKE_PDQ: Final = 2
_DELIMITER_SAID: Final = re.compile(r"sep=([,;|\t])", re.IGNORECASE)  # as spreadsheets write it


def rows_of(file: Path, kind: str) -> Iterator[Placed]:
    """Read a file.

    Args:
        file: Which.
        kind: What its hashes are, where that was said.

    Raises:
        UsageError: A row can't be read, or it is no such file.
        OSError: The file can't be read.
    """
    suffix = bare_suffix(file)
    if file.suffix.lower() == ".parquet" or begins_as_parquet(file):
        yield from _parquet_rows(file, kind)
        return
    with opened(file) as source:
        begin = begin_of(source)
        is_lines = suffix in _JSON_LINES or (begin.startswith("{") and (suffix != ".json" or _is_line_of_many(begin)))
        if is_lines:
            for number, line in records_of(file, source):
                if not _is_remark(line.strip()):
                    yield from rows_of_line(file, number, line.strip(), kind)
        elif suffix == ".json" or begin.startswith("["):
            yield from rows_of_text(file, whole_text(file, source), kind)
        else:
            likely = suffix.removeprefix(".") if suffix.removeprefix(".") in KINDS else ""
            yield from _TextRows(file, kind, likely).rows(records_of(file, source))


def bare_suffix(file: Path) -> str:
    """The end of a file's name, in small letters, without that of what it is packed with."""
    return (Path(file.stem) if file.suffix.lower() in PACKED else file).suffix.lower()


def _is_line_of_many(begin: str) -> bool:
    """Whether a file of JSON begins with an object in a line of its own, and another one."""
    first, _, second = begin.partition("\n")
    return first.rstrip().endswith("}") and second.lstrip().startswith("{")


def _is_remark(line: str) -> bool:
    """Whether a line says nothing: it is empty, or a remark, in which no hash is."""
    if not line or line.startswith("#"):
        return True
    says_nothing = not has_digest(line) and not any(map(can_be_hash, re.split(r"[\s,;]+", line)))
    return line.startswith((";", "//")) and says_nothing


def _parquet_rows(file: Path, kind: str) -> Iterator[Placed]:
    number = 0
    with pq.ParquetFile(file) as table:
        _check_columns(f"{file}", [plain(name) for name in table.schema_arrow.names])
        for batch in table.iter_batches(10_000):
            for row in batch.to_pylist():
                number += 1
                yield from rows_of_value(file, f"row {number}", row, kind)


def _check_columns(where: str, header: Iterable[str]) -> None:
    """See that no column of hashes is there twice.

    Raises:
        UsageError: One is.
    """
    for name, times in Counter(header).items():
        if times > 1 and is_hash_column(name):
            raise UsageError(f"{where}: {times} columns are called `{name}`", hint="give each a name of its own")


class _TextRows:
    """Sums, plain lines, or a table with or without a header."""

    def __init__(self, file: Path, kind: str, likely: str) -> None:
        self._file, self._kind, self._likely = file, kind, likely
        self._header: list[str] = []
        self._delimiter = ""
        self._is_hashdeep = False
        self._sums_like_pdq = 0  # the number of all, while each may be one

    def rows(self, lines: Iterator[tuple[int, str]]) -> Iterator[Placed]:
        """Read records.

        Raises:
            UsageError: One can't be read.
        """
        for number, whole in lines:
            place, line = f"line {number}", whole.strip()
            if _is_remark(line) and not self._is_row_all_the_same(whole):
                continue
            if line.startswith(_HASHDEEP):
                self._begin_hashdeep(place, line.removeprefix(_HASHDEEP).split(","))
            elif found := _DELIMITER_SAID.fullmatch(whole):
                self._delimiter = found[1]
            elif sums := None if self._header else of_sums(self._file, place, line, self._kind, self._likely):
                self._look_for_pdq(sums)
                yield place, sums
            else:
                # A table's first cell may be empty: what stands before a tab isn't a blank then.
                yield from self._cells(place, whole if self._header else line, lines)
        if self._sums_like_pdq >= _ENOUGH_LIKE_PDQ:
            raise UsageError(
                f"{self._file}: its {self._sums_like_pdq} hashes are written as those of `sha256sum`, "
                "and look like PDQ's",
                hint=f"say what they are: `pdq:{self._file}` or `sha256:{self._file}`",
            )

    def _look_for_pdq(self, sums: Mapping[str, Any]) -> None:
        """See whether what nobody said to be SHA-256 is PDQ: half of its bits are set, by its making (Meta, 2019)."""
        if self._sums_like_pdq < 0 or self._kind or self._likely:
            return
        digest = sums.get("sha256", "")
        is_like = len(digest) == KINDS["pdq"].digits and int(digest, 16).bit_count() == KINDS["pdq"].bits // 2
        self._sums_like_pdq = self._sums_like_pdq + 1 if is_like else -1

    def _cells(self, place: str, line: str, lines: Iterator[tuple[int, str]]) -> Iterator[Placed]:
        self._delimiter = self._delimiter or next((one for one in _DELIMITERS if one in line), "")
        if self._is_hashdeep:  # names are as they are, with commas and quotes
            cells = line.strip().split(",", len(self._header) - 1)
            check_name(self._file, place, f",{cells[-1]}")
        elif not self._delimiter:
            cells = cells_of_blanks(line.strip())
            cells = [cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell for cell in cells]
        else:
            cells = self._split(place, itertools.chain([line], (more for _, more in lines)))
        if self._header:
            yield place, self._named(place, cells)
        elif is_header(cells):
            self._header = [plain(cell) for cell in cells]
            _check_columns(f"{self._file}, {place}", self._header)
        else:
            for row in of_plain(self._file, place, cells, self._kind, self._likely):
                yield place, row

    def _split(self, place: str, lines: Iterator[str]) -> list[str]:
        """The cells of the row that comes next, which takes more lines only where a quoted cell has several."""
        size = 0

        def bounded() -> Iterator[str]:
            nonlocal size
            for line in lines:
                size += len(line)
                if size > MAX_LINE_BYTES:
                    raise too_long(self._file)
                yield f"{line}\n"

        try:
            row = next(csv.reader(bounded(), delimiter=self._delimiter, strict=True))
        except csv.Error as exc:
            never = "a quote is opened and never closed"
            raise UsageError(f"{self._file}, {place}: {never if 'end of data' in str(exc) else exc}") from exc
        for cell in row:
            if "\n" in cell:
                check_name(self._file, place, cell)
        return [cell.strip() for cell in row]

    def _named(self, place: str, cells: list[str]) -> Mapping[str, Any]:
        header = self._header
        while len(cells) > len(header) and not cells[-1]:
            cells.pop()
        # Lists leave out last cells that are empty. One of fingerprints doesn't, and without them is cut off.
        if len(cells) > len(header) or (len(cells) < len(header) and FINGERPRINT in header):
            raise UsageError(f"{self._file}, {place}: {len(cells)} cells, and the header has {len(header)}")
        return dict(zip(header, cells, strict=False))

    def _begin_hashdeep(self, place: str, names: list[str]) -> None:
        if len(names) == 1 and re.fullmatch(r"HASHDEEP-[0-9.]+", names[0].strip()):
            return
        header = [plain(name) for name in names]
        for name in header:
            if not (is_hash_column(name) or is_name_column(name) or name == "size"):
                raise UsageError(f"{self._file}, {place}: no column of hashdeep is called `{name}`")
        self._header, self._is_hashdeep = header, True

    def _is_row_all_the_same(self, line: str) -> bool:
        """Whether what looks like a remark is a row of a table whose first cells are names: ``#1.jpg,d41d…``."""
        if not line.strip() or not self._header or self._is_hashdeep or is_hash_column(self._header[0]):
            return False
        try:
            cells = next(csv.reader([line], delimiter=self._delimiter, strict=True))
        except csv.Error:
            return True  # a cell of several lines; it is read, or named
        return len(cells) == len(self._header) and any(
            is_hash_column(name) and (can_be_hash(cell) or (cell and name == FINGERPRINT))
            for name, cell in zip(self._header, cells, strict=True)
        )
