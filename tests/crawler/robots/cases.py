"""What robots.txt files must mean, as a table that others can use: a file, a product token, paths, and the answer.

Inputs are facts of several parsers' own tests, and of the note on consent in ``docs/concepts/politeness.md``; the
answers are those of RFC 9309. Where a parser answers otherwise, ``elsewhere`` says which, and why the RFC's counts.
"""

from dataclasses import dataclass

SYNSIFT = "synsift"
ALL = "User-agent: *\n"
OWN = "User-agent: synsift\n"


@dataclass(frozen=True)
class Case:
    """A file, and what it means.

    Attributes:
        name: Short.
        file: The robots.txt.
        allowed: Paths that may be fetched.
        denied: Paths that may not.
        token: Who asks.
        elsewhere: Who answers otherwise.
    """

    name: str
    file: str | bytes
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    token: str = SYNSIFT
    elsewhere: str = ""


GROUPS = (
    Case("R1 everybody", ALL + "Disallow: /", (), ("/a.jpg",)),
    Case("R2 an empty pattern", ALL + "Disallow:", ("/a.jpg",)),
    Case("R3 the own group replaces everybody's", ALL + "Disallow: /\n" + OWN + "Disallow:", ("/a",)),
    Case("R4 names have no case", "User-agent: SYNSIFT\nDisallow: /", (), ("/a",)),
    Case("R5 a longer name is another", "User-agent: synsift-image\nDisallow: /", ("/a",)),
    Case("R6 a shorter name is another", "User-agent: syn\nDisallow: /", ("/a",)),
    Case("P4 … whatever Protego and CPython make of it", "User-agent: syn\nDisallow: /", ("/a",)),
    Case("R7 own groups add up", f"{OWN}Disallow: /a\n{OWN}Disallow: /b", ("/c",), ("/a", "/b/x.png")),
    Case("R8 a blank line ends nothing", f"{OWN}\nDisallow: /", (), ("/a",)),
    Case("R17 before any group", f"Disallow: /\n{ALL}Disallow: /x", ("/a",), ("/x",)),
    Case("R18 Sitemap ends nothing", f"User-agent: a\nSitemap: http://h/s\n{OWN}Disallow: /", (), ("/a",)),
    Case("R18 … for both names", f"User-agent: a\nSitemap: http://h/s\n{OWN}Disallow: /", (), ("/a",), "a"),
    Case(
        "R22 Crawl-delay ends nothing",
        f"{OWN}Crawl-delay: 9\n\n{ALL}Disallow: /",
        (),
        ("/a",),
        elsewhere="Protego and CPython allow: they take it for a rule",
    ),
    Case("P22 … in its commonest form", f"{OWN}Crawl-delay: 9\n\n{ALL}Disallow: /", (), ("/a",)),
    Case("R23 an empty Disallow is a rule", f"{OWN}Disallow:\n\n{ALL}Disallow: /", ("/a",)),
    Case(
        "P2 words of the contact are no names",
        f"{OWN}Disallow: /\nUser-agent: image-crawler\nAllow: /",
        (),
        ("/a",),
        elsewhere="Protego, asked with a whole User-Agent, allows",
    ),
    Case("P3 … neither to forbid", "User-agent: image\nDisallow: /", ("/a",), elsewhere="Protego forbids"),
    Case("P5 a version is cut off", "User-agent: synsift/1.0\nDisallow: /", (), ("/a",), elsewhere="CPython allows"),
    Case("P6 … any version", "User-agent: synsift/2.0\nDisallow: /", (), ("/a",), elsewhere="Protego, CPython allow"),
    Case(
        "P7 an unknown line ends nothing",
        f"{OWN}Content-Signal: ai-train=no\nUser-agent: other\nDisallow: /",
        (),
        ("/a",),
        elsewhere="Protego allows",
    ),
    Case("P8 nor does Crawl-delay", f"{OWN}Crawl-delay: 1\nUser-agent: other\nDisallow: /", (), ("/a",)),
    Case("P9 nor Host", f"{OWN}Host: h\nUser-agent: other\nDisallow: /", (), ("/a",)),
    Case(
        "P11 everybody, and a word", "User-agent: * foo\nDisallow: /", (), ("/a",), elsewhere="Protego, CPython allow"
    ),
    Case("P18 groups far apart", f"{OWN}Disallow: /a\n{ALL}Disallow: /\n{OWN}Disallow: /b", ("/c",), ("/a", "/b")),
    Case("a name with a star in it is nobody's", "User-agent: *synsift\nDisallow: /", ("/a",)),
    Case(
        "A20 a line of drafts ends nothing", f"{OWN}Content-Usage: train-ai=n\nUser-agent: o\nDisallow: /", (), ("/a",)
    ),
    Case(
        "A20 … and where it does, both readings count",
        f"{OWN}Disallow: /x\nUser-agent: synsift\nContent-Usage: train-ai=y\nUser-agent: o\nAllow: /x",
        ("/a",),
        ("/x",),
        elsewhere="by the letter of RFC 9309 /x is allowed; by the draft of the IETF it is not: the stricter counts",
    ),
    Case("Google: FOO BAR is FOO", "User-Agent: FOO BAR\nAllow: /x/\nDisallow: /", ("/x/y",), ("/a/b",), "foo"),
    Case(
        "Google: up to the first blank",
        f"{ALL}Disallow: /\nUser-Agent: Foo Bar\nAllow: /x/\nDisallow: /",
        ("/x/y",),
        ("/y",),
        "foo",
    ),
    Case(
        "Google: names of lines have no case",
        "uSeR-aGeNt: FooBot\nAlLoW: /x/\ndIsAlLoW: /",
        ("/x/y",),
        ("/a",),
        "foobot",
    ),
    Case("Google: unknown names of lines", "foo: FooBot\nbar: /\n", ("/x/y",), (), "foobot"),
    Case(
        "Google: a longest group",
        f"{ALL}Disallow: /x/\nUser-agent: FooBot\nDisallow: /y/",
        ("/x/p",),
        ("/y/p",),
        "foobot",
    ),
    Case(
        "Google: only others' groups", "user-agent: FooBot\nallow: /\nuser-agent: BarBot\ndisallow: /", ("/x",), (), "q"
    ),
    Case("reppy: two names", "User-agent: one\nUser-agent: two\nDisallow: /t", ("/a",), ("/t",), "two"),
    Case(
        "reppy: unknown lines between names",
        f"{ALL}Disallow: /c/2/\n{ALL}Noindex: /gb\nUser-agent: ia\nDisallow: /",
        (),
        ("/foo",),
        "agent",
        elsewhere="reppy allows: it lets the line end the group",
    ),
    Case(
        "CPython: a longer name of one maker",
        "User-agent: Googlebot\nDisallow: /\n\nUser-agent: Googlebot-Mobile\nAllow: /",
        ("/a",),
        (),
        "googlebot-mobile",
    ),
    Case(
        "CPython: … and the shorter",
        "User-agent: Googlebot\nDisallow: /\n\nUser-agent: Googlebot-Mobile\nAllow: /",
        (),
        ("/a",),
        "googlebot",
    ),
    Case(
        "CPython: everybody twice",
        f"{ALL}Disallow: /some/path\n\n{ALL}Disallow: /another/path",
        ("/a",),
        ("/some/path", "/another/path"),
        elsewhere="CPython before 2026 took the first only",
    ),
)

