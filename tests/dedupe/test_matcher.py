import copy
import itertools
import pickle
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from synsift.dedupe import (
    Fingerprint,
    ImageError,
    Kind,
    Matcher,
    MatchOptions,
    NotCopies,
    Survivors,
    Verdict,
    cluster,
    fingerprint,
)
from synsift.dedupe.fingerprint import RECORD
from synsift.dedupe.matcher import SeenLooks
from tests.dedupe.pictures import encoded, scene

# Where the number of the first row's cluster stands: behind the count of rows and the row's fixed part.
_CLUSTER = 8 + RECORD.itemsize


def copies(seed: int) -> dict[str, Fingerprint]:
    return dict(copies_once(seed))


@cache
def copies_once(seed: int) -> dict[str, Fingerprint]:
    image = scene(seed)
    small = image.resize((200, 150))
    made = {
        "original": encoded(image, "JPEG", quality=92),
        "small": encoded(small, "JPEG", quality=90),
        "worse": encoded(image, "JPEG", quality=40),
        "mirrored": encoded(ImageOps.mirror(small), "PNG"),
        "webp": encoded(small, "WEBP", quality=70),
    }
    return {name: fingerprint(data) for name, data in made.items()}


def test_a_new_picture_is_new_and_survives() -> None:
    matcher = Matcher()
    assert matcher.add(copies(1)["original"]) == Verdict(Kind.NEW)
    assert matcher.add(copies(2)["original"]) == Verdict(Kind.NEW)
    assert len(matcher) == 2


def test_the_same_bytes_are_exact() -> None:
    matcher, original = Matcher(), copies(1)["original"]
    matcher.add(original)
    verdict = matcher.add(original)
    assert (verdict.kind, verdict.of, verdict.distance_bits, verdict.survives) == (
        Kind.EXACT,
        original.sha256,
        0,
        False,
    )


@pytest.mark.parametrize("name", ["small", "worse", "mirrored", "webp"])
def test_a_copy_is_near_and_says_how(name: str) -> None:
    made = copies(1)
    matcher = Matcher()
    matcher.add(made["original"])
    verdict = matcher.add(made[name])
    assert verdict.kind is Kind.NEAR
    assert verdict.of == made["original"].sha256
    assert verdict.transform == ("mirrored" if name == "mirrored" else "identity")
    assert not verdict.survives


def test_a_better_copy_replaces() -> None:
    made = copies(1)
    matcher = Matcher()
    matcher.add(made["small"])
    verdict = matcher.add(made["original"])
    assert verdict.replaces
    assert verdict.of == made["small"].sha256
    assert len(matcher) == 1
    assert matcher.match(made["worse"]).of == made["original"].sha256
    assert matcher.match(made["small"]).of == made["original"].sha256


@pytest.mark.parametrize("order", list(itertools.permutations(["original", "small", "worse", "mirrored"])))
def test_the_order_of_arrival_does_not_change_the_survivor(order: tuple[str, ...]) -> None:
    made = copies(1)
    matcher = Matcher()
    for name in order:
        matcher.add(made[name])
    assert len(matcher) == 1
    assert matcher.match(made["webp"]).of == made["original"].sha256


def test_state_restored_from_survivors_judges_alike() -> None:
    arrivals = [image for seed in range(6) for image in reversed(copies(seed).values())]
    first, second = Matcher(), Matcher()
    for image in arrivals:
        verdict = first.add(image)
        if verdict.survives:
            second.restore(image, replaces=verdict.of if verdict.replaces else None)
    assert len(first) == len(second)
    for image in arrivals:
        assert first.match(image) == second.match(image)


def test_plain_pictures_are_compared_by_their_bytes_only() -> None:
    white, black = (fingerprint(encoded(Image.new("RGB", (90, 90), c), "PNG")) for c in ("white", "black"))
    matcher = Matcher()
    assert matcher.add(white).kind is Kind.PLAIN
    assert matcher.add(black).kind is Kind.PLAIN
    assert matcher.add(white).kind is Kind.EXACT


def test_restoring_what_replaces_an_unknown_survivor_is_an_error() -> None:
    with pytest.raises(KeyError):
        Matcher().restore(copies(1)["original"], replaces="00" * 32)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(sorted(copies(0)))), max_size=12))
@settings(max_examples=12, deadline=None)
def test_a_matcher_made_of_anothers_survivors_judges_as_it_does(arrivals: list[tuple[int, str]]) -> None:
    made = {seed: copies(seed) for seed in range(6)}
    plain = fingerprint(encoded(Image.new("RGB", (64, 64), "white"), "PNG"))
    one = Matcher()
    for image in [plain, *(made[seed][name] for seed, name in arrivals)]:
        one.add(image)
    kept = Survivors.from_bytes(one.survivors().to_bytes())
    other = Matcher.from_survivors(kept)
    assert len(other) == len(one)
    assert other.survivors().to_bytes() == one.survivors().to_bytes()
    for image in [plain, *(image for seed in made for image in made[seed].values())]:
        assert other.add(image) == one.add(image)


def test_survivors_that_are_cut_off_or_make_no_sense_are_refused() -> None:
    matcher = Matcher()
    matcher.add(copies(1)["original"])
    data = matcher.survivors().to_bytes()
    with pytest.raises(ValueError, match="not rows"):
        Survivors.from_bytes(data[:-1])
    with pytest.raises(ValueError, match="order in which they appear"):
        Survivors.from_bytes(data[:_CLUSTER] + b"\x01\x00\x00\x00" + data[_CLUSTER + 4 :])


