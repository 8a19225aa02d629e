#!/usr/bin/env python3
"""Memory that a fetch worker needs for the URLs that it knows, beside a dict of the same.

    benchmarks/urls.py [--urls 10000000] [--partitions 16]

Records of ``fetched`` as they stand on the log, each with a fingerprint, are put where a worker keeps them, by
partition; then some are asked for. In a process of its own each: memory beyond that of an empty one, CPU time of a put
and of a get of one that is known, size of the file. The dict takes a tenth of the URLs.
"""

import argparse
import multiprocessing
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from synsift.pipelines.stages.fetch_memory import PartitionMemory, _digest
from synsift.pipelines.stages.shelf import Shelf
from synsift.pipelines.stages.spill_file import SpillFile

VALUE = b'{"url":"%s","outcome":"fetched","image":{"hash":"' + b"A" * 760 + b'"},"wnids":["n00000001"],"attempts":1}'
ASKED = 20_000


def rss_mb() -> float:
    """Of this process, in memory at this moment."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def measure(urls: int, partitions: int, *, plain: bool) -> None:
    """One way, and print it."""
    files: list[SpillFile] = []

    def opened() -> SpillFile:
        files.append(SpillFile())
        return files[-1]

    memories = [PartitionMemory[None](Shelf(opened)) for _ in range(partitions)]
    known: dict[bytes, bytes] = {}
    before_mb, began_s = rss_mb(), time.process_time()
    for number in range(urls):
        url = b"http://h%d.example/images/%d.jpg" % (number % 9973, number)
        if plain:
            known[_digest(url)] = VALUE % url
        else:
            memories[number % partitions].read(url, VALUE % url)
    put_us = (time.process_time() - began_s) / urls * 1e6
    memory_mb, began_s = rss_mb() - before_mb, time.process_time()
    step = max(1, urls // ASKED)
    for number in range(0, urls, step):
        url = b"http://h%d.example/images/%d.jpg" % (number % 9973, number)
        found = known.get(_digest(url)) if plain else memories[number % partitions].fetched.get(_digest(url))
        assert found is not None  # noqa: S101 - or the figures are of nothing
        assert url in found  # noqa: S101
    get_us = (time.process_time() - began_s) / len(range(0, urls, step)) * 1e6
    disk_mb = sum(file.size_bytes for file in files) / 1e6
    name = "dict" if plain else "shelves"
    print(
        f"{name:8s} {urls:12,d} {memory_mb:10.0f} {memory_mb * 1e6 / urls:12.0f} {put_us:8.1f} {get_us:8.1f} "
        f"{disk_mb:10.0f}",
        flush=True,
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--urls", type=int, default=10_000_000)
    parser.add_argument("--partitions", type=int, default=16)
    options = parser.parse_args()
    print(
        f"{'':8s} {'URLs':>12s} {'memory MB':>10s} {'bytes a URL':>12s} {'put µs':>8s} {'get µs':>8s} {'disk MB':>10s}",
        flush=True,
    )
    for plain, urls in ((True, options.urls // 10), (False, options.urls // 10), (False, options.urls)):
        process = multiprocessing.get_context("spawn").Process(
            target=measure, args=(urls, options.partitions), kwargs={"plain": plain}
        )
        process.start()
        process.join()


if __name__ == "__main__":
    main()
