#!/usr/bin/env python3
"""Copies planted under other synsets: how many are found as they come, what beside them, and what a survivor costs.

    benchmarks/conflicts.py --photos DIR [--synsets 200] [--edits 6]
    benchmarks/conflicts.py --survivors 1000000 [--no-all-crops] [--log]

With photographs: each stands under one of so many synsets of WordNet; under others it stands once more as the same
bytes, and as so many near copies, half of them under a synset above or below its own, the others under disjoint ones.
All are written to a log of their own, in an order that is drawn, and the stage reads them. The peer looks for copies by
imagehash's phash (64 bits, distance up to 9), every picture with every other, as scripts do.

With a number: so many fingerprints of pictures that have nothing to do with each other, made without pictures, are in
view; then copies of some of them come under other synsets, and others that are new. Prints the CPU time that a survivor
takes at growing sizes, memory, and the same for phashes compared with all; with ``--log`` all goes through a log on
disk, and the time that a worker takes to have it all in view again is told.
"""

import argparse
import asyncio
import io
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image, ImageOps

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.fingerprints import fingerprint_rows, random_fingerprints, random_frequencies
from synsift.crawler.ontology import graph, under, wordnet
from synsift.dedupe import Fingerprint, MatchOptions, fingerprint
from synsift.dedupe.across import View
from synsift.pipelines.conflicts import read_conflicts
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.records import Candidate, Conflict, FoundBy, HttpAnswer, Survivor
from synsift.pipelines.stages.conflicts import ConflictsOptions, ConflictsStage
from synsift.pipelines.stages.image_record import image_record
from synsift.pipelines.topics import Router
from synsift.pipelines.worker import Worker

_RADIUS = 9
_PARTITIONS = 16
_COMING = 1_000
"""Survivors whose time is taken, at each size."""


def jpeg(image: Image.Image, quality: int = 85) -> bytes:
    """A file."""
    data = io.BytesIO()
    image.save(data, "JPEG", quality=quality)
    return data.getvalue()


def cropped(image: Image.Image, share: float) -> Image.Image:
    """Without a share of each side."""
    width, height = image.size
    return image.crop((int(width * share), int(height * share), int(width * (1 - share)), int(height * (1 - share))))


