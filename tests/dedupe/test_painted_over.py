"""Which copy is kept where one was painted over, or has another light: the original, whatever that does to borders."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from synsift.dedupe import better, fingerprint
from synsift.dedupe.decode import decode
from synsift.dedupe.sharpness import credible_share, measured_pixels
from tests.dedupe.pictures import encoded, photograph, scene

Edit = Callable[[Image.Image], Image.Image]


def jpeg(image: Image.Image, quality: int) -> bytes:
    return encoded(image, "JPEG", quality=quality)


def with_a_stripe_across(image: Image.Image) -> Image.Image:
    image = image.copy()
    width, height = image.size
    ImageDraw.Draw(image).rectangle((0, height * 4 // 9, width, height * 5 // 9), fill="#c01830")
    return image


def with_a_stripe_down(image: Image.Image) -> Image.Image:
    image = image.copy()
    width, height = image.size
    ImageDraw.Draw(image).rectangle((width * 2 // 5, 0, width // 2, height), fill="#1040a0")
    return image


def with_a_sticker(image: Image.Image) -> Image.Image:
    image = image.copy()
    width, height = image.size
    place = (width * 7 // 10, 0, width * 19 // 20, height // 3)
    ImageDraw.Draw(image).ellipse(place, fill="#f0d020", outline="black", width=3)
    return image


def framed_over(image: Image.Image) -> Image.Image:
    image = image.copy()
    ImageDraw.Draw(image).rectangle((0, 0, image.width - 1, image.height - 1), outline="white", width=25)
    return image


def brighter(times: float) -> Edit:
    return lambda image: image.point(lambda level: min(255, int(level * times)))


PAINTED: dict[str, Edit] = {
    "a stripe across": with_a_stripe_across,
    "a stripe down": with_a_stripe_down,
    "a sticker": with_a_sticker,
}


def on_white(seed: int) -> Image.Image:
    """What stands on white, up to a tenth of the sides."""
    image = Image.new("RGB", (500, 375), "#fcfcfc")
    image.paste(photograph(seed, (420, 300)), (40, 38))
    return image


def with_a_lamp(seed: int) -> Image.Image:
    """A dark photograph with a light in it, which fades into what is around."""
    y, x = np.mgrid[0:375, 0:500]
    light = 115 * np.exp(-np.square(np.hypot(x - 330, y - 120) / 90))
    pixels = np.asarray(photograph(seed), dtype=np.float32) * 0.45 + 15 + light[..., None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def with_edges(seed: int) -> Image.Image:
    """Edges as a lens draws them, with a little noise."""
    soft = scene(seed, (500, 375)).filter(ImageFilter.GaussianBlur(1.2))
    noise = np.random.default_rng(seed).normal(0, 2, (375, 500, 1))
    return Image.fromarray((np.asarray(soft) * 0.6 + 50 + noise).clip(0, 255).astype(np.uint8))


def sharpened(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(3, 200, 2))


@pytest.mark.parametrize("name", PAINTED)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_was_painted_over_a_margin_leaves_no_more_of_the_picture(name: str, seed: int) -> None:
    original = fingerprint(jpeg(on_white(seed), 92))
    copy = fingerprint(jpeg(PAINTED[name](on_white(seed)), 88))
    assert better(original, copy)
    assert not better(copy, original)


@pytest.mark.parametrize("quality", [88, 95])
@pytest.mark.parametrize("seed", range(3))
def test_what_was_framed_over_its_edges_lost_them(seed: int, quality: int) -> None:
    original = fingerprint(jpeg(photograph(seed), 88))
    assert better(original, fingerprint(jpeg(framed_over(photograph(seed)), quality)))


@pytest.mark.parametrize("quality", [88, 97])
@pytest.mark.parametrize("seed", range(4))
def test_a_small_light_that_was_blown_out_is_worse(seed: int, quality: int) -> None:
    original = fingerprint(jpeg(with_a_lamp(seed), 88))
    copy = fingerprint(jpeg(brighter(2)(with_a_lamp(seed)), quality))
    assert better(original, copy)
    assert not better(copy, original)


@pytest.mark.parametrize("times", [0.5, 0.8])
@pytest.mark.parametrize("seed", range(4))
def test_a_light_that_was_white_from_the_beginning_is_no_worse_than_a_darker_copy(seed: int, times: float) -> None:
    original = brighter(2)(with_a_lamp(seed))
    assert better(fingerprint(jpeg(original, 92)), fingerprint(jpeg(brighter(times)(original), 88)))


def share(image: Image.Image) -> float:
    picture = decode(jpeg(image, 92)).picture
    return credible_share(measured_pixels(picture.getchannel(0)), b"")


@pytest.mark.parametrize("name", PAINTED)
@pytest.mark.parametrize("seed", [2, 3, 11])
def test_how_far_all_was_sharpened_is_not_said_by_what_was_painted_over_it(name: str, seed: int) -> None:
    picture = with_edges(seed)
    paint = PAINTED[name]
    assert share(picture) == share(paint(picture)) == 1
    assert share(paint(sharpened(picture))) < 0.75
