"""What is judged ahead, on disk, is what ``cluster`` judges one by one: that is the oracle here."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fingerprints import fingerprint_rows, random_frequencies
from synsift.dedupe import Clustering, Fingerprint, Kind, Matcher, MatchOptions, cluster
from synsift.dedupe.frequencies import ORIENTATIONS, oriented
from synsift.dedupe.hash_batch import HashBatch, Hits
from synsift.dedupe.many import foresight as foresight_module
from synsift.dedupe.many import key_lists as key_lists_module
from synsift.dedupe.many import lookup as lookup_module
from synsift.dedupe.many.foresight import Foresight, at_once
from synsift.dedupe.many.grouping import Grouping, Pictures
from synsift.dedupe.many.lookup import ManyLookup, ManyMaking
from synsift.dedupe.many.turns import make_turns
from synsift.dedupe.not_copies import NotCopies
from synsift.pipelines.folders.comparing import Comparing
from synsift.pipelines.folders.prints import PrintFile
from tests.dedupe.pictures import photograph
from tests.dedupe.test_both_ways import EDITS
from tests.dedupe.test_covered import COVERS, PHOTOGRAPHS, of


def pictures(seed: int, count: int = 60) -> dict[str, Fingerprint]:
    """Pictures; copies of some, the less alike the later they come; turned ones, twins, plain ones."""
    rng = np.random.default_rng(seed)
    originals = random_frequencies(rng, count)
    some = originals[rng.integers(0, count // 6, count)]
    noise = rng.standard_normal(some.shape).astype(np.float32) * np.abs(some)
    copies = some + noise * np.linspace(0.02, 0.5, count, dtype=np.float32)[:, None, None]
    turned = np.stack([oriented(one, number % 8) for number, one in enumerate(copies[:20])])
    rows = fingerprint_rows(rng, np.concatenate([originals, copies, turned]))
    rows["quality"] = rng.integers(40, 95, len(rows))
    rows["width_px"] = rng.choice([320, 640, 660], len(rows))
    rows["information"][::17] = 1.0
    images = [Fingerprint.from_record(row.tobytes()) for row in rows]
    images += [images[number] for number in rng.integers(0, len(images), count // 3)]
    names = [f"{number:04d}" for number in range(len(images))]
    random.Random(seed).shuffle(names)  # noqa: S311
    return dict(zip(names, images, strict=True))


def judged_ahead(
    images: dict[str, Fingerprint],
    options: MatchOptions,
    folder: Path,
    *,
    reference: Matcher | None = None,
    on_foresight: Callable[[], None] = lambda: None,
) -> Clustering:
    file = PrintFile(folder / "cache.db")
    for name, image in images.items():
        file[name] = image
    making = ManyMaking(file.prints, options, file.room)
    making.begin()
    hashes, lists = making.pieces()
    for piece in hashes:
        making.make(piece)
    names = list(images)
    places = np.argsort(np.argsort(names))
    turns = make_turns(file.prints.rows, places, file.room)
    for piece in lists:
        making.make(piece)
    foresight = Foresight(file.prints, ManyLookup(file.prints.rows, options, file.room), turns, options)

    def more() -> Foresight:
        on_foresight()
        return foresight

    grouping = Grouping(Pictures(names, file.prints, turns), more, options, reference=reference)
    for begin in range(0, len(names), 50):
        numbers = turns.order[begin : begin + 50]
        foreseen = foresight.of(numbers[turns.same[numbers] == numbers])
        grouping.take(begin, min(begin + 50, len(names)), foreseen)
    return grouping.found()


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in (2, 3))])
@pytest.mark.parametrize(
    "options", [MatchOptions(), MatchOptions(all_crops=False), MatchOptions(orientations=(ORIENTATIONS[1],))]
)
def test_groups_are_those_of_pictures_judged_one_by_one(seed: int, options: MatchOptions, tmp_path: Path) -> None:
    images = pictures(seed)
    expected = cluster(images, options)
    assert judged_ahead(images, options, tmp_path) == expected
    kinds = {copy.verdict.kind for group in expected.groups for copy in group.copies}
    assert kinds == {Kind.NEAR, Kind.EXACT}


def test_a_crowd_is_looked_at_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a crowd are near to all: what is near to many of them at once would be more than memory holds."""
    monkeypatch.setattr(lookup_module, "_MOST_NEAR", 40)
    monkeypatch.setattr(key_lists_module, "_COMPARED_AT_ONCE", 50)
    asked: list[tuple[int, int]] = []
    hits = ManyLookup.hits

    def spy(lookup: ManyLookup, batch: HashBatch, begin: int, end: int, *, most: int | None = None) -> Hits:
        asked.append((begin, end))
        return hits(lookup, batch, begin, end, most=most)

    monkeypatch.setattr(ManyLookup, "hits", spy)
    images = pictures(4)
    assert judged_ahead(images, MatchOptions(), tmp_path) == cluster(images)
    assert any(end == begin + 1 for begin, end in asked)
    assert any(end > begin + 1 for begin, end in asked)


