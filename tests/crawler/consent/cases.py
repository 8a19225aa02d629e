"""What signals of consent mean, as a table that others can use: what is said, and the verdicts.

``fetch``, ``train`` and ``index`` are the verdicts of the policy ``cautious`` for https://ex.test/img/a.jpg, asked by
the product token ``synsift`` for training: yes, no, hold (it can't be told: kept out of training) or silent. A refusal
known before the request is no for ``fetch``, too: nobody fetches for training what may not be trained on. Where a case
was judged otherwise than the note on signals that it is taken from proposes, ``why`` says so.
"""

from dataclasses import dataclass

from synsift.crawler.consent import Statement, ai_txt, tdm

YES, NO, HOLD, SILENT = "yes", "no", "hold", "silent"
ALL, OWN = "User-agent: *\n", "User-agent: synsift\n"


@dataclass(frozen=True)
class Case:
    """Signals, and what follows from them.

    Attributes:
        name: Number and subject.
        fetch: May it be fetched.
        train: May it be trained on.
        index: May it be indexed.
        robots: Text of robots.txt.
        status: Status of robots.txt.
        head: Header lines of the answer.
        redirect: Header lines of a redirect that led to it.
        tdmrep: Text of /.well-known/tdmrep.json.
        ai_txt: Text of /ai.txt.
        metas: Meta elements of its page.
        xmp: Values of plus:DataMining in the image, one a packet; or a whole packet.
        licence: What a licence's elements within its content are, or its contents (RSL).
        credentials: Entries of an assertion training-mining.
        is_trusted: Whether its signature is valid, and its signer known.
        is_elsewhere: Whether the image names a manifest by a URL.
        unread: Files that fail.
        delay_s: Time between two requests that robots.txt asks for.
        url: If it is another one.
        why: Where it was judged otherwise, the reason.
    """

    name: str
    fetch: str
    train: str
    index: str
    robots: str = ""
    status: int = 200
    head: tuple[tuple[str, str], ...] = ()
    redirect: tuple[tuple[str, str], ...] = ()
    tdmrep: str = ""
    ai_txt: str = ""
    metas: tuple[tuple[str, str], ...] = ()
    xmp: tuple[str, ...] = ()
    licence: str = ""
    credentials: tuple[tuple[str, str], ...] = ()
    is_trusted: bool = True
    is_elsewhere: bool = False
    unread: tuple[Statement, ...] = ()
    delay_s: float | None = None
    url: str = "https://ex.test/img/a.jpg"
    why: str = ""


def tags(*lines: str) -> tuple[tuple[str, str], ...]:
    return tuple(("x-robots-tag", line) for line in lines)


def usage(*lines: str) -> tuple[tuple[str, str], ...]:
    return tuple(("content-usage", line) for line in lines)


def reservation(*lines: str) -> tuple[tuple[str, str], ...]:
    return tuple(("tdm-reservation", line) for line in lines)


