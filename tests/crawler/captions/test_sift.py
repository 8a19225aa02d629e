"""Lists in every form become a sifted list: the best of each synset, whoever was ended in between."""

import bz2
import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synsift.crawler.captions import blocks, selection, sift
from synsift.crawler.captions.lexicon import Lexicon, make_lexicon
from synsift.crawler.captions.sift import CaptionList, Progress, Sift
from synsift.crawler.captions.sifted import Summary, read_summary
from synsift.crawler.queries import Rule, SynsetQuery
from synsift.crawler.sources.base import PageQuery
from synsift.crawler.sources.captions import CaptionsSource
from synsift.crawler.sources.lists.layouts import LAYOUTS, Columns, Layout

QUERIES = [
    SynsetQuery("n1", "dog", rule=Rule.SYNONYM),
    SynsetQuery("n2", "hot dog", rule=Rule.SYNONYM),
    SynsetQuery("n2", "frank", rank=1, rule=Rule.SYNONYM, ambiguity=2),
    SynsetQuery("n3", "kettle", rule=Rule.SYNONYM),
]
PLAIN = Layout(Columns())


class Ended(Exception):
    """Whoever sifts is no more."""


def sifted(
    folder: Path,
    files: Sequence[Path],
    *,
    most: int = 100,
    layout: Layout = PLAIN,
    lexicon: Lexicon | None = None,
    tell: Callable[[Progress], None] = lambda _: None,
) -> tuple[list[dict[str, Any]], Summary]:
    """The rows of the sifted list, and what is said of them."""
    lists = [CaptionList(file, file.name, "x") for file in files]
    work = Sift(folder / "parts", lists, lexicon or make_lexicon(QUERIES), most=most, layout=layout)
    work.read(tell)
    summary = work.finish(folder / "sifted.parquet")
    assert read_summary(folder / "sifted.parquet") == summary
    assert not (folder / "parts").exists()
    with (folder / "sifted.parquet").open("rb") as file:
        return pq.read_table(file).to_pylist(), summary


def told(rows: Sequence[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(row["wnid"], row["url"], row["query"]) for row in rows}


def url(number: int) -> str:
    return f"https://a.example/{number}.jpg"


ROWS = [(url(1), "A copper kettle"), (url(2), "two dogs"), (url(3), "nothing"), (url(4), "a hot dog, and a kettle")]
FOUND = {
    ("n3", url(1), "kettle"),
    ("n1", url(2), "dog"),
    ("n1", url(4), "dog"),
    ("n2", url(4), "hot dog"),
    ("n3", url(4), "kettle"),
}


def parquet(path: Path, **types: pa.DataType) -> None:
    table = pa.table({"url": [row[0] for row in ROWS], "caption": [row[1] for row in ROWS]})
    for name, kind in types.items():
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(kind))
    pq.write_table(table, path, row_group_size=2)


def nested(path: Path) -> None:
    rows = [{"image": {"url": row[0]}, "captions": [row[1], "more words"], "caption": [row[1], None]} for row in ROWS]
    pq.write_table(pa.Table.from_pylist(rows), path)


def lines(path: Path, separator: str, header: str, order: int = 1) -> None:
    text = header + "".join(separator.join(row[::order]) + "\n" for row in ROWS)
    packed = {".gz": gzip.compress, ".bz2": bz2.compress}.get(path.suffix, bytes)
    path.write_bytes(packed(text.encode()))


