"""The text of a file of hashes, and its records: lines, whatever they end with, or what ends in NUL (``md5sum -z``)."""

import io
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Final

from synsift.crawler.errors import SourceError
from synsift.crawler.sources.lists.lines import MAX_LINE_BYTES
from synsift.crawler.sources.lists.unpacked import BUFFER_BYTES, open_unpacked
from synsift.pipelines.errors import UsageError

MAX_JSON_BYTES: Final = 256_000_000
"""One value that holds all others is read whole."""
_BOM: Final = "\ufeff"


@contextmanager
def opened(file: Path) -> Iterator[BufferedReader]:
    """A list's bytes in UTF-8, unpacked.

    Raises:
        UsageError: It is no list, but an archive or an image.
        OSError: It can't be read.
    """
    try:
        source = open_unpacked(file, "hashes")
    except SourceError as exc:
        raise UsageError(str(exc), hint=exc.hint) from exc
    with source:
        yield source


def begin_of(source: BufferedReader) -> str:
    """The first letters of a file that is opened, without blanks before them; nothing is taken from it."""
    return _text(source.peek(BUFFER_BYTES)).lstrip(f"{_BOM} \t\r\n")


def whole_text(file: Path, source: BufferedReader) -> str:
    """All that is left.

    Raises:
        UsageError: It is too much for one value.
    """
    data = source.read(MAX_JSON_BYTES + 1)
    if len(data) > MAX_JSON_BYTES:
        raise UsageError(f"{file}: more than {MAX_JSON_BYTES // 10**6} MB of JSON", hint="write it as JSON Lines")
    return _text(data).lstrip(_BOM)


def records_of(file: Path, source: BufferedReader) -> Iterator[tuple[int, str]]:
    """Records, numbered from 1 and without their ends.

    A file has NUL behind each record if it begins with at least as many of them as of line ends. Else a NUL is an
    error, as in no text there is one. Lines end in LF, CR LF, or CR alone, also each in another way.

    Raises:
        UsageError: A record is too long, or has a NUL.
    """
    begin = source.peek(BUFFER_BYTES)
    ends_in_nul = begin.count(b"\0") > 0 and begin.count(b"\0") >= begin.count(b"\n")
    number, rest = 0, ""
    for text in _texts(source, as_lines=not ends_in_nul):
        *whole, rest = (rest + text).split("\0" if ends_in_nul else "\n")
        if len(rest) > MAX_LINE_BYTES or any(len(one) > MAX_LINE_BYTES for one in whole):
            raise too_long(file)
        for one in whole:
            number += 1
            yield number, _checked(file, number, one)
    if rest:
        yield number + 1, _checked(file, number + 1, rest)


def too_long(file: Path) -> UsageError:
    """What to say of a row that is too long."""
    return UsageError(f"{file}: a line of more than {MAX_LINE_BYTES:,} bytes is none of a list of hashes")


def _checked(file: Path, number: int, record: str) -> str:
    if "\0" in record:
        raise UsageError(
            f"{file}, line {number}: a NUL stands in it, as in no list of lines", hint="see that it came whole"
        )
    return record.removeprefix(_BOM)  # also in the midst: files that were put behind one another


def _texts(source: BufferedReader, *, as_lines: bool) -> Iterator[str]:
    """All of it in pieces; as lines with LF behind each, whatever was there."""
    decoder = io.IncrementalNewlineDecoder(getincrementaldecoder("utf-8")("surrogateescape"), translate=as_lines)
    while data := source.read1(BUFFER_BYTES):
        yield decoder.decode(data)
    yield decoder.decode(b"", final=True)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
