"""One answer's bytes as they come → the same answer by the book, for a parser that knows no other. Pure.

head ──(interim: the next head)──▶ body by length ──▶ done ──▶ whatever follows is dropped
                                   body in chunks ─┘
                                   body until the end
"""

import re
from typing import Final

from synsift.crawler.download.answer_head import Head, check_beginning, end_of_head, read_head
from synsift.crawler.errors import BrokenAnswer

_MOST_INTERIM: Final = 32
_LONGEST_LINE: Final = 16 * 1024
_MOST_TRAILERS: Final = 64 * 1024
_LARGEST_CHUNK: Final = 10**15
# What stands behind the number is an extension or a mistake, and says nothing (RFC 9112, section 7.1.1).
_SIZE: Final = re.compile(rb"[ \t]*([0-9a-fA-F]++)(?![xX])")  # 0x5 is neither 5 nor 0, which would end the body


class AnswerReader:
    """Reads one answer.

    Attributes:
        is_done: Whether it has ended.
        must_close: Whether its connection must not be used again.
    """

    def __init__(self) -> None:
        self._received = bytearray()
        self._searched = 0
        self._interim = 0
        self._head: Head | None = None
        self._left = 0
        self._chunks: Chunks | None = None
        self.is_done = False
        self.must_close = False

    def feed(self, data: bytes) -> bytes:
        """Take some bytes, and give those to pass on.

        Raises:
            BrokenAnswer: They make no sense.
        """
        if self._head is not None:
            return self._body(data)
        self._received += data
        while (end := end_of_head(self._received, self._searched)) > 0:
            head = read_head(bytes(self._received[:end]))
            del self._received[:end]
            self._searched = 0
            if not head.is_interim:
                return self._begin(head)
            self._interim += 1
            if self._interim > _MOST_INTERIM:
                raise BrokenAnswer(f"more than {_MOST_INTERIM} interim answers, and none that counts")
        self._searched = len(self._received)
        return b""

    def eof(self, *, is_meant: bool = True) -> bytes:
        """The connection has ended: give what is still to be passed on.

        Args:
            is_meant: Whether the other side has ended it, rather than anything on the way: only such an end can be that
                of a body without length (RFC 9112, section 8).

        Raises:
            BrokenAnswer: In the midst of a head, or of a body.
        """
        if self._head is None:
            if is_meant and (self._received or self._interim):
                check_beginning(self._received)
                raise BrokenAnswer("the answer ends before its head does")
            return b""
        if self._chunks is not None:
            return self._chunks.eof()
        if not self.is_done and self._head.length is None and not is_meant:
            raise BrokenAnswer("the connection broke before the end of the answer")
        return b""

    def _begin(self, head: Head) -> bytes:
        self._head = head
        self.must_close = head.is_odd
        self._left = -1 if head.length is None else head.length
        self._chunks = Chunks() if head.is_chunked else None
        self.is_done = self._left == 0
        rest, self._received = bytes(self._received), bytearray()
        return head.text + self._body(rest)

    def _body(self, data: bytes) -> bytes:
        if self._chunks is not None:
            text = self._chunks.feed(data)
            self.is_done = self._chunks.is_done
            self.must_close = self.must_close or self._chunks.has_more
            return text
        if self._left < 0:
            return data
        self.must_close = self.must_close or len(data) > self._left
        data = data[: self._left]
        self._left -= len(data)
        self.is_done = self._left == 0
        return data


class Chunks:
    """A body in chunks → the same in chunks by the book; trailers are dropped.

    Attributes:
        is_done: Whether the last chunk and its trailers have come.
        has_more: Whether anything came behind them.
    """

    def __init__(self) -> None:
        self._received = bytearray()
        self._left = 0
        self._wants_line_end = False
        self._in_trailers = False
        self._trailers = 0
        self.is_done = False
        self.has_more = False

    def feed(self, data: bytes) -> bytes:
        """Take some bytes, and give those to pass on.

        Raises:
            BrokenAnswer: A chunk has no size.
        """
        self._received += data
        out: list[bytes] = []
        while self._received and not self.is_done:
            before = len(self._received)
            out.append(self._step())
            if len(self._received) == before:
                break
        self.has_more = self.is_done and bool(self._received)
        return b"".join(out)

    def eof(self) -> bytes:
        """Trailers that don't end are no loss."""
        return b"\r\n" if self._in_trailers and not self.is_done else b""

    def _step(self) -> bytes:
        if self._left:
            piece = bytes(self._received[: self._left])
            del self._received[: len(piece)]
            self._left -= len(piece)
            self._wants_line_end = self._left == 0
            return b"%x\r\n%s\r\n" % (len(piece), piece)
        line = self._line()
        if line is None:
            return b""
        if self._wants_line_end:
            if line.strip(b"\r"):
                raise BrokenAnswer("a chunk of the body is longer than it says")
            self._wants_line_end = False
            return b""
        return self._trailer(line) if self._in_trailers else self._size(line)

    def _line(self) -> bytes | None:
        end = self._received.find(b"\n")
        if end < 0:
            if len(self._received) > _LONGEST_LINE:
                raise BrokenAnswer("a line between two chunks of the body has no end")
            return None
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return line

    def _size(self, line: bytes) -> bytes:
        found = _SIZE.match(line)
        if found is None:
            raise BrokenAnswer("a chunk of the body doesn't say its size")
        self._left = int(found[1][-32:], 16) if len(found[1].lstrip(b"0")) <= 15 else _LARGEST_CHUNK
        if self._left:
            return b""
        self._in_trailers = True
        return b"0\r\n"

    def _trailer(self, line: bytes) -> bytes:
        self._trailers += len(line) + 1
        if line.strip(b"\r") and self._trailers <= _MOST_TRAILERS:
            return b""
        self.is_done = True
        return b"\r\n"
