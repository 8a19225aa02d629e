"""Rows → a table that fits its terminal. The one place that draws tables.

    wide enough     synset  found  fetched          columns side by side,
                    daisy      40       31          long values below their row
                      why refused: 4 timeout

    too narrow      key    fetch.delay_s            a block a row
                    value  1.0

Numbers are never broken. Texts are, first the longest: between words or behind a slash, else anywhere; what is not said
to be clipped is never cut off. Colours are the terminal's own, bold and dim, so that they can be read on any ground,
and without them nothing is lost.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.cells import cell_len, chop_cells
from rich.console import Group, RenderableType
from rich.text import Text

from synsift.pipelines.texts import printable

_NUMBER: Final = re.compile(r"-?\d[\d,.]*(e[+-]\d+)?%?")
_GAP: Final = 2
_INDENT: Final = 2
_NARROW: Final = 12
"""To so many columns of the terminal a text may shrink; below, a table of it reads like a list of syllables."""
_TOGETHER: Final = {ord(" "): "\N{NO-BREAK SPACE}", ord("_"): "\N{NO-BREAK SPACE}"}
_BLANK: Final = ("", 0, None, False)


@dataclass(frozen=True, slots=True)
class Table:
    """What is drawn.

    Attributes:
        rows: Name of a column → value; all have the same names.
        details: Columns that stand below their row.
        clipped: Those of them that are cut to one line: what only a program wants whole.
    """

    rows: Sequence[Mapping[str, Any]]
    details: Sequence[str] = ()
    clipped: Sequence[str] = ()


def draw(table: Table, width: int) -> RenderableType:
    """Lay a table out.

    Args:
        table: Its rows, at least one.
        width: Of the terminal, in columns.
    """
    names = [name for name in table.rows[0] if name not in table.details]
    columns = [_Column(name, [row[name] for row in table.rows]) for name in names]
    widths = _fit(columns, width)
    if widths is None:
        return Group(*_blocks(table, width))
    lines = [_line([column.title for column in columns], columns, widths, style="bold")]
    for number, row in enumerate(table.rows):
        lines.append(_line([column.cells[number] for column in columns], columns, widths))
        lines += _details(table, row, width)
    return Group(*lines)


class _Column:
    """A column's cells as texts."""

    def __init__(self, name: str, values: Sequence[Any]) -> None:
        self.title = _title(name)
        self.cells = [cell_of(value) for value in values]
        self.is_number = all(map(_is_number, values))
        self.width = max(map(cell_len, (self.title, *self.cells)))
        # A column of single words that are short is a column of marks, such as kinds: broken, they say nothing.
        self.least = self.width if self.is_number else min(self.width, max(_NARROW, cell_len(self.title)))


def cell_of(value: object) -> str:
    """A value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(printable(f"{number} {name}").translate(_TOGETHER) for name, number in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return printable(", ".join(map(str, value)))
    return printable(str(value)).replace("\n", " ")


def _is_number(value: object) -> bool:
    return value in ("", None) or isinstance(value, (int, float)) or _NUMBER.fullmatch(str(value)) is not None


def _title(name: str) -> str:
    return name.replace("_", " ")


def _fit(columns: Sequence[_Column], width: int) -> list[int] | None:
    """Widths of the columns, the widest texts shrunk as far as need be; None if that isn't enough."""
    widths = [column.width for column in columns]
    excess = sum(widths) + _GAP * (len(widths) - 1) - width
    while excess > 0:
        place = max(range(len(columns)), key=lambda at: widths[at] - columns[at].least and widths[at])
        if widths[place] <= columns[place].least:
            return None
        # Down to the next widest at once, so that those that are alike stay alike.
        lower = max((x for x in widths if x < widths[place]), default=0)
        step = min(excess, max(1, widths[place] - max(lower, columns[place].least)))
        widths[place] -= step
        excess -= step
    return widths


def _line(cells: Sequence[str], columns: Sequence[_Column], widths: Sequence[int], style: str = "") -> Text:
    """One row, of as many lines as its longest cell needs."""
    wrapped = [wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for number in range(max(map(len, wrapped))):
        parts = []
        for column, width, texts in zip(columns, widths, wrapped, strict=True):
            text = texts[number] if number < len(texts) else ""
            padding = " " * (width - cell_len(text))
            parts.append(padding + text if column.is_number else text + padding)
        lines.append((" " * _GAP).join(parts).rstrip())
    return Text("\n".join(lines), style=style)


def _details(table: Table, row: Mapping[str, Any], width: int) -> list[Text]:
    """What stands below a row: short values together on a line, long ones on lines of their own."""
    lines: list[str] = []
    for name in filter(lambda name: _says_something(row[name]), table.details):
        part = f"{_title(name)}: {cell_of(row[name])}"
        if lines and cell_len(lines[-1]) + 2 + cell_len(part) <= width - _INDENT:
            lines[-1] += "; " + part
        elif name in table.clipped and cell_len(part) > width - 2 * _INDENT:
            lines.append(chop_cells(part, width - 2 * _INDENT - 2)[0] + " …")
        else:
            lines += wrap(part, width - 2 * _INDENT)
    return [Text(" " * _INDENT + line, style="dim") for line in lines]


def _says_something(value: object) -> bool:
    return value not in _BLANK and not (isinstance(value, (Mapping, Sequence)) and not value)


def _blocks(table: Table, width: int) -> list[Text]:
    titles = {name: _title(name) for name in table.rows[0]}
    longest = max(map(cell_len, titles.values()))
    lines = []
    for number, row in enumerate(table.rows):
        if number:
            lines.append(Text())
        for name, value in row.items():
            for at, part in enumerate(wrap(cell_of(value), max(1, width - longest - _GAP))):
                title = titles[name] if at == 0 else ""
                lines.append(Text.assemble((title + " " * (longest + _GAP - cell_len(title)), "bold"), part))
    return lines


def wrap(text: str, width: int) -> list[str]:
    """Lines of a text: broken between words, behind a slash or a name in quotes; a longer word anywhere."""
    lines, line = [], ""
    for piece in _pieces(text):
        if cell_len((line + piece).rstrip()) <= width:
            line += piece
            continue
        if line:
            lines.append(line.rstrip())
        *whole, line = chop_cells(piece, width) if cell_len(piece.rstrip()) > width else [piece]
        lines += whole
    return [one.replace("\N{NO-BREAK SPACE}", " ") for one in (*lines, line.rstrip())]


def _pieces(text: str) -> list[str]:
    pieces, begin = [], 0
    for at, char in enumerate(text):
        is_break = char in " /" or text[at - 1 : at + 1] == '".'
        if is_break and at + 1 < len(text) and text[at + 1] not in " /":
            pieces.append(text[begin : at + 1])
            begin = at + 1
    return [*pieces, text[begin:]]
