"""Exceptions of libraries → words for people: the one place where they become texts.

Names of classes, "None" and the insides of a library are no words. What is ours has its words already.
"""

import errno
import os
import re
import ssl
from typing import Final

import aiohttp

from synsift.crawler.errors import CrawlerError

_ERRNO: Final = re.compile(r"\[Errno (-?\d+)\]")
_CUT_AT: Final = re.compile(r"received (\d+) of (\d+) bytes")
_TOO_LONG: Final = "it took too long"

# The first that matches wins, so subclasses stand before their bases.
_WORDS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (aiohttp.ConnectionTimeoutError, "no connection came about in time"),
    (aiohttp.ServerTimeoutError, "the host sent nothing for too long"),
    (TimeoutError, _TOO_LONG),
    (aiohttp.ServerDisconnectedError, "the host ended the connection and gave no answer"),
    (aiohttp.TooManyRedirects, "too many redirects, one to the next"),
    (ConnectionResetError, "the host broke the connection"),
    (BrokenPipeError, "the host broke the connection"),
    (MemoryError, "not enough memory"),
)


def words_of(error: BaseException) -> str:
    """What happened, in words."""
    if isinstance(error, CrawlerError):
        return str(error) or "it failed, and nobody said why"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{error.host}:{error.port}: {_connecting(error.os_error)}"
    if isinstance(error, aiohttp.ClientPayloadError):
        return _cut(str(error))
    if isinstance(error, aiohttp.InvalidURL):
        return f"it is no URL that can be asked: {error.description or error.url}"
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    if isinstance(error, OSError):
        return _of_system(error)
    if isinstance(error, aiohttp.ClientResponseError):
        return f"the answer is no HTTP that can be read: {_line(error.message)}"
    return _line(str(error)) or "it failed, and nobody said why"


def _connecting(error: OSError) -> str:
    """Why no connection came about. Where several addresses were tried, libraries tell each within one text."""
    if isinstance(error, ssl.SSLError):
        return "the connection broke in the midst of a handshake"
    found = [int(number) for number in _ERRNO.findall(str(error))]
    number = error.errno or (found[0] if found else 0)
    if not number:
        return "no connection came about"
    return _of_number(number)


def _of_system(error: OSError) -> str:
    if error.errno is None:
        return _line(str(error)) or "the connection broke"
    return _of_number(error.errno)


def _of_number(number: int) -> str:
    if number in (errno.ECONNRESET, errno.EPIPE):
        return "the host broke the connection"
    text = os.strerror(number) if number > 0 else "its name can't be looked up"
    return text[:1].lower() + text[1:]


def _cut(text: str) -> str:
    """An answer that ended early; how early, where the library knows."""
    found = _CUT_AT.search(text)
    if found is not None:
        return f"the answer broke off after {int(found[1]):,} of {int(found[2]):,} bytes"
    return "the answer broke off before it was whole"


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
