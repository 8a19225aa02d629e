"""How a value stands in a message for people: in backticks, short, and harmless to a terminal (docs/STYLE.md)."""

import re
from typing import Final

from synsift.crawler.secret import HIDDEN_BY_NAME, redacted

_MOST: Final = 80
# User name and password of a URL, and values of parameters that are secrets by their name.
_IN_URL: Final = re.compile(r"(?<=://)[^/\s@?#\"'`<>]+@")
_PARAMETER: Final = re.compile(
    rf"((?:[?&#;]|%3[fF]|%26){HIDDEN_BY_NAME}(?:=|%3[dD]))(?!%3[dD])[^&#\s\"'`<>]+", re.IGNORECASE
)


def masked(text: str) -> str:
    """A text without secrets: those of this process, and credentials of any URL in it.

    ``https://user:password@host`` becomes ``https://***@host``, ``/image?sig=a`` becomes ``/image?sig=***``.
    """
    text = redacted(text)
    if "://" not in text and "?" not in text:
        return text
    return _PARAMETER.sub(r"\1***", _IN_URL.sub("***@", text))


def code(value: object, most: int = _MOST) -> str:
    """A value in backticks; what can't be printed is escaped, and of a long one the beginning is shown."""
    text = masked(str(value))
    shown = text if len(text) <= most else f"{text[: most - 1]}…"
    return f"`{''.join(_printable(letter) for letter in shown)}`"


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()
