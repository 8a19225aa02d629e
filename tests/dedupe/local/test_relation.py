import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from synsift.dedupe import Tie, describe, relate
from synsift.dedupe.local.geometry import align
from synsift.dedupe.local.inset import Edge, Side
from synsift.dedupe.local.overlap import Overlap, overlap
from synsift.dedupe.local.relation import end_in_both, judge, judge_sides
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


def test_windows_of_one_program_with_other_pictures_share_a_part() -> None:
    def window(seed: int) -> Image.Image:
        image = Image.new("RGB", (480, 320), (60, 60, 64))
        draw = ImageDraw.Draw(image)
        for number, word in enumerate(("Open", "Save", "Print", "Crop", "Levels", "Share")):
            draw.rectangle((6, 30 + 46 * number, 66, 66 + 46 * number), fill=(90, 90, 100))
            draw.text((10, 38 + 46 * number), word, fill="white", font_size=18)
        draw.text((160, 4), "Viewer 3.2", fill="white", font_size=18)
        image.paste(busy(seed, (400, 280)), (74, 32))
        return image

    windows = [describe(window(seed)) for seed in range(40, 46)]
    removing = {Tie.COPY, Tie.PART_OF, Tie.CONTAINS}
    assert not [1 for one, other in itertools.combinations(windows, 2) if relate(one, other).tie in removing]


def test_pages_of_one_shop_with_other_texts_share_a_part() -> None:
    def page(seed: int) -> Image.Image:
        rng = np.random.default_rng(seed)
        image = Image.new("RGB", (480, 600), "white")
        image.paste(busy(7, (480, 130)), (0, 0))
        draw = ImageDraw.Draw(image)
        words = ["bread", "milk", "apples", "rice", "coffee", "soap", "paper", "cheese", "salt", "tea"]
        for line in range(22):
            draw.text((16, 150 + 20 * line), " ".join(rng.choice(words, 8)), fill=(30, 30, 30), font_size=14)
        return image

    pages = [describe(page(seed)) for seed in range(6)]
    ties = {relate(one, other).tie for one, other in itertools.combinations(pages, 2)}
    assert ties == {Tie.SHARES_A_PART}


def test_pictures_that_have_one_half_in_common_share_a_part() -> None:
    def pair(seed: int) -> Image.Image:
        image = busy(seed, (480, 240))
        image.paste(busy(6, (240, 240)), (0, 0))
        return image

    assert relate(pair(1), pair(2)).tie is Tie.SHARES_A_PART


def test_what_was_cropped_and_then_pasted_into_another_picture_is_found() -> None:
    image, ground = busy(5, (480, 360)), busy(78, (480, 360))
    ground.paste(image.crop((120, 90, 360, 270)).resize((220, 165)), (40, 130))
    assert relate(ground, image).tie is Tie.CONTAINS


@pytest.mark.parametrize("seeds", [(31, 32), (33, 34)])
def test_two_pages_with_one_photograph_share_a_part(seeds: tuple[int, int]) -> None:
    one, other = (busy(seed, (480, 360)) for seed in seeds)
    one.paste(busy(5, (480, 360)).resize((260, 195)), (30, 40))
    other.paste(busy(5, (480, 360)).resize((300, 225)), (120, 60))
    assert relate(one, other).tie is Tie.SHARES_A_PART


@pytest.mark.parametrize("cut", [(0, 0, 650, 700), (0, 300, 900, 700)])
def test_a_screenshot_that_was_cut_off_within_a_picture_contains_it(cut: tuple[int, int, int, int]) -> None:
    image, screen = busy(5, (480, 360)), Image.new("RGB", (900, 700), (245, 245, 245))
    screen.paste(busy(9, (300, 700)), (0, 0))
    screen.paste(image, (350, 150))
    assert relate(screen.crop(cut), image).tie is Tie.CONTAINS
    assert relate(image, screen.crop(cut)).tie is Tie.PART_OF


def test_two_crops_of_one_scene_share_a_part() -> None:
    scene = busy(5, (720, 360))
    assert relate(scene.crop((0, 0, 430, 360)), scene.crop((290, 0, 720, 360))).tie is Tie.SHARES_A_PART


# An edge where nothing is alike on either side, and a picture that goes on.
_EDGE, _NONE = Edge(4.0, 0.0), Edge(0.7, 0.9)


@pytest.mark.parametrize(
    ("sides", "pasted", "in_both"),
    [
        ([Side((_EDGE, _NONE), (_NONE, _EDGE))] * 2, Tie.CONTAINS, False),
        ([Side((_NONE, _EDGE), (_EDGE, _NONE))] * 2, Tie.PART_OF, False),
        ([Side((_EDGE, _NONE), (_NONE, _EDGE))], None, False),
        ([Side((_EDGE, _EDGE), (_EDGE, _EDGE))] * 2, None, True),
        ([Side((_NONE, _NONE), (_NONE, _NONE))] * 4, None, False),
        ([], None, False),
    ],
)
def test_edges_in_one_picture_alone_tell_a_crop_that_was_pasted(
    sides: list[Side], pasted: Tie | None, in_both: bool
) -> None:
    assert (judge_sides(sides), end_in_both(sides)) == (pasted, in_both)


