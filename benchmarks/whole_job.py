#!/usr/bin/env python3
"""The whole job on a web as it is, download to duplicates, beside img2dataset and a tool for duplicates behind it.

    benchmarks/whole_job.py --photos DIR --peer PYTHON [--tools PYTHON] [--hosts 10000] [--images 10000] [--rounds 1]

The web is that of ``hosts.py`` without its sick hosts: names at a name server of this script's own, TLS, an address
and a robots.txt for each host. Its pictures are a photograph's parts enlarged, with a sensor's noise; their sizes are
spread evenly on a logarithmic scale, from some 30 kB to 1.6 MB. Of the hundred images of a synset ten are another one's
very file on another host, and ten another one made smaller and compressed anew.

    img2dataset     download only, without robots.txt: 2 processes, 256 threads each
    … and phash     behind it ``imagehash.phash`` in two processes and a BK-tree of radius 9
    … and fastdup   behind it fastdup at its own threshold
    synsift         two workers ``run fetch dedupe land``: robots.txt, download, fingerprint, duplicates, objects and
                    manifests

``--peer`` is a Python that has img2dataset, ``--tools`` one that has imagehash, pybktree and fastdup, as far as they
are to be measured. Runs as root, as ``hosts.py`` does. Prints seconds and CPU ms an image, how many planted copies were
thrown out, and ratios of ours to each: of images/s, and of CPU time.
"""

import argparse
import csv
import io
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

from PIL import Image, ImageChops

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.folder import FASTDUP, IMAGEHASH
from benchmarks.hosts import (
    DOMAIN,
    NAME_SERVER,
    Host,
    answers,
    img2dataset,
    make_hosts,
    our_options,
    server,
    timed,
    until_last,
)
from benchmarks.servers import nginx
from synsift.pipelines.assembly import open_log
from synsift.pipelines.config import load
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import Duplicate
from synsift.pipelines.summary import read_counts
from tests.certificates import sign
from tests.conftest import environment
from tests.name_server import NOBODY, Asked, Reply, name_server

PICTURES = 1_600
SYNSET = 100
DISTINCT = 80
SAME_FILE = 10
LEAST_BYTES, MOST_BYTES = 50_000, 2_000_000
BYTES_A_PIXEL = 0.33
NOISE = 5


@dataclass(frozen=True)
class Run:
    """What one contender took."""

    wall_s: float
    cpu_s: float
    images: int
    found: int

    def line(self, name: str, copies: int) -> str:
        """As it is printed."""
        found = f"; {self.found} of {copies} copies found" if self.found else ""
        rate, cpu_ms = self.images / self.wall_s, 1000 * self.cpu_s / self.images
        return f"{name:24} {self.wall_s:6.1f} s, {rate:5.0f} images/s, {cpu_ms:6.2f} CPU ms an image{found}"