GOOGLE_GROUPS = (
    "allow: /foo/bar/\n\nuser-agent: FooBot\ndisallow: /\nallow: /x/\nuser-agent: BarBot\ndisallow: /\nallow: /y/\n\n\n"
    "allow: /w/\nuser-agent: BazBot\n\nuser-agent: FooBot\nallow: /z/\ndisallow: /\n"
)
RFC_DRAFT = (
    "User-agent: unhipbot\nDisallow: /\n\nUser-agent: webcrawler\nUser-agent: excite\nDisallow:\n\nUser-agent: *\n"
    "Disallow: /org/plans.html\nAllow: /org/\nAllow: /serv\nAllow: /~mak\nDisallow: /\n"
)
STARS = f"{ALL}Disallow: /disallowed/*/end$\nDisallow: /protego*work\n"
FISH = "/fish", "/fish.html", "/fish/salmon.html", "/fishheads", "/fishheads/yummy.html", "/fish.html?id=anything"
NO_FISH = "/Fish.asp", "/catfish", "/?id=fish"

WHOLE_FILES = (
    Case("Google: groups, foobot", GOOGLE_GROUPS, ("/x/b", "/z/d"), ("/y/c", "/foo/bar/"), "foobot"),
    Case("Google: groups, barbot", GOOGLE_GROUPS, ("/y/c", "/w/a"), ("/z/d", "/foo/bar/"), "barbot"),
    Case("Google: groups, bazbot", GOOGLE_GROUPS, ("/z/d",), ("/foo/bar/",), "bazbot"),
    Case(
        "draft of 1996: unhipbot",
        RFC_DRAFT,
        ("/robots.txt",),
        ("/", "/index.html", "/services/fast.html", "/%7Ejim/j"),
        "unhipbot",
    ),
    Case("draft of 1996: excite", RFC_DRAFT, ("/", "/org/plans.html", "/orgo.gif", "/%7Emak/mak.html"), (), "excite"),
    Case(
        "draft of 1996: others",
        RFC_DRAFT,
        ("/robots.txt", "/server.html", "/services/fast.html", "/org/about.html", "/%7Emak/mak.html"),
        ("/", "/index.html", "/orgo.gif", "/org/plans.html", "/%7Ejim/jim.html"),
        "anything",
    ),
)

