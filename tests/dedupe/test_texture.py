"""What is as fine as the pixels of thumbnails: letters."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from synsift.dedupe import Kind, Matcher, fingerprint
from synsift.dedupe.frequencies import Floats
from synsift.dedupe.texture import Texture, texture
from tests.dedupe.pictures import encoded, photograph

_ALL = np.ones(64 * 64, dtype=np.float32)
_TEXT = "the river runs under a bridge and many people walk there when it rains as nobody would think"
_WORDS = _TEXT.split()


def letters(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], seed: int, size: int = 15) -> None:
    """Lines of words by lot."""
    rng = np.random.default_rng(seed)
    left, top, right, bottom = box
    for y in range(top, bottom - size, int(size * 1.4)):
        line = ""
        while pen.textlength(line, font_size=size) < (right - left) * 0.8:
            line += f"{rng.choice(_WORDS)} "
        pen.text((left, y), line, fill=(30, 30, 30), font_size=size)


def window(seed: int) -> Image.Image:
    """A mail program's, with another list and another letter."""
    image = Image.new("RGB", (1000, 640), (245, 245, 245))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 1000, 36), fill=(50, 60, 80))
    pen.text((12, 8), "File  Edit  View  Message  Tools  Help", fill="white", font_size=16)
    for row in range(10):
        pen.ellipse((14, 60 + 44 * row, 34, 80 + 44 * row), fill=(60 + 15 * row, 120, 200 - 12 * row))
        pen.text((44, 60 + 44 * row), _WORDS[row], fill="black", font_size=17)
    letters(pen, (200, 60, 520, 600), seed)
    letters(pen, (560, 80, 960, 600), seed + 1000, 14)
    return image


def slide(seed: int) -> Image.Image:
    """A box with words before a photograph."""
    image = photograph(77, (640, 480))
    pen = ImageDraw.Draw(image)
    pen.rectangle((60, 100, 580, 420), fill="white")
    letters(pen, (80, 120, 560, 410), seed, 24)
    return image


def shop(seed: int) -> Image.Image:
    """A page below one banner, of another thing."""
    image = Image.new("RGB", (640, 800), "white")
    image.paste(photograph(7, (640, 180)), (0, 0))
    image.paste(photograph(90 + seed, (300, 300)), (20, 220))
    pen = ImageDraw.Draw(image)
    letters(pen, (340, 220, 620, 540), seed, 18)
    letters(pen, (20, 560, 620, 790), seed + 1000, 16)
    return image


@pytest.mark.parametrize("draw", [window, slide, shop])
def test_pictures_that_are_alike_but_for_their_letters_are_all_new(draw: Callable[[int], Image.Image]) -> None:
    matcher = Matcher()
    kinds = [matcher.add(fingerprint(encoded(draw(seed), "JPEG", quality=88))).kind for seed in range(12)]
    assert kinds == [Kind.NEW] * 12


_COPIES = {
    "quality 60": lambda image: encoded(image, "JPEG", quality=60),
    "WebP": lambda image: encoded(image, "WEBP", quality=80),
    "half the size": lambda image: encoded(ImageOps.scale(image, 0.5), "JPEG", quality=85),
    "larger": lambda image: encoded(ImageOps.scale(image, 1.4), "JPEG", quality=85),
    "a little brighter": lambda image: encoded(image.point(lambda level: min(255, level * 1.06)), "JPEG", quality=88),
}


@pytest.mark.parametrize("name", _COPIES)
def test_copies_of_such_a_picture_stay_copies(name: str) -> None:
    for image in (slide(1), slide(2), slide(3)):
        matcher = Matcher()
        matcher.add(fingerprint(encoded(image, "PNG")))
        assert matcher.match(fingerprint(_COPIES[name](image))).kind is Kind.NEAR


def test_what_is_written_on_carries_a_thumbnail_and_photographs_do_not() -> None:
    assert all(fingerprint(encoded(draw(1), "JPEG", quality=88)).fine for draw in (window, slide, shop))
    assert not any(fingerprint(encoded(photograph(seed), "JPEG", quality=88)).fine for seed in (1, 3, 5))


def thumbnail(seed: int, blur: float = 0.0) -> Floats:
    image = window(seed).convert("L").filter(ImageFilter.GaussianBlur(blur))
    return np.asarray(image.resize((64, 64), Image.Resampling.BILINEAR), dtype=np.float32).ravel()


def test_the_same_letters_agree_and_others_do_not() -> None:
    same, blurred, other = (
        texture(thumbnail(1), picture, _ALL, 12.0) for picture in (thumbnail(1), thumbnail(1, 3), thumbnail(2))
    )
    assert same.unlike < 1e-5
    assert blurred.unlike < 0.1
    assert other.unlike > 0.15
    assert min(same.share, other.share) > 0.4


def test_plain_pictures_and_what_is_not_seen_have_no_texture() -> None:
    assert texture(0 * _ALL, 0 * _ALL, _ALL, 12.0) == Texture(0.0, 0.0, 0.0, 1.0)
    assert texture(thumbnail(1), thumbnail(2), 0 * _ALL, 12.0) == Texture(0.0, 0.0, 0.0, 1.0)


@given(st.integers(0, 2**32 - 1), st.floats(0, 255), st.floats(0, 17))
def test_any_two_pictures_have_shares_and_no_more_than_opposite_textures(seed: int, spread: float, step: float) -> None:
    one, other = np.random.default_rng(seed).normal(100, spread, (2, 64 * 64)).clip(0, 255).astype(np.float32)
    found = texture(one, other, _ALL, step)
    assert 0 <= found.share <= 1
    assert -1e-5 <= found.unlike <= 2 + 1e-5
    assert texture(one, one, _ALL, step).unlike < 1e-4
