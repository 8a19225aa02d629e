#!/usr/bin/env python3
"""Where the CPU time of an image goes: one worker of the whole pipeline and its servers, by thread and process.

    benchmarks/threads.py --photos DIR [--images 3000] [--rounds 3] [--kafka] [--s3] [--workers 1]

The web is that of ``pipeline.py``, from which a process ``synsift run fetch dedupe land --drain`` crawls, with its
log and objects in a folder; with ``--kafka`` the log is on a broker, with ``--s3`` the objects are on an S3 server,
both on loopback. Each round crawls twice, a third of the images and all of them: what the larger crawl takes more is
what an image costs, and the rest is what a run costs whatever its size, most of it the start of Python.

Prints, for each thread, for all decoders together and for each server, CPU ms an image and CPU seconds a run, medians
of the rounds; likewise what the cores were idle, and what was asked for: transactions by stage, and calls of the object
store by kind, an image and a run.
"""

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.pipeline import STAGES, Place, count_fetched, cpu_s_so_far, listed, make_images, plan_and_search, server
from benchmarks.servers import nginx
from deploy.local import services
from tests.conftest import environment

# Python's threads have names that the system doesn't know; it is told them, so that they can be seen from outside.
# What is asked for is counted, and written down at the end.
_WITH_NAMES = """
import collections, functools, json, re, sys, threading
from pathlib import Path

begin, asked, told = threading.Thread._bootstrap_inner, collections.Counter(), Path(sys.argv.pop(1))

def named(thread):
    name = re.sub(r"^kafka-io-synsift-([a-z]+).*", r"io \\1", thread.name)
    name = re.sub(r"^synsift-([a-z]+).*-network-thread", r"send \\1", name)
    Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(name[:15])
    begin(thread)

def counted(call, name):
    @functools.wraps(call)
    def counting(*arguments, **named):
        asked[name(arguments)] += 1
        return call(*arguments, **named)
    return counting

threading.Thread._bootstrap_inner = named
import obstore
from synsift.pipelines.stages.ledger import Ledger

for kind in ("copy", "delete", "get", "head", "list", "put"):
    setattr(obstore, kind, counted(getattr(obstore, kind), lambda _, kind=kind: f"store: {kind}"))
Ledger._write = counted(Ledger._write, lambda arguments: f"transactions of {arguments[0]._stage}")
from synsift.__main__ import main
try:
    main()
finally:
    told.write_text(json.dumps(asked))
"""
_LOOK_S = 0.05
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_BRIEF = "threads that ended"


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


class Seen:
    """What the threads of some processes had taken when each was looked at last."""

    def __init__(self) -> None:
        self._threads: dict[tuple[int, int], tuple[str, float]] = {}
        self._whole_s: dict[int, float] = {}

    def look(self, worker: int) -> None:
        """Look at a worker and its decoders; one may end meanwhile."""
        with contextlib.suppress(OSError, IndexError):
            for pid in (worker, *children_of(worker)):
                for number, name, cpu_s in threads_of(pid):
                    kind = re.sub(r"_\d+$", "", name.replace("python", "event loop"))
                    self._threads[pid, number] = (kind if pid == worker else "decoders", cpu_s)
                if pid == worker:
                    self._whole_s[pid] = cpu_s_so_far(pid)

    def taken(self) -> dict[str, float]:
        """CPU seconds by thread. Those that began and ended between two looks are what a worker has beside them."""
        found: dict[str, float] = defaultdict(float)
        for name, cpu_s in self._threads.values():
            found[name] += cpu_s
        known_s = sum(cpu_s for (pid, _), (_, cpu_s) in self._threads.items() if pid in self._whole_s)
        found[_BRIEF] = max(0.0, sum(self._whole_s.values()) - known_s)
        found["all of the worker"] = sum(found.values())
        return found


def crawl(urls: Path, place: Place, name: str, workers: int) -> tuple[int, dict[str, float], dict[str, int]]:
    """Crawl; how many images came, CPU seconds by thread and server, and what was asked for."""
    options = place.options(name)
    plan_and_search(urls, options)
    told = [urls.with_name(f"asked-{name}-{number}.json") for number in range(workers)]
    before, start_s, seen = place.cpu_s(), time.monotonic(), Seen()
    commands = [[sys.executable, "-c", _WITH_NAMES, str(at), "run", *STAGES, "--drain"] for at in told]
    running = [subprocess.Popen(command, env=environment(options), stderr=subprocess.DEVNULL) for command in commands]
    while any(worker.poll() is None for worker in running):
        for worker in running:
            seen.look(worker.pid)
        time.sleep(_LOOK_S)
    if any(worker.returncode for worker in running):
        sys.exit(f"a worker failed with {[worker.returncode for worker in running]}")
    after, wall_s = place.cpu_s(), time.monotonic() - start_s
    servers = {server: after[server] - before[server] for server in after}
    asked: dict[str, int] = defaultdict(int)
    for at in told:
        for what, number in json.loads(at.read_text()).items():
            asked[what] += number
    return count_fetched(options), {**seen.taken(), **servers, "wall time": wall_s}, asked


def show(few: list[tuple[int, Mapping[str, float]]], all_: list[tuple[int, Mapping[str, float]]], unit: str) -> None:
    """Print what an image takes, and a run: by what the larger crawls took more than the smaller ones."""
    factor = 1000 if unit == "ms" else 1
    each: dict[str, list[float]] = defaultdict(list)
    run: dict[str, list[float]] = defaultdict(list)
    for (few_images, few_taken), (all_images, all_taken) in zip(few, all_, strict=True):
        for name in all_taken.keys() | few_taken.keys():
            one = (all_taken.get(name, 0) - few_taken.get(name, 0)) / (all_images - few_images)
            each[name].append(factor * one)
            run[name].append(few_taken.get(name, 0) - one * few_images)
    for name in sorted(each, key=lambda name: -statistics.median(each[name])):
        an_image, a_run = statistics.median(each[name]), statistics.median(run[name])
        rounds = " ".join(f"{one:.2f}" for one in each[name])
        print(f"{name:24} {an_image:7.3f} {unit} an image  {a_run:8.2f} a run   ({rounds})")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--images", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1, help="processes side by side")
    parser.add_argument("--kafka", action="store_true", help="the log on a broker")
    parser.add_argument("--s3", action="store_true", help="the objects on an S3 server")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "synsift-benchmark")
    options = parser.parse_args()
    make_images(options.photos, options.cache / "images", options.images)
    few, all_ = [], []
    with tempfile.TemporaryDirectory(prefix="synsift-bench-") as name, contextlib.ExitStack() as stack:
        scratch = Path(name)
        broker = stack.enter_context(services.running(services.kafka(scratch / "kafka"))) if options.kafka else None
        store = services.s3(scratch / "s3", keeps_connections=True) if options.s3 else None
        if store is not None:
            stack.enter_context(services.running(store.service))
        stack.enter_context(nginx(scratch, server(options.cache / "images")))
        place = Place(scratch, broker, store)
        for number in range(options.rounds):
            few.append(crawl(listed(scratch, options.images // 3), place, f"few{number}", options.workers))
            all_.append(crawl(listed(scratch, options.images), place, f"all{number}", options.workers))
            print(f"round {number}: {all_[-1][1]['wall time']:.1f} s for {all_[-1][0]} images", flush=True)
    show([(images, taken) for images, taken, _ in few], [(images, taken) for images, taken, _ in all_], "ms")
    print()
    show([(images, asked) for images, _, asked in few], [(images, asked) for images, _, asked in all_], "times")


if __name__ == "__main__":
    main()
