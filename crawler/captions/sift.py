"""Lists of captions and queries → a sifted list, in one pass that any end interrupts without loss.

1. a block of rows is read, its captions matched, and what may be among the best goes to disk as a part;
2. so on to the end of all lists; whoever is ended goes on behind the last part;
3. of the parts the best are chosen, and written; then the parts go.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synsift.crawler.captions.blocks import Block, blocks, unreadable
from synsift.crawler.captions.bounds import Bounds
from synsift.crawler.captions.folding import words_of
from synsift.crawler.captions.lexicon import Lexicon
from synsift.crawler.captions.matching import MOST_WORDS, Hits, Matcher, nodes_of, rows_of, with_rows
from synsift.crawler.captions.selection import Selected, Selection
from synsift.crawler.captions.sifted import Summary, write_sifted
from synsift.crawler.captions.spool import MARKS, Spool, State
from synsift.crawler.captions.texts import has_text
from synsift.crawler.captions.url_hashes import Seen, hashes_of
from synsift.crawler.captions.urls import good_urls
from synsift.crawler.errors import SourceError
from synsift.crawler.sources.lists.layouts import Layout
from synsift.crawler.sources.lists.reading import is_parquet_list

_SLICE_BYTES: Final = 8 << 20
"""Of captions that are matched at once: what is made of them takes some 30 times as much memory."""
_REBOUND_ROWS: Final = 100_000
_REBOUND_GROWTH: Final = 1.4
"""How much more rows than at the last time are worth another look at the bounds: these move ever more slowly."""
_MOST_PROBLEMS: Final = 20
_WIKI: Final = "//upload.wikimedia.org/wikipedia/"
_COMMONS: Final = "//upload.wikimedia.org/wikipedia/commons/"


@dataclass(frozen=True, slots=True)
class CaptionList:
    """A list to read: where it is, what its user calls it, and what names its content."""

    path: Path
    name: str
    identity: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sift is: rows read, hits kept, and the place of the list among all."""

    rows: int
    hits: int
    list: int
    lists: int
    name: str


