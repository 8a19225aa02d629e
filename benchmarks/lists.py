#!/usr/bin/env python3
"""How fast does a list of URLs get from the disk into the log, and does memory stay flat?

    benchmarks/lists.py [--rows 1000000] [--form csv|csv.gz|csv.zst|tsv|txt|jsonl|parquet] [--hosts 50000]

A list of URLs with a caption, an author and a licence is written; one stage ``search`` reads it into a SQLite log.
Timed over ``Worker.run`` until nothing is left to do; start and planning are left out. Prints rows/s, and the peak of
resident memory after the first tenth and at the end.
"""

import argparse
import asyncio
import gzip
import json
import multiprocessing
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from synsift.pipelines import topics
from synsift.pipelines.assembly import make_stages, open_parts
from synsift.pipelines.cli.url_lists import url_lists
from synsift.pipelines.config import load
from synsift.pipelines.stages.plan import plan
from synsift.pipelines.worker import Worker

FORMS = ("csv", "csv.gz", "csv.zst", "tsv", "txt", "jsonl", "parquet")


def table(begin: int, end: int, hosts: int) -> pa.Table:
    """Rows of a list."""
    numbers = range(begin, end)
    return pa.table(
        {
            "url": [f"https://images.host-{n * 7919 % hosts}.example/a/{n:08d}.jpg" for n in numbers],
            "title": [f"A whippet, number {n}, that runs on the beach" for n in numbers],
            "author": [f"Somebody {n % 1000}" for n in numbers],
            "license": ["https://creativecommons.org/licenses/by/4.0/"] * len(numbers),
        }
    )


def tables(rows: int, hosts: int) -> Iterator[pa.Table]:
    """All rows, some at a time."""
    for begin in range(0, rows, 100_000):
        yield table(begin, min(rows, begin + 100_000), hosts)


def write(path: Path, form: str, rows: int, hosts: int) -> None:
    """Write a list in a form."""
    if form == "parquet":
        with pyarrow.parquet.ParquetWriter(path, table(0, 1, hosts).schema) as writer:
            for part in tables(rows, hosts):
                writer.write_table(part)
        return
    with pa.output_stream(str(path), compression=None if form.endswith("gz") else "detect") as plain:
        file = gzip.open(path, "wb", 1) if form.endswith("gz") else plain  # noqa: SIM115 - closed below
        for number, part in enumerate(tables(rows, hosts)):
            if form == "txt":
                file.write("".join(f"{url}\n" for url in part["url"].to_pylist()).encode())
            elif form == "jsonl":
                file.write("".join(json.dumps(row) + "\n" for row in part.to_pylist()).encode())
            else:
                options = pyarrow.csv.WriteOptions(
                    include_header=number == 0,
                    delimiter="\t" if form == "tsv" else ",",
                    quoting_style="needed",
                )
                buffer = pa.BufferOutputStream()
                pyarrow.csv.write_csv(part, buffer, options)
                file.write(buffer.getvalue().to_pybytes())
        file.close()


def read(folder: Path, path: Path, rows: int, answer: "multiprocessing.Queue[tuple[float, float, float, int]]") -> None:
    """Read a list into a log, and say how long it took, how much memory, and how many URLs there are."""
    settings = load(options={"store.url": str(folder), "identity.contact": "bench@lab.example"}, env={}).settings
    parts = open_parts(settings)
    plan(parts.log, parts.router, url_lists([str(path)], settings), source="urls")
    worker = Worker(parts.log, make_stages(["search"], parts), until_idle=True)
    early: list[float] = []

    def watch() -> None:
        while _found(parts.log) < rows // 10:
            time.sleep(0.2)
        early.append(_peak_mb())

    threading.Thread(target=watch, daemon=True).start()
    begin_s = time.perf_counter()
    asyncio.run(worker.run())
    took_s = time.perf_counter() - begin_s
    answer.put((took_s, early[0], _peak_mb(), _found(parts.log)))
    parts.log.close()


def _found(log: object) -> int:
    lags = log.lag("fetch", topics.IMAGE_URLS.name)  # type: ignore[attr-defined]
    return sum(lag.records for lag in lags)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--hosts", type=int, default=50_000)
    parser.add_argument("--form", choices=FORMS, default="csv")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"list.{options.form}"
        write(path, options.form, options.rows, options.hosts)
        context = multiprocessing.get_context("spawn")
        answer = context.Queue()
        child = context.Process(target=read, args=(Path(scratch) / "out", path, options.rows, answer))
        child.start()
        took_s, early_mb, peak_mb, found = answer.get(timeout=600)
        child.join()
    print(f"{options.form}: {found} of {options.rows} URLs in {took_s:.1f} s: {found / took_s:,.0f} rows/s")
    print(f"peak of memory: {early_mb:.0f} MB after a tenth, {peak_mb:.0f} MB at the end")


if __name__ == "__main__":
    main()
