#!/usr/bin/env python3
"""A dedupe worker on Kafka beside a bare consume-produce loop of kafka-python, in one transaction a batch.

    benchmarks/stream.py [--records 50000] [--rounds 3] [--compression zstd] [--batch 500] [--confluent]

A broker of its own on loopback. Both read the same candidates (random hashes of 100 synsets) and write one record for
each, compressed in the same way; alternating. Timed from joining the group to the last commit. Prints records/s of
both, their CPU time a record without the broker's, and the ratio by the clock. With ``--confluent`` also the same loop
with confluent-kafka, if that is installed.
"""

import argparse
import asyncio
import importlib
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fingerprints import random_fingerprints
from deploy.local import services
from synsift.pipelines import topics
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_topics import KafkaTopics, Shape
from synsift.pipelines.records import Candidate, FoundBy, HttpAnswer, Image
from synsift.pipelines.stages.dedupe import DedupeOptions, DedupeStage
from synsift.pipelines.stages.dedupe_state import Judging
from synsift.pipelines.topics import Router
from synsift.pipelines.worker import Worker

PARTITIONS = 8


def candidates(count: int, *, seed: int = 1, synsets: int = 100) -> list[Candidate]:
    """Candidates whose pictures have nothing to do with each other."""
    found = []
    for number, made in enumerate(random_fingerprints(count, seed=seed)):
        image = Image(
            sha256=made.sha256,
            hash=made.to_text(),
            information=made.information,
            width_px=made.width_px,
            height_px=made.height_px,
            format=made.format,
            size_bytes=made.size_bytes,
        )
        found.append(
            Candidate(
                wnid=f"n{number % synsets:08d}",
                url=f"http://a.example/{number}.jpg",
                image=image,
                found_by=FoundBy(source="urls", query="list.csv"),
                answer=HttpAnswer(status=200, fetched_at="2026-01-02T03:04:05Z"),
            )
        )
    return found


@dataclass(frozen=True)
class Spent:
    """Seconds, by the clock and of this process's CPU time."""

    clock_s: float
    cpu_s: float

    def in_words(self, count: int) -> str:
        """Records a second, and CPU time of each."""
        return f"{count / self.clock_s:7.0f} records/s {1000 * self.cpu_s / count:6.3f} CPU ms each"


def timed(run: Callable[[], object]) -> Spent:
    """How long something takes."""
    start_s, start_cpu_s = time.monotonic(), time.process_time()
    run()
    return Spent(time.monotonic() - start_s, time.process_time() - start_cpu_s)


def run_ours(address: KafkaAddress, prefix: str, batch: int) -> None:
    """Our worker."""
    log = KafkaLog(address, partitions=PARTITIONS, prefix=prefix)
    stage = DedupeStage(log, Router(PARTITIONS), options=DedupeOptions(Judging(), batch))
    asyncio.run(Worker(log, [stage], until_idle=True).run())
    log.close()


def run_bare(address: KafkaAddress, prefix: str, count: int, batch: int) -> None:
    """The bare loop."""
    source, target = prefix + topics.CANDIDATES.name, prefix + topics.DUPLICATES.name
    consumer = KafkaConsumer(
        source,
        bootstrap_servers=address.bootstrap,
        group_id=f"{prefix}bare",
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    producer = KafkaProducer(
        bootstrap_servers=address.bootstrap,
        transactional_id=uuid.uuid4().hex,
        compression_type=address.compression,
        linger_ms=5,
        batch_size=256 * 1024,
    )
    producer.init_transactions()
    done = 0
    while done < count:
        found = consumer.poll(1_000, max_records=batch)
        if not found:
            continue
        producer.begin_transaction()
        positions = {}
        for place, records in found.items():
            for record in records:
                producer.send(target, key=record.key, value=record.value, partition=record.partition)
            positions[TopicPartition(place.topic, place.partition)] = OffsetAndMetadata(records[-1].offset + 1, "", -1)
            done += len(records)
        producer.send_offsets_to_transaction(positions, consumer.group_metadata())
        producer.commit_transaction()
    consumer.close(autocommit=False)
    producer.close()


def run_confluent(address: KafkaAddress, prefix: str, count: int, batch: int) -> None:
    """The bare loop, with another client."""
    client = importlib.import_module("confluent_kafka")
    source, target = prefix + topics.CANDIDATES.name, prefix + topics.DUPLICATES.name
    common = {"bootstrap.servers": address.bootstrap}
    reading = {"group.id": f"{prefix}confluent", "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    consumer = client.Consumer({**common, **reading, "isolation.level": "read_committed"})
    consumer.subscribe([source])
    writing = {"transactional.id": uuid.uuid4().hex, "compression.type": address.compression, "linger.ms": 5}
    producer = client.Producer({**common, **writing})
    producer.init_transactions()
    done = 0
    while done < count:
        found = [record for record in consumer.consume(batch, 1.0) if record.error() is None]
        if not found:
            continue
        producer.begin_transaction()
        positions = {}
        for record in found:
            producer.produce(target, key=record.key(), value=record.value(), partition=record.partition())
            positions[record.partition()] = record.offset() + 1
        places = [client.TopicPartition(source, partition, offset) for partition, offset in positions.items()]
        producer.send_offsets_to_transaction(places, consumer.consumer_group_metadata())
        producer.commit_transaction()
        done += len(found)
    consumer.close()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--confluent", action="store_true", help="the bare loop with confluent-kafka, too")
    parser.add_argument("--compression", choices=["zstd", "gzip"], default="zstd")
    options = parser.parse_args()
    records = candidates(options.records)
    router = Router(PARTITIONS)
    ratios = []
    with tempfile.TemporaryDirectory() as scratch, services.running(services.kafka(Path(scratch))) as broker:
        address = KafkaAddress(f"127.0.0.1:{broker.port}", compression=options.compression)
        for number in range(options.rounds):
            prefix = f"round{number}-"
            KafkaTopics(address, prefix=prefix).create(Shape(PARTITIONS, compression=options.compression))
            log = KafkaLog(address, partitions=PARTITIONS, prefix=prefix)
            for begin in range(0, len(records), 1_000):
                log.produce([router.candidate(record) for record in records[begin : begin + 1_000]])
            log.close()
            bare = timed(partial(run_bare, address, prefix, options.records, options.batch))
            ours = timed(partial(run_ours, address, prefix, options.batch))
            ratios.append(bare.clock_s / ours.clock_s)
            print(f"bare loop {bare.in_words(options.records)}   worker {ours.in_words(options.records)}")
            if options.confluent:
                other = timed(partial(run_confluent, address, prefix, options.records, options.batch))
                print(f"confluent-kafka {other.in_words(options.records)}")
            print(f"ratio {ratios[-1]:.2f}, by CPU time {bare.cpu_s / ours.cpu_s:.2f}")
    print(f"median ratio {sorted(ratios)[len(ratios) // 2]:.2f}")


if __name__ == "__main__":
    main()
