#!/usr/bin/env python3
"""A folder, end to end: which groups of copies are found, and how long it takes, beside other tools on the same files.

    benchmarks/folder.py --photos DIR [--images 20000] [--peer PYTHON] [--tools synsift,czkawka,fastdup,…] [--rounds 1]

The folder is made beforehand: different pictures (a part of a photograph beside a part of another, so that no two are
copies), and of a third of them one to four copies as the web makes them: smaller, compressed, cropped, framed,
captioned, grey, mirrored. Each tool gets the folder and both cores, and runs as its documentation says:
``synsift dedupe --no-cache``; ``imagehash.phash`` in a pool of processes and a BK-tree of radius 9; ``difPy`` with
its ``similar`` search; ``imagededup``'s PHash with its own processes; ``czkawka_cli image`` without its cache, as it
comes (it leaves out files below 16 kB) and as ``czkawka-all`` with all files; ``fastdup`` at its own threshold of
0.9.

Printed: seconds, the least of the rounds, which take turns; CPU seconds of all its processes; of the true groups how
many were found whole and unmixed; of the copies how many were found, and how many pairs of different pictures were
taken for copies.
"""

import argparse
import ctypes
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

ROOT = Path(__file__).resolve().parents[1]
_SIDES = (320, 240)

IMAGEHASH = """
import json, sys
from multiprocessing import Pool
from pathlib import Path
import imagehash, pybktree
from PIL import Image
def phash(path):
    with Image.open(path) as image:
        return int(str(imagehash.phash(image)), 16)
if __name__ == "__main__":
    paths = sorted(map(str, Path(sys.argv[1]).iterdir()))
    with Pool(2) as pool:
        hashes = pool.map(phash, paths, chunksize=50)
    by_hash = {}
    for path, value in zip(paths, hashes):
        by_hash.setdefault(value, []).append(path)
    tree = pybktree.BKTree(lambda a, b: (a ^ b).bit_count(), by_hash)
    parent = {path: path for path in paths}
    def top(path):
        while parent[path] != path:
            parent[path] = parent[parent[path]]
            path = parent[path]
        return path
    for value, same in by_hash.items():
        for _, other in tree.find(value, 9):
            for path in by_hash[other]:
                parent[top(path)] = top(same[0])
    groups = {}
    for path in paths:
        groups.setdefault(top(path), []).append(path)
    print(json.dumps([group for group in groups.values() if len(group) > 1]))
"""
DIFPY = """
import contextlib, json, sys
import difPy
if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        built = difPy.build(sys.argv[1], show_progress=False, processes=2)
        found = difPy.search(built, similarity="similar", show_progress=False, processes=2)
    groups = []
    for key, value in found.result.items():
        matches = value["matches"] if isinstance(value, dict) else value
        paths = [match[0] if isinstance(match, (list, tuple)) else match for match in (
            matches.values() if isinstance(matches, dict) else matches)]
        groups.append([value["location"] if isinstance(value, dict) and "location" in value else key, *map(str, paths)])
    print(json.dumps(groups))
"""
IMAGEDEDUP = """
import json, sys
from imagededup.methods import PHash
if __name__ == "__main__":
    hasher = PHash(verbose=False)
    workers = {"num_enc_workers": 2, "num_dist_workers": 2}
    found = hasher.find_duplicates(image_dir=sys.argv[1], max_distance_threshold=9, **workers)
    print(json.dumps([[name, *others] for name, others in found.items() if others]))
"""
CZKAWKA = """
import json, subprocess, sys, tempfile
with tempfile.NamedTemporaryFile(suffix=".json") as out:
    command = ["czkawka_cli", "image", "-d", sys.argv[1], "-H", "-W", "-N", "-M", "-C", out.name]
    subprocess.run([*command, "-m", LEAST], check=True)
    print(json.dumps([[entry["path"] for entry in group] for group in json.load(out)]))
"""
FASTDUP = """
import contextlib, json, sys, tempfile
import fastdup
parent = {}
def top(path):
    while parent.setdefault(path, path) != path:
        path = parent[path]
    return path
with tempfile.TemporaryDirectory() as work:
    with contextlib.redirect_stdout(sys.stderr):
        found = fastdup.create(work_dir=work, input_dir=sys.argv[1])
        found.run(ccthreshold=0.9, overwrite=True, verbose=False)
        pairs = found.similarity()
    for row in pairs[pairs["distance"] >= 0.9].itertuples():
        parent[top(row.filename_from)] = top(row.filename_to)
groups = {}
for path in list(parent):
    groups.setdefault(top(path), []).append(path)
print(json.dumps([group for group in groups.values() if len(group) > 1]))
"""
SYNSIFT = """
import json, subprocess, sys
done = subprocess.run([sys.executable, "-m", "synsift", "dedupe", sys.argv[1], "--no-cache", "--format", "jsonl"],
                      capture_output=True, text=True, check=True)
groups = {}
for line in done.stdout.splitlines():
    row = json.loads(line)
    groups.setdefault(row["group"], []).append(row["path"])
print(json.dumps(list(groups.values())))
"""
TOOLS = {
    "synsift": SYNSIFT,
    "imagehash": IMAGEHASH,
    "difpy": DIFPY,
    "imagededup": IMAGEDEDUP,
    "czkawka": CZKAWKA.replace("LEAST", '"16384"'),
    "czkawka-all": CZKAWKA.replace("LEAST", '"1"'),
    "fastdup": FASTDUP,
}
_PR_SET_CHILD_SUBREAPER = 36


