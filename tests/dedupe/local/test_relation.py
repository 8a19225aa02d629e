import itertools

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from synsift.dedupe import Tie, describe, relate
from synsift.dedupe.local.overlap import Overlap
from synsift.dedupe.local.relation import judge
from tests.dedupe.local.scenes import busy


def on_a_picture(image: Image.Image) -> Image.Image:
    ground = busy(77, (600, 450))
    ground.paste(image.resize((240, 180)), (40, 200))
    return ground


def with_a_sticker(image: Image.Image) -> Image.Image:
    covered = image.copy()
    ImageDraw.Draw(covered).ellipse((120, 80, 240, 200), fill="yellow")
    return covered


EDITS = {
    "the same again": (lambda image: image, Tie.COPY),
    "turned by 45°": (lambda image: image.rotate(45, expand=True, fillcolor="white"), Tie.COPY),
    "mirrored": (ImageOps.mirror, Tie.COPY),
    "mirrored and turned": (lambda image: ImageOps.mirror(image).rotate(20, expand=True), Tie.COPY),
    "framed": (lambda image: ImageOps.expand(image, 60, "black"), Tie.COPY),
    "washed out": (lambda image: Image.blend(image, Image.new("RGB", image.size, "white"), 0.5), Tie.COPY),
    "blurred": (lambda image: image.filter(ImageFilter.GaussianBlur(1.5)), Tie.COPY),
    "skewed": (lambda image: image.transform(image.size, Image.Transform.AFFINE, (1, 0.2, -20, 0, 1, 0)), Tie.COPY),
    "with a sticker": (with_a_sticker, Tie.COPY),
    "half its size": (lambda image: image.resize((180, 135)), Tie.COPY),
    "cropped to its middle": (lambda image: image.crop((90, 70, 270, 205)), Tie.PART_OF),
    "within another picture": (on_a_picture, Tie.CONTAINS),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_seen_through_and_named(edit: str) -> None:
    image = busy(5)
    make, tie = EDITS[edit]
    found = relate(make(image), image)
    assert found.tie is tie
    assert relate(image, make(image)).tie is tie.reverse


def test_pictures_that_have_nothing_in_common_are_unrelated() -> None:
    many = [describe(busy(seed)) for seed in range(20, 32)]
    assert {relate(one, other).tie for one, other in itertools.combinations(many, 2)} == {Tie.UNRELATED}


def test_pictures_that_share_a_frame_or_a_logo_share_a_part() -> None:
    frame = busy(9, (360, 270))

    def framed(seed: int) -> Image.Image:
        image = frame.copy()
        image.paste(busy(seed, (280, 190)), (40, 40))
        return image

    def with_a_logo(seed: int) -> Image.Image:
        image = busy(seed)
        image.paste(busy(8, (150, 110)), (200, 150))
        return image

    assert relate(framed(1), framed(2)).tie is Tie.SHARES_A_PART
    assert relate(with_a_logo(3), with_a_logo(4)).tie is Tie.SHARES_A_PART


def card(pips: int) -> Image.Image:
    image = Image.new("RGB", (250, 350), "white")
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((3, 3, 246, 346), 14, outline="grey", width=2)
    for number in range(pips):
        x, y = 70 + 110 * (number % 2), 55 + 60 * (number // 2)
        draw.polygon(
            [(x, y + 16), (x - 16, y - 4), (x - 8, y - 14), (x, y - 6), (x + 8, y - 14), (x + 16, y - 4)], fill="red"
        )
    return image


def test_cards_that_differ_by_a_pip_are_no_copies() -> None:
    cards = [describe(card(pips)) for pips in range(4, 11)]
    removing = {Tie.COPY, Tie.PART_OF, Tie.CONTAINS}
    assert not [1 for one, other in itertools.combinations(cards, 2) if relate(one, other).tie in removing]


def receipt(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    image = Image.new("L", (380, 600), 250)
    draw = ImageDraw.Draw(image)
    draw.text((110, 20), "CORNER STORE", fill=0, font_size=22)
    words = ["bread", "milk", "apples", "rice", "coffee", "soap", "paper", "cheese", "salt", "tea"]
    for line in range(20):
        draw.text((20, 80 + 23 * line), " ".join(rng.choice(words, 2)), fill=0, font_size=15)
        draw.text((300, 80 + 23 * line), f"{rng.uniform(1, 30):.2f}", fill=0, font_size=15)
    return image


def test_receipts_with_other_items_are_no_copies() -> None:
    receipts = [describe(receipt(seed)) for seed in range(10)]
    removing = {Tie.COPY, Tie.PART_OF, Tie.CONTAINS}
    assert not [1 for one, other in itertools.combinations(receipts, 2) if relate(one, other).tie in removing]


def test_the_same_two_pictures_always_get_the_same_answer() -> None:
    one, other = busy(3), busy(3).rotate(30)
    assert relate(one, other) == relate(one, other)


@pytest.mark.parametrize(
    ("points", "lies", "tie"),
    [
        (45, Overlap(0.9, 1, 1, 300, 1, 0.3), Tie.COPY),
        (30, Overlap(0.9, 1, 0.4, 300, 1, 0.3), Tie.PART_OF),
        (30, Overlap(0.9, 0.4, 1, 300, 1, 0.3), Tie.CONTAINS),
        (30, Overlap(0.9, 0.5, 0.5, 300, 1, 0.3), Tie.SHARES_A_PART),
        (30, Overlap(0.4, 1, 1, 300, 1, 0.3), Tie.SHARES_A_PART),
        (10, Overlap(0.7, 1, 1, 300, 1, 0.3), Tie.UNRELATED),
        (10, Overlap(0.97, 1, 1, 300, 1, 0.3), Tie.COPY),
        (10, Overlap(0.9, 1, 1, 300, 1, 0.3), Tie.UNRELATED),
        (10, Overlap(0.9, 1, 0.4, 300, 1, 0.3), Tie.PART_OF),
        (50, Overlap(0.93, 1, 1, 200, 0.5, 0.6), Tie.SHARES_A_PART),
        (120, Overlap(0.7, 1, 1, 200, 0.5, 0.5), Tie.COPY),
    ],
)
def test_the_tie_follows_from_points_and_overlap(points: int, lies: Overlap, tie: Tie) -> None:
    assert judge(points, lies) is tie


@pytest.mark.parametrize(
    ("points", "lies", "tie"),
    [
        # A boat before a plain sky, in a screenshot; then the same of what is all of both, as two receipts are.
        (12, Overlap(agreed=1.0, first=0.17, second=1.0, cells=20, told=0.83, met=0.34), Tie.CONTAINS),
        (12, Overlap(agreed=1.0, first=1.0, second=1.0, cells=20, told=0.83, met=0.34), Tie.UNRELATED),
        (21, Overlap(agreed=0.87, first=0.37, second=1.0, cells=79, told=0.76, met=0.36), Tie.CONTAINS),
        (21, Overlap(agreed=0.87, first=0.37, second=1.0, cells=79, told=0.76, met=0.13), Tie.SHARES_A_PART),
        (9, Overlap(agreed=1.0, first=0.17, second=1.0, cells=20, told=0.83, met=0.34), Tie.UNRELATED),
    ],
)
def test_on_plain_ground_a_part_wants_less_than_a_whole_and_more_than_a_few_points(
    points: int, lies: Overlap, tie: Tie
) -> None:
    assert judge(points, lies) is tie
