#!/usr/bin/env python3
"""How long work pauses while the workers of a stage are restarted one after the other.

    benchmarks/rolling_restart.py [--workers 4] [--rate 200] [--instances]

A broker of its own on loopback, a store in a folder, and workers of ``dedupe``, each a process. Candidates of 100
synsets are written at a steady rate; a reader of ``survivors`` notes when each record becomes visible. Each worker in
its turn is told to end (SIGTERM) and started again, the next one once it is ready (``/readyz``), as Kubernetes does it.
Prints the longest time without any record, and the longest of a partition, before and while workers are restarted. With
``--instances`` workers have names that outlive restarts (``kafka.instance``).
"""

import argparse
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.stream import candidates
from deploy.local import services
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_topics import KafkaTopics, Shape
from synsift.pipelines.topics import Router

PARTITIONS = 16
SETTLE_S = 10.0


class Fleet:
    """Workers of ``dedupe``."""

    def __init__(self, address: KafkaAddress, store: Path, workers: int, *, instances: bool) -> None:
        self._address, self._store, self._instances = address, store, instances
        self._ports = [services.free_port() for _ in range(workers)]
        self._processes = [self._start(number) for number in range(workers)]
        for number in range(workers):
            self._wait(number)

    def _start(self, number: int) -> "subprocess.Popen[bytes]":
        settings = {
            "KAFKA__BOOTSTRAP": self._address.bootstrap,
            "STORE__URL": str(self._store),
            "SERVICE__PORT": str(self._ports[number]),
        }
        if self._instances:
            settings["KAFKA__INSTANCE"] = f"worker-{number}"
        named = {f"SYNSIFT_{name}": value for name, value in settings.items()}
        return subprocess.Popen(
            [sys.executable, "-m", "synsift", "run", "dedupe"], env={**os.environ, **named}, stderr=subprocess.DEVNULL
        )

    def _wait(self, number: int) -> None:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self._ports[number]}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)

    def restart_each(self) -> list[float]:
        """Restart them one after the other; seconds that each took."""
        took_s = []
        for number in range(len(self._processes)):
            began_s = time.monotonic()
            self._processes[number].send_signal(signal.SIGTERM)
            self._processes[number].wait()
            self._processes[number] = self._start(number)
            self._wait(number)
            took_s.append(time.monotonic() - began_s)
        return took_s

    def end(self) -> None:
        """End them all."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait()


class Reader(threading.Thread):
    """Notes when records of ``survivors`` become visible."""

    def __init__(self, address: KafkaAddress) -> None:
        super().__init__(daemon=True)
        self.seen: list[tuple[float, int]] = []
        self._address = address
        self.stopping = False

    def run(self) -> None:
        """Read until told to stop."""
        consumer = KafkaConsumer(bootstrap_servers=self._address.bootstrap, isolation_level="read_committed",
                                 fetch_max_wait_ms=20, auto_offset_reset="earliest")  # fmt: skip
        consumer.assign([TopicPartition("survivors", number) for number in range(PARTITIONS)])
        while not self.stopping:
            for place, records in consumer.poll(50).items():
                self.seen += [(time.monotonic(), place.partition)] * len(records)
        consumer.close()

    def gaps(self, begin_s: float, end_s: float) -> tuple[float, float]:
        """The longest time without a record between two moments, and the longest of a partition."""
        by_partition: dict[int, list[float]] = defaultdict(list)
        for at_s, partition in self.seen:
            if begin_s <= at_s <= end_s:
                by_partition[partition].append(at_s)
        every = sorted(itertools.chain(*by_partition.values()))
        return _longest(every), max(map(_longest, by_partition.values()), default=0.0)


def _longest(moments: list[float]) -> float:
    return max((later - earlier for earlier, later in itertools.pairwise(moments)), default=0.0)


def main() -> None:  # noqa: PLR0915 - one run from beginning to end
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rate", type=int, default=200, help="candidates a second")
    parser.add_argument("--instances", action="store_true", help="names that outlive restarts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        broker = services.kafka(Path(scratch) / "kafka")
        with services.running(broker):
            address = KafkaAddress(f"127.0.0.1:{broker.port}")
            KafkaTopics(address).create(Shape(PARTITIONS))
            log, router, done = KafkaLog(address, partitions=PARTITIONS), Router(PARTITIONS), threading.Event()

            def write() -> None:
                for seed in itertools.count():
                    made = candidates(1_000, seed=seed)
                    for begin in range(0, len(made), max(1, options.rate // 10)):
                        if done.is_set():
                            return
                        some = made[begin : begin + max(1, options.rate // 10)]
                        log.produce([router.candidate(candidate) for candidate in some])
                        time.sleep(0.1)

            fleet = Fleet(address, Path(scratch) / "store", options.workers, instances=options.instances)
            reader, writer = Reader(address), threading.Thread(target=write)
            reader.start()
            writer.start()
            time.sleep(SETTLE_S)
            began_s = time.monotonic()
            time.sleep(SETTLE_S)
            restart_s = time.monotonic()
            took_s = fleet.restart_each()
            time.sleep(2.0)
            end_s = time.monotonic()
            done.set()
            writer.join()
            calm, pause = reader.gaps(began_s, restart_s), reader.gaps(restart_s, end_s)
            reader.stopping = True
            reader.join()
            fleet.end()
            log.close()
    kind = "static" if options.instances else "dynamic"
    print(f"{options.workers} workers, {options.rate} candidates/s, {kind} members")
    print(f"a restart took {max(took_s):.1f} s at most")
    print(f"{'longest without':20s} {'any record':>12s} {'one of a partition':>20s}")
    for name, (whole, part) in (("before", calm), ("while restarting", pause)):
        print(f"{name:20s} {whole:10.2f} s {part:18.2f} s")


if __name__ == "__main__":
    main()
