"""Answers that no documentation foresees: a page, a ``SourceError`` or ``SourceBusy``, and nothing else."""

import contextlib
import json
import random
from dataclasses import replace
from typing import Any

import pytest

from synsift.crawler.errors import CrawlerError
from synsift.crawler.sources.base import Page, PageQuery, SourceAnswer
from synsift.crawler.sources.commons import CommonsSource

QUERY = PageQuery(source="commons", text="whippet", lang="en", cursor="", page=0, wnid="n1")
SOURCE = CommonsSource(api_url="http://wiki.example/api.php", width_px=1024, page_size=50, maxlag_s=5, max_pages=200)
GOOD: dict[str, Any] = {
    "continue": {"gsroffset": 50, "continue": "gsroffset||"},
    "query": {
        "pages": [
            {
                "title": "File:A.jpg",
                "index": 1,
                "imageinfo": [
                    {
                        "url": "http://up.example/a.jpg",
                        "thumburl": "http://up.example/t.jpg",
                        "width": 4000,
                        "mime": "image/jpeg",
                        "descriptionurl": "http://wiki.example/A",
                        "extmetadata": {"Artist": {"value": "<b>J</b>"}, "LicenseShortName": {"value": "CC0"}},
                    }
                ],
            }
        ]
    },
}
ODD = [None, [], {}, "abc", "\ud800", 0, -1, 1e308, True, [[]], [None], {"": ""}, "x" * 10_000, "http://[::1"]


SITEINFO: dict[str, Any] = {
    "query": {"general": {"generator": "MediaWiki 1.39"}, "extensions": [{"name": "CirrusSearch", "type": "other"}]}
}
ITEMS: dict[str, Any] = {"batchcomplete": True, "query": {"search": [{"ns": 0, "title": "Q146", "pageid": 282}]}}
CONCEPT = replace(QUERY, text="P8814=02124460-n")


def answered(body: bytes, query: PageQuery = QUERY) -> Page | None:
    try:
        return SOURCE.page(query, SourceAnswer(body))
    except CrawlerError:
        return None


def introduced(body: bytes) -> None:
    source = CommonsSource(api_url="http://wiki.example/api.php")
    try:
        source.introduce(SourceAnswer(body))
    except CrawlerError:
        return
    source.request(QUERY)


def goes_on(page: Page | None, query: PageQuery) -> None:
    """Ask for the next page, if there is one."""
    if page is not None and page.next_cursor:
        with contextlib.suppress(CrawlerError):
            SOURCE.request(replace(query, cursor=page.next_cursor, page=1))


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": []}',
        b'{"query": [1]}',
        b'{"query": {"pages": {}}}',
        b'{"error": {"code": "maxlag", "lag": "abc"}}',
        b'{"error": {"code": "maxlag", "lag": 1e999}}',
        b'{"error": []}',
        b'{"continue": "abc", "query": {"pages": []}}',
        b"[" * 100_000,
        b"",
        b"\xff\xfe{\x00}\x00",
    ],
)
def test_an_odd_answer_is_an_error_of_the_source_or_a_page(body: bytes) -> None:
    answered(body)


def test_whatever_is_put_in_the_place_of_a_value_nothing_else_is_raised() -> None:
    for odd in ODD:
        for path in _paths(GOOD):
            goes_on(answered(json.dumps(_replaced(GOOD, path, odd)).encode()), QUERY)
        for path in _paths(ITEMS):
            goes_on(answered(json.dumps(_replaced(ITEMS, path, odd)).encode(), CONCEPT), CONCEPT)
        for path in _paths(SITEINFO):
            introduced(json.dumps(_replaced(SITEINFO, path, odd)).encode())


def test_mutated_answers_raise_nothing_else() -> None:
    randoms = random.Random(7)  # noqa: S311 - made-up inputs, the same each time
    whole = json.dumps(GOOD).encode()
    good = 0
    for _ in range(5_000):
        data = bytearray(whole)
        for _ in range(randoms.choice((1, 2, 8))):
            place = randoms.randrange(len(data))
            if randoms.random() < 0.5:
                data[place] = randoms.randrange(256)
            else:
                del data[place : place + randoms.randrange(1, 40)]
        good += answered(bytes(data)) is not None
    assert good > 100


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, child in children for inner in _paths(child, (*path, key)))]


def _replaced(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], odd)
    return copy
