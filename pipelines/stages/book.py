"""What a stage knows of one partition: what is read, what is done, what is committed, what may be in flight."""

from collections.abc import Iterable
from typing import Final

from synsift.pipelines.log.attempts import AHEAD, Attempts, Begun
from synsift.pipelines.log.base import Message, Position
from synsift.pipelines.log.watermark import MAX_SPAN, Watermark

_MARGIN: Final = 1_000


class Book:
    """One partition, between being taken over and being let go.

    Attributes:
        mark: What is read and done.
        attempts: What was in flight when earlier owners died, and may be now.
        committed: What the log has, without what may be in flight.
    """

    def __init__(self, position: Position, name: str, alive: set[str]) -> None:
        """Open it.

        Args:
            position: As the log gave it.
            name: The new owner's.
            alive: Owners that are known not to have died.
        """
        self.mark = Watermark(position)
        self.attempts = Attempts.taken_over(name, position, self.mark.done, alive)
        self.committed = self.mark.position()
        self._open: dict[int, Message] = {}

    def admit(self, message: Message) -> bool:
        """Take an input in. False if nothing is to do: it ended before a restart, or has its home elsewhere now."""
        self.attempts.read(message.offset)
        if not self.mark.admit(message.offset):
            return False
        if message.is_left:
            self.mark.finish(message.offset)
            return False
        self._open[message.offset] = message
        return True

    def is_open(self, message: Message) -> bool:
        """Whether this very message was admitted, and has not ended."""
        return self._open.get(message.offset) is message

    def close(self, message: Message) -> None:
        """It has ended."""
        del self._open[message.offset]

    @property
    def in_work(self) -> int:
        """How many are admitted and have not ended."""
        return len(self._open)

    def begin(self, message: Message, how: Begun) -> bool:
        """An input is about to begin. False if the log says already that it may be in flight."""
        if self.attempts.is_noted(message.offset):
            return False
        if self.attempts.of(message.offset) is None:
            self.attempts.open(self.mark.next_offset + AHEAD)
        else:
            self.attempts.begin(message.offset, how)
        return True

    def finish(self, offsets: Iterable[int]) -> Position:
        """Inputs are done, or were lost; where the partition stands then."""
        for offset in offsets:
            self.mark.finish(offset)
            self.attempts.end(offset)
        self.attempts.move_on(self.mark.next_offset + AHEAD)
        return self.mark.position()

    @property
    def has_moved(self) -> bool:
        """Whether more is done than is committed: reading may have passed what was done before a restart."""
        return self.mark.low > self.committed.offset

    @property
    def is_far_ahead(self) -> bool:
        """Whether reading has run so far ahead of what is done that it must wait."""
        return self.mark.span >= MAX_SPAN - _MARGIN
