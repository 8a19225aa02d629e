"""What is kept of a robots.txt beside its rules, and what that takes."""

import gzip
import random
import tracemalloc
import zlib
from urllib.parse import quote

import brotli
import pytest

from synsift.crawler.robots import Robots, read_robots
from synsift.crawler.robots.robots_file import NOTHING_SAID
from synsift.crawler.robots.text import MAX_BYTES, UnknownCoding, decoded

BODY = b"User-agent: *\nDisallow: /no\n"


def delay(lines: str) -> float:
    return read_robots(lines.encode(), "synsift").crawl_delay_s


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ("User-agent: synsift\nCrawl-delay: 10", 10),
        ("User-agent: *\nCrawl-delay: 10\nUser-agent: synsift\nDisallow: /x", 10),
        ("User-agent: *\nCrawl-delay: 3\nDisallow:\nUser-agent: synsift\nCrawl-delay: 7\nDisallow: /x", 7),
        ("User-agent: *\nCrawl-delay: 0.5", 0.5),
        ("User-agent: *\nCrawl-delay: 86400", 86_400),
        ("User-agent: *\nCrawl-delay: 1e9", 1e9),
        ("User-agent: *\nCrawl-delay: 2\nCrawl-delay: 9\nCrawl-delay: 4", 9),
        ("User-agent: *\nRequest-rate: 1/60", 60),
        ("User-agent: *\nRequest-rate: 2/1m 0600-0845", 30),
        ("User-agent: *\nRequest-rate: 0/60", 0),
        ("User-agent: other\nCrawl-delay: 10\nDisallow: /", 0),
        *((f"User-agent: *\nCrawl-delay: {odd}", 0) for odd in ("-1", "nan", "inf", "10s", "", "soon", "١٢", "1e999")),
    ],
)
def test_a_delay_is_the_longest_that_is_asked_of_us_or_of_everybody(lines: str, seconds: float) -> None:
    assert delay(lines) == seconds


def test_lines_about_use_are_kept_with_whom_they_speak_to() -> None:
    found = read_robots(
        b"Content-Signal: ai-train=no\nUser-agent: synsift\nContent-Usage: /a train-ai=n\nDisallow:\n"
        b"User-agent: *\nTDM-Reservation: 1\nDisallow:\nUser-agent: other\nContent-Signal: search=no\n",
        "synsift",
    )
    assert [(line.name, line.value, line.group) for line in found.use] == [
        ("content-usage", "/a train-ai=n", "own"),
        ("tdm-reservation", "1", "*"),
        ("content-signal", "ai-train=no", "none"),
    ]


def test_names_under_which_training_data_are_collected_are_noted() -> None:
    found = read_robots(
        b"User-agent: GPTBot\nUser-agent: ccbot\nDisallow: /\nUser-agent: img2dataset\nDisallow: /x", "s"
    )
    assert found.named == ("ccbot", "gptbot")


@pytest.mark.parametrize(
    ("body", "codings"),
    [
        (gzip.compress(BODY), "gzip"),
        (gzip.compress(BODY), ""),
        (zlib.compress(BODY), "deflate"),
        (zlib.compress(BODY, wbits=-15), "deflate"),
        (gzip.compress(gzip.compress(BODY)), "gzip, x-gzip"),
        (gzip.compress(BODY), "utf-8, GZIP, binary"),
        *(
            (BODY, said)
            for said in ("identity", "utf-8", "aws-chunked", "none", "binary", "8bit", "text/plain", "gzip")
        ),
        *((BODY, said) for said in ("br", "deflate", "zstd", "gzip, gzip", "iso-8859-1, gzip")),
        ("\ufeff".encode("utf-16-le") + BODY.decode().encode("utf-16-le"), "utf-16"),
    ],
)
def test_codings_that_nobody_asked_for_are_undone(body: bytes, codings: str) -> None:
    assert not read_robots(decoded(body, codings), "s").allows("http://h/no")


def test_little_more_is_decoded_than_is_read() -> None:
    bomb = gzip.compress(b"User-agent: *\nDisallow: /\n" + bytes(100_000_000))
    assert len(decoded(bomb, "gzip")) == MAX_BYTES + 1


