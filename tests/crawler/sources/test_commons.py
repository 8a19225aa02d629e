import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from synsift.crawler.errors import SourceBusy, SourceError, SourceRefused
from synsift.crawler.outcome import Outcome
from synsift.crawler.queries import concept_text
from synsift.crawler.sources import CommonsSource, Page, PageQuery, SourceAnswer
from synsift.crawler.sources.commons import WIKIDATA_API


def query(text: str = "whippet", cursor: str = "", page: int = 0, lang: str = "en") -> PageQuery:
    return PageQuery(source="commons", text=text, lang=lang, cursor=cursor, page=page, wnid="n1")


def parameters(source: CommonsSource, of: PageQuery) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(source.request(of).url).query).items()}


def entry(name: str, index: int, **info: Any) -> dict[str, Any]:
    base = {"url": f"https://up.example/{name}", "mime": "image/jpeg", "width": 4000, "height": 3000}
    return {"title": f"File:{name}", "index": index, "imageinfo": [{**base, **info}]}


def answer(*pages: dict[str, Any], **more: Any) -> SourceAnswer:
    return said({"query": {"pages": list(pages)}, **more})


def cirrus(**options: Any) -> CommonsSource:
    """A source that knows its wiki: one with the search of Commons."""
    source = CommonsSource(**options)
    source.introduce(siteinfo("CirrusSearch", "WikibaseCirrusSearch"))
    return source


def siteinfo(*extensions: str) -> SourceAnswer:
    return said({"query": {"extensions": [{"name": name} for name in extensions]}})


def said(content: Any) -> SourceAnswer:
    return SourceAnswer(json.dumps(content).encode())


def test_a_request_asks_for_what_is_needed() -> None:
    asked = parameters(cirrus(width_px=640), query())
    assert asked["gsrsearch"] == '"whippet" filetype:bitmap'
    assert asked["gsrnamespace"] == "6"
    assert asked["iiurlwidth"] == "960"  # the next width in which Commons serves thumbnails
    assert asked["maxlag"] == "5"
    assert "extmetadata" in asked["iiprop"]


def test_the_original_is_asked_for_where_no_width_is_chosen() -> None:
    assert "iiurlwidth" not in parameters(CommonsSource(width_px=0), query())


@pytest.mark.parametrize("text", ['a" incategory:x', "intitle:dog", "-cat|dog", "dog*~?", 'x" OR "y'])
def test_operators_in_a_text_are_only_words(text: str) -> None:
    searched = parameters(cirrus(), query(text))["gsrsearch"]
    phrase = searched.removesuffix(" filetype:bitmap")
    assert phrase.startswith('"')
    assert phrase.endswith('"')
    assert not set(phrase[1:-1]) & set('":|*~?')


def test_images_come_in_the_order_of_the_search_with_their_provenance() -> None:
    metadata = {
        "Artist": {"value": '<a href="//x">Jane &amp; Joe</a>'},
        "LicenseShortName": {"value": "CC BY-SA 4.0"},
        "LicenseUrl": {"value": "https://creativecommons.org/licenses/by-sa/4.0"},
    }
    body = answer(
        entry("b.jpg", 2),
        entry(
            "a.jpg",
            1,
            thumburl="https://up.example/thumb/a.jpg",
            descriptionurl="https://c/a",
            extmetadata=metadata,
        ),
    )
    page = CommonsSource(width_px=1024).page(query(), body)
    assert [image.title for image in page.images] == ["a.jpg", "b.jpg"]
    first = page.images[0]
    assert first.url == "https://up.example/thumb/a.jpg"
    assert (first.author, first.licence) == ("Jane & Joe", "CC BY-SA 4.0")
    assert first.licence_url == "https://creativecommons.org/licenses/by-sa/4.0"
    assert first.landing_page == "https://c/a"
    assert page.next_cursor == ""


def test_an_original_smaller_than_the_thumbnail_is_fetched_itself() -> None:
    body = answer(entry("a.jpg", 1, width=500, thumburl="https://up.example/thumb/a.jpg"))
    assert CommonsSource(width_px=1024).page(query(), body).images[0].url == "https://up.example/a.jpg"


def test_a_wiki_without_extmetadata_is_fine() -> None:
    page = CommonsSource().page(query(), answer(entry("a.jpg", 1, extmetadata=[])))
    assert page.images[0].licence == ""


