import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from synsift.dedupe.borders import WHOLE_PART, Box, inside_of, trim
from synsift.dedupe.decode import decode
from synsift.dedupe.frequencies import SIDE_PX, TaperedCrops, frequencies_of, hashes_of, tapered_frequencies
from tests.dedupe.pictures import encoded, photograph, scene


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
    found = [inside_of(framed.convert("L").resize(size, Image.Resampling.BOX)) for size in ((640, 600), (320, 300))]
    found += [
        inside_of(decode(encoded(framed, kind, **options)).picture.convert("L"))
        for kind, options in (("JPEG", {"quality": 75}), ("PNG", {}), ("WEBP", {"quality": 60}))
    ]
    assert np.ptp(found, axis=0).max() < 0.2 / 128
    assert WHOLE_PART not in found


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


_TEXT = "the river runs under a bridge and many people walk there when it rains as nobody would think"
_WORDS = _TEXT.split()


def sheet(seed: int, *, ground: str, ink: str, bar: str) -> Image.Image:
    """A window with a title on a bar of its own, and lines of words of any length below it."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (800, 640), ground)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 800, 40), fill=bar)
    pen.text((400, 20), "Work of a day", fill=ink, font_size=18, anchor="mm")
    for y in range(52, 620, 20):
        pen.text((12, y), " ".join(rng.choice(_WORDS, rng.integers(1, 16))), fill=ink, font_size=14)
    return image


SHEETS = [
    sheet(seed, ground=ground, ink=ink, bar=bar)
    for seed, (ground, ink, bar) in enumerate(
        [
            ("#101418", "#dddddd", "#3a3f46"),
            ("white", "black", "#b3202c"),
            ("#fdf6e3", "#586e75", "#93a1a1"),
            ("#e5ddd5", "#222222", "#075e54"),
        ]
    )
]
VERSIONS = {
    "JPEG": lambda image: encoded(image, "JPEG", quality=85),
    "JPEG, strongly": lambda image: encoded(image, "JPEG", quality=30),
    "WebP": lambda image: encoded(image, "WEBP", quality=60),
    "GIF": lambda image: encoded(image.quantize(64), "GIF"),
    "half": lambda image: encoded(ImageOps.scale(image, 0.5), "JPEG", quality=85),
    "larger": lambda image: encoded(ImageOps.scale(image, 1.5), "JPEG", quality=85),
    "a third": lambda image: encoded(ImageOps.scale(image, 0.34), "PNG"),
    "grey": lambda image: encoded(image.convert("L"), "JPEG", quality=85),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("number", range(len(SHEETS)))
def test_a_window_is_trimmed_the_same_in_each_of_its_versions(number: int, version: str) -> None:
    parts = [
        inside_of(decode(data).picture.convert("L"))
        for data in (encoded(SHEETS[number], "PNG"), VERSIONS[version](SHEETS[number]))
    ]
    assert np.abs(np.subtract(*parts)).max() < 3.3 / 128  # a margin of two lines may be too uneven to be one


@pytest.mark.parametrize("number", range(len(SHEETS)))
def test_the_title_of_a_window_is_no_caption(number: int) -> None:
    assert inside_of(SHEETS[number].convert("L")).top == 0


@pytest.mark.parametrize("number", range(len(SHEETS)))
def test_a_frame_around_a_window_is_cut_off(number: int) -> None:
    ground = SHEETS[number].getpixel((790, 630))
    framed = ImageOps.expand(SHEETS[number], 60, "white" if ground < (128, 128, 128) else "black")
    part = inside_of(framed.convert("L"))
    assert part.left == pytest.approx(60 / 920, abs=1.5 / 128)
    assert part.top == pytest.approx(60 / 760, abs=1.5 / 128)


@pytest.mark.parametrize("ground", ["white", "black", "#b3202c"])
def test_a_caption_below_a_photograph_is_cut_off_in_every_format(ground: str) -> None:
    for seed in range(4):
        image = photograph(seed, (400, 300))
        framed = ImageOps.expand(image, (0, 0, 0, 50), ground)
        ImageDraw.Draw(framed).text((10, 310), "What is seen here, 2019", fill="#888888", font_size=24)
        for data in (encoded(framed, "JPEG", quality=60), encoded(framed, "PNG"), encoded(framed, "WEBP", quality=50)):
            part = inside_of(decode(data).picture.convert("L"))
            assert part.bottom == pytest.approx(300 / 350, abs=1.5 / 128)


@pytest.mark.parametrize("above", [False, True])
def test_a_caption_beside_a_plain_ground_is_cut_off(above: bool) -> None:
    image = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(image).ellipse((120, 40, 290, 270), fill=(40, 80, 160))
    image.paste(photograph(3, (90, 90)), (160, 110))
    framed = ImageOps.expand(image, (0, 50 * above, 0, 50 * (not above)), "black")
    ImageDraw.Draw(framed).text((10, 10 if above else 310), "A vase of glass, 2019", fill="white", font_size=24)
    framed_part, part = inside_of(framed.convert("L")), inside_of(image.convert("L"))
    shown = [350 * framed_part.top - 50 * above, 350 * framed_part.bottom - 50 * above]
    assert shown == pytest.approx([300 * part.top, 300 * part.bottom], abs=4)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.31, 0.77, 1.0, 1.37, 2.9])
def test_a_frame_ends_where_it_ends_and_not_at_the_next_line(share: float, kind: str) -> None:
    """Whatever line of the small square that is: the ends of frames lie anywhere between two of them."""
    for number, width in enumerate((17, 19, 21, 23, 28)):
        framed = ImageOps.expand(photograph(number, (401, 333)), width, "white")
        size = (round(framed.width * share), round(framed.height * share))
        decoded = decode(encoded(framed.resize(size, Image.Resampling.LANCZOS), kind, quality=80))
        part = inside_of(decoded.picture.getchannel(0), decoded.extent)
        true = (width / framed.width, width / framed.height)
        ends = ((part.left, part.top), (1 - part.right, 1 - part.bottom))
        # A quarter of a line more than it has is cut off; where the picture itself is nearly white, another.
        assert np.subtract(ends, true).min() > -0.25 / 128
        assert np.subtract(ends, true).max() < 0.8 / 128


def flag(size: tuple[int, int]) -> Image.Image:
    """White with two blue stripes and something in its midst, each drawn large and made smaller."""
    image = Image.new("RGB", (512, 384), (247, 252, 255))
    draw = ImageDraw.Draw(image)
    for top in (48, 288):
        draw.rectangle((0, top, 512, top + 47), fill=(60, 90, 220))
    draw.regular_polygon((256, 192, 74), 3, outline=(60, 90, 220), width=14)
    draw.regular_polygon((256, 192, 74), 3, rotation=180, outline=(60, 90, 220), width=14)
    return image.resize(size, Image.Resampling.BICUBIC)


def test_stripes_within_the_outermost_border_are_the_pictures_own() -> None:
    """How many of them were cut off hung on the size: where lines are mixed, a stripe ends later."""
    parts = [inside_of(flag(size).convert("L")) for size in ((128, 96), (112, 84), (96, 72), (64, 48), (256, 192))]
    assert np.ptp(np.array(parts), axis=0).max() < 0.02
    assert parts[0].bottom - parts[0].top > 0.7
