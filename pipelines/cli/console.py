"""Printing: data to standard output as a table, JSON Lines or CSV, everything else to standard error."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console, RenderableType
from rich.table import Table

from synsift.pipelines.cli.options import Format

if TYPE_CHECKING:
    from synsift.pipelines.summary import SynsetCounts

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)
"""What is good to know; ``--quiet`` keeps it back."""
warn = Console(stderr=True, highlight=False, soft_wrap=True)
"""What went wrong."""


def print_rows(
    rows: Iterable[Mapping[str, Any]], output: Format, *, empty: str = "nothing", columns: Sequence[str] = ()
) -> None:
    """Print rows that share their keys.

    Args:
        rows: The data.
        output: How.
        empty: What to say where a table would have no rows.
        columns: Names for the first line of CSV that has no others.
    """
    if output is Format.JSONL:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False, default=str))
        return
    found = list(rows)
    if output is Format.CSV:
        _print_csv(found, list(found[0]) if found else columns)
        return
    if not found:
        err.print(empty)
        return
    table = Table(header_style="bold", box=None, pad_edge=False)
    for name, value in found[0].items():
        table.add_column(name.replace("_", " "), justify="right" if isinstance(value, (int, float)) else "left")
    for row in found:
        table.add_row(*(_cell(value) for value in row.values()))
    print_data(table)


def _print_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Lines of CSV under a line of names; what is a list or a table in itself stands as JSON."""
    writer = csv.DictWriter(sys.stdout, fieldnames=columns, lineterminator="\n")
    if columns:
        writer.writeheader()
    for row in rows:
        writer.writerow({name: _csv_cell(value) for name, value in row.items()})


def _csv_cell(value: object) -> object:
    if isinstance(value, (Mapping, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value


def print_data(drawing: RenderableType) -> None:
    """Print a table or a tree; in a pipe nothing is cut off to fit a width."""
    console = out if out.is_terminal else Console(highlight=False, width=10_000)
    console.print(drawing)


def synset_row(counts: "SynsetCounts") -> dict[str, Any]:
    """A synset's line in the tables of ``crawl`` and ``status``."""
    refused = counts.refused
    return {
        "synset": counts.wnid,
        "asked": counts.asked,
        "found": counts.found,
        "repeated": counts.repeated,
        "fetched": counts.fetched,
        "refused": sum(refused.values()),
        "unique": counts.unique,
        "exact": counts.exact,
        "near": counts.near,
        "reference": counts.reference,
        "landed": counts.landed,
        "why_refused": refused,
    }


def counted(number: int, one: str, many: str) -> str:
    """A number and what it counts."""
    return f"{number:,} {one if number == 1 else many}"


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{number} {name}" for name, number in value.items())
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return escape(str(value))


def escape(text: str) -> str:
    """A text as data: brackets are markup to Rich, and control characters commands to a terminal."""
    printable = "".join(char if char.isprintable() else "�" for char in text)
    return printable.replace("[", "\\[")
