"""``/ai.txt``: two formats of one name.

Spawning's (2023) has robots-like lines about the use of files in data sets, by path and type of file. Another one, for
``/.well-known/ai.txt`` but found here as well, has lines about the whole site, such as ``Training: deny``.
"""

import mimetypes
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from synsift.crawler.consent.site_file import Unreadable, is_page, text_of
from synsift.crawler.consent.statement import Kind, Say, Statement, shortened
from synsift.crawler.robots.groups import EVERYBODY, RULES, groups_of, said_to
from synsift.crawler.robots.paths import PathTable, normal_path, normal_pattern
from synsift.crawler.robots.text import Record, records

FILE: Final = "/ai.txt"
_SIGNAL: Final = "ai.txt"
_MOST_RULES: Final = 1_000
_TRAINING: Final = frozenset({b"training", b"ai-training", b"allow-training", b"train"})
_WORDS: Final = {
    **dict.fromkeys(
        ["deny", "denied", "disallow", "disallowed", "no", "none", "false", "prohibited", "forbidden"], Say.NO
    ),
    **dict.fromkeys(["allow", "allowed", "yes", "true", "permitted"], Say.YES),
}
_OF_SAY: Final = {Say.NO: Kind.AI_TXT, Say.YES: Kind.GRANT, Say.HOLD: Kind.AI_TXT_UNCLEAR}


@dataclass(frozen=True, slots=True)
class AiTxt:
    """What an ``ai.txt`` says to us.

    Attributes:
        rules: Patterns, each with whether it allows.
        training: What is said of the whole site, each with its line.
    """

    rules: tuple[tuple[bytes, bool], ...]
    training: tuple[tuple[Say, str], ...] = ()

    def statements(self, url: str, where: str, media_type: str = "") -> list[Statement]:
        """What it says of a URL, and of the type of its file, once that is known."""
        found = [Statement(_OF_SAY[say], _SIGNAL, line, where, say) for say, line in self.training]
        said = [_says(self.rules, normal_path(url))]
        extension = mimetypes.guess_extension(media_type.partition(";")[0].strip().lower()) if media_type else None
        if extension is not None:
            said.append(_says(self.rules, f"/x{extension}".encode()))
        if False in said:
            found.append(Statement(Kind.AI_TXT, _SIGNAL, "Disallow", where, Say.NO))
        elif True in said:
            found.append(Statement(Kind.GRANT, _SIGNAL, "Allow", where, Say.YES))
        return found

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, roughly."""
        return sum(150 + len(pattern) for pattern, _ in self.rules) + sum(150 + len(line) for _, line in self.training)


def unread(problem: str, where: str) -> Statement:
    """What is to be said of a file that is there, and can't be read."""
    return Statement(Kind.AI_TXT_UNREAD, _SIGNAL, shortened(problem), where, Say.HOLD)


def read_file(body: bytes, token: str, media_type: str = "") -> AiTxt | None:
    """Read an ``ai.txt``; None if it says nothing to us, as where a site answers everything with a page.

    Raises:
        Unreadable: What is there is none that can be read.
    """
    text = text_of(body, media_type)
    if not text:
        return None
    lines = list(records(text.encode()))
    groups = groups_of(lines)
    own = said_to(groups, token)
    ours = own if own is not None else said_to(groups, EVERYBODY) or ()
    rules = [(_pattern(line.value), line.name == b"allow") for line in ours if line.name in RULES and line.value]
    if len(rules) > _MOST_RULES:
        raise Unreadable(f"it has more than {_MOST_RULES} rules")
    training = tuple(dict.fromkeys(_training(lines)))
    is_known = any(line.name == b"user-agent" for line in lines)
    if not rules and not training and not is_known and not is_page(media_type) and "train" in text.lower():
        training = ((Say.HOLD, "it speaks of training, in another form"),)
    return AiTxt(tuple(rules), training) if rules or training else None


def _training(lines: Iterable[Record]) -> Iterable[tuple[Say, str]]:
    for line in lines:
        if line.name in _TRAINING and (words := line.value.decode("utf-8", "replace").lower().split()):
            yield _WORDS.get(words[0].strip(".,;"), Say.HOLD), shortened(f"{line.name.decode()}: {' '.join(words)}")


def _pattern(value: bytes) -> bytes:
    """A pattern; one without a slash speaks of names of files anywhere."""
    return normal_pattern(value if value.startswith((b"/", b"*")) else b"*" + value)


def _says(rules: Sequence[tuple[bytes, bool]], path: bytes) -> bool | None:
    found = _table(tuple(rules)).longest(path)
    return any(found) if found else None


@lru_cache(maxsize=256)
def _table(rules: tuple[tuple[bytes, bool], ...]) -> PathTable[bool]:
    return PathTable.of(rules)
