"""How a text of rows is written, as its name and its first line show: header, delimiter, columns."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

from synsift.crawler.errors import SourceError
from synsift.crawler.sources.lists.delimited import Form, parse
from synsift.crawler.sources.lists.files import Kind
from synsift.crawler.sources.lists.layouts import LAYOUTS, Layout, Mapper
from synsift.crawler.sources.lists.lines import Line, Lines
from synsift.crawler.sources.lists.rows import URL_STARTS, is_text
from synsift.crawler.wording import code

_NUMBERED: Final = re.compile(r"n\d{8}(_\d+)?")
_MAX_BLANK: Final = 1_000
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")


def first_line(path: Path) -> Line | None:
    """The first line of a file that isn't empty; None if there is none.

    Raises:
        SourceError: It is no text.
    """
    lines = Lines(path)
    try:
        for _ in range(_MAX_BLANK):
            line = lines.take()
            if line is None or line.text.strip() or line.is_too_long:
                break
    finally:
        lines.close()
    if line is not None and line.raw.startswith(_WIDE):
        raise SourceError(f"{path}: it is UTF-16", hint="save it as UTF-8")
    return line


def kind_shown(line: Line) -> Kind:
    """The kind of a text whose name doesn't tell."""
    text = line.text.strip()
    if text.startswith("{"):
        return Kind.JSON_LINES
    if "\t" in text:
        return Kind.TSV
    if _is_url(text) or "," not in text:
        return Kind.TEXT
    return Kind.CSV


def form_of(path: Path, kind: Kind, line: Line, layout: Layout) -> tuple[Form, Layout]:
    """How the rows of a file are written, and what its columns mean.

    Args:
        path: Of the file, for messages.
        kind: ``CSV``, ``TSV`` or ``TEXT``.
        line: The first that isn't empty.
        layout: What the user says of the columns.

    Raises:
        SourceError: It can't be read so.
    """
    text = line.text.rstrip("\r\n")
    delimiter = _delimiter(kind, text)
    # A quote in TSV without a header means itself; and no quote is in a text of URLs.
    values = parse(text, delimiter) if delimiter and kind is not Kind.TSV else None
    if values is None:
        values = text.split(delimiter) if delimiter else [text]
    is_data = line.is_too_long or any(_is_url(value) for value in values)
    if layout.names:
        names = next((names for names in layout.names if len(names) == len(values)), layout.names[0])
        headed = not is_data and Mapper(layout).url_at(tuple(values)) >= 0
        return _form(names, delimiter, layout, headed_by=line if headed else None), layout
    if not is_data:
        return _headed(path, kind, line, delimiter, layout)
    return _headless(values, delimiter, layout)


def _headed(path: Path, kind: Kind, line: Line, delimiter: str, layout: Layout) -> tuple[Form, Layout]:
    names = parse(line.text, delimiter)
    if names is None or not all(map(is_text, names)):
        problem = "a quote is opened and never closed" if names is None else "not UTF-8"
        raise SourceError(f"{path}:{line.number}: the header can't be read: {problem}")
    if kind is Kind.TEXT and Mapper(layout).url_at(tuple(names)) < 0:
        # No header: a line that is no URL, among lines that may be.
        return _form(("1",), "", _urls_at(layout, "1"), headed_by=None), _urls_at(layout, "1")
    delimiter = delimiter if len(names) > 1 else ""
    form = _form(tuple(names), delimiter, layout, headed_by=line)
    return replace(form, is_quoted=True, delimiter=delimiter or ","), layout


def _headless(values: list[str], delimiter: str, layout: Layout) -> tuple[Form, Layout]:
    """Columns are named by numbers; the URLs stand where the first row has one."""
    at = next((number for number, value in enumerate(values) if _is_url(value)), 0)
    if len(values) == 1:
        delimiter = ""
    if layout.columns.url:
        named = layout
    elif len(values) == 2 and at == 1 and _NUMBERED.fullmatch(values[0].strip()) and not layout.columns.wnid:
        known = LAYOUTS["imagenet"]
        return _form(known.names[0], delimiter, known, headed_by=None), known
    else:
        named = _urls_at(layout, str(at + 1))
        if len(values) == 2 and not layout.columns.title and not layout.columns.wnid:
            named = replace(named, columns=replace(named.columns, title=str(2 - at)))
    names = tuple(str(number) for number in range(1, len(values) + 1))
    form = _form(names, delimiter, named, headed_by=None)
    return replace(form, is_quoted=delimiter not in ("", "\t")), named


def _form(names: tuple[str, ...], delimiter: str, layout: Layout, *, headed_by: Line | None) -> Form:
    return Form(
        names,
        delimiter,
        Mapper(layout).url_at(names),
        is_quoted=delimiter == ",",
        is_any_bytes=layout.is_any_bytes,
        header_lines=headed_by.number if headed_by else 0,
    )


def _urls_at(layout: Layout, name: str) -> Layout:
    return replace(layout, columns=replace(layout.columns, url=name))


def _delimiter(kind: Kind, text: str) -> str:
    if kind is Kind.TSV:
        return "\t"
    if kind is Kind.TEXT:
        return ""
    # Spreadsheets write CSV with semicolons where a comma is the decimal point.
    return next((mark for mark in ",\t;" if mark in text), ",") if not _is_url(text) else ","


def _is_url(value: str) -> bool:
    return value.strip().strip('"').lower().startswith(URL_STARTS)


def missing_column(path: Path, form: Form, wanted: str) -> SourceError:
    """What to say where no column of URLs is."""
    return SourceError(
        f"{path}: there is no column {code(wanted or 'url')}; its columns are {', '.join(form.names) or 'none'}",
        hint="name the column of the URLs with `--set sources.urls.url_column=NAME`",
    )