TAGS = (
    Case("X1 noai", YES, NO, SILENT, head=tags("noai")),
    Case("X2 no case", YES, NO, SILENT, head=tags("NoImageAI")),
    Case("X3 noml", YES, NO, SILENT, head=tags("noml")),
    Case("X4 noindex", YES, HOLD, NO, head=tags("noindex")),
    Case("X5 none", YES, HOLD, NO, head=tags("none")),
    Case("X6 noimageindex", YES, HOLD, NO, head=tags("noimageindex")),
    Case("X8 to another: no to one is no to all", YES, NO, SILENT, head=tags("otherbot: noai")),
    Case("X9 to us", YES, NO, SILENT, head=tags("synsift: noai")),
    Case("X10 noindex is another's", YES, SILENT, SILENT, head=tags("otherbot: noindex, nofollow, synsift: nofollow")),
    Case("X10 … or ours", YES, HOLD, NO, head=tags("otherbot: nofollow, synsift: noindex")),
    Case("X11 lines stand apart", YES, NO, SILENT, head=tags("otherbot: noindex", "noai")),
    Case("X11 … for noindex, too", YES, HOLD, NO, head=tags("otherbot: nofollow", "noindex")),
    Case("X12 joined by a proxy", YES, NO, SILENT, head=tags("otherbot: noindex, noai")),
    Case("X13 a day that has passed", YES, HOLD, NO, head=tags("unavailable_after: 25 Jun 2020 15:00:00 GMT")),
    Case("X13 … of RFC 850", YES, HOLD, NO, head=tags("unavailable_after: Thursday, 25-Jun-20 15:00:00 GMT")),
    Case("X13 … of RFC 822", YES, HOLD, NO, head=tags("unavailable_after: Wed, 03 Dec 2025 13:09:53 GMT, nofollow")),
    Case("X13 … of ISO 8601", YES, HOLD, NO, head=tags("nofollow, unavailable_after: 2020-06-25T15:00:00+00:00")),
    Case("X13 a day to come", YES, SILENT, SILENT, head=tags("unavailable_after: 25 Jun 2099 15:00:00 GMT")),
    Case("X14 no day", YES, SILENT, SILENT, head=tags("unavailable_after: never")),
    Case("X15 no preview", YES, SILENT, SILENT, head=tags("max-image-preview: none"),
         why="it restricts showing, which isn't kept apart from indexing; none is its value, and no rule"),
    Case("X16 the stricter", YES, NO, SILENT, head=tags("all, noai")),
    Case("X17 noarchive", YES, SILENT, SILENT, head=tags("noarchive")),
    Case("X18 on the redirect", YES, NO, SILENT, redirect=tags("noai"),
         why="not held but no: the redirect is what the URL itself answers, which a page shows"),
    Case("blanks", YES, NO, SILENT, head=tags("noai noimageai")),
    Case("in quotes", YES, NO, SILENT, head=tags('"noai"')),
    Case("as a list of another kind", YES, NO, SILENT, head=tags("[noai]")),
    Case("with a value", YES, NO, SILENT, head=tags("noai=1")),
    Case("semicolons", YES, NO, NO, head=tags("noindex; noai")),
    Case("noindex twice", YES, HOLD, NO, head=tags("noindex, noimageindex")),
    Case("a name that is a word", YES, SILENT, SILENT, head=tags("noaim, xnoai")),
)  # fmt: skip

PAGES = (
    Case("X7 noimageindex on a page", YES, HOLD, NO, metas=(("robots", "noimageindex"),)),
    Case("M1 noai", YES, NO, SILENT, metas=(("robots", "noai"),)),
    Case("M2 noimageai", YES, NO, SILENT, metas=(("robots", "noimageai"),)),
    Case("M3 noindex", YES, HOLD, NO, metas=(("robots", "noindex"),)),
    Case("M4 noimageindex", YES, HOLD, NO, metas=(("ROBOTS", "NoImageIndex"),)),
    Case("M5 another's", YES, SILENT, SILENT, metas=(("googlebot", "noindex"),)),
    Case("M6 to all and to us", YES, NO, SILENT, metas=(("robots", "index"), ("synsift", "noai"))),
    Case("M7 in the body", YES, NO, SILENT, metas=(("robots", "noai"),), why="wherever an element stands, it is heard"),
    Case("M8 one of two pages", YES, NO, SILENT, metas=(("robots", "index"), ("robots", "noai"))),
    Case("M9 without a comma", YES, NO, SILENT, metas=(("robots", "noai noimageai"),)),
    Case("T9 a page of its own reserves", YES, NO, HOLD, metas=(("tdm-reservation", "1"),)),
    Case(
        "T8 its page's meta takes nothing back",
        YES,
        NO,
        HOLD,
        head=reservation("1"),
        metas=(("tdm-reservation", "0"),),
        why="by the letter it replaces the header of a page; what is fetched here is an image",
    ),
    Case("N2 page noai, host silent", YES, NO, SILENT, metas=(("robots", "noai"),)),
)

