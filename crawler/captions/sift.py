"""Lists of captions and queries → a sifted list, in one pass that any end interrupts without loss.

1. a block of rows is read, its captions matched, by several processes (`crew`), and what may be among the best goes to
   disk as a part;
2. so on to the end of all lists; whoever is ended goes on behind the last part;
3. of the parts the best are chosen, and written; then the parts go.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from synsift.crawler.captions.blocks import Block, blocks, unreadable
from synsift.crawler.captions.bounds import Bounds
from synsift.crawler.captions.crew import ALONE_ROWS, Crew
from synsift.crawler.captions.finding import MOST_PROBLEMS, Found
from synsift.crawler.captions.lexicon import Lexicon
from synsift.crawler.captions.matching import Hits, nodes_of, rows_of
from synsift.crawler.captions.selection import Selected, Selection
from synsift.crawler.captions.sifted import Summary, write_sifted
from synsift.crawler.captions.spool import Spool, State
from synsift.crawler.captions.url_hashes import Seen
from synsift.crawler.errors import SourceError
from synsift.crawler.sources.lists.layouts import Layout
from synsift.crawler.sources.lists.reading import is_parquet_list

_REBOUND_ROWS: Final = 100_000
_REBOUND_GROWTH: Final = 1.4
"""How much more rows than at the last time are worth another look at the bounds: these move ever more slowly."""


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
        self._crew = Crew(lexicon, folder)
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

    def read(
        self, tell: Callable[[Progress], None] = lambda _: None, *, jobs: int = 1, alone_rows: int = ALONE_ROWS
    ) -> None:
        """Read what is left of the lists.

        Args:
            tell: Told of every block that is kept.
            jobs: Processes that match; what comes of it is the same, however many there are.
            alone_rows: Rows from which on there are several.

        Raises:
            OSError: A part can't be written.
        """
        begun: deque[int] = deque()  # lists of the blocks that are being matched
        rows = self._rows

        def keep(ended: Iterable[Found]) -> None:
            for found in ended:
                number = begun.popleft()
                self._keep(found, number)
                tell(Progress(self._rows, self._hits, number + 1, len(self._lists), self._lists[number].name))

        with self._crew.of(jobs, alone_rows):
            for number, block in self._unread():
                if rows >= self._next_look:
                    keep(self._crew.rest())
                    self._look_at_bounds()
                rows += block.rows
                begun.append(number)
                keep(self._crew.find(block))
            keep(self._crew.rest())

    def _unread(self) -> Iterator[tuple[int, Block]]:
        """The blocks that nobody has read, each with the number of its list."""
        at, cursor = self._place()
        for number in range(at, len(self._lists)):
            for block in _blocks_of(self._lists[number], cursor, self._layout):
                yield number, block
            cursor = ""

    def finish(self, target: Path) -> Summary:
        """Choose the best, write the list, and delete the parts."""
        limits = self._bounds.of_queries()
        del self._bounds, self._seen, self._crew  # 200 MB that nobody needs any longer
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

    def _keep(self, found: Found, number: int) -> None:
        state = State(number, found.cursor, found.rows, found.left_out, found.problems)
        self._spool.add(state, found.hits, found.marks, found.table)
        self._rows += found.rows
        self._count(found.hits, found.marks)

    def _look_at_bounds(self) -> None:
        if self._rows >= self._next_look:
            self._crew.rebound(self._bounds.of_queries())
            self._next_look = int(self._rows * _REBOUND_GROWTH)

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
            problems=problems[:MOST_PROBLEMS],
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
