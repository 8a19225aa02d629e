import pytest

from synsift.pipelines.records import FoundBy, ImageUrl
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.stages.yields import (
    ASKED,
    GIVEN,
    JUDGED,
    NEW,
    Pages,
    Yields,
    arm_count,
    bucket_of,
    ends_of,
    name_of,
)

ARM = ("openverse", "en", "whippet/dog")


def counts(page: int, *, asked: int = 1, given: int = 0, judged: int = 0, new: int = 0) -> dict[str, int]:
    numbers = {ASKED: asked, GIVEN: given, JUDGED: judged, NEW: new}
    return {name_of(prefix, ARM, page): number for prefix, number in numbers.items() if number}


def test_buckets_double_so_that_there_are_few_of_them() -> None:
    assert [bucket_of(page) for page in range(9)] == [0, 1, 2, 2, 3, 3, 3, 3, 4]
    assert bucket_of(4_999) == 13


def test_counts_come_back_by_arm_and_bucket() -> None:
    yields = Yields()
    yields.add({**counts(0, given=20, judged=18, new=9), "unique": 9, "candidates": 12})
    yields.add(counts(5, given=7))
    assert yields.unique == 9
    assert yields.arms[ARM] == {0: Pages(1, 20, 18, 9), 3: Pages(1, 7, 0, 0)}
    assert (yields.judged, yields.on_the_way) == (18, 9)


@pytest.mark.parametrize(
    "name",
    ["given:", "given:openverse", "new:a/b", "judged:a/b/x/c", "judged:a/b/-1/c", "asked:a/b/²/c", "other:a/b/1/c"],
)
def test_counts_of_strangers_are_passed_over(name: str) -> None:
    yields = Yields()
    yields.add({name: 5})
    assert not yields.arms or all(arm[2] == "" for arm in yields.arms)
    assert yields.on_the_way == 0 or name.startswith("given")


def test_what_ends_twice_is_not_on_its_way() -> None:
    assert Pages(given=3, judged=5, new=2).on_the_way == 0
    assert Pages(given=3, judged=1, new=9).expected >= 9  # an odd count expects no less than it has


def test_what_is_on_its_way_is_expected_as_what_was_judged() -> None:
    assert Pages(given=100, judged=48, new=24).expected == pytest.approx(24 + 52 * 25 / 50)
    assert Pages(given=100).expected == 50


def test_recent_pages_are_at_least_half_of_all() -> None:
    yields = Yields()
    for page in range(6):
        yields.add(counts(page, given=page + 1))
    assert yields.recent(ARM, 6) == Pages(4, 3 + 4 + 5 + 6, 0, 0)  # pages 2 to 5
    assert yields.recent(ARM, 1) == Pages(1, 1, 0, 0)
    assert yields.recent(("none", "en", "x"), 3) == Pages()


def test_an_image_counts_for_its_page_only_where_pages_are_asked_by_what_they_give() -> None:
    planned = FoundBy(source="commons", query="whippet")
    by_novelty = FoundBy(source="commons", query="whippet", page=3)
    assert arm_count(NEW, "n1", planned) == ()
    assert arm_count(NEW, "n1", by_novelty) == (Count("n1", "new:commons/en/2/whippet"),)
    url = ImageUrl(wnid="n1", url="http://a.example/1.jpg", found_by=by_novelty)
    assert ends_of(url, "not_found", is_candidate=False)[1:] == [Count("n1", "judged:commons/en/2/whippet")]
    assert ends_of(url, "fetched", is_candidate=True) == [Count("n1", "fetched")]