TDM = (
    Case("T1 1", YES, NO, HOLD, head=reservation("1")),
    Case("T2 0", YES, YES, YES, head=reservation("0")),
    Case("T3 true", YES, HOLD, SILENT, head=reservation("true")),
    Case("T4 1 and a policy", YES, NO, HOLD, head=(*reservation("1"), ("tdm-policy", "https://ex.test/p"))),
    Case("T5 file", NO, NO, HOLD, tdmrep='[{"location":"/","tdm-reservation":1}]'),
    Case("T6 header replaces file", NO, NO, HOLD, tdmrep='[{"location":"/","tdm-reservation":1}]', head=reservation("0"),
         why="the file is read before the request, and its 1 ends that: the header is never seen. With the file alone "
             "heard after the answer, the header's 0 replaces it, as a test of judge has it"),
    Case("T7 absence resets nothing", NO, NO, HOLD, tdmrep='[{"location":"/","tdm-reservation":1}]', head=(("a", "b"),)),
    Case("T10 first match", YES, YES, YES,
         tdmrep='[{"location":"/img/*.jpg","tdm-reservation":0},{"location":"/","tdm-reservation":1}]'),
    Case("T11 the other way round", NO, NO, HOLD,
         tdmrep='[{"location":"/","tdm-reservation":1},{"location":"/img/*.jpg","tdm-reservation":0}]'),
    Case("T12 no array", NO, NO, HOLD, tdmrep='{"location":"/","tdm-reservation":1}',
         why="index: the wish that is heeded for training is heeded whole"),
    Case("T13 a string", NO, NO, HOLD, tdmrep='[{"location":"/","tdm-reservation":"1"}]'),
    Case("T14 no file", YES, SILENT, SILENT),
    Case("T14 a page in its place", YES, SILENT, SILENT, tdmrep="<html>not found</html>"),
    Case("T15 it fails", NO, HOLD, SILENT, unread=(tdm.unread("HTTP status 503", "https://ex.test"),)),
    Case("T15 … but a header says 0", NO, HOLD, SILENT, head=reservation("0"),
         unread=(tdm.unread("HTTP status 503", "https://ex.test"),), why="as T6: the header is never seen"),
    Case("T16 1 and 0", YES, NO, HOLD, head=reservation("1", "0")),
    Case("T16 joined", YES, NO, HOLD, head=reservation("1, 0")),
    Case("twice 1", YES, NO, HOLD, head=reservation("1, 1")),
    Case("T17 in XMP", YES, NO, HOLD, xmp=('<rdf:RDF xmlns:rdf="r" xmlns:t="http://www.w3.org/ns/tdmrep/"><a t:reservation="1"/></rdf:RDF>',)),
    Case("T17 … spelt as for EPUB", YES, NO, HOLD,
         xmp=('<rdf:RDF xmlns:rdf="r" xmlns:t="http://www.w3.org/ns/tdmrep#"><t:reservation>1</t:reservation></rdf:RDF>',)),
    Case("T18 an end", YES, SILENT, SILENT, tdmrep='[{"location":"/a$","tdm-reservation":1}]', url="https://ex.test/a?x"),
)  # fmt: skip

USAGE = (
    Case("A1 train-ai=n", YES, NO, SILENT, head=usage("train-ai=n")),
    Case("A2 y and search=n", YES, YES, NO, head=usage("train-ai=y, search=n")),
    Case("A3 upper case", YES, HOLD, SILENT, head=usage("Train-AI=n")),
    Case("A4 N", YES, HOLD, SILENT, head=usage("train-ai=N")),
    Case("A5 a string", YES, HOLD, SILENT, head=usage('train-ai="n"')),
    Case("A6 a boolean", YES, HOLD, SILENT, head=usage("train-ai=?0")),
    Case("A6 bare", YES, HOLD, SILENT, head=usage("train-ai")),
    Case("A7 the last counts", YES, YES, SILENT, head=usage("train-ai=n, train-ai=y")),
    Case("A8 a parameter", YES, NO, SILENT, head=usage("train-ai=n;until=2030")),
    Case("A9 a comma at the end", YES, HOLD, SILENT, head=usage("train-ai=n,")),
    Case("A9 blanks", YES, HOLD, SILENT, head=usage("train-ai = n")),
    Case("A9 a colon", YES, HOLD, SILENT, head=usage("train-ai:n")),
    Case("A10 others beside", YES, NO, SILENT, head=usage("foo=(a b), train-ai=n")),
    Case("A11 two lines", YES, YES, NO, head=usage("train-ai=y", "search=n")),
    Case("A12 search alone", YES, SILENT, NO, head=usage("search=n")),
    Case("A13 robots.txt", NO, NO, SILENT, ALL + "Content-Usage: train-ai=n\nAllow: /"),
    Case("A14 a path", NO, NO, SILENT, ALL + "Content-Usage: /img/ train-ai=n\nAllow: /"),
    Case("A15 another path", YES, SILENT, SILENT, ALL + "Content-Usage: /img/ train-ai=n\nAllow: /", url="https://ex.test/b.jpg"),
    Case("A16 the longest path", YES, YES, SILENT, ALL + "Content-Usage: train-ai=n\nContent-Usage: /img/ train-ai=y"),
    Case("A17 the longest path is silent", NO, HOLD, YES, ALL + "Content-Usage: train-ai=n\nContent-Usage: /img/ search=y"),
    Case("A18 equal paths", NO, NO, SILENT, ALL + "Content-Usage: /img/ train-ai=y\nContent-Usage: /img/ train-ai=n"),
    Case("A19 no preferences where crawling is forbidden", NO, NO, NO, ALL + "Disallow: /img/\nContent-Usage: train-ai=y"),
    Case("A20 both readings of a group", NO, NO, NO, OWN + "Content-Usage: train-ai=n\nUser-agent: other\nDisallow: /",
         why="index: what may not be fetched can't be indexed"),
    Case("A21 robots.txt n, header y", NO, NO, SILENT, ALL + "Content-Usage: train-ai=n\nAllow: /", head=usage("train-ai=y")),
    Case("A22 everybody's line beside an own group", NO, NO, SILENT, f"{OWN}Allow: /\n{ALL}Content-Usage: train-ai=n"),
    Case("more lines than are read", NO, HOLD, SILENT,
         ALL + "Allow: /\n" + "Content-Usage: /x train-ai=y\n" * 1_001 + "Content-Usage: train-ai=n",
         why="one that nobody reads may say no"),
    Case("longer lines than are read", NO, HOLD, YES,
         ALL + "Allow: /\n" + f"Content-Signal: search=yes, x={'y' * 4_000}\n" * 20),
    *(Case(f"A23 {label}", YES, NO, SILENT, head=usage(f"{label}=n")) for label in ("ai", "genai", "train-genai", "bots")),
    *(Case(f"A23 {label}", YES, NO, HOLD, head=usage(f"{label}=n")) for label in ("all", "tdm")),
)  # fmt: skip

