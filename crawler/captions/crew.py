"""Processes that match blocks, each in its turn, so that what comes of them comes in the order of the blocks.

    lists ──blocks──▶ process 1, 2, … n, 1, 2, … ──found, in that order──▶ a part each

The names lie in one file that all of them map: they take their memory once. A process that dies, for want of memory,
takes nothing with it: its block, and those of its turn from then on, are matched here.
"""

import contextlib
import logging
import mmap
import os
import pickle
import signal
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synsift.crawler.captions.blocks import Block
from synsift.crawler.captions.files import named
from synsift.crawler.captions.finding import Found, found_in
from synsift.crawler.captions.lexicon import Lexicon
from synsift.crawler.captions.matching import Matcher
from synsift.crawler.processes import helpers_context

_log: Final = logging.getLogger(__name__)

ALONE_ROWS: Final = 300_000
"""Until so many were read processes aren't worth their start."""
_SLICE_BYTES: Final = 2 << 20
"""Of captions that a process matches at once: less than one alone would, for all have memory together."""
_LEAVE_S: Final = 5.0
_GONE: Final = (EOFError, OSError)

Limits = npt.NDArray[np.int8]


@dataclass(slots=True)
class _Hand:
    """A process, and how we speak to it."""

    process: ForkServerProcess
    pipe: Connection
    limits: int = -1  # number of those that it knows


class Crew:
    """Matches blocks, by several processes from some rows on."""

    def __init__(self, lexicon: Lexicon, folder: Path) -> None:
        """Nothing is started yet.

        Args:
            lexicon: What to look for.
            folder: For the file of names.
        """
        self._lexicon, self._folder = lexicon, folder
        self._jobs, self._alone_rows = 1, 0
        self._matcher = Matcher(lexicon)
        self._limits: Limits = np.zeros(0, np.int8)
        self._limits_number = 0
        self._hands: list[_Hand | None] = []
        self._turn = 0
        self._begun: deque[tuple[Block, _Hand | None]] = deque()

    def of(self, jobs: int, alone_rows: int) -> Self:
        """Itself, of so many processes.

        Args:
            jobs: Processes; with 1 all is done in this one.
            alone_rows: Rows that are matched in this process before others are started.
        """
        self._jobs, self._alone_rows = jobs, alone_rows
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        """Blocks that are begun, and whose end wasn't taken."""
        return len(self._begun)

    def rebound(self, limits: Limits) -> None:
        """Bounds for all blocks that are begun from now on."""
        self._matcher.rebound(limits)
        self._limits = limits
        self._limits_number += 1

    def find(self, block: Block) -> Iterator[Found]:
        """Begin with a block; gives what has ended before, as far as there must be room for it."""
        self._start_at(block.rows)
        if not self._hands:
            self._begun.append((block, None))
            yield from self.rest()
            return
        ended = [self._end()] if len(self._begun) >= len(self._hands) else []
        hand = self._hands[self._turn]  # it may have gone meanwhile
        self._turn = (self._turn + 1) % len(self._hands)
        self._begun.append((block, hand if hand is not None and self._send(hand, block) else None))
        yield from ended

    def rest(self) -> Iterator[Found]:
        """What comes of all blocks that are begun."""
        while self._begun:
            yield self._end()

    def close(self) -> None:
        """End the processes, in the midst of their work if need be."""
        hands = [hand for hand in self._hands if hand is not None]
        self._hands, self._jobs = [], 1
        self._begun.clear()
        for hand in hands:
            hand.pipe.close()
            hand.process.terminate()
        for hand in hands:
            hand.process.join(_LEAVE_S)

    def _start_at(self, rows: int) -> None:
        self._alone_rows -= rows
        if self._jobs < 2 or self._hands or self._alone_rows > 0:
            return
        path = self._folder / "names.bin"
        _write(path, self._lexicon)
        context = helpers_context(__name__)
        for _ in range(self._jobs):
            ours, its = context.Pipe()
            process = context.Process(target=_work, args=(os.fsencode(path), its), daemon=True, name="sift")
            process.start()
            its.close()
            self._hands.append(_Hand(process, ours))

    def _send(self, hand: _Hand, block: Block) -> bool:
        is_known = hand.limits == self._limits_number
        try:
            hand.pipe.send_bytes(pickle.dumps((None if is_known else self._limits, packed(block)), 5))
        except OSError:
            self._lose(hand)
            return False
        hand.limits = self._limits_number
        return True

    def _end(self) -> Found:
        """What comes of the block that was begun first."""
        block, hand = self._begun.popleft()
        if hand is not None:
            try:
                found: Found = pickle.loads(hand.pipe.recv_bytes())  # noqa: S301 - of our own process
            except _GONE:
                self._lose(hand)
            else:
                return found
        return found_in(block, self._matcher)

    def _lose(self, hand: _Hand) -> None:
        hand.pipe.close()
        hand.process.join(_LEAVE_S)
        how = f"exit status {hand.process.exitcode}"
        _log.warning("a process that reads captions has ended (%s): short of memory? Going on with one less", how)
        self._hands = [None if other is hand else other for other in self._hands]


