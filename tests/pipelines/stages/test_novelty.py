"""The choice of the next page, alone: what is known is made up."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from synsift.pipelines.stages.novelty import Bounds, Choice, Known, Queries, choose
from synsift.pipelines.stages.yields import ASKED, GIVEN, JUDGED, NEW, Yields, name_of

LIMITS = Bounds(want=0, on_the_way=500)


@dataclass(frozen=True)
class Next:
    source: str
    text: str = "whippet"
    page: int = 0
    lang: str = "en"


def known(size: int = 50) -> Known:
    return Known(lambda _source: size)


def yields(*pages: tuple[Next, int, int], unique: int = 0, on_the_way: int = 0) -> Yields:
    """Pages that were asked for, what they gave, and how much of that was new."""
    found = Yields()
    for page, gave, new in pages:
        arm = (page.source, page.lang, page.text)
        counts = {ASKED: 1, GIVEN: gave + on_the_way, JUDGED: gave, NEW: new}
        found.add({name_of(prefix, arm, page.page): number for prefix, number in counts.items()})
    found.add({"unique": unique})
    return found


def chosen(*waiting: Next, found: Yields | None = None, bounds: Bounds = LIMITS) -> Choice[Next]:
    return choose(Queries(waiting), found or Yields(), known(), bounds)


def test_of_what_is_unknown_the_first_of_each_source_is_asked_in_the_order_of_the_plan() -> None:
    plan = [Next("a", "x"), Next("b", "x"), Next("a", "y"), Next("b", "y")]
    assert chosen(*plan).ask == [Next("a", "x"), Next("b", "x")]


def test_a_query_whose_last_pages_gave_what_is_there_already_yields_its_turn() -> None:
    seen = yields((Next("a", "x"), 50, 50), (Next("a", "x", 1), 50, 1), (Next("b", "x"), 50, 40))
    assert chosen(Next("a", "x", 2), Next("b", "x", 1), found=seen).ask == [Next("b", "x", 1)]


def test_it_has_its_turn_again_when_the_others_are_no_better() -> None:
    seen = yields((Next("a", "x", 1), 50, 10), (Next("b", "x", 1), 50, 9))
    assert chosen(Next("b", "x", 2), Next("a", "x", 2), found=seen).ask == [Next("a", "x", 2), Next("b", "x", 2)]


def test_a_new_query_is_worth_what_first_pages_of_its_source_gave_others() -> None:
    seen = yields((Next("a", "x"), 50, 48), (Next("a", "z"), 50, 44), (Next("b", "x"), 50, 0), (Next("b", "z"), 50, 0))
    assert chosen(Next("b", "y"), Next("a", "y"), found=seen).ask == [Next("a", "y")]


def test_what_is_known_of_a_source_from_other_synsets_counts() -> None:
    elsewhere = known()
    elsewhere.add(yields((Next("copies", "x"), 50, 0), (Next("copies", "y"), 50, 0), (Next("copies", "z"), 50, 1)))
    elsewhere.add(yields((Next("good", "x"), 50, 45)))
    found = choose(Queries([Next("copies"), Next("good")]), Yields(), elsewhere, LIMITS)
    assert found.ask == [Next("good")]
    forgotten = known()
    some = yields((Next("copies", "x"), 50, 0))
    forgotten.add(some)
    forgotten.add(some, -1)
    assert forgotten.of("copies") == known().of("copies")


def test_no_more_is_asked_for_while_enough_is_on_its_way() -> None:
    waiting = Next("a", "x", 1)
    seen = yields((Next("a", "x"), 0, 0), on_the_way=500)
    assert chosen(waiting, found=seen) == Choice([], [], waits=True)
    assert chosen(waiting, found=seen, bounds=Bounds(0, 500, unheard=500)).ask == [waiting]


def test_no_more_is_asked_for_while_what_is_on_its_way_may_be_enough() -> None:
    waiting = Next("a", "x", 1)
    seen = yields((Next("a", "x"), 50, 40), unique=40, on_the_way=50)
    assert chosen(waiting, found=seen, bounds=Bounds(70, 500)).waits
    assert chosen(waiting, found=seen, bounds=Bounds(90, 500)).ask == [waiting]


def test_a_small_target_is_not_asked_for_twice_over_before_anything_is_known() -> None:
    plan = [Next(source) for source in "abcdef"]
    assert chosen(*plan, bounds=Bounds(120, 500)).ask == plan[:3]


def test_each_source_is_asked_one_page_at_a_time() -> None:
    found = choose(Queries([Next("a", "y"), Next("b", "y")], [Next("a", "x")]), Yields(), known(), LIMITS)
    assert found.ask == [Next("b", "y")]


def test_what_is_worth_much_less_is_not_asked_while_a_next_page_is_on_its_way_from_the_log() -> None:
    seen = yields((Next("a", "x"), 50, 50), (Next("b", "x"), 50, 10))
    queries = Queries([Next("b", "x", 1)], (), [Next("a", "x", 1)])
    assert choose(queries, seen, known(), LIMITS).ask == []


def test_a_query_ends_that_gave_nothing_new_in_the_last_half_of_many_pages() -> None:
    pages = [(Next("a", "x", page), 50, 0) for page in range(8)]
    assert chosen(Next("a", "x", 8), found=yields(*pages)).fruitless == [Next("a", "x", 8)]
    assert not chosen(Next("a", "x", 7), found=yields(*pages[:7])).fruitless
    pages[7] = (Next("a", "x", 7), 50, 1)
    assert not chosen(Next("a", "x", 8), found=yields(*pages)).fruitless


def test_a_query_of_empty_pages_ends_too() -> None:
    pages = [(Next("a", "x", page), 0, 0) for page in range(8)]
    assert chosen(Next("a", "x", 8), found=yields(*pages)).fruitless == [Next("a", "x", 8)]


langs = st.sampled_from(["en", "de"])
pages = st.builds(Next, st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 40), langs)
numbers = st.integers(-5, 200)


@given(
    st.lists(pages, unique=True),
    st.lists(pages, max_size=3),
    st.lists(st.tuples(pages, numbers, numbers)),
    st.integers(0, 500),
    st.integers(1, 500),
)
def test_whatever_the_counts_say_something_is_done(
    waiting: list[Next], asked: list[Next], seen: list[tuple[Next, int, int]], want: int, on_the_way: int
) -> None:
    found = choose(Queries(waiting, asked), yields(*seen), known(), Bounds(want, on_the_way))
    assert set(found.ask) | set(found.fruitless) <= set(waiting)
    assert not set(found.ask) & set(found.fruitless)
    assert len({query.source for query in found.ask}) == len(found.ask)
    assert found == choose(Queries(waiting, asked), yields(*seen), known(), Bounds(want, on_the_way))
    if waiting and not asked and len(found.fruitless) < len(waiting):
        assert found.ask or found.waits