SIGNALS = (
    Case("G1 ai-train=no", NO, NO, YES, ALL + "Content-Signal: search=yes, ai-train=no\nAllow: /"),
    Case("G2 ai-train=yes", YES, YES, SILENT, ALL + "Content-Signal: ai-train=yes\nAllow: /"),
    Case("G3 search=yes", YES, SILENT, YES, ALL + "Content-Signal: search=yes\nAllow: /"),
    Case("G4 ai-input=no", YES, SILENT, SILENT, ALL + "Content-Signal: ai-input=no\nAllow: /"),
    Case("G5 search=no", YES, SILENT, NO, ALL + "Content-Signal: search=no\nAllow: /", why="we fetch for training, not for an index"),
    Case("G6 No", NO, NO, SILENT, ALL + "Content-Signal: ai-train=No\nAllow: /"),
    Case("G6 AI-Train", NO, NO, SILENT, ALL + "content-signal: AI-Train=no\nAllow: /"),
    Case("G7 maybe", NO, HOLD, SILENT, ALL + "Content-Signal: ai-train=maybe\nAllow: /"),
    *(Case(f"G7 {text}", NO, HOLD, SILENT, ALL + f"Content-Signal: {text}\nAllow: /")
      for text in ("ai-train:no", "ai-train", "ai-train=", "ai-training=no", "ai_train=no", "AI-Train: no", "ai-train no",
                   "aitrain=no", "train-ai=n", "ai-input=yes; ai-train", "ai-train=yes, ai_train=no")),
    Case("a name that begins so", YES, SILENT, SILENT, ALL + "Content-Signal: ai-trainer=no, x-ai-train=no\nAllow: /"),
    Case("a star", YES, SILENT, SILENT, ALL + "Content-Signal: *=no\nAllow: /", why="the signal has no such name"),
    Case("G8 the legend alone", YES, SILENT, SILENT, "# Content-Signal: ai-train=no\n" + ALL + "Allow: /"),
    Case("G9 with use", NO, NO, YES, ALL + "Content-Signal: search=yes,ai-train=no,use=reference\nAllow: /"),
    Case("G10 use alone", NO, HOLD, YES, ALL + "Content-Signal: use=reference\nAllow: /"),
    Case("use=full", YES, SILENT, SILENT, ALL + "Content-Signal: use=full\nAllow: /"),
    Case("G11 everybody's, beside an own group", NO, NO, SILENT, f"{ALL}Content-Signal: ai-train=no\nAllow: /\n{OWN}Allow: /"),
    Case("G12 to another", YES, SILENT, SILENT, "User-agent: GPTBot\nContent-Signal: ai-train=no\nAllow: /"),
    Case("G13 no and yes", NO, NO, SILENT, f"{ALL}Content-Signal: ai-train=no\nAllow: /\n{ALL}Content-Signal: ai-train=yes\nAllow: /"),
    Case("G14 outside of groups", NO, NO, SILENT, f"Content-Signal: ai-train=no\n{ALL}Allow: /"),
)  # fmt: skip

