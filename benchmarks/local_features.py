"""What local features see that hashes don't: recall per edit, µAP, wrong matches; beside phash and bare SIFT, RANSAC.

    python benchmarks/local_features.py ROOT [--hashes] [--sift N] [--peers PYTHON --tools pdq,…] [--steps] [--crowd N]

ROOT/originals/<stem>.jpg, and ROOT/variants/<stem>__<edit>.jpg: edits of some of them; the other originals have none,
and stand, as do ROOT/distractors, for pictures that are in the way. All times are of one core, in seconds of CPU.

Of each tool: the mean recall of edits, at the tool's own threshold where it has one; µAP over all pairs of a query and
a reference, and the recall at a precision of 0.999, as DISC21 has it.

    phash    imagehash's 64 bits; same within 9
    hashes   what synsift does by itself
    thorough with the third stage
    sift     500 RootSIFT points at 512 px, ratio 0.75, a similarity by RANSAC, 6 points and more (N photographs only)
    --peers  the tools of ``benchmarks/peers.py``, by the Python of an environment that has them
    --hashes without the third stage
    --steps  where each copy is lost that isn't found: few points, not proposed, no map, or the verdict
    --crowd  how long a query takes among N pictures, and how many originals are proposed: the references, and pictures
             that are made of points of all of them by lot
"""

import argparse
import json
import os
import resource
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import imagehash
import numpy as np
from PIL import Image

from synsift.dedupe import Fingerprint, Kind, Matcher, Tie, describe, fingerprint, relate
from synsift.dedupe.local.bounds import DEFAULT_BOUNDS
from synsift.dedupe.local.features import Features
from synsift.dedupe.local.geometry import align
from synsift.dedupe.local.opencv import load_opencv
from synsift.dedupe.local.shortlist import Shortlist

PHASH_BITS = 9
PDQ_BITS = 31
SIFT_POINTS = 6
FEW_POINTS = 20


@dataclass
class Found:
    """What one method says: for each query, its references by score."""

    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    least: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def timed(self, what: str, work: Callable[[], object]) -> object:
        """Do something, and count its time."""
        begin_s = time.process_time()
        result = work()
        self.cpu_s[what] += time.process_time() - begin_s
        return result


def stem_of(query: Path) -> str:
    """The original that it was made from."""
    return query.stem.split("__")[0]


def by_phash(queries: list[Path], originals: list[Path]) -> Found:
    """Same within ``PHASH_BITS``."""
    found = Found()
    hashes = {path.stem: imagehash.phash(Image.open(path)) for path in originals}
    for query in queries:
        mine = found.timed("a query", lambda query=query: imagehash.phash(Image.open(query)))
        far = {stem: int(mine - other) for stem, other in hashes.items()}
        found.scores[query.name] = {stem: 64.0 - bits for stem, bits in far.items()}
    found.least = 64.0 - PHASH_BITS
    return found


def by_hashes(queries: list[Path], originals: list[Path]) -> Found:
    """What ``synsift match`` says."""
    found, matcher, name_of = Found(), Matcher(), {}
    for path in originals:
        image = fingerprint(path)
        matcher.add(image)
        name_of[image.sha256] = path.stem
    for query in queries:
        image = found.timed("describe", lambda query=query: fingerprint(query))
        assert isinstance(image, Fingerprint)  # noqa: S101 - for mypy
        verdict = matcher.match(image)
        is_near = verdict.kind in (Kind.NEAR, Kind.EXACT)
        found.scores[query.name] = (
            {name_of[verdict.via or verdict.of or ""]: 1e6 - (verdict.distance_bits or 0)} if is_near else {}
        )
    return found


def thorough(queries: list[Path], originals: list[Path], hashes: Found) -> Found:
    """What hashes leave over goes on to local features, as ``synsift match --thorough`` does."""
    found = Found()
    known = [describe(path) for path in originals]
    shortlist = Shortlist()
    for one in known:
        shortlist.add(one)
    for query in queries:
        found.scores[query.name] = dict(hashes.scores[query.name])
        if found.scores[query.name]:
            continue
        features = found.timed("describe", lambda query=query: describe(query))
        assert isinstance(features, Features)  # noqa: S101 - for mypy
        numbers = found.timed("shortlist", lambda features=features: shortlist.propose(features))
        begin_s = time.process_time()
        for number in numbers:  # type: ignore[attr-defined]
            relation = relate(features, known[number])
            found.cpu_s["pairs"] += 1
            if relation.tie not in (Tie.UNRELATED, Tie.SHARES_A_PART):
                found.scores[query.name][originals[number].stem] = relation.strength
        found.cpu_s["verify"] += time.process_time() - begin_s
    return found


