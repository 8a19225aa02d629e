"""Reading the JSON of an API as its next version, a broken proxy or an attacker may write it."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final

from synsift.crawler.errors import SourceError
from synsift.crawler.outside_json import loads
from synsift.crawler.sources.base import FoundImage, Page, Reject, SourceAnswer

_TAG: Final = re.compile(r"<[^<>]{0,2000}>")
_SHOWN: Final = 60
_MARKS: Final = str.maketrans(dict.fromkeys('"\\', " "))
_MOST_RAW: Final = 2_000
_MOST_TEXT: Final = 2_000
_MOST_CURSOR: Final = 8_000
_CC: Final = re.compile(
    r"https?://creativecommons\.org/(licenses|publicdomain)/([a-z+-]+)/([0-9.]+)", re.ASCII | re.IGNORECASE
)
_CC_ZERO: Final = {"zero": "CC0", "mark": "Public Domain Mark", "cc0": "CC0", "pdm": "Public Domain Mark"}


class LeftOut(Exception):
    """An entry is no picture that anybody wants; the text is the word that it is counted under."""


def object_of(answer: SourceAnswer) -> dict[str, Any]:
    """An answer that is a JSON object.

    Raises:
        SourceError: It is none.
    """
    try:
        found = loads(answer.body)
    except ValueError as exc:
        begin = answer.body[:_SHOWN].decode("utf-8", "replace")
        raise SourceError(f"the answer isn't JSON, beginning `{begin}`") from exc
    if not isinstance(found, dict):
        raise SourceError(f"the answer is no JSON object, but begins `{json.dumps(found)[:_SHOWN]}`")
    return found


def part(value: object, *names: str | int) -> Any:  # noqa: ANN401 - any JSON
    """What stands in a tree at a path; None where there is no such place."""
    for name in names:
        if isinstance(name, int):
            value = value[name] if isinstance(value, list) and -len(value) <= name < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def entries_of(value: object, what: str) -> list[Any]:
    """The list of entries of an answer; none where it is null.

    Raises:
        SourceError: It is no list.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise SourceError(f"`{what}` of the answer is no list, but `{json.dumps(value)[:_SHOWN]}`")
    return value


def text(value: object) -> str:
    """A value as a text for people, without markup: the first of a list, a number as it is written, else empty."""
    if isinstance(value, list):
        value = next((one for one in value if isinstance(one, str) and one.strip()), "")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    plain = str(value)[: 4 * _MOST_TEXT] if not isinstance(value, int) or abs(value) < 1 << 64 else ""
    plain = unescape(_TAG.sub("", plain)) if "<" in plain or "&" in plain else plain
    return " ".join(writable(plain).split())[:_MOST_TEXT]


def url(value: object, *, secure: bool = False) -> str:
    """A value as a URL of the web; empty if it is none.

    Args:
        value: Any JSON; of a list the first.
        secure: Whether the source's host is known to speak TLS, though its answers still say ``http://``.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    found = value.strip() if isinstance(value, str) else ""
    if found.startswith("//"):
        found = f"https:{found}"
    if not found.lower().startswith(("http://", "https://")):
        return ""
    found = writable(found)
    return f"https{found[4:]}" if secure and found.lower().startswith("http://") else found


def need_url(value: object, *, secure: bool = False) -> str:
    """As ``url``.

    Raises:
        ValueError: There is none.
    """
    found = url(value, secure=secure)
    if not found:
        raise ValueError(f"no URL, but `{json.dumps(value)[:_SHOWN]}`")
    return found


def need_text(value: object, what: str) -> str:
    """A value that is a text.

    Raises:
        ValueError: It is none, or empty.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"its `{what}` is no text, but `{json.dumps(value)[:_SHOWN]}`")
    return value


def in_words(problem: Exception) -> str:
    """What odd JSON made Python say, in plain words."""
    if isinstance(problem, KeyError) and isinstance(problem.args[0], str):
        return f"there is no `{problem.args[0]}` in it"
    if isinstance(problem, ValueError) and str(problem):
        return str(problem)
    return "something in it is of another kind than it should be"


def writable(words: str) -> str:
    """A text without what UTF-8 can't write, such as half of a pair of surrogates."""
    return words.encode("utf-8", "replace").decode()


def phrase(words: str) -> str:
    """Words as a phrase of Solr's language, in which they act as nothing else."""
    return f'"{" ".join(writable(words).translate(_MARKS).split())}"'


