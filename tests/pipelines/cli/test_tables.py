"""Tables fit the width that there is, and say all that they have to say."""

import csv
import io
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from synsift.pipelines.cli.console import SYNSET_DETAILS, Terminal, print_rows, synset_row
from synsift.pipelines.cli.options import Format
from synsift.pipelines.cli.tables import Table, draw, wrap
from synsift.pipelines.summary import SynsetCounts
from synsift.pipelines.texts import printable

HOSTILE = [
    "[/]",
    "[bold",
    "[red]x[/red]",
    ":smile:",
    "\x1b[2J",
    "a\tb",
    "\u202eabc",
    "\udcff",
    "[link=file:///etc]x[/link]",
]


def printed(table: Table, width: int) -> str:
    target = io.StringIO()
    Console(file=target, width=width, markup=False, emoji=False, highlight=False).print(draw(table, width))
    return target.getvalue()


texts = st.text(st.characters(categories=["L", "N", "P", "Zs", "So"]), max_size=60) | st.sampled_from(HOSTILE)
values = texts | st.integers(-(10**9), 10**9) | st.none() | st.booleans() | st.floats(-1e6, 1e6)


@given(
    st.lists(
        st.fixed_dictionaries({"a": values, "long name": texts, "n": st.integers(), "d": values}),
        min_size=1,
        max_size=4,
    ),
    st.integers(20, 200),
)
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(rows: list[dict[str, Any]], width: int) -> None:
    shown = printed(Table(rows, ("d",)), width)
    assert [line for line in shown.splitlines() if cell_len(line) > width] == []
    for row in rows:
        assert str(row["n"]) in re.sub(r"\s", "", shown)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", [20, 80])
def test_brackets_are_brackets_and_control_characters_are_shown_as_such(text: str, width: int) -> None:
    row = {"path": text, "why": {text: 3}, "list": [text], "name": "x"}
    shown = printed(Table([row], ("why",)), width)
    assert re.sub(r"\s", "", shown).count(re.sub(r"\s", "", printable(text))) == 3
    assert not set("\x1b\t\u202e\udcff") & set(shown)


@pytest.mark.parametrize("text", HOSTILE)
def test_messages_are_printed_as_they_are(text: str) -> None:
    target = io.StringIO()
    terminal = Terminal()
    terminal.file = target
    terminal.print(f"{text}: no such file", style="red")
    assert target.getvalue() == f"{printable(text)}: no such file\n"


def test_a_path_breaks_behind_a_slash_and_a_list_between_its_parts() -> None:
    assert wrap("photos/holiday/best.jpg", 16) == ["photos/holiday/", "best.jpg"]
    assert wrap("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]
    why = {"connection_failed": 12, "not_found": 3}
    shown = printed(Table([{"synset": "n1", "why": why}], ("why",)), 30)
    assert shown.splitlines()[1:] == ["n1", "  why: 12 connection failed,", "  3 not found"]


def test_a_table_too_narrow_for_its_columns_becomes_a_block_a_row() -> None:
    row = {f"column {number}": 10**9 for number in range(6)}
    assert printed(Table([row]), 40).splitlines()[0] == "column 0  1000000000"
    assert len(printed(Table([row]), 80).splitlines()) == 2


def test_numbers_stand_to_the_right_under_their_name() -> None:
    assert printed(Table([{"n": 1, "name": "x"}, {"n": 1000, "name": "y"}]), 80).splitlines() == [
        *("   n  name", "   1  x", "1000  y"),
    ]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_text(cell: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"path": cell, "number": -1}], Format.CSV)
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    # What can't be seen is written as its escape: a cell is one line.
    shown = cell.replace("\t", "\\t").replace("\r", "\\r")
    assert row == {"path": f"'{shown}", "number": "-1"}


@pytest.mark.parametrize("output", [Format.TABLE, Format.CSV, Format.JSONL])
def test_in_a_pipe_columns_without_a_value_are_there_too(output: Format, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [synset_row(SynsetCounts(f"n{n}", {"search": Counter(found=n)})) for n in range(2)]
    print_rows(rows, output, details=SYNSET_DETAILS)
    first = capsys.readouterr().out.splitlines()[0].replace("  ", ",").replace("_", " ")
    places = [first.index(name.replace("_", " ")) for name in rows[0]]
    assert places == sorted(places)
