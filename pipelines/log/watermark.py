"""What is done of a partition where work ends out of order.

The position that may be committed is the low watermark: the smallest offset that isn't done. What is done above it
travels in the position's note as a bitmap, so that after a crash nothing is done twice:

    offset   4  5  6  7  8  9
    done     ✔  ✔     ✔     ✔        position = 6, note says {7, 9}
"""

import base64
import logging
import zlib
from typing import Final

from synsift.pipelines.log.attempts import done_of
from synsift.pipelines.log.base import Position

_log: Final = logging.getLogger(__name__)

MAX_SPAN: Final = 8_192
"""How far work may run ahead of the watermark: the bitmap of as many bits must fit a note of 4,000 characters."""


class Watermark:
    """The offsets of one partition between reading and committing."""

    def __init__(self, position: Position) -> None:
        self._next = position.offset
        self._pending: dict[int, None] = {}
        self._done = set(_decode(position))

    def admit(self, offset: int) -> bool:
        """Take an offset in, in ascending order. False if it was done before a restart."""
        self._next = max(self._next, offset + 1)
        if offset in self._done:
            return False
        self._pending[offset] = None
        return True

    def finish(self, offset: int) -> None:
        """Mark an admitted offset as done.

        Raises:
            KeyError: It was never admitted, or is done already.
        """
        del self._pending[offset]
        self._done.add(offset)

    def pass_over(self, lost: range) -> int:
        """Go on behind offsets that the log has lost; how many of them were not done.

        What waits before them keeps the position where it is; a restart from there must not count them again.
        """
        missing = len(lost) - sum(1 for offset in self._done if offset in lost)
        self._next = max(self._next, lost.stop)
        if self._pending:
            # Above that nothing fits the note: some may be counted twice, if this worker dies before it gets there.
            self._done.update(range(lost.start, min(lost.stop, self._low() + MAX_SPAN)))
        return missing

    @property
    def done(self) -> frozenset[int]:
        """What is done above the position."""
        return frozenset(self._done)

    @property
    def low(self) -> int:
        """The smallest offset that isn't done."""
        return self._low()

    @property
    def next_offset(self) -> int:
        """Behind everything that was read."""
        return self._next

    @property
    def pending(self) -> int:
        """How many offsets are admitted and not done."""
        return len(self._pending)

    @property
    def span(self) -> int:
        """How far reading has run ahead of the watermark, in offsets."""
        return self._next - self._low()

    def position(self) -> Position:
        """What may be committed now. Forgets what lies below it."""
        low = self._low()
        self._done = {offset for offset in self._done if offset >= low}
        return Position(low, _encode(self._done, low))

    def _low(self) -> int:
        # A dict keeps the order of insertion, and offsets come in ascending order.
        return next(iter(self._pending), self._next)


def done_above(position: Position) -> int:
    """How many offsets above a committed position are done; 0 where its note can't be read."""
    return len(_decode(position, level=logging.DEBUG))


def _encode(done: set[int], low: int) -> str:
    if not done:
        return ""
    bitmap = 0
    for offset in done:
        bitmap |= 1 << (offset - low)
    raw = bitmap.to_bytes((bitmap.bit_length() + 7) // 8, "little")
    return base64.b64encode(zlib.compress(raw)).decode()


def _decode(position: Position, level: int = logging.WARNING) -> list[int]:
    """What a note says is done. One that isn't ours, an operator's tool wrote it for example, says nothing."""
    note = done_of(position.note)
    if not note:
        return []
    try:
        unpacked = zlib.decompressobj()
        raw = unpacked.decompress(base64.b64decode(note, validate=True), MAX_SPAN // 8)
    except (ValueError, zlib.error):
        _log.log(level, "the note of a position can't be read, and what it says is done may be done again")
        return []
    bitmap = int.from_bytes(raw, "little")
    return [position.offset + bit for bit in range(bitmap.bit_length()) if bitmap >> bit & 1]
