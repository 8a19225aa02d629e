"""URLs as browsers take them. Chromium gave the same for all in ASCII, but for a `|` in a path, which it encodes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from synsift.crawler.download.attempt import origin_of, redirect_target, url_problem
from synsift.crawler.download.web_url import as_asked


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://h", "http://h/"),
        ("HTTP://h/a", "http://h/a"),
        (" \t http://h/a \n", "http://h/a"),
        ("http://h/a\nb\tc", "http://h/abc"),
        ("http:\\\\h\\a\\b?c\\d", "http://h/a/b?c\\d"),
        ("http:////h/a", "http://h/a"),
        ("http:h/a", "http://h/a"),
        ("http://h/a#b?c", "http://h/a"),
        ("http://h?q#f", "http://h/?q"),
        ("http://h/a b", "http://h/a%20b"),
        ("http://h/\u00e9?\u00e9", "http://h/%C3%A9?%C3%A9"),
        ("http://h/%E9%e9%zz%", "http://h/%E9%e9%zz%"),
        ("http://h/\"<>^`{}|[]'?\"<>^`{}|[]'", "http://h/%22%3C%3E%5E%60%7B%7D|[]'?%22%3C%3E^`{}|[]%27"),
        ("http://h/\x01\x7f", "http://h/%01%7F"),
        ("http://h/a/./b/../c", "http://h/a/c"),
        ("http://h/a/%2e/b/%2E./c", "http://h/a/c"),
        ("http://h/../../a", "http://h/a"),
        ("http://h/a/..", "http://h/"),
        ("http://h/a/.", "http://h/a/"),
        ("http://h/a//b/", "http://h/a//b/"),
        ("http://h/..a/...", "http://h/..a/..."),
        ("http://h:8080/a;b=c,d:e@f!$&()*+", "http://h:8080/a;b=c,d:e@f!$&()*+"),
        ("ftp://h/a b", "ftp://h/a b"),
        ("http://h:/a", "http://h/a"),
        ("http://h:00081/a", "http://h:81/a"),
        ("http://[::1]:/a", "http://[::1]/a"),
        ("http://h:x/a", "http://h:x/a"),
        ("http://B\u00fccher.example:/a", "http://xn--bcher-kva.example/a"),
        ("http://Fa\u00df.example/a", "http://xn--fa-hia.example/a"),
        ("http://h\u00ad\u3002example/a", "http://h.example/a"),
    ],
)
def test_a_url_as_it_is_asked(url: str, asked: str) -> None:
    assert as_asked(url) == asked


def _same_origin(*urls: str) -> None:
    assert len({origin_of(url) for url in urls}) == 1, urls


@pytest.mark.parametrize(
    "host",
    [
        "h:",
        "h:80",
        "h:080",
        "h:81",
        "h:081",
        "h:443",
        "H",
        "127.0.0.1:",
        "[::1]:",
        "[::1]:0080",
        "Fa\u00df.example",
        "b\u00fc.example:",
        "h.",
    ],
)
def test_what_is_asked_is_of_the_origin_that_is_waited_for(host: str) -> None:
    url = f"http://{host}/x.jpg"
    _same_origin(url, as_asked(url), Request(as_asked(url)).url)


@given(
    st.text("hH.:0189[]-_\u00fc\u00df\u3002\u00ad\u0130\U0001f4a9", min_size=1, max_size=12),
    st.sampled_from(["http", "https"]),
)
def test_any_host_is_one_host(host: str, scheme: str) -> None:
    url = f"{scheme}://{host}/x.jpg"
    if url_problem(url) is None:
        _same_origin(url, as_asked(url), as_asked(as_asked(url)))
        try:
            request = Request(as_asked(url))
        except ValueError:
            return  # it ends as a bad URL
        _same_origin(url, request.url)


BASE = "https://h.example/a/b.jpg?c=d"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"/x", "https://h.example/x"),
        (b"x", "https://h.example/a/x"),
        (b"./x", "https://h.example/a/x"),
        (b"../x", "https://h.example/x"),
        (b"?x", "https://h.example/a/b.jpg?x"),
        (b"?", "https://h.example/a/b.jpg?"),
        (b"#x", BASE),
        (b"", BASE),
        (b"//other.example/x", "https://other.example/x"),
        (b"///other.example/x", "https://other.example/x"),
        (b"\\\\other.example\\x", "https://other.example/x"),
        (b"\\x\\y", "https://h.example/x/y"),
        (b"/\\other.example/x", "https://other.example/x"),
        (b"http://other.example", "http://other.example/"),
        (b"HTTP://OTHER.example/X", "http://OTHER.example/X"),
        (b"http:/other.example/x", "http://other.example/x"),
        (b"http:other.example/x", "http://other.example/x"),
        (b"http:\\\\other.example\\x", "http://other.example/x"),
        (b"https:x", "https://h.example/a/x"),
        (b"https:/x", "https://h.example/x"),
        (b"  /x\t", "https://h.example/x"),
        (b"/x\ty", "https://h.example/xy"),
        (b"/x y", "https://h.example/x%20y"),
        (b"/caf\xc3\xa9", "https://h.example/caf%C3%A9"),
        (b"/caf\xe9?q=\xff", "https://h.example/caf%E9?q=%FF"),
        (b"/a\xa0b\x85c", "https://h.example/a%A0b%85c"),
        (b"caf\xe9", "https://h.example/a/caf%E9"),
        (b"/%7Ea%2fb%", "https://h.example/%7Ea%2fb%"),
        (b"/a;b?c;d", "https://h.example/a;b?c;d"),
        (b"/a:b", "https://h.example/a:b"),
        (b"a/b:c", "https://h.example/a/a/b:c"),
        (b"/a?b=http://c/../d", "https://h.example/a?b=http://c/../d"),
        (b"/a#b\xff", "https://h.example/a"),
        ("//größe.example/ä".encode(), "https://xn--gre-6ka8i.example/%C3%A4"),
        (b"http://other.example:80/x", "http://other.example:80/x"),
        (b"/\x01\x7f", "https://h.example/%01%7F"),
    ],
)
def test_where_a_redirect_leads(location: bytes, target: str) -> None:
    assert redirect_target(BASE, location.decode("latin-1")) == target


@pytest.mark.parametrize(
    "location",
    [b"ftp://h/x", b"javascript:alert(1)", b"data:image/png;base64,xx", b"mailto:a@b", b"http://", b"http:", b"x:y",
     b"http://\xff/", b"http://[::1", b"http://a..b/", b"http://u:p@h/", b"http://h:port/", b"http://h:99999/",
     b"http://a b/", b"file:///etc/passwd", b"http://h\x00/"],
)  # fmt: skip
def test_where_no_redirect_may_lead(location: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        redirect_target(BASE, location.decode("latin-1"))


@given(st.binary(max_size=60))
def test_any_bytes_lead_somewhere_or_nowhere_and_what_is_asked_is_ascii_and_settled(location: bytes) -> None:
    try:
        target = redirect_target(BASE, location.decode("latin-1"))
    except ValueError:
        return
    path = target.split("/", 3)[3]
    assert path.isascii()
    assert path.isprintable()
    assert " " not in path
    assert as_asked(target) == target
