import numpy as np
import pytest
from PIL import Image

from synsift.dedupe.local.points import MOST_POINTS, find_points
from tests.dedupe.local.scenes import busy


def grey(image: Image.Image) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    return np.asarray(image.convert("L"))


def found_again(picture: Image.Image, edited: Image.Image, scale: float, turn: float) -> float:
    """Which share of a picture's points has its nearest descriptor where the edit moved it, turned and sized so."""
    (one, mine), (other, theirs) = find_points(grey(picture)), find_points(grey(edited))
    best = (mine.astype(np.float32) @ theirs.astype(np.float32).T).argmax(1)
    centre, target = np.array(picture.size) / 2, np.array(edited.size) / 2
    x, y = ((one[:, :2] - centre) * scale).T
    moved = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], 1) + target
    near = np.hypot(*(moved - other[best, :2]).T) < 3
    sized = abs(np.log(other[best, 2] / one[:, 2] / scale)) < np.log(1.3)
    turned = abs((other[best, 3] - one[:, 3] - turn + np.pi) % (2 * np.pi) - np.pi) < np.radians(12)
    return float((near & sized & turned).mean())


@pytest.mark.parametrize(
    ("scale", "degrees", "least"), [(1.0, 0, 0.99), (1.0, 90, 0.88), (1.0, 33, 0.5), (0.7, 0, 0.3), (0.6, 200, 0.2)]
)
def test_points_move_turn_and_scale_as_the_picture_does(scale: float, degrees: int, least: float) -> None:
    picture = busy(3)
    size = (round(picture.width * scale), round(picture.height * scale))
    edited = picture.resize(size, Image.Resampling.LANCZOS).rotate(
        -degrees, expand=True, resample=Image.Resampling.BICUBIC
    )
    assert found_again(picture, edited, scale, np.radians(degrees)) > least
    assert found_again(picture, busy(4), 1.0, 0.0) < 0.02


def test_the_strongest_come_first_and_are_not_too_many() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (60, 80), dtype=np.uint8)
    picture = grey(Image.fromarray(noise).resize((448, 336), Image.Resampling.BICUBIC))
    points, descriptors = find_points(picture)
    assert points.shape == (MOST_POINTS, 4)
    assert descriptors.shape == (MOST_POINTS, 128)
    assert len(find_points((picture // 8 + 100).astype(np.uint8))[0]) == MOST_POINTS, "washed out"
    assert len(find_points((picture // 40 + 100).astype(np.uint8))[0]) < MOST_POINTS / 2


def test_descriptors_have_one_length_and_points_lie_in_the_picture() -> None:
    points, descriptors = find_points(grey(busy(5)))
    lengths = np.linalg.norm(descriptors.astype(np.float64), axis=1)
    assert np.all(abs(lengths - 255) < 8)
    assert np.all((points[:, :2] >= 0) & (points[:, :2] < busy(5).size))
    assert np.all((points[:, 3] >= 0) & (points[:, 3] <= np.float32(2 * np.pi)))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (23, 400), (24, 24), (40, 31)])
def test_narrow_and_plain_pictures_have_few_points_or_none(size: tuple[int, int]) -> None:
    for picture in (np.full(size, 77, np.uint8), np.random.default_rng(2).integers(0, 256, size, dtype=np.uint8)):
        points, descriptors = find_points(picture)
        assert len(points) == len(descriptors)
        assert points.shape[1:] == (4,)
    assert len(find_points(np.full(size, 77, np.uint8))[0]) == 0


def test_what_stands_out_everywhere_leaves_points_to_a_soft_photograph_within_it() -> None:
    loud = np.random.default_rng(1).integers(0, 256, (192, 256), dtype=np.uint8)
    page = Image.fromarray(loud).resize((512, 384), Image.Resampling.BICUBIC)
    page.paste(busy(3, (160, 120)).convert("L").point(lambda tone: 110 + tone // 8), (300, 200))
    points, _ = find_points(np.asarray(page))
    inside = (abs(points[:, 0] - 380) < 76) & (abs(points[:, 1] - 260) < 56)
    assert len(points) == MOST_POINTS
    assert inside.sum() >= 5, "by strength alone none is there"


@pytest.mark.parametrize("cell_px", [3, 4, 8])
def test_a_pattern_whose_points_all_stand_out_alike_has_no_more_of_them(cell_px: int) -> None:
    rows, columns = np.indices((384, 512)) // cell_px
    picture = (255 * ((rows + columns) & 1)).astype(np.uint8)
    points, descriptors = find_points(picture)
    assert len(points) == len(descriptors) <= MOST_POINTS
    assert np.isfinite(points).all()
