"""What is a copy and what is only alike."""

import itertools
import zlib
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from synsift.dedupe import Fingerprint, Kind, Matcher, MatchOptions, fingerprint
from synsift.dedupe.covered import look_beside
from synsift.dedupe.evidence import EVIDENCE_BYTES, picture_of, turned_picture
from synsift.dedupe.fingerprint import RECORD
from synsift.dedupe.frequencies import BACK, ORIENTATIONS
from synsift.dedupe.hash_batch import HashBatch
from synsift.dedupe.judgement import DEFAULT_CRITERIA, judge, judge_beside, look_and_judge
from synsift.dedupe.scope_index import OwnIndex
from synsift.dedupe.second_look import Side, second_look, side_of
from synsift.dedupe.views import EXTRA, INSIDE, WHOLE, View
from tests.dedupe.pictures import encoded, photograph, scene

_FIELDS = RECORD.fields or {}
_EVIDENCE = slice(_FIELDS["evidence"][1], _FIELDS["evidence"][1] + EVIDENCE_BYTES)


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


FEW_TONES = 4
"""The scene that has the fewest tones."""


def on_white(draw_on: Callable[[ImageDraw.ImageDraw], None]) -> Image.Image:
    """What is drawn on white, in one colour."""
    image = Image.new("RGB", (240, 240), "white")
    draw_on(ImageDraw.Draw(image))
    return image


def bent_arrow(draw: ImageDraw.ImageDraw) -> None:
    """As for undoing; mirrored it is one for doing again."""
    draw.arc((50, 70, 190, 210), 180, 60, fill=(30, 120, 60), width=26)
    draw.polygon([(20, 140), (106, 140), (63, 200)], fill=(30, 120, 60))


def pip(points: list[tuple[int, int]]) -> Image.Image:
    """A card with six times one shape."""

    def apply(draw: ImageDraw.ImageDraw) -> None:
        for x in (70, 170):
            for y in (50, 120, 190):
                draw.polygon([(x + right, y + down) for right, down in points], fill=(200, 20, 30))

    return on_white(apply)


HEARTS = pip([(0, 22), (-22, -4), (-12, -18), (0, -8), (12, -18), (22, -4)])
DIAMONDS = pip([(0, -24), (17, 0), (0, 24), (-17, 0)])
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


@pytest.mark.parametrize("colour", [(227, 147, 147), (110, 22, 22)])
def test_the_same_product_in_a_paler_or_darker_colour_is_new(colour: tuple[int, int, int]) -> None:
    assert kind(product((200, 40, 40)), product(colour)) is Kind.NEW


@pytest.mark.parametrize("gain", [0.35, 0.5, 0.7])
def test_a_product_in_weaker_light_is_near(gain: float) -> None:
    image = product((200, 40, 40))
    assert kind(image, light(image, lambda pixels: pixels * gain)) is Kind.NEAR
    assert kind(image, light(product((40, 150, 70)), lambda pixels: pixels * gain)) is Kind.NEW


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_near(name: str) -> None:
    seeds = [seed for seed in range(6) if seed != FEW_TONES]
    assert [kind(scene(seed), COPIES[name](scene(seed))) for seed in seeds] == [Kind.NEAR] * 5


def test_a_drawing_of_few_tones_is_another_sign_when_it_is_mirrored() -> None:
    arrow = on_white(bent_arrow)
    assert kind(arrow, ImageOps.mirror(arrow)) is Kind.NEW
    assert kind(arrow, arrow.resize((160, 160))) is Kind.NEAR


def test_what_differs_in_small_shapes_is_new() -> None:
    assert kind(HEARTS, DIAMONDS) is Kind.NEW
    assert [kind(card, card.resize((150, 150))) for card in (HEARTS, DIAMONDS)] == [Kind.NEAR] * 2


def test_an_emblem_makes_another_sign() -> None:
    folder, marked = on_white(folded), on_white(lambda draw: folded(draw, emblem=True))
    assert kind(folder, marked) is Kind.NEW
    assert [kind(one, one.resize((180, 180))) for one in (folder, marked)] == [Kind.NEAR] * 2


