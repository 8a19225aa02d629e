"""Voters by their coins: as crowd-kit has it where nothing is known before, and better where something is."""

import json
from pathlib import Path

import numpy as np
import pytest

from synsift.pipelines.verification.voters import Priors, Votes, fit

KEPT = Path(__file__).parents[2] / "data" / "crowd-kit-1.4.2.json"
"""What OneCoinDawidSkene and DawidSkene give for these votes, iterated until nothing moves."""
NAIVE = {"right": 0.0, "wrong": 0.0, "images": 0.0, "blurs": (0.0,), "halves": 0.0}


def kept() -> tuple[Votes, dict[str, dict[str, list[float]]]]:
    found = json.loads(KEPT.read_text())
    image, voter, yes = np.array(found["votes"]).T
    images = int(image.max()) + 1
    votes = Votes(image=image, voter=voter, yes=yes == 1, synset=np.zeros(images, int), truth=np.full(images, np.nan))
    return votes, found


@pytest.mark.parametrize(("coins", "name"), [(1, "one"), (2, "two")])
def test_without_priors_it_agrees_with_crowd_kit(coins: int, name: str) -> None:
    votes, found = kept()
    fitted = fit(votes, Priors(coins=coins, **NAIVE), rounds=5_000, enough=1e-14)  # type: ignore[arg-type]
    assert np.abs(fitted.good - found[name]["good"]).max() < 1e-9
    if coins == 1:
        assert np.abs(fitted.yes_of_good - found["one"]["skills"]).max() < 1e-9


def simulated(
    seed: int, right: list[float], *, images: int = 400, share: float = 0.4, votes: int = 5, lazy: float | None = None
) -> tuple[Votes, np.ndarray]:
    """Votes of people who are right so often; the last one says yes with the given probability whatever they see."""
    rng = np.random.default_rng(seed)
    good = rng.random(images) < share
    who = np.array([rng.choice(len(right), votes, replace=False) for _ in range(images)])
    hit = rng.random(who.shape) < np.array(right)[who]
    says = np.where(good[:, None], hit, ~hit)
    if lazy is not None:
        says = np.where(who == len(right) - 1, rng.random(who.shape) < lazy, says)
    return Votes(
        image=np.repeat(np.arange(images), votes),
        voter=who.ravel(),
        yes=says.ravel(),
        synset=np.zeros(images, int),
        truth=np.full(images, np.nan),
    ), good


@pytest.mark.parametrize("lazy", [0.5, 1.0, 0.0])
def test_a_spammers_word_comes_to_weigh_nothing(lazy: float) -> None:
    votes, _ = simulated(1, [0.92] * 9, images=1_500, lazy=lazy)
    weight = fit(votes).weight
    assert weight[-1] < 0.1
    assert weight[:-1].min() > 0.7


def test_what_a_spammer_adds_changes_no_verdict() -> None:
    votes, good = simulated(2, [0.93] * 9, images=800, lazy=1.0)
    keep = votes.voter != 8
    without = Votes(
        image=votes.image[keep], voter=votes.voter[keep], yes=votes.yes[keep], synset=votes.synset, truth=votes.truth
    )
    one, other = fit(votes).good, fit(without).good
    assert ((one > 0.5) != (other > 0.5)).mean() < 0.01
    assert ((one > 0.5) == good).mean() > 0.97


def test_a_voter_of_few_votes_is_taken_for_neither_right_nor_wrong_always() -> None:
    votes, _ = simulated(3, [0.9] * 6, images=60)
    one_more = Votes(
        image=np.append(votes.image, 0),
        voter=np.append(votes.voter, 6),
        yes=np.append(votes.yes, True),
        synset=votes.synset,
        truth=votes.truth,
    )
    fitted = fit(one_more)
    assert 0.6 < fitted.yes_of_good[6] < 0.9
    assert fitted.weight[6] < 0.75


def test_gold_is_as_it_is_known_whatever_voters_say_and_measures_them() -> None:
    votes, good = simulated(4, [0.9] * 6, images=200)
    truth = np.full(200, np.nan)
    truth[:40] = good[:40]
    truth[0] = not good[0]
    known = Votes(image=votes.image, voter=votes.voter, yes=votes.yes, synset=votes.synset, truth=truth)
    fitted = fit(known)
    assert fitted.good[0] == (0.0 if good[0] else 1.0)
    assert (fitted.good[1:40] == good[1:40]).all()


def test_gold_unmasks_voters_who_agree_in_what_is_wrong() -> None:
    """Five of nine say no to everything good: by votes alone they would be right."""
    rng = np.random.default_rng(5)
    images, voters = 300, 9
    good = rng.random(images) < 0.5
    says = np.array([[g if v < 4 else not g for v in range(voters)] for g in good])
    truth = np.full(images, np.nan)
    truth[:60] = good[:60]
    votes = Votes(
        image=np.repeat(np.arange(images), voters),
        voter=np.tile(np.arange(voters), images),
        yes=says.ravel(),
        synset=np.zeros(images, int),
        truth=truth,
    )
    fitted = fit(votes)
    assert ((fitted.good > 0.5) == good).all()
    assert (fitted.weight[4:] == 0).all()


def hard_world(share: float) -> tuple[Votes, np.ndarray]:
    rng = np.random.default_rng(6)
    images, voters, cast = 2_000, 40, 6
    good = rng.random(images) < 0.4
    right = rng.uniform(0.85, 0.97, voters)
    who = np.array([rng.choice(voters, cast, replace=False) for _ in range(images)])
    blur = np.where(rng.random(images) < share, rng.random(images), 0.0)[:, None]
    hit = rng.random(who.shape) < 0.5 + (right[who] - 0.5) * (1 - blur)
    says = np.where(good[:, None], hit, ~hit)
    return Votes(
        image=np.repeat(np.arange(images), cast),
        voter=who.ravel(),
        yes=says.ravel(),
        synset=np.zeros(images, int),
        truth=np.full(images, np.nan),
    ), good


def claimed_too_much(votes: Votes, good: np.ndarray, priors: Priors) -> float:
    found = fit(votes, priors).good
    sure = found >= 0.99
    return float(found[sure].mean() - good[sure].mean())


def test_where_images_are_hard_less_is_claimed_than_without_blur() -> None:
    votes, good = hard_world(0.3)
    assert claimed_too_much(votes, good, Priors()) < claimed_too_much(votes, good, Priors(blurs=(0.0,))) / 1.5


def test_where_all_images_are_clear_no_blur_is_found() -> None:
    votes, good = hard_world(0.0)
    fitted = fit(votes)
    assert fitted.blurs[0] > 0.95
    sure = fitted.good >= 0.99
    assert good[sure].mean() >= 0.985


def test_the_share_of_good_images_of_a_small_synset_is_drawn_to_that_of_all() -> None:
    votes, _ = simulated(7, [0.9] * 9, images=400, share=0.3)
    synset = np.zeros(401, int)
    synset[400] = 1
    one_more = Votes(
        image=np.append(votes.image, 400),
        voter=np.append(votes.voter, 0),
        yes=np.append(votes.yes, False),
        synset=synset,
        truth=np.full(401, np.nan),
    )
    assert 0.001 < fit(one_more).good[400] < 0.3
