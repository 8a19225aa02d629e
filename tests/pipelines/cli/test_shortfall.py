"""A crawl with a target says which synsets have fewer images than were wanted."""

from collections import Counter

import pytest

from synsift.crawler.queries import SynsetQuery
from synsift.pipelines.cli.shortfall import tell_shortfall
from synsift.pipelines.summary import SynsetCounts

QUERIES = [SynsetQuery(f"n{n}", text) for n in range(8) for text in ("P8814=02091134-n", f"dog {n}", f"hound {n}")]


def counts(wnid: str, unique: int) -> SynsetCounts:
    return SynsetCounts(wnid, {"dedupe": Counter(unique=unique), "search": Counter(nothing_new=2, pages=9)})


def told(capsys: pytest.CaptureFixture[str], have: dict[str, int], want: int) -> list[str]:
    tell_shortfall(QUERIES, {wnid: counts(wnid, number) for wnid, number in have.items()}, want)
    return capsys.readouterr().err.splitlines()


def test_the_poorest_synsets_are_named_first_and_the_rest_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, {"n0": 60, "n1": 59, "n2": 3}, 60)
    assert lines[0].startswith("7 synsets have fewer unique images than the 60 that are wanted")
    assert lines[1:6] == [f"  n{n} dog {n}: 0" for n in (3, 4, 5, 6, 7)]
    assert lines[6] == "  and 2 more"


def test_nothing_is_said_where_all_have_enough_or_there_is_no_target(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, {f"n{n}": 60 for n in range(8)}, 60) == []
    assert told(capsys, {}, 0) == []


def test_queries_that_ended_unasked_are_counted_by_why() -> None:
    assert counts("n1", 1).unasked == {"nothing_new": 2}
