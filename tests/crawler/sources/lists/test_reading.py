"""Lists as people have them, read page by page."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.crawler.errors import SourceError
from synsift.crawler.sources import FoundImage, PageQuery, Reject, UrlListSource
from synsift.crawler.sources.lists.files import files_of, stem_of

SIZES = (1, 2, 7, 1_000)


def read(path: Path, source: UrlListSource | None = None) -> tuple[list[FoundImage], list[Reject]]:
    """All of a list."""
    source = source or UrlListSource()
    images: list[FoundImage] = []
    rejects: list[Reject] = []
    cursor, number = "", 0
    while True:
        page = source.read(PageQuery("urls", str(path), "en", cursor, number, "w"))
        images += page.images
        rejects += page.rejects
        if not page.next_cursor:
            return images, rejects
        assert page.next_cursor != cursor
        cursor, number = page.next_cursor, number + 1


def urls(path: Path, size: int = 1_000) -> list[str]:
    return [image.url for image in read(path, UrlListSource(page_size=size))[0]]


# -- quotes


@pytest.mark.parametrize("size", SIZES)
def test_a_quote_that_is_never_closed_costs_its_own_row(tmp_path: Path, size: int) -> None:
    path = tmp_path / "list.csv"
    rows = [f"http://a.example/{n}.jpg,caption {n}" for n in range(2_000)]
    rows[99] = 'http://a.example/99.jpg,"caption'
    rows[104] = 'http://a.example/104.jpg,a "quote" and 5" more'
    rows[1_999] = 'http://a.example/1999.jpg,"'
    path.write_text("\n".join(["url,caption", *rows]) + "\n")
    images, rejects = read(path, UrlListSource(page_size=size))
    assert [image.url for image in images] == [
        f"http://a.example/{n}.jpg" for n in range(2_000) if n not in (99, 1_999)
    ]
    assert [reject.message for reject in rejects] == [
        f"{path}:{line}: a quote is opened and never closed" for line in (101, 2_001)
    ]
    assert rejects[0].raw == rows[99]


def test_two_stray_quotes_that_look_like_one_field_swallow_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text('url,caption\nhttp://a/1,"one\nhttp://a/2,two\nhttp://a/3,"\nhttp://a/4,four\n')
    images, rejects = read(path)
    assert [image.url for image in images] == ["http://a/2", "http://a/4"]
    assert [reject.message.split(":")[1] for reject in rejects] == ["2", "4"]


@pytest.mark.parametrize("size", SIZES)
def test_a_field_of_several_lines_is_one_row(tmp_path: Path, size: int) -> None:
    path = tmp_path / "list.csv"
    path.write_text('title,url\n"two, with\na break",http://a/2\n"""x"" and\n\nhttp://b/ too",http://a/3\n')
    images, rejects = read(path, UrlListSource(page_size=size))
    assert [(image.url, image.title) for image in images] == [
        ("http://a/2", "two, with\na break"),
        ("http://a/3", '"x" and\n\nhttp://b/ too'),
    ]
    assert not rejects
    assert images[1].place == f"{path}:4"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(['"', "a", ",", '""', " ", 'x"', "é"]), max_size=8), st.integers(0, 29))
def test_whatever_stands_in_a_row_costs_no_other_row(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str], at: int
) -> None:
    path = tmp_path_factory.mktemp("rows") / "list.csv"
    rows = [f"http://a/{n},t{n}" for n in range(30)]
    rows[at] += "".join(pieces)
    path.write_text("\n".join(["url,title", *rows]))
    images, rejects = read(path, UrlListSource(page_size=4))
    others = [f"http://a/{n}" for n in range(30) if n != at]
    assert [image.url for image in images if image.url != f"http://a/{at}"] == others
    assert len(images) + len(rejects) == 30
    assert all(reject.message.startswith(f"{path}:{at + 2}:") for reject in rejects)


