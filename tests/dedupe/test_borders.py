import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from synsift.dedupe.borders import WHOLE_PART, Box, inside_of, trim
from synsift.dedupe.decode import decode
from synsift.dedupe.frequencies import SIDE_PX, TaperedCrops, frequencies_of, hashes_of, tapered_frequencies
from tests.dedupe.pictures import encoded, scene


def luma(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(image.convert("L"))


def test_a_picture_without_border_is_whole() -> None:
    for seed in range(10):
        assert trim(luma(scene(seed))) == (0, 0, 320, 240)


@pytest.mark.parametrize("colour", ["white", "black", (180, 30, 40)])
@pytest.mark.parametrize("border", [(10, 10, 10, 10), (0, 40, 0, 40), (60, 0, 0, 0), (3, 5, 7, 9)])
def test_a_border_of_one_colour_is_cut_off_to_the_pixel(colour: str, border: tuple[int, int, int, int]) -> None:
    left, top, _, _ = border
    framed = ImageOps.expand(scene(2), border, colour)
    assert trim(luma(framed)) == Box(left, top, left + 320, top + 240)


def test_a_frame_within_a_frame_is_cut_off() -> None:
    framed = ImageOps.expand(ImageOps.expand(scene(2), 12, "black"), 20, "white")
    assert trim(luma(framed)) == (32, 32, 352, 272)


@pytest.mark.parametrize("above", [False, True])
def test_a_bar_with_a_line_of_text_is_cut_off(above: bool) -> None:
    framed = ImageOps.expand(scene(3), (0, 34 * above, 0, 34 * (not above)), "black")
    ImageDraw.Draw(framed).text((8, 8 if above else 248), "A caption for the photo", fill="white", font_size=16)
    assert trim(luma(framed)) == (0, 34 * above, 320, 34 * above + 240)


@pytest.mark.parametrize("weight", [1, 4])
def test_a_bar_with_letters_that_fill_it_is_cut_off(weight: int) -> None:
    framed = ImageOps.expand(scene(3), (0, 60, 0, 0), "white")
    ImageDraw.Draw(framed).text(
        (160, 30), "WHEN THE BUILD", fill="black", font_size=36, anchor="mm", stroke_width=weight, stroke_fill="black"
    )
    assert trim(luma(framed)) == (0, 60, 320, 300)


def test_the_same_is_cut_off_of_every_size_and_format() -> None:
    framed = ImageOps.expand(scene(5, size=(640, 480)), (0, 60, 0, 60), "black")
    found = {inside_of(framed.convert("L").resize(size, Image.Resampling.BOX)) for size in ((640, 600), (320, 300))}
    found |= {
        inside_of(decode(encoded(framed, kind, **options)).picture.convert("L"))
        for kind, options in (("JPEG", {"quality": 75}), ("PNG", {}), ("WEBP", {"quality": 60}))
    }
    assert len(found) == 1
    assert found.pop() != WHOLE_PART


def test_a_subject_on_a_plain_ground_is_cut_out_at_most() -> None:
    image = Image.new("L", (300, 300), 250)
    ImageDraw.Draw(image).ellipse((90, 60, 210, 240), fill=40)
    box = trim(luma(image))
    assert box.left <= 90 and box.top <= 60 and box.right >= 210 and box.bottom >= 240  # noqa: PT018


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (7, 7)])
def test_what_is_all_of_one_colour_is_left_whole(size: tuple[int, int]) -> None:
    assert trim(luma(Image.new("L", size, 7))) == (0, 0, *size)


@given(st.integers(0, 1 << 30), st.integers(1, 40), st.integers(1, 40))
def test_any_pixels_give_a_box_inside_of_the_picture(seed: int, width: int, height: int) -> None:
    rng = np.random.default_rng(seed)
    box = trim(rng.integers(0, rng.integers(1, 256), (height, width), dtype=np.uint8))
    assert 0 <= box.left < box.right <= width
    assert 0 <= box.top < box.bottom <= height


def thumbnail(image: Image.Image) -> NDArray[np.float32]:
    return np.asarray(image.convert("L").resize((SIDE_PX, SIDE_PX)), dtype=np.float32)


def test_hashes_of_crops_made_of_frequencies_are_near_to_those_of_the_crops() -> None:
    crops = TaperedCrops([((0.88, 0.06), (1.0, 0.0)), ((0.9, -0.05), (0.9, -0.05)), ((0.7, 0.0), (0.7, 0.0))])
    boxes = [(0.12, 0.0, 1.0, 1.0), (0.0, 0.0, 0.9, 0.9), (0.15, 0.15, 0.85, 0.85)]
    for seed in range(8):
        image = scene(seed)
        made = hashes_of(crops.of(frequencies_of(thumbnail(image))[None])[0])
        for row, (left, top, right, bottom) in zip(made, boxes, strict=True):
            crop = image.crop((round(320 * left), round(240 * top), round(320 * right), round(240 * bottom)))
            true = hashes_of(tapered_frequencies(thumbnail(crop)))
            assert np.bitwise_count(row[:8] ^ true[:8]).sum() <= 6
