"""URLs as browsers read and ask them: the URL standard of the WHATWG, for http and https. Pure.

Nothing is written otherwise than it was, but what can't stand in a request: many hosts sign the very bytes of a URL, or
tell ``%2F`` from ``/``.
"""

import re
from typing import Final
from urllib.parse import urljoin, urlsplit

from synsift.crawler.download.host_name import host_name

_AROUND: Final = "".join(map(chr, range(0x21)))
_LINE_ENDS: Final = str.maketrans("", "", "\t\n\r")
_SCHEME: Final = re.compile(r"(?i)(https?):(.*)\Z", re.DOTALL)
_ANY_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_IN_PATH: Final = re.compile(r"[^\x21\x23-\x3b\x3d\x40-\x5d\x5f\x61-\x7a\x7c\x7e]|\x3f|\x23")
_IN_QUERY: Final = re.compile(r"[^\x21\x24-\x26\x28-\x3b\x3d\x3f-\x7e]")
_DOT: Final = re.compile(r"(?i)\.|%2e")
_DOTS: Final = re.compile(r"(?i)(?:\.|%2e){2}")
_PARTS: Final = re.compile(r"([^/?#]*)([^?#]*)(\?[^#]*)?", re.DOTALL)


def as_asked(url: str) -> str:
    """A URL as it stands in a request: no fragment, no dot segments, percent-encoded where it must be.

    Its host is a name in ASCII (UTS #46), and its port a number or nothing (RFC 3986, section 3.2.3: it may be empty),
    so that whoever reads it sees one host, whose robots.txt counts and whose health is known. What is no URL of http or
    https comes back as it is.
    """
    url = _plain(url)
    found = _SCHEME.match(url)
    if found is None:
        return url
    parts = _PARTS.match(found[2].lstrip("/"))
    assert parts is not None  # noqa: S101 - it matches everything
    host, path, query = parts[1], parts[2], parts[3] or ""
    path = _without_dots(_IN_PATH.sub(_encoded, path)) or "/"
    return f"{found[1].lower()}://{_authority(host)}{path}{_IN_QUERY.sub(_encoded, query)}"


def resolved(base: str, location: str) -> str:
    """Where a ``Location`` leads, seen from the URL that gave it; as it is asked.

    Args:
        base: An absolute URL.
        location: The header, a character for each byte.

    Raises:
        ValueError: The name of its host is no text.
    """
    location = _plain(location)
    scheme = urlsplit(base).scheme
    found = _SCHEME.match(location)
    if found is not None and found[1].lower() == scheme and not found[2].startswith("//"):
        location = found[2]  # `http:x.jpg` is a path, beside a URL of http
    elif found is not None:
        return as_asked(_with_readable_host(found[1], found[2].lstrip("/")))
    if location.startswith("//"):
        return as_asked(_with_readable_host(scheme, location.lstrip("/")))
    if found is None and _ANY_SCHEME.match(location):
        return location
    whole, mark, query = base.partition("#")[0].partition("?")
    path, own, asked = location.partition("#")[0].partition("?")
    # Letters stand for bytes here, and Python's joining takes some of them for blanks or more.
    path, asked = (_IN_PATH.sub(_octet, path), _IN_QUERY.sub(_octet, asked))
    target = urljoin(whole, path) if path else whole
    return as_asked(target + (own + asked if own or path else mark + query))


def _with_readable_host(scheme: str, rest: str) -> str:
    parts = _PARTS.match(rest)
    assert parts is not None  # noqa: S101 - it matches everything
    try:
        host = parts[1].encode("latin-1").decode()  # RFC 3987: a host's name is UTF-8, whatever the rest is
    except UnicodeError:
        raise ValueError("the name of its host is no text") from None
    return f"{scheme}://{host}{_IN_PATH.sub(_octet, parts[2])}{_IN_QUERY.sub(_octet, parts[3] or '')}"


def _plain(url: str) -> str:
    """Without blanks around it and line ends in it; a backslash counts as a slash before the query."""
    url = url.strip(_AROUND).translate(_LINE_ENDS)
    cut = min((at for at in (url.find("?"), url.find("#")) if at >= 0), default=len(url))
    return url[:cut].replace("\\", "/") + url[cut:]


def _authority(written: str) -> str:
    """Name and port of a host, as a request has them."""
    name, colon, port = written.rpartition(":")
    if not colon or not (port.isdecimal() or not port) or not port.isascii():
        name, port = written, ""
    number = f":{port.lstrip('0') or '0'}" if port else ""
    return f"{name if name.isascii() else host_name(name)}{number}"


def _without_dots(path: str) -> str:
    """A path without its dot segments, which may be written as ``%2e``."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments):
        is_last = number == len(segments) - 1
        if _DOTS.fullmatch(segment):
            del kept[-1:]
        elif not _DOT.fullmatch(segment):
            kept.append(segment)
            continue
        if is_last:
            kept.append("")
    return "/" + "/".join(kept) if segments else ""


def _encoded(found: re.Match[str]) -> str:
    return "".join(f"%{octet:02X}" for octet in found[0].encode("utf-8", "surrogatepass"))


def _octet(found: re.Match[str]) -> str:
    """As `_encoded`, where a character stands for a byte."""
    letter = ord(found[0])
    return f"%{letter:02X}" if letter <= 0xFF else _encoded(found)