OTHER_LINES = (
    Case("D1 ai.txt by type", NO, NO, SILENT, ai_txt=ALL + "Disallow: *.jpg"),
    Case("D2 another type", YES, SILENT, SILENT, ai_txt=ALL + "Disallow: *.png"),
    Case("D3 by the answer's type", YES, NO, SILENT, ai_txt=ALL + "Disallow: *.jpg", url="https://ex.test/img?id=7",
         head=(("content-type", "image/jpeg"),)),
    Case("D4 longest match", YES, YES, SILENT, ai_txt=ALL + "Disallow: /\nAllow: *.jpg"),
    Case("D5 a page in its place", YES, SILENT, SILENT, ai_txt="<html>not found</html>"),
    Case("D5 … or it fails", YES, SILENT, SILENT, unread=(ai_txt.unread("HTTP status 503", "https://ex.test"),),
         why="recorded; strict refuses"),
    Case("D6 another format, understood", NO, NO, SILENT, ai_txt="Spec-Version: 1.0\nTraining: deny"),
    Case("D6 … that leaves it open", NO, HOLD, SILENT, ai_txt="Spec-Version: 1.0\nTraining: conditional"),
    Case("D6 … that grants", YES, YES, SILENT, ai_txt="Spec-Version: 1.0\nTraining: Allow"),
    Case("D6 … not understood", NO, HOLD, SILENT, ai_txt="Dear machines, please don't train on my photographs."),
    Case("D6 … of something else", YES, SILENT, SILENT, ai_txt="Welcome, agents: our opening hours are 9 to 5."),
    Case("D7 DisallowAITraining", NO, NO, SILENT, ALL + "DisallowAITraining: /\nAllow: /"),
    Case("D8 longest path", YES, YES, SILENT, ALL + "DisallowAITraining: /\nAllowAITraining: /img/\nAllow: /"),
    Case("D9 three training bots", NO, HOLD, SILENT, "User-agent: GPTBot\nUser-agent: CCBot\nUser-agent: ClaudeBot\nDisallow: /"),
    Case("D9 two of them", YES, SILENT, SILENT, "User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /"),
    *(Case(f"D10 {pattern}", NO, HOLD, SILENT, f"User-agent: Google-Extended\nDisallow: {pattern}")
      for pattern in ("*", "/*", "/**", "*/", "**", "*/*", "*$", "/*$")),
    Case("D11 a star", NO, NO, SILENT, "User-agent: img2dataset\nDisallow: *"),
    Case("D9 with stars", NO, HOLD, SILENT,
         "User-agent: GPTBot/1.0\nDisallow: /\nUser-agent: ccbot\nDisallow: /*\nUser-agent: CLAUDEBOT\nDisallow: *"),
    *(Case(f"D10 not all: {pattern}", YES, SILENT, SILENT, f"User-agent: Google-Extended\nDisallow: {pattern}")
      for pattern in ("/$", "/*/", "*.php", "", "//", "/*?", "$")),
    Case("D10 a token of use", NO, HOLD, SILENT, "User-agent: Google-Extended\nDisallow: /"),
    Case("D11 img2dataset", NO, NO, SILENT, "User-agent: img2dataset\nDisallow: /"),
    Case("D12 TDM-Reservation as a line", NO, NO, HOLD, ALL + "TDM-Reservation: 1\nAllow: /"),
    Case("D13 Noindex as a line", YES, SILENT, NO, ALL + "Noindex: /img/\nAllow: /"),
)  # fmt: skip

DMI = "http://ns.useplus.org/ldf/vocab/DMI-"
EMBEDDED = (
    Case("I1", YES, NO, SILENT, xmp=(DMI + "PROHIBITED-AIMLTRAINING",)),
    Case("I2", YES, NO, SILENT, xmp=(DMI + "PROHIBITED-GENAIMLTRAINING",)),
    Case("I3", YES, NO, YES, xmp=(DMI + "PROHIBITED-EXCEPTSEARCHENGINEINDEXING",)),
    Case("I4", YES, NO, NO, xmp=(DMI + "PROHIBITED",)),
    Case("I5", YES, NO, YES, xmp=(DMI + "ALLOWED",), head=tags("noai"),
         why="index: a grant of mining is one of indexing, and noai says nothing against that (as Z1 has it)"),
    Case("I6", YES, SILENT, SILENT, xmp=(DMI + "UNSPECIFIED",)),
    Case("I7 a bare key", YES, NO, NO, xmp=("DMI-PROHIBITED",)),
    Case("I7 in ExifTool's words", YES, NO, SILENT, xmp=("Prohibited for AI/ML training",)),
    Case("I8", YES, NO, HOLD, xmp=(DMI + "PROHIBITED-SEECONSTRAINT",)),
    Case("I9 a new key", YES, HOLD, HOLD, xmp=(DMI + "SOMETHINGNEW",)),
    Case("I10 a DTD", YES, HOLD, SILENT,
         xmp=('<x:xmpmeta xmlns:x="x"><!DOCTYPE a>http://ns.useplus.org/ DMI-PROHIBITED</x:xmpmeta>',)),
    Case("I10 broken, and silent", YES, SILENT, SILENT, xmp=("<rdf:RDF>http://ns.useplus.org/<</rdf:RDF>",)),
    Case("I11 none", YES, SILENT, SILENT),
    Case("I12 two packets", YES, NO, NO, xmp=(DMI + "ALLOWED", DMI + "PROHIBITED")),
    Case("allowed", YES, YES, YES, xmp=(DMI + "ALLOWED",)),
)  # fmt: skip

