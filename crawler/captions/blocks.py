"""Lists of captions, whatever their form, as blocks of columns.

Parquet is read as columns; everything else by the readers of lists, a row at a time.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from synsift.crawler.captions.columns import MOST_UNSAFE, Meaning, meaning_of
from synsift.crawler.captions.texts import as_texts, empty_texts, texts_of_rows
from synsift.crawler.errors import SourceError
from synsift.crawler.sources.lists.layouts import Layout
from synsift.crawler.sources.lists.reading import Lists, is_parquet_list
from synsift.crawler.sources.lists.records import flat, names_of, openable

KEPT: Final = ("url", "title", "author", "licence", "licence_url", "landing_page")
"""What is kept of a row."""
BLOCK_ROWS: Final = 65_536
_BLOCK_BYTES: Final = 48 << 20
_LEAST_ROWS: Final = 1_024
_MOST_PROBLEMS: Final = 20
_READING_ERRORS: Final = (OSError, ValueError, NotImplementedError, OverflowError, MemoryError)


@dataclass(slots=True)
class Block:
    """Some rows of a list.

    Attributes:
        rows: How many were read, with those that are left out.
        cursor: Where the list goes on; empty at its end.
        columns: ``KEPT``, as texts without nulls.
        captions: All words of each row; those of different columns are parted by a line's end.
        numbers: ``(n,)`` int64, of the rows or lines, from 1.
        left_out: How many rows are not in it, by reason.
        problems: What is wrong with some of them, in words.
    """

    rows: int
    cursor: str
    columns: dict[str, "pa.LargeStringArray"]
    captions: "pa.LargeStringArray"
    numbers: npt.NDArray[np.int64]
    left_out: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def kept(self, mask: npt.NDArray[np.bool_], reason: str) -> "Block":
        """Those rows alone; the others are left out for a reason."""
        if mask.all():
            return self
        self.left_out[reason] += int(len(mask) - mask.sum())
        chosen = pa.array(mask)
        columns = {name: column.filter(chosen) for name, column in self.columns.items()}
        captions = self.captions.filter(chosen)
        return Block(self.rows, self.cursor, columns, captions, self.numbers[mask], self.left_out, self.problems)


def blocks(path: Path, shown: str, cursor: str, layout: Layout) -> Iterator[Block]:
    """The rows of a list from a cursor on, at least one block, whose last has no cursor.

    Raises:
        SourceError: It can't be read at all, or has no URLs or no captions.
    """
    if is_parquet_list(path):
        yield from _parquet(path, shown, int(cursor or 0), layout)
    else:
        yield from _lines(path, shown, cursor, layout)


def meaning_of_file(path: Path, layout: Layout) -> tuple[tuple[str, ...], Meaning]:
    """The columns of a list, and what they mean.

    Raises:
        SourceError: It can't be read.
    """
    if is_parquet_list(path):
        try:
            file = pq.ParquetFile(openable(path))
            names = tuple(names_of(file.schema_arrow))
            file.close(force=True)
        except _READING_ERRORS as exc:
            raise SourceError(f"{path}: {exc}") from exc
        return names, meaning_of(names, layout)
    lists = Lists(layout)
    try:
        page = lists.page(path, "", 200)
    finally:
        lists.close()
    names = tuple(dict.fromkeys(name for row in page.rows for name in row.names))
    return names, meaning_of(names, page.mapper.layout)


def _parquet(path: Path, shown: str, start: int, layout: Layout) -> Iterator[Block]:
    try:
        file = pq.ParquetFile(openable(path), buffer_size=1 << 20, pre_buffer=False)
    except _READING_ERRORS as exc:
        yield unreadable(0, "", f"{shown}: {exc}")
        return
    try:
        names = tuple(names_of(file.schema_arrow))
        meaning = meaning_of(names, layout)
        total = file.metadata.num_rows
        if not total:
            yield _empty("")
        first = 0
        for group in range(file.num_row_groups):
            number = file.metadata.row_group(group).num_rows
            if first + number > start:
                yield from _group(file, (group, first, max(first, start)), shown, (names, meaning, layout))
            first += number
    finally:
        file.close(force=True)


def _group(
    file: "pq.ParquetFile", place: tuple[int, int, int], shown: str, form: tuple[tuple[str, ...], Meaning, Layout]
) -> Iterator[Block]:
    """The rows of a group from one on; if they can't be read, that costs the rest of the group."""
    group, first, at = place
    names, meaning, _ = form
    about = file.metadata.row_group(group)
    passed, total = at - first, file.metadata.num_rows
    each = max(1, about.total_byte_size // max(1, about.num_rows))
    size = max(_LEAST_ROWS, min(BLOCK_ROWS, _BLOCK_BYTES // each))
    columns = [names[place] for place in meaning.wanted]
    try:
        for batch in file.iter_batches(size, row_groups=[group], columns=columns, use_threads=False):
            if passed >= batch.num_rows:
                passed -= batch.num_rows
                continue
            table = flat(batch.slice(passed))
            passed = 0
            cursor = str(at + table.num_rows) if at + table.num_rows < total else ""
            yield _of_table(table, at, cursor, form)
            at += table.num_rows
    except _READING_ERRORS as exc:
        end = first + about.num_rows
        text = f"{shown}, row {at + 1}: this row and {end - at - 1:,} behind it can't be read: {exc}"
        yield unreadable(end - at, str(end) if end < total else "", text)


def _of_table(table: "pa.Table", at: int, cursor: str, form: tuple[tuple[str, ...], Meaning, Layout]) -> Block:
    names, meaning, _ = form
    size, known = table.num_rows, table.column_names
    # Two columns may have one name: the first is meant.
    found = {place: table.column(known.index(names[place])) for place in meaning.wanted}
    safe = _is_safe(found[meaning.unsafe]) if meaning.unsafe >= 0 else None
    texts = {place: as_texts(column) for place, column in found.items() if place != meaning.unsafe}
    return _of_columns(texts, (size, cursor), np.arange(at + 1, at + size + 1), form, safe)


def _of_columns(
    texts: dict[int, "pa.LargeStringArray"],
    counted: tuple[int, str],
    numbers: npt.NDArray[np.int64],
    form: tuple[tuple[str, ...], Meaning, Layout],
    safe: npt.NDArray[np.bool_] | None = None,
) -> Block:
    """A block of columns by their places."""
    _, meaning, layout = form

    def column(place: int) -> "pa.LargeStringArray":
        return texts[place] if place >= 0 else empty_texts(len(numbers))

    found = {"url": column(meaning.url), "author": column(meaning.author), "licence": column(meaning.licence)}
    found |= {"licence_url": column(meaning.licence_url), "landing_page": column(meaning.landing_page)}
    videos = None
    if meaning.marker >= 0:
        videos = np.array(pc.equal(pc.utf8_trim_whitespace(column(meaning.marker)), "1"))
    if safe is None and meaning.unsafe >= 0:
        safe = np.array([not _is_unsafe(text) for text in column(meaning.unsafe).to_pylist()], np.bool_)
    block = _block(counted, found, [column(place) for place in meaning.captions], numbers, layout)
    if videos is not None:
        block, safe = block.kept(~videos, "video"), None if safe is None else safe[~videos]
    return block if safe is None else block.kept(safe, "unsafe")


def _is_safe(scores: Any) -> npt.NDArray[np.bool_]:  # noqa: ANN401 - a column of any type
    try:
        unsafe = pc.greater(pc.cast(scores, pa.float64(), safe=False), MOST_UNSAFE)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return np.ones(len(scores), np.bool_)
    return ~np.asarray(pc.fill_null(unsafe, False))


def _lines(path: Path, shown: str, cursor: str, layout: Layout) -> Iterator[Block]:
    lists = Lists(layout)
    try:
        while True:
            page = lists.page(path, cursor, BLOCK_ROWS // 2)
            yield _of_rows(
                page.rows, page.next_cursor, f"{shown}{':' if page.has_lines else ', row '}", page.mapper.layout
            )
            cursor = page.next_cursor
            if not cursor:
                return
    finally:
        lists.close()


def _of_rows(rows: Any, cursor: str, before: str, layout: Layout) -> Block:  # noqa: ANN401 - a tuple of `Row`
    good = [row for row in rows if not row.problem]
    numbers = np.array([row.number for row in good], np.int64)
    if len({row.names for row in good}) == 1:
        names = good[0].names
        meaning = meaning_of(names, layout)
        values = list(zip(*(row.values for row in good), strict=True))
        found = {place: texts_of_rows(values[place]) for place in meaning.wanted}
        block = _of_columns(found, (len(rows), cursor), numbers, (names, meaning, layout))
    else:
        block = _of_mixed_rows(good, (len(rows), cursor), numbers, layout)
    if len(good) < len(rows):
        block.left_out["broken"] += len(rows) - len(good)
        broken = [f"{before}{row.number}: {row.problem}" for row in rows if row.problem]
        block.problems += broken[:_MOST_PROBLEMS]
    return block


def _of_mixed_rows(rows: list[Any], counted: tuple[int, str], numbers: npt.NDArray[np.int64], layout: Layout) -> Block:
    """Rows whose columns aren't all the same, as objects of JSON."""
    known: dict[tuple[str, ...], Meaning] = {}
    left_out: Counter[str] = Counter()
    values: list[list[str]] = [[] for _ in range(5)]
    captions: list[list[str]] = []
    kept: list[int] = []
    for number, row in enumerate(rows):
        meaning = known.get(row.names)
        if meaning is None:
            known = {} if len(known) > 1_000 else known
            meaning = known[row.names] = meaning_of(row.names, layout)
        if reason := _reason(row.values, meaning):
            left_out[reason] += 1
            continue
        places = (meaning.url, meaning.author, meaning.licence, meaning.licence_url, meaning.landing_page)
        for texts, place in zip(values, places, strict=True):
            texts.append(row.values[place] if place >= 0 else "")
        captions.append([row.values[place] for place in meaning.captions])
        kept.append(number)
    names = ("url", "author", "licence", "licence_url", "landing_page")
    found = {name: texts_of_rows(texts) for name, texts in zip(names, values, strict=True)}
    width = max(map(len, captions), default=0)
    columns = [texts_of_rows([each[at] if at < len(each) else "" for each in captions]) for at in range(width)]
    block = _block(counted, found, columns, numbers[np.array(kept, np.int64)], layout)
    block.left_out.update(left_out)
    return block


def _reason(values: Any, meaning: Meaning) -> str:  # noqa: ANN401 - texts
    """Why a row is left out; empty if it isn't."""
    if meaning.marker >= 0 and values[meaning.marker].strip() == "1":
        return "video"
    return "unsafe" if meaning.unsafe >= 0 and _is_unsafe(values[meaning.unsafe]) else ""


def _is_unsafe(text: str) -> bool:
    try:
        return float(text or 0) > MOST_UNSAFE
    except ValueError:
        return False


def _block(
    counted: tuple[int, str],
    columns: dict[str, "pa.LargeStringArray"],
    captions: list["pa.LargeStringArray"],
    numbers: npt.NDArray[np.int64],
    layout: Layout,
) -> Block:
    if layout.is_percent_encoded:
        captions = [_decoded(column) for column in captions]
        columns["author"] = _decoded(columns["author"])
    if len(captions) == 1:
        title = joined = captions[0]
    elif captions:
        title = captions[-1]
        for column in reversed(captions[:-1]):
            title = pc.if_else(pc.equal(column, ""), title, column)
        joined = pc.binary_join_element_wise(*captions, pa.scalar("\n", pa.large_string()))
    else:
        title = joined = empty_texts(len(numbers))
    columns["title"] = title
    size, cursor = counted
    return Block(size, cursor, columns, joined, numbers)


def _decoded(column: "pa.LargeStringArray") -> "pa.LargeStringArray":
    column = pc.replace_substring(column, "+", " ")
    coded = pc.match_substring(column, "%")
    if not pc.any(coded).as_py():
        return column
    return pc.replace_with_mask(column, coded, texts_of_rows([unquote(t) for t in column.filter(coded).to_pylist()]))


def _empty(cursor: str) -> Block:
    columns = {name: texts_of_rows([]) for name in KEPT}
    return Block(0, cursor, columns, texts_of_rows([]), np.zeros(0, np.int64))


def unreadable(rows: int, cursor: str, problem: str) -> Block:
    """A block of rows that can't be read."""
    block = _empty(cursor)
    block.rows = rows
    block.left_out["unreadable"] = rows
    block.problems.append(problem)
    return block
