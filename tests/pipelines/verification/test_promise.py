"""What an audit shows: exactly, and no more."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsift.pipelines.verification.promise import Audit, allowed_errors, at_most, last_that_holds, sample_size


@pytest.mark.parametrize(
    ("promised", "looked_at", "allowed"),
    [
        *((0.95, m, x) for m, x in ((300, 8), (500, 16), (1_000, 38), (2_000, 83), (3_000, 130))),
        *((0.98, m, x) for m, x in ((300, 1), (500, 4), (1_000, 12), (2_000, 29), (3_000, 47))),
        *((0.99, m, x) for m, x in ((300, 0), (500, 1), (1_000, 4), (2_000, 12), (3_000, 20))),
        *((0.995, m, x) for m, x in ((300, -1), (500, -1), (1_000, 1), (2_000, 4), (3_000, 8))),
    ],
)
def test_so_many_errors_are_allowed(promised: float, looked_at: int, allowed: int) -> None:
    assert allowed_errors(looked_at, promised) == allowed


@pytest.mark.parametrize(
    ("promised", "sizes"), [(0.95, (59, 93, 124)), (0.98, (149, 236, 313)), (0.99, (299, 473, 628))]
)
def test_the_least_sample_that_shows_it(promised: float, sizes: tuple[int, ...]) -> None:
    assert tuple(sample_size(errors, promised) for errors in range(3)) == sizes


@given(st.integers(1, 60), st.data())
def test_the_bound_is_that_of_the_binomial_distribution(looked_at: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, looked_at))
    audit = Audit(looked_at, wrong)
    bound = audit.precision()
    if wrong == looked_at:
        assert bound == 0.0
        return
    ways = sum(math.comb(looked_at, n) * (1 - bound) ** n * bound ** (looked_at - n) for n in range(wrong + 1))
    assert ways == pytest.approx(0.05, abs=1e-6)
    assert audit.keeps(bound - 1e-6)
    assert not audit.keeps(bound + 1e-6)


def test_what_was_not_looked_at_shows_nothing() -> None:
    assert not Audit(0, 0).keeps(0.5)
    assert Audit(0, 0).precision() == 0.0
    with pytest.raises(ValueError, match="3 wrong of 2"):
        Audit(2, 3)


def test_it_breaks_in_one_release_of_twenty_at_most() -> None:
    """Where exactly what is promised is false by a hair, few audits say that it holds."""
    rng = np.random.default_rng(1)
    held = [Audit(500, int(rng.binomial(500, 0.0201))).keeps(0.98) for _ in range(4_000)]
    assert np.mean(held) < 0.06
    assert at_most(4, 500, 0.02) < 0.05


def test_thresholds_are_tried_in_order_and_none_after_the_first_that_fails() -> None:
    asked = []

    def audit(threshold: float) -> Audit:
        asked.append(threshold)
        return Audit(1_000, {0.999: 0, 0.997: 12, 0.99: 13, 0.98: 0}[threshold])

    assert last_that_holds(audit, 0.98, thresholds=(0.999, 0.997, 0.99, 0.98)) == 0.997
    assert asked == [0.999, 0.997, 0.99]
    assert last_that_holds(lambda _: Audit(100, 50), 0.98) is None


def test_what_never_or_always_fails_is_certain() -> None:
    assert at_most(0, 10, 0.0) == 1.0
    assert at_most(9, 10, 1.0) == 0.0
    assert at_most(10, 10, 1.0) == 1.0
