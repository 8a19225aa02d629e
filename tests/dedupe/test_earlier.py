"""What a picture was before it was saved as it is: an earlier JPEG, by its pixels."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from synsift.dedupe import Fingerprint, better, fingerprint
from synsift.dedupe.earlier import UNKNOWN, earlier_quality
from synsift.dedupe.saved_again import own_quality
from tests.dedupe.pictures import encoded, photograph, scene


def taken(seed: int, size: tuple[int, int] = (500, 375)) -> Image.Image:
    """A photograph that is as soft as those that lenses make."""
    return photograph(seed, size).filter(ImageFilter.GaussianBlur(1))


def jpeg(image: Image.Image, quality: int) -> bytes:
    return encoded(image, "JPEG", quality=quality)


def saved(image: Image.Image, quality: int) -> Image.Image:
    """As it comes out of a JPEG."""
    return Image.open(io.BytesIO(jpeg(image, quality))).convert("RGB")


def striped(image: Image.Image) -> Image.Image:
    out = image.copy()
    ImageDraw.Draw(out).rectangle((0, 170, image.width, 210), fill="#dd1e28")
    return out


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("quality", [60, 75, 80, 85])
def test_an_earlier_quality_is_seen_in_all_pixels(seed: int, quality: int) -> None:
    luma = np.asarray(saved(taken(seed), quality).convert("L"))
    assert abs(earlier_quality(luma, None) - quality) <= 2


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("before", "since"), [(60, 80), (70, 88), (75, 95), (80, 95)])
def test_an_earlier_quality_is_seen_in_a_jpeg_that_is_decoded_at_half_its_size(
    seed: int, before: int, since: int
) -> None:
    for image in (saved(taken(seed), before), striped(saved(taken(seed), before))):
        found = fingerprint(jpeg(image, since))
        assert found.is_saved_again
        assert abs(found.quality - before) <= 4
        assert abs(own_quality(found) - since) <= 4


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("quality", [72, 75, 80, 85, 88, 90, 92, 95, 98, 100])
def test_what_was_saved_once_has_no_earlier_quality(seed: int, quality: int) -> None:
    assert not fingerprint(jpeg(taken(seed), quality)).is_saved_again
    small = taken(seed, (200, 150))
    assert not fingerprint(jpeg(small, quality)).is_saved_again


@pytest.mark.parametrize("seed", range(3))
def test_of_what_has_other_blocks_nothing_is_known(seed: int) -> None:
    before = saved(taken(seed), 75)
    for image in (
        taken(seed),
        before.crop((3, 5, before.width, before.height)),
        before.rotate(2, Image.Resampling.BICUBIC),
        before.resize((400, 300), Image.Resampling.LANCZOS),
        before.filter(ImageFilter.GaussianBlur(1)),
    ):
        assert not fingerprint(encoded(image, "PNG")).is_saved_again
    assert earlier_quality(np.zeros((7, 300), dtype=np.uint8), None) == UNKNOWN
    assert earlier_quality(np.asarray(before.convert("L")), None, 2) == UNKNOWN
    assert earlier_quality(np.asarray(before.convert("L")), [0] * 64) == UNKNOWN


def test_drawings_have_no_earlier_quality_of_their_own() -> None:
    for number in range(3):
        assert not fingerprint(encoded(scene(number), "PNG")).is_saved_again


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "WEBP", "JPEG"])
def test_what_was_saved_again_says_so_in_its_record(kind: str) -> None:
    options: dict[str, object] = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95}}.get(kind, {})
    found = fingerprint(encoded(saved(taken(1), 60), kind, **options))
    assert found.is_saved_again
    assert not found.is_deep
    assert Fingerprint.from_record(found.to_record()) == found


def test_a_record_from_before_there_was_this_is_of_what_was_saved_once() -> None:
    for data in (jpeg(taken(1), 90), encoded(taken(1), "PNG")):
        found = fingerprint(data)
        assert not Fingerprint.from_record(found.to_record()).is_saved_again
    deep = replace(fingerprint(encoded(taken(1), "PNG")), is_deep=True)
    assert Fingerprint.from_record(deep.to_record()) == deep


MADE_OF_IT = {
    "JPEG, 88": lambda image: jpeg(image, 88),
    "JPEG, 95": lambda image: jpeg(image, 95),
    "PNG": lambda image: encoded(image, "PNG"),
    "WebP": lambda image: encoded(image, "WEBP", lossless=True),
    "with a stripe": lambda image: jpeg(striped(image), 92),
    "brighter": lambda image: jpeg(image.point(lambda level: level * 5 // 4), 95),
    "10 % cut off": lambda image: jpeg(image.crop((50, 0, image.width, image.height)), 88),
}


@pytest.mark.parametrize("name", MADE_OF_IT)
@pytest.mark.parametrize("quality", [70, 75, 80])
def test_a_jpeg_is_better_than_what_was_made_of_it_and_saved_at_a_higher_quality(name: str, quality: int) -> None:
    for seed in range(3):
        original = jpeg(taken(seed), quality)
        one = fingerprint(original)
        other = fingerprint(MADE_OF_IT[name](Image.open(io.BytesIO(original)).convert("RGB")))
        assert better(one, other), seed
        assert not better(other, one), seed


@pytest.mark.parametrize("before", [60, 75, 80])
def test_what_was_saved_twice_is_the_better_of_what_is_made_of_it(before: int) -> None:
    for seed in range(3):
        original = jpeg(saved(taken(seed), before), 95)
        image = Image.open(io.BytesIO(original)).convert("RGB")
        one = fingerprint(original)
        for copy in (jpeg(image, 88), jpeg(image, 50), jpeg(striped(image), 88), jpeg(image.rotate(1), 88)):
            assert better(one, fingerprint(copy))
            assert not better(fingerprint(copy), one)


@pytest.mark.parametrize("before", [60, 75, 80])
def test_what_was_compressed_less_is_better_than_what_was_saved_again_without_loss(before: int) -> None:
    for seed in range(3):
        one = fingerprint(jpeg(taken(seed), 90))
        for copy in (jpeg(saved(taken(seed), before), 96), encoded(saved(taken(seed), before), "PNG")):
            assert better(one, fingerprint(copy))
            assert not better(fingerprint(copy), one)
    # … but of two that were once compressed the less compressed one stays.
    assert better(fingerprint(jpeg(taken(1), 95)), fingerprint(jpeg(taken(1), 80)))
    assert better(fingerprint(jpeg(taken(1), 95)), fingerprint(jpeg(saved(taken(1), 95), 80)))


def test_a_small_copy_is_not_what_a_large_one_was_made_of_though_their_qualities_are_the_same() -> None:
    large = fingerprint(jpeg(saved(taken(1), 80), 95))
    for width_px in (450, 250):
        small = fingerprint(jpeg(taken(1).resize((width_px, width_px * 3 // 4), Image.Resampling.LANCZOS), 80))
        assert better(large, small)
        assert not better(small, large)


def test_colours_that_are_laid_over_a_part_of_a_grey_picture_are_none() -> None:
    grey = taken(1).convert("L").convert("RGB")
    painted = grey.copy()
    ImageDraw.Draw(painted).ellipse((300, 60, 400, 160), fill="#ffcd32")
    one, other = fingerprint(jpeg(grey, 95)), fingerprint(jpeg(painted, 88))
    assert one.is_grey
    assert not other.is_grey
    assert better(one, other)
    assert not better(other, one)
    # … those of all of it are.
    assert better(fingerprint(jpeg(taken(1), 88)), one)


@pytest.mark.parametrize("quality", [93, 95, 96, 97, 98, 99, 100])
def test_the_highest_qualities_are_told_apart(quality: int) -> None:
    """Most steps are 1 in all of them: what takes half as much room again was thought to have that much more in it."""
    assert fingerprint(jpeg(taken(1), quality)).quality == quality


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("before", [90])
def test_what_was_compressed_harder_between_is_not_the_better_one_at_the_highest_quality(
    seed: int, before: int
) -> None:
    original = jpeg(taken(seed), before)
    between = jpeg(Image.open(io.BytesIO(original)).convert("RGB"), 75)
    copy = jpeg(Image.open(io.BytesIO(between)).convert("RGB"), 100)
    assert not better(fingerprint(copy), fingerprint(original))
