"""What was laid over a picture, told from what two pictures were made with."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from synsift.dedupe import Tie, describe, relate
from synsift.dedupe.local.bounds import DEFAULT_BOUNDS
from synsift.dedupe.local.cover import cover
from synsift.dedupe.local.fitting import fit
from synsift.dedupe.local.geometry import Alignment, align, project
from synsift.dedupe.local.inset import Edge
from synsift.dedupe.local.overlap import overlap
from synsift.dedupe.local.relation import judge_cover, judge_fitted
from tests.dedupe.local.scenes import busy

SAME = {Tie.COPY, Tie.PART_OF, Tie.CONTAINS}


def photograph(seed: int, size: tuple[int, int] = (480, 360)) -> Image.Image:
    """Soft, with noise everywhere, as drawings have none."""
    soft = busy(seed, size).filter(ImageFilter.GaussianBlur(2))
    noise = np.random.default_rng(seed).normal(0, 3, (size[1], size[0], 3))
    return Image.fromarray((np.asarray(soft) + noise).clip(0, 255).astype(np.uint8))


def covered(image: Image.Image, *, share: float = 0.36) -> Image.Image:
    """A large face on it."""
    out, side = image.copy(), round(share * min(image.size))
    x, y = round(0.35 * image.width), round(0.3 * image.height)
    draw = ImageDraw.Draw(out)
    draw.ellipse((x, y, x + side, y + side), fill="#ffcc22", outline="#aa7700", width=4)
    for eye in (0.3, 0.6):
        draw.ellipse((x + eye * side, y + 0.3 * side, x + (eye + 0.1) * side, y + 0.5 * side), fill="#553300")
    return out


def test_around_a_sticker_there_is_an_edge_in_one_picture_alone() -> None:
    image = photograph(3)
    one, other = describe(covered(image)), describe(image)
    found = align(one, other)
    assert found is not None
    looked = cover(one, other, found)
    assert looked is not None
    bears, goes_on = looked.edges
    assert bears.strength > 1.5 * goes_on.strength
    assert goes_on.alike > bears.alike
    assert looked.enclosed == 1
    assert 0.03 < looked.share < DEFAULT_BOUNDS.cover_share
    assert judge_cover(looked)
    swapped = align(other, one)
    assert swapped is not None
    back = cover(other, one, swapped)
    assert back is not None
    assert judge_cover(back)


def test_nothing_covers_where_pictures_show_the_same() -> None:
    image = photograph(3)
    one, other = describe(image), describe(image.filter(ImageFilter.GaussianBlur(1)))
    found = align(one, other)
    assert found is not None
    assert cover(one, other, found) is None


@pytest.mark.parametrize(
    "change",
    [
        {"share": 0.4},
        {"around": 0.9},
        {"cells": 12},
        {"left": 9.0},
        {"enclosed": 0.4},
        {"edges": (Edge(3.0, 0.1), Edge(2.6, 0.1))},
        {"edges": (Edge(1.1, 0.5), Edge(1.0, 0.6))},
    ],
)
def test_what_covers_is_small_and_within_and_all_around_it_is_the_same(change: dict[str, object]) -> None:
    image = photograph(3)
    one, other = describe(covered(image)), describe(image)
    found = align(one, other)
    assert found is not None
    looked = cover(one, other, found)
    assert looked is not None
    assert not judge_cover(replace(looked, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize("frame_px", [0, 40])
def test_a_large_sticker_on_what_was_blurred_and_framed_is_seen_through(frame_px: int) -> None:
    image = photograph(5)
    blurred = covered(image.filter(ImageFilter.GaussianBlur(5)), share=0.5)
    copy = ImageOps.expand(blurred, frame_px, "black")
    assert relate(copy, image).tie is Tie.COPY
    assert relate(image, copy).tie is Tie.COPY
    assert relate(copy, image, bounds=replace(DEFAULT_BOUNDS, cover_share=-1.0)).tie not in SAME


def test_windows_before_one_photograph_share_a_part() -> None:
    """Each picture has an edge where the other one has none: neither is the photograph itself."""
    ground = photograph(6)

    def desktop(seed: int, place: tuple[int, int]) -> Image.Image:
        out = ground.copy()
        out.paste(photograph(seed, (220, 160)), place)
        return out

    screens = [describe(desktop(20 + number, place)) for number, place in enumerate([(20, 20), (130, 100), (240, 180)])]
    ties = [relate(one, other).tie for one, other in itertools.combinations(screens, 2)]
    assert not SAME & set(ties)


def corners(found: Alignment) -> np.ndarray:
    return project(found.matrix, np.array([(0.0, 0.0), (479, 0), (479, 359), (0, 359)]))


def test_pixels_make_a_map_better_that_points_bent() -> None:
    image = photograph(8)
    one, other = describe(image), describe(image.resize((360, 270)))
    right = align(one, other)
    assert right is not None
    bent = np.array([[1.02, 0.015, -4], [-0.01, 0.985, 3], [0.00002, -0.00003, 1]])
    better = fit(one, other, replace(right, matrix=right.matrix @ bent))
    off = abs(corners(replace(right, matrix=right.matrix @ bent)) - corners(right)).max()
    assert off > 5
    assert abs(corners(better) - corners(right)).max() < off / 4


def test_few_points_are_enough_where_all_is_much_alike() -> None:
    image = photograph(8)
    one, other = describe(image.filter(ImageFilter.GaussianBlur(2)).rotate(12, expand=True)), describe(image)
    found = align(one, other)
    assert found is not None
    lies = overlap(one, other, fit(one, other, found))
    assert judge_fitted(6, lies)
    assert not judge_fitted(4, lies)
    assert not judge_fitted(6, replace(lies, agreed=0.85))
    assert not judge_fitted(6, replace(lies, closely=0.4))
    assert not judge_fitted(6, replace(lies, cells=10))
    assert not judge_fitted(6, replace(lies, moved=0.0))


def test_lines_of_other_letters_agree_but_are_not_much_alike() -> None:
    def page(seed: int) -> Image.Image:
        rng = np.random.default_rng(seed)
        out = Image.new("RGB", (480, 480), "white")
        draw = ImageDraw.Draw(out)
        for line in range(23):
            words = " ".join(rng.choice(["bread", "milk", "apples", "rice", "coffee", "soap"], 9))
            draw.text((4, 4 + 20 * line), words, fill=(30, 30, 30), font_size=15)
        return out

    one, other = describe(page(1)), describe(page(2))
    same = Alignment(np.eye(3), mirrored=False, inliers=9, first=np.full((9, 2), 240.0), second=np.full((9, 2), 240.0))
    lies = overlap(one, other, same)
    assert lies.closely < DEFAULT_BOUNDS.closely < overlap(one, one, same).closely


def test_a_map_of_strangers_makes_nothing_the_same() -> None:
    one, other = describe(photograph(30)), describe(photograph(31))
    wrong = Alignment(
        np.eye(3), mirrored=False, inliers=12, first=np.full((12, 2), 100.0), second=np.full((12, 2), 100.0)
    )
    assert not judge_fitted(12, overlap(one, other, fit(one, other, wrong)))
