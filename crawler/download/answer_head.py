"""The head of an HTTP/1 answer as servers send it → the same by the book (RFC 9112). Pure.

What a browser, curl or Python's urllib makes sense of is made sense of here: an image is not lost for a stray byte.

    head ──┬─ by the book ──────────────────────▶ passed on as it is: nearly all are
           ├─ odd, and meant well ──────────────▶ written anew; its connection isn't used again
           └─ no HTTP, or larger than any head ─▶ BrokenAnswer

Of names that are no names nothing is kept. How long the body is, is decided here, once: by chunks, by a length, or by
the end of the connection, in this order. An answer with lengths that differ, or with one that is no number or that
no body has, is thrown away (RFC 9112, section 6.3): nothing tells whether what came is all of it.
"""

import re
from dataclasses import dataclass
from typing import Final

from synsift.crawler.errors import BrokenAnswer

MAX_HEAD_BYTES: Final = 256 * 1024
"""Largest head, as browsers have it; curl takes 300 kB."""
MAX_LINES: Final = MAX_HEAD_BYTES // 3
"""Most lines that it can have: each one counts, for the last may be the one that refuses."""
_NO_BODY: Final = frozenset({204, 304})
_MOST_DIGITS: Final = 15  # a petabyte: what is longer is never reached
_NAME: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_BY_THE_BOOK: Final = re.compile(
    rb"HTTP/1\.[01] [1-5][0-9][0-9](?: [\t\x20-\x7e\x80-\xff]*+)?\r\n(?:%s++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+\r\n"
    % _NAME
)
_END: Final = re.compile(rb"\n\r?\n")
_BEGINNING: Final = re.compile(rb"[\r\n\t ]*(?:[Hh](?:[Tt](?:[Tt](?:[Pp](?:[/ \t]|\Z)|\Z)|\Z)|\Z)|\Z)")
_STATUS: Final = re.compile(rb"[\r\n\t ]*HTTP(?:/[ \t]*[^ \t\r\n]+)?[ \t]+\+?([1-9][0-9]{2})(?![0-9])", re.IGNORECASE)
_OTHER_PROTOCOL: Final = 101
_FRAMING: Final = re.compile(
    rb"\n(content-length|transfer-encoding)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*(?=\r?\n)", re.IGNORECASE
)
_TOKEN: Final = re.compile(_NAME + rb"+")
_UNPRINTABLE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_LENGTH: Final = re.compile(rb"[0-9]+")


@dataclass(frozen=True, slots=True)
class Head:
    """What a head says of the bytes after it.

    Attributes:
        text: The head, by the book.
        status: HTTP status.
        is_chunked: Whether the body comes in chunks.
        length: Bytes of the body; None if the connection's end ends it.
        is_odd: Whether it had to be written anew.
    """

    text: bytes
    status: int
    is_chunked: bool = False
    length: int | None = None
    is_odd: bool = False

    @property
    def is_interim(self) -> bool:
        """Whether another head follows: 100 Continue, 103 Early Hints."""
        return 100 <= self.status < 200


def end_of_head(received: bytes | bytearray, start: int = 0) -> int:
    """Where a head ends, by an empty line; 0 if that hasn't come yet.

    Args:
        received: What came so far.
        start: Before it there is no empty line.

    Raises:
        BrokenAnswer: It begins as no HTTP does, or is too large.
    """
    if start == 0:
        check_beginning(received)
    first = len(received) - len(received.lstrip(b"\r\n\t "))
    found = _END.search(received, max(first, start - 2))
    end = found.end() if found else 0
    if (end or len(received)) > MAX_HEAD_BYTES:
        raise BrokenAnswer(f"the head of the answer is larger than {MAX_HEAD_BYTES // 1024} kB")
    return end


def check_beginning(received: bytes | bytearray) -> None:
    """Refuse what can't become an answer, without waiting for its end.

    Raises:
        BrokenAnswer: It begins as no HTTP does; HTTP/0.9, which has no head, neither.
    """
    if not _BEGINNING.match(bytes(received[:64])):
        raise BrokenAnswer("the answer doesn't begin as HTTP/1 does")


