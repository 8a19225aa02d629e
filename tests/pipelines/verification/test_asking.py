"""Which images are asked about next."""

import numpy as np
import pytest

from synsift.pipelines.verification.asking import LEARN_VOTES, Rule, draw, is_open, wanted, within

RULE = Rule(accept=0.99, reject=0.01, first=2, most=5)
NONE = np.zeros(1, bool)


@pytest.mark.parametrize(
    ("good", "votes", "need"),
    [
        (0.5, 0, 2),
        (0.5, 1, 1),
        (0.5, 2, 1),
        (0.5, 4, 1),
        (0.5, 5, 0),
        (0.99, 2, 0),
        (0.989, 2, 1),
        (0.01, 2, 0),
        (0.011, 2, 1),
        (0.999, 1, 1),
        (0.001, 0, 2),
        (0.999, 9, 0),
    ],
)
def test_an_image_wants_so_many_votes_more(good: float, votes: int, need: int) -> None:
    assert wanted(np.array([good]), np.array([votes]), NONE, RULE)[0] == need


@pytest.mark.parametrize(("votes", "need"), [(0, 10), (3, 7), (10, 0), (12, 0)])
def test_an_image_to_learn_from_gets_ten_votes_however_sure_it_is(votes: int, need: int) -> None:
    assert LEARN_VOTES == 10
    assert wanted(np.array([0.9999]), np.array([votes]), ~NONE, RULE)[0] == need


def test_what_has_all_its_votes_is_not_open_whatever_it_is() -> None:
    good, votes = np.array([0.5, 0.5, 0.999, 0.999]), np.array([5, 4, 1, 2])
    assert is_open(good, votes, RULE).tolist() == [False, True, True, False]


def test_a_budget_goes_to_learning_first_and_then_to_what_is_nearest_to_a_verdict() -> None:
    need, good = np.array([1, 1, 1, 7]), np.array([0.5, 0.95, 0.2, 0.5])
    learning = np.array([False, False, False, True])
    assert within(8, need, good, learning).tolist() == [0, 1, 0, 7]
    assert within(9, need, good, learning).tolist() == [0, 1, 1, 7]
    assert within(5, need, good, learning).tolist() == [0, 0, 0, 5]
    assert within(0, need, good, learning).tolist() == [0, 0, 0, 0]
    assert within(-3, need, good, learning).tolist() == [0, 0, 0, 0]
    assert within(100, need, good, learning).tolist() == need.tolist()


def test_the_draw_is_always_the_same_and_no_draw_of_another_synset() -> None:
    images = [f"{number:064x}" for number in range(200)]
    drawn = draw("n1", images, 20)
    assert len(drawn) == 20
    assert draw("n1", images[::-1], 20) == drawn
    assert draw("n2", images, 20) != drawn
    more = draw("n1", [*images, *(f"{number:064x}" for number in range(200, 210))], 20)
    assert len(more & drawn) >= 15, "what comes later takes few places"
    assert draw("n1", images[:3], 20) == set(images[:3])
