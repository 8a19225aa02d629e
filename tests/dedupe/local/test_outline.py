import numpy as np
import pytest

from synsift.dedupe.local.outline import outline, within_outline


def square() -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    return np.array([[0, 0], [4, 0], [4, 4], [0, 4], [2, 2], [1, 3], [2, 0], [4, 4]], np.float64)


def test_the_outline_of_points_has_their_outermost_as_corners() -> None:
    assert {tuple(corner) for corner in outline(square())} == {(0, 0), (4, 0), (4, 4), (0, 4)}


def test_all_points_lie_within_their_own_outline_and_others_are_told_as_a_slow_twin_tells_them() -> None:
    rng = np.random.default_rng(3)
    points, places = rng.normal(size=(40, 2)), rng.normal(size=(200, 2)) * 2
    corners = outline(points)
    assert within_outline(corners, points).all()
    # Outside is what makes the outline larger.
    own = np.unique(corners, axis=0)
    grown = [not np.array_equal(np.unique(outline(np.vstack([corners, place])), axis=0), own) for place in places]
    assert (within_outline(corners, places) == ~np.array(grown)).all()
    assert 0 < sum(grown) < len(places)


@pytest.mark.parametrize("points", [[], [[1, 1]], [[1, 1], [1, 1]], [[0, 0], [1, 1], [2, 2]]])
def test_nothing_lies_within_what_has_no_inside(points: list[list[float]]) -> None:
    corners = outline(np.array(points, np.float64).reshape(-1, 2))
    assert not within_outline(corners, np.array([[1.0, 1.0], [0.5, 0.5]])).any()


def test_points_that_are_many_and_far_apart_lie_within_their_own_outline() -> None:
    points = np.random.default_rng(4).uniform(-1e3, 1e3, (300, 2))
    corners = outline(points)
    assert within_outline(corners, points).all()
    centre = points.mean(0)
    assert not within_outline(corners, centre + 1.01 * (corners - centre)).any()