def folded(draw: ImageDraw.ImageDraw, *, emblem: bool = False) -> None:
    """A folder, perhaps with a mark in its corner."""
    draw.rounded_rectangle((20, 60, 220, 200), 10, fill=(90, 140, 220))
    draw.rectangle((20, 44, 110, 70), fill=(60, 100, 180))
    if emblem:
        draw.ellipse((160, 140, 216, 196), fill=(250, 220, 60))


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
    few, many = (HashBatch.of([of(scene(3))], options).stored(0, 1) for options in (centre, MatchOptions()))
    assert len(many.close.hashes) > 3 * len(few.close.hashes)


def test_the_same_pictures_agree_in_everything() -> None:
    image = of(scene(4))
    matcher = Matcher.of_reference([image])
    ((sha256, distance_bits, _, agreement, judgement),) = matcher.looks(image)
    assert (sha256, distance_bits, agreement.bits) == (image.sha256, 0, 0)
    assert min(agreement.detail, agreement.places, agreement.colours) > 0.999
    assert abs(agreement.contrast - 1) < 0.001
    assert agreement.finer is not None
    assert max(*agreement.finer.differs, agreement.finer.texture.unlike, agreement.finer.hues) < 1e-6
    assert judgement.score > 0.995


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
            record[_EVIDENCE] = rng.bytes(EVIDENCE_BYTES)  # what another program may have sent
            try:
                image = Fingerprint.from_record(bytes(record))
            except ValueError:
                continue
            compared += 1
            matcher.match(image)
    assert compared > 5


def test_thumbnails_of_any_bytes_are_compared_without_harm() -> None:
    rng = np.random.default_rng(2)
    image = of(cake(0.3, 0.7))
    compared = 0
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        for number in range(300):
            sides = []
            for _ in range(2):
                raw = bytearray(rng.bytes(4 + 64 * 32) if number % 3 else bytes(4 + 64 * 32))
                raw[4:] = raw[4:] if number % 2 else bytes(raw[4:36]) * 64
                evidence = bytearray(image.evidence)
                evidence[:4] = bytes(rng.integers(0, 127, 4).astype(np.uint8))
                inside = tuple(rng.uniform(0, 300, 2).tolist())
                sides.append(Side(bytes(evidence), zlib.compress(bytes(raw)), 40.0, inside, WHOLE))
            agreement = second_look(*sides, orientation=number % 8)
            finer = agreement.finer
            assert 0 <= judge(agreement, 20).score <= 1
            if finer is not None:
                compared += 1
                assert 0 <= finer.ink <= 1
                assert 0 <= finer.beyond <= 1
    assert compared > 50


def under_a_sky(seed: int) -> Image.Image:
    """A photograph whose upper half is a noisy gradient: it shows little enough to have a thumbnail."""
    pixels = np.array(photograph(seed, (500, 375)), dtype=float)
    noise = np.random.default_rng(seed).normal(0, 4, (200, 500, 3))
    pixels[:200] = np.linspace((120, 150, 210), (160, 190, 250), 200)[:, None] + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def test_thumbnails_of_photographs_would_count_for_nothing_and_are_not_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    skies = [fingerprint(encoded(under_a_sky(seed), "JPEG", quality=88)) for seed in range(4)]
    skies += [fingerprint(encoded(under_a_sky(seed).resize((420, 300)), "JPEG", quality=70)) for seed in range(2)]
    sides = [side_of(image, WHOLE) for image in skies]
    pairs = [(one, other) for one in sides for other in sides]
    monkeypatch.setattr("synsift.dedupe.second_look._DOUBTFUL", -1.0)  # as photographs only are laid in two ways
    short = [second_look(*pair, orientation=0) for pair in pairs]
    assert sum(agreement.are_photographs for agreement in short) > 20
    monkeypatch.setattr("synsift.dedupe.second_look.drawn_share", lambda _: 0.5)
    long = [second_look(*pair, orientation=0) for pair in pairs]
    assert all(agreement.finer for agreement in long)
    judged, judged_long = ([judge(agreement, 20) for agreement in found] for found in (short, long))
    assert [judgement.faults for judgement in judged] == [judgement.faults for judgement in judged_long]
    # Faults are added up in another order.
    assert [one.score for one in judged] == pytest.approx([one.score for one in judged_long], abs=1e-12)


