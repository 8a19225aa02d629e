#!/usr/bin/env python3
"""CPU time of a second look by its steps, and whether looks say what they said before.

    benchmarks/looks.py --photos DIR --corpus FILE [--every N] [--rounds N] [--save FILE] [--against FILE]

Pairs, always the same: photographs and their copies by each of the edits of ``benchmarks/edits.py``, photographs that
are strangers, and what hashes propose among drawings (``benchmarks/drawings.py``) and among windows and sheets
(``benchmarks/windows.py``), each with true copies. They are made once and kept in ``--corpus``. Printed: CPU
microseconds a look by kind, and by step, what each calls included. ``--save`` keeps all verdicts, scores and values of
agreements, ``--against`` compares them with what was kept by another version of the program: it fails if a verdict is
another.
"""

import argparse
import io
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, fields
from functools import wraps
from itertools import islice
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import drawings, windows
from benchmarks.edits import UNSEEN, as_file
from synsift.dedupe import Fingerprint, fingerprint
from synsift.dedupe import covered as covered_module
from synsift.dedupe import evidence as evidence_module
from synsift.dedupe import finer_look as finer_module
from synsift.dedupe import judgement as judgement_module
from synsift.dedupe import second_look as second_module
from synsift.dedupe.finer_look import Finer
from synsift.dedupe.judgement import DEFAULT_CRITERIA, look_and_judge
from synsift.dedupe.lookup import Lookup
from synsift.dedupe.matcher import MAX_LOOKS
from synsift.dedupe.second_look import Agreement, Side, side_of
from synsift.dedupe.verdicts import MatchOptions
from synsift.dedupe.views import VIEWS, WHOLE
from synsift.dedupe.ways import nearest_ways

P = ParamSpec("P")
R = TypeVar("R")

_WIDE_BITS = 100
_STRANGERS = 12
_EDITED = 100
_OF_A_KIND = 24
_CLOSE = 1e-4
_NO_VALUES = ("finer", "are_photographs", "written")
_STEPS = (
    (second_module, ("picture_of", "align", "places_of", "colours", "finer_look", "_detail", "_bits")),
    (evidence_module, ("read_fine",)),
    (finer_module, ("align", "_beyond", "_differences", "texture", "_ink", "moved")),
    (judgement_module, ("second_look", "look_beside", "judge")),
    (covered_module, ("align_most", "colours_beside")),
)


class Pair(NamedTuple):
    """Two fingerprints that are looked at, by their numbers, and what hashes said of them."""

    kind: str
    query: int
    stored: int
    orientation: int
    bits: int
    query_view: int
    stored_view: int


Pairs = Mapping[int, Pair]


class Kept(NamedTuple):
    """What looks said: all ``(n,)``, but values ``(n, values)``, NaN where there is none."""

    numbers: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    copies: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
    scores: "np.ndarray[tuple[int], np.dtype[np.float64]]"
    values: "np.ndarray[tuple[int, int], np.dtype[np.float64]]"


# -- the pairs


def photograph_and_copies(path: Path) -> list[str]:
    """A photograph and what the edits make of it."""
    data = path.read_bytes()
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
        image.thumbnail((400, 400))
    return [fingerprint(made).to_text() for made in (data, *(as_file(edit(image)) for edit in UNSEEN.values()))]


def drawing_and_copies(task: tuple[str, int]) -> list[str]:
    """A drawing, and some true copies of it."""
    kind, number = task
    lot = random.Random(f"{kind} {number}")  # noqa: S311 - draws pictures
    if kind in drawings.KINDS:
        image = drawings.KINDS[kind][1](lot).convert("RGB")
    else:
        image = next(of_half[kind] for of_half in windows.KINDS.values() if kind in of_half)(lot).convert("RGB")
    files = [as_file(image), *(copy(image) for copy in list(windows.COPIES.values())[number % 3 :: 3])]
    return [fingerprint(made).to_text() for made in files]


