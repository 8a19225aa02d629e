"""JSON values one after the other: the elements of an array, or values that take several lines each.

A list of a million objects is never in memory whole. Where a value ends is found by its brackets and quotes alone, so
that one which is no JSON costs itself.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from synsift.crawler.sources.lists.lines import MAX_LINE_BYTES
from synsift.crawler.sources.lists.records import row_of_json
from synsift.crawler.sources.lists.rows import Row, bad_row
from synsift.crawler.sources.lists.unpacked import BUFFER_BYTES, open_unpacked, skip

_BOM: Final = b"\xef\xbb\xbf"
_BETWEEN: Final = re.compile(rb"[\s,]*")
_MARKS: Final = re.compile(rb'"(?:[^"\\\n]|\\[^\n])*"|["\[{\]}\s,]')
"""A text, the quote of one that isn't closed in its line, brackets, and what ends a number."""


class JsonValuesReader:
    """Rows of JSON from a place on, whose values may stand on any lines."""

    def __init__(self, path: Path, offset: int = 0, feeds: int = 0) -> None:
        """Open a file.

        Args:
            path: Of it.
            offset: Where to begin, in bytes of what it holds unpacked: between two values.
            feeds: Line feeds that stand before.

        Raises:
            OSError: It can't be read.
            ValueError: There is no such place.
        """
        if offset < 0 or feeds < 0:
            raise ValueError(f"no value begins at byte {offset}")
        self._file = open_unpacked(path)
        try:
            skip(self._file, offset)
        except BaseException:
            self._file.close()
            raise
        self._buffer, self._from, self._moved, self._has_ended = b"", 0, 0, False
        self._at, self._feeds = offset, feeds

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def cursor(self) -> str:
        """The byte and the number of line feeds before the next value."""
        return f"{self._at}:{self._feeds}"

    def rows(self) -> Iterator[Row]:
        """All rows that follow."""
        if self._at == 0:
            self._fill()
            self._pass(len(_BOM) if self._buffer.startswith(_BOM) else 0)
            if self._goes_on() and self._buffer.startswith(b"[", self._from):
                self._pass(1)
        while self._goes_on():
            if self._buffer[self._from] in b"]}":
                self._pass(1)  # the array's end, or one bracket too many
                continue
            number, size = self._feeds + 1, self._size()
            value = self._buffer[self._from : self._from + size]
            self._pass(size)
            if size <= MAX_LINE_BYTES:
                yield row_of_json(number, value.decode("utf-8", "surrogateescape"), value)
            else:
                self._pass_line()
                yield bad_row(number, "a value of more than 1 MB", value)

    def _size(self) -> int:
        """Bytes of the value that comes next; more than the bound if it has no end within it."""
        depth, looked = 0, self._from
        while True:
            for found in _MARKS.finditer(self._buffer, looked):
                mark = found[0]
                if mark == b'"':
                    feed = self._buffer.find(b"\n", found.end())
                    if feed >= 0 or self._has_ended:
                        return (feed if feed >= 0 else len(self._buffer)) - self._from
                    break
                looked = found.end()
                depth += (mark in b"[{") - (mark in b"]}")
                if depth == 0 and (mark in b"]}" or len(mark) > 1):
                    return looked - self._from
                if depth < 0 or (depth == 0 and mark not in b"[{"):
                    return found.start() - self._from
            size = len(self._buffer) - self._from
            if size > MAX_LINE_BYTES or not self._fill():
                return size
            looked -= self._moved

    def _fill(self) -> bool:
        data = self._file.read(BUFFER_BYTES)
        self._has_ended = not data
        self._moved, self._from = self._from, 0
        self._buffer = self._buffer[self._moved :] + data
        return bool(data)

    def _pass(self, size: int) -> None:
        self._feeds += self._buffer.count(b"\n", self._from, self._from + size)
        self._at += size
        self._from += size

    def _goes_on(self) -> bool:
        """Go to the next value; gives whether there is one."""
        while True:
            if found := _BETWEEN.match(self._buffer, self._from):
                self._pass(found.end() - self._from)
            if self._from < len(self._buffer):
                return True
            if not self._fill():
                return False

    def _pass_line(self) -> None:
        """Go to the end of the line."""
        while (feed := self._buffer.find(b"\n", self._from)) < 0:
            self._pass(len(self._buffer) - self._from)
            if not self._fill():
                return
        self._pass(feed - self._from)
