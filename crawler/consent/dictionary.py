"""Dictionaries of Structured Fields (RFC 9651), as far as tokens matter; the rest is recognised and passed over."""

import re
from typing import Final

_KEY: Final = re.compile(r"[a-z*][a-z0-9_.*-]*")
_TOKEN: Final = re.compile(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*")
_OTHERS: Final = re.compile(
    r"""-?\d{1,12}\.\d{1,3}|-?\d{1,15}          # numbers
    |"(?:[ !\x23-\x5b\x5d-\x7e]|\\["\\])*"      # strings
    |:[A-Za-z0-9+/=]*:                          # bytes
    |\?[01]                                     # booleans
    |@-?\d{1,15}                                # dates
    |%"(?:[ !\x23\x24\x26-\x7e]|%[0-9a-f]{2})*" # texts
    """,
    re.VERBOSE,
)
_BLANKS: Final = re.compile(r"[ \t]*")
_COMMA: Final = re.compile(r"[ \t]*,[ \t]*")


class NoDictionary(ValueError):
    """A text that is no dictionary."""


def tokens_of(text: str) -> dict[str, str | None]:
    """The members of a dictionary: the token of each, None for a member that is no token. The last of a name counts.

    Raises:
        NoDictionary: It is none; then nothing of it counts.
    """
    members: dict[str, str | None] = {}
    text = text.strip(" ")
    at = 0
    while at < len(text):
        key = _KEY.match(text, at)
        if key is None:
            raise NoDictionary(f"no name at {at}")
        at, value = key.end(), None
        if text[at : at + 1] == "=":
            at, value = _value(text, at + 1)
        members.pop(key[0], None)
        members[key[0]] = value
        at = _parameters(text, at)
        if at == len(text):
            break
        comma = _COMMA.match(text, at)
        if comma is None or comma.end() == len(text):
            raise NoDictionary(f"no comma, or nothing behind it, at {at}")
        at = comma.end()
    return members


def _value(text: str, at: int) -> tuple[int, str | None]:
    if text[at : at + 1] != "(":
        return _item(text, at)
    at += 1
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == ")":
            return at + 1, None
        at, _ = _item(text, at)
        at = _parameters(text, at)
        if text[at : at + 1] not in (" ", ")"):
            raise NoDictionary(f"a list without an end at {at}")


def _item(text: str, at: int) -> tuple[int, str | None]:
    token = _TOKEN.match(text, at)
    if token is not None:
        return token.end(), token[0]
    other = _OTHERS.match(text, at)
    if other is None or not other[0]:
        raise NoDictionary(f"no value at {at}")
    return other.end(), None


def _parameters(text: str, at: int) -> int:
    while text[at : at + 1] == ";":
        key = _KEY.match(text, _skip(text, at + 1))
        if key is None:
            raise NoDictionary(f"no parameter at {at}")
        at = key.end()
        if text[at : at + 1] == "=":
            at, _ = _item(text, at + 1)
    return at


def _skip(text: str, at: int) -> int:
    found = re.compile(r" *").match(text, at)
    return found.end() if found else at
