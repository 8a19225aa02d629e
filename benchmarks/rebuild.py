#!/usr/bin/env python3
"""How long a dedupe worker takes to rebuild its state: from snapshots in S3, and from the topic alone.

    benchmarks/rebuild.py [--survivors 1000000] [--synsets 100]

A broker and an S3 server of its own on loopback. Survivors are written to Kafka once; then all partitions are rebuilt
from the topic, snapshots are written, and all partitions are rebuilt from them, each in the same process.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.stream import candidates
from deploy.local import services
from synsift.crawler.secret import Secret
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_topics import KafkaTopics, Shape
from synsift.pipelines.reading import Skipped
from synsift.pipelines.records import Survivor
from synsift.pipelines.stages.dedupe_state import DedupeState, Judging, SnapshotPolicy
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.storage.snapshots import Snapshots
from synsift.pipelines.topics import Router

PARTITIONS = 16


def timed(what: str, work: Callable[[], None]) -> float:
    """Do it, and say how long it took."""
    start, cpu = time.monotonic(), time.process_time()
    work()
    elapsed_s = time.monotonic() - start
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:32s} {elapsed_s:7.1f} s   {time.process_time() - cpu:6.1f} s CPU   peak memory {peak_mb:.0f} MB")
    return elapsed_s


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--survivors", type=int, default=1_000_000)
    parser.add_argument("--synsets", type=int, default=100)
    options = parser.parse_args()
    router = Router(PARTITIONS)
    with tempfile.TemporaryDirectory() as scratch:
        broker, store = services.kafka(Path(scratch) / "kafka"), services.s3(Path(scratch) / "s3")
        with services.running(broker), services.running(store.service):
            address = KafkaAddress(f"127.0.0.1:{broker.port}")
            KafkaTopics(address).create(Shape(PARTITIONS))
            log = KafkaLog(address, partitions=PARTITIONS)

            def write() -> None:
                for begin in range(0, options.survivors, 5_000):
                    made = candidates(min(5_000, options.survivors - begin), seed=begin, synsets=options.synsets)
                    log.produce([router.survivor(Survivor(candidate=candidate)) for candidate in made])

            objects = Objects(
                StoreAddress(
                    f"s3://{services.S3_BUCKET}",
                    store.endpoint,
                    "us-east-1",
                    store.access_key,
                    Secret(store.secret_key),
                )
            )

            def state() -> DedupeState:
                policy = SnapshotPolicy(growth=1, age_s=1e9)
                return DedupeState(log, Snapshots(objects), judging=Judging(), policy=policy)

            def rebuild(rebuilt: DedupeState) -> None:
                for partition in range(PARTITIONS):
                    rebuilt.restore(partition, Skipped())

            timed("writing survivors to Kafka", write)
            first, second = state(), state()
            topic_s = timed("rebuilt from the topic alone", lambda: rebuild(first))
            timed("writing snapshots to S3", first.keep)
            for partition in range(PARTITIONS):
                first.forget(partition)
            snapshot_s = timed("rebuilt from snapshots", lambda: rebuild(second))
            print(f"{options.survivors} survivors of {options.synsets} synsets; ratio {topic_s / snapshot_s:.1f}")
            log.close()


if __name__ == "__main__":
    main()