def number(value: object) -> int:
    """A value as a number that isn't negative; 0 if it is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:15])
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15 else 0


def page_number(cursor: str, first: int = 1) -> int:
    """A cursor that is the number of a page, or an offset.

    Raises:
        SourceError: It is none.
    """
    if not cursor:
        return first
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 12:
        raise SourceError(f"`{cursor[:_SHOWN]}` is no number of a page")
    return int(cursor)


def licence_of(code: object, version: object = "") -> str:
    """The name of a Creative Commons licence, of its code, such as ``by-sa``, or of its URL; another one as it is."""
    said = text(code)
    if found := _CC.match(said):
        kind, said, version = found.groups()
        said = "cc0" if kind == "publicdomain" and said == "zero" else said
    short = said.lower().removeprefix("cc-").replace("_", "-")
    if short in _CC_ZERO:
        return " ".join(filter(None, [_CC_ZERO[short], text(version)]))
    if re.fullmatch(r"by(-nc)?(-sa|-nd)?", short):
        return " ".join(filter(None, [f"CC {short.upper()}", text(version)]))
    return said


@dataclass(slots=True)
class Gathered:
    """What the entries of an answer give."""

    images: list[FoundImage] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def read(self, entries: Iterable[Any], reads: Callable[[Any], FoundImage | Iterable[FoundImage]]) -> "Gathered":
        """Read each entry; one that is odd costs itself.

        Args:
            entries: Any JSON.
            reads: Gives an entry's image or images. May raise ``LeftOut``, and what odd JSON makes Python raise.
        """
        for entry in entries:
            try:
                found = reads(entry)
                images = [found] if isinstance(found, FoundImage) else list(found)
            except LeftOut as reason:
                self.left_out[str(reason)] += 1
            except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as exc:
                self.rejects.append(
                    Reject(f"an entry can't be read: {in_words(exc):.200}", json.dumps(entry)[:_MOST_RAW])
                )
            else:
                self.images += images
        return self

    def page(self, most: int, next_cursor: str = "", asked: str = "", *, longest: int = _MOST_CURSOR) -> Page:
        """The page of it all.

        Args:
            most: Images of a page; more than a source said it would give are left out.
            next_cursor: Where the next page begins.
            asked: Where this one did: one that leads back to itself is the last.
            longest: Characters of a place, at most; fewer where it becomes a part of the URL.
        """
        if len(self.images) > most:
            self.left_out["beyond_page_size"] += len(self.images) - most
        if next_cursor and (next_cursor == asked or len(next_cursor) > longest):
            problem = "leads to itself" if next_cursor == asked else "is too long"
            self.rejects.append(
                Reject(f"the place of the next page {problem}: none is asked for", next_cursor[:_MOST_RAW])
            )
            next_cursor = ""
        return Page(tuple(self.images[:most]), next_cursor, tuple(self.rejects), dict(self.left_out))


def said_of(answer: SourceAnswer, *paths: tuple[str | int, ...]) -> str:
    """What an answer of a bad status says is wrong, at the first of some places that has a text; empty if nowhere."""
    try:
        found = loads(answer.body)
    except ValueError:
        return text(answer.body[:200].decode("utf-8", "replace"))
    return next((said for path in paths if (said := text(part(found, *path)))), "")


@dataclass(frozen=True, slots=True)
class Todo:
    """A place in the answers of an API that needs a request for each hit, as a cursor: what is listed, what is left.

    Attributes:
        at: Where the listing goes on, in the source's own terms; empty after its end.
        left: Hits that are still to be asked for, each with what the listing said of it.
    """

    at: str = ""
    left: tuple[tuple[str, ...], ...] = ()

    def cursor(self) -> str:
        """As text; empty if nothing is left to do."""
        return json.dumps([self.at, self.left], ensure_ascii=False) if self.at or self.left else ""

    @classmethod
    def read(cls, cursor: str) -> "Todo":
        """The place that a cursor names; an empty one is the beginning.

        Raises:
            SourceError: It names none.
        """
        if not cursor:
            return cls()
        try:
            at, left = loads(cursor)
            hits = tuple(tuple(map(text, hit)) for hit in left)
        except (ValueError, TypeError) as exc:
            raise SourceError(f"`{cursor[:_SHOWN]}` is no place in the answers") from exc
        if not isinstance(at, str) or not all(hits):
            raise SourceError(f"`{cursor[:_SHOWN]}` is no place in the answers")
        return cls(at, hits)

    def after_first(self) -> "Todo":
        """The place behind the hit that is asked for now."""
        return Todo(self.at, self.left[1:])