@pytest.mark.parametrize("mime", ["image/svg+xml", "application/pdf", "video/webm", "image/vnd.djvu"])
def test_what_is_no_photograph_is_left_out(mime: str) -> None:
    assert CommonsSource().page(query(), answer(entry("a", 1, mime=mime))).images == ()


def test_the_continuation_leads_to_the_next_page() -> None:
    source = CommonsSource()
    page = source.page(query(), answer(entry("a.jpg", 1), **{"continue": {"gsroffset": 50, "continue": "gsroffset||"}}))
    asked = parameters(source, query(cursor=page.next_cursor, page=1))
    assert (asked["gsroffset"], asked["continue"]) == ("50", "gsroffset||")


def test_a_continuation_that_repeats_itself_ends_with_a_reject_and_keeps_the_page() -> None:
    source = CommonsSource()
    following = {"continue": {"gsroffset": 50}}
    cursor = source.page(query(), answer(entry("a.jpg", 1), **following)).next_cursor
    page = source.page(query(cursor=cursor, page=1), answer(entry("b.jpg", 1), **following))
    assert page.next_cursor == ""
    assert len(page.images) == 1
    assert "repeats itself" in page.rejects[0].message


def five(at: int) -> list[dict[str, Any]]:
    return [entry(f"{at + number}.jpg", at + number) for number in range(5)]


