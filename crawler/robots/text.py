"""The bytes of a robots.txt → its records, whatever its encoding and however long it is.

What counts is octets: a file in an encoding that extends ASCII is read as it is. Those in which every letter takes two
or four octets are known by their mark, or by the zeros between their letters.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from synsift.crawler import content_codings
from synsift.crawler.errors import BrokenAnswer

MAX_BYTES: Final = 500 * 1024
"""So much of a file is read (RFC 9309, section 2.5: at least)."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as the mark of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_BROKEN_MARK: Final = re.compile(rb"\A(\xc3\xaf\xc2\xbb\xc2\xbf|\xef\xbb?|\xbb\xbf)(?=[\x20-\x7e\r\n\t])")
_BLANKS: Final = b" \t\x00\x0b\x0c"
# No-break space, in UTF-8 and as one octet, marks of order, and what has no width.
_ODD_BLANKS: Final = " \t\x00\x0b\x0c\u00a0\udca0\ufeff\u200b\u200c\u200d\u2060"
_SNIFFED: Final = 64
_ZEROS: Final = bytes(4)
_GZIP: Final = b"\x1f\x8b"
# What is read anyway, Python's own ways to write letters, and one in which a plus sign begins them.
_NO_CHARSETS: Final = frozenset(
    {"utf-8", "ascii", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7"}
)
_SNIFFED_FOR_TEXT: Final = 1024
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # ESC begins Japanese letters in some encodings


@dataclass(frozen=True, slots=True)
class Record:
    """A line that says something.

    Attributes:
        name: In lower case.
        value: Without blanks around it.
    """

    name: bytes
    value: bytes


class UnknownCoding(Exception):
    """A body in a content coding that isn't known here, or of which the end is missing."""


def records(body: bytes, charset: str = "") -> Iterator[Record]:
    """The records of a file, in order. Of one that is too long, the whole lines of its beginning.

    What isn't UTF-8 becomes it, if its host says in which encoding it is: URLs have their letters in UTF-8. Some hosts
    have them in their own encoding, and some say one that isn't theirs: what a line forbids, it forbids in both.
    """
    body = _as_ascii(body)
    encoding, is_utf8 = _known(charset), _is_utf8(body)
    if encoding and not _extends_ascii(encoding):
        if not is_utf8:
            body = body.decode(encoding, "replace").replace("\x85", "\n").encode()
        encoding = ""
    for line in _LINE_END.split(_whole_lines(body)):
        name, colon, value = line.partition(b"#")[0].partition(b":")
        if not colon:
            continue
        record = Record(_stripped(name).lower(), _stripped(value))
        if not encoding or value.isascii():
            yield record
            continue
        other = Record(record.name, _stripped(value.decode(encoding, "replace").encode()))
        yield record if is_utf8 else other
        if record.name == b"disallow":  # as letters, and as octets: nobody knows how URLs are written there
            yield other if is_utf8 else record


def _is_utf8(body: bytes) -> bool:
    """Whether it is UTF-8, and no encoding that is ASCII by its octets, and switches to other letters."""
    try:
        body.decode()
    except UnicodeDecodeError as exc:
        return exc.end == len(body) > MAX_BYTES  # cut in the midst of a letter
    return b"\x1b" not in body


def _known(charset: str) -> str:
    """An encoding by its name, if it is one of texts."""
    try:
        name = codecs.lookup(charset).name
        b"a".decode(name, "replace")
    except (LookupError, ValueError):
        return ""
    return "" if name in _NO_CHARSETS else name


def _extends_ascii(encoding: str) -> bool:
    """Whether octets of ASCII are its letters wherever they stand."""
    return not encoding.startswith("iso2022") and bytes(range(0x20, 0x7F)).decode(
        encoding, "replace"
    ).encode() == bytes(range(0x20, 0x7F))


def _stripped(text: bytes) -> bytes:
    """Without blanks around it; those that editors and word processors put there are blanks, too."""
    text = text.strip(_BLANKS)
    if text.isascii():
        return text
    return text.decode("utf-8", "surrogateescape").strip(_ODD_BLANKS).encode("utf-8", "surrogateescape")


def decoded(body: bytes, codings: str) -> bytes:
    """Undo content codings, of which we asked for none; a little more than is read of a file comes out at most.

    Args:
        body: As received; of what is longer than is read, a beginning.
        codings: The header ``Content-Encoding``; what it names counts only if the body is in it.

    Raises:
        UnknownCoding: The body is in one that isn't known, or isn't all of it.
    """
    is_cut = len(body) > MAX_BYTES
    try:
        text = content_codings.beginning(body, codings, MAX_BYTES + 1, is_cut=is_cut, is_plain=_can_be_text)
        if text.startswith(_GZIP):
            text = content_codings.beginning(text, "gzip", MAX_BYTES + 1, is_cut=is_cut, is_plain=_can_be_text)
        return text
    except BrokenAnswer as exc:
        raise UnknownCoding(f"it can't be decoded: {exc}") from exc


def _can_be_text(body: bytes) -> bool:
    """Whether bytes can be a text, rather than what was packed in a way that isn't known."""
    head = body[:_SNIFFED_FOR_TEXT]
    return head.startswith((*(mark for mark, _ in _MARKS), _GZIP)) or bool(_wide(head)) or not _CONTROLS.search(head)


def _as_ascii(body: bytes) -> bytes:
    """The same in an encoding that extends ASCII, without a mark."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _recoded(body[len(mark) :], encoding)
    if body.startswith(_ZEROS):  # no encoding begins so
        body = body.lstrip(b"\x00")
    wide = _wide(body[:_SNIFFED])
    if wide:
        return _recoded(body, wide)
    # A mark that was damaged on its way: an editor cut it, or it was encoded twice.
    return _BROKEN_MARK.sub(b"", body, count=1)


def _wide(head: bytes) -> str:
    """The encoding of a beginning in which zeros stand in their places between the letters; empty for any other."""
    if len(head) < 8:
        return ""
    often, seldom = len(head) // 4 * 2 // 3, len(head) // 16
    zeros = [head[place::4].count(0) for place in range(4)]
    for name, letters in (("utf-32-le", {0}), ("utf-32-be", {3}), ("utf-16-le", {0, 2}), ("utf-16-be", {1, 3})):
        if all(number <= seldom if place in letters else number >= often for place, number in enumerate(zeros)):
            return name
    return ""


def _recoded(body: bytes, encoding: str) -> bytes:
    if encoding == "utf-8":
        return body.removeprefix(codecs.BOM_UTF8)
    return body.decode(encoding, "replace").encode("utf-8", "replace")


def _whole_lines(text: bytes) -> bytes:
    """What is read of a text: a line that is cut in two may allow more than was written."""
    if len(text) <= MAX_BYTES:
        return text
    return text[: 1 + max(text.rfind(b"\n", 0, MAX_BYTES), text.rfind(b"\r", 0, MAX_BYTES))]
