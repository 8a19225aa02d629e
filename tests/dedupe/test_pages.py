"""Pages that were photographed: what is written on them tells them apart, whatever light falls on the paper."""

import io
import itertools
import random
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from synsift.dedupe import Fingerprint, compare, fingerprint
from synsift.dedupe.fine import read_fine
from synsift.dedupe.pages import page_share
from tests.dedupe.pictures import photograph

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def words(lot: random.Random, count: int) -> str:
    return " ".join("".join(lot.choices(LETTERS, k=lot.randint(2, 9))) for _ in range(count))


def sheet(lot: random.Random) -> Image.Image:
    """A form in small letters, as a program draws it, with names and sums by lot."""
    drawn = Image.new("RGB", (840, 1190), "white")
    draw = ImageDraw.Draw(drawn)
    draw.text((70, 56), "INVOICE", "black", ImageFont.load_default(30.8))
    font = ImageFont.load_default(14)
    for row in range(5):
        draw.text((70, 126 + 21 * row), words(lot, lot.randint(2, 4)), "black", font)
    for row in range(7):
        top = 280 + 28 * row
        draw.rectangle((70, top, 756, top + 28), outline="black")
        draw.text((78.4, top + 5.6), words(lot, lot.randint(2, 6)), "black", font)
        draw.text((672, top + 5.6), str(lot.randint(100, 99999)), "black", font)
    return drawn


def photographed(paper: Image.Image, seed: int) -> Image.Image:
    """In light that falls from one side, by a camera with noise."""
    chance = np.random.default_rng(seed)
    across = np.linspace(chance.uniform(0.8, 0.95), chance.uniform(0.5, 0.7), paper.width)
    down = np.linspace(1, chance.uniform(0.75, 0.95), paper.height)
    lit = np.asarray(paper, np.float32) * (down[:, None] * across)[..., None] * np.array([1.0, 0.88, 0.72])
    return Image.fromarray(np.clip(lit + chance.normal(0, 4, lit.shape), 0, 255).astype(np.uint8))


def as_jpeg(image: Image.Image, quality: int = 88) -> bytes:
    made = io.BytesIO()
    image.save(made, "JPEG", quality=quality)
    return made.getvalue()


@cache
def pages() -> list[tuple[Image.Image, Fingerprint]]:
    shot = [photographed(sheet(random.Random(seed)), seed) for seed in range(6)]  # noqa: S311 - draws words
    return [(image, fingerprint(as_jpeg(image))) for image in shot]


def test_other_words_in_the_same_form_are_no_copy() -> None:
    near = [compare(one, other).kind for (_, one), (_, other) in itertools.combinations(pages(), 2)]
    assert near == ["different"] * 15


def test_copies_of_a_page_are_copies() -> None:
    for image, known in pages():
        half = image.resize((image.width // 2, image.height // 2))
        copies = (as_jpeg(image, 50), as_jpeg(half), as_jpeg(ImageEnhance.Brightness(image).enhance(0.8)))
        assert [compare(fingerprint(copy), known).kind for copy in copies] == ["near"] * 3


@pytest.mark.parametrize("seed", range(4))
def test_paper_in_any_light_is_a_page(seed: int) -> None:
    shot = fingerprint(as_jpeg(photographed(sheet(random.Random(seed)), 100 + seed)))  # noqa: S311 - draws words
    assert page_share(read_fine(shot.fine)) > 0.9


def test_light_letters_on_dark_paper_are_one_too() -> None:
    dark = Image.eval(sheet(random.Random(3)), lambda level: 255 - level)  # noqa: S311 - draws words
    shot = fingerprint(as_jpeg(photographed(Image.eval(dark, lambda level: level // 2 + 40), 3)))
    assert page_share(read_fine(shot.fine)) > 0.9


def test_a_photograph_with_much_sky_is_none() -> None:
    sky = photograph(5).convert("RGB").resize((600, 600))
    sky.paste(Image.linear_gradient("L").resize((600, 360)).convert("RGB"), (0, 0))
    known = fingerprint(as_jpeg(sky))
    assert known.fine
    assert page_share(read_fine(known.fine)) == 0


def as_png(image: Image.Image) -> Fingerprint:
    made = io.BytesIO()
    image.save(made, "PNG")
    return fingerprint(made.getvalue())


def test_the_same_sheet_in_another_size_with_heavier_letters_is_a_copy_and_another_one_is_none() -> None:
    sheets = [sheet(random.Random(seed)) for seed in range(6)]  # noqa: S311 - draws words
    heavier = [
        one.resize((630, 892), Image.Resampling.BOX).point(lambda level: 255 * (level / 255) ** 1.3) for one in sheets
    ]
    large, small = [as_png(one) for one in sheets], [as_png(one) for one in heavier]
    assert [compare(one, other).kind for one, other in zip(small, large, strict=True)] == ["near"] * 6
    assert {compare(one, other).kind for one, other in itertools.permutations(large, 2)} == {"different"}
    assert {compare(small[0], other).kind for other in large[1:]} == {"different"}


def test_a_page_that_was_cropped_a_little_is_still_one_and_another_page_is_none() -> None:
    """What is as fine as the pixels of a thumbnail falls between those of the other one, and is softened there."""
    shot = [photographed(sheet(random.Random(seed)), seed) for seed in range(8)]  # noqa: S311 - draws words
    known = [fingerprint(as_jpeg(one)) for one in shot]
    cropped = [fingerprint(as_jpeg(one.crop((17, 24, 823, 1166)), 85)) for one in shot]
    assert [compare(one, other).kind for one, other in zip(cropped, known, strict=True)] == ["near"] * 8
    assert max(compare(cropped[at], known[at - 1]).score for at in range(8)) < 0.7
