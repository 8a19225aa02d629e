#!/usr/bin/env python3
"""Our whole pipeline beside img2dataset's download, on the same images and server, alternating.

    benchmarks/pipeline.py --photos DIR [--peer PYTHON] [--images 10000] [--rounds 3] [--kafka] [--s3]

nginx on loopback serves images that were made beforehand by re-encoding photographs, on 24 addresses.

(a) img2dataset downloads them: ``--resize_mode no --output_format files --compute_hash sha256 --processes_count 2``.
(b) two processes ``synsift run fetch dedupe land --drain`` download, fingerprint, deduplicate and land them.

Nothing is deleted between the runs: after a deletion ext4 searches for inodes that were not deleted lately, which costs
both sides up to a millisecond for every file that they create.

Prints images/s and CPU ms an image of both, and the ratio of the rates. ``--peer`` is a Python that has img2dataset.

With ``--kafka`` the log is on a broker, with ``--s3`` the objects are on an S3 server, both on loopback and on the same
cores. Where the time goes is then said, too: CPU ms an image of the broker and the S3 server through each run, what the
two cores were idle, and, from a last run with a process for each stage, what each stage takes.
"""

import argparse
import contextlib
import io
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.servers import nginx
from deploy.local import services
from deploy.local.services import S3, Service
from synsift.pipelines.assembly import open_log
from synsift.pipelines.config import load
from synsift.pipelines.dead_letters import read_dead_letters
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.summary import read_counts
from synsift.pipelines.worker import busy_stages
from tests.conftest import environment, kafka_options, s3_options

# As many that two workers get about half of them each: a host belongs to one worker.
HOSTS = tuple(f"127.0.0.{n}" for n in range(11, 35))
PORT = 18_080
WNIDS = 100
UNHINDERED: dict[str, object] = {
    "identity.contact": "benchmark@localhost",
    "fetch.allow_networks": ["127.0.0.0/8"],
    "fetch.delay_s": 0,
    "fetch.host_concurrency": 32,
    "fetch.concurrency": 32,
    "logging.level": "WARNING",
}
"""Fetching from loopback, as hard as it goes."""


@dataclass(frozen=True)
class Run:
    """One run: wall time, CPU time, images that arrived."""

    wall_s: float
    cpu_s: float
    images: int

    @property
    def rate(self) -> float:
        """Images a second."""
        return self.images / self.wall_s

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds an image."""
        return 1000 * self.cpu_s / self.images


def make_images(photos: Path, folder: Path, count: int) -> None:
    """Re-encode photographs, each time cropped, mirrored and compressed otherwise, until there are enough."""
    sources = sorted(photos.glob("*.JPEG"))
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(1)  # noqa: S311 - the same images every time
    for number in range(count):
        target = folder / f"{number:06d}.jpg"
        crop, quality, mirror = rng.random() * 0.12, rng.randint(80, 94), rng.random() < 0.5
        if target.exists():
            continue
        with Image.open(sources[number % len(sources)]) as photo:
            dx, dy = int(photo.width * crop), int(photo.height * crop * rng.random())
            image = photo.convert("RGB").crop((dx, dy, photo.width, photo.height))
        if mirror:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        data = io.BytesIO()
        image.save(data, "JPEG", quality=quality)
        target.write_bytes(data.getvalue())


def listed(folder: Path, images: int) -> Path:
    """A list of so many images, as a file in a folder."""
    file = folder / f"urls-{images}.csv"
    rows = [f"http://{HOSTS[n % len(HOSTS)]}:{PORT}/{n:06d}.jpg,n{n // len(HOSTS) % WNIDS:08d}" for n in range(images)]
    file.write_text("\n".join(["url,synset", *rows]) + "\n")
    return file


def server(root: Path) -> str:
    """A folder on all hosts."""
    listen = "".join(f"listen {host}:{PORT}; " for host in HOSTS)
    return f"server {{ {listen} root {root}; }}"


def cpu_s_of(process: "subprocess.Popen[bytes]") -> float:
    """Wait for a process; its CPU seconds. One that failed ends the benchmark."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{process.args} failed with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def timed(commands: list[list[str]], env: dict[str, str]) -> tuple[float, float]:
    """Run commands side by side; wall and CPU seconds of all of them."""
    start = time.monotonic()
    running = [
        subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands
    ]
    cpu_s = sum(cpu_s_of(process) for process in running)
    return time.monotonic() - start, cpu_s


def run_peer(python: str, urls: Path, out: Path) -> Run:
    """img2dataset: download only."""
    command = [str(Path(python).with_name("img2dataset")), f"--url_list={urls}", "--input_format=csv", "--url_col=url"]
    command += ["--resize_mode=no", "--output_format=files", "--compute_hash=sha256", "--processes_count=2"]
    command += [f"--output_folder={out}", "--enable_wandb=False", "--number_sample_per_shard=1000"]
    wall_s, cpu_s = timed([command], dict(os.environ, NO_ALBUMENTATIONS_UPDATE="1"))
    return Run(wall_s, cpu_s, sum(1 for _ in out.glob("*/*.jpg")))


