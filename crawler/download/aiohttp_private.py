"""All that we use of aiohttp and that aiohttp doesn't promise: named here, and used through here alone.

Its parser of answers is llhttp, which refuses what browsers and curl take. Whatever a server sends is brought into
form before it reaches that parser: see ``answer_reader.py``.
"""

import asyncio
import asyncio.sslproto
import collections
import functools
import itertools
import ssl
from collections.abc import Mapping
from typing import Any, Final, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey

from synsift.crawler.download.answer_reader import AnswerReader
from synsift.crawler.errors import BrokenAnswer
from synsift.crawler.timings import CONNECT_SECONDS

__all__ = ["STANDS_ON", "FrugalConnector", "PatientHandler", "read_in_small_pieces", "read_patiently"]

# asyncio has a buffer of 256 kB for each connection with TLS, and reads into a new one of that size each time; a record
# of TLS has at most 16 kB.
_PIECE_BYTES: Final = 64 * 1024


class PatientHandler(ResponseHandler):
    """A connection whose answers are read as browsers read them."""

    _reader: AnswerReader | None = None
    _has_said_so = False
    idle_number = 0
    """Which one it was of those that began to be idle; 0 while it is in use."""

    def set_response_params(self, **parameters: Any) -> None:  # noqa: ANN401 - passed through
        """Begin a new answer, as aiohttp does before each request."""
        self._reader = AnswerReader()
        self.idle_number = 0
        super().set_response_params(**parameters)

    def data_received(self, data: bytes) -> None:
        """Take what came, and pass it on by the book."""
        reader = self._reader
        if reader is None or not data:  # before the first request; or aiohttp goes on with what it has
            super().data_received(data)
            return
        if reader.is_done:
            self._hang_up()  # more than was asked for: it must not count as the next answer
            return
        try:
            text = reader.feed(data)
        except BrokenAnswer as exc:
            self._fail(exc)
            return
        if reader.must_close:
            self.force_close()
        if text:
            super().data_received(text)

    def eof_received(self) -> None:
        """The other side says that nothing more comes, or the connection ends without its word."""
        self._has_said_so = _is_said(self.transport)
        super().eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Pass on what the end of the connection completes."""
        reader, self._reader = self._reader, None
        if reader is not None:
            try:
                rest = reader.eof(is_meant=self._has_said_so)
            except BrokenAnswer as broken:
                self._tell(broken)
            else:
                if rest and exc is None:
                    super().data_received(rest)
        super().connection_lost(exc)

    def _fail(self, exc: BrokenAnswer) -> None:
        self._tell(exc)
        self._hang_up()

    def _tell(self, exc: BrokenAnswer) -> None:
        self.set_exception(exc)
        if self._payload is not None:
            self._payload.set_exception(exc)

    def _hang_up(self) -> None:
        self.force_close()
        if self.transport is not None:
            self.transport.close()


class FrugalConnector(aiohttp.TCPConnector):
    """A connector that keeps so many idle connections and no more: those that were used last.

    Aiohttp keeps all for 15 to 30 s. With a hundred new hosts a second these are thousands, of some 100 to 350 kB each
    where there is TLS.

    Attributes:
        most_idle: How many.
    """

    most_idle = 256

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - aiohttp's own
        super().__init__(**options)
        self._numbers = itertools.count(1)
        self._idle: collections.deque[tuple[int, PatientHandler]] = collections.deque()

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> ResponseHandler:  # noqa: ANN401, ASYNC109 - aiohttp's own
        with CONNECT_SECONDS.time():
            return await super()._create_connection(req, traces, timeout)

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        super()._release(key, protocol, should_close=should_close)
        if not isinstance(protocol, PatientHandler) or not protocol.is_connected():
            return
        protocol.idle_number = next(self._numbers)
        self._idle.append((protocol.idle_number, protocol))
        while len(self._idle) > self.most_idle:
            number, oldest = self._idle.popleft()
            if oldest.idle_number == number:
                oldest.abort()


def _is_said(transport: asyncio.BaseTransport | None) -> bool:
    """Whether a connection that ends was ended by the other side: in TLS by a word that nobody can forge."""
    secured = transport.get_extra_info("ssl_object") if transport is not None else None
    if secured is None:
        return True
    try:
        return not secured.read(1)
    except ssl.SSLZeroReturnError:
        return True
    except ssl.SSLError:
        return False


def read_patiently(connector: aiohttp.TCPConnector) -> None:
    """Have a connector read answers so."""
    factory = functools.partial(PatientHandler, loop=connector._loop)  # noqa: SLF001
    connector._factory = cast("functools.partial[ResponseHandler]", factory)  # noqa: SLF001


def read_in_small_pieces() -> None:
    """Have all connections with TLS of this process read no more at once than is worth its memory."""
    asyncio.sslproto.SSLProtocol.max_size = _PIECE_BYTES


STANDS_ON: Final[Mapping[str, tuple[str | None, str]]] = {
    "aiohttp.client_proto.ResponseHandler": ("(loop)", "a connection of ours is one of these"),
    "aiohttp.client_proto.ResponseHandler.data_received": ("(self, data)", "bytes are brought into form before it"),
    "aiohttp.client_proto.ResponseHandler.connection_lost": ("(self, exc)", "an end may complete an answer"),
    "aiohttp.client_proto.ResponseHandler.eof_received": ("(self)", "only an end that is meant completes one"),
    "aiohttp.client_proto.ResponseHandler.force_close": ("(self)", "an odd answer's connection isn't used again"),
    "aiohttp.client_proto.ResponseHandler.set_exception": ("(self, exc, exc_cause)", "ends an answer that is none"),
    "aiohttp.client_proto.ResponseHandler#_payload": (None, "the body that waits while its answer breaks"),
    "aiohttp.client_proto.ResponseHandler.abort": ("(self)", "ends a connection that idles"),
    "aiohttp.client_proto.ResponseHandler.is_connected": ("(self)", "tells whether a connection was kept"),
    "aiohttp.connector.BaseConnector._release": (
        "(self, key, protocol, should_close)",
        "is told of each connection that begins to idle",
    ),
    "aiohttp.connector.BaseConnector#_factory": (None, "makes the connections"),
    "aiohttp.connector.BaseConnector#_loop": (None, "which connections live in"),
}
"""Dotted name, after ``#`` an attribute of its objects → its parameters, None if it isn't called, and why we use it."""
