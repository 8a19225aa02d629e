import base64
import contextlib
import hashlib
import io
from dataclasses import replace

import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from synsift.dedupe import ORIENTATIONS, Fingerprint, Likeness, better, compare, fingerprint
from synsift.dedupe.fine import exactness_of, ground_share, read_fine
from synsift.dedupe.fingerprint import RECORD
from synsift.dedupe.frequencies import oriented_hashes
from tests.dedupe.pictures import encoded, photograph, scene

_TURNS = {
    "mirrored": Image.Transpose.FLIP_LEFT_RIGHT,
    "flipped": Image.Transpose.FLIP_TOP_BOTTOM,
    "rotated-180": Image.Transpose.ROTATE_180,
    "transposed": Image.Transpose.TRANSPOSE,
    "rotated-90": Image.Transpose.ROTATE_90,
    "rotated-270": Image.Transpose.ROTATE_270,
    "transverse": Image.Transpose.TRANSVERSE,
}


def distance(a: bytes, b: bytes) -> int:
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_count()


def of(image: Image.Image) -> Fingerprint:
    return fingerprint(encoded(image, "PNG"))


@pytest.mark.parametrize("name", _TURNS)
def test_the_hash_of_every_orientation_follows_from_the_hash(name: str) -> None:
    image = scene(1)
    row = of(image).orientations()[ORIENTATIONS.index(name)]
    assert distance(row.tobytes(), of(image.transpose(_TURNS[name])).hash256) <= 8


def test_the_first_orientation_is_the_hash_itself() -> None:
    found = of(scene(2))
    assert found.orientations()[0].tobytes() == found.hash256


@given(st.binary(min_size=32, max_size=32))
def test_the_orientations_form_a_group(bits: bytes) -> None:
    hashes = np.frombuffer(bits, dtype=np.uint8)[None]
    found = oriented_hashes(hashes)[0]
    rows = {row.tobytes() for row in found}
    for turned in oriented_hashes(found):
        assert {row.tobytes() for row in turned} == rows


def test_copies_are_near_and_other_pictures_are_far() -> None:
    image = scene(3)
    small = image.resize((120, 90))
    assert distance(of(image).hash256, of(small).hash256) < 20
    assert distance(of(image).hash256, fingerprint(encoded(image, "JPEG", quality=20)).hash256) < 20
    others = [of(scene(seed)).hash256 for seed in range(10, 30)]
    assert min(distance(of(image).hash256, other) for other in others) > 81


def test_the_64_bit_hash_is_that_of_imagehash_but_for_four_bits() -> None:
    for seed in range(40):
        data = encoded(scene(seed), "JPEG", quality=90)
        with Image.open(io.BytesIO(data)) as image:
            theirs = np.packbits(imagehash.phash(image).hash.ravel()).tobytes()
        assert distance(fingerprint(data).phash, theirs) <= 4


def test_what_else_is_known_of_an_image() -> None:
    data = encoded(scene(4), "JPEG")
    found = fingerprint(data)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert (found.width_px, found.height_px, found.format, found.size_bytes) == (320, 240, "JPEG", len(data))
    assert not found.is_plain


@pytest.mark.parametrize("colour", ["white", "black", "red", (127, 127, 127)])
def test_one_colour_is_plain(colour: object) -> None:
    assert of(Image.new("RGB", (200, 100), colour)).is_plain  # type: ignore[arg-type]


def test_the_forms_are_read_back() -> None:
    for found in (of(scene(5)), of(Image.new("L", (50, 60), 255)), of(ImageOps.expand(scene(6), 30, "white"))):
        assert Fingerprint.from_text(found.to_text()).to_record() == found.to_record()
        assert replace(Fingerprint.from_record(found.to_record()), information=found.information) == found


_RECORD = of(scene(5)).to_record()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "version ''"),
        ("1:" + "A" * 43 + "=", "version '1'; this program reads version 4"),
        ("2:" + "A" * 720, "version '2'; this program reads version 4: make it anew"),
        ("4:AAAA", "at least 547 bytes, not 3"),
        ("4:**", "base64"),
        ("4:" + base64.b64encode(_RECORD + b"x").decode(), "more bytes"),
        (
            "4:" + base64.b64encode(_RECORD[: RECORD.itemsize] + bytes(len(_RECORD) - RECORD.itemsize)).decode(),
            "unpacked",
        ),
        ("nonsense", "version 'nonsense'"),
        ("4:" + base64.b64encode(_RECORD.replace(b"PNG\0", b"EXE\0")).decode(), "no format is called 'EXE'"),
        ("4:" + base64.b64encode(_RECORD[:168] + b"\xff" + _RECORD[169:]).decode(), "views"),
    ],
)
def test_a_wrong_text_form_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Fingerprint.from_text(text)


@given(st.binary(min_size=len(_RECORD), max_size=len(_RECORD)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        found = Fingerprint.from_record(_RECORD[:170] + data[170:190] + _RECORD[190:])
        assert not better(found, found)


def test_borders_are_seen() -> None:
    assert of(scene(6)).used_views.tolist() == [0, 1, 2]
    framed = of(ImageOps.expand(scene(6), (20, 30, 40, 50), "white"))
    assert framed.used_views.tolist() == [0, 1, 2, 3]
    inside = framed.view_hashes()[3].tobytes()
    assert distance(inside, of(scene(6)).hash256) <= 12


def written_page(seed: int, size: tuple[int, int] = (1280, 800)) -> Image.Image:
    """A window with paragraphs: lines as fine as pixels."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 240, size[1]), fill="#e8ecf2")
    y = 24
    while y < size[1] - 80:
        pen.text((20, y), "x" * int(rng.integers(8, 30)), fill="#203050")
        left = int(rng.integers(270, 500))
        for _ in range(int(rng.integers(1, 6))):
            words = ["n" * int(rng.integers(1, 11)) for _ in range(int(rng.integers(4, 16)))]
            pen.text((left, y), " ".join(words), fill="#202020")
            y += 15
        y += int(rng.integers(10, 60))
    return image


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("quality", [60, 95])
def test_what_is_written_is_the_same_as_a_jpeg_and_with_its_pixels_as_a_png(seed: int, quality: int) -> None:
    jpeg = encoded(written_page(seed), "JPEG", quality=quality)
    pixels = encoded(Image.open(io.BytesIO(jpeg)), "PNG")
    assert compare(jpeg, pixels).score > 0.98  # 0.92 to 0.96 where the JPEG is decoded at a small scale
    assert fingerprint(jpeg).borders == fingerprint(pixels).borders
    assert compare(encoded(written_page(seed), "PNG"), jpeg).kind == Likeness.NEAR
    assert compare(encoded(written_page(seed + 10), "PNG"), jpeg).kind == Likeness.DIFFERENT


def test_the_most_frequent_tone_is_that_of_a_sum_around_each() -> None:
    rng = np.random.default_rng(1)
    for number in range(50):
        counts = rng.integers(0, 50, 256)
        if number % 2:
            counts[[0, 1, 255][number % 3]] = 900
        around = np.convolve(counts, np.ones(5), "same")
        assert ground_share(counts.tolist()) == float(around.max()) / counts.sum()
    assert ground_share([0] * 256) == 0


def test_what_is_exact_of_a_thumbnail_is_told_by_its_head() -> None:
    found = [of(image).fine for image in (scene(2), Image.new("RGB", (200, 200), "white"), photograph(3))]
    drawn = [fine for fine in found if fine]
    assert drawn
    assert [exactness_of(fine) for fine in drawn] == [read_fine(fine).exactness for fine in drawn]