RULES = (
    Case("R9 the longer wins", ALL + "Disallow: /\nAllow: /img/", ("/img/a.jpg",), ("/a",)),
    Case("R10 of two as long, Allow", ALL + "Allow: /p\nDisallow: /p", ("/p",)),
    Case("R11 star and end", ALL + "Disallow: /*.jpg$", ("/x/a.jpg?w=200", "/a.jpeg"), ("/x/a.jpg",)),
    Case("R12 a query behind the end", ALL + "Disallow: /*.jpg$", ("/x/a.jpg?w=200",), ("/x/a.jpg",)),
    Case("R13 paths have case", ALL + "Disallow: /A", ("/a",), ("/A",)),
    Case("R14 unreserved octets are decoded", ALL + "Disallow: /%7Ejoe", (), ("/~joe/x.png", "/%7ejoe/x")),
    Case(
        "R15 reserved ones are not", ALL + "Disallow: /a%2Fb", ("/a/b",), ("/a%2fb",), elsewhere="CPython forbids /a/b"
    ),
    Case("R16 UTF-8 is encoded", ALL + "Disallow: /ツ", (), ("/%E3%83%84.png", "/ツ.png")),
    Case("R19 a comment is cut off", ALL + "Disallow: /x#y", (), ("/xyz",)),
    Case("R20 a URL is no path", ALL + "Disallow: https://ex.test/a", ("/a",)),
    Case("R21 robots.txt itself", ALL + "Disallow: /", ("/robots.txt",), ("/robots.txt2",)),
    Case(
        "P12 a star at the beginning",
        ALL + "Disallow: *.jpg",
        ("/a.png",),
        ("/a.jpg",),
        elsewhere="CPython 3.11 allows",
    ),
    Case("P12 … and alone", ALL + "Disallow: *", (), ("/a",)),
    Case("P13 no slash at the beginning", ALL + "Disallow: private", ("/private",)),
    Case(
        "P14 a dollar within", ALL + "Disallow: /a$b", ("/a",), ("/a$b", "/a%24b"), elsewhere="CPython drops the rule"
    ),
    Case("P15 misspelt", "useragent: *\nDissalow: /", ("/a",), elsewhere="Google and Protego forbid: guesses"),
    Case("P15 without a colon", "User-agent *\nDisallow /", ("/a",), elsewhere="Google and Protego forbid: guesses"),
    Case(
        "P16 an index page is no folder",
        ALL + "Disallow: /\nAllow: /index.html",
        ("/index.html",),
        ("/",),
        elsewhere="Google and Protego allow /",
    ),
    Case("P17 the longer pattern, not the longer match", ALL + "Disallow: /p$\nAllow: /p", ("/pq",), ("/p",)),
    Case("P21", ALL + "Disallow: /a%2Fb", ("/a/b",)),
    Case(
        "P19 order says nothing",
        ALL + "Disallow: /\nAllow: /img/",
        ("/img/a",),
        ("/b",),
        elsewhere="CPython 3.11: the first",
    ),
    Case(
        "Google: a longer file name",
        "user-agent: b\ndisallow: /x/page.html\nallow: /x/",
        ("/x/",),
        ("/x/page.html",),
        "b",
    ),
    Case(
        "Google: a longer pattern without star",
        "user-agent: b\nallow: /x/page.\ndisallow: /*.html",
        ("/x/page.html",),
        ("/x/y.html",),
        "b",
    ),
    Case(
        "Google: a star counts in length",
        "user-agent: b\nallow: /page\ndisallow: /*.html",
        ("/page",),
        ("/page.html",),
        "b",
    ),
    Case(
        "Google: a URL in the query",
        "user-agent: b\ndisallow: /\nallow: /foo/bar?q=t&b=http://foo.bar?tar&par",
        ("/foo/bar?q=t&b=http://foo.bar?tar&par",),
        ("/foo/bar",),
        "b",
    ),
    Case(
        "Google: encoded letters",
        "user-agent: b\ndisallow: /\nallow: /foo/bar/%62%61%7A",
        ("/foo/bar/baz", "/foo/bar/%62%61%7A"),
        (),
        "b",
        elsewhere="Google compares them as they are written; RFC 9309 decodes them",
    ),
    Case(
        "Google: a star within",
        "user-agent: b\ndisallow: /foo/bar/quz\nallow: /foo/*/qux",
        ("/foo/quz", "/foo//quz"),
        ("/foo/bar/quz",),
        "b",
    ),
    Case(
        "Google: an end within reach",
        "user-agent: b\ndisallow: /foo/bar$\nallow: /foo/bar/qux",
        ("/foo/bar/qux", "/foo/bar/"),
        ("/foo/bar",),
        "b",
    ),
    Case(
        "Google: comments",
        "user-agent: b\n# Disallow: /\nDisallow: /foo/quz#qux\nAllow: /",
        ("/foo/bar",),
        ("/foo/quz",),
        "b",
    ),
    Case("Google: /fish", "user-agent: b\ndisallow: /\nallow: /fish", FISH, NO_FISH, "b"),
    Case("Google: /fish*", "user-agent: b\ndisallow: /\nallow: /fish*", FISH, NO_FISH, "b"),
    Case(
        "Google: /fish/",
        "user-agent: b\ndisallow: /\nallow: /fish/",
        ("/fish/", "/fish/?salmon"),
        ("/fish", "/fish.html", "/Fish/S"),
        "b",
    ),
    Case(
        "Google: /*.php",
        "user-agent: b\ndisallow: /\nallow: /*.php",
        ("/f.php", "/a/f.php?p", "/index?f=f.php/"),
        ("/php/", "/w.PHP"),
        "b",
    ),
    Case(
        "Google: /*.php$",
        "user-agent: b\ndisallow: /\nallow: /*.php$",
        ("/f.php", "/a/f.php"),
        ("/f.php?p", "/f.php/", "/f.php5"),
        "b",
    ),
    Case(
        "Google: /fish*.php",
        "user-agent: b\ndisallow: /\nallow: /fish*.php",
        ("/fish.php", "/fishheads/catfish.php?p"),
        ("/Fish.PHP",),
        "b",
    ),
    Case("Google: the root alone", "user-agent: b\nallow: /$\ndisallow: /", ("/",), ("/page.html",), "b"),
    Case("Protego: parts of paths", ALL + "Disallow: /path;params?query", ("/path",), ("/path;params?query#fragment",)),
    Case("Protego: a question mark", ALL + "Disallow: /?", ("/",), ("/?query", "/?")),
    Case("Protego: octets of no URI", ALL + "Disallow: /\nAllow: /a<d.html", ("/a%3cd.html", "/a<d.html")),
    Case("Protego: … encoded", ALL + "Disallow: /\nAllow: /a%3c*", ("/a%3Cd.html", "/a<d.html")),
    Case(
        "Protego: stars",
        STARS,
        ("/disallowed", "/disallowed/x/endinglater", "/rotego_work", "/protego_does_wor"),
        ("/disallowed/x/end", "/protegoworks", "/protego/works"),
    ),
    Case("Protego: stars without end", ALL + "Disallow: *****************/****.js", ("/a.jpg",), ("/a/b.js",)),
    Case("Protego: a star before a letter", ALL + "Disallow: *m", ("/foo",), ("/foo.htm",)),
    Case(
        "CPython: an empty query",
        ALL + "Allow: /some/path?\nDisallow: /another/path?",
        ("/some/path?", "/another/path"),
        ("/another/path?",),
    ),
    Case("CPython: a query", ALL + "Disallow: /some/path?name=value", ("/some/path",), ("/some/path?name=value",)),
    Case("CPython: a dot", ALL + "Disallow: /.", ("/foo.html",), ("/.git",)),
    Case(
        "CPython: encoded, of both kinds",
        "User-agent: f\nDisallow: /a%3cd.html\nDisallow: /a%2fb.html\nDisallow: /%7ejoe/i",
        ("/foo.html",),
        ("/a%3cd.html", "/a%3Cd.html", "/a%2fb.html", "/~joe/i"),
        "f",
    ),
    Case(
        "Google: every star counts",
        ALL + "Disallow: /libraries/\nAllow: /*.jpg**********",
        ("/libraries/a.jpg",),
        ("/libraries/a",),
    ),
    Case("a star to be meant as it is", ALL + "Disallow: /a%2Ab", ("/axb",), ("/a*b", "/a%2ab")),
    Case("parts that must not overlap", ALL + "Disallow: /aba*aba$", ("/aba", "/ababa"), ("/abaaba", "/abaxaba")),
)

