"""Images a second from a store in a folder into tar files, beside Python's tarfile and webdataset's own writer.

    python benchmarks/export.py --images 40000 --kb 50

Pictures are noise of the size that is asked for: nothing here looks into them. Each way writes the same samples from
the same store; the peers know beforehand what they write, and check nothing: synsift reads the manifests, sorts, checks
every image against its SHA-256, and makes the lines of credit, too. Memory is the highest that the process ever had.
"""

import argparse
import hashlib
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from synsift.pipelines.records import Candidate, FoundBy, HttpAnswer, Image, Survivor
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.manifests import encode_part

_SYNSETS: Final = 20
_PART: Final = 1_000


def make_store(folder: Path, count: int, size_bytes: int) -> None:
    """A store with pictures that have landed, as their records say."""
    rng = np.random.default_rng(1)
    noise = rng.bytes(size_bytes + count)
    survivors: dict[str, list[tuple[int, Survivor]]] = {}
    for number in range(count):
        data = b"\xff\xd8\xff" + number.to_bytes(8, "big") + noise[number : number + size_bytes - 11]
        wnid = f"n{number % _SYNSETS:08d}"
        sha256 = hashlib.sha256(data).hexdigest()
        path = folder / layout.named_candidate(wnid, sha256, "jpg")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        survivors.setdefault(wnid, []).append((number, _survivor(number, wnid, sha256, size_bytes)))
    for wnid, some in survivors.items():
        for at in range(0, len(some), _PART):
            part = some[at : at + _PART]
            target = folder / layout.ManifestPart(wnid, 0, part[0][0], part[-1][0]).path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(encode_part(part))


def _survivor(number: int, wnid: str, sha256: str, size_bytes: int) -> Survivor:
    image = Image(
        sha256=sha256, hash="", information=50.0, width_px=640, height_px=480, format="JPEG", size_bytes=size_bytes
    )
    found_by = FoundBy(
        source="commons",
        query="whippet",
        landing_page=f"https://commons.example/wiki/File:Whippet_at_play_{number}.jpg",
        title=f"Whippet at play in a garden, number {number}",
        author=f"Photographer {number % 997}",
        licence="CC BY-SA 4.0",
        licence_url="https://creativecommons.org/licenses/by-sa/4.0/",
    )
    answer = HttpAnswer(status=200, fetched_at="2026-01-02T03:04:05Z")
    url = f"https://images.example/{number}.jpg"
    return Survivor(candidate=Candidate(wnid=wnid, url=url, image=image, found_by=found_by, answer=answer))


def samples(store: Path) -> Iterator[tuple[str, bytes, bytes]]:
    """Name, bytes and JSON of each picture, for the peers."""
    said = json.dumps({"wnid": "n00000000", "title": "Whippet at play", "author": "Photographer", "pad": "x" * 500})
    for path in sorted((store / "candidates").rglob("*.jpg"), key=lambda path: path.name):
        yield path.stem, path.read_bytes(), said.encode()


def by_tarfile(store: Path, target: Path) -> None:
    """Python's own writer."""
    with tarfile.open(target / "train-000000.tar", "w") as archive:
        for name, data, said in samples(store):
            for ending, body in (("jpg", data), ("cls", b"0"), ("json", said)):
                member = tarfile.TarInfo(f"{name}.{ending}")
                member.size = len(body)
                archive.addfile(member, io.BytesIO(body))


def by_webdataset(store: Path, target: Path) -> None:
    """Webdataset's own writer of shards."""
    import webdataset

    pattern = str(target / "train-%06d.tar")
    with webdataset.ShardWriter(pattern, maxcount=10_000, maxsize=5e8, verbose=0, mtime=0) as writer:
        for name, data, said in samples(store):
            writer.write({"__key__": name, "jpg": data, "cls": b"0", "json": said})


def by_synsift(store: Path, target: Path) -> None:
    """The command, in this process."""
    from synsift.pipelines.cli import main

    sys.argv = ["synsift", "export", str(target / "out"), "--out", str(store), "--format", "webdataset", "--quiet"]
    try:
        main()
    except SystemExit as exc:
        if exc.code:
            raise


WAYS: Final = {"synsift": by_synsift, "tarfile": by_tarfile, "webdataset": by_webdataset}


def measure(way: str, store: Path, folder: Path) -> tuple[float, float, int]:
    """Seconds of one run in a process of its own, its CPU time in seconds, and its highest memory in MB."""
    target = folder / way
    target.mkdir()
    begin_s, begin_cpu_s = time.perf_counter(), cpu_s()
    command = [sys.executable, __file__, "--way", way, "--store", str(store), "--target", str(target)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    took_s, took_cpu_s = time.perf_counter() - begin_s, cpu_s() - begin_cpu_s
    shutil.rmtree(target)
    return took_s, took_cpu_s, int(done.stdout.splitlines()[-1])


def peak_mb() -> int:
    """The highest memory of this process. What ``getrusage`` says of it began with that of its parent."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) // 1024


def cpu_s() -> float:
    """CPU time of all processes that were started and have ended: on a busy machine it says more than the clock."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure all ways in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=40_000)
    parser.add_argument("--kb", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where; by default the machine's place for temporary files")
    parser.add_argument("--way", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--target", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        WAYS[arguments.way](arguments.store, arguments.target)
        print(peak_mb())
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        store = folder / "store"
        make_store(store, arguments.images, arguments.kb * 1000)
        os.sync()
        for turn in range(arguments.rounds):
            for way in WAYS:
                took_s, took_cpu_s, memory_mb = measure(way, store, folder)
                rate, cpu_us = arguments.images / took_s, 1e6 * took_cpu_s / arguments.images
                print(
                    f"round {turn}: {way:10} {rate:8,.0f} images/s, {rate * arguments.kb / 1000:6,.0f} MB/s, "
                    f"{cpu_us:5,.0f} µs CPU an image, {memory_mb:5} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main()
