"""The confidence table: that of the paper, and what is learnt of synsets."""

import numpy as np
import pytest

from synsift.pipelines.verification.table import Mixture, fit

PRINTED = {
    "cat": {(0, 1): 0.07, (1, 0): 0.85, (1, 1): 0.46, (2, 0): 0.97, (0, 2): 0.02, (3, 0): 0.99, (2, 1): 0.85},
    "Burmese cat": {(0, 1): 0.23, (1, 0): 0.69, (1, 1): 0.49, (2, 0): 0.83, (0, 2): 0.12, (3, 0): 0.90, (2, 1): 0.68},
}
"""CVPR 2009, figure 7: votes for and against, and how probably the image is good."""


@pytest.mark.parametrize(
    ("synset", "good", "of_good", "of_bad", "concentration"),
    [("cat", 0.345, 0.86, 0.08, 16.0), ("Burmese cat", 0.415, 0.68, 0.21, 6.0)],
)
def test_the_table_that_the_paper_prints_is_a_mixture_of_two(
    synset: str, good: float, of_good: float, of_bad: float, concentration: float
) -> None:
    mixture = Mixture(np.array([good]), np.array([of_good]), np.array([of_bad]), concentration)
    table = mixture.confidence(3)[0]
    assert max(abs(table[votes] - printed) for votes, printed in PRINTED[synset].items()) < 0.009


def test_votes_for_raise_it_and_votes_against_lower_it() -> None:
    mixture = Mixture(np.array([0.3, 0.5]), np.array([0.9, 0.6]), np.array([0.05, 0.3]), 8.0)
    table = mixture.confidence(10)
    assert (np.diff(table, axis=1) > 0).all()
    assert (np.diff(table, axis=2) < 0).all()
    assert np.allclose(table[:, 0, 0], [0.3, 0.5])


def counts(seed: int, of_good: float, of_bad: float, images: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    good = rng.random(images) < share
    chance = np.where(good, of_good, of_bad)
    yes = rng.binomial(10, rng.beta(chance * 16, (1 - chance) * 16))
    return yes, 10 - yes


def test_easy_and_hard_synsets_get_tables_of_their_own() -> None:
    easy, hard = counts(1, 0.9, 0.05, 300, 0.4), counts(2, 0.65, 0.25, 300, 0.4)
    yes, no = (np.concatenate([one, other]) for one, other in zip(easy, hard, strict=True))
    mixture = fit(yes, no, np.repeat([0, 1], 300), 2)
    assert abs(mixture.yes_of_good[0] - 0.9) < 0.04
    assert abs(mixture.yes_of_bad[0] - 0.05) < 0.03
    assert mixture.yes_of_good[1] < 0.78
    table = mixture.confidence(3)
    assert table[0, 2, 0] > table[1, 2, 0]


def test_a_synset_of_few_images_is_drawn_to_all_others() -> None:
    many = counts(3, 0.9, 0.05, 900, 0.4)
    yes, no = np.append(many[0], [10, 6]), np.append(many[1], [0, 4])
    mixture = fit(yes, no, np.append(np.repeat([0, 1, 2], 300), [3, 3]), 4)
    assert abs(mixture.yes_of_good[3] - 0.9) < 0.08
    assert abs(mixture.yes_of_bad[3] - 0.05) < 0.08


def test_images_that_have_few_votes_count_with_those_that_have_many() -> None:
    yes, no = counts(4, 0.9, 0.05, 600, 0.4)
    cut = np.arange(600) % 3 > 0
    rng = np.random.default_rng(1)
    first = rng.hypergeometric(yes[cut], no[cut], 3)
    yes, no = yes.copy(), no.copy()
    yes[cut], no[cut] = first, 3 - first
    mixture = fit(yes, no, np.zeros(600, int), 1)
    assert abs(mixture.yes_of_good[0] - 0.9) < 0.04
    assert abs(mixture.good[0] - 0.4) < 0.06


def test_nothing_at_all_is_fitted_without_a_complaint() -> None:
    table = fit(np.zeros(3, int), np.zeros(3, int), np.zeros(3, int), 1).confidence(2)
    assert np.isfinite(table).all()
