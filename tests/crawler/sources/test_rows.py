import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.crawler.errors import SourceError
from synsift.crawler.sources import PageQuery, UrlListSource
from synsift.crawler.sources.rows import Row, columns, read_rows


def read_all(path: Path, limit: int) -> list[Row]:
    rows: list[Row] = []
    cursor = ""
    while True:
        page = read_rows(path, cursor, limit)
        rows += page.rows
        cursor = page.next_cursor
        if not cursor:
            return rows


def test_a_csv_is_read_page_by_page_with_lines_named(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text('url,title\nhttp://a/1,one\n"http://a/2","two, with\na break"\n\nhttp://a/3,three\n')
    for limit in (1, 2, 100):
        rows = read_all(path, limit)
        assert [row.fields["url"] for row in rows] == ["http://a/1", "http://a/2", "http://a/3"]
        assert rows[1].fields["title"] == "two, with\na break"
        assert rows[2].place == f"{path}:6"


@pytest.mark.parametrize("limit", [1, 100])
def test_a_malformed_line_is_named_and_the_rest_goes_on(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"url,title\nhttp://a/1,x\nhttp://a/2\nhttp://a/\xff,x\nhttp://a/4,x\n")
    rows = read_all(path, limit)
    assert [bool(row.problem) for row in rows] == [False, True, True, False]
    assert rows[1].place == f"{path}:3"
    assert "1 fields where the header has 2" in rows[1].problem
    assert rows[1].raw == "http://a/2"
    assert rows[2].problem == "not UTF-8"


def test_a_byte_order_mark_is_no_part_of_a_column(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"\xef\xbb\xbfurl\nhttp://a/1\n")
    assert columns(path) == ["url"]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_json_lines(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text('{"url": "http://a/1", "synset": null}\nnonsense\n[1]\n\n{"url": "http://a/2", "n": 5}\n')
    rows = read_all(path, limit)
    assert [row.fields for row in rows] == [{"url": "http://a/1"}, {}, {}, {"url": "http://a/2", "n": "5"}]
    assert rows[1].place == f"{path}:2"
    assert rows[3].place == f"{path}:5"


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_parquet_over_several_row_groups(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "list.parquet"
    urls = [f"http://a/{n}" for n in range(10)]
    pyarrow.parquet.write_table(pyarrow.table({"url": urls}), path, row_group_size=4)
    assert [row.fields["url"] for row in read_all(path, limit)] == urls


def test_an_empty_list_has_no_rows(tmp_path: Path) -> None:
    for name in ("a.csv", "a.jsonl"):
        (tmp_path / name).write_text("")
        assert read_all(tmp_path / name, 10) == []
    pyarrow.parquet.write_table(pyarrow.table({"url": pyarrow.array([], pyarrow.string())}), tmp_path / "a.parquet")
    assert read_all(tmp_path / "a.parquet", 10) == []


@pytest.mark.parametrize("name", ["missing.csv", "missing.parquet", "list.doc"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match=name):
        read_rows(tmp_path / name, "", 10)


def test_a_parquet_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("no parquet")
    with pytest.raises(SourceError, match=r"x\.parquet"):
        read_rows(tmp_path / "x.parquet", "", 10)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=20), st.integers(1, 5))
def test_pages_of_any_size_give_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, titles: list[str], limit: int
) -> None:
    path = tmp_path_factory.mktemp("rows") / "list.jsonl"
    path.write_text("".join(json.dumps({"url": f"http://a/{n}", "t": t}) + "\n" for n, t in enumerate(titles)))
    assert read_all(path, limit) == read_all(path, 1_000)


def test_the_source_names_rows_without_a_url(tmp_path: Path) -> None:
    source = UrlListSource(url_column="link", wnid_column="label")
    body = json.dumps(
        {
            "rows": [
                {"place": "f:2", "fields": {"link": "http://a/1", "label": "n1", "license": "CC0"}, "problem": ""},
                {"place": "f:3", "fields": {"other": "x"}, "problem": ""},
                {"place": "f:4", "fields": {}, "problem": "not JSON", "raw": "zzz"},
            ],
            "next_cursor": "9:4",
        }
    ).encode()
    query = PageQuery(source="urls", text=str(tmp_path / "a b%.csv"), lang="en", cursor="7:3", page=0, wnid="w")
    page = source.page(query, body)
    assert [(image.url, image.wnid, image.licence) for image in page.images] == [("http://a/1", "n1", "CC0")]
    assert page.rejects[0].message == "f:3: no value in column 'link' (columns: other)"
    assert page.rejects[1].raw == "zzz"
    assert page.next_cursor == "9:4"
    url = urlsplit(source.request_url(query))
    assert url.scheme == "file"
    assert parse_qs(url.query)["cursor"] == ["7:3"]
