"""Lists of captions as strangers may write them, read by a sift: every row ends as a hit, or is counted."""

import bz2
import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from synsift.crawler.captions.lexicon import make_lexicon
from synsift.crawler.captions.sift import CaptionList, Sift
from synsift.crawler.captions.sifted import read_summary
from synsift.crawler.queries import SynsetQuery
from synsift.crawler.sources.base import PageQuery
from synsift.crawler.sources.captions import CaptionsSource
from synsift.crawler.sources.lists.layouts import LAYOUTS, Columns, Layout
from synsift.pipelines.captions import meaning_of_file

LEXICON = make_lexicon(
    [
        SynsetQuery("n1", "dog"),
        SynsetQuery("n1", "hot dog", rank=1),
        SynsetQuery("n2", "great white shark"),
        SynsetQuery("n3", "鹤", "zh"),
        SynsetQuery("n4", "perro", "es"),
    ]
)
CAPTIONS = [
    "Two dogs, on a beach",
    "a hot-dog &amp; IMG_1234.jpg",
    "“Great White” shark’s fin http://a.example/x.jpg",
    "鹤 perros ÁÉ",
    "",
]
URLS = [f"https://a.example/{number}.jpg" for number in range(8)]
ROWS = [{"url": url, "caption": CAPTIONS[n % 5], "title": f"dog {n}", "punsafe": n / 10} for n, url in enumerate(URLS)]
_YFCC = (
    "1\t99@N00\tm\td\t1\tX\tHot+dog\ton%20a\tdog,x\t\t\t\t\thttp://f.example/1\t{}\tby\thttp://l/\t2\t1\ta\tb\tjpg\t0\n"
)
_ODD: dict[str, object] = {
    "captions": [["a dog", None], None, [], ["x"] * 3, ["dog"], None, None, ["鹤"]],
    "alt": pa.array([b"dog", b"\xff\xfe", None, b"", b"perro", b"x", b"y", b"z"]),
    "text": pa.array(["dog", "cat", None, "dog", "dog", None, "cat", "x"]).dictionary_encode(),
    "tags": [1, 2, 3, None, 5, 6, 7, 8],
}


def seeds(scratch: Path) -> Iterator[tuple[str, list[bytes], str]]:
    """A name, good inputs, and the name of the layout."""
    text = "url,caption,title,punsafe\n" + "".join(
        f'{r["url"]},"{r["caption"]}",{r["title"]},{r["punsafe"]}\n' for r in ROWS
    )
    yield "csv", [text.encode(), text.replace(",", "\t").encode(), text.encode("utf-16")], ""
    yield "jsonl", ["".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()], ""
    files = []
    for number, columns in enumerate([{}, _ODD]):
        file = scratch / f"captions-{number}.parquet"
        table = pa.Table.from_pylist(ROWS)
        pq.write_table(
            pa.table({**{name: table[name] for name in table.column_names}, **columns}), file, row_group_size=3
        )
        files.append(file.read_bytes())
    yield "parquet", files, ""
    yfcc = "".join(_YFCC.format(url) for url in URLS).encode()
    yield "yfcc.txt", [yfcc, bz2.compress(yfcc)], "flickr"


def readers(scratch: Path) -> Iterator[tuple[str, list[bytes], Callable[[bytes], object]]]:
    """What sifts each of them."""
    for kind, good, layout in seeds(scratch):
        yield f"captions, {kind}", good, partial(_sift, scratch / f"captions.{kind}", layout)


def _sift(path: Path, layout_name: str, data: bytes) -> int:
    path.write_bytes(data)
    layout = LAYOUTS[layout_name] if layout_name else Layout(Columns())
    meaning_of_file_or_none(path, layout)
    folder, target = path.with_suffix(".sifting"), path.with_suffix(".sifted.parquet")
    shutil.rmtree(folder, ignore_errors=True)
    sift = Sift(folder, [CaptionList(path, path.name, "x")], LEXICON, most=3, layout=layout)
    sift.read(lambda _: None)
    summary = sift.finish(target)
    assert read_summary(target) == summary
    rejected = {
        "no URL",
        "not a URL",
        "not free",
        "video",
        "unsafe",
        "broken",
        "unreadable",
        "no name in it",
        "no caption",
    }
    counted = sum(many for reason, many in summary.left_out.items() if reason in rejected)
    assert counted <= summary.rows
    assert counted or summary.found or not summary.rows, "rows that nobody knows of"
    page = CaptionsSource(page_size=1_000).read(PageQuery("captions", str(target), "en", "", 0, "captions"))
    assert len(page.images) + len(page.rejects) == summary.found
    assert all(image.wnid in {"n1", "n2", "n3", "n4"} for image in page.images)
    return summary.rows


def meaning_of_file_or_none(path: Path, layout: Layout) -> object:
    """What a command looks at before: an error with a name is an answer."""
    from synsift.crawler.errors import SourceError

    try:
        return meaning_of_file(path, layout)
    except (SourceError, OSError):
        return None
