"""Files about use that a site may have at a place of their own: whether what came is one.

it can be read ─────────────────────────────▶ what it says
nothing, or a page in its place ────────────▶ the site takes no part
anything else, or more than anybody writes ─▶ ``Unreadable``: it may say no, and nobody knows
"""

import json
import re
from typing import Final

MAX_BYTES: Final = 500 * 1024
"""So much of a file is asked for; one that is longer can't be read."""
_SNIFFED: Final = 1024
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
_BLANKS: Final = "\ufeff \t\r\n"
_TEXTS: Final = ("text/", "application/octet-stream", "application/json", "application/rsl")


class Unreadable(Exception):
    """A file that is there, and can't be read; the text says why."""


def text_of(body: bytes, media_type: str) -> str:
    """The text of a file; empty where there is a page in its place, or nothing.

    Args:
        body: Without content coding; longer than ``MAX_BYTES`` only if the file is.
        media_type: Header ``Content-Type`` of the answer. What is in the file goes before it.

    Raises:
        Unreadable: It is too long, or no text.
    """
    encoding = json.detect_encoding(body)
    if body[:_SNIFFED].decode(encoding, "replace").lstrip(_BLANKS).startswith("<"):
        return ""
    if len(body) > MAX_BYTES:
        raise Unreadable(f"it is longer than {MAX_BYTES // 1024} kB")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        text = body.decode("latin-1")  # some old encoding, if it is a text at all
    if _NO_TEXT.search(text):
        raise Unreadable(f"it is no text{_of_type(media_type)}")
    return text.strip(_BLANKS)


def is_page(media_type: str) -> bool:
    """Whether an answer calls itself a page, as answers do that stand for what isn't there."""
    return "html" in media_type.lower()


def _of_type(media_type: str) -> str:
    name = media_type.partition(";")[0].strip().lower()
    return "" if not name or name.startswith(_TEXTS) else f", but `{name[:40]}`"
