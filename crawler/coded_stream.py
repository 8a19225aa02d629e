"""Content codings undone as a body comes, which need not fit into memory; with a limit on what comes out. Pure.

``content_codings`` does the same with a body that is there.
"""

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

import brotli

from synsift.crawler.content_codings import MOST_CODINGS, names_of
from synsift.crawler.errors import BrokenAnswer

if sys.version_info >= (3, 14):  # pragma: no cover - as of then it comes with Python
    from compression import zstd
else:
    from backports import zstd

_PIECE_BYTES: Final = 1 << 20
_TRIED_BYTES: Final = 1 << 16
# Texts pack ten times, columns of one value a hundred times; what packs better is made to fill disks.
_MOST_TIMES: Final = 300
_ALWAYS_TAKEN: Final = 64 << 20


class TooMuchOfIt(Exception):
    """More comes out of a body than anything honest packs into so little."""


class Unpacker(Protocol):
    """Undoes one coding; the form of the standard library's newer ones."""

    @property
    def eof(self) -> bool:
        """Whether it has come to its end."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without more bytes."""

    @property
    def unused_data(self) -> bytes:
        """What came behind its end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Take bytes, and give at most so many."""


class CodedStream:
    """The bytes of a body in the codings of its ``Content-Encoding``, as they come. Nobody asked for any."""

    def __init__(self, header: str) -> None:
        """Make one.

        Raises:
            BrokenAnswer: There are too many codings.
        """
        names = names_of(header)
        if len(names) > MOST_CODINGS:
            raise BrokenAnswer(f"more than {MOST_CODINGS} content codings in a row")
        self._steps = [_Step(name) for name in reversed(names)]
        self._came = self._given = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes, and give what they become, in pieces of a bounded size.

        Raises:
            BrokenAnswer: They can't be undone.
            TooMuchOfIt: Too much comes out.
        """
        self._came += len(data)
        return self._counted(self._through([data], ends=False))

    def end(self) -> Iterator[bytes]:
        """Give what is still to be given.

        Raises:
            BrokenAnswer: A coding hasn't come to its end.
            TooMuchOfIt: Too much comes out.
        """
        return self._counted(self._through([], ends=True))

    def _through(self, pieces: Iterable[bytes], *, ends: bool) -> Iterable[bytes]:
        for step in self._steps:
            pieces = step.run(pieces, ends=ends)
        return pieces

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._given += len(piece)
            if self._given > max(_ALWAYS_TAKEN, _MOST_TIMES * self._came):
                raise TooMuchOfIt(f"{self._came:,} bytes become more than {self._given - len(piece):,}")
            if piece:
                yield piece


class _Step:
    """One coding: nothing is known of the body before its beginning has come."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._begin = b""
        self._make: Callable[[], Unpacker] | None = None
        self._unpacker: Unpacker | None = None
        self._is_known = False

    def run(self, pieces: Iterable[bytes], *, ends: bool) -> Iterator[bytes]:
        """Undo it in the pieces that came."""
        for piece in pieces:
            if self._is_known:
                yield from self._undone(piece)
                continue
            self._begin += piece
            if len(self._begin) >= _TRIED_BYTES:
                yield from self._known()
        if not ends:
            return
        if not self._is_known:
            yield from self._known()
        if self._unpacker is not None and not self._unpacker.eof:
            raise BrokenAnswer(f"it ends before its content coding {self._name} does")

    def _known(self) -> Iterator[bytes]:
        begin, self._begin, self._is_known = self._begin, b"", True
        self._make = _maker_for(self._name, begin)
        self._unpacker = self._make() if self._make is not None and begin else None
        yield from self._undone(begin)

    def _undone(self, data: bytes) -> Iterator[bytes]:
        if self._make is None or self._unpacker is None:
            yield data
            return
        while data or not (self._unpacker.needs_input or self._unpacker.eof):
            if self._unpacker.eof:
                data = self._begin + data
                mark = _MARKS.get(self._name, b"")
                if not mark or not data.startswith(mark[: len(data)]):
                    return  # what follows the last member is no part of it
                if len(data) < len(mark):
                    self._begin = data
                    return
                self._begin, self._unpacker = b"", self._make()
            try:
                yield self._unpacker.decompress(data, _PIECE_BYTES)
            except _DAMAGE as exc:
                raise BrokenAnswer(f"what came is no sound {self._name}") from exc
            data = self._unpacker.unused_data if self._unpacker.eof else b""


class _Zlib:
    """Zlib's own in that form."""

    def __init__(self, window_bits: int) -> None:
        self._inner = zlib.decompressobj(window_bits)
        self._is_full = False

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail and not self._is_full

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        out = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self._is_full = len(out) == max_length
        return out


class _Brotli:
    """Brotli's in that form. It takes more before it has given all that it can."""

    def __init__(self) -> None:
        self._inner = brotli.Decompressor()
        self._is_dry = True

    @property
    def eof(self) -> bool:
        return bool(self._inner.is_finished())

    @property
    def needs_input(self) -> bool:
        return self._is_dry and bool(self._inner.can_accept_more_data())

    @property
    def unused_data(self) -> bytes:
        return b""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        out = bytes(self._inner.process(data, output_buffer_limit=max_length))
        self._is_dry = not out
        return out


def _zstd() -> Any:  # noqa: ANN401 - of Python, or of the backport
    return zstd.ZstdDecompressor()


_DAMAGE: Final = (zlib.error, brotli.error, zstd.ZstdError)
_MARKS: Final = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
_MAKERS: Final[dict[str, tuple[Callable[[], Unpacker], ...]]] = {
    "gzip": (lambda: _Zlib(zlib.MAX_WBITS | 16),),
    "x-gzip": (lambda: _Zlib(zlib.MAX_WBITS | 16),),
    # It has a header by its RFC, and none by many servers.
    "deflate": (lambda: _Zlib(zlib.MAX_WBITS), lambda: _Zlib(-zlib.MAX_WBITS)),
    "x-deflate": (lambda: _Zlib(zlib.MAX_WBITS), lambda: _Zlib(-zlib.MAX_WBITS)),
    "br": (_Brotli,),
    "zstd": (_zstd,),
}


def _maker_for(name: str, begin: bytes) -> Callable[[], Unpacker] | None:
    """What undoes a coding that begins so; None where it is none: servers name what they didn't do."""
    mark = _MARKS.get(name, b"")
    if not begin.startswith(mark):
        return None
    if mark:
        return _MAKERS[name][0]
    return next((make for make in _MAKERS[name] if _can_begin(make(), begin)), None)


def _can_begin(unpacker: Unpacker, begin: bytes) -> bool:
    try:
        unpacker.decompress(begin, _TRIED_BYTES)
    except _DAMAGE:
        return False
    return True