BYTES = (
    Case(
        "P1 a mark of UTF-8", b"\xef\xbb\xbfUser-agent: *\nDisallow: /", (), ("/a",), elsewhere="Protego, CPython allow"
    ),
    Case("Google: half a mark", b"\xef\xbbUser-agent: *\nDisallow: /", (), ("/a",)),
    Case("Google: a third of a mark", b"\xefUser-agent: *\nDisallow: /", (), ("/a",)),
    Case("Google: a mark that is none", b"\xef\x11\xbfUser-agent: *\nDisallow: /", ("/a",)),
    Case("a mark, encoded twice", "\ufeffUser-agent: *\nDisallow: /".encode().decode("latin-1").encode(), (), ("/a",)),
    Case("UTF-16 with a mark", "User-agent: *\nDisallow: /ü".encode("utf-16"), ("/a",), ("/%C3%BC",)),
    Case("UTF-16, large end first", b"\xfe\xff" + "User-agent: *\nDisallow: /".encode("utf-16-be"), (), ("/a",)),
    Case("UTF-16 without a mark", "User-agent: *\nDisallow: /".encode("utf-16-le"), (), ("/a",)),
    Case("UTF-16 without a mark, large end first", "User-agent: *\nDisallow: /".encode("utf-16-be"), (), ("/a",)),
    Case("UTF-32", "User-agent: *\nDisallow: /".encode("utf-32"), (), ("/a",)),
    Case("latin-1", b"User-agent: *\nDisallow: /caf\xe9", ("/cafe",), ("/caf%E9", "/caf%e9/x")),
    Case(
        "P10 lines end in CR and LF only",
        "User-agent: *\nDisallow: /p\n# note\u2028Allow: /p/x",
        (),
        ("/p/x",),
        elsewhere="Protego allows",
    ),
    *(
        Case(f"P10 … not in {end!r}", f"User-agent: *\nDisallow: /p\n# note{end}Allow: /p/x", (), ("/p/x",))
        for end in "\x0b\x0c\x1c\x1d\x1e\x85\u2029"
    ),
    Case("zeros behind all", f"{ALL}Disallow: /\n".encode() + bytes(100), (), ("/a",)),
    Case("zeros before all", bytes(100) + f"{ALL}Disallow: /".encode(), (), ("/a",)),
    Case("no-break spaces", f"{ALL}Disallow: /".replace(" ", "\u00a0"), (), ("/a",)),
    Case("no-break spaces of latin-1", f"{ALL}Disallow: /".replace(" ", "\u00a0").encode("latin-1"), (), ("/a",)),
    Case("a mark in the midst", f"# x\n\ufeff{ALL}\ufeffDisallow: /", (), ("/a",)),
    Case("a space without width", f"\u200b{ALL}Disallow: /\u200b", (), ("/a",)),
    Case("a letter whose last octet is no blank", f"{ALL}Disallow: /voil\u00e0", ("/voil%C3",), ("/voil%C3%A0",)),
    Case("CR alone", b"User-agent: *\rDisallow: /\r", (), ("/a",)),
    Case("CRLF", b"User-agent: *\r\nDisallow: /x\r\n\r\nAllow: /x/y\r\n", ("/x/y",), ("/x",)),
    Case("zeros and tabs around", b"User-agent\t:\t* \nDisallow :\t/\x00", (), ("/a",)),
    Case("S11 read to 500 KiB", OWN + "Allow: /\n" + "#" * 600_000 + "\n" + OWN + "Disallow: /", ("/a",)),
    Case(
        "S12 a line that is cut",
        ALL + "Disallow: /a\n" + "#" * (500 * 1024 - 41) + "\nAllow: /a/b/c/d/e/f\n",
        (),
        ("/a/b/c/d", "/a/b/x"),
    ),
    Case("what comes first of a long file", ALL + "Disallow: /\n" + "# and so on\n" * 200_000, (), ("/a",)),
)

ALL_CASES = (*GROUPS, *WHOLE_FILES, *RULES, *BYTES)
