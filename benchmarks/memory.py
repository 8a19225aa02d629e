#!/usr/bin/env python3
"""Does a worker's memory depend on the lag? Peak memory of ``fetch`` and ``dedupe`` with a small and a large lag.

    benchmarks/memory.py [--small 5000] [--large 200000] [--seconds 20]

One worker each on the SQLite log. ``fetch`` faces hosts that never answer, so that nothing leaves and all that it reads
ahead stays; ``dedupe`` is stopped after the same number of candidates whatever the lag.
"""

import argparse
import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.servers import workers
from benchmarks.stream import candidates
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.records import FoundBy, ImageUrl
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.topics import Router

PARTITIONS = 16


def peak_mb(process: "subprocess.Popen[bytes]") -> float:
    """Peak resident memory of a process so far."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def run(stage: str, lag: int, seconds: float, port: int) -> float:
    """Peak memory with a lag."""
    router = Router(PARTITIONS)
    with tempfile.TemporaryDirectory(prefix="synsift-bench-") as scratch:
        log = SqliteLog(Path(scratch) / "log.db", partitions=PARTITIONS)
        found_by = FoundBy(source="urls", query="benchmark", title="A title as sources give them " * 3)
        for begin in range(0, lag, 10_000):
            numbers = range(begin, min(lag, begin + 10_000))
            if stage == "fetch":
                urls = [f"http://127.0.{n % 200 + 1}.1:{port}/{n}.jpg" for n in numbers]
                log.produce([router.image_url(ImageUrl(wnid="n1", url=url, found_by=found_by)) for url in urls])
            else:
                log.produce([router.candidate(one) for one in candidates(len(numbers), seed=begin)])
        options = {
            "store.url": scratch,
            "identity.contact": "benchmark@localhost",
            "fetch.allow_networks": ["127.0.0.0/8"],
            "fetch.timeout_s": 600,
            "fetch.obey_robots": "false",
            "logging.level": "ERROR",
        }
        with contextlib.closing(log), workers(stage, options) as (worker,):
            deadline_s = time.monotonic() + seconds
            while time.monotonic() < deadline_s:
                time.sleep(0.1)
                done = sum(found.committed for found in log.lag(stage, INPUTS[stage].name))
                if stage == "dedupe" and done >= 4_000:
                    break
            return peak_mb(worker)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=5_000)
    parser.add_argument("--large", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        # Takes connections and never answers.
        port = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
        for number in range(200):
            stack.enter_context(socket.create_server((f"127.0.{number + 1}.1", port)))
        for stage in ("fetch", "dedupe"):
            small, large = (run(stage, lag, options.seconds, port) for lag in (options.small, options.large))
            print(
                f"{stage}: peak {small:.0f} MB with a lag of {options.small}, {large:.0f} MB with {options.large}; "
                f"ratio {large / small:.2f}"
            )


if __name__ == "__main__":
    main()
