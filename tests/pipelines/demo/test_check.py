"""The demo's comparison finds what is wrong: one test for each way in which a crawl can go wrong."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from synsift.pipelines.demo.check import Actual, differences, truth_of
from synsift.pipelines.demo.web import Directory, Expected
from synsift.pipelines.demo.world import SUBJECTS
from synsift.pipelines.records import Duplicate
from synsift.pipelines.summary import Group, SynsetCounts
from tests.pipelines.test_records import CANDIDATE

SUBJECT = SUBJECTS[0]
BEST, COPY, OTHER = "aa" * 32, "bb" * 32, "cc" * 32


def expected(url: str, outcome: str = "fetched", cluster: int = -1, sha256: str = "", pixels: int = 0) -> Expected:
    return Expected(url, outcome, cluster, sha256, pixels, 100)


TRUTH = [
    expected("u1", cluster=1, sha256=BEST, pixels=20),
    expected("u2", cluster=1, sha256=COPY, pixels=10),
    expected("u3", cluster=2, sha256=OTHER, pixels=10),
    expected("u4", outcome="timeout"),
]
DIRECTORY = Directory(
    "http://api",
    {query: [] for subject in SUBJECTS for query in subject.queries} | {"daisy": ["u1", "u2", "u3", "u4", "u1"]},
    TRUTH,
)


def group(sha256: str, *copies: str) -> Group:
    image = msgspec.structs.replace(CANDIDATE.image, sha256=sha256)
    found = [Duplicate(wnid="n1", sha256=copy, of=sha256, kind="near") for copy in copies]
    return Group(msgspec.structs.replace(CANDIDATE, image=image), found)


def right() -> Actual:
    stages = {
        "search": Counter(found=5),
        "fetch": Counter(fetched=3, timeout=1, repeated=1),
        "dedupe": Counter(unique=2, near_duplicate=1),
    }
    groups = [group(BEST, COPY), group(OTHER)]
    return Actual(
        SynsetCounts(SUBJECT.wnid, stages), groups, frozenset({BEST, OTHER}), frozenset({BEST, OTHER}), {"timeout": 1}
    )


def problems(actual: Actual) -> list[str]:
    empty = Actual(SynsetCounts("", {}), [], frozenset(), frozenset(), {})
    others = {subject.wnid: empty for subject in SUBJECTS[1:]}
    return list(differences(DIRECTORY, {SUBJECT.wnid: actual, **others}, 0))


def counted(stage: str, **changes: int) -> Actual:
    actual = right()
    actual.counts.stages[stage].update(changes)
    return actual


def test_a_right_crawl_has_no_differences() -> None:
    assert problems(right()) == []
    assert truth_of(SUBJECT, DIRECTORY).copies == {BEST: [COPY], OTHER: []}


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: counted("search", found=1), "found"),
        (lambda: counted("fetch", fetched=-1), "fetched"),
        (lambda: counted("fetch", timeout=1), "refused"),
        (lambda: counted("fetch", internal_error=1), "refused"),
        (lambda: counted("fetch", repeated=1), "repeated"),
        (lambda: counted("dedupe", unique=1), "unique"),
        (lambda: counted("dedupe", exact_duplicate=1), "duplicates"),
        (lambda: replace(right(), objects=frozenset({BEST})), "objects"),
        (lambda: replace(right(), objects=frozenset({BEST, OTHER, COPY})), "objects"),
        (lambda: replace(right(), view=frozenset({BEST, OTHER, COPY})), "view"),
        (lambda: replace(right(), groups=[group(COPY, BEST), group(OTHER)]), "best copy"),
        (lambda: replace(right(), groups=[group(BEST), group(OTHER, COPY)]), "copies of"),
        (lambda: replace(right(), groups=[group(BEST, COPY)]), "didn't survive"),
        (lambda: replace(right(), groups=[group(BEST, COPY), group(OTHER), group(COPY)]), "survived"),
    ],
)
def test_what_is_wrong_is_found_and_named(make: Callable[[], Actual], word: str) -> None:
    assert any(word in problem and problem.startswith("daisy: ") for problem in problems(make()))


def test_a_synset_that_was_not_crawled_is_named() -> None:
    assert "daisy: nothing was crawled" in list(differences(DIRECTORY, {}, 0))


def test_a_request_to_the_private_address_is_named() -> None:
    assert list(differences(DIRECTORY, {}, 2))[-1] == "2 requests reached the private address"


def test_a_dead_letter_that_should_not_be_is_found() -> None:
    (problem,) = problems(replace(right(), letters={"timeout": 1, "broken_record": 1}))
    assert "dead letters: {'timeout': 1, 'broken_record': 1}" in problem


def test_a_dead_letter_of_no_synset_is_found() -> None:
    empty = Actual(SynsetCounts("", {}), [], frozenset(), frozenset(), {"internal_error": 2})
    others = {subject.wnid: replace(empty, letters={}) for subject in SUBJECTS[1:]}
    (problem,) = differences(DIRECTORY, {SUBJECT.wnid: right(), "": empty, **others}, 0)
    assert problem == "2 dead letters 'internal_error' of no synset"
