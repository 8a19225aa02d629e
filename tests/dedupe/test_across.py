"""Copies between scopes."""

from PIL import Image, ImageOps

from synsift.dedupe import MatchOptions, NotCopies, fingerprint
from synsift.dedupe.across import Crossing, crossings
from tests.dedupe.pictures import encoded, scene

A, B = fingerprint(encoded(scene(1), "PNG")), fingerprint(encoded(scene(2), "PNG"))
SMALL_A = fingerprint(encoded(scene(1).resize((160, 120)), "JPEG", quality=70))
TURNED_A = fingerprint(encoded(ImageOps.mirror(scene(1)), "PNG"))


def test_the_same_bytes_cross_every_two_scopes_once() -> None:
    found = list(crossings([("x", A), ("y", B), ("y", A), ("z", A)]))
    assert [(one.scope, one.other_scope, one.is_exact) for one in found] == [
        ("y", "x", True),
        ("z", "x", True),
        ("z", "y", True),
    ]


def test_copies_cross_whatever_their_size_and_turn() -> None:
    found = list(crossings([("x", A), ("y", SMALL_A), ("z", TURNED_A)]))
    assert {(one.scope, one.other_scope) for one in found} == {("y", "x"), ("z", "x"), ("z", "y")}
    assert not any(one.is_exact for one in found)
    assert all(one.score > 0.9 for one in found)
    assert {one.transform for one in found if one.scope == "z"} == {"mirrored"}


def test_copies_within_a_scope_are_none_of_its_business() -> None:
    assert list(crossings([("x", A), ("x", SMALL_A)])) == []


def test_a_copy_crosses_every_scope_of_the_other() -> None:
    found = list(crossings([("x", A), ("y", A), ("z", SMALL_A), ("w", SMALL_A)]))
    pairs = {(one.scope, one.other_scope) for one in found}
    assert pairs == {("y", "x"), ("z", "x"), ("z", "y"), ("w", "x"), ("w", "y"), ("w", "z")}


def test_what_was_judged_to_be_no_copy_is_none() -> None:
    apart = MatchOptions(not_copies=NotCopies([(A.sha256, SMALL_A.sha256)]))
    assert list(crossings([("x", A), ("y", SMALL_A)], apart)) == []


def test_plain_pictures_cross_by_their_bytes_only() -> None:
    plain = [fingerprint(encoded(Image.new("RGB", (200, 200), (level, 0, 0)), "PNG")) for level in (40, 41)]
    assert list(crossings([("x", plain[0]), ("y", plain[1]), ("y", plain[0])])) == [
        Crossing("y", plain[0].sha256, "x", plain[0].sha256)
    ]
