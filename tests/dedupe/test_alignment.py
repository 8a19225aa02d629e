"""Small pictures that are laid over one another: what is reckoned in few steps is what the long way gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.dedupe.alignment import Grid, Seen, align, around, slopes_of, toned
from synsift.dedupe.frequencies import Floats
from synsift.dedupe.second_look import area_of, stretch_of

_SIDE = 32
_GRID = Grid(_SIDE)
_SMALL = st.floats(-0.25, 0.25, width=32)


def picture(seed: int) -> Floats:
    """Waves and noise, around 0."""
    rng = np.random.default_rng(seed)
    x, y = _GRID.xy
    waves = sum(
        rng.normal(0, 30) * np.cos(rng.uniform(0, 9) * x + rng.uniform(0, 9) * y + number) for number in range(6)
    )
    return np.asarray(waves + rng.normal(0, 2, _SIDE**2), dtype=np.float32)


def seen_slowly(values: Floats, place: Floats) -> tuple[Floats, Floats]:
    """What another picture has at each place, and whether it has that place, pixel by pixel."""
    square, found, inside = values.reshape(_SIDE, _SIDE).astype(np.float64), [], []
    for at in _GRID.xy.T:
        there = place[:, :2].astype(np.float64) @ at + place[:, 2]
        inside.append(float((np.abs(there) <= 0.5).all()))
        x, y = np.clip((there + 0.5) * _SIDE - 0.5, 0, _SIDE - 1.001)
        left, top = int(x), int(y)
        part = square[top : top + 2, left : left + 2]
        found.append(np.array([1 - (y - top), y - top]) @ part @ np.array([1 - (x - left), x - left]))
    return np.array(found, dtype=np.float32), np.array(inside, dtype=np.float32)


@pytest.mark.parametrize("by", [0.0, 0.1, 0.25, 0.5, 0.9])
def test_a_picture_is_softened_as_interpolation_softens_the_other(by: float) -> None:
    """Of waves as fine as four pixels, one is as weak as the other wherever their pixels fall."""
    wave = np.asarray(10 * np.cos(np.pi / 2 * _GRID.xy[0] * _SIDE), dtype=np.float32)
    place = np.array([[1, 0, by / _SIDE], [0, 1, 0]], dtype=np.float32)
    seen = Seen(_GRID, _GRID.layers(wave), place)
    softened = seen.softened(wave)
    inside = np.arange(_SIDE**2) % _SIDE
    inside = (inside > 0) & (inside < _SIDE - 2)
    energies = [float(np.square(values[inside]).mean()) for values in (seen.luma, softened)]
    assert energies[1] == pytest.approx(energies[0], rel=0.15)
    if not by:
        np.testing.assert_allclose(softened, wave, atol=0.05)


@given(st.lists(_SMALL, min_size=6, max_size=6), st.integers(0, 5))
@settings(max_examples=15, deadline=None)
def test_what_is_seen_is_what_lies_there(change: list[float], seed: int) -> None:
    luma, other = picture(seed), picture(seed + 100)
    layers = _GRID.layers(luma, other[None])
    place = np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32) + np.array(change, dtype=np.float32).reshape(2, 3)
    seen = Seen(_GRID, layers, place)
    for found, of in zip((seen.luma, *seen.slopes(), *seen.others), layers, strict=True):
        assert found == pytest.approx(seen_slowly(of, place)[0], abs=0.02 * float(np.abs(of).max()))
    assert int(np.count_nonzero(seen.weights != seen_slowly(luma, place)[1])) <= 2  # at an edge, by rounding
    assert seen.share == pytest.approx(float(seen.weights.mean()))


def test_slopes_are_those_of_a_gradient() -> None:
    luma = picture(1)
    down, right = np.gradient(luma.reshape(_SIDE, _SIDE))
    assert np.array_equal(slopes_of(luma, _SIDE), [right.ravel(), down.ravel()])


def test_what_is_around_a_place_is_its_neighbours_mean() -> None:
    luma = picture(2)
    padded = np.pad(luma.reshape(_SIDE, _SIDE), 1, mode="edge")
    slowly = [padded[row : row + 3, column : column + 3].mean() for row in range(_SIDE) for column in range(_SIDE)]
    assert around(luma, _SIDE) == pytest.approx(np.array(slowly), abs=1e-4)


@given(st.lists(st.floats(-2, 2, width=32), min_size=6, max_size=6), st.floats(1, 4000), st.floats(1, 4000))
def test_a_stretch_is_the_ratio_of_singular_values(numbers: list[float], width: float, height: float) -> None:
    place = np.array(numbers, dtype=np.float32).reshape(2, 3)
    true = np.diag((width, height)) @ place[:, :2] @ np.diag((1 / height, 1 / width))
    large, small = np.linalg.svd(true, compute_uv=False)
    if small > 1e-3 * max(1.0, large):
        assert stretch_of(place, (height, width), (width, height)) == pytest.approx(large / small, rel=1e-4)
    assert area_of(place) == pytest.approx(abs(np.linalg.det(place[:, :2].astype(np.float64))), abs=1e-5)


def test_a_map_that_turns_all_into_one_point_is_stretched_and_no_error() -> None:
    assert 0 <= stretch_of(np.zeros((2, 3), dtype=np.float32), (0.0, 0.0), (100.0, 100.0)) < np.inf


def test_a_picture_is_found_where_it_was_moved_to() -> None:
    place = np.array([[0.97, 0.02, 0.03], [-0.02, 1.02, -0.02]], dtype=np.float32)
    other = picture(3)
    mine = Seen(_GRID, _GRID.layers(other), place).luma
    found = align(_GRID, (mine, _GRID.layers(other)), np.eye(2, 3, dtype=np.float32), steps=12, enough=0.99999)
    assert found is not None
    assert found.place == pytest.approx(place, abs=0.01)


def test_a_tone_curve_is_undone() -> None:
    other = picture(4)
    mine = np.asarray(3 + 0.5 * other + 0.001 * other * other, dtype=np.float32)
    seen = Seen(_GRID, _GRID.layers(other), np.eye(2, 3, dtype=np.float32))
    assert toned(mine, seen) == pytest.approx(mine, abs=0.1)