EDITS: dict[str, Callable[[Image.Image], bytes]] = {
    "half the size": lambda image: jpeg(image.resize((image.width // 2, image.height // 2))),
    "quality 50": lambda image: jpeg(image, 50),
    "cropped by 5 %": lambda image: jpeg(cropped(image, 0.05)),
    "mirrored": lambda image: jpeg(ImageOps.mirror(image)),
    "grey": lambda image: jpeg(image.convert("L")),
    "framed": lambda image: jpeg(ImageOps.expand(image, image.width // 20, "white")),
}


def survivor(image: Fingerprint, wnid: str) -> Survivor:
    """A record as ``dedupe`` writes it."""
    candidate = Candidate(
        wnid=wnid,
        url=f"http://a.example/{image.sha256[:12]}.jpg",
        image=image_record(image),
        found_by=FoundBy(source="urls", query="list.csv"),
        answer=HttpAnswer(status=200, fetched_at="2026-01-02T03:04:05Z"),
    )
    return Survivor(candidate=candidate)


# With photographs.


class Planted:
    """Pictures under synsets, and what each is a copy of."""

    def __init__(self, files: list[Path], synsets: list[str], edits: int, chance: random.Random) -> None:
        self.pictures: list[tuple[str, Fingerprint]] = []
        self.of: dict[tuple[str, str], tuple[str, str]] = {}
        self.phashes: list[np.ndarray] = []
        for number, path in enumerate(files):
            image = Image.open(path).convert("RGB")
            data, home = jpeg(image), synsets[number % len(synsets)]
            made = {"exact": data, **{name: edit(image) for name, edit in islice(EDITS.items(), edits)}}
            others = self._others(home, synsets, len(made), chance)
            for (kind, copy), wnid in zip([("original", data), *made.items()], [home, *others], strict=True):
                found = fingerprint(copy)
                self.pictures.append((wnid, found))
                self.of[wnid, found.sha256] = (path.name, kind)
                self.phashes.append(imagehash.phash(Image.open(io.BytesIO(copy))).hash.ravel())

    @staticmethod
    def _others(home: str, synsets: list[str], count: int, chance: random.Random) -> list[str]:
        """Synsets for copies: by turns one above or below, and one that is neither."""
        known = wordnet()
        linked = {*graph.ancestors(known, home), *graph.descendants(known, home)}
        near = chance.sample(sorted(linked), min(len(linked), count))
        far = iter(chance.sample([wnid for wnid in synsets if wnid not in linked and wnid != home], count))
        return [near.pop() if turn % 2 and near else next(far) for turn in range(count)]


def with_photographs(options: argparse.Namespace) -> None:
    """Measure recall, and what is found beside it."""
    chance = random.Random(0)  # noqa: S311 - a sample
    synsets = chance.sample(list(under(wordnet(), "imagenet12", leaves=True)), options.synsets)
    files = sorted(path for path in options.photos.iterdir() if path.is_file())
    world = Planted(files, synsets, options.edits, chance)
    with tempfile.TemporaryDirectory(prefix="synsift-bench-") as folder:
        log, router = SqliteLog(Path(folder) / "log.db", partitions=_PARTITIONS), Router(_PARTITIONS)
        coming = list(world.pictures)
        chance.shuffle(coming)
        log.produce([router.survivor(survivor(image, wnid)) for wnid, image in coming])
        stage = ConflictsStage(log, router, options=ConflictsOptions())
        begun = time.perf_counter()
        asyncio.run(Worker(log, [stage], until_idle=True).run())
        ours_s = time.perf_counter() - begun
        found = read_conflicts(log)
        log.close()
    begun = time.perf_counter()
    bits = np.stack(world.phashes)
    peer = [np.flatnonzero((bits[:at] != bits[at]).sum(1) <= _RADIUS) for at in range(len(bits))]
    peer_s = time.perf_counter() - begun
    report(world, found, peer)
    each_ms = [1e3 * seconds / len(world.pictures) for seconds in (ours_s, peer_s)]
    print(f"{len(world.pictures)} pictures of {len({wnid for wnid, _ in world.pictures})} synsets: ", end="")
    print(f"{each_ms[0]:.2f} ms a picture through the log, peer {each_ms[1]:.2f} in memory")


def report(world: Planted, found: list[Conflict], peer: list[np.ndarray]) -> None:
    """Print what was found of each kind: a copy counts as found in a pair with any picture of its photograph."""
    places = [(wnid, image.sha256) for wnid, image in world.pictures]
    ours = [((one.wnid, one.sha256), (one.other_wnid, one.other_sha256)) for one in found]
    theirs = [(places[at], places[other]) for at, near in enumerate(peer) for other in near]
    for who, pairs in (("synsift", ours), ("phash", theirs)):
        right = {place for pair in pairs if world.of[pair[0]][0] == world.of[pair[1]][0] for place in pair}
        wrong = {frozenset(pair) for pair in pairs if world.of[pair[0]][0] != world.of[pair[1]][0]}
        kinds: dict[str, list[bool]] = {}
        for place, (_, kind) in world.of.items():
            if kind != "original":
                kinds.setdefault(kind, []).append(place in right)
        shares = ", ".join(f"{kind} {sum(hits) / len(hits):.3f}" for kind, hits in kinds.items())
        near = [hit for kind, hits in kinds.items() if kind != "exact" for hit in hits]
        print(f"{who}: near {sum(near) / len(near):.4f}; {shares}; {len(wrong)} false pairs")
    known = wordnet()
    wrong_ties = 0
    for one in found:
        above, below = (
            one.other_wnid in graph.ancestors(known, one.wnid),
            one.wnid in graph.ancestors(known, one.other_wnid),
        )
        wrong_ties += one.tie != ("below" if above else "above" if below else "disjoint")
    print(f"{len(found)} pairs, {dict(Counter(one.tie for one in found))}; {wrong_ties} of these told wrong")


# With a number.


def coming(rng: np.random.Generator, seed: int, of: int) -> Iterator[tuple[str, Fingerprint, str]]:
    """By turns a picture that is new, the bytes of a known one, and a near copy of one: each under a new synset."""
    known = list(islice(random_fingerprints(min(of, _COMING), seed=seed), _COMING))
    new = random_fingerprints(_COMING, seed=seed + 7_919)
    frequencies = random_frequencies(np.random.default_rng(seed), min(of, _COMING))
    noise = random_frequencies(rng, len(frequencies)) * 0.03
    near = fingerprint_rows(rng, frequencies + noise)
    for number in range(min(of, _COMING)):
        kind = ("new", "exact", "near")[number % 3]
        image = next(new) if kind == "new" else known[number]
        if kind == "near":
            image = Fingerprint.from_record(near[number].tobytes())
        yield f"late{number % 200}", image, kind


def memory_mb() -> float:
    """What the process holds now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def with_a_number(options: argparse.Namespace) -> None:
    """Measure time and memory."""
    rng = np.random.default_rng(1)
    match = MatchOptions(all_crops=options.all_crops)
    view, before_mb = View(match), memory_mb()
    peer = np.zeros(options.survivors, dtype=np.uint64)
    sizes = [size for size in (10_000, 100_000, 300_000, 1_000_000, 3_000_000) if size < options.survivors]
    done = 0
    names = (
        ("in view", 10),
        ("CPU ms: new/exact/near", 22),
        ("exact", 7),
        ("near", 7),
        ("memory", 9),
        ("phash, ms", 9),
    )
    print("  ".join(f"{name:>{width}}" for name, width in names))
    for size in (*sizes, options.survivors):
        begun = time.process_time()
        while done < size:
            number = min(_COMING, size - done)
            made = random_fingerprints(number, seed=done)
            view.restore_all((f"n{(done + at) % 1000:08d}", image) for at, image in enumerate(made))
            peer[done : done + number] = rng.integers(0, 1 << 64, number, dtype=np.uint64)
            done += number
        made_s = time.process_time() - begun
        tell(view, peer[:size], rng, before_mb, made_s)


def tell(view: View, peer: np.ndarray, rng: np.random.Generator, before_mb: float, made_s: float) -> None:
    """Have some come, and print a line."""
    found: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    took_s: Counter[str] = Counter()
    for scope, image, kind in list(coming(rng, 0, len(peer))):
        begun_s = time.process_time()
        pairs = view.add(scope, image)
        took_s[kind] += time.process_time() - begun_s
        all_of[kind] += 1
        found[kind] += bool(pairs)
        view.remove(scope, image.sha256)
    begun_s = time.process_time()
    for query in rng.integers(0, 1 << 64, 50, dtype=np.uint64):
        np.flatnonzero(np.bitwise_count(peer ^ query) <= _RADIUS)
    phash_ms = 1e3 * (time.process_time() - begun_s) / 50
    each_ms = " / ".join(f"{1e3 * took_s[kind] / all_of[kind]:.2f}" for kind in ("new", "exact", "near"))
    shares = {kind: f"{found[kind] / all_of[kind]:.4f}" for kind in all_of}
    print(
        f"{len(peer):>10,}  {each_ms:>22}  {shares['exact']:>7}  {shares['near']:>7}  "
        f"{memory_mb() - before_mb:>6.0f} MB  {phash_ms:>9.2f}   ({found['new']} of {all_of['new']} new ones; "
        f"made and restored in {made_s:.0f} s of CPU)",
        flush=True,
    )


def through_a_log(options: argparse.Namespace) -> None:
    """Measure how long a worker takes to have all in view again."""
    router = Router(_PARTITIONS)
    with tempfile.TemporaryDirectory(prefix="synsift-bench-") as folder:
        path = Path(folder) / "log.db"
        log = SqliteLog(path, partitions=_PARTITIONS)
        for begin in range(0, options.survivors, 5_000):
            made = random_fingerprints(min(5_000, options.survivors - begin), seed=begin)
            log.produce([router.survivor(survivor(image, f"n{n % 1000:08d}")) for n, image in enumerate(made, begin)])
        print(f"log of {path.stat().st_size / 1e9:.2f} GB")
        for what in ("as they come", "in view again, and as many as one batch more"):
            begun, cpu_s = time.perf_counter(), time.process_time()
            stage = ConflictsStage(log, router, options=ConflictsOptions(MatchOptions(all_crops=options.all_crops)))
            asyncio.run(Worker(log, [stage], until_idle=True).run())
            peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            took_s = time.perf_counter() - begun
            print(f"{what}: {took_s:.1f} s, {time.process_time() - cpu_s:.1f} s CPU, peak {peak_mb:.0f} MB", flush=True)
            log.produce(
                [router.survivor(survivor(image, "late")) for image in random_fingerprints(500, seed=77_777_777)]
            )
        log.close()


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--synsets", type=int, default=200)
    parser.add_argument("--edits", type=int, default=len(EDITS))
    parser.add_argument("--survivors", type=int, default=0)
    parser.add_argument("--all-crops", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--log", action="store_true")
    options = parser.parse_args()
    if options.photos is not None:
        with_photographs(options)
    if options.survivors and options.log:
        through_a_log(options)
    elif options.survivors:
        with_a_number(options)


if __name__ == "__main__":
    main()