def packed(block: Block) -> tuple[Any, ...]:
    """A block as what goes through a pipe: of columns that are slices no more than the slice."""
    table = pa.table({**block.columns, "captions": block.captions, "numbers": block.numbers})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return block.rows, block.cursor, sink.getvalue().to_pybytes(), block.left_out, block.problems


def unpacked(rows: int, cursor: str, data: bytes, left_out: Any, problems: list[str]) -> Block:  # noqa: ANN401 - as above
    """The block again."""
    table = pa.ipc.open_stream(data).read_all()
    kind = pa.large_string()
    columns = {name: _whole(table.column(name), kind) for name in table.column_names}
    captions, numbers = columns.pop("captions"), columns.pop("numbers").to_numpy()
    return Block(rows, cursor, columns, captions, numbers, left_out, problems)


def _whole(column: "pa.ChunkedArray[Any]", kind: "pa.DataType") -> Any:  # noqa: ANN401 - an array of its type
    chunks = column.chunks
    return chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks) if chunks else pa.array([], column.type or kind)


def _write(path: Path, lexicon: Lexicon) -> None:
    """Write what matching needs of the names, so that others may map it.

    Raises:
        OSError: It can't be written.
    """
    buffers: list[pickle.PickleBuffer] = []
    small = replace(lexicon, queries=lexicon.queries.slice(0, 0), wnids=pa.array([], pa.large_string()))
    head = pickle.dumps(small, 5, buffer_callback=buffers.append)
    new = path.with_suffix(".new")
    with named(new), new.open("wb") as file:
        sizes = [each.raw().nbytes for each in buffers]
        file.write(pickle.dumps((head, sizes)))
        for each in buffers:
            file.seek(-file.tell() % mmap.PAGESIZE, os.SEEK_CUR)
            file.write(each.raw())
    new.replace(path)  # whoever still maps the last one keeps it


def _read(path: bytes) -> Lexicon:
    with open(path, "rb") as file:
        head, sizes = pickle.load(file)  # noqa: S301 - written by our own process
        at = file.tell()
        mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    views = []
    for size in sizes:
        at += -at % mmap.PAGESIZE
        views.append(mapped[at : at + size])
        at += size
    found: Lexicon = pickle.loads(head, buffers=views)  # noqa: S301 - as above
    return found


def _work(path: bytes, pipe: Connection) -> None:
    """What a process does: block in, found out, until nobody sends any longer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pa.set_cpu_count(1)
    matcher = Matcher(_read(path))
    with contextlib.suppress(*_GONE, MemoryError):
        while True:
            limits, block = pickle.loads(pipe.recv_bytes())  # noqa: S301 - of our own parent
            if limits is not None and len(limits):
                matcher.rebound(limits)
            pipe.send_bytes(pickle.dumps(found_in(unpacked(*block), matcher, _SLICE_BYTES), 5))
