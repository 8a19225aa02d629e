"""What is a copy and what is only alike."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from synsift.dedupe import Fingerprint, Kind, Matcher, MatchOptions, fingerprint
from tests.dedupe.pictures import encoded, scene


def kind(one: Image.Image, other: Image.Image, options: MatchOptions | None = None) -> Kind:
    matcher = Matcher(options or MatchOptions())
    matcher.add(of(one))
    return matcher.match(of(other)).kind


def of(image: Image.Image) -> Fingerprint:
    return fingerprint(encoded(image, "JPEG", quality=85))


def product(colour: tuple[int, int, int], *, art: int | None = None) -> Image.Image:
    """A mug on white, in a colour, perhaps with a print."""
    image = Image.new("RGB", (480, 480), (250, 250, 250))
    draw = ImageDraw.Draw(image)
    draw.ellipse((300, 170, 430, 330), outline=colour, width=30)
    draw.rounded_rectangle((110, 110, 340, 410), 24, fill=colour)
    if art is not None:
        image.paste(scene(art).resize((200, 220)), (125, 150))
    return image


def caption(image: Image.Image) -> Image.Image:
    out = ImageOps.expand(image, (0, 0, 0, 30), "black")
    ImageDraw.Draw(out).text((6, image.height + 4), "Photo of the day, by somebody", fill="white", font_size=16)
    return out


COPIES = {
    "smaller": lambda image: image.resize((90, 68)),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "grey": lambda image: image.convert("L"),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.3),
    "more colourful": lambda image: ImageEnhance.Color(image).enhance(1.6),
    "cropped": lambda image: image.crop((24, 18, 296, 222)),
    "cropped on the left": lambda image: image.crop((30, 0, 320, 240)),
    "cropped at a corner": lambda image: image.crop((0, 0, 288, 216)),
    "framed": lambda image: ImageOps.expand(image, 24, "white"),
    "letterboxed": lambda image: ImageOps.expand(image, (0, 40, 0, 40), "black"),
    "captioned": caption,
    "mirrored": ImageOps.mirror,
    "upside down, grey and framed": lambda image: ImageOps.expand(ImageOps.flip(image).convert("L"), 15, 255),
    "a quarter turn": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "rotated by two degrees": lambda image: image.rotate(2, Image.Resampling.BICUBIC),
    "stretched": lambda image: image.resize((360, 240)),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_near(name: str) -> None:
    assert [kind(scene(seed), COPIES[name](scene(seed))) for seed in range(5)] == [Kind.NEAR] * 5


def test_the_grey_one_may_come_first() -> None:
    assert kind(scene(1).convert("L"), scene(1)) is Kind.NEAR


@pytest.mark.parametrize("colour", [(40, 80, 190), (40, 150, 70), (220, 180, 40), (150, 60, 160), (20, 20, 20)])
def test_the_same_product_in_another_colour_is_new(colour: tuple[int, int, int]) -> None:
    assert kind(product((200, 40, 40)), product(colour)) is Kind.NEW
    assert kind(product((200, 40, 40)), product((200, 40, 40)).resize((300, 300))) is Kind.NEAR


def test_a_product_with_another_print_is_new() -> None:
    arts = [product((60, 90, 160), art=seed) for seed in range(6)]
    for number, image in enumerate(arts):
        others = {kind(image, other) for place, other in enumerate(arts) if place != number}
        assert others == {Kind.NEW}


def test_other_hues_are_new() -> None:
    hue, saturation, value = scene(2).convert("HSV").split()
    turned = hue.point([(level + 90) % 256 for level in range(256)])
    assert kind(scene(2), Image.merge("HSV", (turned, saturation, value)).convert("RGB")) is Kind.NEW


def test_other_scenes_are_new() -> None:
    matcher = Matcher()
    assert {matcher.add(of(scene(seed))).kind for seed in range(60)} == {Kind.NEW}


def test_only_central_crops_are_found_where_all_are_not_wanted() -> None:
    centre = MatchOptions(all_crops=False)
    found = {name: kind(scene(3), COPIES[name](scene(3)), centre) for name in ("cropped", "cropped on the left")}
    assert found["cropped"] is Kind.NEAR
    one, all_of_them = Matcher(centre), Matcher()
    one.add(of(scene(3)))
    all_of_them.add(of(scene(3)))
    assert len(all_of_them._index) > 3 * len(one._index)


def test_the_same_pictures_agree_in_everything() -> None:
    image = of(scene(4))
    matcher = Matcher.of_reference([image])
    ((sha256, distance_bits, _, agreement),) = matcher.looks(image)
    assert (sha256, distance_bits, agreement.same_colours) == (image.sha256, 0, True)
    assert min(agreement.correlation, agreement.detail) > 0.999
    assert abs(agreement.gain - 1) < 0.001


def test_a_picture_of_reference_is_rejected_and_says_of_which() -> None:
    reference = Matcher.of_reference([of(scene(1)), of(scene(1).resize((160, 120)))])
    matcher = Matcher(reference=reference)
    verdict = matcher.add(of(ImageOps.mirror(scene(1))))
    assert (verdict.kind, verdict.of, verdict.survives) == (Kind.REFERENCE, of(scene(1)).sha256, False)
    assert matcher.add(of(scene(1))).kind is Kind.REFERENCE
    assert matcher.add(of(scene(2))).kind is Kind.NEW
    assert len(matcher) == 1


def test_evidence_of_any_bytes_is_compared_without_harm() -> None:
    rng = np.random.default_rng(1)
    matcher = Matcher(MatchOptions(radius_bits=256))
    record = bytearray(of(scene(5)).to_record())
    matcher.add(Fingerprint.from_record(bytes(record)))
    compared = 0
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        for _ in range(400):
            record[0] ^= 1
            record[-341:] = rng.bytes(341)  # what another program may have sent
            try:
                image = Fingerprint.from_record(bytes(record))
            except ValueError:
                continue
            compared += 1
            matcher.match(image)
    assert compared > 5
