"""One file by HTTP, to be written as it comes: a list of URLs that its user named, not the web's."""

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp
from yarl import URL

from synsift.crawler.coded_stream import CodedStream, TooMuchOfIt
from synsift.crawler.download.access import Access
from synsift.crawler.download.attempt import REDIRECTS, redirect_target, retry_after_s
from synsift.crawler.download.connections import Connections
from synsift.crawler.download.error_words import words_of
from synsift.crawler.errors import BrokenAnswer, CrawlerError, SourceAway, SourceError
from synsift.crawler.outcome import of_status
from synsift.crawler.wording import code

_log: Final = logging.getLogger(__name__)

_LONGEST_PAUSE_S: Final = 60.0
_CHUNK_BYTES: Final = 1 << 20
_MOST_REDIRECTS: Final = 10
_NOT_MODIFIED: Final = 304
_OK: Final = 200

_LATER: Final = "try again later"
_OTHER_WAY: Final = "fetch it to a file by another way, and name that with `--list`"
_STATUSES: Final = {
    401: ("it is for those who log in", _OTHER_WAY),
    403: ("the host doesn't give it to us", _OTHER_WAY),
    404: ("there is no such file", "is the URL right?"),
    407: ("a proxy on the way wants a log-in", _OTHER_WAY),
    410: ("it is gone", "is the URL right?"),
    429: ("the host wants to be asked less often", _LATER),
    204: ("the host gives nothing", "is the URL right?"),
    206: ("the host gives a part of it, and was asked for all", _OTHER_WAY),
    304: ("the host says that it is known here, and it isn't", _OTHER_WAY),
}


class Writable(Protocol):
    """Where a file is written as it comes."""

    def begin(self) -> None:
        """Begin, or begin anew."""

    def write(self, data: bytes) -> None:
        """Write what follows."""


class _Busy(Exception):
    """It may come at another try."""

    def __init__(self, message: str, hint: str = _LATER, *, asked_s: float = 0.0) -> None:
        super().__init__(message)
        self.hint = hint
        self.asked_s = asked_s


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks, and how.

    Attributes:
        access: What may be reached.
        user_agent: As hosts see it.
        idle_s: For how long a host may send nothing.
        pauses_s: Before each other try.
    """

    access: Access
    user_agent: str
    idle_s: float = 30.0
    pauses_s: tuple[float, ...] = (1.0, 5.0)


def fetch_file(url: str, tag: str, target: Writable, *, client: Client) -> str | None:
    """Fetch a file, in a thread without an event loop; see ``lists.remote.Fetch``.

    Raises:
        SourceAway: It can't be had.
    """
    return asyncio.run(_fetch(_Transfer(url, tag, target, client), client.pauses_s))


async def _fetch(transfer: "_Transfer", pauses_s: tuple[float, ...]) -> str | None:
    for pause_s in (*pauses_s, None):
        try:
            return await transfer.run()
        except _Busy as exc:
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # by Ctrl-C, and whoever waited then took it for something else
                raise asyncio.CancelledError from exc
            pause_s = None if exc.asked_s > _LONGEST_PAUSE_S or pause_s is None else max(pause_s, exc.asked_s)
            if pause_s is None:
                raise SourceAway(f"{transfer.url}: {exc}", hint=exc.hint) from exc
            _log.warning("%s: %s; it is asked for again in %.0f s", transfer.url, exc, pause_s)
            await asyncio.sleep(pause_s)
    raise AssertionError("the last try returns or raises")


class _Transfer:
    """A file that is fetched, again and again if need be."""

    def __init__(self, url: str, tag: str, target: Writable, client: Client) -> None:
        self.url, self._tag, self._target = url, tag, target
        self._access, self._idle_s = client.access, client.idle_s
        self._headers = {"User-Agent": client.user_agent, "Accept-Encoding": "identity"}
        if tag:
            self._headers["If-None-Match"] = tag

    async def run(self) -> str | None:
        """Try once.

        Raises:
            _Busy: Another try may end better.
            SourceAway: None will.
        """
        connections = Connections(self._access)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._idle_s, sock_read=self._idle_s)
        self._target.begin()
        try:
            async with aiohttp.ClientSession(
                connector=connections.connector,
                auto_decompress=False,
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as session:
                with connections.explaining():
                    return await self._follow(connections, session)
        except aiohttp.SocketTimeoutError as exc:
            raise _Busy(f"the host sent nothing for {self._idle_s:g} s") from exc
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as exc:
            raise _Busy(words_of(exc)) from exc
        except SourceError:
            raise
        except CrawlerError as exc:
            if exc.retriable:
                raise _Busy(str(exc), exc.hint or _LATER) from exc
            raise SourceAway(f"{self.url}: {exc}", hint=exc.hint) from exc
        finally:
            await connections.close()

    async def _follow(self, connections: Connections, session: aiohttp.ClientSession) -> str | None:
        url = self.url
        for _ in range(_MOST_REDIRECTS + 1):
            place = await self._find(connections, url)
            async with session.get(place, headers=self._headers, allow_redirects=False) as answer:
                location = answer.headers.get("Location")
                if answer.status not in REDIRECTS or location is None:
                    return await self._take(answer)
                url = self._led(url, location)
        raise SourceAway(f"{self.url}: more than {_MOST_REDIRECTS} redirects, one to the next", hint=_OTHER_WAY)

    async def _find(self, connections: Connections, url: str) -> URL:
        try:
            return await connections.find(url)
        except CrawlerError as exc:
            if exc.retriable or url == self.url:
                raise
            raise SourceAway(f"{self.url}: it leads elsewhere: {exc}", hint=exc.hint or _OTHER_WAY) from exc

    def _led(self, url: str, location: str) -> str:
        try:
            return redirect_target(url, location.encode("utf-8", "surrogateescape").decode("latin-1"))
        except ValueError as exc:
            place = location.partition("?")[0]
            raise SourceAway(
                f"{self.url}: it leads to {code(place)}, which isn't followed: {exc}", hint=_OTHER_WAY
            ) from exc

    async def _take(self, answer: aiohttp.ClientResponse) -> str | None:
        if answer.status == _NOT_MODIFIED and self._tag:
            return None
        if answer.status != _OK:
            raise self._refused(answer)
        stream = CodedStream(", ".join(answer.headers.getall("Content-Encoding", ())))
        try:
            async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                for piece in stream.feed(chunk):
                    self._target.write(piece)
            for piece in stream.end():
                self._target.write(piece)
        except TooMuchOfIt as exc:
            raise SourceAway(f"{self.url}: it is packed as no list is: {exc}", hint=_OTHER_WAY) from exc
        except BrokenAnswer as exc:
            raise _Busy(f"the answer can't be unpacked: {exc}") from exc
        return answer.headers.get("ETag", "")

    def _refused(self, answer: aiohttp.ClientResponse) -> Exception:
        status = answer.status
        trouble = ("the host is in trouble", _LATER) if status >= 500 else ("the host refuses", _OTHER_WAY)
        words, hint = _STATUSES.get(status, trouble)
        words = f"{words} (it answers with status {status})"
        if of_status(status).heals:
            asked_s = retry_after_s(answer.headers.get("Retry-After", ""), time.time()) or 0.0
            return _Busy(words, hint, asked_s=asked_s)
        return SourceAway(f"{self.url}: {words}", hint=hint)