def cpu_s_so_far(pid: int) -> float:
    """CPU seconds that a running process has taken (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle_s() -> float:
    """Seconds that all cores together have been idle (proc(5))."""
    return int(Path("/proc/stat").read_text().split()[4]) / os.sysconf("SC_CLK_TCK")


SYNSIFT = [sys.executable, "-m", "synsift"]
STAGES = ("fetch", "dedupe", "land")


def plan_and_search(urls: Path, options: dict[str, object]) -> None:
    """What goes before: the URLs into the log."""
    timed([[*SYNSIFT, "plan", "--source", "urls", "--list", str(urls)]], environment(options))
    timed([[*SYNSIFT, "run", "search", "--drain"]], environment(options))


def run_ours(urls: Path, options: dict[str, object], measure: Callable[[], dict[str, float]]) -> Run:
    """Ours: fetch, dedupe and land in two processes. Prints what the servers took of the time."""
    plan_and_search(urls, options)
    before = measure()
    wall_s, cpu_s = timed([[*SYNSIFT, "run", *STAGES, "--drain"]] * 2, environment(options))
    after = measure()
    run = Run(wall_s, cpu_s, count_fetched(options))
    shares = ", ".join(f"{name} {1000 * (after[name] - before[name]) / run.images:.2f}" for name in after)
    all_ms = 1000 * (os.cpu_count() or 1) * wall_s / run.images
    print(f"core ms an image: {all_ms:.2f} of wall time; ours {run.cpu_ms:.2f}, {shares}")
    return run


def run_apart(urls: Path, options: dict[str, object]) -> str:
    """A process for each stage, to see what each costs: CPU ms an image."""
    plan_and_search(urls, options)
    env = environment(options)
    running = [subprocess.Popen([*SYNSIFT, "run", stage], env=env, stderr=subprocess.DEVNULL) for stage in STAGES]
    log = open_log(load(env={}, options=options).settings)
    # A stage with nothing to do for the moment would end by itself with --drain.
    while busy_stages(log, STAGES):
        time.sleep(0.5)
    log.close()
    for process in running:
        process.terminate()
    images = count_fetched(options)
    return ", ".join(
        f"{stage} {1000 * cpu_s_of(process) / images:.2f}" for stage, process in zip(STAGES, running, strict=True)
    )


def count_fetched(options: dict[str, object]) -> int:
    """Images that came, by the log's own counts; fails if any input is left or lost."""
    log = open_log(load(env={}, options=options).settings)
    counts = read_counts(log)
    letters = read_dead_letters(log)
    log.close()
    fetched = sum(found.fetched for found in counts.values())
    judged = sum(found.unique + found.exact + found.near for found in counts.values())
    landed = sum(found.landed for found in counts.values())
    unique = sum(found.unique for found in counts.values())
    if letters or fetched != judged or landed != unique:
        sys.exit(f"wrong result: {len(letters)} dead letters, {fetched} fetched, {judged} judged, {landed} of {unique}")
    return fetched


class Place:
    """Where the log and the objects of each run are."""

    def __init__(self, scratch: Path, broker: Service | None, store: S3 | None) -> None:
        self._scratch = scratch
        self._broker = broker
        self._store = store

    def cpu_s(self) -> dict[str, float]:
        """What its servers have taken so far, and the cores' idle seconds."""
        servers = {"broker": self._broker, "S3 server": self._store.service if self._store else None}
        found = {
            name: cpu_s_so_far(service.process.pid) for name, service in servers.items() if service and service.process
        }
        return {**found, "idle": idle_s()}

    def options(self, name: str) -> dict[str, object]:
        """The configuration of a run."""
        out = self._scratch / name
        found: dict[str, object] = {**UNHINDERED, "store.url": str(out), "log.path": str(self._scratch / f"{name}.db")}
        if self._broker is not None:
            found |= kafka_options(KafkaAddress(f"127.0.0.1:{self._broker.port}"), f"{name}-")
            found["kafka.session_timeout_s"] = 10
        if self._store is not None:
            found |= s3_options(self._store, name)
        return found


def compare(options: argparse.Namespace, urls: Path, scratch: Path, place: Place) -> None:
    """Run both, alternating, and print what came of it."""
    peers: list[Run] = []
    ours: list[Run] = []
    for number in range(options.rounds):
        if options.peer:
            peers.append(run_peer(options.peer, urls, scratch / f"peer{number}"))
            print(f"img2dataset  {peers[-1].rate:7.0f} images/s  {peers[-1].cpu_ms:5.2f} CPU ms an image", flush=True)
        ours.append(run_ours(urls, place.options(f"ours{number}"), place.cpu_s))
        print(f"synsift      {ours[-1].rate:7.0f} images/s  {ours[-1].cpu_ms:5.2f} CPU ms an image", flush=True)
    rate = statistics.median(run.rate for run in ours)
    print(f"synsift: median {rate:.0f} images/s of {ours[0].images}")
    if peers:
        peer = statistics.median(run.rate for run in peers)
        print(f"img2dataset: median {peer:.0f} images/s of {peers[0].images}; ratio {rate / peer:.2f}")
    if options.kafka or options.s3:
        print(f"CPU ms an image by stage, a process each: {run_apart(urls, place.options('apart'))}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--peer", help="a Python that has img2dataset; without it only ours runs")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kafka", action="store_true", help="the log on a broker")
    parser.add_argument("--s3", action="store_true", help="the objects on an S3 server")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "synsift-benchmark")
    options = parser.parse_args()

    images = options.cache / "images"
    make_images(options.photos, images, options.images)
    urls = listed(options.cache, options.images)
    with tempfile.TemporaryDirectory(prefix="synsift-bench-") as name, contextlib.ExitStack() as stack:
        scratch = Path(name)
        broker = stack.enter_context(services.running(services.kafka(scratch / "kafka"))) if options.kafka else None
        store = services.s3(scratch / "s3", keeps_connections=True) if options.s3 else None
        if store is not None:
            stack.enter_context(services.running(store.service))
        stack.enter_context(nginx(scratch, server(images)))
        compare(options, urls, scratch, Place(scratch, broker, store))


if __name__ == "__main__":
    main()
