"""Lists as other programs leave them: each row is a URL or a named line, and no other row pays for it."""

import bz2
import gzip
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from synsift.crawler.errors import SourceError
from synsift.crawler.sources import UrlListSource
from synsift.crawler.sources.lists.lines import MAX_LINE_BYTES
from tests.crawler.sources.lists.test_reading import SIZES, read, urls, write

BOTH = ["http://a/1", "http://a/2"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "sep=;\nurl;title\nhttp://a/1;x\nhttp://a/2;y, z\n"),
        ("a.csv", '\ufeff"sep=|"\r\n\r\ntitle|url\r\nx|http://a/1\r\ny|http://a/2\r\n'),
        ("a.csv", "sep=;\nhttp://a/1;x\nhttp://a/2;y\n"),
        ("a.txt", "sep=\t\nurl\ttitle\nhttp://a/1\tx\nhttp://a/2\ty\n"),
        ("a.csv", "id|url|a,b\n1|http://a/1|x\n2|http://a/2|y\n"),
        ("a.csv", "http://a/1|x\nhttp://a/2|y\n"),
        ("a.csv", "http://a/1;one, two\nhttp://a/2;three\n"),
        ("a.txt", "title;url\nx;http://a/1\ny;http://a/2\n"),
        ("a.tsv", "url,title\nhttp://a/1,x\nhttp://a/2,y\n"),
        ("a.csv", "url,title,author\nhttp://a/1\nhttp://a/2,x\n"),
        ("a.csv", "url,title\nhttp://a/1,x,,\nhttp://a/2,y,,  ,\n,,,,\n"),
        ("a.csv", 'title,url,by\n"x, y",http://a/1\n"z\nz",http://a/2,,,\n'),
        ("a.csv", "http://a/1,x\nhttp://a/2,x,Ann\n"),
        ("a.csv", "url\n<http://a/1>\n //a/2\n".replace("//a/2", "HTTP://a/2")),
        ("a.txt", "[x](http://a/1)\n- ![y](http://a/2)\n"),
        ("a.txt", '<a href="http://a/1">x, y</a>\n<img src="http://a/2">\n'),
        ("a.txt", '"http://a/1",\n"http://a/2"\n'),
        ("a.txt", '["http://a/1",\n "http://a/2"]\n'),
        ("a.json", '[{"url": "http://a/1"}, {"url": "http://a/2", "t": "]}\\""}]'),
        ("a.json", '\n[\n  {\n    "url": "http://a/1"\n  },\n  {\n    "url": "http://a/2"\n  }\n]\n'),
        ("a.json", '{\n  "url": "http://a/1"\n}\n{\n  "url": "http://a/2"\n}\n'),
        ("a.json", '{"url": "http://a/1"}\n{"url": "http://a/2"}\n'),
        ("a.jsonl", '{"image": {"url": "http://a/1"}, "by": {"url": "http://b"}}\n{"img": {"URL": "http://a/2"}}\n'),
        ("a.jsonl", '"http://a/1"\n{"url": ["http://a/2"]}\n'),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r"])
def test_forms_that_other_programs_write(tmp_path: Path, name: str, text: str, encoding: str, end: str) -> None:
    path = tmp_path / name
    text = text.replace("\n", end)
    if encoding != "utf-8":
        text = text.removeprefix("\ufeff")
    path.write_bytes(text.encode(encoding))
    for size in SIZES:
        images, rejects = read(path, UrlListSource(page_size=size))
        assert [image.url.lower() for image in images] == BOTH
        assert not rejects


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("last", ["\r", "", "\n"])
def test_lines_that_end_in_cr_alone_are_lines_wherever_a_page_begins(tmp_path: Path, suffix: str, last: str) -> None:
    rows = [f"http://a/{number:05},title {number}" for number in range(3_000)]
    rows[2_000] = "no URL,x"
    text = ("\r".join(["url,title", *rows]) + last).encode()
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(gzip.compress(text) if suffix else text)
    for size in (700, 10_000):
        images, rejects = read(path, UrlListSource(page_size=size))
        assert [image.url for image in images] == [row.partition(",")[0] for row in rows if row != rows[2_000]]
        assert [reject.message.partition(": ")[0] for reject in rejects] == [f"{path}:2002"]


