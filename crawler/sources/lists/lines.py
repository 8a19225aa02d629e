"""Lines of a list, packed or not, each with its number and the byte behind it.

A line has a bound: one that is longer is passed over, and costs its own row.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from synsift.crawler.sources.lists.unpacked import BUFFER_BYTES, open_unpacked, skip

MAX_LINE_BYTES: Final = 1_000_000
"""Records of the log have that bound, too. Longer lines are no rows, but what a broken file has between its ends."""
TOO_LONG: Final = f"the line is longer than {MAX_LINE_BYTES // 1_000_000} MB"
"""What is said of such a line."""
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Line:
    """One line.

    Attributes:
        text: With its end. Bytes that aren't UTF-8 are in it as surrogates.
        raw: The same as bytes; the beginning of a line that is too long.
        number: From 1.
        end: The byte behind it, in what the file holds unpacked.
        is_too_long: Whether only its beginning was read.
    """

    text: str
    raw: bytes
    number: int
    end: int
    is_too_long: bool = False


class Lines:
    """Lines of a file, from a place on. Lines can be put back."""

    def __init__(self, path: Path, offset: int = 0, number: int = 0) -> None:
        """Open a file.

        Args:
            path: Of it.
            offset: Where to begin, in bytes of what it holds unpacked.
            number: Lines that stand before.

        Raises:
            OSError: It can't be read.
            ValueError: No line can begin there.
        """
        if offset < 0 or number < 0:
            raise ValueError(f"no line begins at byte {offset}")
        self._file = open_unpacked(path)
        self._back: deque[Line] = deque()
        try:
            if offset:
                skip(self._file, offset)
            elif self._file.peek(len(_BOM)).startswith(_BOM):
                offset = len(self._file.read(len(_BOM)))
        except BaseException:
            self._file.close()
            raise
        self._at, self._count = offset, number
        self.offset, self.number = offset, number

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __iter__(self) -> Iterator[Line]:
        while (line := self.take()) is not None:
            yield line

    def take(self) -> Line | None:
        """The next line; None after the last."""
        if self._back:
            line = self._back.popleft()
        else:
            raw = self._file.readline(MAX_LINE_BYTES)
            if not raw:
                return None
            line = self._read(raw)
        self.offset, self.number = line.end, line.number
        return line

    def put_back(self, lines: list[Line]) -> None:
        """Have some lines, the last that were taken, come again."""
        if lines:
            self._back.extendleft(reversed(lines))
            self.offset, self.number = lines[0].end - len(lines[0].raw), lines[0].number - 1

    def _read(self, raw: bytes) -> Line:
        self._count += 1
        self._at += len(raw)
        if len(raw) < MAX_LINE_BYTES or raw.endswith(b"\n"):
            return Line(raw.decode("utf-8", "surrogateescape"), raw, self._count, self._at)
        self._at += self._rest()
        return Line("", raw[:2_000], self._count, self._at, is_too_long=True)

    def _rest(self) -> int:
        passed = 0
        while rest := self._file.readline(BUFFER_BYTES):
            passed += len(rest)
            if rest.endswith(b"\n"):
                break
        return passed
