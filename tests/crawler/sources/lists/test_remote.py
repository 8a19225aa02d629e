"""Copies of lists that stand elsewhere."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synsift.crawler.errors import SourceError
from synsift.crawler.sources import PageQuery, UrlListSource
from synsift.crawler.sources.lists.remote import Copies, Target

URL = "https://lists.example/photos.csv"


class Elsewhere:
    """A list that stands elsewhere."""

    def __init__(self, *rows: str) -> None:
        self.rows = rows
        self.sent = 0

    def fetch(self, _url: str, tag: str, target: Target) -> str | None:
        if tag == str(hash(self.rows)):
            return None
        self.sent += 1
        target.begin()
        target.write("\n".join(["url", *self.rows, ""]).encode())
        return str(hash(self.rows))


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Callable[[Elsewhere], UrlListSource]]:
    """A source as a new process makes it."""
    made: list[UrlListSource] = []

    def make(place: Elsewhere) -> UrlListSource:
        made.append(UrlListSource(page_size=2, copies=Copies(lambda: tmp_path, {"https": place.fetch})))
        return made[-1]

    yield make
    for one in made:
        one.close()


def urls(*numbers: int) -> list[str]:
    return [f"http://a.example/{number}" for number in numbers]


def read(source: UrlListSource, cursor: str = "") -> tuple[list[str], str]:
    page = source.read(PageQuery("urls", URL, "en", cursor, 0, "n1"))
    return [image.url for image in page.images], page.next_cursor


def test_pages_go_on_in_the_same_copy_in_another_process_too(source: Callable[[Elsewhere], UrlListSource]) -> None:
    place = Elsewhere(*urls(0, 1, 2, 3, 4))
    first = source(place)
    found, cursor = read(first)
    assert found == urls(0, 1)
    assert read(first, cursor)[0] == urls(2, 3)
    found, cursor = read(source(place), cursor)
    assert found == urls(2, 3)
    assert read(source(place), cursor) == (urls(4), "")
    assert place.sent == 1


def test_a_list_that_changed_while_it_was_read_loses_nothing_in_silence(
    source: Callable[[Elsewhere], UrlListSource],
) -> None:
    place = Elsewhere(*urls(0, 1, 2, 3))
    _, cursor = read(source(place))
    place.rows = tuple(urls(9, 0, 1, 2, 3))
    with pytest.raises(SourceError, match="changed while it was read"):
        read(source(place), cursor)


@pytest.mark.parametrize("cursor", ["4:1", "@", "0123456789abcdef@4:1", "x" * 100])
def test_a_cursor_of_no_copy_is_an_error(source: Callable[[Elsewhere], UrlListSource], cursor: str) -> None:
    with pytest.raises(SourceError):
        read(source(Elsewhere(*urls(0))), cursor)


def test_a_copy_that_was_damaged_is_fetched_anew(source: Callable[[Elsewhere], UrlListSource], tmp_path: Path) -> None:
    place = Elsewhere(*urls(0, 1))
    read(source(place))
    (copy,) = tmp_path.glob("*-photos.csv")
    copy.write_bytes(b"url\nhttp://other.example/\n")
    (note,) = tmp_path.glob("*.json")
    for damage in (b"", b"[]", note.read_bytes().replace(b"photos", b"../x")):
        assert read(source(place))[0] == urls(0, 1)
        note.write_bytes(damage)
    assert place.sent == 4
    assert not list(tmp_path.glob(".*")), "a file of a transfer is left"
