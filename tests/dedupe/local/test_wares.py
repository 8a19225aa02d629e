"""Photographs of wares on white, told from drawings on white."""

import io

import pytest
from PIL import Image, ImageDraw, ImageOps

from synsift.dedupe import Tie, describe, relate
from synsift.dedupe.local.exactness import HARDLY_EXACT, exact
from synsift.dedupe.local.features import Features
from synsift.dedupe.local.wares import shows_ware
from tests.dedupe.local.scenes import busy
from tests.dedupe.local.test_state import board, window
from tests.dedupe.pictures import photograph

SAME = {Tie.COPY, Tie.PART_OF, Tie.CONTAINS}
BOX = (150, 90, 370, 290)


def ware(seed: int, *, ground: int = 255) -> Image.Image:
    """A box with prints all over it, on an even ground."""
    size = BOX[2] - BOX[0], BOX[3] - BOX[1]
    printed = Image.blend(busy(seed, size), photograph(seed, size), 0.5)
    image = Image.new("RGB", (520, 380), (ground,) * 3)
    image.paste(printed.point(lambda level: 20 + 0.65 * level), BOX[:2])
    return image


def described(image: Image.Image, quality: int | None = None) -> Features:
    target = io.BytesIO()
    if quality is None:
        image.save(target, "PNG")
    else:
        image.save(target, "JPEG", quality=quality)
    return describe(target.getvalue())


@pytest.mark.parametrize("ground", [255, 228])
@pytest.mark.parametrize("quality", [None, 75])
def test_a_photograph_on_an_even_ground_is_told_by_what_stands_on_it(quality: int | None, ground: int) -> None:
    for seed in range(3):
        found = described(ware(seed, ground=ground), quality)
        assert exact(found.picture) > HARDLY_EXACT
        assert shows_ware(found)


@pytest.mark.parametrize("quality", [None, 75])
def test_drawings_show_no_ware(quality: int | None) -> None:
    flat = Image.new("RGB", (520, 380), "white")
    ImageDraw.Draw(flat).ellipse(BOX, fill=(30, 90, 160), outline="black", width=6)
    letters = Image.new("RGB", (640, 480), "white")
    for line in range(22):
        ImageDraw.Draw(letters).text((20, 12 + 20 * line), "bread and milk and coffee, paper, soap " * 2, fill="black")
    for image in (flat, letters, window(1), board(2)):
        assert not shows_ware(described(image, quality))


def test_small_pictures_and_photographs_all_over_are_not_asked() -> None:
    assert not shows_ware(described(ware(1).resize((200, 146))))
    assert not shows_ware(described(busy(4, (520, 380))))


@pytest.mark.parametrize("seed", [3, 4])
def test_edits_of_a_ware_are_copies_where_ink_would_tell_drawings_apart(seed: int) -> None:
    """Another view of it, bars above and below, brighter, turned: few points agree, or there is ink along edges."""
    image = ware(seed)
    view = (1.05, 0.12, -20, 0.04, 1.08, -18, 0.0001, 0.0002)
    skewed = image.transform(image.size, Image.Transform.PERSPECTIVE, view, Image.Resampling.BICUBIC, fillcolor="white")
    edits = [
        ImageOps.expand(ImageOps.grayscale(skewed).convert("RGB"), (0, 90), "black"),
        ImageOps.expand(image.rotate(10, expand=True), (0, 100), "black"),
        image.point(lambda level: min(255, int(1.7 * level))),
    ]
    known = described(image)
    assert {relate(described(edit, 70), known).tie for edit in edits} <= SAME


def test_wares_of_one_shop_within_the_same_header_are_no_copies() -> None:
    logo = busy(77, (150, 80))
    sheets = []
    for seed in range(4):
        image = ware(seed)
        image.paste(logo, (6, 4))
        draw = ImageDraw.Draw(image)
        draw.text((170, 16), "THE GREEN BASKET", fill=(20, 120, 60), font_size=34)
        draw.rectangle((0, 330, 520, 380), fill=(20, 120, 60))
        draw.text((16, 338), "fresh from the market today", fill="white", font_size=26)
        sheets.append(described(image, 90))
    for place, one in enumerate(sheets):
        for other in sheets[place + 1 :]:
            assert relate(one, other).tie not in SAME


@pytest.mark.parametrize("size", [18, 36, 72])
def test_a_ware_with_another_size_written_beside_it_is_another_one(size: int) -> None:
    pair = []
    for words in ("Size 42", "Size 38"):
        image = ware(8)
        ImageDraw.Draw(image).text((12, 370 - size), words, fill=(200, 20, 20), font_size=size)
        pair.append(described(image))
    assert relate(*pair).tie not in SAME