FORMS: dict[str, Callable[[Path], object]] = {
    "a.parquet": parquet,
    "large.parquet": lambda path: parquet(path, url=pa.large_string(), caption=pa.large_string()),
    "words.parquet": lambda path: parquet(path, url=pa.dictionary(pa.int32(), pa.string()), caption=pa.binary()),
    "views.parquet": lambda path: parquet(path, url=pa.string_view()),
    "nested.parquet": nested,
    "a.csv": lambda path: path.write_text("url,caption\n" + "".join(f'{row[0]},"{row[1]}"\n' for row in ROWS)),
    "a.tsv": lambda path: lines(path, "\t", "url\tcaption\n"),
    "cc3m.tsv": lambda path: lines(path, "\t", "", -1),
    "cc12m.tsv": lambda path: lines(path, "\t", ""),
    "a.tsv.gz": lambda path: lines(path, "\t", "url\tcaption\n"),
    "a.tsv.bz2": lambda path: lines(path, "\t", "url\tcaption\n"),
    "a.jsonl": lambda path: path.write_text("".join(json.dumps({"u": 1, "text": c, "url": u}) + "\n" for u, c in ROWS)),
    "a.json": lambda path: path.write_text(json.dumps([{"image_url": u, "alt": c} for u, c in ROWS])),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_list_of_any_form_is_sifted(tmp_path: Path, name: str) -> None:
    FORMS[name](tmp_path / name)
    rows, summary = sifted(tmp_path, [tmp_path / name])
    assert told(rows) == FOUND
    assert (summary.rows, summary.found, summary.synsets, summary.asked) == (4, 5, 3, 3)
    assert summary.left_out == {"no name in it": 1}
    before = ":" if "parquet" not in name else ", row "
    assert re.fullmatch(re.escape(f"{name}{before}") + r"\d+", rows[0]["place"])


YFCC = (
    "{line}{n}\t99@N00\tma+ker\t2010\t12\tX\t{title}\t{text}\t{tags}\t\t\t\t\thttp://flickr.example/p/{n}\t{url}\t"
    "Attribution License\thttp://creativecommons.org/licenses/by/2.0/\t2\t1\tab\tcd\tjpg\t{marker}{hash}\n"
)


@pytest.mark.parametrize("is_newer", [False, True])
def test_yfcc_has_titles_descriptions_and_tags(tmp_path: Path, is_newer: bool) -> None:
    more = {"line": "7\t" if is_newer else "", "hash": "\tab12" if is_newer else ""}
    rows = [
        {"title": "My+hot+dog", "text": "", "tags": ""},
        {"title": "x", "text": "a%20kettle", "tags": ""},
        {"title": "", "text": "", "tags": "hot,dog"},
        {"title": "dog", "text": "", "tags": "", "marker": 1},
        {"title": "hot", "text": "dog", "tags": ""},
    ]
    filled = [{"marker": 0, "url": url(n), "n": n, **more, **row} for n, row in enumerate(rows)]
    (tmp_path / "yfcc100m.bz2").write_bytes(bz2.compress("".join(YFCC.format(**row) for row in filled).encode()))
    found, summary = sifted(tmp_path, [tmp_path / "yfcc100m.bz2"], layout=LAYOUTS["flickr"])
    assert told(found) == {
        ("n2", url(0), "hot dog"),
        ("n1", url(0), "dog"),
        ("n3", url(1), "kettle"),
        ("n1", url(2), "dog"),
        ("n1", url(4), "dog"),
    }
    assert summary.left_out == {"video": 1}
    assert found[0]["title"] == "My hot dog"
    assert found[0]["author"] == "ma ker"
    assert found[0]["licence_url"] == "http://creativecommons.org/licenses/by/2.0/"
    assert found[0]["landing_page"] == "http://flickr.example/p/0"


def test_wit_has_several_captions_and_files_that_are_not_free(tmp_path: Path) -> None:
    names = (
        "language page_url image_url page_title section_title hierarchical_section_title caption_reference_description "
        "caption_attribution_description caption_alt_text_description mime_type original_height original_width"
    )
    wiki = "https://upload.wikimedia.org/wikipedia"
    rows = [
        ("en", "p", f"{wiki}/commons/0/00/K.jpg", "K", "", "", "A kettle", "", "", "image/jpeg"),
        ("en", "p", f"{wiki}/en/0/01/L.jpg", "K", "", "", "A kettle", "", "", "image/jpeg"),
        ("de", "p", f"{wiki}/commons/0/02/M.jpg", "K", "", "", "", "English: hot dog", "kettle", "image/jpeg"),
        ("de", "p", f"{wiki}/commons/0/03/kettle.jpg", "kettle", "", "", "", "", "", "image/jpeg"),
    ]  # fmt: skip
    text = "\n".join("\t".join([*each, "900", "1200"]) for each in rows)
    (tmp_path / "wit_v1.train.tsv.gz").write_bytes(gzip.compress(f"{names.replace(' ', chr(9))}\n{text}\n".encode()))
    found, summary = sifted(tmp_path, [tmp_path / "wit_v1.train.tsv.gz"])
    assert told(found) == {
        ("n3", f"{wiki}/commons/0/00/K.jpg", "kettle"),
        ("n2", f"{wiki}/commons/0/02/M.jpg", "hot dog"),
        ("n1", f"{wiki}/commons/0/02/M.jpg", "dog"),
        ("n3", f"{wiki}/commons/0/02/M.jpg", "kettle"),
    }
    assert summary.left_out == {"not free": 1, "no caption": 1}


def test_columns_that_lists_have_beside_are_kept_or_heeded(tmp_path: Path) -> None:
    pq.write_table(
        pa.table(
            {
                "OriginalURL": [url(1), url(2), url(3), url(3)],
                "Title": ["kettle"] * 4,
                "License": ["https://creativecommons.org/licenses/by/2.0/"] * 4,
                "Author": ["Maker", None, "", ""],
                "OriginalLandingURL": ["https://flickr.example/1", None, "", ""],
                "punsafe": [0.1, 0.9, None, 0.2],
            }
        ),
        tmp_path / "images.parquet",
    )
    found, summary = sifted(tmp_path, [tmp_path / "images.parquet"])
    assert [row["url"] for row in found] == [url(1), url(3)]
    assert summary.left_out == {"unsafe": 1, "repeated": 1}
    kept = {name: found[0][name] for name in ("author", "licence", "landing_page", "title", "rule", "lang")}
    assert kept == {
        "author": "Maker",
        "licence": "https://creativecommons.org/licenses/by/2.0/",
        "landing_page": "https://flickr.example/1",
        "title": "kettle",
        "rule": "synonym",
        "lang": "en",
    }


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (None, "no URL"),
        ("", "no URL"),
        ("ftp://a.example/1.jpg", "not a URL"),
        ("kettle.jpg", "not a URL"),
        ("https://u:p@a.example/1.jpg", "not a URL"),
        ("https://a.example/" + "x" * 9_000, "not a URL"),
    ],
)
def test_what_is_no_url_is_counted_and_named(tmp_path: Path, odd: str | None, reason: str) -> None:
    pq.write_table(pa.table({"url": [url(1), odd], "caption": ["kettle", "kettle"]}), tmp_path / "a.parquet")
    rows, summary = sifted(tmp_path, [tmp_path / "a.parquet"])
    assert told(rows) == {("n3", url(1), "kettle")}
    assert summary.left_out == {reason: 1}
    assert [text.startswith("a.parquet, row 2: ") for text in summary.problems] == [True] * (reason == "not a URL")


