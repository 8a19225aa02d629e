"""Patterns of paths, as in RFC 9309, section 2.2.2 and 2.2.3: the longest that matches wins.

Both sides are brought to one form first: octets that can't stand in a URI are percent-encoded, and
unreserved ones are not.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar
from urllib.parse import quote_from_bytes, urlsplit

T = TypeVar("T")

LONGEST_PATTERN: Final = 16 * 1024
"""What is longer than any path that is asked for can hardly match."""
_ESCAPE: Final = 3
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ODD: Final = re.compile(rb"%[0-9A-Fa-f]{2}|(?:[^\x21-\x7e]|[\"<>\\^`{|}])+|\*+|\$")


def normal_path(url: str) -> bytes:
    """Path and query of a URL in the form in which they are compared."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query or url.partition("#")[0].endswith("?") else "")
    return _ODD.sub(_of_path, path.encode("utf-8", "surrogatepass"))


def normal_pattern(pattern: bytes) -> bytes:
    """A pattern in the form in which it is compared: ``*`` and a ``$`` at its end keep their meaning."""
    body, end = (pattern[:-1], b"$") if pattern.endswith(b"$") else (pattern, b"")
    return _ODD.sub(_of_pattern, body) + end


def _of_path(found: re.Match[bytes]) -> bytes:
    text = found[0]
    return text.replace(b"*", b"%2A") if text.startswith(b"*") else _encoded(text)


def _of_pattern(found: re.Match[bytes]) -> bytes:
    text = found[0]
    return text if text.startswith(b"*") else _encoded(text)


def _encoded(text: bytes) -> bytes:
    if len(text) != _ESCAPE or not text.startswith(b"%"):
        return quote_from_bytes(text, safe="").encode()
    octet = int(text[1:], 16)
    return bytes((octet,)) if octet in _UNRESERVED else text.upper()


def is_pattern(value: bytes) -> bool:
    """Whether a value can match a path: ``*`` at its beginning isn't in the RFC's grammar, and widely written."""
    return value.startswith((b"/", b"*"))


@dataclass(frozen=True, slots=True)
class _Wild(Generic[T]):
    """A pattern with ``*`` or ``$`` in it."""

    length: int
    parts: tuple[bytes, ...]
    is_whole: bool
    value: T

    def matches(self, path: bytes) -> bool:
        """Whether it matches; in time that grows with the path, whatever the pattern."""
        first, *rest = self.parts
        if not path.startswith(first):
            return False
        if not rest:
            return not self.is_whole or len(path) == len(first)
        at = len(first)
        last = rest.pop() if self.is_whole else b""
        for part in rest:
            at = path.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return len(path) - len(last) >= at and path.endswith(last)


@dataclass(slots=True)
class PathTable(Generic[T]):
    """Patterns with values, to be asked for those of the longest pattern that matches."""

    _literal: dict[bytes, list[T]] = field(default_factory=dict)
    _lengths: list[int] = field(default_factory=list)
    _wild: list[_Wild[T]] = field(default_factory=list)

    @classmethod
    def of(cls, rules: Iterable[tuple[bytes, T]]) -> "PathTable[T]":
        """Make one of patterns in their normal form, which may repeat."""
        table = cls()
        for pattern, value in rules:
            is_whole = pattern.endswith(b"$")
            body = pattern[:-1] if is_whole else pattern
            if is_whole or b"*" in body:
                table._wild.append(_Wild(len(pattern), tuple(body.split(b"*")), is_whole, value))
            else:
                table._literal.setdefault(body, []).append(value)
        table._lengths = sorted({len(pattern) for pattern in table._literal}, reverse=True)
        table._wild.sort(key=lambda rule: -rule.length)
        return table

    def longest(self, path: bytes) -> list[T]:
        """The values of the longest pattern that matches; of several of that length, all."""
        found: list[T] = []
        best = 0
        for length in self._lengths:
            if length <= len(path) and (values := self._literal.get(path[:length])) is not None:
                best, found = length, list(values)
                break
        for rule in self._wild:
            if rule.length < best:
                break
            if rule.matches(path):
                found = [*found, rule.value] if rule.length == best else [rule.value]
                best = rule.length
        return found

    def all(self, path: bytes) -> list[T]:
        """The values of every pattern that matches."""
        found = [value for length in self._lengths for value in self._literal.get(path[:length], ())]
        return found + [rule.value for rule in self._wild if rule.matches(path)]
