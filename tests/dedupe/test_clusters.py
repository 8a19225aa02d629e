import io
import itertools
import random

import pytest
from PIL import Image, ImageDraw, ImageOps

from synsift.dedupe import (
    DEFAULT_CRITERIA,
    Calibration,
    Fingerprint,
    Kind,
    Matcher,
    MatchOptions,
    cluster,
    compare,
    copies_of,
    fingerprint,
)
from synsift.dedupe.calibration import THRESHOLDS
from synsift.dedupe.not_copies import NotCopies
from synsift.dedupe.quality import rank
from tests.dedupe.pictures import encoded, photograph, scene
from tests.dedupe.test_transparency import logo


def of(image: object, **options: object) -> Fingerprint:
    return fingerprint(encoded(image, "JPEG", **{"quality": 85, **options}))  # type: ignore[arg-type]


def pictures() -> dict[str, Fingerprint]:
    found = {}
    for seed in range(4):
        image = scene(seed)
        found[f"{seed}-large"] = of(image.resize((640, 480)))
        found[f"{seed}-small"] = of(image)
        found[f"{seed}-mirrored"] = of(ImageOps.mirror(image).resize((200, 150)))
    found["3-same"] = found["3-large"]
    found["alone"] = of(scene(9))
    return found


def test_groups_are_led_by_their_best_copy() -> None:
    found = cluster(pictures())
    groups = {group.name: {copy.name: copy.verdict.kind for copy in group.copies} for group in found.groups}
    assert groups.pop("alone") == {}
    assert groups.pop("3-large") == {"3-same": Kind.EXACT, "3-small": Kind.NEAR, "3-mirrored": Kind.NEAR}
    assert groups == {f"{n}-large": {f"{n}-small": Kind.NEAR, f"{n}-mirrored": Kind.NEAR} for n in range(3)}


def test_the_order_does_not_matter() -> None:
    items = list(pictures().items())
    expected = cluster(dict(items))
    for seed in range(5):
        random.Random(seed).shuffle(items)  # noqa: S311
        assert cluster(dict(items)) == expected


def chain() -> list[Fingerprint]:
    """A sliding window over a wide picture: neighbours are near, ends are not; of equal quality."""
    wide = photograph(11, size=(640, 240))
    return [of(wide.crop((left, 0, left + 320, 240)), quality=90) for left in range(0, 168, 8)]


def test_a_chain_is_near_step_by_step_and_not_from_end_to_end() -> None:
    images = chain()
    near = [[Matcher.of_reference([one]).match(other).of is not None for other in images] for one in images]
    assert all(near[n][n + 1] for n in range(len(images) - 1))
    assert not near[0][-1]


def test_whatever_the_order_each_rejected_picture_of_a_chain_was_near_to_a_survivor() -> None:
    images = chain()[:6]
    for order in itertools.islice(itertools.permutations(images), 0, 720, 29):
        matcher = Matcher()
        survived: list[Fingerprint] = []
        for image in order:
            verdict = matcher.add(image)
            known = Matcher.of_reference(survived)
            if verdict.kind is Kind.NEAR:
                assert known.match(image).of is not None
            else:
                assert known.match(image).of is None
            if verdict.survives:
                survived.append(image)


def test_leaders_of_a_folder_are_not_near_to_better_ones() -> None:
    images = {f"{number:02d}": image for number, image in enumerate(chain())}
    leaders = [images[group.name] for group in cluster(images).groups]
    assert 1 < len(leaders) < len(images)
    leaders.sort(key=rank, reverse=True)
    for number, leader in enumerate(leaders[1:], 1):
        assert Matcher.of_reference(leaders[:number]).match(leader).of is None


def test_what_is_near_to_a_reference_is_rejected() -> None:
    found = cluster(pictures(), reference=Matcher.of_reference([of(scene(2).resize((100, 75)))]))
    assert {copy.name for copy in found.rejected} == {"2-large", "2-small", "2-mirrored"}
    assert {copy.verdict.kind for copy in found.rejected} == {Kind.REFERENCE}
    assert not any(group.name.startswith("2-") for group in found.groups)


