#!/usr/bin/env python3
"""What a candidate costs as a crawl grows: through the real log and the real stage ``dedupe``, decade by decade.

    benchmarks/scale.py [--candidates 1000000] [--synsets 5000] [--log sqlite|kafka] [--begin] [--as-they-come]

Candidates are made: fingerprints whose frequencies fall as those of photographs do; 15 % are copies, a third of them
the same bytes and the others near; synsets and hosts are drawn by Zipf's law. At first hardly any synset has something
to be copied; so that each decade has as many copies, a copy is of one that has, but with ``--as-they-come``, where what
has no original is new. A process of its own writes them; one
worker judges them. At each decade: CPU time of a candidate since the last one (of worker and broker), memory of the
worker, disk of log and snapshots; at the end, how long the state takes to be rebuilt, from both snapshots and topic,
and the memory of a worker that begins from snapshots and is asked of synsets that have a tenth of the survivors.
Prints, too, what that makes of ImageNet's sizes.

With ``--begin`` nothing is judged: as many survivors are written and all are in snapshots, and only what a worker
takes to begin from them is measured.
"""

import argparse
import asyncio
import multiprocessing
import os
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fingerprints import fingerprint_rows, random_frequencies
from deploy.local import services
from synsift.dedupe import Fingerprint
from synsift.pipelines import topics
from synsift.pipelines.log.base import Log
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_topics import KafkaTopics, Shape
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.reading import Skipped, read
from synsift.pipelines.records import Candidate, FoundBy, HttpAnswer, Survivor
from synsift.pipelines.stages.dedupe import DedupeOptions, DedupeStage
from synsift.pipelines.stages.dedupe_state import DedupeState, Judging, SnapshotPolicy
from synsift.pipelines.stages.image_record import image_record
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.storage.snapshots import Snapshots
from synsift.pipelines.topics import Router
from synsift.pipelines.worker import Worker

PARTITIONS = 16
BATCH = 500
AT_ONCE = 1_000
COPIES = 0.15
KEPT = 64
"""Pictures of a synset that copies are made of: the last ones."""
_CONTEXT = multiprocessing.get_context("spawn")
ACTIVE = 0.1
"""Share of the survivors whose synsets are asked of after a rebuild."""
SIZES = {"ImageNet 2009": 52e6, "ImageNet 2010": 160e6, "a billion": 1e9}


@dataclass(frozen=True)
class Sample:
    """The worker when so many candidates were judged."""

    judged: int
    cpu_s: float
    broker_cpu_s: float
    rss_mb: float
    log_mb: float
    snapshots_mb: float


def made(count: int, synsets: int, *, as_they_come: bool = False, seed: int = 1) -> Iterator[list[Candidate]]:
    """Candidates, some at a time.

    Args:
        count: How many.
        synsets: Of how many.
        as_they_come: Whether a copy of a synset that has nothing yet is no copy.
        seed: The same give the same ones.
    """
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, synsets + 1) ** 0.8
    weights /= weights.sum()
    last: dict[int, list[tuple[np.ndarray, Fingerprint]]] = {}
    begun = np.zeros(synsets, np.bool_)
    for begin in range(0, count, AT_ONCE):
        number = min(AT_ONCE, count - begin)
        frequencies = random_frequencies(rng, number)
        chosen = rng.choice(synsets, number, p=weights)
        kinds = rng.random(number)
        # A copy is of a synset that has something to be copied: else the first ones of a crawl would have none.
        at_first = np.flatnonzero((kinds < COPIES) & ~begun[chosen])
        if begun.any() and not as_they_come:
            known_weights = weights * begun
            chosen[at_first] = rng.choice(synsets, len(at_first), p=known_weights / known_weights.sum())
        for at in np.flatnonzero(kinds < COPIES):
            if known := last.get(int(chosen[at])):
                original = known[rng.integers(len(known))][0]
                frequencies[at] = original + rng.standard_normal(original.shape).astype(np.float32) * 4
        rows = fingerprint_rows(rng, frequencies)
        hosts = rng.zipf(1.3, number)
        found = []
        for at, row in enumerate(rows):
            synset = int(chosen[at])
            known = last.setdefault(synset, [])
            begun[synset] = True
            image = Fingerprint.from_record(row.tobytes())
            if kinds[at] < COPIES / 3 and known:
                image = known[rng.integers(len(known))][1]
            elif kinds[at] >= COPIES:
                known.append((frequencies[at], image))
                del known[:-KEPT]
            found.append(_candidate(image, f"n{synset:08d}", int(hosts[at]), begin + at))
        yield found


def _candidate(image: Fingerprint, wnid: str, host: int, number: int) -> Candidate:
    return Candidate(
        wnid=wnid,
        url=f"http://h{host}.example/{number}.jpg",
        image=image_record(image),
        found_by=FoundBy(source="urls", query="list.csv"),
        answer=HttpAnswer(status=200, fetched_at="2026-01-02T03:04:05Z"),
    )


