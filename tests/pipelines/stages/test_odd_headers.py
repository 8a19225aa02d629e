"""Headers of the world, byte for byte: what a server says beside an image never costs the image, or the crawl."""

import logging

import msgspec
import pytest

from synsift.crawler.queries import SynsetQuery
from synsift.crawler.sources import CommonsSource, SourceAnswer
from synsift.pipelines import topics
from synsift.pipelines.records import Candidate
from tests.pipelines.stages.raw_web import answer, raw_web
from tests.pipelines.stages.test_fetch import fetch, picture, want
from tests.pipelines.stages.test_search import ask, search, urls
from tests.pipelines.worlds import World

JPEG = b"Content-Type: image/jpeg"


def fetched(world: World, caplog: pytest.LogCaptureFixture, answers: dict[bytes, bytes]) -> list[str]:
    """Fetch ``/start``; what came of it: the names of the blobs' final URLs, or the outcomes of dead letters."""
    with raw_web(answers) as port, caplog.at_level(logging.WARNING):
        want(world, f"http://127.0.0.1:{port}/start")
        fetch(world)
    assert not [record for record in caplog.records if record.exc_info]
    return [
        *(x.answer.final_url.rpartition("/")[2] for x in world.records(topics.CANDIDATES, Candidate)),
        *(letter.outcome for letter in world.letters()),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Type: image/\xff\xed\xa0\x80jpeg",
        b'ETag: "\xff\xed\xa0\x80"',
        b"Last-Modified: \xe9t\xe9",
        b"Set-Cookie: a=\xff; Domain=\xff; expires=Fri, 99 Foo 99999",
        b'Content-Disposition: inline; filename="caf\xe9.jpg"',
        b"Link: <http://[::1\xff>; rel=\xff",
        b"X-Robots-Tag: \xff: noindex",
        b"Content-Usage: ",
        b"Retry-After: \xff",
        b"Content-Encoding: \xff",
    ],
)
def test_an_image_is_taken_whatever_its_headers_bytes(
    world: World, caplog: pytest.LogCaptureFixture, line: bytes
) -> None:
    assert fetched(world, caplog, {b"/start": answer(picture(1), line)}) == [""]


def test_a_header_whose_name_is_no_name_costs_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert fetched(world, caplog, {b"/start": answer(picture(1), b"X-N\xe4me: 1")}) == [""]


def test_a_reason_that_is_no_text_costs_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert fetched(world, caplog, {b"/start": answer(picture(1), JPEG, status=b"200 D\xe9j\xe0")}) == [""]


@pytest.mark.parametrize(
    "line",
    [b"X-Robots-Tag: \xff: noai", b"X-Robots-Tag: b\xfct: x, noimageai", b"X-Robots-Tag: \xe9\r\nX-Robots-Tag: noai"],
)
def test_an_opt_out_counts_beside_bytes_that_are_no_text(
    world: World, caplog: pytest.LogCaptureFixture, line: bytes
) -> None:
    assert fetched(world, caplog, {b"/start": answer(picture(1), line, b"ETag: \xff")}) == ["opted_out"]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (b"/caf\xe9.jpg", b"/caf%E9.jpg"),
        (b"/caf\xc3\xa9.jpg", b"/caf%C3%A9.jpg"),
        (b"/a%20b.jpg?q=\xff", b"/a%20b.jpg?q=%FF"),
        (b"/one.jpg\r\nLocation: /two.jpg", b"/one.jpg"),
    ],
)
def test_a_redirect_is_followed_byte_for_byte(
    world: World, caplog: pytest.LogCaptureFixture, location: bytes, path: bytes
) -> None:
    answers = {b"/start": answer(b"", b"Location: " + location, status=b"302 Found"), path: answer(picture(1), JPEG)}
    assert fetched(world, caplog, answers) == [path.decode().removeprefix("/")]


@pytest.mark.parametrize(
    "location",
    [
        b"http://\xff\xfe/", b"http://..../", b"http://a..example/", b"http://[::1", b"http://" + b"a" * 64 + b".a/",
        b"http://\xed\xa0\x80.example/", b"http://%ff/", b"http://xn--a.example:x/",
    ],
)  # fmt: skip
def test_a_redirect_to_what_can_be_no_host_is_a_bad_url(
    world: World, caplog: pytest.LogCaptureFixture, location: bytes
) -> None:
    answers = {b"/start": answer(b"", b"Location: " + location, status=b"302 Found")}
    assert fetched(world, caplog, answers) == ["bad_url"]


