"""Licences of RSL 1.0 (Really Simple Licensing): what one says of a URL.

    rsl ─▶ content (url, server) ─▶ license ─▶ permits, prohibits (usage, user, geo), payment

The content with the longest path that matches counts, as in RFC 9309. Several licences of one content are offers: one
that grants is enough, and what one prohibits is prohibited. A use that isn't in a list of permitted ones isn't granted;
one that is to be paid for needs a licence, which nobody acquires here.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit
from xml.parsers import expat

from synsift.crawler.consent.site_file import MAX_BYTES, Unreadable
from synsift.crawler.consent.statement import Kind, Say, Statement, shortened
from synsift.crawler.robots.paths import PathTable, normal_path, normal_pattern

MEDIA_TYPE: Final = "application/rsl+xml"
SIGNAL: Final = "RSL"
_MOST_CONTENTS: Final = 1_000
_TRAIN: Final = frozenset({"all", "ai-all", "ai-train", "train-ai", "train-genai"})
_INDEX: Final = frozenset({"all", "search"})
_FREE: Final = frozenset({"free", "attribution"})
_WORD: Final = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is said of one content.

    Attributes:
        train: Of training.
        index: Of indexing.
        text: Why, for people.
    """

    train: Say
    index: Say
    text: str


@dataclass(frozen=True, slots=True)
class Licence:
    """What a file says of the URLs of one origin: patterns, each with its terms."""

    contents: tuple[tuple[bytes, Terms], ...]

    def statements(self, url: str, where: str) -> list[Statement]:
        """What it says of a URL."""
        return [_statement(terms, where) for terms in _table(self.contents).longest(normal_path(url))]

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, roughly."""
        return sum(300 + len(pattern) + len(terms.text) for pattern, terms in self.contents)


def unread(problem: str, where: str) -> Statement:
    """What is to be said of a licence that can't be read: there are terms, and nobody knows them."""
    return Statement(Kind.LICENCE_UNREAD, SIGNAL, shortened(problem), where, Say.HOLD)


def read_file(body: bytes, origin: str) -> Licence:
    """Read a licence, for the URLs of an origin.

    Raises:
        Unreadable: It is none.
    """
    if len(body) > MAX_BYTES:
        raise Unreadable(f"it is longer than {MAX_BYTES // 1024} kB")
    reader = _Reader()
    try:
        reader.read(body)
    except (expat.ExpatError, ValueError, LookupError) as exc:
        raise Unreadable("it is no XML, or not all of it") from exc
    if not reader.is_rsl:
        raise Unreadable("it is no RSL")
    if not reader.contents:
        raise Unreadable("it names no content")
    found = ((_pattern(content.url, origin), _terms(content)) for content in reader.contents)
    return Licence(tuple((pattern, terms) for pattern, terms in found if pattern is not None))


@lru_cache(maxsize=64)
def _table(contents: tuple[tuple[bytes, Terms], ...]) -> PathTable[Terms]:
    return PathTable.of(contents)


def _statement(terms: Terms, where: str) -> Statement:
    kind = {Say.NO: Kind.LICENCE, Say.HOLD: Kind.LICENCE_UNCLEAR}.get(terms.train, Kind.GRANT)
    return Statement(kind, SIGNAL, shortened(terms.text), where, terms.train, terms.index)


def _pattern(url: str, origin: str) -> bytes | None:
    """The pattern of a content; None if it is another origin's."""
    path = url.strip()
    if "://" in path or path.startswith("//"):
        try:
            parts, ours = urlsplit(path), urlsplit(origin)
        except ValueError:
            return None
        if parts.netloc.lower() != ours.netloc.lower():
            return None
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return normal_pattern((path if path.startswith(("/", "*")) else f"/{path}").encode("utf-8", "replace"))


@dataclass(slots=True)
class _Offer:
    """One licence: words of what it permits and prohibits, by type, and how it is paid for."""

    permits: dict[str, set[str]] = field(default_factory=dict)
    prohibits: dict[str, set[str]] = field(default_factory=dict)
    payments: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Content:
    url: str
    server: str
    offers: list[_Offer] = field(default_factory=list)


