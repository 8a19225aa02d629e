#!/usr/bin/env python3
"""Votes that early stopping saves, what that costs in precision and recall, and whether what is promised holds.

    benchmarks/votes.py [--seeds 3] [--synsets 200] [--candidates 1000] [--world equal|hard|tired|agreeing]

Simulated voters, of whom 5 % answer without looking, say yes or no to candidates of which 10 to 60 % of a synset are
good. Each figure is the mean of the seeds, and below it that of the worst of them. The peers in the same run: ten votes
an image by majority, as many projects pay for, and three.

``equal``: all images are as hard. ``hard``: 15 % of the images are, up to what nobody can tell. ``tired``: a voter errs
more the longer they work, up to twice as often. ``agreeing``: 3 % of the images fool most voters in the same way.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synsift.pipelines.verification import asking, promise, table, voters
from synsift.pipelines.verification.asking import Rule

VOTERS, MOST = 401, 10
PROMISED, AUDITED = 0.98, 1_000


@dataclass(frozen=True)
class World:
    """Candidates, and what the n-th voter asked about each would say."""

    good: NDArray[np.bool_]
    who: NDArray[np.int64]
    says: NDArray[np.bool_]
    synset: NDArray[np.int64]


@dataclass(frozen=True)
class Result:
    """What a way to ask gave."""

    good: NDArray[np.float64]
    asked: NDArray[np.int64]
    accept: float
    reject: float


def make(kind: str, rng: np.random.Generator, synsets: int, candidates: int) -> World:
    """A world of a kind."""
    shape = (synsets, candidates)
    good = rng.random(shape) < rng.uniform(0.1, 0.6, synsets)[:, None]
    right, spams = rng.uniform(0.80, 0.98, VOTERS), rng.random(VOTERS) < 0.05
    lazy = rng.choice([0.5, 1.0], VOTERS)  # toss a coin, or always say yes
    # A prime number of voters: ten different ones an image.
    who = rng.integers(0, VOTERS, (*shape, 1)) + rng.integers(1, VOTERS, (*shape, 1)) * np.arange(MOST)
    who %= VOTERS
    chance = right[who]
    if kind == "tired":
        chance = 1 - (1 - chance) * (1 + rng.random((*shape, MOST)))
    blur = rng.random((*shape, 1)) * (rng.random((*shape, 1)) < 0.15) if kind == "hard" else np.zeros((*shape, 1))
    chance = 0.5 + (chance - 0.5) * (1 - blur)
    if kind == "agreeing":
        chance = np.where(rng.random((*shape, 1)) < 0.03, 0.35, chance)
    yes = np.where(spams[who], lazy[who], np.where(good[..., None], chance, 1 - chance))
    says = rng.random((*shape, MOST)) < yes
    flat = synsets * candidates
    synset = np.repeat(np.arange(synsets), candidates)
    return World(good.ravel(), who.reshape(flat, MOST), says.reshape(flat, MOST), synset)


def by_majority(world: World, votes: int) -> Result:
    """So many votes an image; a tie is none."""
    return Result(world.says[:, :votes].mean(axis=1), np.full(len(world.good), votes), 0.5 + 1e-9, 0.5 - 1e-9)


def in_rounds(world: World, rule: Rule, *, by_table: bool) -> Result:
    """Ask as the plan does: a round of votes, then only for what is still open."""
    images = len(world.good)
    learning = np.zeros(images, bool)
    for synset in range(int(world.synset.max()) + 1):
        learning[np.flatnonzero(world.synset == synset)[: rule.learn]] = True
    asked, good = np.zeros(images, int), np.full(images, 0.5)
    while (need := np.minimum(asking.wanted(good, asked, learning, rule), MOST - asked)).any():
        asked = asked + need
        good = _judged_by_table(world, asked) if by_table else _judged_by_voters(world, asked)
    return Result(good, asked, rule.accept, rule.reject)


def _judged_by_table(world: World, asked: NDArray[np.int64]) -> NDArray[np.float64]:
    cast = np.arange(MOST) < asked[:, None]
    yes = (world.says & cast).sum(axis=1)
    mixture = table.fit(yes, asked - yes, world.synset, int(world.synset.max()) + 1)
    return mixture.confidence(MOST)[world.synset, yes, asked - yes]


def _judged_by_voters(world: World, asked: NDArray[np.int64]) -> NDArray[np.float64]:
    cast = np.arange(MOST) < asked[:, None]
    unknown = np.full(len(asked), np.nan)
    votes = voters.Votes(
        image=np.nonzero(cast)[0], voter=world.who[cast], yes=world.says[cast], synset=world.synset, truth=unknown
    )
    return voters.fit(votes).good


def audited(world: World, result: Result, rng: np.random.Generator) -> tuple[float | None, bool]:
    """The loosest threshold whose audit shows what is promised, and whether it is true of all that it accepts."""

    def audit(threshold: float) -> promise.Audit:
        accepted = np.flatnonzero(result.good >= threshold)
        drawn = rng.choice(accepted, min(AUDITED, len(accepted)), replace=False)
        return promise.Audit(len(drawn), int((~world.good[drawn]).sum()))

    held = promise.last_that_holds(audit, PROMISED)
    return held, held is None or bool(world.good[result.good >= held].mean() >= PROMISED)


def ways(world: World) -> Iterator[tuple[str, Result]]:
    """All ways to ask."""
    for votes in (3, 10):
        yield f"{votes} votes, majority", by_majority(world, votes)
    yield "stopped by the table", in_rounds(world, Rule(learn=50), by_table=True)
    yield "stopped by voters", in_rounds(world, Rule(), by_table=False)
    yield "stopped by voters, at .999", in_rounds(world, Rule(accept=0.999), by_table=False)


def main() -> None:
    """Print a table a world."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--synsets", type=int, default=200)
    parser.add_argument("--candidates", type=int, default=1_000)
    parser.add_argument("--world", choices=("equal", "hard", "tired", "agreeing"), action="append")
    options = parser.parse_args()
    for kind in options.world or ("equal", "hard", "tired", "agreeing"):
        rows: dict[str, list[tuple[float, ...]]] = {}
        held: dict[str, list[str]] = {}
        for seed in range(options.seeds):
            rng = np.random.default_rng(seed)
            world = make(kind, rng, options.synsets, options.candidates)
            began_s = time.perf_counter()
            for name, result in ways(world):
                rows.setdefault(name, []).append((*_figures(world, result), time.perf_counter() - began_s))
                threshold, is_true = audited(world, result, rng)
                held.setdefault(name, []).append(f"{threshold or 'none'}{'' if is_true else ' BROKEN'}")
                began_s = time.perf_counter()
        names = ("precision", "recall", "votes", "wrong", "undecided", "worst 5%", "claimed", "seconds")
        print(f"\n{kind}\n{'':28}" + "".join(f"{name:>10}" for name in names) + f"   {PROMISED:.0%} audited at")
        for name, got in rows.items():
            print(f"{name:28}{_cells(np.mean(got, axis=0))}   {', '.join(held[name])}", flush=True)
            if options.seeds > 1:
                print(f"{'  the worst of the seeds':28}{_cells(_worst(np.array(got)))}", flush=True)


def _cells(values: NDArray[np.float64]) -> str:
    return "".join(f"{value:10.4f}" for value in values)


def _worst(got: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each figure that of the worst seed; of what is claimed, the most, as it is no better for being high."""
    least_is_worst = np.array([True, True, False, False, False, True, False, False])
    return np.where(least_is_worst, got.min(axis=0), got.max(axis=0))


def _figures(world: World, result: Result) -> tuple[float, ...]:
    took, refused = result.good >= result.accept, result.good <= result.reject
    right = took & world.good
    count = np.bincount(world.synset[took], minlength=int(world.synset.max()) + 1)
    each = np.bincount(world.synset[right], minlength=len(count)) / np.maximum(count, 1)
    wrong = (took & ~world.good) | (refused & world.good)
    return (
        right.sum() / took.sum(),
        right.sum() / world.good.sum(),
        float(result.asked.mean()),
        float(wrong.mean()),
        float((~took & ~refused).mean()),
        float(np.quantile(each[count > 0], 0.05)),
        float(result.good[took].mean()),
    )


if __name__ == "__main__":
    main()