def test_verdicts_give_back_the_keys_that_pictures_were_added_with() -> None:
    matcher = Matcher()
    images = copies(1)
    original = images.pop("original")
    assert matcher.add(original, key=("row", 7)).key is None
    for name, image in images.items():
        verdict = matcher.add(image, key=name)
        if verdict.of is not None:
            assert verdict.key == matcher.key_of(verdict.of)
    assert matcher.match(original).kind is Kind.EXACT
    assert matcher.key_of(original.sha256) == ("row", 7)
    assert matcher.key_of("00" * 32) == "00" * 32


def test_a_picture_without_a_key_is_called_by_its_sha256() -> None:
    matcher, original = Matcher(), copies(1)["original"]
    matcher.add(original)
    assert matcher.match(original).key == original.sha256


def test_a_picture_of_reference_has_the_key_that_it_was_given_there() -> None:
    original = copies(1)["original"]
    matcher = Matcher(reference=Matcher.of_reference({7: original}))
    verdict = matcher.add(original, key="mine")
    assert (verdict.kind, verdict.key) == (Kind.REFERENCE, 7)


def test_what_is_no_fingerprint_is_a_type_error() -> None:
    for call in (Matcher().add, Matcher().match, lambda it: Matcher.of_reference([it])):
        with pytest.raises(TypeError, match="not `bytes`"):
            call(b"no fingerprint")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unhashable"):
        Matcher().add(copies(1)["original"], key=[])  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [None, 7, 1.5, "x", b"x", [], {}, object(), np.zeros(3), Fingerprint])
def test_a_wrong_argument_is_said_to_be_one_and_changes_nothing(wrong: Any) -> None:
    """Whatever a method is called with that is nothing of what it takes."""
    image = copies(1)["original"]
    matcher = Matcher()
    matcher.add(image)
    methods = [getattr(matcher, name) for name in dir(matcher) if not name.startswith("_")]
    calls: list[Callable[[], Any]] = [partial(method, wrong) for method in methods if callable(method)]
    calls += [partial(matcher.attach, wrong, to=image.sha256), partial(matcher.restore, wrong, replaces=image.sha256)]
    calls += [lambda: Matcher(reference=wrong), lambda: cluster({1: image}, reference=wrong)]
    calls += [lambda: Matcher(wrong), lambda: Fingerprint.from_text(wrong), lambda: fingerprint(wrong)]
    for call in calls:
        try:
            found = call()
            for _ in found if isinstance(found, Iterator) else ():
                pass
        except (TypeError, ValueError, KeyError, OSError, ImageError):
            pass
    assert len(matcher) == 1
    assert matcher.match(image).kind == Kind.EXACT
    if wrong is not None:
        with pytest.raises(TypeError, match=r"a reference is .* not `.*of_reference"):
            cluster({1: image}, reference=wrong)


@pytest.mark.parametrize("taken", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_matcher_isn_t_copied_and_says_what_is(taken: Callable[[Matcher], object]) -> None:
    """A shallow copy shared the index, so that what was added to one was in the other."""
    with pytest.raises(TypeError, match=r"Matcher\.from_survivors\(Survivors\.from_bytes"):
        taken(Matcher())
    options = MatchOptions(not_copies=NotCopies([("a" * 64, "b" * 64)]))
    assert pickle.loads(pickle.dumps(options)) == options  # noqa: S301 - ours
    assert options != MatchOptions()
    assert len({options, copy.deepcopy(options), MatchOptions()}) == 2


def test_what_is_printed_of_a_matcher_is_short() -> None:
    matcher, original = Matcher(), copies(1)["original"]
    shown = [matcher.add(original, key="a.jpg"), matcher.add(original), matcher, original, matcher.survivors()]
    assert all(len(repr(one)) < 100 for one in shown), shown
    assert repr(shown[1]) == "<Verdict exact to 'a.jpg', 0 bits, identity>"
    assert repr(shown[2]) == "<Matcher: 1 survivors, radius 85 bits>"


def test_pairs_that_a_person_judged_never_meet_again() -> None:
    made = copies(1)
    one, other = made["original"], made["webp"]
    judged = MatchOptions(not_copies=NotCopies([(one.sha256, other.sha256)]))
    for first, second in ((one, other), (other, one)):
        matcher = Matcher(judged)
        matcher.add(first)
        assert matcher.add(second).kind is Kind.NEW
        # A third picture may be a copy of either, and brings them no nearer.
        assert matcher.add(made["small"]).kind is Kind.NEAR
        assert len(matcher) == 2
    assert Matcher(judged, reference=Matcher.of_reference([one], judged)).match(other).kind is Kind.NEW


def test_pairs_are_read_from_lines_of_two_hashes() -> None:
    a, b, c = "aa" * 32, "bb" * 32, "cc" * 32
    found = NotCopies.from_text(f"# judged by hand\n{a} {b}\n\n{a.upper()},{c}  # left and right\n")
    assert (found.of(a), found.of(b), found.of("dd" * 32)) == ({b, c}, {a}, frozenset())
    assert len(found) == 2
    with pytest.raises(ValueError, match="line 2: two SHA-256 stand in a line, not `aa bb`"):
        NotCopies.from_text("\naa bb")


def test_looks_that_were_taken_before_are_not_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    images, seen = copies(1).values(), SeenLooks()
    before = [verdict for matcher in [Matcher(seen=seen)] for verdict in map(matcher.add, images)]
    assert seen
    monkeypatch.setattr("synsift.dedupe.matcher.look_and_judge", None)
    again = Matcher(seen=seen)
    assert [again.add(image) for image in images] == before