def test_what_cannot_be_read_costs_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "1.parquet").write_bytes(b"PAR1 and then nothing")
    (tmp_path / "2.csv").write_text(f'url,caption\n{url(1)},kettle\n"never closed\n{url(2)},a dog\n')
    parquet(tmp_path / "3.parquet")
    whole = bytearray((tmp_path / "3.parquet").read_bytes())
    second = pq.ParquetFile(tmp_path / "3.parquet").metadata.row_group(1).column(1)
    whole[second.data_page_offset : second.data_page_offset + 12] = b"\xff" * 12
    (tmp_path / "3.parquet").write_bytes(whole)
    (tmp_path / "4.csv").write_text("")
    (tmp_path / "5.csv").write_text("only,other\ncolumns,here\n")
    files = sorted(tmp_path.glob("[1-5].*"))
    rows, summary = sifted(tmp_path, files)
    assert told(rows) == {("n3", url(1), "kettle"), ("n1", url(2), "dog")}
    assert summary.left_out == {"broken": 1, "unreadable": 2, "repeated": 2}
    assert [text.partition(".")[0] for text in summary.problems] == ["1", "2", "3", "5"]
    assert "this row and 1 behind it can't be read" in summary.problems[2]


def test_odd_types_and_bytes_are_texts_or_nothing(tmp_path: Path) -> None:
    bad = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\7\0\0\0\x0e\0\0\0"), pa.py_buffer(b"kettle\xffa dog\xff ")]
    )
    table = pa.table({"url": [url(1), url(2)], "caption": bad, "tags": pa.array([1, None]), "title": pa.nulls(2)})
    pq.write_table(table, tmp_path / "a.parquet")
    rows, _ = sifted(tmp_path, [tmp_path / "a.parquet"])
    assert told(rows) == {("n3", url(1), "kettle"), ("n1", url(2), "dog")}
    assert all(row["title"].encode() for row in rows)