class Sift:
    """Reads lists into a folder, and chooses of what is there."""

    def __init__(
        self, folder: Path, lists: Sequence[CaptionList], lexicon: Lexicon, *, most: int, layout: Layout
    ) -> None:
        """Go on with what the folder has.

        Args:
            folder: For this sift alone.
            lists: What to read, in order.
            lexicon: What to look for.
            most: Image URLs that a synset gets.
            layout: Of the lists.
        """
        self._lists, self._lexicon, self._most, self._layout = lists, lexicon, most, layout
        self._spool = Spool(folder)
        self._matcher = Matcher(lexicon)
        self._bounds = Bounds(lexicon, most)
        self._seen = Seen()
        self._rows = self._hits = 0
        self._next_look = _REBOUND_ROWS
        # As if it had been read just now: bounds are looked at behind the same rows, so that the same is left out.
        for state, (hits, marks) in zip(self._spool.states, self._spool.parts(), strict=True):
            self._look_at_bounds()
            self._rows += state.rows
            self._count(hits, marks)
        self.resumed_rows = self._rows
        """Rows that were read before."""

    def read(self, tell: Callable[[Progress], None]) -> None:
        """Read what is left of the lists.

        Raises:
            OSError: A part can't be written.
        """
        at, cursor = self._place()
        for number in range(at, len(self._lists)):
            one = self._lists[number]
            for block in _blocks_of(one, cursor, self._layout):
                self._take(block, number)
                tell(Progress(self._rows, self._hits, number + 1, len(self._lists), one.name))
            cursor = ""

    def finish(self, target: Path) -> Summary:
        """Choose the best, write the list, and delete the parts."""
        limits = self._bounds.of_queries()
        del self._bounds, self._seen, self._matcher  # 200 MB that nobody needs any longer
        selection = Selection(self._spool, self._lexicon, self._most)
        summary = self._summary(selection.choose(limits))
        names = [one.name.encode("utf-8", "replace").decode() for one in self._lists]
        ends = [", row " if _has_rows(one.path) else ":" for one in self._lists]
        shown = [f"{name}{end}" for name, end in zip(names, ends, strict=True)]
        self._spool.beside("lists.json").write_text(json.dumps(shown))
        write_sifted(target, self._spool, self._lexicon, selection, summary)
        self._spool.remove()
        return summary

    def _place(self) -> tuple[int, str]:
        """The list that goes on, and where."""
        if not len(self._spool):
            return 0, ""
        state = self._spool.states[-1]
        return (state.list, state.cursor) if state.cursor else (state.list + 1, "")

    def _take(self, block: Block, number: int) -> None:
        self._look_at_bounds()
        hits, lengths = self._found(block)
        is_named = np.zeros(len(lengths), np.bool_)
        is_named[rows_of(hits)] = True
        rows = np.flatnonzero(is_named)
        block.left_out["no caption"] += int((lengths == 0).sum())
        block.left_out["no name in it"] += int((lengths > 0).sum()) - len(rows)
        taken = pa.array(rows)
        columns = {name: column for name, column in block.columns.items() if name == "url" or has_text(column)}
        table = pa.table({**{name: columns[name].take(taken) for name in columns}, "number": block.numbers[rows]})
        is_good = self._check(block, table)
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
        state = State(number, block.cursor, block.rows, left_out, tuple(block.problems[:_MOST_PROBLEMS]))
        self._spool.add(state, hits, marks, table)
        self._rows += block.rows
        self._count(hits, marks)

    def _look_at_bounds(self) -> None:
        if self._rows >= self._next_look:
            self._matcher.rebound(self._bounds.of_queries())
            self._next_look = int(self._rows * _REBOUND_GROWTH)

    def _found(self, block: Block) -> tuple[Hits, npt.NDArray[np.int32]]:
        """The hits in a block, and the words of each caption."""
        found, lengths, base = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)], 0
        for some in _slices(block.captions):
            words = words_of(some)
            found.append(self._matcher.find(words) + base)
            lengths.append(np.minimum(words.counts, MOST_WORDS))
            base += len(some)
        hits = np.concatenate(found)
        if len(found) > 2:
            hits.sort(kind="stable")  # of some runs that are sorted
        return hits, np.concatenate(lengths)

    def _check(self, block: Block, table: "pa.Table") -> npt.NDArray[np.bool_]:
        """Which rows have a URL that may be asked for; the others are counted, and some named."""
        urls = _one(table.column("url"))
        if not len(urls):
            return np.zeros(0, np.bool_)
        is_good, problems = good_urls(urls)
        for at, reason, problem in problems:
            block.left_out[reason] += 1
            if len(block.problems) < _MOST_PROBLEMS and problem:
                block.problems.append(f"row {table.column('number')[at].as_py()}: {problem}")
        # A file of one wiki alone may be there by fair use; those of Commons are free.
        is_local = np.array(pc.match_substring(urls, _WIKI))
        if is_local.any():
            is_local &= np.asarray(pc.invert(pc.match_substring(urls, _COMMONS))) & is_good
        block.left_out["not free"] += int(is_local.sum())
        result: npt.NDArray[np.bool_] = is_good & ~is_local
        return result

    def _count(self, hits: Hits, marks: npt.NDArray[Any]) -> None:
        self._hits += len(hits)
        is_new = self._seen.new(np.asarray(marks["hash"]))
        rows = rows_of(np.asarray(hits))
        if not is_new.all():
            hits, rows = hits[is_new[rows]], rows[is_new[rows]]
        self._bounds.count(nodes_of(np.asarray(hits)), np.asarray(marks["length"])[rows])

    def _summary(self, selected: Selected) -> Summary:
        left_out: Counter[str] = Counter()
        problems: list[str] = []
        for state in self._spool.states:
            left_out.update(state.left_out)
            name = self._lists[state.list].name
            problems += [text if text.startswith(name) else f"{name}, {text}" for text in state.problems]
        left_out["repeated"] += selected.repeated
        found = selected.counts[selected.counts > 0]
        quartiles = np.percentile(found, [0, 25, 50, 75, 100]).astype(int).tolist() if len(found) else []
        return Summary(
            rows=sum(state.rows for state in self._spool.states),
            found=int(selected.counts.sum()),
            synsets=len(found),
            asked=len(self._lexicon.wnids),
            queries=len(self._lexicon.queries),
            common=self._lexicon.left_out,
            left_out={reason: many for reason, many in left_out.items() if many},
            problems=problems[:_MOST_PROBLEMS],
            quartiles=quartiles,
        )


def _blocks_of(one: CaptionList, cursor: str, layout: Layout) -> Iterator[Block]:
    """The blocks of a list; one that can't be read is a block of nothing, that says so."""
    try:
        yield from blocks(one.path, one.name, cursor, layout)
    except (SourceError, OSError) as exc:
        yield unreadable(0, "", f"{one.name}: {str(exc).removeprefix(f'{one.path}: ')}")


def _has_rows(path: Path) -> bool:
    try:
        return is_parquet_list(path)
    except (SourceError, OSError):
        return False


def _slices(captions: "pa.LargeStringArray") -> Iterator["pa.LargeStringArray"]:
    """Captions in pieces that have some bytes at most, or are one caption."""
    if not len(captions):
        return
    offsets = np.frombuffer(captions.buffers()[1], np.int64)[captions.offset : captions.offset + len(captions) + 1]
    begin = 0
    while begin < len(captions):
        end = int(np.searchsorted(offsets, offsets[begin] + _SLICE_BYTES, side="right")) - 1
        end = min(max(end, begin + 1), len(captions))
        yield captions.slice(begin, end - begin)
        begin = end


def _one(column: "pa.ChunkedArray[Any]") -> "pa.LargeStringArray":
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], column.type)])
