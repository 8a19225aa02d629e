#!/usr/bin/env python3
"""How throughput grows from one worker to two, of ``dedupe`` and of ``fetch``, on Kafka and S3.

    benchmarks/growth.py --photos DIR [--candidates 100000] [--images 10000] [--rounds 3]

A broker, an S3 server and nginx on loopback share the machine with the workers, so what two workers gain is bounded by
what the servers leave of it. Timed between a commit after all workers have joined and the last one.
"""

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.pipeline import HOSTS, PORT, Place, make_images, server
from benchmarks.servers import nginx, workers
from benchmarks.stream import candidates
from deploy.local import services
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.records import FoundBy, ImageUrl
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.topics import Entry, Router

PARTITIONS = 16


def measure(log: KafkaLog, stage: str, count: int, options: dict[str, object]) -> float:
    """Inputs a second of some workers."""
    began, before = 0.0, 0
    with workers(stage, options, count=count):
        while True:
            time.sleep(0.2)
            lags = log.lag(stage, INPUTS[stage].name)
            done = sum(lag.committed for lag in lags)
            if not began and done and len({lag.owner for lag in lags if lag.owner}) == count:
                began, before = time.monotonic(), done
            if not any(lag.records for lag in lags):
                return (done - before) / (time.monotonic() - began)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--candidates", type=int, default=100_000)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "synsift-benchmark")
    options = parser.parse_args()
    make_images(options.photos, options.cache / "images", options.images)
    router = Router(PARTITIONS)
    found_by = FoundBy(source="urls", query="benchmark")
    urls = [f"http://{HOSTS[n % len(HOSTS)]}:{PORT}/{n:06d}.jpg" for n in range(options.images)]
    inputs: dict[str, list[Entry]] = {
        "dedupe": [router.candidate(candidate) for candidate in candidates(options.candidates)],
        "fetch": [router.image_url(ImageUrl(wnid="n1", url=url, found_by=found_by)) for url in urls],
    }
    with tempfile.TemporaryDirectory(prefix="synsift-bench-") as name, contextlib.ExitStack() as stack:
        scratch = Path(name)
        broker, store = services.kafka(scratch / "kafka"), services.s3(scratch / "s3")
        for service in (broker, store.service):
            stack.enter_context(services.running(service))
        stack.enter_context(nginx(scratch, server(options.cache / "images")))
        place = Place(scratch, broker, store)
        for stage, entries in inputs.items():
            rates: dict[int, list[float]] = {1: [], 2: []}
            for number in range(2 * options.rounds):
                count = 1 + number % 2
                settings = place.options(f"{stage}{number}")
                address = KafkaAddress(f"127.0.0.1:{broker.port}")
                log = KafkaLog(address, partitions=PARTITIONS, prefix=str(settings["kafka.prefix"]))
                for begin in range(0, len(entries), 2_000):
                    log.produce(entries[begin : begin + 2_000])
                rates[count].append(measure(log, stage, count, settings))
                print(f"{stage} x {count}: {rates[count][-1]:7.0f} inputs/s", flush=True)
                log.close()
            one, two = statistics.median(rates[1]), statistics.median(rates[2])
            print(f"{stage}: one worker {one:.0f}, two {two:.0f} inputs/s, ratio {two / one:.2f}")


if __name__ == "__main__":
    main()
