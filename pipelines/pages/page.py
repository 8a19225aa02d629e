"""The shell that all pages share: one look, and a policy under which nothing but our own script can run.

A page is one file: it needs nothing else, and asks nobody.
"""

import base64
import hashlib
import html
import json
from importlib import resources
from typing import Any, Final
from urllib.parse import urlsplit

from synsift.pipelines.record_parts import Image
from synsift.pipelines.texts import printable

_BEFORE_JSON: Final = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def head_of(title: str, *, script: str = "") -> str:
    """The beginning of a page, up to its body.

    Args:
        title: As text.
        script: The text of the one script that may run, and that stands in the body.
    """
    style = asset("look.css")
    run = f"script-src '{_hash(script)}'; " if script else ""
    policy = f"default-src 'none'; {run}style-src '{_hash(style)}'; img-src data:; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f"<title>{text(title)}</title><style>{style}</style></head>\n<body>\n"
    )


END: Final = "</body></html>\n"


def asset(name: str, package: str = "synsift.pipelines.pages") -> str:
    """A style sheet, a script or a page that stands beside this module, or in another package."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def text(value: str) -> str:
    """Text of anybody's as HTML, in an attribute or out of it; what can't be printed is shown as such."""
    return html.escape(printable(value), quote=True)


def json_of(value: Any) -> str:  # noqa: ANN401 - what JSON can hold
    """JSON that can stand in a ``script`` element: it can't end it, and is ASCII, whatever is in a path."""
    return json.dumps(value, separators=(",", ":")).translate(_BEFORE_JSON)


def is_web(url: str) -> bool:
    """Whether a URL leads to the web; what else it may do is nobody's business on a page."""
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False


def link(name: str, url: str) -> str:
    """A link by a name; the name alone, where the URL doesn't lead to the web."""
    return f'<a href="{text(url)}" rel="noreferrer noopener">{text(name)}</a>' if is_web(url) else text(name)


def facts_of(image: Image) -> str:
    """An image's size in pixels, its format, its size in bytes."""
    return f"{image.width_px}×{image.height_px} {image.format}, {bytes_in_words(image.size_bytes)}"


def bytes_in_words(number: int) -> str:
    """A size as people say it."""
    for unit, size in (("GB", 10**9), ("MB", 10**6)):
        if number >= size:
            return f"{number / size:,.1f}\N{NO-BREAK SPACE}{unit}"
    return f"{max(1, round(number / 1000)):,}\N{NO-BREAK SPACE}kB"


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
