"""The TDM Reservation Protocol (W3C community group): ``/.well-known/tdmrep.json`` and headers.

It expresses the reservation of Article 4 of the EU's Directive 2019/790. Who reserves mining reserves an index by
analysis of content, too. A header replaces the file; within the file the first location that matches counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from synsift.crawler.consent.statement import Kind, Say, Statement, shortened
from synsift.crawler.outside_json import loads
from synsift.crawler.robots.paths import PathTable, normal_path, normal_pattern

HEADER: Final = "TDM-Reservation"
FILE: Final = "/.well-known/tdmrep.json"
MAX_FILE_BYTES: Final = 64 * 1024
_MOST_RULES: Final = 500
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
        for pattern, value in self.rules:
            if PathTable.of([(pattern, True)]).longest(path):
                return _of_rule(value, where)
        return []

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, roughly."""
        return sum(150 + len(pattern) for pattern, _ in self.rules)


def _of_rule(value: str, where: str) -> list[Statement]:
    if value == "1":
        return [reserved("tdmrep.json", value, where, _FILE_RANK)]
    if value == "0":
        return [Statement(Kind.GRANT, "tdmrep.json", value, where, Say.YES, Say.YES, _FILE_RANK)]
    return [Statement(Kind.TDM_UNCLEAR, "tdmrep.json", value, where, Say.HOLD)]


def read_file(body: bytes) -> TdmFile | None:
    """Read a ``tdmrep.json``; None if it is none, as where a site answers everything with a page."""
    try:
        found = loads(body[:MAX_FILE_BYTES])
    except ValueError:
        return None
    entries = [found] if isinstance(found, dict) else found
    if not isinstance(entries, list):
        return None
    rules = tuple(
        (normal_pattern(location.encode("utf-8", "replace")), shortened(str(entry["tdm-reservation"])))
        for entry in entries[:_MOST_RULES]
        if isinstance(entry, dict) and isinstance(location := entry.get("location"), str) and "tdm-reservation" in entry
    )
    return TdmFile(rules) if rules else None
