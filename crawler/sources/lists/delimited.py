"""Rows of CSV, TSV, and of a text with a URL a line.

A field in quotes may have line breaks in it, so a quote that is never closed would swallow what follows. Where a line
ends within quotes, the lines behind it belong to it only if

    1. none of them is a whole row by itself, with a URL where the URLs stand,
    2. the quote is closed within a bound, with nothing but the end of the field behind it, and
    3. the row has as many fields as it should.

Otherwise the line alone is broken, and reading goes on with the next one.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from synsift.crawler.sources.lists.lines import TOO_LONG, Line, Lines
from synsift.crawler.sources.lists.rows import Row, bad_row, is_text
from synsift.crawler.sources.lists.written_urls import is_url, link_in

_MAX_ROW_LINES: Final = 100
"""Captions have a few lines. More of them, and a file of nothing but open quotes takes long to read."""
_MAX_ROW_CHARACTERS: Final = 64_000
_OF_A_LINK: Final = ("title", "landing_page")
_ASCII: Final = bytes(range(128))


@dataclass(frozen=True, slots=True)
class Form:
    """How the rows of a file are written.

    Attributes:
        names: Of the columns.
        delimiter: Between fields; empty if a row is one field.
        url_at: Index of the column of URLs; -1 if it isn't known.
        is_quoted: Whether a quote at the beginning of a field means anything.
        is_any_bytes: Whether bytes that aren't UTF-8 are no damage, but a URL's own: they are percent-encoded.
        is_headed: Whether the names stand in the file.
        passed_lines: Lines to pass over at the beginning.
    """

    names: tuple[str, ...]
    delimiter: str
    url_at: int
    is_quoted: bool = True
    is_any_bytes: bool = False
    is_headed: bool = False
    passed_lines: int = 0


class DelimitedReader:
    """Rows from a place on."""

    def __init__(self, lines: Lines, form: Form) -> None:
        """Read lines, which begin behind the header, as rows of a form."""
        self._lines = lines
        self._form = form

    def close(self) -> None:
        """Close the file."""
        self._lines.close()

    def cursor(self) -> str:
        """The byte and the number of lines before the next row."""
        return f"{self._lines.offset}:{self._lines.number}"

    def rows(self) -> Iterator[Row]:
        """All rows that follow; empty lines are none."""
        form = self._form
        nothing = f" \t\r\n{form.delimiter}"
        for line in self._lines:
            if line.is_too_long:
                yield bad_row(line.number, TOO_LONG, line.raw)
                continue
            text = line.text.rstrip("\r\n")
            if not text or not text.strip(nothing):
                continue
            values: list[str] | None
            if form.is_quoted and '"' in text:
                values = self._quoted(line)
                if values is None:
                    yield bad_row(line.number, "a quote is opened and never closed", line.raw)
                    continue
            elif form.delimiter:
                values = text.split(form.delimiter)
            elif is_url(text):
                values = [text]
            else:
                yield self._link(line, text)
                continue
            fitted = self._fitted(values)
            yield self._of_other_width(line, values) if fitted is None else self._checked(line, fitted)

    def _link(self, line: Line, text: str) -> Row:
        """The row of a line that is no URL, but may be a link."""
        try:
            link = link_in(text)
        except ValueError as exc:
            return bad_row(line.number, str(exc), line.raw)
        if link is None:
            return self._checked(line, [text])
        row = self._checked(line, [link.url, link.title, link.landing_page])
        return row if row.problem else replace(row, names=(*self._form.names, *_OF_A_LINK))

    def _fitted(self, values: list[str]) -> list[str] | None:
        """As many values as there are columns, if what is missing, or too much, is nothing: spreadsheets write so."""
        missing = len(self._form.names) - len(values)
        if missing == 0:
            return values
        if missing > 0:
            return [*values, *[""] * missing] if self._form.url_at < len(values) else None
        return None if any(map(str.strip, values[missing:])) else values[:missing]

    def _of_other_width(self, line: Line, values: list[str]) -> Row:
        first, width = "the header" if self._form.is_headed else "the first row", len(self._form.names)
        counted = f"{len(values)} field{'' if len(values) == 1 else 's'}"
        return bad_row(line.number, f"{counted} where {first} has {width}", line.raw)

    def _checked(self, line: Line, values: Sequence[str]) -> Row:
        # Values with line breaks come of several lines: each is looked at, not the first line.
        if not ("".join(values).isascii() or all(map(is_text, values))):
            if not self._form.is_any_bytes:
                return self._old_text(line, values)
            values = [quote(value.encode("utf-8", "surrogateescape"), safe=_ASCII) for value in values]
        return Row(line.number, self._form.names, values)

    def _old_text(self, line: Line, values: Sequence[str]) -> Row:
        """A row that is no UTF-8: of a spreadsheet, as Windows wrote them, unless its URL is what isn't."""
        at = self._form.url_at
        if at < 0 or not values[at].isascii():
            return bad_row(line.number, "not UTF-8", line.raw)
        texts = [value.encode("utf-8", "surrogateescape").decode("cp1252", "replace") for value in values]
        return Row(line.number, self._form.names, texts)

    def _quoted(self, line: Line) -> list[str] | None:
        """Fields of a row with quotes, which may go on in the next lines; None if a quote is never closed."""
        values = parse(line.text, self._form.delimiter)
        if values is not None:
            return values
        taken: list[Line] = []
        texts = [line.text]
        size = len(line.text)
        while len(taken) < _MAX_ROW_LINES and (following := self._lines.take()) is not None:
            taken.append(following)
            size += len(following.text)
            if following.is_too_long or size > _MAX_ROW_CHARACTERS or self._is_row(following.text):
                break
            texts.append(following.text)
            if '"' not in following.text:
                continue
            values = parse("".join(texts), self._form.delimiter)
            if values is not None:
                if self._is_sound("".join(texts), values):
                    return values
                break
        self._lines.put_back(taken)
        return None

    def _is_row(self, text: str) -> bool:
        """Whether a line is a whole row by itself."""
        if text.count('"') % 2:
            return False
        values = parse(text, self._form.delimiter)
        if values is None or len(values) != len(self._form.names):
            return False
        urls = [values[self._form.url_at]] if self._form.url_at >= 0 else values
        return any(map(is_url, urls))

    def _is_sound(self, text: str, values: list[str]) -> bool:
        """Whether a row of several lines is written by the book."""
        try:
            strict = next(csv.reader([text], delimiter=self._form.delimiter or ",", strict=True))
        except csv.Error:
            return False
        return strict == values and self._fitted(values) is not None


def parse(text: str, delimiter: str) -> list[str] | None:
    """The fields of a row; None if it ends within quotes, or has a field beyond what ``csv`` reads."""
    # Another line is read only if the row goes on behind the first.
    lines = iter([text.rstrip("\r\n") + "\n", ""])
    try:
        values = next(csv.reader(lines, delimiter=delimiter or ","), [])
    except csv.Error:
        return None
    return values if next(lines, None) is not None else None
