"""Printing: data to standard output as a table, JSON Lines or CSV, everything else to standard error.

What is printed may come from outside: a path, a title, an error's message. So brackets are no markup here, and control
characters never reach the terminal; what is to be coloured says so by ``style=``.
"""

import csv
import io
import itertools
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.console import Console, RenderableType

from synsift.pipelines.cli.options import Format
from synsift.pipelines.cli.tables import Table, draw
from synsift.pipelines.errors import SynsiftError
from synsift.pipelines.texts import csv_cell, escaped, printable

if TYPE_CHECKING:
    from synsift.pipelines.summary import SynsetCounts

_NO_LIMIT: Final = 10_000
A_TABLE: Final = 10_000
"""Rows of one table: of more it begins anew, as drawing takes some kB of memory a row."""


class Terminal(Console):
    """A console that prints texts as they are."""

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(stderr=stderr, width=width, highlight=False, soft_wrap=True, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Leave it to who runs the command: Rich would end the program as failed."""
        raise BrokenPipeError

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401 - as Rich has it
        """Print; texts without their control characters."""
        super().print(*(printable(x) if isinstance(x, str) else x for x in objects), **options)


out = Terminal()
err = Terminal(stderr=True)
"""What is good to know; ``--quiet`` keeps it back."""
warn = Terminal(stderr=True)
"""What went wrong."""


def print_rows(
    rows: Iterable[Mapping[str, Any]],
    output: Format,
    *,
    details: Sequence[str] = (),
    clipped: Sequence[str] = (),
    empty: str = "nothing",
    columns: Sequence[str] = (),
) -> None:
    """Print rows that share their keys.

    Args:
        rows: Name of a column → value.
        output: How.
        details: Columns whose values are long: on a terminal they stand below their row, where there are any.
        clipped: Those of them that are cut to one line there.
        empty: What to say if there are no rows.
        columns: Names for the first line of CSV that has no others.
    """
    if output is Format.JSONL:
        for row in rows:
            typer.echo(_json(row))
        return
    if output is Format.CSV:
        left = iter(rows)
        first = list(itertools.islice(left, 1))
        _print_csv(itertools.chain(first, left), list(first[0]) if first else columns)
        return
    left = iter(rows)
    found = list(itertools.islice(left, A_TABLE))
    if not found and empty:
        err.print(empty)
    width = out.width if out.is_terminal else _NO_LIMIT
    while found:
        print_data(draw(Table(found, details if out.is_terminal else (), clipped), width))
        found = list(itertools.islice(left, A_TABLE))


def _print_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Lines of CSV under a line of names; what is a list or a table in itself stands as JSON."""
    line = io.StringIO(newline="")
    # With this end of line, the writer quotes cells with either of its characters; what is printed ends as lines do.
    writer = csv.DictWriter(line, fieldnames=columns, lineterminator="\r\n")

    def flush() -> None:
        sys.stdout.write(line.getvalue().removesuffix("\r\n") + "\n")
        line.seek(0)
        line.truncate()

    if columns:
        writer.writeheader()
        flush()
    for row in rows:
        writer.writerow({name: csv_cell(value) for name, value in row.items()})
        flush()


def tell(error: SynsiftError) -> None:
    """Say what an error says, with its hint, where the command goes on."""
    err.print(f"{error}\nhint: {error.hint}" if error.hint else str(error))


def print_data(drawing: RenderableType) -> None:
    """Print a table or a tree; in a pipe nothing is cut off to fit a width."""
    console = out if out.is_terminal else Terminal(width=_NO_LIMIT)
    console.print(drawing, soft_wrap=False)


def synset_row(counts: "SynsetCounts") -> dict[str, Any]:
    """A synset's line in the tables of ``crawl`` and ``status``."""
    refused = counts.refused
    return {
        "synset": counts.wnid,
        "asked": counts.asked,
        "found": counts.found,
        "left_out": counts.left_out,
        "unasked": counts.unasked,
        "repeated": counts.repeated,
        "fetched": counts.fetched,
        "refused": sum(refused.values()),
        "unique": counts.unique,
        "exact": counts.exact,
        "near": counts.near,
        "reference": counts.reference,
        "landed": counts.landed,
        "why_refused": refused,
        "verified": counts.verified,
    }


SYNSET_DETAILS: Final = ("asked", "left_out", "unasked", "repeated", "reference", "why_refused", "verified")
"""Of a synset's line: what stands below it on a terminal."""


def _json(row: Mapping[str, Any]) -> str:
    """A row as JSON, which has to be UTF-8 (RFC 8259): names that are not are escaped, and Python reads them back.

    So is what can't be seen: JSON has an escape for all of it, and a terminal takes more for commands than JSON does.
    """
    text = escaped(json.dumps(row, ensure_ascii=False, default=str))
    return text if text.isascii() or _is_utf8(text) else json.dumps(row, default=str)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
