"""Drawings of one shape that are painted otherwise are no copies; the same ones in another file, or light, are."""

from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageEnhance

from synsift.dedupe import Likeness, compare
from tests.dedupe.pictures import encoded

Colour = tuple[int, int, int]
SKINS: tuple[Colour, ...] = ((124, 83, 62), (175, 126, 87), (213, 171, 136), (243, 210, 162), (255, 220, 93))
ORANGE, YELLOW, RED, BLUE, GREEN, WHITE = (
    (244, 144, 12),
    (253, 203, 88),
    (221, 46, 68),
    (59, 136, 195),
    (119, 178, 85),
    (255, 255, 255),
)


def hand(skin: Colour) -> Image.Image:
    """A fist and a finger, of one colour on white."""
    image = Image.new("RGB", (288, 288), WHITE)
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((70, 130, 220, 270), 40, fill=skin)
    pen.rounded_rectangle((120, 14, 164, 180), 22, fill=skin)
    shade = tuple(channel * 3 // 4 for channel in skin)
    for left in (100, 136, 172):
        pen.line((left, 190, left, 236), fill=shade, width=8)
    return image


def guard(skin: Colour) -> Image.Image:
    """A red coat, a black hat, and a face between them."""
    image = Image.new("RGB", (288, 288), WHITE)
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((70, 200, 218, 287), 30, fill=RED)
    pen.ellipse((84, 90, 204, 230), fill=skin)
    pen.rounded_rectangle((80, 8, 208, 130), 40, fill=(41, 47, 51))
    for left in (118, 158):
        pen.ellipse((left, 150, left + 12, 168), fill=(102, 33, 19))
    return image


def disc(colour: Colour) -> Image.Image:
    """A button with a bar, of one colour on white."""
    image = Image.new("RGB", (288, 288), WHITE)
    pen = ImageDraw.Draw(image)
    pen.ellipse((10, 10, 278, 278), fill=colour)
    pen.rectangle((120, 60, 168, 200), fill=WHITE)
    return image


def are_copies(one: Image.Image, other: Image.Image, kind: str = "PNG") -> bool:
    found = compare(encoded(one, "PNG"), encoded(other, kind))
    return found.kind in (Likeness.NEAR, Likeness.EXACT)


@pytest.mark.parametrize("pair", [(0, 1), (1, 2), (0, 2), (0, 3)])
def test_hands_of_other_skins_are_others(pair: tuple[int, int]) -> None:
    one, other = (hand(SKINS[number]) for number in pair)
    assert not are_copies(one, other)
    assert not are_copies(other, one)


@pytest.mark.parametrize("skins", [(4, 3), (4, 2), (4, 1)])
def test_a_face_of_another_skin_is_another(skins: tuple[int, int]) -> None:
    one, other = (guard(SKINS[number]) for number in skins)
    assert not are_copies(one, other)


def test_a_yellow_button_is_no_orange_one() -> None:
    assert not are_copies(disc(ORANGE), disc(YELLOW))
    assert not are_copies(disc(BLUE), disc((136, 201, 249)))


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half": lambda image: image.resize((144, 144)),
    "cropped": lambda image: image.crop((9, 9, 279, 279)),
    "few colours": lambda image: image.quantize(32).convert("RGB"),
    "half the light": lambda image: ImageEnhance.Brightness(image).enhance(0.5),
    "a fifth of a veil": lambda image: Image.blend(image, Image.new("RGB", image.size, WHITE), 0.2),
    "strong colours": lambda image: ImageEnhance.Color(image).enhance(1.3),
    "faint colours": lambda image: ImageEnhance.Color(image).enhance(0.7),
    "contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.85),
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("picture", [hand(SKINS[1]), guard(SKINS[2]), disc(GREEN)], ids=["hand", "guard", "disc"])
def test_the_same_one_is_a_copy(picture: Image.Image, name: str) -> None:
    assert are_copies(picture, EDITS[name](picture))
    assert are_copies(EDITS[name](picture), picture)


@pytest.mark.parametrize("picture", [hand(SKINS[1]), guard(SKINS[2]), disc(GREEN)], ids=["hand", "guard", "disc"])
def test_its_jpeg_is_a_copy(picture: Image.Image) -> None:
    assert are_copies(picture, picture, "JPEG")


def test_parts_of_different_colours_may_fade_alike() -> None:
    one = guard(SKINS[2])
    veil = Image.blend(one, Image.new("RGB", one.size, WHITE), 0.35)
    assert are_copies(one, veil)
