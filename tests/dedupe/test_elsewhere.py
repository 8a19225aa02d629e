"""What lies elsewhere in one of two drawings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from synsift.dedupe.elsewhere import are_framed_alike, moved, outside_bits, shifted
from synsift.dedupe.frequencies import HASH_BYTES, ORIENTATIONS, Floats, oriented_hashes

_ALL = np.ones(64 * 64, dtype=np.float32)
_ALIKE = np.array([0.1, 0.2, 0.1, 0.05])
_AS_IT_IS = np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32)


def needle(degrees: float, *, blur: float = 2.0) -> Floats:
    """A needle and a ring, drawn large and made small."""
    image = Image.new("L", (512, 512), 240)
    pen, x, y = ImageDraw.Draw(image), np.sin(np.radians(degrees)), -np.cos(np.radians(degrees))
    pen.ellipse((20, 20, 492, 492), outline=20, width=16)
    pen.line((256, 256, 256 + 200 * x, 256 + 200 * y), fill=20, width=14)
    small = image.filter(ImageFilter.GaussianBlur(blur)).resize((64, 64), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32).ravel()


def test_a_part_is_moved_the_farther_it_is_turned() -> None:
    found = [moved(needle(40), needle(40 + turn), _ALL) for turn in (0, 1, 2, 4)]
    assert found == sorted(found)
    assert found[0] == 0
    assert found[1] > 0.03


@pytest.mark.parametrize("blur", [1.0, 6.0, 10.0])
def test_what_is_blurred_all_over_has_moved_nowhere(blur: float) -> None:
    assert moved(needle(40), needle(40, blur=blur), _ALL) < 0.01


def test_noise_all_over_is_no_shift() -> None:
    noise = np.random.default_rng(1).normal(0, 12, 64 * 64).astype(np.float32)
    assert moved(needle(40), needle(40) + noise, _ALL) < 0.01


def test_what_is_not_seen_has_not_moved() -> None:
    hidden = _ALL.copy().reshape(64, 64)
    hidden[8:40, 30:60] = 0  # where the needle is
    assert moved(needle(40), needle(44), hidden.ravel()) < 0.02
    assert moved(needle(40), needle(44), 0 * _ALL) == 0


def test_only_the_same_borders_say_where_a_box_lies() -> None:
    cropped = np.multiply(_ALIKE, (1, 1, 0, 1))
    closer = np.array([[0.9, 0, -0.05], [0, 1, 0]], dtype=np.float32)
    assert shifted(_ALIKE, _ALIKE, _AS_IT_IS) == 0
    assert shifted(_ALIKE, _ALIKE, closer) == pytest.approx(0.1 - 0.012, abs=1e-6)
    assert shifted(_ALIKE, np.add(_ALIKE, (0.1, 0, 0, 0)), closer) == 0  # framed once more
    assert shifted(cropped, cropped, closer) == 0  # it may be cropped at the right
    assert not are_framed_alike(0 * _ALIKE, 0 * _ALIKE)


hashes = st.binary(min_size=2 * HASH_BYTES, max_size=2 * HASH_BYTES)


@given(hashes, hashes, st.integers(0, len(ORIENTATIONS) - 1), st.integers(0, 256))
def test_the_wholes_differ_by_no_more_than_they_do(one: bytes, other: bytes, orientation: int, inside: int) -> None:
    found = outside_bits(one, other, orientation, inside)
    turned = oriented_hashes(np.frombuffer(one, np.uint8).reshape(2, HASH_BYTES))[0, orientation]
    whole = int(np.bitwise_count(turned ^ np.frombuffer(other[:HASH_BYTES], np.uint8)).sum())
    assert 0 <= found <= max(0, whole - inside)
    assert outside_bits(b"", other, orientation, inside) == outside_bits(one, b"", orientation, inside) == 0


def test_what_is_another_outside_and_the_same_inside_is_told() -> None:
    inside = bytes(range(HASH_BYTES))
    assert outside_bits(bytes(HASH_BYTES) + inside, b"\xff" * HASH_BYTES + inside, 0, 5) == 256 - 5
