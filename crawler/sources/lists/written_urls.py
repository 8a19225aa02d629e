"""URLs as people write them down: in brackets or quotes, escaped for HTML, without a scheme, as a link of a page. Pure.

What is a URL by itself comes back as it stands, to the letter: many hosts sign it.
"""

import html
import re
from dataclasses import dataclass
from typing import Final

from synsift.crawler.download.web_url import as_asked
from synsift.crawler.wording import code

_PLAIN: Final = re.compile(r"https?://(?!/)(?:[^\s\\<>\"'`&|]|&(?!amp;|#))+")
_BLANKS: Final = "".join(map(chr, range(0x21))) + "\x7f\xa0\u200b\u200e\u200f\u2028\u2029\u2060\u3000\ufeff"
_PAIRS: Final = {"<": ">", '"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "«": "»", "‘": "’", "(": ")", "[": "]"}
_AMPERSAND: Final = re.compile(r"&(?:amp|#0*38|#[xX]0*26);")
_WEB: Final = re.compile(r"(?i)https?:")
_NO_SCHEME: Final = re.compile(r"(?i)(?=//[^/\s]|www\.[^./\s])")
_SCHEME: Final = re.compile(r"(?i)([a-z][a-z0-9+.-]*):(.*)", re.DOTALL)
_ANOTHER: Final = re.compile(r"(?i)[\s|]https?:[/\\]{2}")
_TWISTED: Final = re.compile(r"(?i)https?:(?!//[^/\\])|[^?#]*[\t\r\n\\]|.*[\t\r\n]", re.DOTALL)

_HTML_IMAGE: Final = re.compile(r"(?is)<img\b[^>]*>")
_HTML_LINK: Final = re.compile(r"(?is)<a\b[^>]*>")
_ATTRIBUTE: Final = re.compile(r"(?is)\b(src|href|alt|title)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_MARKDOWN: Final = re.compile(r"(!?)\[([^\[\]]*)\]\(\s*(<[^<>]*>|(?:[^\s()]|\([^\s()]*\))+)(?:\s[^()]*)?\)")
_LINE_MARK: Final = re.compile(r"(?:[-*+•]|\d{1,9}[.)])\s+(?=\S)")
_LONGEST_LINE: Final = 8_000


@dataclass(frozen=True, slots=True)
class Link:
    """What a line of a page leads to: a picture, its text, and the page behind it."""

    url: str
    title: str = ""
    landing_page: str = ""


def is_url(text: str) -> bool:
    """Whether a text is meant as a URL of the web."""
    if text.startswith(("http://", "https://")):
        return True
    bare = _bare(text)
    return _WEB.match(bare) is not None or _NO_SCHEME.match(bare) is not None


def written_url(text: str) -> str:
    """The URL that somebody wrote down.

    Raises:
        ValueError: It is none; the text says what it is instead.
    """
    if _PLAIN.fullmatch(text):
        return text
    url = _AMPERSAND.sub("&", _bare(text))
    if _ANOTHER.search(url):
        raise ValueError("more than one URL in one place")
    if _NO_SCHEME.match(url):
        url = "https:" + url if url.startswith("//") else "https://" + url
    if _WEB.match(url):
        # A browser reads `http:\\a\b` and `HTTP:/a` all the same; what reads the URL after us must not guess again.
        return as_asked(url) if _TWISTED.match(url) or not url.startswith(("http://", "https://")) else url
    raise ValueError(_instead(url))


def link_in(line: str) -> Link | None:
    """What a line of Markdown or HTML leads to; None if it is none of these.

    Raises:
        ValueError: It leads to more than one thing.
    """
    if len(line) > _LONGEST_LINE or not ("](" in line or "<" in line or _LINE_MARK.match(line)):
        return None
    images, links = _html(line) if "<" in line else ([], [])
    if "](" in line:
        images, links = _markdown(line) if not (images or links) else (images, links)
    if not images and not links:
        bare = line[found.end() :] if (found := _LINE_MARK.match(line)) else ""
        return Link(bare) if bare and is_url(bare) else None
    if len(images) == 1 and len(links) <= 1:
        return Link(images[0].url, images[0].title, links[0].url if links else "")
    if not images and len(links) == 1:
        return links[0]
    raise ValueError("more than one link in a line")


def _bare(text: str) -> str:
    """Without what stands around it: blanks, brackets, quotes."""
    text = text.strip(_BLANKS)
    while len(text) > 1:
        kept = text.rstrip(",;") if text[0] in _PAIRS else text
        if len(kept) < 2 or _PAIRS.get(kept[0]) != kept[-1]:
            break
        text = kept[1:-1].strip(_BLANKS)
        text = text[4:] if text[:4].lower() == "url:" else text  # <URL:http://…>, RFC 3986, appendix C
    return text


def _instead(text: str) -> str:
    """What stands where a URL should."""
    found = _SCHEME.fullmatch(text)
    if found is None or "." in found[1]:
        return f"no URL: {code(text)} has no `http://` or `https://` before it"
    if len(found[1]) == 1 or found[1].lower() == "file":
        return f"no URL of the web, but a file on somebody's computer: {code(text)}"
    return f"scheme {found[1].lower()!r} is neither http nor https"


def _html(line: str) -> tuple[list[Link], list[Link]]:
    """Images and links of HTML."""
    images = [_attributes(tag, "src", "alt") for tag in _HTML_IMAGE.findall(line)]
    links = [_attributes(tag, "href", "title") for tag in _HTML_LINK.findall(line)]
    return [link for link in images if link.url], [link for link in links if link.url]


def _attributes(tag: str, url: str, title: str) -> Link:
    found = {name.lower(): html.unescape(a or b or c) for name, a, b, c in reversed(_ATTRIBUTE.findall(tag))}
    return Link(found.get(url, ""), found.get(title, ""))


def _markdown(line: str) -> tuple[list[Link], list[Link]]:
    """Images and links of Markdown; an image may be what a link shows."""
    images: list[Link] = []
    links: list[Link] = []
    for _ in range(2):  # inner ones first
        for mark, title, url in _MARKDOWN.findall(line):
            (images if mark else links).append(Link(url.strip("<>"), title.strip()))
        line = _MARKDOWN.sub("", line)
    return images, links