def make(photos: Path, corpus: Path) -> None:
    """Draw and copy all pictures, and put down which pairs are looked at."""
    paths = sorted(path for path in photos.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
    kinds = [kind for kind, (_, draw) in drawings.KINDS.items() if drawings.segno or draw is not drawings.squares]
    sheets = [kind for of_half in windows.KINDS.values() for kind in of_half]
    prints: list[Fingerprint] = []
    pairs: list[Pair] = []
    with Pool(2) as pool:
        for family in pool.map(photograph_and_copies, paths[:_EDITED], chunksize=2):
            original, *copies = map(Fingerprint.from_text, family)
            prints.extend((original, *copies))
            first = len(prints) - len(family)
            for number in range(first + 1, len(prints)):
                pairs.extend(proposed("copies", prints, [first], number))
        strangers(pairs, prints, len(UNSEEN) + 1)
        for name, of_name in (("drawings", kinds), ("windows", sheets)):
            for kind in of_name:
                first = len(prints)
                tasks = [(kind, number) for number in range(_OF_A_KIND)]
                for family in pool.map(drawing_and_copies, tasks, chunksize=2):
                    prints.extend(map(Fingerprint.from_text, family))
                for number in range(first + 1, len(prints)):
                    pairs.extend(proposed(name, prints, range(first, number), number))
    lines = [str(len(prints)), *(image.to_text() for image in prints)]
    corpus.write_text("\n".join((*lines, *("\t".join(map(str, pair)) for pair in pairs))), encoding="utf-8")


def proposed(kind: str, prints: list[Fingerprint], known: "range | list[int]", query: int) -> Iterator[Pair]:
    """What hashes propose of a picture among some, each in the nearest way: those of copies far beyond the radius."""
    lookup = Lookup(MatchOptions(radius_bits=_WIDE_BITS) if kind == "copies" else MatchOptions())
    if prints[query].is_plain:
        return
    kept = [number for number in known if not prints[number].is_plain]
    for number in kept:
        lookup.add(prints[number])
    ways = nearest_ways(
        lookup.proposals(prints[query]), lambda number: prints[kept[number]].sha256 < prints[query].sha256
    )
    for proposal in islice(ways, MAX_LOOKS):
        mine, theirs = proposal.seen
        found = kept[proposal.number]
        yield Pair(kind, query, found, proposal.orientation, proposal.distance_bits, mine, theirs)


def strangers(pairs: list[Pair], prints: list[Fingerprint], of_one: int) -> None:
    """Photographs, and copies of others, in the orientation in which their hashes are the least far."""
    lot = random.Random(1)  # noqa: S311 - chooses pictures
    whole = VIEWS.index(WHOLE)
    for query in range(0, len(prints), 3):
        for _ in range(1 if query % of_one else _STRANGERS):
            stored = lot.randrange(len(prints))
            if stored // of_one == query // of_one or prints[query].is_plain or prints[stored].is_plain:
                continue
            away = np.bitwise_count(prints[query].orientations() ^ prints[stored].view_hashes()[0]).sum(axis=1)
            nearest = int(away.argmin())
            pairs.append(Pair("strangers", query, stored, nearest, int(away[nearest]), whole, whole))


def read(corpus: Path) -> tuple[list[Fingerprint], list[Pair]]:
    """What ``make`` put down."""
    count, *lines = corpus.read_text(encoding="utf-8").splitlines()
    prints = [Fingerprint.from_text(line) for line in lines[: int(count)]]
    rows = (line.split("\t") for line in lines[int(count) :])
    return prints, [Pair(kind, *map(int, numbers)) for kind, *numbers in rows]


# -- the looks


def sides_of(prints: list[Fingerprint], pair: Pair) -> tuple[Side, Side]:
    """A pair as a look takes it."""
    return (
        side_of(prints[pair.query], VIEWS[pair.query_view].turned(pair.orientation)),
        side_of(prints[pair.stored], VIEWS[pair.stored_view]),
    )


def value_names() -> list[str]:
    """Of all numbers that an agreement has, in the order in which ``values_of`` gives them."""
    names = [field.name for field in fields(Agreement) if field.name not in _NO_VALUES]
    for field in fields(Finer):
        parts = {"differs": 2, "differs_surely": 2, "exact": 2, "texture": 4}.get(field.name, 1)
        names.extend(f"finer.{field.name}" for _ in range(parts))
    return names


def values_of(agreement: Agreement) -> list[float]:
    """All numbers of an agreement."""
    found = [float(getattr(agreement, field.name)) for field in fields(Agreement) if field.name not in _NO_VALUES]
    if agreement.finer is None:
        return found + [float("nan")] * (len(value_names()) - len(found))
    for value in astuple(agreement.finer):
        found.extend(map(float, value if isinstance(value, tuple) else [value]))
    return found


def look_at_all(prints: list[Fingerprint], pairs: Pairs) -> tuple[Kept, dict[str, tuple[int, float]]]:
    """Look at pairs, by their numbers: what is said, and how many looks of each kind took how many CPU seconds."""
    scores, values, spent = [], [], {}
    for pair in pairs.values():
        sides = sides_of(prints, pair)
        begin = time.process_time()
        agreement, judgement = look_and_judge(
            *sides, orientation=pair.orientation, distance_bits=pair.bits, criteria=DEFAULT_CRITERIA
        )
        took = time.process_time() - begin
        count, before = spent.get(pair.kind, (0, 0.0))
        spent[pair.kind] = (count + 1, before + took)
        scores.append(judgement.score)
        values.append(values_of(agreement))
    found = np.array(scores)
    return Kept(np.array(list(pairs)), found >= DEFAULT_CRITERIA.score, found, np.array(values)), spent


@contextmanager
def timed() -> Iterator[dict[str, tuple[int, float]]]:
    """Within it the calls of the steps of a look are counted, and their CPU seconds."""
    spent: dict[str, tuple[int, float]] = {}

    def wrapped(name: str, step: Callable[P, R]) -> Callable[P, R]:
        @wraps(step, updated=())
        def call(*arguments: P.args, **options: P.kwargs) -> R:
            begin = time.process_time()
            try:
                return step(*arguments, **options)
            finally:
                count, before = spent.get(name, (0, 0.0))
                spent[name] = (count + 1, before + time.process_time() - begin)

        return call

    replaced = [(module, name, getattr(module, name, None)) for module, names in _STEPS for name in names]
    replaced = [(module, name, step) for module, name, step in replaced if step is not None]
    for module, name, step in replaced:
        setattr(module, name, wrapped(f"{module.__name__.rpartition('.')[2]}.{name}", step))
    try:
        yield spent
    finally:
        for module, name, step in replaced:
            setattr(module, name, step)


def show_steps(prints: list[Fingerprint], pairs: Pairs) -> None:
    """Print how often each step is done in a look, and what it takes of it; the timers take some of it, too."""
    with timed() as spent:
        look_at_all(prints, pairs)
    for name, (count, seconds) in sorted(spent.items(), key=lambda item: -item[1][1]):
        print(f"  {name:30s} {count / len(pairs):6.2f} times   {1e6 * seconds / len(pairs):7.0f} us a look")


def compare(before: Kept, now: Kept, pairs: Pairs) -> bool:
    """Print what differs between two runs, of the pairs that both looked at; whether all verdicts are the same."""
    numbers, of_before, of_now = np.intersect1d(before.numbers, now.numbers, return_indices=True)
    before, now = (Kept(*(part[at] for part in kept)) for kept, at in ((before, of_before), (now, of_now)))
    other = np.flatnonzero(before.copies != now.copies)
    print(f"{len(numbers):,} pairs, {int(before.copies.sum()):,} of copies: {len(other)} verdicts differ")
    for at in other[:20].tolist():
        print(f"  {pairs[int(numbers[at])]}: score {before.scores[at]:.6f}, now {now.scores[at]:.6f}")
    away = np.abs(before.scores - now.scores)
    print(f"scores differ by {away.max():.1e} at most; {int((away > _CLOSE).sum())} by more than {_CLOSE:g}")
    off = np.where(np.isnan(before.values) & np.isnan(now.values), 0, np.abs(before.values - now.values))
    alone = np.isnan(off).any(axis=1)
    print(
        f"agreements: {int((off == 0).all(axis=1).sum()):,} the same to the last bit; {int(alone.sum())} of one alone"
    )
    for name, column in zip(value_names(), off.T, strict=True):
        away = column[column > _CLOSE]
        if len(away):
            most = f"median {np.median(away):.1e}, at most {away.max():.1e}"
            print(f"  {name:24s} {len(away):5d} differ by more than {_CLOSE:g}: {most}")
    return not len(other)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, metavar="DIR")
    parser.add_argument("--corpus", type=Path, required=True, metavar="FILE")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="look at each Nth pair alone")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="the best of so many counts")
    parser.add_argument("--steps", action="store_true", help="print the steps of a look, too")
    parser.add_argument("--save", type=Path, metavar="FILE")
    parser.add_argument("--against", type=Path, metavar="FILE")
    options = parser.parse_args()
    if not options.corpus.exists():
        make(options.photos, options.corpus)
    prints, all_pairs = read(options.corpus)
    pairs = dict(list(enumerate(all_pairs))[:: options.every])
    found, best = look_at_all(prints, pairs)
    for _ in range(options.rounds - 1):
        spent = look_at_all(prints, pairs)[1]
        best = {kind: min(best[kind], spent[kind], key=lambda one: one[1]) for kind in best}
    for kind, (count, seconds) in best.items():
        print(f"{kind:12s} {count:6d} looks   {1e6 * seconds / count:7.0f} CPU us each")
    print(f"{'all':12s} {len(pairs):6d} looks   {1e6 * sum(s for _, s in best.values()) / len(pairs):7.0f} CPU us each")
    if options.steps:
        show_steps(prints, pairs)
    if options.save:
        np.savez(options.save, **found._asdict())
    if options.against:
        with np.load(options.against) as kept:
            before = Kept(**{name: kept[name] for name in Kept._fields})
        if not compare(before, found, pairs):
            raise SystemExit("other verdicts than before")


if __name__ == "__main__":
    main()