WAYS: dict[str, Callable[[int], tuple[list[dict[str, Any]], int]]] = {
    "between two places": lambda n: (five(0), 5 if n % 2 else 10),
    "on and on, to the same": lambda n: (five(0), 5 * n + 5),
    "on and on, to nothing": lambda n: ([], 5 * n + 5),
    "in a wide circle": lambda n: (five(n % 4 * 5), n % 4 * 5 + 5),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_continuation_that_leads_nowhere_ends_after_a_few_answers(way: str) -> None:
    source, cursor, pages = cirrus(), "", 0
    while pages == 0 or cursor:
        entries, following = WAYS[way](pages)
        page = source.page(query(cursor=cursor, page=pages), answer(*entries, **{"continue": {"gsroffset": following}}))
        cursor, pages = page.next_cursor, pages + 1
    assert pages <= 10
    assert "leads nowhere" in page.rejects[-1].message


def test_some_answers_without_anything_end_nothing() -> None:
    source, cursor = cirrus(), ""
    for number in range(40):
        entries = five(number * 5) if number % 4 == 3 else []
        page = source.page(
            query(cursor=cursor, page=number), answer(*entries, **{"continue": {"gsroffset": number + 1}})
        )
        cursor = page.next_cursor
        assert cursor
        assert not page.rejects


@pytest.mark.parametrize(
    ("info", "words"),
    [
        ({"url": None}, "its `url` is no text, but `null`"),
        ({"url": 1}, "its `url` is no text, but `1`"),
        ({"mime": None}, "of another kind"),
    ],
)
def test_an_odd_entry_is_told_of_in_plain_words(info: dict[str, Any], words: str) -> None:
    page = cirrus(width_px=0).page(query(), answer(entry("a.jpg", 1, **info), entry("b.jpg", 2)))
    assert [image.title for image in page.images] == ["b.jpg"]
    assert words in page.rejects[0].message
    assert "Error" not in page.rejects[0].message


def test_what_the_page_limit_leaves_out_is_said(caplog: pytest.LogCaptureFixture) -> None:
    page = cirrus(max_pages=1).page(query(), answer(*five(0), **{"continue": {"gsroffset": 5}}))
    assert page.next_cursor == ""
    assert "`max_pages`" in caplog.text


def test_an_endless_continuation_ends_at_the_page_limit() -> None:
    source = CommonsSource(max_pages=3)
    cursors = [source.page(query(page=n), answer(**{"continue": {"gsroffset": 50 * n}})).next_cursor for n in range(4)]
    assert [bool(cursor) for cursor in cursors] == [True, True, False, False]


def test_no_result_is_an_empty_page() -> None:
    assert CommonsSource().page(query(), SourceAnswer(b'{"batchcomplete":true}')).images == ()


@pytest.mark.parametrize("body", [b"", b"<html><h1>503</h1></html>", b"[]", b'"x"', b'{"query": {"pages": {"1": {}}}}'])
def test_an_answer_that_is_no_answer_is_an_error_that_says_so(body: bytes) -> None:
    with pytest.raises(SourceError, match="API"):
        CommonsSource().page(query(), SourceAnswer(body))


def test_maxlag_asks_for_patience() -> None:
    body = json.dumps({"error": {"code": "maxlag", "info": "9 seconds lagged", "lag": 9}}).encode()
    with pytest.raises(SourceBusy) as caught:
        CommonsSource().page(query(), SourceAnswer(body))
    assert caught.value.retry_after_s == 9.0


@pytest.mark.parametrize("code", ["ratelimited", "readonly", "internal_api_error_DBQueryError"])
def test_errors_that_pass_are_busy(code: str) -> None:
    with pytest.raises(SourceBusy):
        CommonsSource().page(query(), said({"error": {"code": code, "info": "x"}}))


@pytest.mark.parametrize("error", [{"code": "badvalue", "info": "no"}, "plain text", {"code": None}])
def test_other_errors_are_final(error: object) -> None:
    with pytest.raises(SourceError) as caught:
        CommonsSource().page(query(), said({"error": error}))
    assert not isinstance(caught.value, SourceBusy)


@pytest.mark.parametrize(
    "broken", [{"title": "File:x"}, {"title": "x", "imageinfo": []}, {"imageinfo": [{"mime": 5}]}, 7]
)
def test_a_broken_entry_is_rejected_and_the_others_are_kept(broken: Any) -> None:
    page = CommonsSource().page(query(), answer(broken, entry("a.jpg", 1)))
    assert len(page.images) == 1
    assert len(page.rejects) <= 1


def concept(cursor: str = "", page: int = 0) -> PageQuery:
    return query(concept_text("02124460-n"), cursor, page)


def test_what_depicts_a_synset_is_asked_for_by_its_item_in_wikidata() -> None:
    source = cirrus(items_api_url=WIKIDATA_API)
    first = source.request(concept()).url
    assert first.startswith(WIKIDATA_API)
    assert parse_qs(urlsplit(first).query)["srsearch"] == ["haswbstatement:P8814=02124460-n"]
    found = said({"query": {"search": [{"title": "Q146"}, {"title": "Talk:Q1"}, {"title": 7}, None]}})
    items = source.page(concept(), found)
    assert items.images == ()
    asked = parameters(source, concept(items.next_cursor, 1))
    assert asked["gsrsearch"] == "haswbstatement:P180=Q146 filetype:bitmap"
    assert source.request(concept(items.next_cursor, 1)).url.startswith(source.api_url)
    more = {"continue": {"gsroffset": 50, "continue": "gsroffset||"}}
    page = source.page(concept(items.next_cursor, 1), answer(entry("a.jpg", 1), **more))
    asked = parameters(source, concept(page.next_cursor, 2))
    assert (asked["gsrsearch"], asked["gsroffset"]) == ("haswbstatement:P180=Q146 filetype:bitmap", "50")


@pytest.mark.parametrize(
    "given", [{"batchcomplete": True}, {"query": {}}, {"query": {"search": []}}, {"query": {"search": {"title": "Q1"}}}]
)
def test_a_synset_without_an_item_ends_there(given: dict[str, Any]) -> None:
    source = cirrus(items_api_url=WIKIDATA_API)
    assert source.page(concept(), said(given)) == Page(())


def test_where_nothing_is_said_of_what_files_depict_that_is_an_error() -> None:
    source = CommonsSource()
    source.introduce(siteinfo("CirrusSearch"))
    with pytest.raises(SourceError, match="depict"):
        source.request(concept())


@pytest.mark.parametrize(
    "body",
    [b'{"query": {}}', b'{"query": []}', b"{}", b'{"query": {"pages": []}}', b'{"error": {"code": "readapidenied"}}'],
)
def test_a_wiki_that_does_not_say_what_it_can_is_asked_in_plain_words(body: bytes) -> None:
    source = CommonsSource()
    with pytest.raises(SourceError):
        source.introduce(SourceAnswer(body))
    assert source.introduction()
    source.presume()
    assert not source.introduction()
    assert parameters(source, query())["gsrsearch"] == '"whippet"'


@pytest.mark.parametrize("extensions", [{}, [None, 7, {"name": 5}, {}], "CirrusSearch", None])
def test_odd_lists_of_extensions_are_none(extensions: object) -> None:
    source = CommonsSource()
    source.introduce(said({"query": {"general": [], "extensions": extensions}}))
    assert parameters(source, query())["gsrsearch"] == '"whippet"'


@pytest.mark.parametrize(("wanted", "asked"), [(1, 20), (960, 960), (1024, 1280), (1280, 1280), (9999, 3840)])
def test_wikimedia_is_asked_for_a_width_that_it_has(wanted: int, asked: int) -> None:
    assert parameters(CommonsSource(width_px=wanted), query())["iiurlwidth"] == str(asked)
    other = CommonsSource(api_url="https://wiki.example/api.php", width_px=wanted)
    assert parameters(other, query())["iiurlwidth"] == str(wanted)


@pytest.mark.parametrize(
    "mime", ["image/x-bmp", "image/x-ms-bmp", "image/JPEG; charset=binary", "image/pjpeg", "image/jxl"]
)
def test_a_picture_is_one_by_whatever_name_its_type_goes(mime: str) -> None:
    page = CommonsSource().page(query(), answer(entry("a", 1, mime=mime)))
    assert (len(page.images), page.left_out) == (1, {})


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        ({"mime": "image/svg+xml"}, "drawings"),
        ({"mime": "application/pdf"}, "documents"),
        ({"mime": "video/webm"}, "videos"),
        ({"mime": "audio/ogg"}, "sounds"),
        ({"mime": "model/stl"}, "other_files"),
        ({"filemissing": True}, "missing_files"),
    ],
)
def test_whatever_is_left_out_is_counted(info: dict[str, Any], reason: str) -> None:
    page = CommonsSource().page(query(), answer(entry("a", 1, **info)))
    assert (page.images, page.rejects, page.left_out) == ((), (), {reason: 1})