CREDENTIALS = (
    Case("K1", YES, NO, SILENT, credentials=(("cawg.ai_generative_training", "notAllowed"),)),
    Case("K2", YES, NO, SILENT, credentials=(("cawg.ai_training", "notAllowed"),)),
    Case("K3", YES, NO, SILENT, credentials=(("cawg.ai_training", "allowed"), ("cawg.ai_generative_training", "notAllowed"))),
    Case("K4", YES, NO, HOLD, credentials=(("cawg.data_mining", "constrained"),)),
    Case("K5", YES, NO, NO, credentials=(("cawg.data_mining", "notAllowed"),)),
    Case("K6", YES, SILENT, HOLD, credentials=(("cawg.ai_inference", "notAllowed"),)),
    Case("K7", YES, NO, SILENT, credentials=(("c2pa.ai_training", "notAllowed"),)),
    Case("K8", YES, SILENT, SILENT, credentials=(("cawg.ai_training", "allowed"),), is_trusted=False),
    Case("K9", YES, NO, SILENT, credentials=(("cawg.ai_training", "notAllowed"),), is_trusted=False),
    Case("K10 a manifest elsewhere", YES, HOLD, SILENT, is_elsewhere=True),
    Case("K10 … as a header says", YES, HOLD, SILENT, head=(("link", '<https://e/m>; rel="c2pa-manifest"'),)),
    Case("K11", YES, HOLD, SILENT, credentials=(("com.ex.training", "notAllowed"),)),
)  # fmt: skip


def rsl(inner: str, url: str = "/", server: str = "") -> str:
    told = f' server="{server}"' if server else ""
    return f'<rsl xmlns="https://rslstandard.org/rsl"><content url="{url}"{told}>{inner}</content></rsl>'


def terms(permits: str = "", prohibits: str = "", payment: str = "") -> str:
    parts = [
        f'<permits type="usage">{permits}</permits>' if permits else "",
        f'<prohibits type="usage">{prohibits}</prohibits>' if prohibits else "",
        f'<payment type="{payment}"/>' if payment else "",
    ]
    return f"<license>{''.join(parts)}</license>"