def test_a_look_says_the_same_of_pictures_that_are_kept_and_of_those_made_anew() -> None:
    images = [of(scene(4)), of(caption(scene(4))), of(cake(0.3, 0.7)), of(cake(0.3, 0.6)), of(under_a_sky(1))]
    sides = [side_of(image, WHOLE) for image in images]
    pairs = [(one, other, turn) for one in sides for other in sides for turn in (0, 5)]
    picture_of.cache_clear()
    anew = []
    for one, other, turn in pairs:
        anew.append(second_look(one, other, orientation=turn))
        picture_of.cache_clear()
    for _ in range(2):
        assert [second_look(one, other, orientation=turn) for one, other, turn in pairs] == anew
    assert picture_of.cache_info().hits > len(pairs)
    with pytest.raises(ValueError, match="read-only"):
        picture_of(sides[0].evidence, 0, sides[0].fine).chroma[:] = 0


def light(image: Image.Image, change: Callable[[np.ndarray], np.ndarray]) -> Image.Image:
    return Image.fromarray((change(np.asarray(image, dtype=float) / 255) * 255).clip(0, 255).astype(np.uint8))


def darker_corners(pixels: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : pixels.shape[0] * 1j, -1 : 1 : pixels.shape[1] * 1j]
    return np.asarray(pixels * (1.1 - 0.5 * np.hypot(x, y))[..., None])


