#!/usr/bin/env python3
"""A host that takes one request a second among 200 fast ones: how much slower are the others?

    benchmarks/hot_hosts.py --photos DIR [--images 50] [--rounds 3]

One ``synsift run fetch`` on the SQLite log; nginx on loopback serves 200 fast hosts, ``images`` pictures each, and lets
one host answer once a second. Alternating: the fast hosts alone, and with 5,000 URLs of the slow host written before
and among theirs. Timed over the fast images, from the first that was stored to the last, by the log's own records.
Prints images/s of both and the ratio; it is 1 if the slow host costs the others nothing.
"""

import argparse
import contextlib
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.pipeline import make_images
from benchmarks.servers import nginx, workers
from synsift.pipelines import topics
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.records import FoundBy, ImageUrl
from synsift.pipelines.topics import Router

PORT = 18_090
FAST = [f"127.0.{n // 100 + 1}.{n % 100 + 1}" for n in range(200)]
SLOW = "127.0.9.1"
SLOW_URLS = 5_000
PARTITIONS = 16


def servers(root: Path) -> str:
    """A folder on all hosts; the slow one answers once a second, whoever waits."""
    listen = "".join(f"listen {host}:{PORT} backlog=1024; " for host in FAST)
    return (
        f"limit_req_zone $server_name zone=slow:1m rate=1r/s; server {{ {listen} root {root}; }}\n"
        f"server {{ server_name slow; listen {SLOW}:{PORT}; root {root}; limit_req zone=slow burst=100; }}"
    )


def urls(images: int, *, with_slow: bool) -> list[str]:
    """Image URLs in the order in which they are found: the slow host's half before, half among the others."""
    fast = [f"http://{host}:{PORT}/{n:06d}.jpg?{host}" for n in range(images) for host in FAST]
    if not with_slow:
        return fast
    slow = [f"http://{SLOW}:{PORT}/{n % images:06d}.jpg?{n}" for n in range(SLOW_URLS)]
    half = SLOW_URLS // 2
    mixed = fast + slow[half:]
    random.Random(1).shuffle(mixed)  # noqa: S311 - the same order every time
    return slow[:half] + mixed


def run(folder: Path, images: int, *, with_slow: bool) -> float:
    """Images/s of the fast hosts."""
    folder.mkdir()
    log = SqliteLog(folder / "log.db", partitions=PARTITIONS)
    router = Router(PARTITIONS)
    found_by = FoundBy(source="urls", query="benchmark")
    log.produce(
        [router.image_url(ImageUrl(wnid="n1", url=url, found_by=found_by)) for url in urls(images, with_slow=with_slow)]
    )
    options = {
        "store.url": str(folder),
        "identity.contact": "benchmark@localhost",
        "fetch.allow_networks": ["127.0.0.0/8"],
        "fetch.delay_s": 0,
        "fetch.obey_robots": "false",
        "fetch.timeout_s": 120,
        "logging.level": "WARNING",
    }
    wanted, seen, began_s = images * len(FAST), 0, 0.0
    offsets = [0] * PARTITIONS
    with contextlib.closing(log), workers("fetch", options):
        while seen < wanted:
            time.sleep(0.05)
            for partition in range(PARTITIONS):
                for message in log.read(topics.FETCHED.name, partition, offsets[partition]):
                    offsets[partition] = message.offset + 1
                    fetched = json.loads(message.value)
                    if fetched["outcome"] != "fetched":
                        sys.exit(f"wrong result: {fetched}")
                    seen += SLOW not in fetched["url"]
            began_s = began_s or (time.monotonic() if seen else 0.0)
        return seen / (time.monotonic() - began_s)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "synsift-benchmark")
    options = parser.parse_args()
    make_images(options.photos, options.cache / "images", options.images)
    ratios = []
    with (
        tempfile.TemporaryDirectory(prefix="synsift-bench-") as scratch,
        nginx(Path(scratch), servers(options.cache / "images")),
    ):
        for number in range(options.rounds):
            alone = run(Path(scratch) / f"alone{number}", options.images, with_slow=False)
            beside = run(Path(scratch) / f"beside{number}", options.images, with_slow=True)
            ratios.append(beside / alone)
            print(f"alone {alone:6.0f} images/s   with a slow host {beside:6.0f} images/s   ratio {ratios[-1]:.2f}")
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