def test_a_picture_small_in_a_screenshot_is_found() -> None:
    image, screen = busy(5, (480, 360)), Image.new("RGB", (1200, 740), (245, 245, 245))
    draw = ImageDraw.Draw(screen)
    for line in range(8):
        draw.text((20, 10 + 24 * line), f"{line} lines of what else there is on the screen", fill="black", font_size=15)
    screen.paste(image.resize((360, 270)), (600, 300))
    assert relate(screen, image).tie is Tie.CONTAINS


def test_the_same_two_pictures_always_get_the_same_answer() -> None:
    one, other = busy(3), busy(3).rotate(30)
    assert relate(one, other) == relate(one, other)


def lying(agreed: float, first: float = 1.0, second: float = 1.0, **others: float) -> Overlap:
    """Two photographs that lie upon each other a little turned, but for what is said otherwise."""
    usual = Overlap(agreed, first, second, 300, 1.0, 0.3, 400, agreed, 200, 0.2, 0.0, 500, 0.0, agreed, 0.3, 1.0)
    return replace(usual, **others)


@pytest.mark.parametrize(
    ("points", "lies", "tie"),
    [
        (45, lying(0.9), Tie.COPY),
        (30, lying(0.9, second=0.4), Tie.PART_OF),
        (30, lying(0.9, first=0.4), Tie.CONTAINS),
        (30, lying(0.9, first=0.5, second=0.5), Tie.SHARES_A_PART),
        (30, lying(0.4), Tie.SHARES_A_PART),
        (10, lying(0.7), Tie.UNRELATED),
        (10, lying(0.97), Tie.COPY),
        (10, lying(0.9), Tie.UNRELATED),
        (10, lying(0.9, second=0.4), Tie.PART_OF),
        (9, lying(0.9, second=0.4), Tie.UNRELATED),
        (40, lying(0.9, cells=200, told=0.5, met=0.6), Tie.SHARES_A_PART),
        (120, lying(0.7, cells=200, told=0.5, met=0.5), Tie.COPY),
    ],
)
def test_the_tie_follows_from_points_and_overlap(points: int, lies: Overlap, tie: Tie) -> None:
    assert judge(points, lies) is tie


@pytest.mark.parametrize(
    ("points", "lies", "tie"),
    [
        # A photograph with a large sticker; a shop's page with other goods; one half that is another's.
        (150, lying(0.66, moved=0.0, met=0.38), Tie.COPY),
        (82, lying(0.88, moved=0.0, met=0.14, could=585), Tie.SHARES_A_PART),
        (300, lying(0.62, moved=0.0, met=0.5, could=600), Tie.SHARES_A_PART),
        # A toaster on white with a sticker; faces with another mouth; one window with other entries.
        (65, lying(0.92, moved=0.0, met=0.58, could=113, flat=0.2), Tie.COPY),
        (105, lying(0.94, moved=0.0, met=0.76, could=139, side_px=256), Tie.SHARES_A_PART),
        (242, lying(0.77, moved=0.0, met=0.44, could=553, flat=0.07), Tie.SHARES_A_PART),
        # One window of two sizes, with other entries; wares on white, turned.
        (156, lying(0.65, told=0.8, flat=0.1), Tie.SHARES_A_PART),
        (77, lying(0.9, flat=0.1), Tie.SHARES_A_PART),
        (48, lying(0.96, told=0.41, met=0.44, flat=0.3, could=110), Tie.COPY),
        # A thumbnail.
        (62, lying(1.0, moved=0.0, met=0.29, could=213, side_px=256), Tie.COPY),
    ],
)
def test_where_nothing_moved_much_is_wanted_of_what_photographs_have(points: int, lies: Overlap, tie: Tie) -> None:
    assert judge(points, lies) is tie


@pytest.mark.parametrize(
    ("points", "lies", "tie"),
    [
        # The same words above another picture.
        (24, lying(0.31, first=0.62, held=1.0, held_cells=32), Tie.SHARES_A_PART),
        (17, lying(0.31, first=0.52, held=1.0, held_cells=15), Tie.SHARES_A_PART),
        # So small in a screenshot that one cell is left.
        (10, lying(1.0, first=0.03, cells=1), Tie.CONTAINS),
        (10, lying(0.8, first=0.03, cells=1), Tie.UNRELATED),
    ],
)
def test_what_lies_in_another_picture_agrees_in_most_cells(points: int, lies: Overlap, tie: Tie) -> None:
    assert judge(points, lies) is tie


@pytest.mark.parametrize(
    ("points", "lies", "tie"),
    [
        # A boat before a plain sky, in a screenshot; then the same of what is all of both, as two receipts are.
        (12, lying(1.0, first=0.17, cells=20, told=0.83, met=0.34), Tie.CONTAINS),
        (12, lying(1.0, cells=20, told=0.83, met=0.34), Tie.UNRELATED),
        (21, lying(0.87, first=0.37, cells=79, told=0.76, met=0.36), Tie.CONTAINS),
        (21, lying(0.87, first=0.37, cells=79, told=0.76, met=0.13), Tie.SHARES_A_PART),
        (9, lying(1.0, first=0.17, cells=20, told=0.83, met=0.34), Tie.UNRELATED),
    ],
)
def test_on_plain_ground_a_part_wants_less_than_a_whole_and_more_than_a_few_points(
    points: int, lies: Overlap, tie: Tie
) -> None:
    assert judge(points, lies) is tie