# -- forms


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "url\nhttp://a/1\nhttp://a/2\n"),
        ("a.CSV", "id, URL \n1,http://a/1\n2,http://a/2\n"),
        ("a.csv", "\ufeffUrl,x\r\nhttp://a/1,\r\nhttp://a/2,\r\n"),
        ("a.csv", '"url";"x"\n"http://a/1";"1,5"\n"http://a/2";"3"\n'),
        ("a.csv", "http://a/1,one\nhttp://a/2,two\n"),
        ("a.tsv", "one\thttp://a/1\ttwo\nthree\thttp://a/2\t\n"),
        ("a.tsv", 'http://a/1\ta "quote\nhttp://a/2\t"another\n'),
        ("a.txt", "http://a/1\n\nhttp://a/2\n"),
        ("a.txt", "url\nhttp://a/1\nhttp://a/2"),
        ("a.txt", "n01440764_10026\thttp://a/1\nn01440764_3\thttp://a/2\n"),
        ("a.txt", '{"url": "http://a/1"}\n{"URL": "http://a/2"}\n'),
        ("a.txt", "title,url\none,http://a/1\ntwo,http://a/2\n"),
        ("a.jsonl", '{"url": "http://a/1"}\n\n{"url": "http://a/2", "n": 5}\n'),
    ],
)
def test_forms_that_people_have(tmp_path: Path, name: str, text: str) -> None:
    for suffix in ("", ".gz", ".zst"):
        path = tmp_path / (name + suffix)
        write(path, text.encode())
        for size in SIZES:
            images, rejects = read(path, UrlListSource(page_size=size))
            assert [image.url for image in images] == ["http://a/1", "http://a/2"]
            assert not rejects


def write(path: Path, data: bytes) -> None:
    if path.suffix == ".gz":
        # Of several members, as tools that pack in parallel write it.
        path.write_bytes(gzip.compress(data[:7]) + gzip.compress(data[7:]))
    elif path.suffix == ".zst":
        path.write_bytes(bytes(pa.compress(data[:7], "zstd")) + bytes(pa.compress(data[7:], "zstd", asbytes=True)))
    else:
        path.write_bytes(data)


