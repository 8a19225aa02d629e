"""Content codings that nobody asked for (RFC 9110, section 8.4): undone, with a limit on what comes out. Pure.

Content-Encoding: a, b ──▶ undo b ──▶ undo a ──▶ bytes
                             │
                             ├─ it isn't in that coding at all ──▶ as it is: many servers name what they didn't do
                             ├─ it breaks off, or in the midst ──▶ BrokenAnswer
                             └─ more comes out than is wanted ───▶ TooMuch: a few kB may hold gigabytes
"""

import sys
import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

import brotli

from synsift.crawler.errors import BrokenAnswer

if sys.version_info >= (3, 14):  # pragma: no cover - as of then it comes with Python
    from compression import zstd
else:
    from backports import zstd

MOST_CODINGS: Final = 8
_STEP_BYTES: Final = 256 * 1024
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
# What begins so is a picture already, whatever its header says.
_PICTURES: Final = (
    b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF87a", b"GIF89a", b"RIFF", b"II*\x00", b"MM\x00*", b"8BPS\x00",
    b"\x00\x00\x00\x0cJXL ", b"\x00\x00\x00\x0cjP  ", b"\xff\x0a",
)  # fmt: skip


class TooMuch(Exception):
    """More comes out of a body than anybody wants.

    Attributes:
        beginning: As much of it as is wanted; of the coding that came to be undone.
    """

    def __init__(self, beginning: bytes) -> None:
        super().__init__("more comes out of it than is wanted")
        self.beginning = beginning


class NotInIt(Exception):
    """A body isn't in the coding that it is said to be in."""


class Undoer(Protocol):
    """Undoes one coding."""

    def __call__(self, body: bytes, limit: int, /) -> tuple[bytes, bool]:
        """Give what comes out, and whether that is all; ``NotInIt``, or what its library raises."""


def names_of(header: str) -> list[str]:
    """The codings of a ``Content-Encoding`` that change anything, in the order in which they were applied."""
    names = (name.strip().lower() for name in header.split(","))
    return [name for name in names if name in _UNDO]


def decoded(body: bytes, header: str, limit: int, *, must_be: bool = False) -> bytes:
    """Undo codings.

    Args:
        body: As received.
        header: ``Content-Encoding``; names that nobody knows are passed over, as they are by those who decode nothing.
        limit: Most bytes to come out.
        must_be: Whether a body that isn't in its coding is broken, rather than plain.

    Raises:
        TooMuch: More would come out.
        BrokenAnswer: It breaks off, or there are too many codings.
    """
    names = names_of(header)
    if len(names) > MOST_CODINGS:
        raise BrokenAnswer(f"more than {MOST_CODINGS} content codings in a row")
    for name in reversed(names):
        if not body or (not must_be and _is_picture(body)):
            return body
        try:
            body, is_whole = _UNDO[name](body, limit)
        except NotInIt as exc:
            if must_be:
                raise BrokenAnswer(f"the body isn't in its content coding {name}") from exc
            continue
        if not is_whole:
            raise BrokenAnswer(f"the body ends before its content coding {name} does")
    return body


def beginning(body: bytes, header: str, limit: int, *, is_cut: bool, is_plain: Callable[[bytes], bool]) -> bytes:
    """Undo codings of a body of which no more than a beginning is wanted.

    Many servers name a coding that there isn't (``utf-8``), or that they didn't apply: what counts is the body's bytes.

    Args:
        body: As received.
        header: ``Content-Encoding``.
        limit: Most bytes to come out.
        is_cut: Whether the body is a beginning itself, so that it may break off.
        is_plain: Whether what isn't in a coding can be what was wanted.

    Raises:
        BrokenAnswer: It breaks off, is in a coding that isn't known here, or there are too many.
    """
    names = [word for name in header.lower().split(",") if (word := name.strip()) not in ("", "identity")]
    if len(names) > MOST_CODINGS:
        raise BrokenAnswer(f"more than {MOST_CODINGS} content codings in a row")
    doubtful = ""
    for name in reversed(names if body else []):
        try:
            body, is_whole = _UNDO.get(name, _unknown)(body, limit)
        except NotInIt:
            doubtful = name
            continue
        except TooMuch as exc:
            body, is_whole, is_cut = exc.beginning, False, True
        if not is_whole and not (is_cut and body):
            raise BrokenAnswer(f"the body ends before its content coding {name} does")
    if doubtful and not is_plain(body):
        raise BrokenAnswer(f"the body's content coding is said to be {doubtful[:20]!r}, and it can't be undone")
    return body


def _is_picture(body: bytes) -> bool:
    return body.startswith(_PICTURES) or body[4:8] == b"ftyp"


def _unknown(_body: bytes, _limit: int) -> tuple[bytes, bool]:
    raise NotInIt


def _unzipped(body: bytes, limit: int) -> tuple[bytes, bool]:
    """Gzip, of several members maybe; what follows the last is no part of it."""
    if not body.startswith(_GZIP):
        raise NotInIt
    out, is_whole = b"", False
    while body.startswith(_GZIP):
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            out += _all_of(inflater.decompress, body, limit - len(out))
        except zlib.error as exc:
            raise BrokenAnswer("the body is no gzip behind its first bytes") from exc
        is_whole, body = inflater.eof, inflater.unused_data
    return out, is_whole


def _inflated(body: bytes, limit: int) -> tuple[bytes, bool]:
    """Deflate has a header by its RFC, and none by many servers."""
    for kind in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        inflater = zlib.decompressobj(kind)
        try:
            out = _all_of(inflater.decompress, body, limit)
        except zlib.error:
            continue
        return out, inflater.eof
    raise NotInIt


def _all_of(decompress: Callable[[bytes, int], bytes], body: bytes, limit: int) -> bytes:
    out = decompress(body, limit + 1)
    if len(out) > limit:
        raise TooMuch(out[:limit])
    return out


def _unbrotlied(body: bytes, limit: int) -> tuple[bytes, bool]:
    inflater = brotli.Decompressor()
    out: list[bytes] = []
    size, data = 0, body
    try:
        while True:
            piece: bytes = inflater.process(data, output_buffer_limit=_STEP_BYTES)
            data = b""
            size += len(piece)
            out.append(piece)
            if size > limit:
                raise TooMuch(b"".join(out)[:limit])
            if inflater.is_finished() or (not piece and inflater.can_accept_more_data()):
                break
    except brotli.error as exc:
        raise NotInIt from exc  # it has no mark of its own: what breaks it was something else
    return b"".join(out), inflater.is_finished()


def _unzstded(body: bytes, limit: int) -> tuple[bytes, bool]:
    """Zstandard, of several frames maybe."""
    if not body.startswith(_ZSTD):
        raise NotInIt
    out, is_whole = b"", False
    while body.startswith(_ZSTD):
        # RFC 9659: a browser takes windows of 8 MB at most.
        inflater: Any = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 23})
        try:
            out += _all_of(inflater.decompress, body, limit - len(out))
        except zstd.ZstdError as exc:
            raise BrokenAnswer("the body is no zstd behind its first bytes") from exc
        is_whole, body = inflater.eof, inflater.unused_data
    return out, is_whole


_UNDO: Final[dict[str, Undoer]] = {
    "gzip": _unzipped,
    "x-gzip": _unzipped,
    "deflate": _inflated,
    "x-deflate": _inflated,
    "br": _unbrotlied,
    "zstd": _unzstded,
}