def test_calibration_tells_recall_and_false_matches_and_proposes_the_best() -> None:
    images = {str(seed): of(scene(seed)) for seed in range(8)}
    calibration = Calibration(images, MatchOptions())
    assert calibration.pairs == []
    for seed in range(8):
        for kind, data in copies_of(scene(seed)):
            calibration.add_copy(kind, fingerprint(data), images[str(seed)])
    rows = calibration.thresholds()
    assert [row.recall for row in rows] == sorted((row.recall for row in rows), reverse=True)
    assert {row.pairs for row in rows} == {8 * 11 * 7 + 8 * 7 // 2}
    assert {row.false_matches for row in rows} == {0}
    proposed = calibration.propose(false_rate=1e-2)
    assert proposed.recall == rows[0].recall > 0.95
    assert 2.9 / proposed.pairs < proposed.false_rate_bound < 3.1 / proposed.pairs
    assert set(calibration.recall(0.85)) == {kind for kind, _ in copies_of(scene(0))}


def alike() -> dict[str, Fingerprint]:
    """Pictures of which two are hardly a copy of one another, and two are one beyond doubt."""
    other = photograph(3, (320, 240))
    ImageDraw.Draw(other).ellipse((60, 60, 170, 170), fill=(200, 30, 40))
    pictures = {"plain": photograph(3, (320, 240)), "with a disc": other, "another": photograph(5, (320, 240))}
    return {
        **{name: fingerprint(encoded(picture, "PNG")) for name, picture in pictures.items()},
        "smaller": fingerprint(encoded(pictures["another"].resize((160, 120)), "PNG")),
    }


def test_what_looks_alike_in_a_set_counts_as_false_until_a_person_has_looked() -> None:
    images = alike()
    calibration = Calibration(images, MatchOptions())
    assert [(pair.one, pair.other, pair.is_unsure) for pair in calibration.pairs] == [
        ("another", "smaller", False),
        ("plain", "with a disc", True),
    ]
    score = calibration.pairs[1].score
    assert [row.unsure for row in calibration.thresholds()] == [int(score >= value) for value in THRESHOLDS]
    safest = calibration.propose(false_rate=0.5)
    assert safest.similarity > score
    assert safest.false_rate_bound < calibration.thresholds()[0].false_rate_bound

    calibration.take_the_rest_for_copies()
    assert {row.unsure + row.false_matches for row in calibration.thresholds()} == {0}

    apart = NotCopies([(images["plain"].sha256, images["with a disc"].sha256)])
    judged = Calibration(images, MatchOptions(not_copies=apart))
    judged.take_the_rest_for_copies()
    assert [(row.false_matches, row.unsure) for row in judged.thresholds()] == [
        (int(score >= value), 0) for value in THRESHOLDS
    ]


def test_what_no_bound_can_show_leaves_what_is_set() -> None:
    images = {str(seed): of(scene(seed)) for seed in range(4)}
    for similarity in (0.75, 0.9):
        options = MatchOptions(criteria=DEFAULT_CRITERIA.with_score(similarity))
        assert Calibration(images, options).propose(false_rate=1e-9).similarity == similarity


def test_a_picture_and_its_like_are_one_mistake_not_twelve() -> None:
    images = alike()
    calibration = Calibration(images, MatchOptions())
    for kind, data in copies_of(photograph(3, (320, 240))):
        calibration.add_copy(kind, fingerprint(data), images["plain"])
    assert max(row.false_matches for row in calibration.thresholds()) == 0
    assert max(row.unsure for row in calibration.thresholds()) == 1


def test_copies_are_made_of_what_fingerprints_see() -> None:
    image = logo("wheel")
    original = fingerprint(encoded(image, "PNG"))
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.open(io.BytesIO(encoded(scene(1).transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)))
    lying.load()
    for made, seen in ((image, original), (lying, fingerprint(encoded(scene(1), "PNG")))):
        copies = dict(copies_of(made))
        for kind in ("half the size", "JPEG, quality 20", "WebP, quality 60"):
            found = compare(copies[kind], seen)
            assert (found.are_copies, found.transform) == (True, "identity"), kind


def test_what_only_local_features_find_counts_where_they_are_asked_for() -> None:
    images = {str(seed): of(scene(seed)) for seed in range(3)}
    calibration = Calibration(images, MatchOptions())
    calibration.add_copy("mirrored", images["1"], images["0"], seen_through=True)
    calibration.add_copy("mirrored", images["1"], images["0"])
    assert calibration.recall(0.85) == {"mirrored": 0.0}
    assert calibration.recall(0.85, thorough=True) == {"mirrored": 0.5}
    assert {row.thorough_recall for row in calibration.thresholds()} == {0.5}


def test_what_local_features_take_back_is_found_no_more_and_no_mistake_where_they_are_asked_for() -> None:
    images = alike()
    calibration = Calibration(images, MatchOptions())
    calibration.add_copy("mirrored", images["plain"], images["plain"], taken_back=True)
    calibration.add_copy("mirrored", images["plain"], images["plain"], taken_back=True, seen_through=True)
    assert calibration.recall(0.85) == {"mirrored": 1.0}
    assert calibration.recall(0.85, thorough=True) == {"mirrored": 0.5}
    assert max(row.unsure for row in calibration.thresholds()) == 1
    calibration.take_back([("with a disc", "plain"), ("another", "no one")])
    assert [pair.is_taken_back for pair in calibration.pairs] == [False, True]
    assert max(row.unsure + row.false_matches for row in calibration.thresholds()) == 0


def test_pictures_may_be_called_by_anything_that_a_dictionary_takes() -> None:
    base = list(pictures().values())
    names: list[object] = [(number, "row") for number in range(len(base))]
    by_tuple = cluster(dict(zip(names, base, strict=True)))
    by_text = cluster({f"{number:03}": image for number, image in enumerate(base)})
    shape = [[int(copy.name) for copy in group.copies] for group in by_text.groups]
    assert [[copy.name[0] for copy in group.copies] for group in by_tuple.groups] == shape  # type: ignore[index]
    mixed = cluster({(number if number % 2 else f"{number}"): image for number, image in enumerate(base)})
    assert len(mixed.groups) == len(by_text.groups)


def test_a_mapping_of_fingerprints_is_taken_and_nothing_else() -> None:
    with pytest.raises(TypeError, match="not `list`"):
        cluster(list(pictures().values()))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not `str`"):
        cluster({"a": "a.jpg"})  # type: ignore[dict-item]


def test_what_is_printed_of_a_clustering_is_short() -> None:
    found = cluster(pictures())
    assert len(repr(found)) < 80
    assert all(len(repr(group)) < 80 for group in found.groups)
