"""The TDM Reservation Protocol (W3C community group): ``/.well-known/tdmrep.json`` and headers.

It expresses the reservation of Article 4 of the EU's Directive 2019/790. Who reserves mining reserves an index by
analysis of content, too. A header replaces the file; within the file the first location that matches counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from synsift.crawler.consent.site_file import Unreadable, is_page, text_of
from synsift.crawler.consent.statement import Kind, Say, Statement, shortened
from synsift.crawler.outside_json import loads
from synsift.crawler.robots.paths import PathTable, normal_path, normal_pattern

HEADER: Final = "TDM-Reservation"
FILE: Final = "/.well-known/tdmrep.json"
_MOST_RULES: Final = 1_000
_FILE_RANK, _HEADER_RANK = 1, 2


def reserved(signal: str, value: str, where: str, rank: int = 0) -> Statement:
    """A reservation."""
    return Statement(Kind.TDM, signal, shortened(value), where, Say.NO, Say.HOLD, rank)


def header(lines: Sequence[str], where: str) -> list[Statement]:
    """What the headers ``TDM-Reservation`` of an answer say, however many there are."""
    words = {word.strip() for line in lines for word in line.split(",")}
    value = shortened(", ".join(lines))
    if not lines or words == {""}:
        return []
    if "1" in words:  # beside 0, too
        return [reserved(HEADER, value, where, _HEADER_RANK)]
    if words == {"0"}:
        return [Statement(Kind.GRANT, HEADER, value, where, Say.YES, Say.YES, _HEADER_RANK)]
    return [Statement(Kind.TDM_UNCLEAR, HEADER, value, where, Say.HOLD)]


@dataclass(frozen=True, slots=True)
class TdmFile:
    """What a ``tdmrep.json`` says: locations in order, each with whether it is reserved."""

    rules: tuple[tuple[bytes, str], ...]

    def statements(self, url: str, where: str) -> list[Statement]:
        """What it says of a URL."""
        path = normal_path(url)
        for (_, value), table in zip(self.rules, _tables(self.rules), strict=True):
            if table.longest(path):
                return _of_rule(value, where)
        return []

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, roughly."""
        return sum(150 + len(pattern) for pattern, _ in self.rules)


def unread(problem: str, where: str) -> Statement:
    """What is to be said of a file that is there, and can't be read. A header replaces it, as it does the file."""
    return Statement(Kind.TDM_UNREAD, "tdmrep.json", shortened(problem), where, Say.HOLD, rank=_FILE_RANK)


@lru_cache(maxsize=64)
def _tables(rules: tuple[tuple[bytes, str], ...]) -> list[PathTable[bool]]:
    return [PathTable.of([(pattern, True)]) for pattern, _ in rules]


def _of_rule(value: str, where: str) -> list[Statement]:
    if value == "1":
        return [reserved("tdmrep.json", value, where, _FILE_RANK)]
    if value == "0":
        return [Statement(Kind.GRANT, "tdmrep.json", value, where, Say.YES, Say.YES, _FILE_RANK)]
    return [Statement(Kind.TDM_UNCLEAR, "tdmrep.json", value, where, Say.HOLD, rank=_FILE_RANK)]


def read_file(body: bytes, media_type: str = "") -> TdmFile | None:
    """Read a ``tdmrep.json``; None if there is none, as where a site answers everything with a page.

    Raises:
        Unreadable: What is there is none that can be read.
    """
    text = text_of(body, media_type)
    if not text or (is_page(media_type) and not text.startswith(("[", "{"))):
        return None
    try:
        found = loads(text)
    except ValueError as exc:
        raise Unreadable("it is no JSON, or not all of it") from exc
    entries = [found] if isinstance(found, dict) else found
    if not isinstance(entries, list):
        raise Unreadable("it is no list of locations")
    if len(entries) > _MOST_RULES:
        raise Unreadable(f"it has more than {_MOST_RULES} locations")
    rules = tuple(_rule(entry) for entry in entries)
    return TdmFile(rules) if rules else None


def _rule(entry: object) -> tuple[bytes, str]:
    """A location's pattern, and its value. What names no location speaks of all."""
    if not isinstance(entry, dict):
        raise Unreadable("one of its entries is no location")
    said = {str(name).strip().lower(): value for name, value in entry.items()}
    if "tdm-reservation" not in said:
        if "location" not in said:
            raise Unreadable("one of its entries names neither a location nor a reservation")
        return _pattern(said["location"]), "no tdm-reservation"
    return _pattern(said.get("location", "/")), shortened(str(said["tdm-reservation"]))


def _pattern(location: object) -> bytes:
    if not isinstance(location, str):
        raise Unreadable("one of its locations is no text")
    path = location.strip()
    if path.lower().startswith(("http://", "https://")):
        try:
            parts = urlsplit(path)
        except ValueError as exc:
            raise Unreadable("one of its locations is no URL") from exc
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return normal_pattern((path if path.startswith(("/", "*")) else f"/{path}").encode("utf-8", "replace"))
