"""URLs and names of hosts as operators write them. Pure; time is linear in what is asked."""

import re
from collections.abc import Iterator
from typing import Final

from synsift.crawler.download.host_name import host_name
from synsift.crawler.download.host_rules import is_address
from synsift.crawler.download.web_url import as_asked

ANY: Final = "*"
_LITERAL: Final = rf"\{ANY}"
_STARS: Final = re.compile(r"(?<!\\)\*")
_NAME: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
"""Of a host, in its one form (RFC 1123, 2.1; underscores are met)."""


def host_target(text: str) -> str:
    """A host's name in its one form, without what means that all names below it are meant, too: they always are."""
    return host_name(text.strip().removeprefix("*.")).removesuffix(".")


def is_host(target: str) -> bool:
    """Whether a target in its one form can be a host, or stands for all of them."""
    return target == ANY or _NAME.fullmatch(target) is not None or is_address(target)


def names_of(name: str) -> Iterator[str]:
    """A host's name and all that it stands below; an address stands below nothing but ``*``, as all hosts do."""
    name = host_name(name).removesuffix(".")
    yield name
    while "." in name and not is_address(name):
        name = name.partition(".")[2]
        yield name
    yield ANY


def url_target(text: str) -> str:
    """A URL, or a pattern of some, in the form in which URLs are compared: scheme and host in small letters."""
    url = text.strip() if ANY in text else as_asked(text)
    scheme, mark, rest = url.partition("://")
    if not mark:
        return url
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}"


class Pattern:
    r"""A text in which each ``*`` stands for any text, and each ``\*`` for itself."""

    def __init__(self, text: str) -> None:
        self._first, *others = (piece.replace(_LITERAL, ANY) for piece in _STARS.split(text))
        self._middle, self._last = others[:-1], others[-1] if others else None

    def matches(self, text: str) -> bool:
        """Whether a text is of this form."""
        if self._last is None:
            return text == self._first
        if not text.startswith(self._first):
            return False
        at = len(self._first)
        for piece in self._middle:
            found = text.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return text.endswith(self._last) and len(text) - len(self._last) >= at
