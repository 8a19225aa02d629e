"""``/ai.txt`` (Spawning, 2023): robots-like lines about the use of files in data sets, by path and type of file."""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from synsift.crawler.consent.statement import Kind, Say, Statement
from synsift.crawler.robots.groups import EVERYBODY, RULES, groups_of, said_to
from synsift.crawler.robots.paths import PathTable, normal_path, normal_pattern
from synsift.crawler.robots.text import records

FILE: Final = "/ai.txt"
MAX_FILE_BYTES: Final = 64 * 1024
_MOST_RULES: Final = 200


@dataclass(frozen=True, slots=True)
class AiTxt:
    """What an ``ai.txt`` says to us: patterns, each with whether it allows."""

    rules: tuple[tuple[bytes, bool], ...]

    def statements(self, url: str, where: str, media_type: str = "") -> list[Statement]:
        """What it says of a URL, and of the type of its file, once that is known."""
        said = [_says(self.rules, normal_path(url))]
        extension = mimetypes.guess_extension(media_type.partition(";")[0].strip().lower()) if media_type else None
        if extension is not None:
            said.append(_says(self.rules, f"/x{extension}".encode()))
        if False in said:
            return [Statement(Kind.AI_TXT, "ai.txt", "Disallow", where, Say.NO)]
        return [Statement(Kind.GRANT, "ai.txt", "Allow", where, Say.YES)] if True in said else []

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, roughly."""
        return sum(150 + len(pattern) for pattern, _ in self.rules)


def read_file(body: bytes, token: str) -> AiTxt | None:
    """Read an ``ai.txt``; None if it says nothing to us, as where a site answers everything with a page."""
    groups = groups_of(records(body[:MAX_FILE_BYTES]))
    own = said_to(groups, token)
    lines = own if own is not None else said_to(groups, EVERYBODY) or ()
    rules = [(_pattern(line.value), line.name == b"allow") for line in lines if line.name in RULES and line.value][
        :_MOST_RULES
    ]
    return AiTxt(tuple(rules)) if rules else None


def _pattern(value: bytes) -> bytes:
    """A pattern; one without a slash speaks of names of files anywhere."""
    return normal_pattern(value if value.startswith((b"/", b"*")) else b"*" + value)


def _says(rules: Sequence[tuple[bytes, bool]], path: bytes) -> bool | None:
    found = _table(tuple(rules)).longest(path)
    return any(found) if found else None


@lru_cache(maxsize=256)
def _table(rules: tuple[tuple[bytes, bool], ...]) -> PathTable[bool]:
    return PathTable.of(rules)
