"""Looked up one by one or many at once: the same hashes, the same proposals, the same verdicts."""

import dataclasses
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from synsift.dedupe import Fingerprint, Kind, Matcher, MatchOptions, Verdict, fingerprint
from synsift.dedupe.evidence import extra_hashes_of, flat_hashes_of
from synsift.dedupe.frequencies import ORIENTATIONS, oriented_hashes
from synsift.dedupe.hash_batch import HashBatch
from synsift.dedupe.lookup import Lookup
from synsift.dedupe.views import STORED
from tests.dedupe.pictures import encoded, photograph, scene

OPTIONS = (
    MatchOptions(),
    MatchOptions(all_crops=False),
    MatchOptions(orientations=("mirrored", "identity", "rotated-90"), radius_bits=100),
)


def drawing(seed: int) -> Image.Image:
    """A few boxes on white: such are alike, and many hashes of them are near."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (120, 120), "white")
    for _ in range(1 + seed % 4):
        x, y, side = (int(number) for number in rng.integers(5, 80, 3))
        ImageDraw.Draw(image).rectangle((x, y, x + side // 2, y + side // 2), outline="black", width=3)
    return image


@cache
def pictures() -> tuple[Fingerprint, ...]:
    """Photographs, scenes, drawings, what is degenerate, and copies of each, mixed."""
    originals = [photograph(seed, (200, 150)) for seed in range(6)] + [scene(seed, (160, 120)) for seed in range(6)]
    originals += [drawing(seed) for seed in range(12)]
    made = [Image.new("RGB", (64, 48), "red"), Image.new("L", (8, 8)), Image.linear_gradient("L")]
    for image in originals:
        framed = ImageOps.expand(image, 14, "navy")
        made += [image, ImageOps.mirror(image), framed, image.rotate(90, expand=True), image.resize((100, 90))]
    found = [fingerprint(encoded(image, "PNG")) for image in made]
    found += [
        dataclasses.replace(found[3], sha256="0" * 64, hashes=bytes(128)),
        dataclasses.replace(found[4], sha256="1" * 64, views=0),
        dataclasses.replace(found[5], sha256="2" * 64, views=0b1000),
        dataclasses.replace(found[6], sha256="3" * 64, information=1.5),
        dataclasses.replace(found[7], sha256="4" * 64, evidence=bytes(len(found[7].evidence))),
        # The same bytes, says a stranger, and it is another picture.
        dataclasses.replace(found[20], sha256=found[9].sha256),
    ]
    order = np.random.default_rng(1).permutation(len(found) + 10)
    return tuple(found[number % len(found)] for number in order.tolist())


def one_by_one(images: Sequence[Fingerprint], options: MatchOptions) -> tuple[list[Verdict], bytes]:
    matcher = Matcher(options)
    verdicts = [matcher.add(image) for image in images]
    return verdicts, matcher.survivors().to_bytes()


@cache
def each_of_all(options: MatchOptions) -> tuple[list[Verdict], bytes]:
    """``one_by_one`` of all pictures, made once."""
    return one_by_one(pictures(), options)


def ahead(images: Sequence[Fingerprint], options: MatchOptions, sizes: Sequence[int]) -> tuple[list[Verdict], bytes]:
    """As ``one_by_one``, but so many at once, over and over."""
    matcher, verdicts, begin, turn = Matcher(options), [], 0, 0
    while begin < len(images):
        some = images[begin : begin + sizes[turn % len(sizes)]]
        matcher.look_ahead(HashBatch.of(some, options), 0, len(some))
        verdicts += [matcher.add(image) for image in some]
        begin, turn = begin + len(some), turn + 1
    return verdicts, matcher.survivors().to_bytes()


@pytest.mark.parametrize("options", OPTIONS)
def test_hashes_of_many_are_those_of_each(options: MatchOptions) -> None:
    images = pictures()
    whole = HashBatch.of(images, options)
    for number, image in enumerate(images):
        alone = HashBatch.of([image], options)
        for many, one in (
            (whole.stored(number, number + 1), alone.stored(0, 1)),
            (whole.sought(number, number + 1), alone.sought(0, 1)),
        ):
            for some, each in zip(many, one, strict=True):
                assert np.array_equal(some.hashes, each.hashes)
                assert np.array_equal(some.places, each.places)
                assert set(some.pictures.tolist()) <= {number}


@pytest.mark.parametrize("options", OPTIONS)
def test_hashes_are_those_of_the_views_and_orientations(options: MatchOptions) -> None:
    turns = [ORIENTATIONS.index(name) for name in options.orientations]
    for image in pictures():
        batch = HashBatch.of([image], options)
        evidence = np.frombuffer(image.evidence, np.uint8)[None]
        stored, sought = batch.stored(0, 1), batch.sought(0, 1)
        queried = [view for view in image.used_views.tolist() if view in (0, 3)]
        turned = [oriented_hashes(image.view_hashes()[view][None])[0][turns] for view in queried]
        assert sought.close.hashes.tolist() == [row for hashes in turned for row in hashes.tolist()]
        assert sought.flat.hashes.tolist() == oriented_hashes(flat_hashes_of(evidence))[0][turns].tolist()
        if image.is_plain:
            assert not any(len(each.hashes) for each in (*stored, sought.back))
            continue
        hashes = {view: image.view_hashes()[view] for view in image.used_views.tolist()}
        if options.all_crops:
            hashes |= dict(enumerate(extra_hashes_of(evidence)[0], len(STORED)))
        assert stored.close.hashes.tolist() == [each.tolist() for each in hashes.values()]
        assert stored.close.places.tolist() == list(hashes)
        assert stored.back.places.tolist() == queried
        assert stored.back.hashes.tolist() == [hashes[view].tolist() for view in queried]
        assert stored.flat.hashes.tolist() == flat_hashes_of(evidence).tolist()
        crops = [view for view in hashes if view not in queried]
        turned = [oriented_hashes(hashes[view][None])[0][turns] for view in crops]
        assert sought.back.hashes.tolist() == [row for some in turned for row in some.tolist()]
        assert sought.back.places.tolist() == [view * len(turns) + turn for view in crops for turn in range(len(turns))]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("size", [1, 2, 7, 64, 1_000])
def test_verdicts_of_many_are_those_of_each(options: MatchOptions, size: int) -> None:
    expected = each_of_all(options)
    assert {verdict.kind for verdict in expected[0]} == {Kind.NEW, Kind.PLAIN, Kind.EXACT, Kind.NEAR}
    assert ahead(pictures(), options, [size]) == expected


@pytest.mark.parametrize("most", [1, 5, 30])
def test_verdicts_hang_on_no_border_within_a_batch(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = each_of_all(OPTIONS[0])
    monkeypatch.setattr("synsift.dedupe.lookup._MOST", most)
    assert ahead(pictures(), OPTIONS[0], [1_000]) == expected
    assert ahead(pictures(), OPTIONS[0], [50, 7]) == expected


@pytest.mark.parametrize("most", [4, 1_000])
def test_all_of_a_batch_are_looked_up_together_and_none_alone(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synsift.dedupe.lookup._MOST", most)
    lookup, images = Lookup(OPTIONS[0]), tuple({id(image): image for image in pictures()}.values())
    lookup.look_ahead(HashBatch.of(images, OPTIONS[0]), 0, len(images))
    monkeypatch.setattr(HashBatch, "of", None)
    for image in images:
        if image.is_plain or not list(lookup.proposals(image)):  # added without a look
            lookup.add(image)
    lookup.settle()
    assert len(lookup) > 20


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_verdicts_hang_on_no_border_between_batches(data: st.DataObject) -> None:
    images = data.draw(st.permutations(pictures()))[:40]
    sizes = data.draw(st.lists(st.integers(1, 20), min_size=1, max_size=5))
    assert ahead(images, OPTIONS[0], sizes) == one_by_one(images, OPTIONS[0])


def test_what_is_asked_and_taken_in_between_is_seen() -> None:
    options, images = OPTIONS[0], pictures()
    first, second = images[:40], images[40:]
    expected, matcher = Matcher(options), Matcher(options)
    matcher.look_ahead(HashBatch.of(first, options), 0, len(first))
    for one, other in zip(first, second, strict=False):
        for image in (one, other):  # the other was not looked up ahead
            assert matcher.add(image) == expected.add(image)
        matcher.look_ahead(HashBatch.of(first, options), 0, len(first))
    assert matcher.survivors().to_bytes() == expected.survivors().to_bytes()


def test_scopes_share_a_batch_and_see_nothing_of_each_other() -> None:
    options, images = OPTIONS[0], pictures()
    middle = len(images) // 2
    batch = HashBatch.of(images, options)
    for begin, end in ((0, middle), (middle, len(images))):
        matcher = Matcher(options)
        matcher.look_ahead(batch, begin, end)
        verdicts = [matcher.add(image) for image in images[begin:end]]
        assert (verdicts, matcher.survivors().to_bytes()) == one_by_one(images[begin:end], options)


def test_what_does_not_come_is_not_known() -> None:
    options = OPTIONS[0]
    images = [image for image in pictures() if not image.is_plain]
    lookup, plain = Lookup(options), Lookup(options)
    lookup.look_ahead(HashBatch.of(images, options), 0, len(images))
    for image in images[::3]:
        lookup.add(image)
        plain.add(image)
        assert len(lookup) == len(plain)
    for image in images:
        assert list(lookup.proposals(image)) == list(plain.proposals(image))
    lookup.settle()
    for image in images:
        assert list(lookup.proposals(image)) == list(plain.proposals(image))


def test_pictures_taken_in_as_rows_are_found_as_those_that_came() -> None:
    options, images = OPTIONS[0], pictures()
    came = Matcher(options)
    for image in images:
        came.add(image)
    taken = Matcher.from_survivors(came.survivors(), options)
    assert [taken.match(image) for image in images] == [came.match(image) for image in images]
