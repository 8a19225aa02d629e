"""Texts of anybody's, for people to read: paths, titles, messages."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Final

from synsift.crawler.wording import masked

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
# The longest type, date or tag in honest use is a fifth of it; a record is stored several times over.
_KEPT: Final = 500
# They join and part letters and emoji within a word, and can do nothing else.
_JOINERS: Final = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def printable(text: str) -> str:
    """Show what can't be seen as such.

    That is: controls, which are commands to a terminal; marks that turn the direction of reading, by which a name can
    pass for another; halves of what is no Unicode. Line feeds stay, and so do spaces of any width.
    """
    if text.isprintable():
        return text
    return "".join(char if _can_be_seen(char) else _REPLACEMENT for char in text)


def for_people(text: str) -> str:
    """What is said to people, wherever its parts come from: without secrets, and without commands to their terminal."""
    return masked(printable(masked(text)))


def kept(text: str) -> str:
    """What records keep of a text that a server chooses freely: 500 characters of one line, all printable."""
    return printable(text[:_KEPT]).replace("\n", " ")


def escaped(text: str) -> str:
    """One line, in which what can't be seen is written as JSON writes it; halves of what is no Unicode stay.

    These are the bytes of a name that is no UTF-8, and become bytes again where they are written.
    """
    if text.isprintable():
        return text
    return "".join(char if _fits_a_line(char) else json.dumps(char)[1:-1] for char in text)


def csv_cell(value: object) -> object:
    """A value as it stands in a cell: on one line, and nothing that a terminal or a spreadsheet would carry out."""
    if isinstance(value, (Mapping, list, tuple)):
        return escaped(json.dumps(value, ensure_ascii=False, default=str))
    if not isinstance(value, str):
        return value
    # A spreadsheet would run it: https://owasp.org/www-community/attacks/CSV_Injection
    return escaped(f"'{value}" if value.startswith(_FORMULA) else value)


def _fits_a_line(char: str) -> bool:
    return char != "\n" and (_can_be_seen(char) or unicodedata.category(char) == "Cs")


def _can_be_seen(char: str) -> bool:
    return char.isprintable() or char == "\n" or char in _JOINERS or unicodedata.category(char) == "Zs"


def counted(number: int, one: str, many: str) -> str:
    """A number and what it counts."""
    return f"{number:,} {one if number == 1 else many}"
