"""Rows of a CSV that somebody else has made. A quote that never closes costs its own row."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from synsift.pipelines.errors import UsageError

_MOST_LINES: Final = 200
"""A row that spans more has an open quote."""
_LOOKED_AT_BYTES: Final = 64
"""A zero among the first bytes is no text's: packed, or UTF-16 without its mark."""
_BOMS: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


def text_of(path: Path) -> str:
    """The text of a file: in UTF-8, or UTF-16 that says so; a byte that is neither becomes U+FFFD.

    Raises:
        OSError: It can't be read.
        UsageError: It is no text.
    """
    data = path.read_bytes()
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    if encoding != "utf-16" and b"\0" in data[:_LOOKED_AT_BYTES]:
        raise UsageError(f"`{path}` is no text in UTF-8", hint="unpack it, or save it as UTF-8")
    text = data.decode(encoding, errors="replace")
    return text if "\n" in text else text.replace("\r", "\n")  # as old Macs end lines


def rows_of(text: str) -> Iterator[tuple[int, list[str] | str]]:
    """Rows with the numbers of their first lines; in place of one that can't be read, why."""
    lines = text.split("\n")
    delimiter = _delimiter(lines[0] if lines else "")
    number = 0
    while number < len(lines):
        if not lines[number].strip():
            number += 1
            continue
        row, used = _row(lines[number : number + _MOST_LINES], delimiter)
        yield number + 1, row if row is not None else "a quote in it never closes, or stands where none may be"
        number += used


def _row(lines: Sequence[str], delimiter: str) -> tuple[list[str] | None, int]:
    """The row that begins there, and how many lines it has."""
    for used in range(1, len(lines) + 1):
        joined = "\n".join(lines[:used]).removesuffix("\r")
        try:
            found = list(csv.reader([joined], delimiter=delimiter, strict=True))
        except csv.Error as exc:
            if "unexpected end" in str(exc):
                continue
            return None, 1
        return found[0] if len(found) == 1 else None, used
    return None, 1


def _delimiter(head: str) -> str:
    return max(",;\t", key=head.count)