def write(place: "Place", count: int, synsets: int, as_they_come: bool) -> None:
    """Put candidates on the log; a process of its own."""
    log, router = place.open(), Router(PARTITIONS)
    for some in made(count, synsets, as_they_come=as_they_come):
        log.produce([router.candidate(candidate) for candidate in some])
    log.close()


def fill(place: "Place", count: int, synsets: int) -> None:
    """Put survivors on the log, and a candidate of each synset, and write snapshots; a process of its own."""
    log, router, known, asked = place.open(), Router(PARTITIONS), set[str](), set[str]()
    for some in made(count, synsets):
        entries = []
        for candidate in some:
            if candidate.wnid not in asked:
                asked.add(candidate.wnid)
                entries.append(router.candidate(candidate))
            if candidate.image.sha256 not in known:
                known.add(candidate.image.sha256)
                entries.append(router.survivor(Survivor(candidate=candidate)))
        log.produce(entries)
    snapshots = Snapshots(Objects(StoreAddress(str(Path(place.folder) / "store"))))
    state = DedupeState(log, snapshots, judging=Judging(), policy=SnapshotPolicy(growth=1, age_s=1e9))
    for partition in range(PARTITIONS):
        state.restore(partition, Skipped())
    state.keep()
    log.close()


@dataclass(frozen=True)
class Place:
    """Where log and snapshots are; ``kafka`` is empty for SQLite."""

    folder: str
    kafka: str
    broker_pid: int = 0

    def open(self) -> Log:
        """The log."""
        if self.kafka:
            return KafkaLog(KafkaAddress(self.kafka), partitions=PARTITIONS)
        return SqliteLog(Path(self.folder) / "log.db", partitions=PARTITIONS)

    def sample(self, judged: int) -> Sample:
        """This process, and the disk."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        log = Path(self.folder) / "kafka" if self.kafka else Path(self.folder)
        files = [] if self.kafka else list(log.glob("log.db*"))
        logged = sum(512 * f.stat().st_blocks for f in (files or log.rglob("*")) if f.is_file())
        kept = sum(f.stat().st_size for f in (Path(self.folder) / "store").rglob("*") if f.is_file())
        return Sample(
            judged,
            used.ru_utime + used.ru_stime,
            _cpu_s(self.broker_pid) if self.broker_pid else 0.0,
            pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
            logged / 1e6,
            kept / 1e6,
        )


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def judge(place: Place, count: int) -> list[Sample]:
    """Judge all; a sample at each decade."""
    log, samples = place.open(), []
    snapshots = Snapshots(Objects(StoreAddress(str(Path(place.folder) / "store"))))
    stage = DedupeStage(log, Router(PARTITIONS), options=DedupeOptions(Judging(), BATCH), snapshots=snapshots)
    worker = Worker(log, [stage], until_idle=False)
    decades = [n for k in range(3, 10) for n in (10**k, 5 * 10**k) if n < count and (n >= 10**6 or str(n)[0] == "1")]

    def watch() -> None:
        looking = place.open()
        for decade in [0, *decades, count]:
            while True:
                judged = sum(lag.committed for lag in looking.lag("dedupe", "candidates")) if decade else 0
                left = sum(lag.records for lag in looking.lag("dedupe", "candidates")) if decade == count else 1
                if judged >= decade and left <= (0 if decade == count else 1):
                    break
                time.sleep(0.2)
            samples.append(place.sample(judged if decade != count else count))
            print(line(samples[-2], samples[-1]) if samples[1:] else HEAD, flush=True)
        looking.close()
        worker.interrupt()

    watcher = threading.Thread(target=watch)
    watcher.start()
    asyncio.run(worker.run())
    watcher.join()
    log.close()
    return samples


def rebuild(place: Place) -> tuple[float, float, int]:
    """Seconds from snapshots, seconds from the topic, and survivors."""
    log = place.open()
    objects = Objects(StoreAddress(str(Path(place.folder) / "store")))

    def timed(snapshots: Snapshots | None) -> tuple[float, int]:
        state = DedupeState(log, snapshots, judging=Judging(), policy=SnapshotPolicy(growth=1 << 40, age_s=1e9))
        began_s = time.process_time()
        for partition in range(PARTITIONS):
            state.restore(partition, Skipped())
        return time.process_time() - began_s, state.images

    (snapshots_s, images), (topic_s, _) = timed(Snapshots(objects)), timed(None)
    log.close()
    return snapshots_s, topic_s, images


def active(place: Place, share: float, said: "multiprocessing.Queue[tuple[float, float, int, int]]") -> None:
    """Memory in MB, at rest and at the peak, with so much of the survivors asked of; a process of its own."""
    log, router = place.open(), Router(PARTITIONS)
    objects = Objects(StoreAddress(str(Path(place.folder) / "store")))
    state = DedupeState(log, Snapshots(objects), judging=Judging(), policy=SnapshotPolicy(growth=1 << 40, age_s=1e9))
    for partition in range(PARTITIONS):
        state.restore(partition, Skipped())
    resting_mb = _peak_mb()
    kept = Counter(
        message.key for partition in range(PARTITIONS) for message in log.read(topics.SURVIVORS.name, partition)
    )
    synsets, asked = sorted(kept), 0
    np.random.default_rng(2).shuffle(synsets)
    chosen: set[bytes | None] = set()
    while asked < share * kept.total():
        chosen.add(synsets[len(chosen)])
        asked += kept[synsets[len(chosen) - 1]]
    for partition in range(PARTITIONS):
        for message in log.read(topics.CANDIDATES.name, partition):
            if message.key in chosen:
                chosen.remove(message.key)
                candidate = read(Candidate, message, router)
                if isinstance(candidate, Candidate):
                    image = Fingerprint.from_text(candidate.image.hash)
                    state.judge(partition, candidate.wnid, image)
    log.close()
    if chosen:
        sys.exit(f"candidates of {len(chosen)} synsets are no longer on the log: they could not be asked of")
    said.put((resting_mb, _peak_mb(), asked, state.images))


def _peak_mb() -> float:
    # Not getrusage: what that says is at least what the process had that this one was made of.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))


HEAD = (
    f"{'judged':>10s} {'CPU ms each':>12s} {'broker ms':>10s} {'memory MB':>10s} {'log MB':>8s} {'snapshots MB':>13s}"
)


def line(earlier: Sample, later: Sample) -> str:
    """What was measured between two samples."""
    number = later.judged - earlier.judged
    each, broker = later.cpu_s - earlier.cpu_s, later.broker_cpu_s - earlier.broker_cpu_s
    return (
        f"{later.judged:10,d} {1000 * each / number:12.3f} {1000 * broker / number:10.3f} {later.rss_mb:10.0f} "
        f"{later.log_mb:8.0f} {later.snapshots_mb:13.0f}"
    )


def page(samples: list[Sample], survivors: int) -> None:
    """What that makes of larger crawls."""
    last, before = samples[-1], samples[-2]
    each_s = (last.cpu_s - before.cpu_s + last.broker_cpu_s - before.broker_cpu_s) / (last.judged - before.judged)
    memory = (last.rss_mb - samples[0].rss_mb) / survivors
    print(f"{'':16s} {'core hours':>10s} {'memory of all workers GB':>25s} {'log GB':>8s} {'snapshots GB':>13s}")
    for name, number in SIZES.items():
        kept = number * survivors / last.judged
        print(
            f"{name:16s} {number * each_s / 3600:10.1f} {kept * memory / 1000:25.0f} "
            f"{number * last.log_mb / last.judged / 1000:8.0f} {number * last.snapshots_mb / last.judged / 1000:13.0f}"
        )


def measure(place: Place, options: argparse.Namespace) -> None:
    """One run on a log that is there and empty."""
    count = options.candidates
    run_apart(write, place, count, options.synsets, options.as_they_come, wait=False)
    samples = judge(place, count)
    page(samples, begin(place))


def begin(place: Place) -> int:
    """What a worker takes to begin with what is there; how many survivors there are."""
    said: multiprocessing.Queue[tuple[float, float, int, int]] = _CONTEXT.Queue()
    run_apart(active, place, ACTIVE, said)
    resting_mb, peak_mb, asked, images = said.get()
    print(
        f"{images:,} survivors at rest: {resting_mb:.0f} MB at the peak of rebuilding, "
        f"{peak_mb:.0f} MB with {asked:,} of them awake"
    )
    snapshots_s, topic_s, survivors = rebuild(place)
    print(f"{survivors:,} survivors rebuilt: {snapshots_s:.1f} s from snapshots, {topic_s:.1f} s from the topic (CPU)")
    return survivors


def run_apart(work: Callable[..., None], *arguments: object, wait: bool = True) -> None:
    """Do something in a process of its own."""
    process = _CONTEXT.Process(target=work, args=arguments)
    process.start()
    if wait:
        process.join()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=1_000_000)
    parser.add_argument("--synsets", type=int, default=5_000)
    parser.add_argument("--log", choices=("sqlite", "kafka"), default="sqlite")
    parser.add_argument("--begin", action="store_true")
    parser.add_argument("--as-they-come", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if options.begin:
            place = Place(scratch, "")
            run_apart(fill, place, options.candidates, options.synsets)
            begin(place)
            return
        if options.log == "sqlite":
            measure(Place(scratch, ""), options)
            return
        broker = services.kafka(Path(scratch) / "kafka")
        with services.running(broker):
            address = f"127.0.0.1:{broker.port}"
            KafkaTopics(KafkaAddress(address)).create(Shape(PARTITIONS))
            pid = broker.process.pid if broker.process is not None else 0
            measure(Place(scratch, address, pid), options)


if __name__ == "__main__":
    main()
