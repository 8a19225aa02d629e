#!/usr/bin/env python3
"""Where the CPU time of an image goes: one worker of the whole pipeline, by thread and process.

    benchmarks/threads.py --photos DIR [--images 3000] [--rounds 3]

The web is that of ``pipeline.py``, from which one process ``synsift run fetch dedupe land --drain`` crawls, with its
log and objects in a folder. Each round crawls twice, a third of the images and all of them: what the larger crawl takes
more is what an image costs, and the rest is what a run costs whatever its size, most of it the start of Python.

Prints, for each thread and for all decoders together, CPU ms an image and CPU seconds a run, medians of the rounds.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.pipeline import STAGES, Place, count_fetched, listed, make_images, plan_and_search, server
from benchmarks.servers import nginx
from tests.conftest import environment

# Python's threads have names that the system doesn't know; it is told them, so that they can be seen from outside.
_WITH_NAMES = """
import threading
from pathlib import Path

run = threading.Thread.run

def named(thread):
    Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(thread.name[:15])
    run(thread)

threading.Thread.run = named
from synsift.__main__ import main
main()
"""
_LOOK_S = 0.05
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def threads_of(pid: int) -> Iterator[tuple[int, str, float]]:
    """The threads of a process: number, name, CPU seconds so far (proc(5))."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        before, _, after = (task / "stat").read_text().rpartition(")")
        fields = after.split()
        yield int(task.name), before.partition("(")[2], (int(fields[11]) + int(fields[12])) * _TICK_S


def children_of(pid: int) -> list[int]:
    """The processes that any thread of a process started."""
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


def crawl(urls: Path, options: dict[str, object]) -> tuple[int, dict[str, float]]:
    """Crawl in one worker; how many images came, and CPU seconds by thread, as seen at the last look at each."""
    plan_and_search(urls, options)
    command = [sys.executable, "-c", _WITH_NAMES, "run", *STAGES, "--drain"]
    worker = subprocess.Popen(command, env=environment(options), stderr=subprocess.DEVNULL)
    seen: dict[tuple[int, int], tuple[str, float]] = {}
    while worker.poll() is None:
        try:
            for pid in (worker.pid, *children_of(worker.pid)):
                for number, name, cpu_s in threads_of(pid):
                    kind = re.sub(r"_\d+$", "", name.replace("python", "event loop"))
                    seen[pid, number] = (kind if pid == worker.pid else "decoders", cpu_s)
        except (OSError, IndexError):
            continue  # one ended while it was looked at
        time.sleep(_LOOK_S)
    if worker.returncode:
        sys.exit(f"the worker failed with {worker.returncode}")
    taken: dict[str, float] = defaultdict(float, all=sum(cpu_s for _, cpu_s in seen.values()))
    for name, cpu_s in seen.values():
        taken[name] += cpu_s
    return count_fetched(options), taken


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--images", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "synsift-benchmark")
    options = parser.parse_args()
    make_images(options.photos, options.cache / "images", options.images)
    each_ms: dict[str, list[float]] = defaultdict(list)
    run_s: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="synsift-bench-") as name:
        scratch = Path(name)
        place = Place(scratch, None, None)
        with nginx(scratch, server(options.cache / "images")):
            for number in range(options.rounds):
                few, few_s = crawl(listed(scratch, options.images // 3), place.options(f"few{number}"))
                all_, all_s = crawl(listed(scratch, options.images), place.options(f"all{number}"))
                for thread in all_s | few_s:
                    each_s = (all_s.get(thread, 0) - few_s.get(thread, 0)) / (all_ - few)
                    each_ms[thread].append(1000 * each_s)
                    run_s[thread].append(few_s.get(thread, 0) - each_s * few)
    for thread in sorted(each_ms, key=lambda thread: -statistics.median(each_ms[thread])):
        each, run = statistics.median(each_ms[thread]), statistics.median(run_s[thread])
        print(f"{thread:16} {each:6.2f} CPU ms an image  {run:6.2f} CPU s a run")


if __name__ == "__main__":
    main()