def _terms(content: _Content) -> Terms:
    if content.server:
        return Terms(Say.NO, Say.NO, f"server: {content.server}")
    train, index = (_of_offers(content.offers, words) for words in (_TRAIN, _INDEX))
    # What is in no list isn't granted; but an index is no use that such lists are made for.
    index = Say.SILENT if index is Say.NO and not _prohibits(content.offers, _INDEX) else index
    return Terms(train, index, _text(content.offers) or "nothing that is known here")


def _of_offers(offers: Collection[_Offer], words: frozenset[str]) -> Say:
    if _prohibits(offers, words):
        return Say.NO
    said = {_of_offer(offer, words) for offer in offers}
    return next((say for say in (Say.YES, Say.HOLD, Say.NO, Say.SILENT) if say in said), Say.HOLD)


def _of_offer(offer: _Offer, words: frozenset[str]) -> Say:
    permitted = offer.permits.get("usage", set())
    if permitted and not permitted & words:
        return Say.NO
    if offer.payments - _FREE:
        return Say.NO
    if any(kind != "usage" for kind in (*offer.permits, *offer.prohibits)):
        return Say.HOLD  # it depends on who asks, and where
    if permitted:
        return Say.YES
    if offer.payments:
        return Say.YES if not offer.prohibits else Say.HOLD
    return Say.SILENT if offer.prohibits else Say.HOLD


def _prohibits(offers: Iterable[_Offer], words: frozenset[str]) -> bool:
    return any(offer.prohibits.get("usage", set()) & words for offer in offers)


def _text(offers: Iterable[_Offer]) -> str:
    parts = []
    for offer in offers:
        for name, words in (("permits", offer.permits), ("prohibits", offer.prohibits)):
            parts += [f"{name} {kind}: {' '.join(sorted(words[kind]))}" for kind in sorted(words)]
        parts += [f"payment: {payment}" for payment in sorted(offer.payments)]
    return "; ".join(parts)


class _Reader:
    """Takes contents and their licences out of XML, which gets no entity and no DTD."""

    def __init__(self) -> None:
        self.is_rsl = False
        self.contents: list[_Content] = []
        self._depth = 0
        self._heard: tuple[set[str], list[str]] | None = None

    def read(self, body: bytes) -> None:
        """Read it.

        Raises:
            ExpatError: It is no XML.
            Unreadable: It is more than anybody writes, or has a document type.
        """
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._hear
        parser.Parse(body, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        said = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        self._depth += 1
        if self._depth == 1:
            self.is_rsl = local == "rsl"
        elif local == "content":
            if len(self.contents) == _MOST_CONTENTS:
                raise Unreadable(f"it has more than {_MOST_CONTENTS} contents")
            self.contents.append(_Content(said.get("url", "/"), said.get("server", "").strip()))
        elif not self.contents:
            return
        elif local == "license":
            self.contents[-1].offers.append(_Offer())
        elif self.contents[-1].offers:
            self._of_licence(self.contents[-1].offers[-1], local, said)

    def _of_licence(self, offer: _Offer, local: str, said: dict[str, str]) -> None:
        if local in ("permits", "prohibits"):
            kinds = offer.permits if local == "permits" else offer.prohibits
            self._heard = (kinds.setdefault(said.get("type", "usage").strip().lower(), set()), [])
        elif local == "payment":
            offer.payments.add(said.get("type", "free").strip().lower())

    def _end(self, name: str) -> None:
        del name
        self._depth -= 1
        if self._heard is not None:
            words, texts = self._heard
            words.update(word for word in _WORD.split("".join(texts).lower()) if word)
            self._heard = None

    def _hear(self, text: str) -> None:
        if self._heard is not None:
            self._heard[1].append(text)

    @staticmethod
    def _refuse(*_: object) -> None:
        raise Unreadable("it has a document type")
