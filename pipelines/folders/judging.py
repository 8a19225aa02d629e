"""Groups of copies among very many files, by all cores: ``dedupe.many``, in processes that share a room on disk.

hashes, ranks ──▶ turns ──▶ lists of keys ──▶ looks, some turns at a time ──▶ verdicts, here, in their order
in processes      here      in processes      in processes, ahead
"""

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe import Clustering, MatchOptions
from synsift.dedupe.many.foresight import Foreseen, Foresight, at_once
from synsift.dedupe.many.grouping import Grouping, Pictures
from synsift.dedupe.many.lookup import ManyLookup, ManyMaking, Piece
from synsift.dedupe.many.prints import Prints
from synsift.dedupe.many.turns import Turns, make_turns
from synsift.dedupe.verdicts import KeepsOut
from synsift.pipelines.errors import SynsiftError
from synsift.pipelines.folders.pool import Pool
from synsift.pipelines.folders.prints import PrintFile
from synsift.pipelines.folders.room import OpenRoom

T = TypeVar("T")
M = TypeVar("M")
OnDone = Callable[[int], None]


class Span(NamedTuple):
    """Some turns."""

    begin: int
    end: int


class Judging:
    """Pictures on disk that are to be grouped."""

    def __init__(self, images: PrintFile, options: MatchOptions, *, processes: int | None) -> None:
        """Nothing is done yet.

        Args:
            images: The pictures.
            options: What counts as near.
            processes: How many work; None for one a core.
        """
        self._images = images
        self._options = options
        self._processes = processes

    def prepare(self, without: Collection[str] = (), *, on_done: OnDone = lambda _: None) -> None:
        """Make the index, and say whose turn is when.

        Args:
            without: Paths of pictures that are left out.
            on_done: Told of every few pictures that are as good as indexed, with their number.
        """

        def between() -> None:
            self._names, places = self._in_their_order(without)
            self._turns = make_turns(self._images.prints.rows, places, self._images.room)

        make_index(self._images, self._options, self._processes, between=between, on_done=on_done)

    def group(self, reference: KeepsOut | None = None, *, on_done: OnDone = lambda _: None) -> Clustering[str]:
        """Judge all pictures.

        Args:
            reference: What is near to one of its pictures is rejected.
            on_done: Told of every few pictures that are judged, with their number.
        """
        prints, room = self._images.prints, self._images.room

        def foresight() -> Foresight:
            return _foresight(room.folder, self._options)

        found = Grouping(Pictures(self._names, prints, self._turns), foresight, self._options, reference=reference)
        work = partial(look_at, folder=room.folder, options=self._options)
        turns = len(self._turns.order)
        # As many as are looked up together.
        step = at_once(len(prints))
        spans = [Span(begin, min(begin + step, turns)) for begin in range(0, turns, step)]
        with _closed_after(room.folder), Pool(self._processes, work, at_once=1) as pool:
            for span, foreseen in all_of(pool.make_in_order(spans)):
                found.take(span.begin, span.end, foreseen)
                room.release()
                on_done(span.end - span.begin)
        return found.found()

    def _in_their_order(self, without: Collection[str]) -> tuple[list[str], NDArray[np.int64]]:
        """Names by number, and the place of each among those that take part."""
        taking = [path for path in self._images if path not in without]
        numbers = self._images.numbers_of(taking)
        names = [""] * len(self._images.prints)
        for path, number in zip(taking, numbers, strict=True):
            names[number] = path
        places = np.full(len(names), -1, np.int64)
        places[sorted(numbers, key=names.__getitem__)] = np.arange(len(numbers))
        return names, places


def make_index(
    images: PrintFile,
    options: MatchOptions,
    processes: int | None,
    *,
    between: Callable[[], None],
    on_done: OnDone = lambda _: None,
) -> None:
    """Make the index of pictures, by processes, in their room.

    Args:
        images: The pictures.
        options: What counts as near.
        processes: How many work; None for one a core.
        between: Called when hashes are there, and before lists are made: says what is left out of these.
        on_done: Told of every few pictures that are as good as indexed, with their number.
    """
    making = ManyMaking(images.prints, options, images.room)
    making.begin()
    hashes, lists = making.pieces()
    work = partial(make_pieces, folder=images.room.folder, options=options)
    with Pool(processes, work, at_once=1) as pool:
        shares = _Shares(len(images.prints), len(lists))
        for piece, _ in done(pool, hashes):
            on_done(shares.of_hashes(piece.end - piece.begin))
        between()
        for _ in done(pool, lists):
            on_done(shares.of_a_list())


class _Shares:
    """Work on all pictures as a number of them that is done: hashes are one half of it, and all lists the other."""

    def __init__(self, pictures: int, lists: int) -> None:
        self._pictures, self._lists = pictures, lists
        self._work = self._told = 0

    def of_hashes(self, pictures: int) -> int:
        return self._more(pictures * self._lists)

    def of_a_list(self) -> int:
        return self._more(self._pictures)

    def _more(self, work: int) -> int:
        self._work += work
        before, self._told = self._told, self._work // (2 * self._lists)
        return self._told - before


def make_pieces(pieces: list[Piece], folder: str, options: MatchOptions) -> list[bool]:
    """Make pieces of the index: what a process does."""
    room = OpenRoom(folder)
    making = ManyMaking(Prints(room), options, room)
    for piece in pieces:
        making.make(piece)
    return [True] * len(pieces)


def look_at(spans: list[Span], folder: str, options: MatchOptions) -> list[Foreseen]:
    """Look at the pictures of some turns: what a process does."""
    foresight = _foresight(folder, options)
    turns = Turns.of(_OPEN[folder][0])
    found = []
    for span in spans:
        numbers = np.asarray(turns.order[span.begin : span.end])
        found.append(foresight.of(numbers[turns.same[numbers] == numbers]))
        _OPEN[folder][0].release()
    return found


# The room that a process has at work, which it opens once.
_OPEN: Final[dict[str, tuple[OpenRoom, Foresight]]] = {}


def _foresight(folder: str, options: MatchOptions) -> Foresight:
    if folder not in _OPEN:
        room = OpenRoom(folder)
        prints = Prints(room)
        _OPEN[folder] = room, Foresight(prints, ManyLookup(prints.rows, options, room), Turns.of(room), options)
    return _OPEN[folder][1]


@contextlib.contextmanager
def _closed_after(folder: str) -> Iterator[None]:
    """Let go of a room after the block, if this process has opened it."""
    try:
        yield
    finally:
        _OPEN.pop(folder, None)


def done(pool: Pool[T, M], things: Iterable[T]) -> Iterator[tuple[T, M]]:
    """What processes make of things, as they come; see ``all_of``."""
    return all_of(pair for task in pool.make(things) for pair in task)


def all_of(made: Iterable[tuple[T, M | None]]) -> Iterator[tuple[T, M]]:
    """What was made of things, of each of which something has to come.

    Raises:
        SynsiftError: A process was killed at one of them, and so was the next that tried it alone.
    """
    for thing, one in made:
        if one is None:
            raise SynsiftError(
                "a process that compares images was killed, twice",
                hint="there may be too little memory: try `--jobs 1`",
            )
        yield thing, one