def steps(queries: list[Path], originals: list[Path], found: Found) -> None:
    """Print for each edit where the copies are lost that weren't found."""
    known = {path.stem: describe(path) for path in originals}
    shortlist, numbers = Shortlist(), {stem: number for number, stem in enumerate(known)}
    for one in known.values():
        shortlist.add(one)
    lost: dict[str, Counter[str]] = defaultdict(Counter)
    for query in queries:
        edit, stem = query.stem.split("__")[1], stem_of(query)
        if stem in found.scores[query.name]:
            continue
        features = describe(query)
        alignment = align(features, known[stem])
        if min(len(features.points), len(known[stem].points)) < FEW_POINTS:
            lost[edit]["few points"] += 1
        elif numbers[stem] not in shortlist.propose(features):
            lost[edit]["not proposed"] += 1
        elif alignment is None or alignment.inliers < DEFAULT_BOUNDS.fewest:
            lost[edit]["no map"] += 1
        else:
            lost[edit]["verdict"] += 1
    for edit, counts in sorted(lost.items()):
        print(f"{edit:16s}" + "".join(f"  {step} {count}" for step, count in counts.most_common()))


def by_sift(queries: list[Path], originals: list[Path]) -> Found:
    """As it is found in many places: each with each."""
    found = Found()
    known = {path.stem: _sift(path) for path in originals}
    for query in queries:
        mine = [_sift(query), _sift(query, mirror=True)]
        found.scores[query.name] = {
            stem: float(points)
            for stem, other in known.items()
            if (points := max(_ransac(one, other) for one in mine)) >= SIFT_POINTS
        }
    return found


def _sift(path: Path, *, mirror: bool = False) -> tuple[np.ndarray, np.ndarray]:
    opencv = load_opencv()
    image = Image.open(path).convert("L")
    image.thumbnail((512, 512))
    pixels = np.asarray(image)[:, ::-1] if mirror else np.asarray(image)
    points, descriptors = opencv.SIFT_create(nfeatures=500).detectAndCompute(np.ascontiguousarray(pixels), None)
    if descriptors is None:
        return np.empty((0, 2), np.float32), np.empty((0, 128), np.float32)
    rooted = np.sqrt(descriptors / np.maximum(1e-9, descriptors.sum(1, keepdims=True)))
    return np.array([point.pt for point in points], np.float32), rooted


def _ransac(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> int:
    if min(len(one[0]), len(other[0])) < 2:
        return 0
    far = np.sqrt(np.maximum(0, 2 - 2 * one[1] @ other[1].T))
    two = np.argpartition(far, 1, axis=1)[:, :2]
    near = np.sort(np.take_along_axis(far, two, 1), axis=1)
    good = np.flatnonzero(near[:, 0] < 0.75 * near[:, 1])
    best = far.argmin(1)
    if len(good) < 3:
        return 0
    matrix, inliers = load_opencv().estimateAffinePartial2D(one[0][good], other[0][best[good]], ransacReprojThreshold=4)
    if matrix is None or not 0.2 < np.hypot(matrix[0, 0], matrix[1, 0]) < 5:
        return 0
    kept = good[inliers.ravel() > 0]
    return min(len(np.unique(np.round(one[0][kept]), axis=0)), len(np.unique(np.round(other[0][best[kept]]), axis=0)))


def report(name: str, found: Found, queries: list[Path], originals: int) -> dict[str, float]:
    """Print one method's figures; gives its recall by edit."""
    right: dict[str, list[bool]] = defaultdict(list)
    wrong, pairs = 0, []
    for query in queries:
        scores = found.scores[query.name]
        wrong += sum(stem != stem_of(query) and score >= found.least for stem, score in scores.items())
        right[query.stem.split("__")[1]].append(scores.get(stem_of(query), -1.0) >= found.least)
        pairs += [(score, stem == stem_of(query)) for stem, score in scores.items()]
    recall = {edit: float(np.mean(values)) for edit, values in right.items()}
    # Of pairs with the same score the wrong ones come first: nobody could tell them apart.
    hits = np.array([hit for _, hit in sorted(pairs, key=lambda pair: (-pair[0], pair[1]))], bool)
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1) if len(hits) else np.zeros(0)
    average = float((precision * hits).sum() / len(queries))
    sure = np.flatnonzero(precision >= 0.999)
    at_sure = float(hits[: sure[-1] + 1].sum() / len(queries)) if len(sure) else 0.0
    others = len(queries) * (originals - 1)
    print(
        f"{name:11s} mean {np.mean(list(recall.values())):.4f}  µAP {average:.4f}  recall at 0.999 {at_sure:.4f}  "
        f"wrong {wrong} of {others} pairs"
    )
    return recall


def table(recalls: dict[str, dict[str, float]], edits: Iterable[str]) -> None:
    """Print recall by edit, a column a method."""
    print(f"{'':16s}" + "".join(f"{name:>11s}" for name in recalls))
    for edit in edits:
        print(f"{edit:16s}" + "".join(f"{recall.get(edit, float('nan')):11.3f}" for recall in recalls.values()))