def picture(photos: list[Path], number: int) -> Image.Image:
    """A picture of its own: the parts of two photographs side by side."""
    rng = random.Random(number)  # noqa: S311 - the same pictures every time
    whole = Image.new("RGB", _SIDES)
    for place, size in (((0, 0), (190, 240)), ((190, 0), (130, 240))):
        with Image.open(rng.choice(photos)) as photo:
            share = rng.uniform(0.35, 0.7)
            width, height = int(photo.width * share), int(photo.height * share)
            left, top = rng.randint(0, photo.width - width), rng.randint(0, photo.height - height)
            part = photo.convert("RGB").crop((left, top, left + width, top + height)).resize(size)
        whole.paste(ImageOps.mirror(part) if rng.random() < 0.5 else part, place)
    return whole


def captioned(image: Image.Image) -> Image.Image:
    """With a line of text below."""
    out = ImageOps.expand(image, (0, 0, 0, image.height // 10), "black")
    ImageDraw.Draw(out).text((8, image.height + 4), "Photo of the day", fill="white", font_size=14)
    return out


def copy(image: Image.Image, rng: random.Random) -> bytes:
    """One of the copies that the web makes."""
    width, height = image.size
    share = rng.uniform(0.02, 0.09)
    box = (int(width * share), int(height * share), int(width * (1 - share)), int(height * (1 - share)))
    made = (
        lambda: image.resize((width // 2, height // 2)),
        lambda: image,
        lambda: image.crop(box),
        lambda: ImageOps.expand(image, width // 20, rng.choice(["white", "black"])),
        lambda: captioned(image),
        lambda: image.convert("L"),
        lambda: ImageOps.mirror(image),
    )[rng.randrange(7)]()
    data = io.BytesIO()
    made.save(data, "JPEG", quality=rng.randint(40, 85))
    return data.getvalue()


def make_part(task: tuple[list[Path], Path, int]) -> int:
    """Write a picture and its copies; how many files."""
    photos, folder, number = task
    rng = random.Random(-number)  # noqa: S311
    image = picture(photos, number)
    image.save(folder / f"{number:06d}_0.jpg", "JPEG", quality=92)
    copies = rng.randint(1, 4) if number % 3 == 0 else 0
    for other in range(1, copies + 1):
        (folder / f"{number:06d}_{other}.jpg").write_bytes(copy(image, rng))
    return 1 + copies


def make_folder(photos: Path, folder: Path, count: int) -> None:
    """Write the images, unless they are there."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True)
    sources = sorted(path for path in photos.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
    with Pool() as pool:
        number, made = 0, 0
        while made < count:
            tasks = [(sources, folder, number + n) for n in range(200)]
            made += sum(pool.map(make_part, tasks, chunksize=10))
            number += len(tasks)


def truth(folder: Path) -> dict[str, list[str]]:
    """File names of each picture."""
    found = defaultdict(list)
    for path in sorted(folder.iterdir()):
        found[path.name[:6]].append(path.name)
    return {number: names for number, names in found.items() if len(names) > 1}


def score(groups: list[list[str]], true: dict[str, list[str]]) -> Iterator[str]:
    """What the found groups are worth."""
    copies = sum(len(names) - 1 for names in true.values())
    partners: dict[str, set[str]] = defaultdict(set)
    whole, wrong = set(), set()
    for group in groups:
        names = {Path(path).name for path in group}
        for name in names:
            partners[name] |= {other for other in names if other[:6] == name[:6]}
            wrong |= {tuple(sorted((name, other))) for other in names if other[:6] != name[:6]}
        number = next(iter(names))[:6]
        if names == set(true.get(number, ())):
            whole.add(number)
    found = sum(len(partners[names[0]]) - 1 if partners[names[0]] else 0 for names in true.values())
    yield f"{len(whole)} of {len(true)} groups found whole and unmixed"
    yield f"{found} of {copies} copies found with their original, {len(wrong)} wrong pairs"


@dataclass
class Run:
    """What a tool did: None of its groups if it failed or took too long."""

    groups: list[list[str]] | None
    elapsed_s: float
    cpu_s: float
    error: str = ""


def run(name: str, folder: Path, options: argparse.Namespace) -> Run:
    """Run a tool; its processes count even if nobody waits for them, such as those of a fork server."""
    python = sys.executable if name == "synsift" else options.peer
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(TOOLS[name])
        script.flush()
        start_s, before_s = time.monotonic(), cpu_s()
        try:
            done = subprocess.run(
                [python, script.name, str(folder)], capture_output=True, text=True, timeout=options.timeout, cwd=ROOT
            )
        except subprocess.TimeoutExpired:
            return Run(None, options.timeout, 0, f"not done within {options.timeout:.0f} s")
        elapsed_s = time.monotonic() - start_s
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    if done.returncode:
        return Run(None, elapsed_s, 0, f"failed: {done.stderr.strip().splitlines()[-1:]}")
    return Run(json.loads(done.stdout.strip().splitlines()[-1]), elapsed_s, cpu_s() - before_s)


def cpu_s() -> float:
    """What all processes used that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--peer", default=sys.executable, help="a Python that has the other tools")
    parser.add_argument("--tools", default=",".join(TOOLS))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for each tool")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    folder = Path(tempfile.gettempdir()) / "synsift-benchmark" / f"folder-{options.images}"
    make_folder(options.photos, folder, options.images)
    true = truth(folder)
    print(f"{sum(1 for _ in folder.iterdir())} images, {len(true)} groups of copies")
    best: dict[str, Run] = {}
    for _ in range(options.rounds):
        for name in options.tools.split(","):
            found = run(name, folder, options)
            if name not in best or found.elapsed_s < best[name].elapsed_s:
                best[name] = found
    for name, found in best.items():
        words = found.error or f"{found.cpu_s:7.1f} s of CPU; " + "; ".join(score(found.groups or [], true))
        print(f"{name:12s} {found.elapsed_s:7.1f} s; {words}", flush=True)


if __name__ == "__main__":
    main()
