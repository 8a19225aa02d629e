"""How a text of rows is written, as its name and its first line show: header, delimiter, columns."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from synsift.crawler.errors import SourceError
from synsift.crawler.sources.lists.delimited import Form, parse
from synsift.crawler.sources.lists.files import Kind
from synsift.crawler.sources.lists.layouts import LAYOUTS, Layout, Mapper
from synsift.crawler.sources.lists.lines import Line, Lines
from synsift.crawler.sources.lists.rows import is_text
from synsift.crawler.sources.lists.written_urls import is_url
from synsift.crawler.wording import code

_NUMBERED: Final = re.compile(r"n\d{8}(_\d+)?")
_MAX_BLANK: Final = 1_000
_SAMPLE_LINES: Final = 20
_DELIMITERS: Final = ",\t;|"
# Spreadsheets say so themselves where a comma is the decimal point.
_SAYS_DELIMITER: Final = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a text begins.

    Attributes:
        line: The first line that isn't empty, and says nothing of delimiters; None if there is none.
        passed: Lines before it that are no rows.
        delimiter: That the line before it names; empty if none does.
        sample: Some lines behind it.
    """

    line: Line | None
    passed: int = 0
    delimiter: str = ""
    sample: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The first line without its end; of one that is too long, the beginning."""
        if self.line is None:
            return ""
        whole = self.line.raw.decode("utf-8", "replace") if self.line.is_too_long else self.line.text
        return whole.rstrip("\r\n")


def beginning_of(path: Path) -> Beginning:
    """How the text of a file begins."""
    lines = Lines(path)
    try:
        line = _first(lines)
        passed, delimiter = 0, ""
        if line is not None and (found := _SAYS_DELIMITER.fullmatch(line.text.strip("\r\n "))):
            passed, delimiter = line.number, found[1]
            line = _first(lines)
        sample = [following.text.rstrip("\r\n") for _ in range(_SAMPLE_LINES) if (following := lines.take())]
    finally:
        lines.close()
    return Beginning(line, passed, delimiter, tuple(text for text in sample if text.strip()))


def _first(lines: Lines) -> Line | None:
    for _ in range(_MAX_BLANK):
        line = lines.take()
        if line is None or line.text.strip() or line.is_too_long:
            break
    return line


def kind_shown(begin: Beginning, layout: Layout) -> Kind:
    """The kind of a text whose name doesn't tell."""
    text = begin.text.strip()
    if text.startswith("{") or (text.startswith("[") and text[1:].lstrip()[:1] in ("", "{", "[", '"')):
        return Kind.JSON_LINES
    if "\t" in text and not begin.delimiter:
        return Kind.TSV
    if begin.delimiter:
        return Kind.CSV
    if is_url(text):
        return Kind.TEXT
    values = _split(text, _delimiter(Kind.CSV, begin))
    has_urls = any(map(is_url, values)) or Mapper(layout).url_at(tuple(values)) >= 0
    return Kind.CSV if len(values) > 1 and (has_urls or layout.columns.url) else Kind.TEXT


def form_of(path: Path, kind: Kind, begin: Beginning, layout: Layout) -> tuple[Form, Layout]:
    """How the rows of a file are written, and what its columns mean.

    Args:
        path: Of the file, for messages.
        kind: ``CSV``, ``TSV`` or ``TEXT``.
        begin: How it begins, which has a line.
        layout: What the user says of the columns.

    Raises:
        SourceError: It can't be read so.
    """
    delimiter = _delimiter(kind, begin)
    # A quote in TSV without a header means itself; and no quote is in a text of URLs.
    values = begin.text.split("\t") if delimiter == "\t" and kind is Kind.TSV else _split(begin.text, delimiter)
    is_data = begin.line is None or begin.line.is_too_long or any(map(is_url, values))
    if layout.names:
        names = next((names for names in layout.names if len(names) == len(values)), layout.names[0])
        headed = not is_data and Mapper(layout).url_at(tuple(values)) >= 0
        return _form(names, delimiter, layout, begin, is_headed=headed), layout
    if not is_data:
        return _headed(path, kind, begin, delimiter, layout)
    return _headless(values, delimiter, layout, begin)


