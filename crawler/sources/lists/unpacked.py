"""The bytes of a list, whatever it is packed with and however its letters are written: as UTF-8 wherever that shows.

What a file is, its first bytes say. Its name may be wrong: a list that was fetched keeps its name when it is unpacked
on the way.
"""

import bz2
import codecs
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader, FileIO
from pathlib import Path
from typing import IO, Final, cast

from synsift.crawler.errors import SourceError
from synsift.crawler.outside_text import MARKS

BUFFER_BYTES: Final = 1 << 16
"""What a damaged end of a packed file may cost, besides itself."""
UNPACKING_ERRORS: Final = (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)
HEAD_BYTES: Final = 512
_SAMPLE_BYTES: Final = 128
_PACKED: Final = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    **{b"BZh%d1AY&SY" % level: "bzip2" for level in range(1, 10)},
    b"\xfd7zXZ\0": "xz",
}
_LONGEST_MARK: Final = max(map(len, _PACKED))
_UNPACK: Final = "unpack it, and give the folder of the lists that were in it"
_SAVE: Final = "save the table as CSV, in UTF-8"
_CONVERT: Final = "write it as Parquet, CSV or JSON Lines"
_NO_LISTS: Final = (
    (b"PK\x03\x04", "a ZIP archive, or a workbook of a spreadsheet", f"{_UNPACK}; {_SAVE}"),
    (b"PK\x05\x06", "an empty ZIP archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a", "a RAR archive", _UNPACK),
    (b"\xd0\xcf\x11\xe0", "a workbook or document of old Office", _SAVE),
    (b"ARROW1", "a file of Arrow", _CONVERT),
    (b"\x89HDF", "a file of HDF5", _CONVERT),
    (b"SQLite format 3\0", "a database of SQLite", "write the column of {of} to a text, one a line"),
    (b"%PDF-", "a PDF", "write its {of} to a text, one a line"),
    (b"\x89PNG", "an image", "a list is a text: {of}, one a line"),
    (b"\xff\xd8\xff", "an image", "a list is a text: {of}, one a line"),
    (b"GIF89a", "an image", "a list is a text: {of}, one a line"),
)
_PAGE: Final = re.compile(rb"(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_TAR: Final = (257, b"ustar")


def open_unpacked(path: Path, of: str = "URLs") -> BufferedReader:
    """A file's bytes, unpacked on the way; UTF-16 and UTF-32 become UTF-8, lines that end in CR alone end in LF.

    Args:
        path: Of it.
        of: What it is a list of, in words.

    Raises:
        SourceError: It is something that is no list, such as an archive.
        OSError: It can't be read.
    """
    file = _unpacked(path)
    try:
        head = file.peek(HEAD_BYTES)[:HEAD_BYTES]
        _check(path, head, of)
        encoding = _encoding(head)
    except BaseException:
        file.close()
        raise
    if encoding:
        file = BufferedReader(_InUtf8(file, encoding), BUFFER_BYTES)
    return BufferedReader(_OfCarriageReturns(file), BUFFER_BYTES) if _ends_lines_by_cr(file) else file


def begins_as_parquet(path: Path) -> bool:
    """Whether a file is Parquet, whatever its name is."""
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def skip(file: BufferedReader, offset: int) -> None:
    """Go to a byte; of a packed file all before it is unpacked again.

    Raises:
        ValueError: The file has no such byte.
    """
    if isinstance(file.raw, FileIO):
        file.seek(offset)
        return
    while offset > 0 and (passed := file.read(min(offset, BUFFER_BYTES))):
        offset -= len(passed)
    if offset:
        raise ValueError("the file is shorter than it was")


def _unpacked(path: Path) -> BufferedReader:
    file = path.open("rb")
    begin = file.peek(_LONGEST_MARK)
    codec = next((codec for mark, codec in _PACKED.items() if begin.startswith(mark)), "")
    if not codec:
        return file
    file.close()
    return BufferedReader(_Unpacking(path, codec), BUFFER_BYTES)


def _open_packed(path: Path, codec: str) -> IO[bytes]:
    if codec == "zstd":
        import pyarrow

        return cast("IO[bytes]", pyarrow.input_stream(str(path), compression="zstd"))
    if codec == "gzip":
        return cast("IO[bytes]", gzip.open(path))
    return BufferedReader(_Streams(path, bz2.BZ2Decompressor if codec == "bzip2" else lzma.LZMADecompressor))


def is_web_page(head: bytes) -> bool:
    """Whether a file begins as a whole page of HTML does; a link of HTML in a line of a list is none."""
    begin = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return _PAGE.match(begin) is not None


def _check(path: Path, head: bytes, of: str) -> None:
    if is_web_page(head):
        raise SourceError(
            f"{path}: it is no list of {of}, but a page of HTML", hint=f"write its {of} to a text, one a line"
        )
    at, mark = _TAR
    if head[at:].startswith(mark):
        raise SourceError(f"{path}: it is no list of {of}, but a tar archive", hint=_UNPACK)
    for begin, what, hint in _NO_LISTS:
        if head.startswith(begin):
            raise SourceError(f"{path}: it is no list of {of}, but {what}", hint=hint.format(of=of))


def _encoding(head: bytes) -> str:
    """The encoding of a text that isn't UTF-8; empty if it may be: zeros in each second byte are no letters."""
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding
    sample = head[: min(len(head), _SAMPLE_BYTES) & ~1]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 5 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(sample) // 5 and not odd else ""


def _ends_lines_by_cr(file: BufferedReader) -> bool:
    """Whether a text begins with lines that end in CR alone, as old programs and some exports write them."""
    head = file.peek(BUFFER_BYTES).rstrip(b"\n")
    return b"\r" in head.rstrip(b"\r") and b"\n" not in head


class _Over(io.RawIOBase):
    """What another stream holds, written otherwise."""

    _file: IO[bytes]

    def readable(self) -> bool:
        """Yes."""
        return True

    def close(self) -> None:
        """Close the file, too."""
        if not self.closed:
            self._file.close()
        super().close()


class _OfCarriageReturns(_Over):
    """A stream whose lines end in CR, with LF in their place: each byte stays where it is."""

    _file: BufferedReader

    def __init__(self, file: BufferedReader) -> None:
        self._file = file

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Fill a buffer."""
        data = self._file.read1(len(buffer)).replace(b"\r", b"\n")
        buffer[: len(data)] = data
        return len(data)


class _Unpacking(_Over):
    """What a packed file holds, up to the byte where it is damaged: libraries drop what they read before that."""

    def __init__(self, path: Path, codec: str) -> None:
        self._path, self._codec = path, codec
        self._file = _open_packed(path, codec)
        self._given = 0
        self._damage = ""

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Fill a buffer."""
        if self._damage:
            raise OSError(self._damage)
        try:
            data = self._file.read(len(buffer))
        except UNPACKING_ERRORS as exc:
            self._damage = f"what follows is no sound {self._codec}: {exc or type(exc).__name__}"
            data = self._before_damage(len(buffer))
            if not data:
                raise OSError(self._damage) from exc
        buffer[: len(data)] = data
        self._given += len(data)
        return len(data)

    def _before_damage(self, size: int) -> bytes:
        """At most so many bytes that can still be had, one after the other."""
        self._file.close()
        self._file = _open_packed(self._path, self._codec)
        found = bytearray()
        with suppress(*UNPACKING_ERRORS):
            for begin in range(0, self._given, BUFFER_BYTES):
                self._file.read(min(BUFFER_BYTES, self._given - begin))
            while len(found) < size and (byte := self._file.read(1)):
                found += byte
        return bytes(found)


class _Streams(_Over):
    """Streams of bzip2 or xz, one behind the other. Python's own readers pass over what is no sound one behind them."""

    def __init__(self, path: Path, new: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]) -> None:
        self._file = path.open("rb")
        self._new, self._one = new, new()

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Fill a buffer."""
        packed = b""
        while True:
            if self._one.eof:
                packed = self._behind(self._one.unused_data)
                if not packed:
                    return 0
                self._one = self._new()
            elif self._one.needs_input:
                packed = self._file.read(BUFFER_BYTES)
                if not packed:
                    raise EOFError("it breaks off")
            data = self._one.decompress(packed, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
            packed = b""

    def _behind(self, packed: bytes) -> bytes:
        """Where the next stream begins, behind zeros that fill a block; nothing at the end of the file."""
        while not (packed := packed.lstrip(b"\0")):
            packed = self._file.read(BUFFER_BYTES)
            if not packed:
                return b""
        return packed


def _mark_damage(exc: UnicodeError) -> tuple[str | bytes, int]:
    """A lone half of a pair stays what it is; what is no letter becomes one, so that it is no UTF-8."""
    try:
        return codecs.lookup_error("surrogatepass")(exc)
    except UnicodeDecodeError as damage:
        return "\udcff", damage.end


codecs.register_error("synsift-mark-damage", _mark_damage)


class _InUtf8(_Over):
    """A stream of wider letters as UTF-8. What is no letter becomes a byte that is no UTF-8."""

    def __init__(self, file: BufferedReader, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("synsift-mark-damage")
        self._made = b""
        self._ended = False

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Fill a buffer."""
        while not self._made and not self._ended:
            data = self._file.read(BUFFER_BYTES)
            self._ended = not data
            self._made = self._encoded(data)
        size = min(len(buffer), len(self._made))
        buffer[:size] = self._made[:size]
        self._made = self._made[size:]
        return size

    def _encoded(self, data: bytes) -> bytes:
        return self._decoder.decode(data, final=self._ended).encode("utf-8", "surrogatepass")