def test_a_url_in_a_text_may_have_commas(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("http://a/1,2;3\nhttp://a/2\n")
    assert urls(path) == ["http://a/1,2;3", "http://a/2"]


def test_bytes_of_a_url_that_are_no_utf8_stay_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "fall11_urls.txt"
    path.write_bytes(b"n01440764_10026\thttp://a/caf\xe9.jpg\nn01440765_2\thttp://a/2\n")
    images, _ = read(path)
    assert [(image.wnid, image.url) for image in images] == [
        ("n01440764", "http://a/caf%E9.jpg"),
        ("n01440765", "http://a/2"),
    ]


@pytest.mark.parametrize("size", [1, 100])
def test_a_malformed_row_is_named_and_the_rest_goes_on(tmp_path: Path, size: int) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(
        b"url,title\nhttp://a/1,x\nhttp://a/2,x,y\nhttp://a/\xff,x\n,x\n" + b"y" * 3_000_000 + b"\nhttp://a/4,\0\n"
    )
    images, rejects = read(path, UrlListSource(page_size=size))
    assert [image.url for image in images] == ["http://a/1", "http://a/4"]
    assert [reject.message for reject in rejects] == [
        f"{path}:3: 3 fields where the header has 2",
        f"{path}:4: not UTF-8",
        f"{path}:5: no value in column 'url' (columns: url, title)",
        f"{path}:6: the line is longer than 1 MB",
    ]


def test_json_rows_that_are_none_are_named(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text('{"url": "http://a/1", "synset": null}\nnonsense\n[1]\n\n{"URL": "http://a/2", "n": 5}\n{}\n')
    images, rejects = read(path)
    assert [image.url for image in images] == ["http://a/1", "http://a/2"]
    assert [reject.message.split(": ")[0] for reject in rejects] == [f"{path}:{line}" for line in (2, 3, 6)]


@pytest.mark.parametrize("cut", [10, 40])
def test_of_a_packed_list_that_was_cut_off_what_is_there_is_read(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "list.csv.gz"
    text = "url\n" + "".join(f"http://a/{n * 7919 % 1_000_003}\n" for n in range(20_000))
    path.write_bytes(gzip.compress(text.encode())[: -cut * 100])
    images, rejects = read(path)
    assert 5_000 < len(images) < 20_000
    assert "can't be read any further" in rejects[0].message


# -- Parquet


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_parquet_over_several_groups_of_rows(tmp_path: Path, size: int) -> None:
    path = tmp_path / "list.PARQUET"
    expected = [f"http://a/{n}" for n in range(10)]
    table = pa.table({"URL": expected, "x": [[1]] * 10, "LICENSE": ["?"] * 9 + ["https://cc/by"]})
    pa.parquet.write_table(table, path, row_group_size=4)
    images, _ = read(path, UrlListSource(page_size=size))
    assert [image.url for image in images] == expected
    assert [image.licence_url for image in images] == [""] * 9 + ["https://cc/by"]
    assert images[4].place == f"{path}, row 5"


def test_bytes_in_parquet_that_are_no_utf8_cost_their_row(tmp_path: Path) -> None:
    path = tmp_path / "list.parquet"
    column = pa.array([b"http://a/1", b"http://a/\xff", b"http://a/3"]).view(pa.string())
    pa.parquet.write_table(pa.table({"url": column}), path)
    images, rejects = read(path)
    assert [image.url for image in images] == ["http://a/1", "http://a/3"]
    assert rejects[0].message == f"{path}, row 2: not UTF-8"


def test_an_empty_list_has_no_rows(tmp_path: Path) -> None:
    for name in ("a.csv", "a.jsonl", "a.txt", "a.csv.gz"):
        (tmp_path / name).write_text("")
        assert read(tmp_path / name) == ([], [])
    pa.parquet.write_table(pa.table({"url": pa.array([], pa.string())}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == ([], [])


@pytest.mark.parametrize("name", ["missing.csv", "missing.parquet", "list.doc", "no.parquet", "no.csv"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "no.parquet").write_text("no parquet")
    (tmp_path / "no.csv").write_text("title,author\na,b\n")
    with pytest.raises(SourceError, match=name):
        read(tmp_path / name)


# -- layouts


@pytest.mark.parametrize(
    ("layout", "name", "text", "image"),
    [
        (
            "laion",
            "l.csv",
            "SAMPLE_ID,URL,TEXT,LICENSE\n1,http://a/1,old kettle,?\n",
            FoundImage("http://a/1", title="old kettle"),
        ),
        ("coyo", "c.csv", "id,url,text\n1,http://a/1,kettle\n", FoundImage("http://a/1", title="kettle")),
        ("cc12m", "c.tsv", 'http://a/1\t"kettle\n', FoundImage("http://a/1", title='"kettle')),
        ("cc3m", "c.tsv", "kettle\thttp://a/1\n", FoundImage("http://a/1", title="kettle")),
        ("datacomp", "d.csv", "uid,url,text\n01,http://a/1,kettle\n", FoundImage("http://a/1", title="kettle")),
        (
            "open-images",
            "o.csv",
            "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title\n"
            "01,train,http://a/1,http://f/x/1,https://cc/by/2.0/,http://f/x,Maker,Kettle\n",
            FoundImage("http://a/1", "http://f/x/1", "Kettle", "Maker", licence_url="https://cc/by/2.0/"),
        ),
        ("imagenet", "i.txt", "n00000001_12\thttp://a/1\n", FoundImage("http://a/1", wnid="n00000001")),
        (
            "flickr",
            "y.txt",
            "1\t99@N00\tmaker\td\t1\tCamera\tCopper+kettle%21\tt\tk\t\t\t\t\thttp://f/1\thttp://a/1\tBY-SA\thttp://cc\t2\t1\ta\tb"
            "\tjpg\t0\n",
            FoundImage("http://a/1", "http://f/1", "Copper kettle!", "maker", "BY-SA", "http://cc"),
        ),
    ],
)
def test_known_layouts(tmp_path: Path, layout: str, name: str, text: str, image: FoundImage) -> None:
    path = tmp_path / name
    path.write_text(text)
    (found,), rejects = read(path, UrlListSource(layout=layout))
    assert replace(found, place="") == image
    assert not rejects
    if layout not in ("flickr", "cc3m"):
        assert read(path)[0][0].url == "http://a/1"  # without its name, too


def test_a_video_of_flickr_is_no_image(tmp_path: Path) -> None:
    path = tmp_path / "y.txt"
    path.write_text("\t".join(["x"] * 14 + ["http://a/1"] + ["x"] * 7 + ["1"]) + "\n")
    images, rejects = read(path, UrlListSource(layout="flickr"))
    assert (images, rejects[0].message) == ([], f"{path}:1: a video")


@pytest.mark.parametrize(
    "text",
    [
        ",url,caption\n0,http://a.example/1.jpg,A whippet\n",  # as pandas writes
        '"",url,caption\n0,http://a.example/1.jpg,A whippet\n',
        "url,caption,\nhttp://a.example/1.jpg,A whippet,\n",
        "caption,,url\nA whippet,,http://a.example/1.jpg\n",
    ],
)
def test_a_column_without_a_name_is_none_of_those_that_are_looked_for(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.csv").write_text(text)
    found = UrlListSource().read(PageQuery("urls", str(tmp_path / "list.csv"), "en", "", 0, "n1"))
    assert [(image.url, image.title, image.author, image.licence) for image in found.images] == [
        ("http://a.example/1.jpg", "A whippet", "", "")
    ]
    assert found.rejects == ()


def test_columns_are_mapped_by_name_or_number(tmp_path: Path) -> None:
    names = {
        "url": "Link",
        "wnid": "Label",
        "author": "Who",
        "licence": "Rights",
        "landing_page": "Page",
        "title": "Name",
    }
    path = tmp_path / "a.csv"
    path.write_text("Page,Rights,Who,Label,link,Name\nhttp://p,CC0,Ann,cat,http://a/1,Tom\n")
    expected = FoundImage("http://a/1", "http://p", "Tom", "Ann", "CC0", wnid="cat")
    assert (
        replace(
            read(path, UrlListSource(**{f"{column}_column": name for column, name in names.items()}))[0][0], place=""
        )
        == expected
    )
    path.write_text("http://p,CC0,Ann,cat,http://a/1,Tom\n")
    numbers = {"url": "5", "wnid": "4", "author": "3", "licence": "2", "landing_page": "1", "title": "6"}
    assert (
        replace(
            read(path, UrlListSource(**{f"{column}_column": name for column, name in numbers.items()}))[0][0], place=""
        )
        == expected
    )


# -- files


def test_a_folder_and_a_pattern_name_their_files_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    (folder / "b").mkdir(parents=True)
    for name in ("2.csv", "1.CSV", "b/3.csv.gz", ".hidden.csv", "notes.md", "_SUCCESS.txt"):
        (folder / name).touch()
    assert [file.name for file in files_of(str(folder))] == ["1.CSV", "2.csv", "3.csv.gz"]
    assert [file.name for file in files_of(str(folder / "*.csv"))] == ["2.csv"]
    assert [stem_of(Path(name)) for name in ("a.csv.gz", "a.CSV", "a.b.txt")] == ["a", "a", "a.b"]
    with pytest.raises(SourceError, match="no file"):
        files_of(str(tmp_path / "x*.csv"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=20), st.integers(1, 5))
def test_pages_of_any_size_give_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, titles: list[str], size: int
) -> None:
    path = tmp_path_factory.mktemp("rows") / "list.jsonl"
    path.write_text("".join(json.dumps({"url": f"http://a/{n}", "title": t}) + "\n" for n, t in enumerate(titles)))
    assert read(path, UrlListSource(page_size=size)) == read(path)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.csv.zst", "a.jsonl"])
def test_a_list_goes_on_at_any_cursor_in_another_process(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    text = 'url,title\nhttp://a/1,"x\ny"\nhttp://a/2,"z\nhttp://a/3,\n'
    if "json" in name:
        text = "".join(f'{{"url": "http://a/{n}"}}\nno\n' for n in range(3))
    write(path, text.encode())
    whole = read(path)
    cursor, number, images, rejects = "", 0, [], []
    while True:
        source = UrlListSource(page_size=1)  # another one for each page: nothing is open
        page = source.read(PageQuery("urls", str(path), "en", cursor, number, "w"))
        source.close()
        images += page.images
        rejects += page.rejects
        if not page.next_cursor:
            break
        cursor, number = page.next_cursor, number + 1
    assert (images, rejects) == whole


def test_a_table_that_windows_wrote_is_read(tmp_path: Path) -> None:
    path = tmp_path / "photos.csv"
    path.write_bytes(b"Image URL,Label\r\nhttp://a.example/1.jpg,K\xe4fer\r\nhttp://a.example/\xe4.jpg,x\r\n")
    images, rejects = read(path)
    assert [(image.url, image.wnid.partition("-")[0]) for image in images] == [("http://a.example/1.jpg", "kafer")]
    assert len(rejects) == 1
    assert "not UTF-8" in rejects[0].message
