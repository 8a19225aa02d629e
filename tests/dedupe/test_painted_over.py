"""Which copy is kept where one was painted over, or has another light: the original, whatever that does to borders."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from synsift.dedupe import better, fingerprint
from tests.dedupe.pictures import encoded, photograph

Edit = Callable[[Image.Image], Image.Image]


def jpeg(image: Image.Image, quality: int) -> bytes:
    return encoded(image, "JPEG", quality=quality)


def with_a_stripe(left: float, right: float) -> Edit:
    """Down all of it."""

    def apply(image: Image.Image) -> Image.Image:
        image = image.copy()
        width, height = image.size
        ImageDraw.Draw(image).rectangle((int(left * width), 0, int(right * width), height), fill="#1040a0")
        return image

    return apply


def framed_over(image: Image.Image) -> Image.Image:
    image = image.copy()
    ImageDraw.Draw(image).rectangle((0, 0, image.width - 1, image.height - 1), outline="white", width=25)
    return image


def brighter(times: float) -> Edit:
    return lambda image: image.point(lambda level: min(255, int(level * times)))


PAINTED: dict[str, Edit] = {
    "a stripe": with_a_stripe(0.4, 0.5),
    "a wide stripe": with_a_stripe(0.3, 0.5),
    "a stripe at one side": with_a_stripe(0.7, 0.8),
}


def on_white(seed: int) -> Image.Image:
    """What stands on white, up to a tenth of the sides."""
    image = Image.new("RGB", (500, 375), "#fcfcfc")
    image.paste(photograph(seed, (420, 300)).filter(ImageFilter.GaussianBlur(1)), (40, 38))
    return image


def with_a_lamp(seed: int) -> Image.Image:
    """A dark photograph with a light in it, which fades into what is around."""
    y, x = np.mgrid[0:375, 0:500]
    light = 115 * np.exp(-np.square(np.hypot(x - 330, y - 120) / 110))
    pixels = np.asarray(photograph(seed), dtype=np.float32) * 0.45 + 15 + light[..., None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


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