@pytest.mark.parametrize(
    ("charset", "letters"),
    [
        ("ISO-8859-1", "é"), ("windows-1251", "картинки"), ("Shift_JIS", "画像"),
        ("euc-jp", "画像"), ("GB18030", "图像"),
        ("big5", "圖片"), ("euc-kr", "그림"), ("iso-2022-jp", "画像"), ("koi8-r", "ж"), ("cp500", "é"), ("cp037", "a"),
    ],
)  # fmt: skip
def test_letters_are_those_of_the_encoding_that_is_said(charset: str, letters: str) -> None:
    text = f"User-agent: *\nDisallow: /{letters}/\nAllow: /{letters}/free/\nDisallow: /no\n"
    found = read_robots(text.encode(charset), "s", charset)
    for path in (letters, quote(letters)):
        assert not found.allows(f"http://h/{path}/a.jpg")
        assert found.allows(f"http://h/{path}/free/a.jpg")
    assert not found.allows("http://h/no")
    assert found.allows("http://h/yes")
    if not charset.startswith(("cp", "iso-2022")):  # a host may have its own letters in URLs, too
        assert not found.allows(f"http://h/{quote(letters.encode(charset), safe='')}/a.jpg")


@pytest.mark.parametrize("charset", ["ISO-8859-1", "cp500", "utf-16", "hex", "idna", "x-nobody-knows", "", "utf-8\0"])
def test_what_is_utf8_stays_so_whatever_is_said(charset: str) -> None:
    found = read_robots("User-agent: *\nDisallow: /é\n".encode(), "s", charset)
    assert not found.allows("http://h/%C3%A9")
    assert found.allows("http://h/e")


def test_letters_of_an_encoding_that_happen_to_be_utf8_are_forbidden_as_both() -> None:
    letters = "图片"
    assert letters.encode("gb18030").decode()
    found = read_robots(f"User-agent: *\nDisallow: /{letters}\n".encode("gb18030"), "s", "gb18030")
    assert not found.allows(f"http://h/{quote(letters)}")
    assert not found.allows(f"http://h/{quote(letters.encode('gb18030'))}")


PACKED = {
    "gzip": gzip.compress(BODY * 9), "deflate": zlib.compress(BODY * 9), "br": brotli.compress(BODY * 9),
    "x-gzip": gzip.compress(b"# x\n") + gzip.compress(BODY * 9), "": gzip.compress(BODY * 9),
}  # fmt: skip


@pytest.mark.parametrize("codings", PACKED)
def test_what_is_packed_and_ends_before_its_end_is_not_taken_for_whole(codings: str) -> None:
    whole = PACKED[codings]
    assert not read_robots(decoded(whole, codings), "s").allows("http://h/no")
    for missing in range(1, len(whole) - 30):
        with pytest.raises(UnknownCoding):
            decoded(whole[:-missing], codings)


@pytest.mark.parametrize("codings", ["compress", "br", "dcb", "gzip", "deflate"])
def test_what_is_no_text_in_a_coding_that_cannot_be_undone_is_said(codings: str) -> None:
    with pytest.raises(UnknownCoding):
        decoded(b"\x1f\x9d\x90U\xe6\x94)'\x02" + bytes(range(256)), codings)


def test_what_is_kept_of_files_as_sites_have_them_takes_less_than_a_kilobyte() -> None:
    rng = random.Random(7)  # noqa: S311 - to be repeated

    def file() -> bytes:
        groups = [f"User-agent: bot{n}\nDisallow: /{'x' * 30}{n}\n" for n in range(rng.randrange(60))]
        rules = [f"Disallow: /{rng.choice('abcdef') * rng.randrange(4, 20)}/{n}/\n" for n in range(rng.randrange(60))]
        return "".join([*groups, "User-agent: *\n", *rules]).encode()

    files = [file() for _ in range(1_000)]
    tracemalloc.start()
    kept = [read_robots(body, "synsift") for body in files]
    per_file = tracemalloc.get_traced_memory()[0] / len(kept)
    tracemalloc.stop()
    assert per_file <= 1_000
    assert per_file <= 1.3 * sum(found.size_bytes for found in kept) / len(kept)


def test_a_site_that_says_nothing_takes_nothing() -> None:
    assert read_robots(b"<html>log in</html>", "synsift") is NOTHING_SAID
    assert Robots().allows("http://h/a")
