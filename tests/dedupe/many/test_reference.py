from pathlib import Path

import pytest

from synsift.dedupe import Kind, Matcher, MatchOptions, Verdict
from synsift.dedupe.not_copies import NotCopies
from synsift.pipelines.folders.comparing import Comparing
from synsift.pipelines.folders.prints import PrintFile
from tests.dedupe.many.test_grouping import pictures


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in (1, 2))])
def test_what_is_compared_with_a_set_on_disk_is_what_a_matcher_says(seed: int, tmp_path: Path) -> None:
    images = pictures(seed)
    known = dict(list(images.items())[::2])
    matcher = Matcher.of_reference(known.values())
    judged = [matcher.match(image) for image in images.values()]
    pairs = [(image.sha256, verdict.of) for image, verdict in zip(images.values(), judged, strict=True) if verdict.of]
    for options in (MatchOptions(), MatchOptions(not_copies=NotCopies(pairs[::2]))):
        file = PrintFile(tmp_path / "cache.db")
        file.update(known)
        comparing = Comparing(file, options, processes=2)
        comparing.prepare()
        matcher = Matcher.of_reference(known.values(), options)
        expected = [matcher.match(image) for image in images.values()]
        by_processes = list(comparing.match_all(images))
        assert [name for name, _ in by_processes] == list(images)
        # A matcher's keys are those that it was given: here SHA-256 in both.
        assert [verdict for _, verdict in by_processes] == expected
        assert [comparing.match(image) for image in images.values()] == expected
        assert {verdict.kind for verdict in expected} == {Kind.NEW, Kind.NEAR, Kind.EXACT, Kind.PLAIN}
        told: list[int] = []
        foretold = comparing.foretold(images, on_done=told.append)
        assert sum(told) == len(images)
        for image, verdict in zip(images.values(), expected, strict=True):
            assert foretold.match(image) == (verdict if verdict.of else Verdict(Kind.NEW))
