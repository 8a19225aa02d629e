import hashlib

import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dedupe import ORIENTATIONS, Fingerprint, fingerprint, hash_from_text
from tests.dedupe.pictures import encoded, scene

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
    assert distance(row.tobytes(), of(image.transpose(_TURNS[name])).hash256) <= 4


def test_the_first_orientation_is_the_hash_itself() -> None:
    found = of(scene(2))
    assert found.orientations()[0].tobytes() == found.hash256


@given(st.binary(min_size=32, max_size=32))
def test_the_orientations_form_a_group(bits: bytes) -> None:
    # The DC bit is never set by `fingerprint`.
    found = Fingerprint("00", bytes([bits[0] & 0x7F]) + bits[1:], 9.0, 1, 1, "PNG", 1)
    rows = {row.tobytes() for row in found.orientations()}
    for row in found.orientations():
        again = Fingerprint("00", row.tobytes(), 9.0, 1, 1, "PNG", 1)
        assert {other.tobytes() for other in again.orientations()} == rows


def test_copies_are_near_and_other_pictures_are_far() -> None:
    image = scene(3)
    small = image.resize((120, 90))
    assert distance(of(image).hash256, of(small).hash256) < 20
    assert distance(of(image).hash256, fingerprint(encoded(image, "JPEG", quality=20)).hash256) < 20
    others = [of(scene(seed)).hash256 for seed in range(10, 30)]
    assert min(distance(of(image).hash256, other) for other in others) > 81


def test_the_hash_agrees_with_imagehash_of_the_same_size() -> None:
    # Not bit by bit: imagehash compares with the median. On pictures the median is near zero.
    for seed in range(5):
        theirs = np.packbits(imagehash.phash(scene(seed), hash_size=16).hash.ravel()).tobytes()
        assert distance(of(scene(seed)).hash256, theirs) <= 24


def test_what_else_is_known_of_an_image() -> None:
    data = encoded(scene(4), "JPEG")
    found = fingerprint(data)
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert (found.width_px, found.height_px, found.format, found.size_bytes) == (320, 240, "JPEG", len(data))
    assert not found.is_plain


@pytest.mark.parametrize("colour", ["white", "black", "red", (127, 127, 127)])
def test_one_colour_is_plain(colour: object) -> None:
    assert of(Image.new("RGB", (200, 100), colour)).is_plain  # type: ignore[arg-type]


def test_the_text_form_is_read_back() -> None:
    found = of(scene(5))
    assert hash_from_text(found.to_text()) == found.hash256


@pytest.mark.parametrize("text", ["", "1:", "2:AAAA", "1:AAAA", "1:**", "nonsense"])
def test_a_wrong_text_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"fingerprint|base64|padding|Only"):
        hash_from_text(text)
