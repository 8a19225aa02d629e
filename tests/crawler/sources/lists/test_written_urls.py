"""URLs as people write them down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsift.crawler.download.attempt import url_problem
from synsift.crawler.download.web_url import as_asked
from synsift.crawler.sources.lists.written_urls import Link, is_url, link_in, written_url

# As it stands, what it means.
WRITTEN = [
    ("http://a.example/1.jpg", "http://a.example/1.jpg"),
    ("  http://a.example/1.jpg\t", "http://a.example/1.jpg"),
    ("\ufeffhttp://a.example/1.jpg\u200b\xa0", "http://a.example/1.jpg"),
    ("<http://a.example/1.jpg>", "http://a.example/1.jpg"),
    ("<URL:http://a.example/1.jpg>", "http://a.example/1.jpg"),
    ('"http://a.example/1.jpg",', "http://a.example/1.jpg"),
    ("'http://a.example/1.jpg'", "http://a.example/1.jpg"),
    ("“http://a.example/1.jpg”", "http://a.example/1.jpg"),
    ("( <http://a.example/1.jpg> )", "http://a.example/1.jpg"),
    ("http://a.example/i?w=1&amp;h=2&#38;q=3&#x26;r", "http://a.example/i?w=1&h=2&q=3&r"),
    ("http://a.example/i?copy=1&copy=2&lt=3", "http://a.example/i?copy=1&copy=2&lt=3"),
    ("//a.example/1.jpg", "https://a.example/1.jpg"),
    ("www.a.example/1.jpg", "https://www.a.example/1.jpg"),
    ("WWW.a.example/1.jpg", "https://WWW.a.example/1.jpg"),
    ("HTTP://a.example/A.JPG", "http://a.example/A.JPG"),
    ("HtTpS://a.example/1.jpg", "https://a.example/1.jpg"),
    ("http:\\\\a.example\\b\\1.jpg", "http://a.example/b/1.jpg"),
    ("http:/a.example/1.jpg", "http://a.example/1.jpg"),
    ("http:a.example/1.jpg", "http://a.example/1.jpg"),
    ("http:///a.example/1.jpg", "http://a.example/1.jpg"),
    ("http://a.example/a\nb.jpg", "http://a.example/ab.jpg"),
    # What needs no guess stays to the letter: its host may have signed it.
    ("http://a.example/a b.jpg", "http://a.example/a b.jpg"),
    ("http://a.example/käfer (1).jpg", "http://a.example/käfer (1).jpg"),
    ("http://a.example/x(1)", "http://a.example/x(1)"),
    ("http://a.example/%7Ea/../1.jpg?q=a,b|c#f", "http://a.example/%7Ea/../1.jpg?q=a,b|c#f"),
    ("http://a.example/p?u=http://b.example/1.jpg", "http://a.example/p?u=http://b.example/1.jpg"),
    ("http://a.example/f_auto,q_1,http://b.example/1.jpg", "http://a.example/f_auto,q_1,http://b.example/1.jpg"),
]
NO_URLS = [
    ("photos/1.jpg", "no URL: `photos/1.jpg` has no `http://` or `https://` before it"),
    ("a.example/1.jpg", "no URL: `a.example/1.jpg` has no `http://` or `https://` before it"),
    ("a.example:80/1.jpg", "no URL: `a.example:80/1.jpg` has no `http://` or `https://` before it"),
    ("# a comment", "no URL: `# a comment` has no `http://` or `https://` before it"),
    ("C:\\pictures\\1.jpg", "no URL of the web, but a file on somebody's computer: `C:\\pictures\\1.jpg`"),
    ("file:///home/1.jpg", "no URL of the web, but a file on somebody's computer: `file:///home/1.jpg`"),
    ("ftp://a.example/1.jpg", "scheme 'ftp' is neither http nor https"),
    ("data:image/png;base64,AAAA", "scheme 'data' is neither http nor https"),
    ("http://a.example/1.jpg http://a.example/2.jpg", "more than one URL in one place"),
    ("HTTP:\\\\a.example\\1|HTTP:\\\\a.example\\2", "more than one URL in one place"),
    ("http://a.example/1.jpg|https://a.example/2.jpg", "more than one URL in one place"),
    ("x\x1b[2J", "no URL: `x\\x1b[2J` has no `http://` or `https://` before it"),
]
LINKS = [
    ("[a whippet](http://a.example/1.jpg)", Link("http://a.example/1.jpg", "a whippet")),
    ('- ![w](http://a.example/1_(2).jpg "title")', Link("http://a.example/1_(2).jpg", "w")),
    ("1. <http://a.example/1.jpg>", Link("<http://a.example/1.jpg>")),
    ("* http://a.example/1.jpg", Link("http://a.example/1.jpg")),
    (
        "[![w](http://a.example/1.jpg)](http://a.example/page)",
        Link("http://a.example/1.jpg", "w", "http://a.example/page"),
    ),
    ('<li><a href="http://a.example/1.jpg">one</a></li>', Link("http://a.example/1.jpg")),
    (
        "<A HREF='http://a.example/p?a=1&amp;b=2'><IMG ALT=w SRC=http://a.example/1.jpg></A>",
        Link("http://a.example/1.jpg", "w", "http://a.example/p?a=1&b=2"),
    ),
    ("| a | b |", None),
    ("- one", None),
    ("<p>nothing</p>", None),
]
# Of the tests that browsers share for the URL standard: as typed, as asked.
BROWSERS = [
    ("http://example\t.\norg", "http://example.org/"),
    ("http:foo.com", "http://foo.com/"),
    ("http:\\\\x:81\\y", "http://x:81/y"),
    ("http:////////user.example/x", "http://user.example/x"),
    ("\t   :foo.com   \n", None),
    ("http://f:00000000000000000000080/c", "http://f:80/c"),
    ("http://f:b/c", None),
    ("http://f:99999/c", None),
    ("http://example.com/foo%2", "http://example.com/foo%2"),
    ("http://example.com/foo\t%91", "http://example.com/foo%91"),
    ("http://example.com/(%28:%3A%29)", "http://example.com/(%28:%3A%29)"),
    ("http://example.com/你好你好", "http://example.com/%E4%BD%A0%E5%A5%BD%E4%BD%A0%E5%A5%BD"),
    ("http://example.com/foo/%2e%2", "http://example.com/foo/%2e%2"),
    ("http://example.com/foo/bar/..", "http://example.com/foo/"),
    ("http://example.com/foo/../../../ton", "http://example.com/ton"),
    ("http://www.google.com/foo?bar=baz# »", "http://www.google.com/foo?bar=baz"),
    ("http://a\\b?c\\d", "http://a/b?c\\d"),
    ("http://[www.google.com]/", None),
    ("http://a b/", None),
    ("http://", None),
    ("https://x/ ?%?a#b", "https://x/%20?%?a"),
]


@pytest.mark.parametrize(("text", "url"), WRITTEN)
def test_a_url_is_read_as_it_is_meant(text: str, url: str) -> None:
    assert is_url(text)
    assert written_url(text) == url
    assert written_url(url) == url
    assert url_problem(url) is None


@pytest.mark.parametrize(("text", "problem"), NO_URLS)
def test_what_is_none_is_named_in_plain_words(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"^") as caught:
        written_url(text)
    assert str(caught.value) == problem


@pytest.mark.parametrize(("line", "link"), LINKS)
def test_a_line_of_a_page_leads_to_one_image(line: str, link: Link | None) -> None:
    assert link_in(line) == link


@pytest.mark.parametrize(
    "line",
    [
        "[a](http://a.example/1.jpg) [b](http://a.example/2.jpg)",
        "<img src=http://a.example/1.jpg><img src=http://a.example/2.jpg>",
    ],
)
def test_of_several_links_none_is_chosen(line: str) -> None:
    with pytest.raises(ValueError, match="more than one link"):
        link_in(line)


@pytest.mark.parametrize(("text", "asked"), BROWSERS)
def test_what_is_asked_is_what_a_browser_asks(text: str, asked: str | None) -> None:
    try:
        url = written_url(text)
    except ValueError:
        url = ""
    assert (as_asked(url) if url_problem(url) is None else None) == asked


@given(st.text(max_size=40), st.sampled_from(["", "http://a.example/", "[x](", "<a href=", "<", "www."]))
def test_any_text_is_a_url_or_an_error_with_words(text: str, before: str) -> None:
    for read in (written_url, link_in):
        try:
            found = read(before + text)
        except ValueError as exc:
            assert str(exc)
        else:
            assert found is None or found