def _headed(path: Path, kind: Kind, begin: Beginning, delimiter: str, layout: Layout) -> tuple[Form, Layout]:
    names = parse(begin.text, delimiter)
    if names is None or not all(map(is_text, names)):
        problem = "a quote is opened and never closed" if names is None else "not UTF-8"
        number = begin.line.number if begin.line else 1
        raise SourceError(f"{path}:{number}: the header can't be read: {problem}")
    if kind is Kind.TEXT and Mapper(layout).url_at(tuple(names)) < 0:
        # No header: a line that is no URL, among lines that may be.
        return _form(("1",), "", _urls_at(layout, "1"), begin, is_headed=False), _urls_at(layout, "1")
    form = _form(tuple(names), delimiter, layout, begin, is_headed=True)
    return replace(form, is_quoted=True), layout


def _headless(values: list[str], delimiter: str, layout: Layout, begin: Beginning) -> tuple[Form, Layout]:
    """Columns are named by numbers; the URLs stand where the first row has one."""
    at = next((number for number, value in enumerate(values) if is_url(value)), 0)
    if len(values) == 1:
        delimiter = ""
    if layout.columns.url:
        named = layout
    elif len(values) == 2 and at == 1 and _NUMBERED.fullmatch(values[0].strip()) and not layout.columns.wnid:
        known = LAYOUTS["imagenet"]
        return _form(known.names[0], delimiter, known, begin, is_headed=False), known
    else:
        named = _urls_at(layout, str(at + 1))
        if len(values) == 2 and not layout.columns.title and not layout.columns.wnid:
            named = replace(named, columns=replace(named.columns, title=str(2 - at)))
    # Cells at the end that are empty may be left out of any row, the first one, too.
    others = [_split(text, delimiter) for text in begin.sample] if delimiter else []
    width = max(len(values), *(len(other) for other in others if at < len(other) and is_url(other[at])), 1)
    names = tuple(str(number) for number in range(1, width + 1))
    form = _form(names, delimiter, named, begin, is_headed=False)
    return replace(form, is_quoted=delimiter not in ("", "\t")), named


def _form(names: tuple[str, ...], delimiter: str, layout: Layout, begin: Beginning, *, is_headed: bool) -> Form:
    return Form(
        names,
        delimiter,
        Mapper(layout).url_at(names),
        is_quoted=delimiter not in ("", "\t"),
        is_any_bytes=layout.is_any_bytes,
        is_headed=is_headed,
        passed_lines=begin.line.number if is_headed and begin.line else begin.passed,
    )


def _urls_at(layout: Layout, name: str) -> Layout:
    return replace(layout, columns=replace(layout.columns, url=name))


def _split(text: str, delimiter: str) -> list[str]:
    values = parse(text, delimiter) if delimiter else None
    return values if values is not None else text.split(delimiter) if delimiter else [text]


def _delimiter(kind: Kind, begin: Beginning) -> str:
    """What stands between fields; empty if a line is one."""
    if begin.delimiter:
        return begin.delimiter
    if kind is Kind.TEXT:
        return ""
    if kind is Kind.TSV and "\t" in begin.text:
        return "\t"
    text = _QUOTED.sub("", begin.text)
    if not is_url(begin.text):
        return max(_DELIMITERS, key=text.count)
    # A URL may have any of them but the tab in it: what is in all lines stands between.
    return next((mark for mark in ",\t|;" if all(mark in line for line in (text, *begin.sample))), ",")


def missing_column(path: Path, form: Form, wanted: str) -> SourceError:
    """What to say where no column of URLs is."""
    by_other_marks = all(re.fullmatch("'.*'", name) for name in form.names) and form.names
    return SourceError(
        f"{path}: there is no column {code(wanted or 'url')}; its columns are {', '.join(form.names) or 'none'}",
        hint="its cells stand between ' marks: write it with \" marks (RFC 4180), or with none"
        if by_other_marks
        else "name the column of the URLs with `--set sources.urls.url_column=NAME`",
    )
