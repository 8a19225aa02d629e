"""The list that comes of a sift, as Parquet: a row for each image and synset, block by block of the lists.

It is a list of URLs as any other. What was left out, and how many rows were read, stands in its metadata.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from synsift.crawler.captions.blocks import KEPT
from synsift.crawler.captions.files import named
from synsift.crawler.captions.lexicon import Lexicon
from synsift.crawler.captions.selection import Selection
from synsift.crawler.captions.spool import Spool
from synsift.crawler.outside_json import loads

_WORDS: Final = pa.dictionary(pa.int32(), pa.large_string())
_SCHEMA: Final = pa.schema(
    [
        *((name, _WORDS) for name in ("url", "wnid", *KEPT[1:], "query", "lang", "rule")),
        *((name, pa.int32()) for name in ("query_rank", "ambiguity")),
        ("place", _WORDS),
    ]
)
_SUMMARY: Final = b"synsift.sift"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a sift found.

    Attributes:
        rows: That were read.
        found: Image URLs that are kept, one for each image and synset.
        synsets: That have one.
        asked: Synsets that were looked for.
        queries: That were looked for.
        common: Queries that weren't, as they stand in any caption.
        left_out: Rows or hits that are not kept, by reason.
        problems: What is wrong with some rows, in words.
        quartiles: Hits of a synset: least, a quarter, half, three quarters, most; of those that have one.
    """

    rows: int
    found: int
    synsets: int
    asked: int
    queries: int
    common: int
    left_out: Mapping[str, int]
    problems: Sequence[str]
    quartiles: Sequence[int]


def write_sifted(target: Path, spool: Spool, lexicon: Lexicon, selection: Selection, summary: Summary) -> None:
    """Write the list; nobody sees it before it is whole.

    Raises:
        OSError: It can't be written.
    """
    new = spool.beside("sifted.new")
    said = json.dumps(asdict(summary)).encode()
    names = spool.beside("lists.json")
    shown: list[str] = loads(names.read_text())
    options: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "dictionary_pagesize_limit": 1 << 30}
    # Least and greatest values of a column take longer than all else; those of synsets serve who looks for one.
    options["write_statistics"] = ["wnid"]
    with named(new), new.open("wb") as file:
        with pq.ParquetWriter(file, _SCHEMA.with_metadata({_SUMMARY: said}), use_dictionary=True, **options) as writer:
            for number in range(len(spool)):
                rows, queries = selection.of_part(number)
                if len(rows):
                    place = shown[spool.states[number].list]
                    writer.write_table(_table(spool.rows(number), rows, queries, lexicon, place))
        file.flush()
        os.fsync(file.fileno())
    new.replace(target)


def read_summary(path: Path) -> Summary:
    """What a sift found whose list this is.

    Raises:
        OSError, ValueError, KeyError: It is none.
    """
    with path.open("rb") as file:
        return Summary(**loads(pq.read_schema(file).metadata[_SUMMARY]))


def _table(
    part: "pa.Table", rows: npt.NDArray[np.int64], queries: npt.NDArray[np.int64], lexicon: Lexicon, place: str
) -> "pa.Table":
    used, at = _numbered(rows, part.num_rows)
    taken = part.take(pa.array(used)).combine_chunks()
    columns = {name: _repeated(taken.column(name).chunk(0), at) for name in taken.column_names if name in KEPT}
    nothing = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(at), np.int32)), pa.array([""], pa.large_string()))
    columns |= {name: nothing for name in KEPT if name not in columns}
    places = pa.array([f"{place}{number}" for number in taken.column("number").to_pylist()], pa.large_string())
    columns["place"] = pa.DictionaryArray.from_arrays(pa.array(at), places)
    asked, which = _numbered(queries, len(lexicon.synsets))
    columns["query"] = _repeated(lexicon.queries.column("text").chunk(0).take(pa.array(asked)), which)
    synsets, of_which = _numbered(lexicon.synsets[queries], len(lexicon.wnids))
    columns["wnid"] = pa.DictionaryArray.from_arrays(pa.array(of_which), lexicon.wnids.take(pa.array(synsets)))
    others = lexicon.queries.select(["lang", "rule", "rank", "ambiguity"]).take(pa.array(queries))
    columns |= {"lang": others["lang"], "rule": others["rule"]}
    columns |= {"query_rank": others["rank"], "ambiguity": others["ambiguity"]}
    return pa.table([columns[name] for name in _SCHEMA.names], schema=_SCHEMA)


def _numbered(values: npt.NDArray[Any], size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """The different values among some below a size, and for each value its place among these."""
    is_there = np.zeros(size, np.bool_)
    is_there[values] = True
    return np.flatnonzero(is_there), (np.cumsum(is_there, dtype=np.int32) - 1)[values]


def _repeated(values: "pa.LargeStringArray", at: npt.NDArray[np.int32]) -> "pa.DictionaryArray":
    """The values at some places; each stands there once."""
    known = values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(known.indices.take(pa.array(at)), known.dictionary)
