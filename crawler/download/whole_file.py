"""One file by HTTP, to be written as it comes: a list of URLs that its user named, not the web's."""

import asyncio
from typing import Final, Protocol

import aiohttp

from synsift.crawler.download.access import Access
from synsift.crawler.download.connections import Connections
from synsift.crawler.errors import CrawlerError, SourceError
from synsift.crawler.outcome import of_status

_IDLE_S: Final = 60.0
_PAUSES_S: Final = (1.0, 5.0)
_CHUNK_BYTES: Final = 1 << 20
_NOT_MODIFIED: Final = 304
_OK: Final = 200


class Writable(Protocol):
    """Where a file is written as it comes."""

    def begin(self) -> None:
        """Begin, or begin anew."""

    def write(self, data: bytes) -> None:
        """Write what follows."""


class _Busy(Exception):
    """It may come at another try."""


def fetch_file(url: str, tag: str, target: Writable, *, access: Access, user_agent: str) -> str | None:
    """Fetch a file, in a thread without an event loop; see ``lists.remote.Fetch``.

    Raises:
        SourceError: It can't be had.
    """
    return asyncio.run(_fetch(url, tag, target, access, user_agent))


async def _fetch(url: str, tag: str, target: Writable, access: Access, user_agent: str) -> str | None:
    for pause_s in (*_PAUSES_S, None):
        try:
            return await _try(url, tag, target, access, user_agent)
        except _Busy as exc:
            if pause_s is None:
                raise SourceError(f"{url}: {exc}") from exc
            await asyncio.sleep(pause_s)
    raise AssertionError("the last try returns or raises")


async def _try(url: str, tag: str, target: Writable, access: Access, user_agent: str) -> str | None:
    connections = Connections(access)
    headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
    if tag:
        headers["If-None-Match"] = tag
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_IDLE_S, sock_read=_IDLE_S)
    target.begin()
    try:
        async with (
            aiohttp.ClientSession(connector=connections.connector, auto_decompress=False, timeout=timeout) as session,
            session.get(await connections.find(url), headers=headers) as answer,
        ):
            if answer.status == _NOT_MODIFIED and tag:
                return None
            if answer.status != _OK:
                error = _Busy if of_status(answer.status).heals else SourceError
                raise error(f"the host answers with status {answer.status}")
            async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                target.write(chunk)
            return answer.headers.get("ETag", "")
    except (aiohttp.ClientError, TimeoutError, ConnectionError) as exc:
        raise _Busy(str(exc) or type(exc).__name__) from exc
    except CrawlerError as exc:
        raise SourceError(f"{url}: {exc}", hint=exc.hint) from exc
    finally:
        await connections.close()
