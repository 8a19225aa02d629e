"""Printing: data to standard output as a table or JSON Lines, everything else to standard error."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer
from rich.console import Console, RenderableType
from rich.table import Table

from synsift.pipelines.cli.options import Format
from synsift.pipelines.summary import SynsetCounts

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_rows(rows: Iterable[Mapping[str, Any]], output: Format, *, title: str = "", empty: str = "nothing") -> None:
    """Print rows that share their keys."""
    if output is Format.JSONL:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False, default=str))
        return
    found = list(rows)
    if not found:
        err.print(empty)
        return
    table = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for name, value in found[0].items():
        table.add_column(name.replace("_", " "), justify="right" if isinstance(value, (int, float)) else "left")
    for row in found:
        table.add_row(*(_cell(value) for value in row.values()))
    print_data(table)


def print_data(drawing: RenderableType) -> None:
    """Print a table or a tree; in a pipe nothing is cut off to fit a width."""
    console = out if out.is_terminal else Console(highlight=False, width=10_000)
    console.print(drawing)


def synset_row(counts: SynsetCounts) -> dict[str, Any]:
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
