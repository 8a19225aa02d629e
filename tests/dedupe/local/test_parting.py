"""Groups that hashes made, without what a closer look takes back."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from synsift.dedupe import DEFAULT_OPTIONS, Clustering, Fingerprint, Kind, NotCopies, choose, cluster, fingerprint
from synsift.dedupe.local.parting import part
from tests.dedupe.local.test_state import encoded
from tests.dedupe.pictures import photograph

QUALITIES = (95, 80, 60, 40, 20)


@pytest.fixture(scope="module")
def images() -> dict[str, Fingerprint]:
    """Five copies of one picture, one of them twice, and another picture."""
    image = photograph(3, (320, 240))
    found = {f"q{quality}": fingerprint(encoded(image, quality)) for quality in QUALITIES}
    return {**found, "q60 again": found["q60"], "other": fingerprint(encoded(photograph(4, (320, 240)), 90))}


@pytest.fixture(scope="module")
def crowd() -> dict[str, Fingerprint]:
    """Two dozen pictures that hashes all take for copies of one another."""
    pixels, rng = np.asarray(photograph(3, (160, 120)), np.float64), np.random.default_rng(1)
    noisy = (pixels + rng.normal(0, 3, (24, *pixels.shape))).clip(0, 255).astype(np.uint8)
    return {f"{number:02}": fingerprint(Image.fromarray(one)) for number, one in enumerate(noisy)}


class Look:
    """A closer look that knows which pictures are the same, and what it was asked, how many times."""

    def __init__(self, *kinds: str) -> None:
        self.kinds = [set(kind.split(", ")) for kind in kinds]
        self.asked: list[frozenset[str]] = []
        self.rounds = 0

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        self.rounds += 1
        self.asked += map(frozenset, pairs)
        return [pair for pair in pairs if not any(kind.issuperset(pair) for kind in self.kinds)]


def names(found: Clustering[str]) -> set[frozenset[str]]:
    return {frozenset((group.name, *(copy.name for copy in group.copies))) for group in found.groups}


def test_groups_stay_where_nothing_is_taken_back(images: dict[str, Fingerprint]) -> None:
    look = Look(", ".join(images))
    before = cluster(images)
    parted = part(before, images, DEFAULT_OPTIONS, look)
    assert (parted.clustering, parted.taken_back, len(parted.not_copies)) == (before, 0, 0)
    assert len(look.asked) == 4


def test_what_is_taken_back_joins_the_picture_of_its_group_that_it_is_a_copy_of(
    images: dict[str, Fingerprint],
) -> None:
    look = Look("q95, q60, q60 again", "q80, q40", "q20")
    parted = part(cluster(images), images, DEFAULT_OPTIONS, look)
    wanted = {("q95", "q60", "q60 again"), ("q80", "q40"), ("q20",), ("other",)}
    assert names(parted.clustering) == {frozenset(one) for one in wanted}
    assert parted.taken_back == 2
    assert len(look.asked) == len(set(look.asked))
    assert images["q80"].sha256 in parted.not_copies.of(images["q95"].sha256)
    leads = [group.name for group in parted.clustering.groups]
    assert leads == sorted(leads)
    (exact,) = (c for g in parted.clustering.groups for c in g.copies if c.verdict.kind is Kind.EXACT)
    assert exact.name in ("q60", "q60 again")


def test_pictures_that_are_all_others_are_all_kept_and_each_pair_is_asked_once(images: dict[str, Fingerprint]) -> None:
    look = Look("q60, q60 again")
    parted = part(cluster(images), images, DEFAULT_OPTIONS, look)
    assert len(parted.clustering.groups) == len(QUALITIES) + 1
    assert len(set(look.asked)) == len(look.asked) <= len(list(itertools.combinations(QUALITIES, 2))) * 2


def test_a_group_whose_picture_to_keep_was_chosen_is_asked_the_same_pairs(images: dict[str, Fingerprint]) -> None:
    chosen = choose(cluster(images), images, lambda name: (name != "q20",))
    assert "q20" in {group.name for group in chosen.groups}
    look = Look("q95, q80, q60, q60 again, q40", "q20")
    parted = part(chosen, images, DEFAULT_OPTIONS, look)
    assert frozenset(("q20",)) in names(parted.clustering)
    assert parted.taken_back == 1


def test_a_crowd_of_pictures_that_are_each_their_own_is_taken_apart_in_a_few_rounds(
    crowd: dict[str, Fingerprint],
) -> None:
    assert len(cluster(crowd).groups) == 1
    look = Look()
    parted = part(cluster(crowd), crowd, DEFAULT_OPTIONS, look)
    assert len(parted.clustering.groups) == len(crowd)
    assert len(set(look.asked)) == len(look.asked)
    assert look.rounds <= 4


@pytest.mark.parametrize("seed", range(12))
def test_groups_are_those_of_a_look_that_was_asked_of_all_pairs_before(
    crowd: dict[str, Fingerprint], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    images = dict(itertools.islice(crowd.items(), int(rng.integers(2, 15))))
    kind_of = {name: int(rng.integers(1 + seed)) for name in images}
    look = Look(*(", ".join(name for name in images if kind_of[name] == kind) for kind in range(1 + seed)))
    others = NotCopies(
        (images[one].sha256, images[other].sha256)
        for one, other in itertools.combinations(images, 2)
        if kind_of[one] != kind_of[other]
    )
    parted = part(cluster(images), images, DEFAULT_OPTIONS, look)
    assert parted.clustering == cluster(images, replace(DEFAULT_OPTIONS, not_copies=others))
    assert look.rounds <= 6