def test_a_row_is_named_by_its_own_line_whatever_stood_before(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('sep=;\n\nurl;title\n"http://a/1";"x\ny"\n;\nhttp://a/2;x;y\nnone;x\nhttp://a/1|http://a/2\n')
    images, rejects = read(path)
    assert [(image.url, image.place) for image in images] == [("http://a/1", f"{path}:4")]
    assert [reject.message for reject in rejects] == [
        f"{path}:7: 3 fields where the header has 2",
        f"{path}:8: no URL: `none` has no `http://` or `https://` before it",
        f"{path}:9: more than one URL in one place",
    ]


@pytest.mark.parametrize("size", SIZES)
def test_a_value_of_an_array_that_is_no_json_costs_itself(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.json"
    rows = ['{"url": "http://a/1"}', '{"url": "x}', "7", '["http://a/3"]', '{"url": }', '{"url": "http://a/2"}']
    path.write_text("[" + ",\n".join(rows) + "]\n")
    images, rejects = read(path, UrlListSource(page_size=size))
    assert [(image.url, image.place) for image in images] == [
        (url, f"{path}:{n}") for url, n in zip(BOTH, (1, 6), strict=True)
    ]
    assert [reject.message.split(": ")[0] for reject in rejects] == [f"{path}:{line}" for line in (2, 3, 4, 5)]
    assert rejects[1].message == f"{path}:3: not a JSON object"


def test_a_long_array_in_one_line_is_read_value_by_value(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    rows = [{"url": f"http://a/{n}", "text": "é{" * (n % 50)} for n in range(20_000)]
    rows[7]["text"] = "x" * 2 * MAX_LINE_BYTES
    path.write_bytes(gzip.compress(("[" + ", ".join(map(json.dumps, rows)) + "]").encode()))
    images, rejects = read(path, UrlListSource(page_size=999))
    # What stands in the line of a value without an end can't be told from it.
    assert [image.url for image in images] == [f"http://a/{n}" for n in range(7)]
    assert [reject.message for reject in rejects] == [f"{path}:1: a value of more than 1 MB"]
    del rows[7]
    path.write_bytes(gzip.compress(("[" + ",\n".join(map(json.dumps, rows)) + "]").encode()))
    assert len(urls(path, 1_000)) == 19_999


def test_an_array_goes_on_at_any_cursor_in_another_process(tmp_path: Path) -> None:
    from synsift.crawler.sources import PageQuery

    path = tmp_path / "a.json"
    path.write_text('[{"url": "http://a/1"},\n no,\n {"url":\n "http://a/2"}, "http://a/3"]')
    cursor, found = "", []
    while True:
        source = UrlListSource(page_size=1)
        page = source.read(PageQuery("urls", str(path), "en", cursor, 0, "w"))
        source.close()
        found += [image.place.rpartition(":")[2] for image in page.images]
        if not page.next_cursor:
            break
        cursor = page.next_cursor
    assert found == ["1", "3", "4"]


def test_what_is_nested_is_named_by_its_way_and_lists_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    row = {"urls": {"raw": "http://a/1"}, "tags": ["x", None, "y"], "user": {"name": {"full": "Ann"}, "bot": False}}
    path.write_text(json.dumps(row))
    source = UrlListSource(
        url_column="urls.raw", title_column="tags", author_column="user.name.full", licence_column="user.bot"
    )
    (image,), _ = read(path, source)
    assert (image.url, image.title, image.author, image.licence) == ("http://a/1", "x | y", "Ann", "false")


def test_parquet_with_lists_and_structs(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [
        {"image": {"url": "http://a/1", "size": {"w": 1}}, "captions": ["x", "y"], "by": {"url": "http://b/"}},
        {"image": {"url": None, "size": None}, "captions": None, "by": None},
        {"image": None, "captions": [], "by": {"url": "http://b/"}},
        {"image": {"url": "http://a/2", "size": {"w": 1}}, "captions": ["z"], "by": None},
    ]
    pa.parquet.write_table(pa.Table.from_pylist(rows), path, row_group_size=2)
    images, rejects = read(path, UrlListSource(title_column="captions", page_size=1))
    assert [(image.url, image.title) for image in images] == [("http://a/1", "x | y"), ("http://a/2", "z")]
    assert [reject.message.split(":")[0] for reject in rejects] == [f"{path}, row {number}" for number in (2, 3)]
    pa.parquet.write_table(pa.table({"url": [["http://a/1"], ["http://a/2", "http://a/3"], []]}), path)
    images, rejects = read(path)
    assert [image.url for image in images] == ["http://a/1"]
    assert rejects[0].message == f"{path}, row 2: more than one URL in one place"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_what_follows_the_packed_part_of_a_list_costs_no_row(tmp_path: Path, suffix: str, size: int) -> None:
    path = tmp_path / f"a.csv{suffix}"
    write(path, b"url\n" + b"".join(b"http://a/%d\n" % n for n in range(1_000)))
    path.write_bytes(path.read_bytes() + b"nothing that is packed")
    images, rejects = read(path, UrlListSource(page_size=size * 100))
    assert [image.url for image in images] == [f"http://a/{n}" for n in range(1_000)]
    (reject,) = rejects
    assert "can't be read any further" in reject.message
    assert reject.message.startswith(f"{path}:1002:")


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst", "a.csv.bz2", "a.csv.xz", "a.csv"])
def test_how_a_list_is_packed_shows_in_its_bytes_not_in_its_name(tmp_path: Path, name: str) -> None:
    text = b"url\nhttp://a/1\nhttp://a/2\n"
    zstd = pa.Codec("zstd")
    for pack in (gzip.compress, lambda data: zstd.compress(data, asbytes=True), bz2.compress, lzma.compress):
        path = tmp_path / name
        path.write_bytes(pack(text))
        assert urls(path, 1) == BOTH


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
@pytest.mark.parametrize("behind", ["sound", "zeros", "cut", "mark", "end of line"])
def test_what_stands_behind_a_packed_stream_is_read_or_named(
    tmp_path: Path, pack: Callable[[bytes], bytes], behind: str
) -> None:
    """Python's own readers end without a word where the next stream isn't sound."""
    first, second = [f"http://a/{number:06}" for number in range(6_000)], pack(b"http://a/2\n")
    wrong = {
        "sound": second,
        "zeros": bytes(8),
        "cut": second[:9],
        "mark": b"?" + second[1:],
        "end of line": b"\n" + second,
    }
    path = tmp_path / "a.csv"
    path.write_bytes(pack("\n".join(["url", *first, ""]).encode()) + wrong[behind])
    images, rejects = read(path)
    assert [image.url for image in images] == [*first, *(["http://a/2"] if behind == "sound" else [])]
    assert len(rejects) == (behind not in ("sound", "zeros"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_what_is_no_letter_costs_its_row_alone(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        "url\nhttp://a/1\nhttp://a/".encode(encoding)
        + {"utf-16": b"\x3d\xd8", "utf-32": b"\xff\xff\xff\xff"}[encoding]
        + "\nhttp://a/2\n".encode(f"{encoding}-le")
    )
    images, rejects = read(path)
    assert [image.url for image in images if len(image.url) < 11] == BOTH
    assert len(rejects) + len(images) == 3


def test_parquet_is_read_whatever_its_name(tmp_path: Path) -> None:
    pa.parquet.write_table(pa.table({"url": BOTH}), tmp_path / "a.csv")
    (first, _), _ = read(tmp_path / "a.csv")
    assert urls(tmp_path / "a.csv") == BOTH
    assert first.place == f"{tmp_path / 'a.csv'}, row 1"


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tgz", "a.zip", "tar.txt", "tar.txt.gz", "zip.csv", "a.xlsx"])
def test_an_archive_is_named_and_what_to_do(tmp_path: Path, name: str) -> None:
    (tmp_path / "list.csv").write_text("url\nhttp://a/1\n")
    path = tmp_path / name
    if "zip" in name or "xlsx" in name:
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(tmp_path / "list.csv", "list.csv")
    else:
        with tarfile.open(path, "w:gz" if "gz" in name else "w") as archive:
            archive.add(tmp_path / "list.csv", "list.csv")
    with pytest.raises(SourceError, match=r"it is no list of URLs, but an? (tar |ZIP )?(archive|workbook)") as caught:
        read(path)
    assert "unpack it" in str(caught.value.hint) or "CSV" in str(caught.value.hint)


def test_half_a_letter_at_the_end_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("url\nhttp://a/1\nhttp://a/22".encode("utf-16")[:-1])
    images, rejects = read(path)
    assert [image.url for image in images] == ["http://a/1"]
    assert len(rejects) == 1


def test_cells_between_other_marks_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("'id','url'\n'1','http://a/1'\n")
    with pytest.raises(SourceError, match="no column `url`") as caught:
        read(path)
    assert "' marks" in str(caught.value.hint)
