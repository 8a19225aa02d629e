"""Sites as an outsider would make them, all in one crawl: what may not be fetched is never asked for, nothing hangs."""

import contextlib
import gzip
import zlib
from collections import Counter

import brotli

from tests.pipelines.stages.raw_web import answer, raw_web
from tests.pipelines.stages.test_consent import JPEG, LIMITS
from tests.pipelines.stages.test_fetch import counts, fetch, picture, want
from tests.pipelines.stages.test_site_files import PATIENT
from tests.pipelines.worlds import World

RULES = b"User-agent: *\nDisallow: /no/\n"
PACKED = gzip.compress(RULES)
NOAI = b"X-Robots-Tag: noai"
ROBOTS = {
    "a mark": answer(b"\xef\xbb\xbf" + RULES),
    "UTF-16": answer(RULES.decode().encode("utf-16")),
    "zeros": answer(bytes(100) + RULES),
    "packed, and nobody says so": answer(PACKED),
    "packed": answer(PACKED, b"Content-Encoding: gzip"),
    "packed in two": answer(gzip.compress(b"# x\n") + PACKED, b"Content-Encoding: gzip"),
    "said to be packed": answer(RULES, b"Content-Encoding: gzip"),
    "in a coding that is none": answer(RULES, b"Content-Encoding: utf-8"),
    "packed, and more": answer(PACKED + b"xx", b"Content-Encoding: gzip"),
    "brotli": answer(brotli.compress(RULES), b"Content-Encoding: br"),
    "deflate": answer(zlib.compress(RULES)[2:-4], b"Content-Encoding: deflate"),
    "what unpacks without end": answer(gzip.compress(RULES + bytes(20_000_000)), b"Content-Encoding: gzip"),
    "without end": b"HTTP/1.1 200 OK\r\n\r\n" + RULES + b"# x\n" * 500_000,
    "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nUse\r\n1a\r\n%b\r\n0\r\n\r\n" % RULES[3:],
    "of a page's type": answer(b"<pre>\n" + RULES + b"</pre>", b"Content-Type: text/html"),
    "line feeds alone": b"HTTP/1.1 200 OK\n\n" + RULES,
    "hints first": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 5 + answer(RULES),
    "more behind it": answer(RULES) + answer(b"") * 3,
    "many names": answer(b"User-agent: x\n" * 20_000 + RULES),
    "a rule of many stars": answer(RULES + b"Disallow: /" + b"*a" * 8_000 + b"\n"),
}
HEADS = {
    "a blank before the colon": b"x-robots-tag : noai",
    "on the next line": b"X-Robots-Tag:\r\n noai",
    "behind an octet of no letter": b"X-Robots-Tag: \xe9, noai",
    "in quotes": b'X-Robots-Tag: "noai"',
    "behind a line that is none": b"junk\r\nX-Robots-Tag: noai",
    "behind a long one": b"X: " + b"y" * 200_000 + b"\r\nX-Robots-Tag: noai",
    "at a long one's end": b"X-Robots-Tag: " + b"a," * 100_000 + b"noai",
}
LEADS = {
    "up and down": b"/a/../no/1.jpg", "encoded": b"/%6eo/1.jpg", "dots that are encoded": b"/a/%2e%2e/no/1.jpg",
    "backslashes": b"\\no\\1.jpg", "a tab": b"/n\to/1.jpg", "blanks around": b"  /./no/1.jpg  ",
}  # fmt: skip


class Site:
    """A site; remembers what it was asked for."""

    def __init__(self, pages: dict[bytes, bytes], seed: int) -> None:
        self.pages = {b"/yes/1.jpg": answer(picture(seed), JPEG), **pages}
        self.asked: Counter[bytes] = Counter()

    def get(self, path: bytes, /) -> bytes | None:
        self.asked[path] += 1
        return self.pages.get(path)


def test_what_may_not_be_fetched_is_not_whatever_robots_txt_looks_like(world: World) -> None:
    sites = {name: Site({b"/robots.txt": given}, seed) for seed, (name, given) in enumerate(ROBOTS.items())}
    with contextlib.ExitStack() as stack:
        for site in sites.values():
            port = stack.enter_context(raw_web(site))
            for path in ("yes", "no", "a/../no", "n%6f", "no/x/.."):
                want(world, f"http://127.0.0.1:{port}/{path}/1.jpg")
        fetch(world, limits=LIMITS, health=PATIENT)
    assert [name for name, site in sites.items() if site.asked[b"/yes/1.jpg"] != 1] == []
    asked = {name: [path for path in site.asked if b"1.jpg" in path] for name, site in sites.items()}
    assert asked == {name: [b"/yes/1.jpg"] for name in sites}
    assert counts(world) == {"fetched": len(sites), "robots_denied": 4 * len(sites)}


def test_a_refusal_in_a_head_is_heard_whatever_the_head_looks_like(world: World) -> None:
    with contextlib.ExitStack() as stack:
        for line in HEADS.values():
            port = stack.enter_context(raw_web({b"/1.jpg": answer(picture(1), JPEG, line)}))
            want(world, f"http://127.0.0.1:{port}/1.jpg")
        fetch(world, limits=LIMITS, health=PATIENT)
    assert counts(world) == {"opted_out": len(HEADS)}


def test_a_redirect_leads_nowhere_that_robots_txt_forbids(world: World) -> None:
    pages = {b"/%d.jpg" % number: answer(b"", b"Location: " + to, status=b"302 Found") for number, to in
             enumerate(LEADS.values())}  # fmt: skip
    site = Site({b"/robots.txt": answer(RULES), **pages}, 1)
    with raw_web(site) as port:
        for path in pages:
            want(world, f"http://127.0.0.1:{port}{path.decode()}")
        fetch(world, limits=LIMITS, health=PATIENT)
    assert counts(world) == {"robots_denied": len(LEADS)}
    assert not any(b"no/" in path or path == b"/%6eo/1.jpg" for path in site.asked)


def test_a_site_that_another_leads_to_is_asked_itself(world: World) -> None:
    """By robots.txt, by its files and by its answers."""
    forbids = Site({b"/robots.txt": answer(b"User-agent: *\nDisallow: /")}, 1)
    reserves = Site({b"/.well-known/tdmrep.json": answer(b'[{"location": "/", "tdm-reservation": 1}]')}, 2)
    refuses = Site({b"/yes/1.jpg": answer(b"", b"Location: /2.jpg", NOAI, status=b"302 Found")}, 3)
    others = (forbids, reserves, refuses)
    with contextlib.ExitStack() as stack:
        for other in others:
            to = stack.enter_context(raw_web(other))
            leads = answer(b"", b"Location: http://127.0.0.1:%d/yes/1.jpg" % to, status=b"302 Found")
            port = stack.enter_context(raw_web({b"/1.jpg": leads}))
            want(world, f"http://127.0.0.1:{port}/1.jpg")
        fetch(world, limits=LIMITS, health=PATIENT)
    assert counts(world) == {"robots_denied": 1, "tdm_reserved": 1, "opted_out": 1}
    assert [site.asked[b"/yes/1.jpg"] for site in others] == [0, 0, 1]
