"""How a value stands in a message for people: in backticks, short, and harmless to a terminal (docs/STYLE.md)."""

from typing import Final

_MOST: Final = 80


def code(value: object, most: int = _MOST) -> str:
    """A value in backticks; what can't be printed is escaped, and of a long one the beginning is shown."""
    text = str(value)
    shown = text if len(text) <= most else f"{text[: most - 1]}…"
    return f"`{''.join(_printable(letter) for letter in shown)}`"


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()
