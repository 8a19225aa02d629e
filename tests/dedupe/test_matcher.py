import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from dedupe import Fingerprint, HashIndex, Kind, Matcher, Survivors, Verdict, better, fingerprint
from tests.dedupe.pictures import encoded, scene


def copies(seed: int) -> dict[str, Fingerprint]:
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


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_the_index_finds_what_brute_force_finds(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 1 << 30)))
    centre = rng.integers(0, 256, 32, dtype=np.uint8)
    stored = []
    index = HashIndex()
    for number in range(data.draw(st.integers(0, 60))):
        noise = np.packbits(rng.random(256) < rng.random() * 0.6)
        stored.append(centre ^ noise)
        assert index.add(stored[-1].tobytes()) == number
    queries = rng.integers(0, 256, (8, 32), dtype=np.uint8)
    queries[3] = centre
    radius_bits = data.draw(st.integers(0, 128))
    distances = [
        (int(np.unpackbits(query ^ other).sum()), row, number)
        for row, query in enumerate(queries)
        for number, other in enumerate(stored)
    ]
    best = min(distances, default=None)
    found = index.nearest(queries, radius_bits=radius_bits)
    if best is None or best[0] > radius_bits:
        assert found is None
    else:
        assert found is not None
        assert found[1] == best[0]
        assert int(np.unpackbits(queries[found[2]] ^ stored[found[0]]).sum()) == best[0]


_IMAGE = Fingerprint("10", bytes(32), 9.0, 100, 100, "JPEG", 1000)


@pytest.mark.parametrize(
    ("challenger", "wins"),
    [
        (replace(_IMAGE, width_px=101), True),
        (replace(_IMAGE, width_px=99, size_bytes=9_999), False),
        (replace(_IMAGE, size_bytes=1001), True),
        (replace(_IMAGE, size_bytes=999), False),
        (replace(_IMAGE, sha256="0f"), True),
        (replace(_IMAGE, sha256="11"), False),
        (_IMAGE, False),
    ],
)
def test_which_copy_is_better(challenger: Fingerprint, wins: bool) -> None:
    assert better(challenger, _IMAGE) is wins


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(sorted(copies(0)))), max_size=12))
@settings(max_examples=25, deadline=None)
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
        Survivors.from_bytes(data[:-4] + b"\x01\x00\x00\x00")