@pytest.mark.parametrize("location", [b"http://\xff/robots.txt", b"http://[::1", b"http://..../"])
def test_a_robots_txt_that_leads_nowhere_allows_nothing(
    world: World, caplog: pytest.LogCaptureFixture, location: bytes
) -> None:
    nowhere = answer(b"", b"Location: " + location, b"ETag: \xff", status=b"301 Moved")
    assert fetched(world, caplog, {b"/robots.txt": nowhere, b"/start": answer(picture(1), JPEG)}) == ["host_down"]


def test_a_robots_txt_behind_odd_bytes_is_obeyed(world: World, caplog: pytest.LogCaptureFixture) -> None:
    answers = {
        b"/robots.txt": answer(b"", b"Location: /r\xe9gles.txt", status=b"301 Moved"),
        b"/r%E9gles.txt": answer(b"User-agent: *\nDisallow: /\n\xff", b"Content-Type: text/\xff"),
        b"/start": answer(picture(1), JPEG),
    }
    assert fetched(world, caplog, answers) == ["robots_denied"]


@pytest.mark.parametrize("status", [b"203 Changed", b"226 IM Used", b"299 Odd"])
def test_a_robots_txt_of_any_good_status_is_obeyed(
    world: World, caplog: pytest.LogCaptureFixture, status: bytes
) -> None:
    robots = answer(b"User-agent: *\nDisallow: /\n", b"X-\xff: 1", status=status)
    assert fetched(world, caplog, {b"/robots.txt": robots, b"/start": answer(picture(1), JPEG)}) == ["robots_denied"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((b"402 Payment Required", b"crawler-price: USD 0.01"), "402; crawler-price: `USD 0.01`"),
        (
            (b"451 Unavailable", b'Link: <https://court.example>; rel="blocked-by"'),
            "451; link: `<https://court.example",
        ),
        ((b"403 Forbidden", b"Server: \xff\x1b[31m"), "403; server: `\xff [31m`"),
    ],
)
def test_a_refusal_says_what_an_operator_wants_to_know(
    world: World, caplog: pytest.LogCaptureFixture, lines: tuple[bytes, bytes], words: str
) -> None:
    fetched(world, caplog, {b"/start": answer(b"", lines[1], status=lines[0])})
    assert words in world.letters()[0].message


def test_a_log_in_for_a_licence_is_one(world: World, caplog: pytest.LogCaptureFixture) -> None:
    answers = {b"/start": answer(b"", b'WWW-Authenticate: License error="missing"', status=b"401 Unauthorized")}
    assert fetched(world, caplog, answers) == ["licence_needed"]


def test_what_a_record_keeps_of_headers_is_short_and_printable(world: World, caplog: pytest.LogCaptureFixture) -> None:
    lines = (
        b"Content-Type: image/jpeg;" + b"x" * 7_000,
        b"ETag: \x1b[31m\x9b" + b"y" * 7_000,
        b"Last-Modified: \t=1\x85",
    )
    assert fetched(world, caplog, {b"/start": answer(picture(1), *lines)}) == [""]
    (found,) = world.records(topics.CANDIDATES, Candidate)
    said = (found.answer.content_type, found.answer.etag, found.answer.last_modified)
    assert all(text.isprintable() and 0 < len(text) <= 500 for text in said)
    assert msgspec.json.encode(found)


@pytest.mark.parametrize(
    "line", [b"Content-Type: application/json; charset=\xff", b'ETag: "\xff"', b"Set-Cookie: \xff=\xff"]
)
def test_a_page_of_results_is_read_whatever_its_headers_bytes(world: World, line: bytes) -> None:
    page = b'{"query": {"pages": [{"title": "File:a", "index": 0, "imageinfo": [%s]}]}}' % (
        b'{"url": "http://up.example/a", "mime": "image/png"}'
    )
    ask(world, SynsetQuery("n1", "dog"))
    with raw_web({b"/api.php": answer(page, line)}) as port:
        source = CommonsSource(api_url=f"http://127.0.0.1:{port}/api.php", width_px=0, page_size=3)
        source.introduce(SourceAnswer(b'{"query": {"extensions": [{"name": "CirrusSearch"}]}}'))
        search(world, {"commons": source})
    assert world.letters() == []
    assert urls(world) == [("n1", "a", 0)]