def read_head(raw: bytes) -> Head:
    """Read a whole head, its empty line included.

    Raises:
        BrokenAnswer: It has no status, or says a length that can't be its body's.
    """
    if _BY_THE_BOOK.fullmatch(raw) and (status := int(raw[9:12])) != _OTHER_PROTOCOL:
        framing = _FRAMING.findall(raw)
        if not framing:
            return Head(raw, status, length=0 if status in _NO_BODY else None)
        if len(framing) == 1 and (found := _plain(raw, status, *framing[0])) is not None:
            return found
    return _written_anew(raw)


def _plain(raw: bytes, status: int, name: bytes, value: bytes) -> Head | None:
    """A head that says in one line how long its body is, and says it well."""
    if name.lower() == b"transfer-encoding":
        return Head(raw, status, is_chunked=True) if value == b"chunked" and status not in _NO_BODY else None
    if not value.isdigit() or len(value) > _MOST_DIGITS:
        return None
    return Head(raw, status, length=0 if status in _NO_BODY else int(value))


def _written_anew(raw: bytes) -> Head:
    found = _STATUS.match(raw)
    if found is None:
        raise BrokenAnswer("the first line of the answer names no status")
    status = int(found[1])
    if status == _OTHER_PROTOCOL:
        raise BrokenAnswer("the answer goes over to another protocol, which nobody asked for")
    kept: list[bytes] = []
    lengths: list[bytes] = []
    transfer: list[bytes] = []
    for name, value in _fields(raw.lstrip(b"\r\n\t ")):
        lower = name.lower()
        if lower == b"content-length":
            lengths += (length.strip(b" \t") for length in value.split(b","))
        elif lower == b"transfer-encoding":
            transfer += value.lower().split(b",")
        elif lower not in (b"connection", b"keep-alive", b"upgrade"):
            kept.append(name + b": " + value)
    codings = [word for entry in transfer if (word := entry.partition(b";")[0].strip(b" \t")) not in (b"", b"identity")]
    # A coding of the transfer is undone after all others, so it stands last of them.
    kept += [b"Content-Encoding: " + coding for coding in codings if coding != b"chunked" and _TOKEN.fullmatch(coding)]
    return _framed(status, kept, is_chunked=b"chunked" in codings, lengths=lengths)


def _framed(status: int, kept: list[bytes], *, is_chunked: bool, lengths: list[bytes]) -> Head:
    is_chunked = is_chunked and status not in _NO_BODY
    length = None
    if status in _NO_BODY:
        length = 0
    elif is_chunked:
        kept = [*kept, b"Transfer-Encoding: chunked"]
    elif lengths and status >= 200:
        length = _only(lengths)
        kept = [*kept, b"Content-Length: %d" % length]
    lines = [b"HTTP/1.1 %d " % status, *kept, b"Connection: close", b"", b""]
    return Head(b"\r\n".join(lines), status, is_chunked, length, is_odd=True)


def _only(lengths: list[bytes]) -> int:
    """The length of a body, which may be said more than once.

    Raises:
        BrokenAnswer: One is no number (RFC 9110, section 8.6), they differ, or it is one that is never reached.
    """
    if not all(_LENGTH.fullmatch(length) for length in lengths):
        raise BrokenAnswer("the answer says a length that is no number")
    digits, *others = {length.lstrip(b"0") or b"0" for length in lengths}
    if others:
        raise BrokenAnswer("the answer says two lengths that differ")
    if len(digits) > _MOST_DIGITS:
        raise BrokenAnswer("the answer says a length that no body has")
    return int(digits)


def _fields(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Names and values; a line that begins with a blank goes on with the one before (RFC 9112, section 5.2)."""
    found: list[tuple[bytes, bytes]] = []
    for line in raw.split(b"\n")[1:]:
        text = _UNPRINTABLE.sub(b" ", line.removesuffix(b"\r"))
        if text[:1] in (b" ", b"\t") and found:
            name, value = found[-1]
            found[-1] = (name, b" ".join(filter(None, (value, text.strip(b" \t")))))
            continue
        name, colon, value = text.partition(b":")
        name = name.strip(b" \t")
        # What can't be a name stands for itself, so that a line that goes on with it goes nowhere either.
        found.append((name if colon and _TOKEN.fullmatch(name) else b"", value.strip(b" \t")))
    return [(name, value) for name, value in found if name]
