"""A block of rows → what may be among the best of it. Hangs on nothing but the block, the names and their bounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synsift.crawler.captions.blocks import Block
from synsift.crawler.captions.folding import words_of
from synsift.crawler.captions.matching import MOST_WORDS, Hits, Matcher, rows_of, with_rows
from synsift.crawler.captions.spool import MARKS
from synsift.crawler.captions.texts import has_text
from synsift.crawler.captions.url_hashes import hashes_of
from synsift.crawler.captions.urls import good_urls

SLICE_BYTES: Final = 8 << 20
"""Of captions that are matched at once: what is made of them takes some 30 times as much memory."""
MOST_PROBLEMS: Final = 20
_WIKI: Final = "//upload.wikimedia.org/wikipedia/"
_COMMONS: Final = "//upload.wikimedia.org/wikipedia/commons/"


@dataclass(slots=True)
class Found:
    """What is kept of a block.

    Attributes:
        rows: How many were read.
        cursor: Where the list goes on; empty at its end.
        left_out: Rows that are no candidates, by reason.
        problems: What is wrong with some of them, in words.
        hits: In rows of the table.
        marks: Of each row.
        table: Rows in which a name stands.
    """

    rows: int
    cursor: str
    left_out: dict[str, int]
    problems: tuple[str, ...]
    hits: Hits
    marks: npt.NDArray[Any]
    table: "pa.Table"


def found_in(block: Block, matcher: Matcher, slice_bytes: int = SLICE_BYTES) -> Found:
    """Match the captions of a block, and look at the URLs of those that name something."""
    hits, lengths = _hits(block, matcher, slice_bytes)
    is_named = np.zeros(len(lengths), np.bool_)
    is_named[rows_of(hits)] = True
    rows = np.flatnonzero(is_named)
    block.left_out["no caption"] += int((lengths == 0).sum())
    block.left_out["no name in it"] += int((lengths > 0).sum()) - len(rows)
    taken = pa.array(rows)
    columns = {name: column for name, column in block.columns.items() if name == "url" or has_text(column)}
    table = pa.table({**{name: columns[name].take(taken) for name in columns}, "number": block.numbers[rows]})
    is_good = _check(block, table)
    if not is_good.all():
        table, rows = table.filter(pa.array(is_good)), rows[is_good]
    place = np.full(len(lengths), -1, np.int64)
    place[rows] = np.arange(len(rows))
    moved = place[rows_of(hits)]
    hits = with_rows(hits, moved) if is_good.all() else with_rows(hits[moved >= 0], moved[moved >= 0])
    marks = np.zeros(table.num_rows, MARKS)
    marks["hash"] = hashes_of(_one(table.column("url")))
    marks["length"] = lengths[rows]
    left_out = {reason: many for reason, many in block.left_out.items() if many}
    return Found(block.rows, block.cursor, left_out, tuple(block.problems[:MOST_PROBLEMS]), hits, marks, table)


def _hits(block: Block, matcher: Matcher, slice_bytes: int) -> tuple[Hits, npt.NDArray[np.int32]]:
    """The hits in a block, and the words of each caption."""
    found, lengths, base = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)], 0
    for some in _slices(block.captions, slice_bytes):
        words = words_of(some)
        found.append(matcher.find(words) + base)
        lengths.append(np.minimum(words.counts, MOST_WORDS))
        base += len(some)
    hits = np.concatenate(found)
    if len(found) > 2:
        hits.sort(kind="stable")  # of some runs that are sorted
    return hits, np.concatenate(lengths)


def _check(block: Block, table: "pa.Table") -> npt.NDArray[np.bool_]:
    """Which rows have a URL that may be asked for; the others are counted, and some named."""
    urls = _one(table.column("url"))
    if not len(urls):
        return np.zeros(0, np.bool_)
    is_good, problems = good_urls(urls)
    for at, reason, problem in problems:
        block.left_out[reason] += 1
        if len(block.problems) < MOST_PROBLEMS and problem:
            block.problems.append(f"row {table.column('number')[at].as_py()}: {problem}")
    # A file of one wiki alone may be there by fair use; those of Commons are free.
    is_local = np.array(pc.match_substring(urls, _WIKI))
    if is_local.any():
        is_local &= np.asarray(pc.invert(pc.match_substring(urls, _COMMONS))) & is_good
    block.left_out["not free"] += int(is_local.sum())
    result: npt.NDArray[np.bool_] = is_good & ~is_local
    return result


def _slices(captions: "pa.LargeStringArray", slice_bytes: int) -> Iterator["pa.LargeStringArray"]:
    """Captions in pieces that have some bytes at most, or are one caption."""
    if not len(captions):
        return
    offsets = np.frombuffer(captions.buffers()[1], np.int64)[captions.offset : captions.offset + len(captions) + 1]
    begin = 0
    while begin < len(captions):
        end = int(np.searchsorted(offsets, offsets[begin] + slice_bytes, side="right")) - 1
        end = min(max(end, begin + 1), len(captions))
        yield captions.slice(begin, end - begin)
        begin = end


def _one(column: "pa.ChunkedArray[Any]") -> "pa.LargeStringArray":
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], column.type)])