LICENSED = ALL + "License: https://ex.test/l\nAllow: /"
OPEN_PART = (
    '<rsl xmlns="https://rslstandard.org/rsl">'
    f'<content url="/">{terms(prohibits="ai-train")}</content><content url="/img/">{terms("ai-train")}</content></rsl>'
)
LICENCES = (
    Case("L1 search, and no training", NO, NO, YES, LICENSED, licence=rsl(terms("search", "ai-train"))),
    Case("L2 all, for nothing", YES, YES, YES, LICENSED, licence=rsl(terms("all", payment="free"))),
    Case("L3 to be paid for", NO, NO, SILENT, LICENSED, licence=rsl(terms("ai-all", payment="crawl"))),
    Case("L4 no AI", NO, NO, SILENT, LICENSED, licence=rsl(terms(prohibits="ai-all"))),
    Case("L5 search alone", NO, NO, YES, LICENSED, licence=rsl(terms("search"))),
    Case("L6 to be had from a server", NO, NO, NO, LICENSED, licence=rsl(terms("all"), server="https://lic.test")),
    Case("L7 for some", NO, HOLD, HOLD, LICENSED,
         licence=rsl('<license><permits type="user">non-commercial education</permits></license>')),
    Case("L7 for some countries", NO, HOLD, HOLD, LICENSED,
         licence=rsl('<license><permits type="usage">all</permits><prohibits type="geo">EU</prohibits></license>')),
    Case("L8 named, and not to be had", NO, HOLD, SILENT, LICENSED),
    Case("L8 a Link to one, not to be had", YES, HOLD, SILENT,
         head=(("link", '<https://e/l>; rel="license"; type="application/rsl+xml"'),)),
    Case("L8 nothing in it", NO, HOLD, HOLD, LICENSED, licence=rsl("<license/>"),
         why="terms that are none that is known here: index, too"),
    Case("L9 the longest path", YES, YES, SILENT, LICENSED, licence=OPEN_PART),
    Case("L9 the other path", NO, NO, SILENT, LICENSED, licence=OPEN_PART, url="https://ex.test/a.jpg"),
    Case("L10 a Link to a deed", YES, SILENT, SILENT, head=(("link", '<https://creativecommons.org/l>; rel="license"'),),
         why="a licence of the page's is what a source tells, and stands with the image; it is no signal"),
    Case("L11 for attribution", YES, YES, SILENT, LICENSED, licence=rsl(terms("ai-train", payment="attribution"))),
    Case("a Link to one that prohibits", YES, NO, SILENT, licence=rsl(terms(prohibits="ai-train")),
         head=(("link", '<https://e/a>; rel=a, </l.xml>; type="Application/RSL+xml"; rel="license"'),)),
    Case("a Link to one that permits", YES, YES, SILENT, licence=rsl(terms("ai-train")),
         head=(("link", '<https://e/l>; rel="license"; type="application/rsl+xml"'),)),
    Case("in a group of others", NO, NO, SILENT, "User-agent: GPTBot\nLicense: https://ex.test/l\nDisallow: /x",
         licence=rsl(terms(prohibits="ai-train")), why="the line is bound to no crawler"),
    Case("two offers, one of them free", YES, YES, YES, LICENSED,
         licence=rsl(terms("all", payment="free") + terms("all", payment="purchase"))),
    Case("two offers, one prohibits", NO, NO, SILENT, LICENSED, licence=rsl(terms("ai-train") + terms(prohibits="ai-train"))),
    Case("another host's", YES, SILENT, SILENT, LICENSED, licence=rsl(terms(prohibits="all"), url="https://other.test/")),
    Case("its own, by its whole URL", NO, NO, NO, LICENSED, licence=rsl(terms(prohibits="all"), url="https://ex.test/img/*")),
)  # fmt: skip

COMBINED = (
    Case("Z1", YES, NO, YES, ALL + "Allow: /", head=tags("noai"), xmp=(DMI + "ALLOWED",)),
    Case("Z2", NO, NO, NO, ALL + "Disallow: /", head=usage("train-ai=y")),
    Case("Z3", NO, NO, SILENT, ALL + "Content-Signal: ai-train=no\nAllow: /", head=reservation("0"),
         why="index: the answer's 0 is never heard, for nothing is asked"),
    Case("Z4", NO, NO, SILENT, LICENSED, head=usage("train-ai=y"), licence=rsl(terms(prohibits="ai-train")),
         why="fetch: the licence is known before the request"),
    Case("Z5", YES, HOLD, NO, head=(*tags("noindex"), *usage("train-ai=y"))),
    Case("Z6", YES, SILENT, SILENT),
    Case("Z7 a free licence of the page's", NO, NO, SILENT, ALL + "Content-Signal: ai-train=no\nAllow: /",
         why="train: no, not held, for a grant lifts no refusal; a licence that a source tells stands with the image"),
    Case("Z12", NO, NO, HOLD, tdmrep='[{"location":"/","tdm-reservation":1}]', credentials=(("cawg.ai_training", "allowed"),)),
)  # fmt: skip

CDNS = (
    Case("N1 the host of the image forbids, its page's allows", NO, NO, NO, ALL + "Disallow: /"),
    Case("N3 its page's host reserves in a file", YES, SILENT, SILENT,
         why="hosts of pages aren't asked: twice the requests, for hosts that nothing is fetched from"),
    Case("N6 on the image's answer", YES, NO, SILENT, head=usage("train-ai=n")),
    Case("N8 a Link to what it was made of", YES, SILENT, SILENT, head=(("link", '<https://o.test/a>; rel="canonical"'),),
         why="what that says is heard when it is fetched; nothing is asked for another's sake"),
)  # fmt: skip

