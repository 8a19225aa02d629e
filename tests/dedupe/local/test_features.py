from collections.abc import Callable

import numpy as np
import pytest
from PIL import ImageOps

from synsift.dedupe import TooManyPixels, describe
from synsift.dedupe.local import opencv
from synsift.dedupe.local.features import Features, mirrored
from synsift.dedupe.local.opencv import OpenCVMissing
from tests.dedupe.local.scenes import busy
from tests.dedupe.pictures import encoded


def test_features_come_back_from_their_bytes() -> None:
    made = describe(busy(1))
    back = Features.from_bytes(made.to_bytes())
    assert (back.descriptors == made.descriptors).all()
    assert (back.picture == made.picture).all()
    assert abs(back.points[:, :2] - made.points[:, :2]).max() <= 1 / 64
    assert back.to_bytes() == made.to_bytes()


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"\x63" + data[1:], lambda data: b""])
def test_bytes_that_are_no_features_are_refused(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match="features"):
        Features.from_bytes(damage(describe(busy(1)).to_bytes()))


def test_a_picture_of_one_colour_has_no_points_and_still_its_bytes() -> None:
    made = describe(np.full((64, 80), 90, np.uint8))
    assert len(Features.from_bytes(made.to_bytes()).points) == len(made.points) == 0


def test_a_mirrored_pictures_features_are_those_of_looking_at_it_again() -> None:
    image = busy(2)
    by_order, by_sight = mirrored(describe(image)), describe(ImageOps.mirror(image))
    likeness = by_order.descriptors.astype(float) @ by_sight.descriptors.astype(float).T / 255**2
    nearest = likeness.argmax(1)
    far = np.hypot(*(by_order.points[:, :2] - by_sight.points[nearest, :2]).T)
    same = (likeness.max(1) > 0.95) & (far < 3)
    assert same.mean() > 0.8
    turn = by_order.points[same, 3] - by_sight.points[nearest[same], 3]
    assert np.median(np.cos(turn)) > 0.95


def test_limits_hold_before_a_picture_is_decoded() -> None:
    with pytest.raises(TooManyPixels):
        describe(encoded(busy(1), "PNG"), max_pixels=100)


def test_without_opencv_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(opencv.importlib, "import_module", missing)
    opencv.load_opencv.cache_clear()
    try:
        with pytest.raises(OpenCVMissing, match=r"synsift\[thorough\]"):
            describe(busy(1))
    finally:
        opencv.load_opencv.cache_clear()


def test_a_small_picture_is_enlarged_and_a_large_one_made_smaller() -> None:
    assert describe(busy(1).resize((90, 60))).width_px == 256
    assert describe(busy(1).resize((300, 225))).width_px == 300
    assert describe(busy(1).resize((900, 675))).width_px == 512
    assert len(describe(busy(1).resize((120, 90))).points) > 20
