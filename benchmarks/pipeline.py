#!/usr/bin/env python3
"""Our whole pipeline beside img2dataset's download, on the same images and server, alternating.

    benchmarks/pipeline.py --photos DIR [--peer PYTHON] [--images 10000] [--rounds 3]

nginx on loopback serves images that were made beforehand by re-encoding photographs, on 24 addresses.

(a) img2dataset downloads them: ``--resize_mode no --output_format files --compute_hash sha256 --processes_count 2``.
(b) two processes ``synsift run fetch dedupe land --drain`` download, fingerprint, deduplicate and land them.

Nothing is deleted between the runs: after a deletion ext4 searches for inodes that were not deleted lately, which costs
both sides up to a millisecond for every file that they create.

Prints images/s and CPU ms an image of both, and the ratio of the rates. ``--peer`` is a Python that has img2dataset.
"""

import argparse
import io
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

# As many that two workers get about half of them each: a host belongs to one worker.
HOSTS = tuple(f"127.0.0.{n}" for n in range(11, 35))
PORT = 18_080
WNIDS = 100


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


def start_nginx(root: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Serve a folder on all hosts; one worker process, no log."""
    listen = "".join(f"listen {host}:{PORT}; " for host in HOSTS)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log stderr crit; worker_processes 1;\n"
        f"events {{ worker_connections 1024; }}\n"
        f"http {{ access_log off; sendfile on; keepalive_requests 100000; client_body_temp_path {folder}/body;\n"
        f"  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fcgi; uwsgi_temp_path {folder}/uwsgi;\n"
        f"  scgi_temp_path {folder}/scgi; types {{ image/jpeg jpg; }}\n"
        f"  server {{ {listen} root {root}; }} }}\n"
    )
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    return subprocess.Popen([nginx, "-c", str(configuration)])


def timed(commands: list[list[str]], env: dict[str, str]) -> tuple[float, float]:
    """Run commands side by side; wall and CPU seconds of all of them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    running = [
        subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for command in commands
    ]
    for process in running:
        _, errors = process.communicate()
        if process.returncode:
            sys.exit(f"{process.args} failed:\n{errors.decode()[-3000:]}")
    wall_s = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall_s, (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def run_peer(python: str, urls: Path, out: Path) -> Run:
    """img2dataset: download only."""
    command = [str(Path(python).with_name("img2dataset")), f"--url_list={urls}", "--input_format=csv", "--url_col=url"]
    command += ["--resize_mode=no", "--output_format=files", "--compute_hash=sha256", "--processes_count=2"]
    command += [f"--output_folder={out}", "--enable_wandb=False", "--number_sample_per_shard=1000"]
    wall_s, cpu_s = timed([command], dict(os.environ, NO_ALBUMENTATIONS_UPDATE="1"))
    return Run(wall_s, cpu_s, sum(1 for _ in out.glob("*/*.jpg")))


def run_ours(urls: Path, out: Path) -> Run:
    """Ours: plan and search beforehand, then fetch, dedupe and land in two processes."""
    env = dict(
        os.environ,
        SYNSIFT_STORE__URL=str(out),
        SYNSIFT_IDENTITY__CONTACT="benchmark@localhost",
        SYNSIFT_FETCH__ALLOW_NETWORKS='["127.0.0.0/8"]',
        SYNSIFT_FETCH__DELAY_S="0",
        SYNSIFT_FETCH__HOST_CONCURRENCY="32",
        SYNSIFT_FETCH__CONCURRENCY="32",
        SYNSIFT_LOGGING__LEVEL="WARNING",
    )
    synsift = [sys.executable, "-m", "pipelines"]
    timed([[*synsift, "plan", "--source", "urls", "--list", str(urls)]], env)
    timed([[*synsift, "run", "search", "--drain"]], env)
    wall_s, cpu_s = timed([[*synsift, "run", "fetch", "dedupe", "land", "--drain"]] * 2, env)
    return Run(wall_s, cpu_s, count_fetched(out))


def count_fetched(out: Path) -> int:
    """Images that came, by the log's own counts; fails if any input is left or lost."""
    from pipelines.log.sqlite import SqliteLog
    from pipelines.summary import read_counts, read_dead_letters

    log = SqliteLog(out / "log.db", partitions=16)
    counts = read_counts(log, 16)
    letters = read_dead_letters(log, 16)
    log.close()
    fetched = sum(found.fetched for found in counts.values())
    judged = sum(found.unique + found.exact + found.near for found in counts.values())
    landed = sum(found.landed for found in counts.values())
    unique = sum(found.unique for found in counts.values())
    if letters or fetched != judged or landed != unique:
        sys.exit(f"wrong result: {len(letters)} dead letters, {fetched} fetched, {judged} judged, {landed} of {unique}")
    return fetched


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--peer", help="a Python that has img2dataset; without it only ours runs")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "synsift-benchmark")
    options = parser.parse_args()

    images = options.cache / "images"
    make_images(options.photos, images, options.images)
    urls = options.cache / f"urls-{options.images}.csv"
    rows = [
        f"http://{HOSTS[n % len(HOSTS)]}:{PORT}/{n:06d}.jpg,n{n // len(HOSTS) % WNIDS:08d}"
        for n in range(options.images)
    ]
    urls.write_text("\n".join(["url,synset", *rows]) + "\n")
    peers: list[Run] = []
    ours: list[Run] = []
    with tempfile.TemporaryDirectory(prefix="synsift-bench-") as scratch:
        nginx = start_nginx(images, Path(scratch))
        try:
            time.sleep(0.5)
            for number in range(options.rounds):
                if options.peer:
                    peers.append(run_peer(options.peer, urls, Path(scratch) / f"peer{number}"))
                    print(f"img2dataset  {peers[-1].rate:7.0f} images/s  {peers[-1].cpu_ms:5.2f} CPU ms an image")
                ours.append(run_ours(urls, Path(scratch) / f"ours{number}"))
                print(f"synsift      {ours[-1].rate:7.0f} images/s  {ours[-1].cpu_ms:5.2f} CPU ms an image")
        finally:
            nginx.terminate()
            nginx.wait()
    rate = statistics.median(run.rate for run in ours)
    print(f"synsift: median {rate:.0f} images/s of {ours[0].images}")
    if peers:
        peer = statistics.median(run.rate for run in peers)
        print(f"img2dataset: median {peer:.0f} images/s of {peers[0].images}; ratio {rate / peer:.2f}")


if __name__ == "__main__":
    main()