def test_what_is_near_to_a_reference_is_rejected_in_the_same_way(tmp_path: Path) -> None:
    images = pictures(1)
    reference = Matcher.of_reference(list(images.values())[:30:3])
    expected = cluster(images, reference=reference)
    assert expected.rejected
    assert judged_ahead(images, MatchOptions(), tmp_path, reference=reference) == expected


def test_pairs_that_are_no_copies_stay_apart_in_the_same_way(tmp_path: Path) -> None:
    images = pictures(2)
    groups = [group for group in cluster(images).groups if group.copies]
    pairs = [(images[group.name].sha256, images[copy.name].sha256) for group in groups for copy in group.copies[::2]]
    options = MatchOptions(not_copies=NotCopies(pair for pair in pairs if pair[0] != pair[1]))
    expected = cluster(images, options)
    assert expected != cluster(images)
    assert judged_ahead(images, options, tmp_path) == expected


def test_where_what_was_foreseen_is_not_enough_more_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few looks were made ahead, and the nearest don't count: they are no copies, as a person said."""
    monkeypatch.setattr(foresight_module, "MAX_LOOKS", 1)
    images = pictures(3)
    groups = [group for group in cluster(images).groups if len(group.copies) > 3]
    pairs = [(images[group.name].sha256, images[copy.name].sha256) for group in groups for copy in group.copies]
    options = MatchOptions(not_copies=NotCopies(pair for pair in pairs if pair[0] != pair[1]))
    asked: list[int] = []
    found = judged_ahead(images, options, tmp_path, on_foresight=lambda: asked.append(1))
    assert found == cluster(images, options)
    assert asked


def test_a_crop_and_its_original_are_a_group_whichever_of_them_is_the_better(tmp_path: Path) -> None:
    """The better one comes first, and the other is looked up."""
    images = {}
    for number, (name, edit) in enumerate(EDITS.items()):
        photo = photograph(100 + number, (400, 300))
        images[f"{name}, edited"] = of(edit(photo))
        images[f"{name}, original"] = of(photo.resize((200, 150)) if number % 2 else photo)
    expected = cluster(images)
    assert len(expected.groups) == len(EDITS)
    assert judged_ahead(images, MatchOptions(), tmp_path) == expected


def test_pictures_are_looked_at_as_a_matcher_looks(tmp_path: Path) -> None:
    """Whatever looks there are, such as a third one beside what covers a part."""
    images = {}
    for number, photo in enumerate(PHOTOGRAPHS):
        images[f"{number}"] = of(photo)
        for name, cover in COVERS.items():
            images[f"{number} {name}"] = of(cover(photo))
    expected = cluster(images)
    assert sum(len(group.copies) for group in expected.groups) > len(PHOTOGRAPHS)
    assert judged_ahead(images, MatchOptions(), tmp_path) == expected
    reference = {name: image for name, image in images.items() if name.isdigit()}
    file = PrintFile(tmp_path / "other.db")
    file.update(reference)
    comparing = Comparing(file, MatchOptions(), processes=1)
    comparing.prepare()
    matcher = Matcher.of_reference(reference.values())
    assert [comparing.match(image) for image in images.values()] == [matcher.match(image) for image in images.values()]


def test_the_more_are_known_the_more_are_looked_up_together_within_bounds() -> None:
    assert [at_once(known) for known in (0, 4_096, 1_000_000, 100_000_000)] == [1_024, 1_024, 7_812, 32_768]
