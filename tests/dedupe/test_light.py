"""Drawings in weaker light, and under veils: areas between two levels, borders, colours."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from synsift.dedupe import Kind, Matcher, fingerprint
from synsift.dedupe.borders import TRIMMED_SIDE_PX, in_full_light, inside_of, trim
from synsift.dedupe.evidence import picture_of
from synsift.dedupe.fine import FINE_SIDE, unrounded
from synsift.dedupe.frequencies import FREQUENCIES, Floats
from tests.dedupe.pictures import encoded

Colour = tuple[int, int, int]
RED, DARK_RED, PINK, YELLOW = (200, 30, 40), (100, 15, 20), (228, 142, 148), (240, 210, 60)
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def sign(ground: Colour, disc: Colour, bar: Colour) -> Image.Image:
    """A disc with a bar and a mark."""
    image = Image.new("RGB", (320, 320), ground)
    pen = ImageDraw.Draw(image)
    pen.ellipse((40, 40, 280, 280), fill=disc)
    pen.rectangle((80, 130, 240, 190), fill=bar)
    pen.polygon([(160, 60), (190, 110), (130, 110)], fill=bar)
    return image


def lit(image: Image.Image, change: Callable[[Floats], Floats]) -> Image.Image:
    pixels = np.asarray(image, dtype=np.float32) / 255
    return Image.fromarray((255 * change(pixels)).clip(0, 255).astype(np.uint8))


def kind(one: Image.Image, other: Image.Image) -> Kind:
    return Matcher.of_reference([fingerprint(encoded(one, "PNG"))]).match(fingerprint(encoded(other, "PNG"))).kind


@pytest.mark.parametrize("tone", [43, 60, 77, 111, 128, 145])
def test_an_area_between_two_levels_has_nearly_its_tone(tone: int) -> None:
    image = Image.new("L", (320, 320), 255)
    pen = ImageDraw.Draw(image)
    pen.ellipse((20, 20, 300, 300), fill=tone)
    pen.rectangle((200, 120, 260, 200), fill=0)
    print_ = fingerprint(encoded(image, "PNG"))
    picture = picture_of(print_.evidence, 0, print_.fine)
    assert picture.fine is not None
    assert picture.thumbnail is not None
    area = slice(28, 36), slice(12, 24)
    rounded = np.abs(picture.fine.luma[area] - tone).mean()
    assert np.abs(picture.thumbnail.luma.reshape(FINE_SIDE, FINE_SIDE)[area] - tone).mean() < rounded / 2


@given(seed=st.integers(0, 2**32 - 1), step=st.floats(0, 17), scale=st.floats(0, 20_000))
def test_no_frequencies_make_a_pixel_leave_its_level(seed: int, step: float, scale: float) -> None:
    lot = np.random.default_rng(seed)
    luma = np.rint(lot.uniform(0, 15, (FINE_SIDE, FINE_SIDE))).astype(np.float32) * np.float32(step)
    frequencies = (scale * lot.normal(size=(FREQUENCIES, FREQUENCIES))).astype(np.float32)
    found = unrounded(luma, step, frequencies)
    assert np.isfinite(found).all()
    assert np.abs(found - luma).max() <= step / 2 + 1e-3


@pytest.mark.parametrize("share", [0.95, 0.8, 0.65, 0.5, 0.4])
def test_borders_are_the_same_in_weaker_light(share: float) -> None:
    # A tone that is nearer to the ground than any tolerance once the light is weaker.
    image = sign(WHITE, (225, 225, 235), RED).convert("L")
    image.paste(225, (60, 290, 260, 305))
    weaker = image.point([round(level * share) for level in range(256)])
    assert np.abs(np.subtract(inside_of(weaker), inside_of(image))).max() < 0.5 / TRIMMED_SIDE_PX


@given(low=st.integers(0, 255), high=st.integers(0, 255), seed=st.integers(0, 99))
def test_full_light_keeps_the_order_of_tones_and_is_bounded(low: int, high: int, seed: int) -> None:
    low, high = sorted((low, high))
    luma = np.random.default_rng(seed).integers(low, high + 1, (128, 128)).astype(np.uint8)
    found = in_full_light(luma)
    assert found.dtype == np.uint8
    by_tone = found.ravel()[np.argsort(luma, axis=None)].astype(int)
    assert (np.diff(by_tone) >= 0).all()
    assert np.ptp(found) <= 3 * max(1, int(np.ptp(luma))) + 1
    assert trim(found) is not None


@pytest.mark.parametrize("ground", [WHITE, BLACK])
@pytest.mark.parametrize("gain", [0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
def test_a_drawing_of_two_colours_is_the_same_in_weaker_light(ground: Colour, gain: float) -> None:
    image = sign(ground, RED, YELLOW)
    assert kind(image, lit(image, lambda pixels: gain * pixels)) is Kind.NEAR


@pytest.mark.parametrize("ground", [WHITE, BLACK])
@pytest.mark.parametrize("veil", [0.1, 0.2, 0.3, 0.4, 0.5])
@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_a_drawing_of_two_colours_is_the_same_under_a_veil(ground: Colour, veil: float, grey: float) -> None:
    image = sign(ground, RED, YELLOW)
    assert kind(image, lit(image, lambda pixels: (1 - veil) * pixels + veil * grey)) is Kind.NEAR


@pytest.mark.parametrize("bar", [WHITE, YELLOW, BLACK])
@pytest.mark.parametrize(("ground", "other"), [(BLACK, DARK_RED), (WHITE, PINK), (WHITE, DARK_RED), (BLACK, PINK)])
def test_what_is_painted_anew_in_one_of_its_colours_is_new(ground: Colour, other: Colour, bar: Colour) -> None:
    assert kind(sign(ground, RED, bar), sign(ground, other, bar)) is Kind.NEW


@pytest.mark.parametrize(("ground", "other"), [(BLACK, DARK_RED), (WHITE, PINK)])
def test_one_colour_on_its_ground_may_be_painted_anew(ground: Colour, other: Colour) -> None:
    assert kind(sign(ground, RED, ground), sign(ground, other, ground)) is Kind.NEW
