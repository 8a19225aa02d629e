from pathlib import Path

from synsift_example import ExampleSource

from synsift.testing import Recorded, problems_of, serving

ANSWERS = [Recorded.read(path) for path in sorted(Path(__file__).with_name("answers").glob("*.json"))]


def test_it_keeps_to_what_sources_promise() -> None:
    assert problems_of(ExampleSource(), ANSWERS) == []


def test_works_are_found_with_their_pages() -> None:
    page = ExampleSource().page(ANSWERS[0].query(), ANSWERS[0].answer())
    assert [image.title for image in page.images] == ["Two whippets", "Kennel"]
    assert page.next_cursor == "2"


def test_the_second_page_is_asked_for_by_its_number() -> None:
    with serving([ANSWERS[0].answer()]) as museum:
        url = ExampleSource(api_url=f"{museum.url}/search").request(ANSWERS[1].query()).url
    assert url.endswith("q=whippet&page=2&size=100")
