"""Two pictures, whether they are copies, and why."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from synsift.dedupe import Likeness, Matcher, MatchOptions, NotCopies, compare, fingerprint
from tests.dedupe.pictures import encoded, photograph, scene

COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "small": lambda image: image.resize((160, 120)),
    "mirrored": ImageOps.mirror,
    "grey": lambda image: image.convert("L"),
    "cropped": lambda image: image.crop((16, 12, 304, 228)),
}


def test_the_same_bytes_are_exact() -> None:
    found = compare(encoded(scene(1), "PNG"), encoded(scene(1), "PNG"))
    assert (found.kind, found.score, found.distance_bits, found.are_copies) == (Likeness.EXACT, 1.0, 0, True)
    assert found.reasons == ("both are the same, byte for byte",)


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_near_whichever_comes_first(name: str) -> None:
    one, other = scene(1), COPIES[name](scene(1))
    for found in (compare(one, other), compare(other, one)):
        assert found.kind is Likeness.NEAR
        assert 0.85 <= found.score <= 1
        assert found.distance_bits is not None
        assert f"differ in {found.distance_bits} of 256 bits" in found.reasons[0]


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270, Image.Transpose.TRANSVERSE])
def test_the_transform_turns_the_second_into_the_first(turn: Image.Transpose) -> None:
    names = {"rotated-90": Image.Transpose.ROTATE_90, "rotated-270": Image.Transpose.ROTATE_270}
    names["transverse"] = Image.Transpose.TRANSVERSE
    one, other = scene(2), scene(2).transpose(turn)
    for first, second in ((one, other), (other, one)):
        found = compare(first, second)
        assert found.transform is not None
        back = second.transpose(names[found.transform])
        assert np.abs(np.asarray(back, float) - np.asarray(first, float)).mean() < 1


def test_another_picture_is_different_and_scores_below_any_copy() -> None:
    found = compare(scene(1), scene(2))
    assert found.kind is Likeness.DIFFERENT
    assert not found.are_copies
    assert found.score < 0.85
    assert found.transform is None
    assert found.reasons


def test_the_same_picture_in_another_colour_says_that_colours_differ() -> None:
    red, green, blue = scene(1).split()
    found = compare(scene(1), Image.merge("RGB", (blue, green, red)))
    assert found.kind is Likeness.DIFFERENT
    assert found.score < 0.85
    assert any("colour" in reason for reason in found.reasons)


@pytest.mark.parametrize("contrast", [0.3, 0.5, 0.55, 0.56, 1.8, 2.5])
def test_no_contrast_is_a_cliff(contrast: float) -> None:
    image = photograph(1)
    other = image.point(lambda value: int(min(255, max(0, 128 + (value - 128) * contrast))))
    found = compare(image, other)
    assert found.kind is Likeness.NEAR, found.reasons


def test_the_reasons_say_what_each_thing_costs_and_add_up_to_the_score() -> None:
    for one, other in ((scene(1), scene(1).resize((200, 240))), (scene(1), scene(2)), (photograph(1), photograph(2))):
        found = compare(one, other)
        costs = [float(reason.split(":")[0].removeprefix("−")) for reason in found.reasons if reason.startswith("−")]
        assert costs == sorted(costs, reverse=True)
        assert max(0, 1 - sum(costs)) >= found.score - 0.02
        assert f"their score is {found.score:.2f}" in " ".join(found.reasons) or "hashes differ" in found.reasons[0]


def test_what_a_person_judged_is_honoured_whatever_it_looks_like() -> None:
    one, other = fingerprint(encoded(scene(1), "JPEG")), fingerprint(encoded(scene(1), "PNG"))
    assert compare(one, other).are_copies
    judged = MatchOptions(not_copies=NotCopies([(other.sha256, one.sha256)]))
    for pair in ((one, other), (other, one)):
        found = compare(*pair, options=judged)
        assert (found.kind, found.reasons) == (Likeness.DIFFERENT, ("a person judged that they are no copies",))


def test_what_is_too_plain_is_said_to_be() -> None:
    found = compare(Image.new("RGB", (90, 90), "white"), scene(1))
    assert (found.kind, found.score, found.distance_bits) == (Likeness.PLAIN, 0.0, None)
    assert "the first is too plain" in found.reasons[0]


def test_the_verdict_is_that_of_a_matcher() -> None:
    pictures = [scene(seed) for seed in range(4)]
    pictures += [copy(scene(seed)) for seed in range(4) for copy in COPIES.values()]
    images = [fingerprint(encoded(picture, "JPEG", quality=80)) for picture in pictures]
    near = [[Matcher.of_reference([one]).match(other).of is not None for other in images] for one in images]
    for number, one in enumerate(images):
        for other_number, other in enumerate(images):
            either = near[number][other_number] or near[other_number][number]
            assert compare(one, other).are_copies is either


def test_anything_that_fingerprint_takes_is_compared(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    scene(1).save(path)
    ways = [path, str(path), path.read_bytes(), scene(1), np.asarray(scene(1)), fingerprint(path)]
    assert all(compare(one, other).are_copies for one in ways for other in ways)
    with pytest.raises(TypeError, match="NoneType"):
        compare(path, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"radius_bits": "70"}, {"radius_bits": True}, {"criteria": 1}, {"all_crops": 1}, {"not_copies": []},
    ],
)  # fmt: skip
def test_options_of_other_types_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=f"{next(iter(wrong))} is of the type"):
        MatchOptions(**wrong)


def test_what_are_no_options_is_refused() -> None:
    for orientations in (None, 2, (1,), "identity"):
        with pytest.raises(TypeError, match="orientations is a tuple of names"):
            MatchOptions(orientations=orientations)  # type: ignore[arg-type]
    assert MatchOptions(radius_bits=np.int64(3)).radius_bits == 3  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="between 0 and 256"):
        MatchOptions(radius_bits=257)
    with pytest.raises(TypeError, match="options are MatchOptions, not `int`"):
        compare(scene(1), scene(1), options=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="options are MatchOptions"):
        Matcher({})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Survivors are taken, not `bytes`"):
        Matcher.from_survivors(b"x")  # type: ignore[arg-type]