def made_rows(seed: int, number: int) -> list[tuple[str, str]]:
    """Rows of few images under many captions."""
    rng = random.Random(seed)  # noqa: S311 - to be repeated
    words = ["dog", "hot dog", "kettle", "frank", "red", "a", "on", "dogs,", "blue"]
    return [
        (url(rng.randrange(number // 2)), " ".join(rng.choices(words, k=rng.randint(1, 40)))) for _ in range(number)
    ]


def plainly(rows: Sequence[tuple[str, str]], most: int) -> dict[str, list[str]]:
    """The best image URLs of each synset: all hits sorted, one after the other."""
    worth = {"hot dog": ("n2", 0), "frank": ("n2", 1), "dog": ("n1", 0), "kettle": ("n3", 0)}
    hits: dict[str, list[tuple[int, int, int, str]]] = defaultdict(list)
    for place, (address, caption) in enumerate(rows):
        for text, (wnid, rank) in worth.items():
            if re.search(rf"\b{text}s?\b", caption):
                hits[wnid].append((rank, min(31, len(re.findall("[a-z]+", caption))), place, address))
    best: dict[str, list[str]] = {}
    for wnid, found in hits.items():
        best[wnid] = sorted(dict.fromkeys(address for *_, address in sorted(found)[:]))
        kept = list(dict.fromkeys(address for *_, address in sorted(found)))[:most]
        best[wnid] = sorted(kept)
    return best


@pytest.mark.parametrize("most", [1, 7, 40, 10_000])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_best_of_each_synset_are_kept_as_a_plain_sorting_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, seed: int
) -> None:
    monkeypatch.setattr(sift, "_REBOUND_ROWS", 50)
    monkeypatch.setattr(selection, "_AT_ONCE", 100)
    rows = made_rows(seed, 1_000)
    table = pa.table({"url": [row[0] for row in rows], "caption": [row[1] for row in rows]})
    for number in range(4):
        pq.write_table(table.slice(number * 250, 250), tmp_path / f"{number}.parquet", row_group_size=40)
    found, summary = sifted(tmp_path, sorted(tmp_path.glob("*.parquet")), most=most)
    by_synset: dict[str, list[str]] = defaultdict(list)
    for row in found:
        by_synset[row["wnid"]].append(row["url"])
    assert {wnid: sorted(urls) for wnid, urls in by_synset.items()} == plainly(rows, most)
    assert summary.found == len(found)


@pytest.mark.parametrize("after", range(1, 12, 2))
def test_whoever_goes_on_ends_where_nobody_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(sift, "_REBOUND_ROWS", 50)
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 60)
    rows = made_rows(3, 600)
    table = pa.table({"url": [row[0] for row in rows], "caption": [row[1] for row in rows]})
    pq.write_table(table.slice(0, 300), tmp_path / "1.parquet", row_group_size=100)
    (tmp_path / "2.tsv").write_text("url\tcaption\n" + "".join(f"{row[0]}\t{row[1]}\n" for row in rows[300:]))
    files = [tmp_path / "1.parquet", tmp_path / "2.tsv"]
    (tmp_path / "whole").mkdir()
    whole = sifted(tmp_path / "whole", files, most=20)
    told_rows: list[int] = []

    def end(at: Progress) -> None:
        told_rows.append(at.rows)
        if len(told_rows) == after:
            raise Ended

    with pytest.raises(Ended):
        sifted(tmp_path, files, most=20, tell=end)
    (tmp_path / "parts" / "00000099.rows.new").write_bytes(b"half of a part")
    seen: list[int] = []
    again = sifted(tmp_path, files, most=20, tell=lambda at: seen.append(at.rows))
    assert again == whole
    assert (tmp_path / "sifted.parquet").read_bytes() == (tmp_path / "whole" / "sifted.parquet").read_bytes()
    assert seen[0] > told_rows[-1], "a block was read twice"


def test_of_two_columns_of_one_name_the_first_is_read(tmp_path: Path) -> None:
    table = pa.Table.from_arrays(
        [pa.array([each]) for each in (url(1), "kettle", "dog")], ["url", "caption", "caption"]
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert told(sifted(tmp_path, [tmp_path / "a.parquet"])[0]) == {("n3", url(1), "kettle")}


def test_rows_of_json_may_have_other_columns_each(tmp_path: Path) -> None:
    rows = [{"url": url(1), "caption": "kettle"}, {"alt": "dog", "url": url(2)}, {"caption": "dog"}, {"url": url(3)}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows, 1]))
    found, summary = sifted(tmp_path, [tmp_path / "a.jsonl"])
    assert told(found) == {("n3", url(1), "kettle"), ("n1", url(2), "dog")}
    assert summary.left_out == {"broken": 1, "no URL": 1, "no caption": 1}
    assert [row["place"] for row in found] == ["a.jsonl:2", "a.jsonl:1"]


def test_names_that_are_no_text_are_read_and_written(tmp_path: Path) -> None:
    folder = tmp_path / "od\udcff"
    folder.mkdir()
    (folder / "li\udcfe.csv").write_text(f"url,caption\n{url(1)},kettle\n")
    parquet(tmp_path / "list.parquet")
    (tmp_path / "list.parquet").rename(folder / "li\udcfd.parquet")
    found, _ = sifted(folder, [folder / "li\udcfe.csv", folder / "li\udcfd.parquet"])
    assert told(found) == FOUND
    assert found[0]["place"] == "li?.csv:2"
    source = CaptionsSource()
    page = source.read(PageQuery("captions", str(folder / "sifted.parquet"), "en", "", 0, "captions"))
    source.close()
    assert len(page.images) == len(FOUND)


def test_a_part_that_is_damaged_is_read_again(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet")

    def end(at: Progress) -> None:
        if at.rows == 4:
            raise Ended

    with pytest.raises(Ended):
        sifted(tmp_path, [tmp_path / "a.parquet"], tell=end)
    part = tmp_path / "parts" / "00000001.rows.arrow"
    part.write_bytes(part.read_bytes()[:100])
    rows, summary = sifted(tmp_path, [tmp_path / "a.parquet"])
    assert (told(rows), summary.rows) == (FOUND, 4)
