"""The view of a store, as others' engines read it by a plain glob."""

from collections.abc import Callable
from typing import Any

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.dataset

from deploy.local.services import S3

GLOB = "current/*/*.parquet"
Rows = list[dict[str, Any]]


def of_folder(store: str) -> dict[str, Callable[[], Rows]]:
    """By engine: reads all columns of a store in a folder."""
    return {
        "duckdb": lambda: _of_arrow(duckdb.sql(f"SELECT * FROM '{store}/{GLOB}'").arrow()),  # noqa: S608 - a test's path
        "duckdb, below": lambda: _of_arrow(duckdb.sql(f"SELECT * FROM '{store}/current/**/*.parquet'").arrow()),  # noqa: S608
        "pandas": lambda: _of_pandas(pandas.read_parquet(f"{store}/current")),
        "pyarrow": lambda: pyarrow.dataset.dataset(f"{store}/current").to_table().to_pylist(),
        "pyarrow, by its own pairs": lambda: _by_hive(f"{store}/current").to_table().to_pylist(),
        "polars": lambda: polars.read_parquet(f"{store}/{GLOB}").to_dicts(),
        "polars, a folder": lambda: polars.scan_parquet(f"{store}/current").collect().to_dicts(),
    }


def of_s3(store: str, server: S3) -> dict[str, Callable[[], Rows]]:
    """By engine: reads all columns of a store behind an endpoint; what needs no extension that must be fetched."""
    import pyarrow.fs

    filesystem = pyarrow.fs.S3FileSystem(
        access_key=server.access_key,
        secret_key=server.secret_key,
        endpoint_override=server.endpoint,
        region="us-east-1",
    )
    options = {
        "aws_access_key_id": server.access_key,
        "aws_secret_access_key": server.secret_key,
        "aws_endpoint_url": server.endpoint,
        "aws_region": "us-east-1",
        "aws_allow_http": "true",
    }
    folder = f"{store.removeprefix('s3://')}/current"

    def by_duckdb() -> Rows:
        current = pyarrow.dataset.dataset(folder, filesystem=filesystem)
        connection = duckdb.connect()
        connection.register("current", current)
        return _of_arrow(connection.sql("SELECT * FROM current").arrow())

    return {
        "duckdb, by pyarrow": by_duckdb,
        "pandas": lambda: _of_pandas(pandas.read_parquet(folder, filesystem=filesystem)),
        "pyarrow": lambda: pyarrow.dataset.dataset(folder, filesystem=filesystem).to_table().to_pylist(),
        "polars": lambda: polars.read_parquet(f"{store}/{GLOB}", storage_options=options).to_dicts(),
    }


def _by_hive(folder: str) -> Any:
    names = pyarrow.dataset.HivePartitioning.discover(infer_dictionary=True)
    return pyarrow.dataset.dataset(folder, partitioning=names)


def _of_arrow(found: Any) -> Rows:
    table = found.read_all() if isinstance(found, pyarrow.RecordBatchReader) else found
    rows: Rows = table.to_pylist()
    return rows


def _of_pandas(frame: pandas.DataFrame) -> Rows:
    return _of_arrow(pyarrow.Table.from_pandas(frame, preserve_index=False))