def by_peers(python: str, tools: list[str], root: Path) -> dict[str, Found]:
    """What other tools say, each at its own threshold."""
    least = {"pdq": 256.0 - PDQ_BITS, "imagededup": 64.0 - 10, "fastdup": 0.9}
    script = Path(__file__).with_name("peers.py")
    found: dict[str, Found] = {}
    for tool in tools:
        done = subprocess.run([python, str(script), str(root), tool], stdout=subprocess.PIPE, check=True)
        for name, scores in json.loads(done.stdout.splitlines()[-1]).items():
            found[name] = Found(scores, least=least.get(name, 0.0))
    return found


def crowd(known: dict[str, Features], queries: dict[str, Features], number: int) -> None:
    """Time queries among many pictures, and say how many of their originals are still proposed.

    The others are made: each has points of the known pictures by lot, a little disturbed, so that words are as frequent
    as in photographs, and none is a copy of another.
    """
    rng = np.random.default_rng(1)
    shortlist = Shortlist()
    for one in known.values():
        shortlist.add(one)
    descriptors = np.concatenate([one.descriptors for one in known.values()])
    points = np.concatenate([one.points for one in known.values()])
    sizes, model = [len(one.points) for one in known.values()], next(iter(known.values()))
    while len(shortlist) < number:
        lot = rng.integers(0, len(points), sizes[len(shortlist) % len(sizes)])
        noise = rng.integers(-12, 13, (len(lot), descriptors.shape[1]), dtype=np.int16)
        disturbed = (descriptors[lot] + noise).clip(0, 255).astype(np.uint8)
        shortlist.add(replace(model, points=points[lot], descriptors=disturbed))
    shortlist.propose(model)
    numbers, times_s, hits = {stem: place for place, stem in enumerate(known)}, [], 0
    for stem, query in queries.items():
        begin_s = time.process_time()
        proposed = shortlist.propose(query)
        times_s.append(time.process_time() - begin_s)
        hits += numbers[stem.split("__")[0]] in proposed
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"among {number:,} pictures: {1000 * np.median(times_s):.1f} ms a query, {1000 * max(times_s):.1f} at most; "
        f"{hits} of {len(queries)} originals proposed; {peak_mb:.0f} MB at most"
    )


def main() -> None:
    """Run all methods on the same files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--sift", type=int, default=0, help="on how many photographs' edits bare SIFT is tried")
    parser.add_argument("--peers", help="Python of an environment with other tools")
    parser.add_argument("--tools", default="pdq,imagededup,perception,fastdup,czkawka")
    parser.add_argument("--hashes", action="store_true", help="leave out the third stage")
    parser.add_argument("--steps", action="store_true", help="print where copies are lost")
    parser.add_argument("--crowd", type=int, default=0, help="how many pictures to time a query among")
    wanted = parser.parse_args()
    originals = sorted((wanted.root / "originals").iterdir()) + sorted((wanted.root / "distractors").glob("*"))
    queries = sorted((wanted.root / "variants").iterdir())
    print(f"{len(queries)} queries, {len(originals)} originals, of which {len({*map(stem_of, queries)})} have edits")
    hashes = by_hashes(queries, originals)
    recalls = {
        "phash": report("phash", by_phash(queries, originals), queries, len(originals)),
        "hashes": report("hashes", hashes, queries, len(originals)),
    }
    local = hashes if wanted.hashes else thorough(queries, originals, hashes)
    if not wanted.hashes:
        recalls["thorough"] = report("thorough", local, queries, len(originals))
        left = sum(not scores for scores in hashes.scores.values())
        print(
            f"{left} queries went on; ms of CPU: described {1000 * local.cpu_s['describe'] / max(1, left):.1f}, "
            f"shortlist {1000 * local.cpu_s['shortlist'] / max(1, left):.1f}, "
            f"{local.cpu_s['pairs'] / max(1, left):.1f} pairs {1000 * local.cpu_s['verify'] / max(1, left):.1f}"
        )
    for name, found in by_peers(wanted.peers, wanted.tools.split(","), wanted.root).items() if wanted.peers else ():
        recalls[name] = report(name, found, queries, len(originals))
    if wanted.crowd:
        asked = [query for query in queries if not hashes.scores[query.name]][::6]
        known = {path.stem: describe(path) for path in originals}
        crowd(known, {path.stem: describe(path) for path in asked}, wanted.crowd)
    if wanted.sift:
        some = sorted({*map(stem_of, queries)})[: wanted.sift]
        few = [query for query in queries if stem_of(query) in some]
        recalls["sift"] = report("sift", by_sift(few, originals), few, len(originals))
    table(recalls, sorted(recalls["phash"]))
    if wanted.steps:
        steps(queries, originals, local)


if __name__ == "__main__":
    main()
