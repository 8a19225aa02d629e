"""One row of a list, whatever the list is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

_MAX_RAW: Final = 2_000
URL_STARTS: Final = ("http://", "https://")
"""How what can be asked for begins."""


@dataclass(slots=True)
class Row:
    """One row of a list.

    Attributes:
        number: Of its first line, or of the row where a list has no lines; from 1.
        names: Of the columns.
        values: One for each name; none if the row is broken.
        problem: What is broken; empty if nothing is.
        raw: The broken row as it stands.
    """

    number: int
    names: tuple[str, ...]
    values: Sequence[str]
    problem: str = ""
    raw: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """Column → value."""
        return dict(zip(self.names, self.values, strict=True)) if not self.problem else {}


class Reader(Protocol):
    """An open list."""

    def rows(self) -> Iterator[Row]:
        """What follows; may be asked for once."""

    def cursor(self) -> str:
        """Where the row stands that comes next."""

    def close(self) -> None:
        """Close the file."""


def bad_row(number: int, problem: str, raw: bytes) -> Row:
    """A row that can't be read."""
    return Row(number, (), (), problem, raw[:_MAX_RAW].decode("utf-8", "replace").rstrip("\r\n"))


def is_text(value: str) -> bool:
    """Whether all of it can be written as UTF-8: bytes that weren't are surrogates."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