DELAYS = (
    Case("C1 some seconds", YES, SILENT, SILENT, OWN + "Crawl-delay: 10", delay_s=10),
    Case("C2 everybody's beside an own group", YES, SILENT, SILENT, f"{OWN}Allow: /\n{ALL}Crawl-delay: 10", delay_s=10),
    Case("C3 less than our own", YES, SILENT, SILENT, OWN + "Crawl-delay: 0.5", delay_s=0.5),
    Case("P20 decimals", YES, SILENT, SILENT, ALL + "Crawl-delay: 0.5", delay_s=0.5),
    Case("C4 more than an hour", NO, NO, NO, ALL + "Crawl-delay: 86400", delay_s=86_400),
    *(Case(f"C5 {odd}", YES, SILENT, SILENT, f"{ALL}Crawl-delay: {odd}", delay_s=0) for odd in ("-1", "nan", "inf", "10s")),
    Case("C6 a milliard", NO, NO, NO, ALL + "Crawl-delay: 1e9", delay_s=1e9),
    Case("C7 two of them", YES, SILENT, SILENT, ALL + "Crawl-delay: 20\nCrawl-delay: 10", delay_s=20),
    Case("C8 a rate", YES, SILENT, SILENT, ALL + "Request-rate: 1/60", delay_s=60),
)  # fmt: skip

ACCESS = (
    Case("S1 robots.txt is not there", YES, SILENT, SILENT, status=404),
    Case("S2 robots.txt 403", YES, SILENT, SILENT, status=403,
         why="allowed, as RFC 9309 has it: stores of objects answer 403 for a file that isn't there; strict refuses"),
    Case("S3 robots.txt 401", NO, NO, NO, status=401),
    Case("S10 a page in its place", YES, SILENT, SILENT, "<html>log in</html>", why="it is asked for again in an hour"),
    Case("R1 Disallow", NO, NO, NO, ALL + "Disallow: /"),
)  # fmt: skip

ELSEWHERE = {
    "S4": "tests/pipelines/stages/test_ill_hosts.py: the host is left alone, and its URLs wait",
    "S5": "tests/pipelines/stages/test_ill_hosts.py: the host is left alone, and its URLs wait",
    "S6": "tests/pipelines/stages/test_ill_hosts.py: the host is left alone, and its URLs wait",
    "S7": "an old copy isn't used while a host fails: its URLs wait, and lose nothing",
    "S8": "tests/pipelines/stages/test_site_files.py",
    "S9": "tests/pipelines/stages/test_site_files.py: allowed, as RFC 9309 has it",
    "A24": "what was said when an image was fetched stays with it; a release asks its URLs again, if it wants to know",
    "N4": "of a picture that is refused nothing is kept to know its copies by; dedupe.deny takes what is known otherwise",
    "N5": "outcome forbidden, without another try in another guise",
    "N7": "outcome payment_required",
    "W1": "tests/crawler/identity/test_signatures.py: what is sent is verified by a library of others",
    "W2": "a verifier's; ours covers @authority, @method and @path",
    "W3": "a verifier's",
    "W4": "a verifier's; ours names its agent",
    "W5": "a verifier's; ours has its tag",
    "W6": "a verifier's; ours expires after five minutes",
    "W7": "a verifier's; ours is made when the request leaves",
    "W8": "a verifier's; ours expires after five minutes",
    "W9": "a verifier's",
    "W10": "a verifier's",
    "W11": "a verifier's",
    "W12": "a verifier's",
    "W13": "tests/crawler/identity/test_signatures.py: authorities are normalised",
    "W14": "tests/crawler/identity/test_signatures.py: the member that is covered is the agent's own",
    "W15": "tests/crawler/identity/test_signatures.py: it can't be used elsewhere, for method and path are covered",
    "W16": "tests/pipelines/stages/test_signed.py: each request has a signature of its own, redirects' and robots.txt's",
    "W17": "the configuration takes https only",
    "W18": "tests/crawler/identity/test_signatures.py: by the form that is configured",
    "U1": "tests/crawler/test_targets.py: the form of ours",
    "U2": "no library's name is sent",
    "U3": "not our form",
    "U4": "never",
    "U5": "a public host is not asked without a contact",
    "U6": "a public host is not asked without a contact",
    "U7": "From is not sent: the contact stands in the User-Agent",
    "U8": "one User-Agent for all that is asked",
    "U9": "one purpose, and one token",
    "Z8": "consent.ignore, kind by kind; the policy's name in each record says so",
    "Z9": "as A24",
    "Z10": "the one that refuses isn't read, so that nobody knows that their bytes are the same; as N4",
    "Z11": "outcome forbidden; a signature changes no verdict",
}
"""Cases of the note that say nothing of signals, or are shown elsewhere, and what is done there."""

ALL_CASES = (
    *TAGS, *PAGES, *TDM, *USAGE, *SIGNALS, *OTHER_LINES, *EMBEDDED, *CREDENTIALS, *LICENCES, *COMBINED, *CDNS, *DELAYS, *ACCESS,
)  # fmt: skip
