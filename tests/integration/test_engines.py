"""Engines of others read the view of a store by a plain glob, and all read the same: what stands."""

import datetime
import io
from pathlib import Path
from typing import Any

import msgspec
import polars
import pyarrow.parquet
import pytest

from deploy.local.services import S3
from synsift.crawler.secret import Secret
from synsift.pipelines.records import Survivor
from synsift.pipelines.said import Consent, Said
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.compaction import compact
from synsift.pipelines.storage.manifests import encode_part
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.storage.standing import read_standing
from tests.conftest import s3_options
from tests.integration.engines import Rows, of_folder, of_s3
from tests.pipelines.exports.stores import DAISY, WHIPPET, Picture, fill, picture, survivor_of
from tests.pipelines.storage.test_current import as_before, some_pictures

pytestmark = [
    pytest.mark.slow,
    # Polars begins threads, and Python doesn't like a fork beside them; nothing is forked here.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]
SAID = Said(kind="tdm", signal="tdm-reservation", value="1", where="https://images.example/", train="no")
CONSENT = Consent(
    at="2026-01-02T03:04:05Z", acquisition="robots.txt", train="no", index="silent", policy="p", said=(SAID,)
)


def told(one: Picture) -> Survivor:
    """A survivor of whose use something was said, and whose server said when it changed."""
    survivor = survivor_of(one)
    answer = msgspec.structs.replace(survivor.candidate.answer, last_modified="Thu, 01 Jan 2026 00:00:00 GMT")
    return msgspec.structs.replace(
        survivor, candidate=msgspec.structs.replace(survivor.candidate, consent=CONSENT, answer=answer)
    )


def make(objects: Objects) -> None:
    """A store whose manifests are of several versions and many small parts, and hold rows of what was replaced."""
    fill(objects, some_pictures())
    for path in list(objects.list(layout.MANIFESTS))[:1]:
        objects.put(path, as_before(objects.get(path)))
    for offset, one in enumerate((picture(31), picture(32, DAISY), picture(33, "7"), picture(34, "2026-01-01")), 100):
        part = layout.ManifestPart(one.wnid, 0, offset, offset)
        objects.put(layout.named_candidate(one.wnid, one.sha256, "jpg"), one.data)
        objects.put(part.path, encode_part([(offset, told(one))]))
    assert {str(one.outcome) for one in compact(objects)} == {"written"}


def plain(rows: Rows) -> list[dict[str, Any]]:
    """Rows in one order, with moments as one type."""
    return sorted((_plain(row) for row in rows), key=lambda row: (row["wnid"], row["sha256"]))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, datetime.datetime):
        assert value.utcoffset() is not None
        return value.astimezone(datetime.UTC).isoformat()
    return value


def assert_right(objects: Objects, found: dict[str, list[dict[str, Any]]]) -> None:
    """All engines read the same, and of that the images are those that stand."""
    standing = [(one.wnid, row["sha256"]) for one in read_standing(objects) for row in one.rows]
    for engine, rows in found.items():
        assert [(row["wnid"], row["sha256"]) for row in rows] == sorted(standing), engine
        assert rows == found["pyarrow"], engine
    (row,) = [row for row in found["pyarrow"] if row["wnid"] == WHIPPET and row["offset"] == 100]
    assert row["fetched_at"] == "2026-01-02T03:04:05+00:00"
    assert row["last_modified"] == "2026-01-01T00:00:00+00:00"
    assert row["kind"] == "new"
    assert row["train"] == "no"
    said = {"kind": "tdm", "signal": "tdm-reservation", "value": "1", "where": SAID.where, "train": "no", "index": ""}
    assert row["consent"]["said"] == [said]
    assert row["consent"]["at"] == "2026-01-02T03:04:05+00:00"


def test_all_engines_read_the_same_of_a_folder(tmp_path: Path) -> None:
    objects = Objects(StoreAddress(str(tmp_path)))
    make(objects)
    assert_right(objects, {engine: plain(read()) for engine, read in of_folder(str(tmp_path)).items()})


def test_all_engines_read_the_same_of_a_bucket(s3: S3, tmp_path: Path) -> None:
    options = s3_options(s3, tmp_path.name)
    url = str(options["store.url"])
    objects = Objects(StoreAddress(url, s3.endpoint, "us-east-1", s3.access_key, Secret(s3.secret_key)))
    make(objects)
    assert_right(objects, {engine: plain(read()) for engine, read in of_s3(url, s3).items()})
    before = dict(objects.list_tagged(layout.CURRENT))
    assert {str(one.outcome) for one in compact(objects)} == {"unchanged"}
    assert dict(objects.list_tagged(layout.CURRENT)) == before


@pytest.mark.parametrize("names", [["7", "8"], ["2026-01-01", "2026-01-02"], ["0x1", "1e3"], ["true", "null"]])
def test_identifiers_that_look_like_something_else_stay_texts_where_folders_are_not_asked(
    tmp_path: Path, names: list[str]
) -> None:
    """As docs/guides/tables.md says: an engine that takes types from names of folders is told not to."""
    import duckdb
    import pandas

    objects = Objects(StoreAddress(str(tmp_path)))
    fill(objects, [picture(number, name) for number, name in enumerate(names)])
    list(compact(objects))
    where = f"{tmp_path}/current/*/*.parquet"
    query = f"SELECT wnid FROM read_parquet('{where}', hive_partitioning = false)"  # noqa: S608 - a test's path
    assert sorted(row[0] for row in duckdb.sql(query).fetchall()) == sorted(names)
    assert sorted(pandas.read_parquet(f"{tmp_path}/current", partitioning=None)["wnid"]) == sorted(names)
    assert sorted(polars.read_parquet(where)["wnid"].to_list()) == sorted(names)


def test_what_the_guide_says_of_other_ways_is_so(tmp_path: Path) -> None:
    """The account has columns of several versions; pyarrow takes texts of folders where it is asked to."""
    import duckdb
    import pyarrow.dataset

    objects = Objects(StoreAddress(str(tmp_path)))
    make(objects)
    parts = f"read_parquet('{tmp_path}/manifests/*/*.parquet', union_by_name = true, filename = true)"
    rows = duckdb.sql(f"SELECT split(filename, '/')[-2], sha256, kind FROM {parts}").fetchall()  # noqa: S608 - a test's path
    assert len(rows) == len(some_pictures()) + 4
    assert {wnid for wnid, _, _ in rows} == {WHIPPET, DAISY, "7", "2026-01-01"}
    assert None in {kind for _, _, kind in rows}
    with pytest.raises(pyarrow.lib.ArrowTypeError):
        pyarrow.dataset.dataset(f"{tmp_path}/current", partitioning="hive").to_table()


def test_a_reader_that_is_under_way_keeps_what_it_began_with(tmp_path: Path) -> None:
    """In a folder: the file that is open stays, whatever takes its name."""
    objects = Objects(StoreAddress(str(tmp_path)))
    make(objects)
    path = tmp_path / layout.current_view(WHIPPET)
    with path.open("rb") as file:
        before = pyarrow.parquet.ParquetFile(io.BytesIO(path.read_bytes())).read().num_rows
        objects.put(layout.named_candidate(WHIPPET, picture(50).sha256, "jpg"), picture(50).data)
        objects.put(layout.ManifestPart(WHIPPET, 0, 500, 500).path, encode_part([(500, told(picture(50)))]))
        list(compact(objects))
        assert pyarrow.parquet.ParquetFile(file).read().num_rows == before
    assert pyarrow.parquet.ParquetFile(path).read().num_rows == before + 1
