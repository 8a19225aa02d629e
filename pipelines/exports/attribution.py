"""Whose an image is, in one line, as its licence wants it: title, author, source, licence. Pure.

    "Whippet at play" by Ann Ex, https://…/File:Whippet.jpg, CC BY-SA 4.0 (https://creativecommons.org/…)

Creative Commons' own advice names these four (title, author, source, licence), and that a change is to be said.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from synsift.pipelines.texts import printable

_LONGEST: Final = 300
_BLANK: Final = re.compile(r"\s+")
_DOMAIN: Final = {"CC0-1.0": "CC0 1.0", "CC-PDM-1.0": "public domain (PDM 1.0)", "CC-PDDC": "public domain"}
NOBODY: Final = frozenset(
    [
        *("", "-", "?", "unknown", "unknown author", "unknown photographer", "author unknown", "anonymous", "anon"),
        *("n/a", "na", "none", "null", "own work", "see source", "various", "various authors", "not stated"),
        *("unbekannt", "inconnu", "desconocido", "sconosciuto", "onbekend", "不明", "佚名", "未知"),
        *("not provided", "user", "admin", "guest", "unspecified", "undefined", "nan", "no author", "uploader"),
    ]
)
"""What stands for an author and names nobody, in lower case."""


def one_line(text: str) -> str:
    """A text of anybody's as a part of a line: no breaks, no controls, not endless."""
    if len(text) <= _LONGEST and text.isprintable() and "  " not in text and text == text.strip():
        return text  # as nearly all are
    found = _BLANK.sub(" ", printable(text)).strip()
    return found if len(found) <= _LONGEST else found[: _LONGEST - 1].rstrip() + "…"


def author_key(author: str) -> str:
    """A name by which one author is the same as another; empty for nobody."""
    key = _BLANK.sub(" ", unicodedata.normalize("NFKC", author)).strip().casefold()
    return "" if key in NOBODY else key


def page_key(url: str) -> str:
    """A name by which one page is the same as another; empty for none."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return url.strip()
    if not host:
        return url.strip()
    return f"{host}{parts.path.rstrip('/')}?{parts.query}"


@dataclass(frozen=True, slots=True)
class Credit:
    """What a line of credit is made of.

    Attributes:
        title: Of the image; may be empty.
        author: As the source gives it; may be empty.
        place: Its landing page, or where it was fetched.
        spdx: Name of the licence.
        licence_name: As the source gives it.
        licence_url: Its text.
        change: What was done to the image, such as ``scaled to 1024 px``; empty for nothing.
    """

    title: str
    author: str
    place: str
    spdx: str
    licence_name: str
    licence_url: str
    change: str = ""

    def line(self) -> str:
        """Whose the image is, in one line."""
        title = one_line(self.title).replace('"', "'")
        author = one_line(self.author) if author_key(self.author) else ""
        if title:
            who = f'"{title}" by {author}' if author else f'"{title}", author unknown'
        else:
            who = f"Image by {author}" if author else "Image, author unknown"
        licence = _licence(self.spdx, one_line(self.licence_name), one_line(self.licence_url))
        line = ", ".join(part for part in (who, one_line(self.place), licence) if part)
        return f"{line}; {self.change}" if self.change else line


@lru_cache(maxsize=4096)
def _licence(spdx: str, name: str, url: str) -> str:
    shown = _DOMAIN.get(spdx) or (_spelled(spdx) if spdx.startswith("CC-") else name) or spdx
    if not shown:
        return "licence unknown"
    if not url:
        return shown
    return f"{shown[:-1]}, {url})" if shown.endswith(")") else f"{shown} ({url})"


def _spelled(spdx: str) -> str:
    """``CC-BY-SA-4.0`` as people write it: ``CC BY-SA 4.0``."""
    found = re.fullmatch(r"CC-([A-Z-]+?)-(\d\.\d)(?:-([A-Z]+))?", spdx)
    return " ".join(("CC", *(part for part in found.groups() if part))) if found else spdx
