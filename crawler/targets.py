"""Texts that a user gives, with no ontology behind them → what to ask for.

A target is a text (``whippet``), or a line of a list: ``wnid<TAB>text``, where one synset may stand on several lines,
best first; or a name, wnid or text alone, as on the command line. ``n01440764 tench, Tinca tinca``, as lists of
ImageNet's classes have it, names the synset.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from synsift.crawler.errors import TargetError
from synsift.crawler.ontology import is_identifier
from synsift.crawler.outside_text import NotText, text_of
from synsift.crawler.queries import SynsetQuery
from synsift.crawler.wording import code

_WNID: Final = re.compile(r"n\d{8}")
_NOT_ID: Final = re.compile(r"[^a-z0-9]+")
_BLANK: Final = re.compile(r"\s+")
_WNID_FIRST: Final = re.compile(r"\"?([nN]\d{8})\"?(?:\s*[,;:|]|\s)\s*\S")
_ROW: Final = re.compile(
    r"[\[{]|\d+\s*[:.,;)|]|//|/m/|[^,;|]*(?:[,;|][^,;|]*){3}"
    r"|(?:id|wnid|synset|class|label|name|index)\s*[,;|]",
    re.IGNORECASE,
)
"""What a row of a table, or a line of JSON, begins with."""
_JOINERS: Final = "\u200c\u200d"
"""Within words of Persian and of languages of India they are letters."""
_MAX_TEXT: Final = 250
_MAX_BYTES: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a list that can't be used: where, and why."""

    place: str
    problem: str


@dataclass(frozen=True, slots=True)
class NamedLine:
    """A line of a list that names a synset, or is a text to ask for: where, and what."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class TargetList:
    """A list of targets.

    Attributes:
        queries: Of lines ``wnid<TAB>text``, in order, ranked within their synset.
        named: Lines without a tab.
        bad: Those that can't be used.
    """

    queries: list[SynsetQuery]
    named: list[NamedLine]
    bad: list[BadLine]


def identifier_of(text: str) -> str:
    """An identifier for a synset that is only known by a text, for example ``sailing-ship``."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = _NOT_ID.sub("-", plain).strip("-")[:64]
    if not name:
        raise TargetError(
            f"{code(text)} has no ASCII letter or digit to make an identifier from\n"
            "hint: give one of your own with `--list`, a file of lines `wnid<TAB>text`"
        )
    return name


@lru_cache(maxsize=4_096)
def identifier_of_label(label: str) -> str:
    """An identifier for a label of somebody's own, another for each label: as it is, if it is one already.

    Raises:
        TargetError: It has no letters or digits at all.
    """
    label = " ".join(label.split())
    if is_identifier(label):
        return label
    plain = _BLANK.sub("-", label).lower()
    if is_identifier(plain):
        return plain  # only blanks and case were changed
    if not any(letter.isalnum() for letter in label):
        raise TargetError(f"{code(label)} is no label: it has no letter or digit")
    digest = hashlib.sha256(label.casefold().encode("utf-8", "surrogatepass")).hexdigest()[:8]
    try:
        return f"{identifier_of(label)[:48]}-{digest}"
    except TargetError:
        return f"label-{digest}"


def from_text(text: str, wnid: str | None = None) -> SynsetQuery:
    """The query of a text that a user typed.

    Raises:
        TargetError: It is empty, a bare wnid, or the wnid given for it is none.
    """
    text = " ".join(text.split())
    if not text or len(text) > _MAX_TEXT:
        raise TargetError(f"a text to ask for has 1 to {_MAX_TEXT} characters, not {len(text)}: {code(text, 40)}")
    if wnid is None and _WNID.fullmatch(text):
        raise TargetError(
            f"the ontology has no synset {code(text)}\n"
            f"hint: say what to ask for, for example `synsift crawl {text} --text whippet`"
        )
    if wnid is not None and not is_identifier(wnid):
        raise TargetError(f"{code(wnid)} is not an identifier: at most 64 letters, digits, `.`, `_` and `-`")
    return SynsetQuery(wnid or identifier_of(text), text)


def from_list(path: Path) -> TargetList:
    """Read a list of targets; empty lines and those that begin with ``#`` are skipped.

    Raises:
        TargetError: The file can't be read.
    """
    try:
        text = text_of(path, _MAX_BYTES, errors="surrogateescape")
    except OSError as exc:
        raise TargetError(f"{path}: {exc.strerror or exc}") from exc
    except NotText as exc:
        raise TargetError(exc.told_of(path)) from exc
    if "\0" in text:
        raise TargetError(f"{path}: it has NUL between its letters: save it in UTF-8")
    lines, found = text.splitlines(), TargetList([], [], [])
    ranks: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        place = f"{path}:{number}"
        try:
            query = _of_line(line)
        except TargetError as exc:
            found.bad.append(BadLine(place, str(exc)))
            continue
        if isinstance(query, str):
            found.named.append(NamedLine(place, query))
        else:
            rank = ranks.setdefault(query.wnid, 0)
            ranks[query.wnid] += 1
            found.queries.append(SynsetQuery(query.wnid, query.text, rank=rank))
    return found


def _of_line(line: str) -> SynsetQuery | str:
    """The query of a line, or what it names."""
    if any("\ud800" <= letter <= "\udfff" for letter in line):
        raise TargetError("not UTF-8")
    line = "".join(letter for letter in line if unicodedata.category(letter) != "Cf" or letter in _JOINERS)
    wnid, separator, text = line.partition("\t")
    if separator and wnid.strip():
        return _of_pair(wnid.strip(), text)
    named = line.strip()
    if first := _WNID_FIRST.match(named):
        return first[1].lower()
    if len(named) > 1 and named[0] == named[-1] and named[0] in "\"'":
        named = named[1:-1].strip()
    if not named or _ROW.match(named):
        raise TargetError("it looks like a row of a table, or JSON, and not like a name")
    if "://" in named:
        raise TargetError("a URL, where a line is `wnid<TAB>text` or a name; `--source urls` reads lists of URLs")
    if len(named) > _MAX_TEXT:
        raise TargetError(f"a name has at most {_MAX_TEXT} characters, not {len(named)}")
    return named


def _of_pair(wnid: str, text: str) -> SynsetQuery:
    if text.strip().isdecimal():
        raise TargetError(f"{code(text.strip())} is a number, and no text to ask for: a wnid alone asks for its names")
    if wnid.lower() in ("wnid", "synset", "id") and text.strip().lower() in ("text", "name", "names", "label", "query"):
        raise TargetError("the head of a table")
    return from_text(text, wnid)
