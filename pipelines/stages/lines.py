"""The lines in which queries wait: one for each synset at each source, in the order of the plan.

    added ──▶ … ──▶ head: asked ──▶ ended, the next is the head
                     └─ its source answers nothing for now ──▶ the line rests until it does

Pure, and told the time.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar


class Asks(Protocol):
    """A query, as far as lines know it."""

    @property
    def wnid(self) -> str:
        """The synset that asks."""

    @property
    def source(self) -> str:
        """Whom."""


A = TypeVar("A", bound=Asks)
Line = tuple[str, str]
"""A synset's and a source's name."""


def line_of(ask: Asks) -> Line:
    """The line of a query."""
    return ask.wnid, ask.source


class Lines(Generic[A]):
    """Queries that wait. Lives in one event loop; what tells numbers is safe from any thread."""

    def __init__(self) -> None:
        self._lines: dict[Line, deque[A]] = {}
        self._resting: dict[Line, float] = {}

    def add(self, ask: A) -> bool:
        """Put a query at the end of its line; gives whether it is the head."""
        line = self._lines.setdefault(line_of(ask), deque())
        line.append(ask)
        return len(line) == 1

    def head(self, line: Line) -> A | None:
        """The first of a line."""
        waiting = self._lines.get(line)
        return waiting[0] if waiting else None

    def is_head(self, ask: A) -> bool:
        """Whether a query is the first of its line, and not another one in its place."""
        return self.head(line_of(ask)) is ask

    def end(self, ask: A) -> bool:
        """Let the head go; gives whether somebody waits behind it."""
        line = line_of(ask)
        waiting = self._lines.get(line)
        if not waiting or waiting[0] is not ask:
            return False
        waiting.popleft()
        self._resting.pop(line, None)
        if not waiting:
            del self._lines[line]
        return bool(waiting)

    def forget(self, is_gone: Callable[[A], bool]) -> None:
        """Drop the lines whose head is another's now."""
        for line, waiting in list(self._lines.items()):
            if is_gone(waiting[0]):
                del self._lines[line]
                self._resting.pop(line, None)

    def rest(self, line: Line, until_s: float) -> Sequence[A]:
        """Leave a line alone; gives who waits there."""
        waiting = self._lines.get(line)
        if not waiting:
            return ()
        self._resting[line] = until_s
        return tuple(waiting)

    def is_resting(self, line: Line) -> bool:
        """Whether a line is left alone."""
        return line in self._resting

    def wake(self, now_s: float) -> Iterator[Line]:
        """The lines that have rested long enough."""
        for line, until_s in list(self._resting.items()):
            if until_s <= now_s:
                del self._resting[line]
                yield line

    def wake_all(self) -> None:
        """Look at all lines that rest again, whatever they rest for."""
        self._resting = dict.fromkeys(self._resting, 0.0)

    def resting(self) -> tuple[int, float]:
        """How many queries wait in lines that rest, and when the first of these goes on, in Unix time; 0 for never."""
        found = [(len(self._lines.get(line, ())), until_s) for line, until_s in tuple(self._resting.items())]
        return sum(number for number, _ in found), min((until_s for _, until_s in found), default=0.0)