def make_picture(task: tuple[Path, Path, int]) -> None:
    """Write a picture of its size, and a smaller copy of it."""
    photo, folder, number = task
    target = folder / f"{number}.jpg"
    if (folder / f"{PICTURES + number}.jpg").exists():
        return
    rng = random.Random(number)  # noqa: S311 - the same pictures every time
    wanted = LEAST_BYTES * math.exp(rng.random() * math.log(MOST_BYTES / LEAST_BYTES))
    with Image.open(photo) as image:
        share = rng.uniform(0.6, 0.8)
        width, height = int(image.width * share), int(image.height * share)
        left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
        part = image.convert("RGB").crop((left, top, left + width, top + height))
    scale = math.sqrt(wanted / BYTES_A_PIXEL / (width * height))
    part = part.resize((int(width * scale), int(height * scale)), Image.Resampling.LANCZOS)
    noise = Image.effect_noise(part.size, NOISE)
    part = ImageChops.add(part, Image.merge("RGB", [noise] * 3), offset=-128)
    part.save(target, quality=88)
    smaller = io.BytesIO()
    part.resize((part.width * 3 // 4, part.height * 3 // 4)).save(smaller, "JPEG", quality=75)
    (folder / f"{PICTURES + number}.jpg").write_bytes(smaller.getvalue())


def make_pictures(photos: Path, folder: Path) -> None:
    """Write all of them, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in photos.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
    with Pool() as pool:
        pool.map(make_picture, [(files[n % len(files)], folder, n) for n in range(PICTURES)], chunksize=8)


def listed(hosts: list[Host], images: int) -> Iterator[tuple[str, str]]:
    """URL and synset of each image: of a synset's last twenty each is a copy of one of its first."""
    for number in range(images):
        synset, place = divmod(number, SYNSET)
        picture = (synset * DISTINCT + place % DISTINCT) % PICTURES
        is_smaller = place >= DISTINCT + SAME_FILE
        yield hosts[number % len(hosts)].url(f"/{number}/{picture + PICTURES * is_smaller}.jpg"), f"n{synset:08}"


def run_peer(python: str, urls: Path, scratch: Path, authority: Path, number: int) -> tuple[Run, Path]:
    """Img2dataset, where names are found by our name server; and a folder of what it got."""
    out = scratch / f"peer{number}"
    begun_s, cpu_s = img2dataset(python, urls, out, authority, 3_600, ["--input_format=csv", "--url_col=url"])
    got = sorted(out.glob("*/*.jpg"))
    wall_s = until_last(got, begun_s)
    flat = scratch / f"flat{number}"
    flat.mkdir()
    for file in got:
        said = json.loads(file.with_suffix(".json").read_text())
        file.rename(flat / f"{said['url'].split('/')[3]}.jpg")
    return Run(wall_s, cpu_s, len(got), 0), flat


def run_tool(python: str, script: str, folder: Path, before: Run) -> Run:
    """What looks for duplicates behind a download, and what both took together."""
    file = folder.with_suffix(".py")
    file.write_text(script)
    begun_s = time.monotonic()
    with subprocess.Popen([python, str(file), str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tool:
        said = tool.stdout.read() if tool.stdout else b""
        _, status, usage = os.wait4(tool.pid, 0)
        tool.returncode = os.waitstatus_to_exitcode(status)
    if tool.returncode:
        sys.exit(f"{python} failed with {tool.returncode}")
    wall_s = time.monotonic() - begun_s
    groups: list[list[str]] = json.loads(said.strip().splitlines()[-1])
    found = 0
    for group in groups:
        numbers = {int(Path(path).stem) for path in group}
        found += sum(1 for number in numbers if original_of(number) in numbers)
    cpu_s = before.cpu_s + usage.ru_utime + usage.ru_stime
    return Run(before.wall_s + wall_s, cpu_s, before.images, found)


def original_of(number: int) -> int:
    """Which image a copy is one of; of others -1."""
    return number - DISTINCT if number % SYNSET >= DISTINCT else -1


def run_ours(urls: Path, scratch: Path, authority: Path, number: int, wanted: int) -> Run:
    """Ours: two workers of all stages, until all has landed; what comes before isn't timed."""
    options = our_options(scratch / f"ours{number}", authority)
    env, synsift = environment(options), [sys.executable, "-m", "synsift"]
    for before in (["plan", "--source", "urls", "--list", str(urls)], ["run", "search", "--drain"]):
        timed([[*synsift, *before]], env, 3_600)
    begun_s = time.monotonic()
    cpu_s = timed([[*synsift, "run", "fetch", "dedupe", "land", "--drain"]] * 2, env, 3_600)
    wall_s = time.monotonic() - begun_s
    log = open_log(load(env={}, options={"store.url": options["store.url"]}).settings)
    counts = read_counts(log)
    copies = list(read_all(log, Duplicate))
    log.close()
    fetched, landed = (sum(getattr(one, name) for one in counts.values()) for name in ("fetched", "landed"))
    if fetched != wanted:
        sys.exit(f"{fetched} of {wanted} images came")
    print(f"landed {landed}, thrown out {len(copies)}")
    return Run(wall_s, cpu_s, fetched, len({frozenset((one.sha256, one.of, one.wnid)) for one in copies}))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--peer", required=True, help="a Python that has img2dataset")
    parser.add_argument("--tools", help="a Python that has imagehash, pybktree and fastdup")
    parser.add_argument("--without", default="", help="tools that are left out, such as fastdup")
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "synsift-benchmark")
    options = parser.parse_args()
    pictures = options.cache / "whole-job"
    make_pictures(options.photos, pictures)
    with tempfile.TemporaryDirectory(prefix="synsift-bench-") as folder:
        scratch = Path(folder)
        scratch.chmod(0o755)  # nginx's worker reads it
        compare(options, make_hosts(options.hosts, 0), scratch, pictures)


def compare(options: argparse.Namespace, hosts: list[Host], scratch: Path, pictures: Path) -> None:
    """Serve the web, run all of them and print what came of it."""
    urls, trusted = scratch / "urls.csv", scratch / "authority.pem"
    rows = list(listed(hosts, options.images))
    random.Random(2).shuffle(rows)  # noqa: S311 - the same list every time
    with urls.open("w", newline="") as file:
        csv.writer(file).writerows([("url", "synset"), *rows])
    authority = sign(["Authority of a benchmark"], is_authority=True)
    trusted.write_bytes(authority.pem)
    signed = sign([f"*.{DOMAIN}"], by=authority)
    known = answers(hosts)
    copies = sum(original_of(number) >= 0 for number in range(options.images))
    scripts = {"phash": IMAGEHASH, "fastdup": FASTDUP} if options.tools else {}

    def say(asked: Asked) -> Reply:
        return known.get(asked.name, NOBODY)

    runs: dict[str, list[Run]] = defaultdict(list)

    def add(name: str, run: Run) -> None:
        runs[name].append(run)
        print(run.line(name, copies), flush=True)

    with nginx(scratch, server(scratch, signed, pictures)):
        for number in range(options.rounds):
            with name_server(say, NAME_SERVER, 53):
                peer, folder = run_peer(options.peer, urls, scratch, trusted, number)
            add("img2dataset", peer)
            for name, script in scripts.items():
                if name not in options.without.split(","):
                    add(f"img2dataset and {name}", run_tool(options.tools, script, folder, peer))
            shutil.rmtree(folder)
            with name_server(say, NAME_SERVER, 53):
                add("synsift", run_ours(urls, scratch, trusted, number, options.images))
    ours = runs.pop("synsift")
    for name, others in runs.items():
        rate, cpu = (
            statistics.median(take(mine) / take(other) for mine, other in zip(ours, others, strict=True))
            for take in (lambda run: run.images / run.wall_s, lambda run: run.images / run.cpu_s)
        )
        print(f"synsift to {name}: {rate:.2f} by images/s, {cpu:.2f} by CPU time")


if __name__ == "__main__":
    main()