def patched(image: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    out = image.copy()
    ImageDraw.Draw(out).rectangle(box, fill=(250, 210, 40))
    return out


def striped(image: Image.Image, fill: str) -> Image.Image:
    out = image.copy()
    ImageDraw.Draw(out).rectangle((0, 150, 500, 180), fill=fill)
    return out


EDITS = {
    **{f"gain {gain}": lambda image, gain=gain: light(image, lambda p: p * gain) for gain in (0.3, 0.54, 0.56, 1.4)},
    "washed out": lambda image: light(image, lambda pixels: 0.5 + pixels / 2),
    "gamma": lambda image: light(image, lambda pixels: pixels**0.5),
    "darker corners": lambda image: light(image, darker_corners),
    "sepia, darker corners": lambda image: light(
        ImageOps.colorize(image.convert("L"), "#2b1a08", "#fff2d8"), darker_corners
    ),
    "two colours": lambda image: ImageOps.colorize(image.convert("L"), "#101040", "#ffe0a0", mid="#c04060"),
    "warm": lambda image: light(image, lambda pixels: pixels * [1.15, 1.0, 0.8]),
    "hardly coloured": lambda image: ImageEnhance.Color(image).enhance(0.3),
    "a sticker at a corner": lambda image: patched(image, (400, 290, 490, 370)),
    "a stripe of a strong colour": lambda image: striped(image, "#f0e030"),
    "a stripe": lambda image: patched(image, (0, 340, 500, 375)),
    "20 % wider": lambda image: image.resize((600, 375)),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_photograph_is_near(name: str) -> None:
    assert [kind(photograph(seed), EDITS[name](photograph(seed))) for seed in range(3)] == [Kind.NEAR] * 3


def tinted(image: Image.Image, dark: str, bright: str) -> Image.Image:
    return ImageOps.colorize(image.convert("L"), dark, bright)


@pytest.mark.parametrize("seed", range(3))
def test_two_tints_of_one_photograph_are_near(seed: int) -> None:
    blue = tinted(photograph(seed), "#0c2030", "#c8e6f6")
    assert kind(blue, EDITS["two colours"](blue)) is Kind.NEAR
    assert kind(blue, tinted(photograph(seed), "#400010", "#ffc0b0")) is Kind.NEAR


def test_two_tints_of_what_shows_little_are_two_colours() -> None:
    skies = [tinted(Image.linear_gradient("L").resize((500, 375)), dark, "#ffffff") for dark in ("#2050c0", "#c05020")]
    assert kind(*skies) is Kind.NEW


def on_a_ground(seed: int) -> Image.Image:
    """A thing that was photographed before plain white."""
    mask = Image.new("L", (500, 375))
    ImageDraw.Draw(mask).polygon([(250, 20), (480, 190), (250, 355), (20, 190)], fill=255)
    thing = ImageEnhance.Color(photograph(seed).filter(ImageFilter.GaussianBlur(4))).enhance(2)
    return Image.composite(thing, Image.new("RGB", mask.size, "white"), mask)


COLOURED = {
    "warm": EDITS["warm"],
    "cold": lambda image: light(image, lambda pixels: pixels * [0.85, 1.0, 1.15]),
    "sepia": lambda image: tinted(image, "#2b1a08", "#fff2d8"),
    "hardly coloured": EDITS["hardly coloured"],
    "more colourful": lambda image: ImageEnhance.Color(image).enhance(2.5),
}


@pytest.mark.parametrize("name", COLOURED)
def test_a_photograph_of_a_thing_on_white_is_near_in_other_colours(name: str) -> None:
    things = [on_a_ground(seed) for seed in range(4)]
    assert all(of(thing).fine for thing in things)
    assert [kind(thing, COLOURED[name](thing)) for thing in things] == [Kind.NEAR] * 4


@pytest.mark.parametrize("turn", [60, 128])
def test_a_photograph_of_a_thing_on_white_is_new_in_other_hues(turn: int) -> None:
    for seed in range(4):
        hue, saturation, value = on_a_ground(seed).convert("HSV").split()
        hues = [
            Image.merge("HSV", (hue.point([(level + by) % 256 for level in range(256)]), saturation, value))
            for by in (0, turn)
        ]
        assert kind(*(one.convert("RGB") for one in hues)) is Kind.NEW


def test_strong_vignettes_lead_no_map_astray() -> None:
    def dark_edges(pixels: NDArray[np.floating]) -> NDArray[np.floating]:
        y, x = (np.linspace(-1, 1, side) for side in pixels.shape[:2])
        return pixels * np.clip(1.15 - 0.75 * np.hypot(x[None], y[:, None]), 0, 1)[..., None]

    photographs = [photograph(seed) for seed in range(24)]
    found = [kind(image, light(image, dark_edges)) is Kind.NEAR for image in photographs]
    assert sum(found) >= 23


COVERED = {
    "a patch at a corner": lambda image: patched(image, (340, 255, 500, 375)),
    "a face": lambda image: covered(image, 0.8, 0.25),
    "a face in the middle": lambda image: covered(image, 0.5, 0.5),
    "blown out": lambda image: light(image, lambda pixels: pixels * 2.0),
}


def covered(image: Image.Image, x: float, y: float) -> Image.Image:
    out, radius = image.copy(), image.height // 6
    place = int(x * image.width), int(y * image.height)
    box = [side + sign * radius for sign in (-1, 1) for side in place]
    ImageDraw.Draw(out).ellipse(box, fill=(255, 205, 50), outline=(150, 100, 10), width=5)
    return out


def test_what_changes_the_lowest_frequencies_is_looked_up_by_others() -> None:
    photographs = [photograph(seed) for seed in range(20)]
    edits = [of(edit(image)) for edit in COVERED.values() for image in photographs]
    found = {}
    for all_crops in (False, True):
        matcher = Matcher.of_reference([of(image) for image in photographs], MatchOptions(all_crops=all_crops))
        found[all_crops] = sum(any(True for _ in matcher.looks(image)) for image in edits)
        assert {matcher.match(of(photograph(seed))).kind for seed in range(60, 80)} == {Kind.NEW}
    without = Matcher.of_reference([of(image) for image in photographs])
    index = without._lookup._index
    assert isinstance(index, OwnIndex)
    index._flat_indexes = {0: index._flat_indexes[0]}
    assert found[True] > sum(any(True for _ in without.looks(image)) for image in edits)
    upright = MatchOptions(orientations=("mirrored",))
    turned = Matcher.of_reference([of(image) for image in photographs], upright)
    assert not any(look.transform != "mirrored" for image in edits for look in turned.looks(image))


def sign(*points: tuple[int, int], fill: str = "black") -> Image.Image:
    image = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(image).polygon(points, fill=fill)
    return image


def receipt(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    image = Image.new("L", (380, 780), 250)
    pen = ImageDraw.Draw(image)
    for line in range(26):
        width = int(rng.integers(60, 230))
        for x in range(20, 20 + width, 9):
            pen.rectangle((x, 60 + 26 * line, x + int(rng.integers(3, 8)), 70 + 26 * line), fill=20)
        pen.text((310, 56 + 26 * line), f"{rng.integers(1, 99)}.{rng.integers(10, 99)}", fill=0, font_size=15)
    return image


def squares(seed: int, side: int = 25) -> Image.Image:
    """A code of squares, as telephones read them: marks in its corners and the first half are always the same."""
    code = np.random.default_rng(0).integers(0, 2, (side, side)) * 255
    code[:, : side // 2] = np.random.default_rng(seed).integers(0, 2, (side, side // 2)) * 255
    mark = np.full((8, 8), 255)
    mark[:7, :7] = 0
    mark[1:6, 1:6] = 255
    mark[2:5, 2:5] = 0
    code[:8, :8], code[:8, -8:], code[-8:, :8] = mark, mark[:, ::-1], mark[::-1]
    return Image.fromarray(code.astype(np.uint8)).resize((8 * side, 8 * side), Image.Resampling.NEAREST)


def bars(seed: int) -> Image.Image:
    """A bar code without margins: its beginning, middle and end are always the same."""
    code = np.random.default_rng(seed).integers(0, 2, 95) * 255
    code[:3] = code[-3:] = (0, 255, 0)
    code[45:50] = (255, 0, 255, 0, 255)
    return Image.fromarray(np.tile(code.astype(np.uint8), (60, 1))).resize((380, 150), Image.Resampling.NEAREST)


def cake(*shares: float, hole: int = 0) -> Image.Image:
    """A chart of parts of a whole."""
    image = Image.new("RGB", (300, 300), "white")
    pen, begin = ImageDraw.Draw(image), -90.0
    for share, fill in zip(shares, ("#4e79a7", "#f28e2b", "#e15759", "#76b7b2"), strict=False):
        pen.pieslice((20, 20, 280, 280), begin, begin + 360 * share, fill=fill)
        begin += 360 * share
    pen.ellipse((150 - hole, 150 - hole, 150 + hole, 150 + hole), fill="white")
    return image


def dial(degrees: float) -> Image.Image:
    """An instrument's needle."""
    image = Image.new("RGB", (260, 260), "white")
    pen, x, y = ImageDraw.Draw(image), np.sin(np.radians(degrees)), -np.cos(np.radians(degrees))
    pen.ellipse((10, 10, 250, 250), outline="black", width=8)
    for turn in np.arange(12) * np.pi / 6:
        along = np.array([np.sin(turn), -np.cos(turn)])
        pen.line([tuple(130 + length * along) for length in (100, 112)], fill="black", width=4)
    pen.line((130, 130, 130 + 100 * x, 130 + 100 * y), fill="black", width=6)
    return image


def rain(drops: int) -> Image.Image:
    """A cloud before the sun; the drops below it are trimmed as a caption is."""
    image = Image.new("RGB", (200, 200), "#e9f2fb")
    pen = ImageDraw.Draw(image)
    pen.ellipse((100, 20, 170, 90), fill="#ffb703")
    for box in ((30, 80, 100, 150), (70, 55, 140, 140), (110, 85, 170, 150)):
        pen.ellipse(box, fill="#9aa5b1")
    pen.rectangle((65, 110, 140, 150), fill="#9aa5b1")
    for drop in range(drops):
        pen.line((60 + 26 * drop, 158, 52 + 26 * drop, 182), fill="#2277cc", width=6)
    return image


def level(share: float) -> Image.Image:
    """How far something is, in a frame."""
    image = Image.new("RGB", (400, 60), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((10, 10, 390, 50), outline="black", width=3)
    pen.rectangle((13, 13, 14 + 372 * share, 47), fill="#33aa77")
    return image


def keys(*marked: int) -> Image.Image:
    """A keyboard with marked keys, most of whose rows are trimmed as lines of letters are."""
    image = Image.new("RGB", (420, 150), "#dddddd")
    pen = ImageDraw.Draw(image)
    for key in range(40):
        x, y = 10 + key % 10 * 40 + key // 10 * 4, 8 + key // 10 * 34
        fill = "#e63946" if key in marked else "white"
        pen.rounded_rectangle((x, y, x + 34, y + 29), 5, fill=fill, outline="#555555")
    return image


_ARROW = ((20, 100), (90, 30), (90, 75), (180, 75), (180, 125), (90, 125), (90, 170))
ALIKE = {
    "arrows to the left and to the right": (sign(*_ARROW), sign(*((200 - x, y) for x, y in _ARROW))),
    "a red sign and a pink one": (sign(*_ARROW, fill="red"), sign(*_ARROW, fill=(255, 150, 150))),
    "signs of two colours": (sign(*_ARROW, fill="red"), sign(*_ARROW, fill="green")),
    "a disc and a square": (
        sign(*((int(100 + 70 * np.cos(a)), int(100 + 70 * np.sin(a))) for a in np.linspace(0, 6.2, 60))),
        sign((30, 30), (170, 30), (170, 170), (30, 170)),
    ),
    "receipts of other things": (receipt(1), receipt(2)),
    "a wide blot and a high one": (
        sign((20, 80), (180, 80), (180, 120), (20, 120)),
        sign((80, 20), (120, 20), (120, 180), (80, 180)),
    ),
    "codes of squares": (squares(26), squares(42)),
    "bar codes": (bars(3), bars(6)),
    "needles two degrees apart": (dial(40), dial(42)),
    "more and less rain": (rain(4), rain(1)),
    "rain and none": (rain(3), rain(0)),
    "charts of other parts": (cake(0.3, 0.3, 0.2, 0.2, hole=60), cake(0.3, 0.26, 0.24, 0.2, hole=60)),
}


@pytest.mark.parametrize("name", ALIKE)
def test_what_is_alike_is_no_copy(name: str) -> None:
    one, other = ALIKE[name]
    assert kind(one, other) is Kind.NEW
    assert kind(one, one.resize((one.width // 2, one.height // 2))) is Kind.NEAR


@pytest.mark.parametrize(("one", "other"), [(level(0.6), level(0.56)), (keys(5), keys(31))])
def test_one_frame_holds_no_other_by_stretching_it_or_leaving_out_its_edges(
    one: Image.Image, other: Image.Image
) -> None:
    assert kind(one, other) is Kind.NEW
    matcher = Matcher()
    matcher.add(of(one))
    assert matcher.match(fingerprint(encoded(one, "JPEG", quality=40))).kind is Kind.NEAR


def test_only_the_orientations_that_are_wanted_are_looked_for() -> None:
    upright = MatchOptions(orientations=("identity", "rotated-180", "rotated-90", "rotated-270"))
    turned = {"mirrored": ImageOps.mirror(scene(3)), "half a turn": scene(3).rotate(180)}
    assert {name: kind(scene(3), image) for name, image in turned.items()} == dict.fromkeys(turned, Kind.NEAR)
    assert kind(scene(3), turned["mirrored"], upright) is Kind.NEW
    assert kind(scene(3), turned["half a turn"], upright) is Kind.NEAR
    with pytest.raises(ValueError, match="orientations are some of identity"):
        MatchOptions(orientations=("upside-down",))


def test_a_few_letters_over_a_photograph_are_no_other_ink() -> None:
    image = photograph(3)
    written = image.copy()
    ImageDraw.Draw(written).text((20, 20), "the same", fill="white", font_size=40)
    assert kind(image, written) is Kind.NEAR


def test_codes_carry_a_thumbnail_though_nothing_of_them_is_plain() -> None:
    assert of(squares(1)).fine
    assert of(bars(1)).fine
    assert not any(of(photograph(seed)).fine for seed in (1, 3, 5))


def turn_all(pixels: np.ndarray, orientation: int) -> np.ndarray:
    return np.stack([turned_picture(plane, orientation) for plane in np.moveaxis(pixels, 2, 0)], axis=2)


@pytest.mark.parametrize("orientation", range(8))
@pytest.mark.parametrize("view", [WHOLE, INSIDE, EXTRA[0], EXTRA[4]])
def test_which_of_two_is_the_query_does_not_matter(orientation: int, view: View) -> None:
    scores = set()
    back = ORIENTATIONS.index(BACK.get(ORIENTATIONS[orientation], ORIENTATIONS[orientation]))
    for image, other in [(scene(1), scene(1).resize((100, 75))), (cake(0.3, 0.7), cake(0.3, 0.6))]:
        one, two = of(Image.fromarray(turn_all(np.asarray(image), back))), of(other)
        found = look_and_judge(
            side_of(one, WHOLE), side_of(two, view), orientation=orientation, distance_bits=9, criteria=DEFAULT_CRITERIA
        )
        swapped = look_and_judge(
            side_of(two, view.turned(back)),
            side_of(one, WHOLE.turned(back)),
            orientation=back,
            distance_bits=9,
            criteria=DEFAULT_CRITERIA,
        )
        assert found == swapped
        scores.add(found[1].score)
    assert max(scores) > 0.5  # they do lie over one another


def test_what_hashes_of_crops_say_counts_for_less_the_farther_they_are() -> None:
    """Pictures that share a part are alike in some crop: of those that are far, more is asked."""
    one, other = of(photograph(2)), of(photograph(2).resize((200, 150)))

    def score(view: View, bits: int) -> float:
        sides = side_of(one, view), side_of(other, WHOLE)
        return look_and_judge(*sides, orientation=0, distance_bits=bits, criteria=DEFAULT_CRITERIA)[1].score

    assert score(EXTRA[0], 60) == score(EXTRA[0], 10)
    assert score(EXTRA[0], 60) > score(EXTRA[0], 70) > score(EXTRA[0], 85) > DEFAULT_CRITERIA.score
    assert score(WHOLE, 85) == score(WHOLE, 10)
    assert score(INSIDE, 85) == score(INSIDE, 10)


@pytest.mark.parametrize("orientation", range(8))
def test_a_view_is_turned_as_the_picture_is(orientation: int) -> None:
    pixels = np.arange(600).reshape(20, 30)
    view = EXTRA[4]._replace(left=0.2, top=0.1, right=0.3, bottom=0.15)

    def part(of: np.ndarray, view: View) -> np.ndarray:
        height, width = of.shape
        left, right = round(width * view.left), round(width * (1 - view.right))
        return of[round(height * view.top) : round(height * (1 - view.bottom)), left:right]

    expected = turned_picture(part(pixels, view), orientation)
    assert np.array_equal(part(turned_picture(pixels, orientation), view.turned(orientation)), expected)


def numbers_of_numpy(found: object, path: str = "") -> Iterator[str]:
    """Where a value isn't Python's own: records can't be made of it."""
    if isinstance(found, np.generic):
        yield path
    elif is_dataclass(found):
        for field in fields(found):
            yield from numbers_of_numpy(getattr(found, field.name), f"{path}.{field.name}")
    elif isinstance(found, list | tuple):
        for name, one in zip(getattr(found, "_fields", map(str, range(len(found)))), found, strict=True):
            yield from numbers_of_numpy(one, f"{path}.{name}")


def test_what_a_look_says_is_made_of_numbers_that_records_can_have() -> None:
    images = [photograph(0), photograph(1), scene(2), product((200, 40, 40)), cake(0.3, 0.7), under_a_sky(1)]
    images += [caption(images[0]), striped(images[0], "#f0e030"), light(images[3], lambda pixels: pixels * 0.5)]
    sides = [side_of(of(image), WHOLE) for image in images]
    for one, other, orientation in itertools.product(sides, sides, (0, 3)):
        agreement = second_look(one, other, orientation=orientation)
        assert not list(numbers_of_numpy(agreement))
        assert not list(numbers_of_numpy(judge(agreement, 40)))
        beside = look_beside(one, other, orientation=orientation)
        if beside is not None:
            assert not list(numbers_of_numpy(beside))
            assert not list(numbers_of_numpy(judge_beside(agreement, beside, 40)))