@pytest.mark.parametrize(
    ("points", "lies", "tie"),
    [
        # An emoji over two fifths of a photograph; the same upon a ware on white; over a blurred photograph.
        (206, lying(0.57, moved=0.0, met=0.34, covered=0.22, around=1.0, around_met=0.46), Tie.COPY),
        (144, lying(0.69, moved=0.0, met=0.45, flat=0.3, covered=0.25, around=0.97, around_met=0.71), Tie.COPY),
        (62, lying(0.88, moved=0.0, met=0.1, covered=0.22, around=1.0, around_met=0.13), Tie.COPY),
        # A viewer around another photograph; half of it is another's; a badge on an icon; texts on one photograph.
        (206, lying(0.57, moved=0.0, met=0.34, covered=0.7, around=1.0, around_met=0.9), Tie.SHARES_A_PART),
        (
            95,
            lying(0.91, moved=0.0, met=0.42, covered=0.14, around=1.0, around_met=0.69, side_px=256),
            Tie.SHARES_A_PART,
        ),
        (
            86,
            lying(0.99, moved=0.0, met=0.14, covered=0.03, around=1.0, around_met=0.14, evenly=0.86),
            Tie.SHARES_A_PART,
        ),
        # Forms with other entries; a chess board with one piece elsewhere; pianos with other keys.
        (145, lying(1.0, moved=0.0, met=0.32, flat=0.14, covered=0.02, around=1.0, around_met=0.33), Tie.SHARES_A_PART),
        (
            216,
            lying(0.98, moved=0.0, met=0.36, flat=0.29, covered=0.03, around=1.0, around_met=0.38),
            Tie.SHARES_A_PART,
        ),
        (23, lying(0.91, met=0.13, covered=0.17, around=0.94, around_met=0.14), Tie.SHARES_A_PART),
    ],
)
def test_what_one_patch_covers_is_forgiven_where_all_around_it_agrees(points: int, lies: Overlap, tie: Tie) -> None:
    assert judge(points, lies) is tie


def slide(seed: int) -> Image.Image:
    """One photograph, and on it a box with another text."""
    rng = np.random.default_rng(seed)
    image = busy(7, (480, 360))
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 70, 420, 300), fill="white")
    words = ["bread", "milk", "apples", "rice", "coffee", "soap", "paper", "cheese", "salt", "tea"]
    for line in range(11):
        draw.text((70, 76 + 20 * line), " ".join(rng.choice(words, 7)), fill=(30, 30, 30), font_size=15)
    return image


def form(seed: int) -> Image.Image:
    """Fields in boxes, each with another entry."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (420, 560), "white")
    draw = ImageDraw.Draw(image)
    draw.text((20, 12), "APPLICATION FOR A LIBRARY CARD", fill="black", font_size=20)
    for line, label in enumerate(("Name", "Street", "Town", "Born", "Phone", "Card", "Branch", "Since", "Signed")):
        draw.text((20, 56 + 54 * line), label, fill="black", font_size=14)
        draw.rectangle((110, 50 + 54 * line, 400, 84 + 54 * line), outline="black", width=2)
        letters = "".join(rng.choice(list("abcdefghijklmnop "), 18))
        draw.text((118, 58 + 54 * line), letters, fill="blue", font_size=16)
    return image


@pytest.mark.parametrize("draw", [slide, form])
def test_sheets_that_differ_in_what_is_written_on_them_are_no_copies(draw: Callable[[int], Image.Image]) -> None:
    sheets = [describe(draw(seed)) for seed in range(6)]
    removing = {Tie.COPY, Tie.PART_OF, Tie.CONTAINS}
    assert not [1 for one, other in itertools.combinations(sheets, 2) if relate(one, other).tie in removing]


def test_a_large_sticker_on_a_blurred_photograph_is_forgiven() -> None:
    grain = np.random.default_rng(1).normal(0, 12, (360, 480, 3))
    image = Image.fromarray((np.asarray(busy(5, (480, 360))) + grain).clip(0, 255).astype(np.uint8))
    covered = image.filter(ImageFilter.GaussianBlur(1.5))
    ImageDraw.Draw(covered).ellipse((140, 100, 310, 270), fill="yellow", outline="black", width=5)
    assert relate(covered, image).tie is Tie.COPY


def test_a_patch_is_found_where_it_lies_and_all_around_it_agrees() -> None:
    image = busy(5, (480, 360))
    covered = image.copy()
    covered.paste(busy(9, (160, 120)), (300, 220))
    one, other = describe(covered), describe(image)
    found = align(one, other)
    assert found is not None
    lies = overlap(one, other, found)
    assert 0.08 < lies.covered < 0.35
    assert lies.around > 0.95 > lies.agreed
    assert lies.around_met > lies.met
    assert lies.evenly > 0.9