def test_the_same_file_has_the_same_content_id_and_a_thumbnail_another() -> None:
    sha1 = "ab" * 20
    thumb = entry("a.jpg", 1, sha1=sha1, thumburl="https://up.example/thumb/a.jpg")
    page = CommonsSource(width_px=1280).page(
        query(), answer(thumb, entry("b.jpg", 2, sha1=sha1), entry("c", 3, sha1=7))
    )
    assert [image.content_id for image in page.images] == [f"sha1:{sha1};width=1280", f"sha1:{sha1}", ""]


def test_what_a_cursor_was_written_as_before_is_still_understood() -> None:
    asked = parameters(CommonsSource(), query(cursor='{"continue": "gsroffset||", "gsroffset": 50}', page=1))
    assert (asked["gsroffset"], asked["continue"]) == ("50", "gsroffset||")


@pytest.mark.parametrize(
    ("word", "kind", "outcome"),
    [
        ("maxlag", SourceBusy, Outcome.RATE_LIMITED),
        ("ratelimited", SourceBusy, Outcome.RATE_LIMITED),
        ("cirrussearch-too-busy-error", SourceBusy, Outcome.RATE_LIMITED),
        ("readonly", SourceBusy, Outcome.SERVER_ERROR),
        ("internal_api_error_DBQueryError", SourceBusy, Outcome.SERVER_ERROR),
        ("readapidenied", SourceRefused, Outcome.FORBIDDEN),
        ("mustbeloggedin", SourceRefused, Outcome.FORBIDDEN),
    ],
)
def test_a_wikis_trouble_ends_as_what_it_is(word: str, kind: type[Any], outcome: Outcome) -> None:
    body = json.dumps({"error": {"code": word, "info": "so it is"}}).encode()
    with pytest.raises(kind, match=f"the API says {word}: so it is") as raised:
        CommonsSource().page(PageQuery("commons", "cat", "en", "", 0, "n1"), SourceAnswer(body, 200, {}))
    assert raised.value.outcome is outcome
    assert outcome.heals is (kind is SourceBusy)


@pytest.mark.parametrize("said", [{}, {"warnings": {}}, {"servedby": "a"}])
def test_an_answer_that_says_nothing_of_what_was_found_is_not_one_that_found_nothing(said: dict[str, Any]) -> None:
    query = PageQuery("commons", "cat", "en", "", 0, "n1")
    with pytest.raises(SourceError, match="doesn't say what was found"):
        CommonsSource().page(query, SourceAnswer(json.dumps(said).encode(), 200, {}))
    nothing = SourceAnswer(json.dumps({"batchcomplete": True}).encode(), 200, {})
    assert CommonsSource().page(query, nothing).images == ()
