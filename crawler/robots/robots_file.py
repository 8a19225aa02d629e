"""What one robots.txt says to us: kept small, for a crawl knows a hundred thousand of them.

Only the groups that speak to us are kept, as the text that they were; it is parsed again for hosts that are busy.
"""

import math
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from synsift.crawler.robots.groups import EVERYBODY, RULES, Group, groups_of, said_to
from synsift.crawler.robots.paths import LONGEST_PATTERN, PathTable, is_pattern, normal_path, normal_pattern
from synsift.crawler.robots.text import Record, records

_TOKEN: Final = re.compile(r"[A-Za-z_-]+")
_DELAY: Final = re.compile(rb"(\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE]\+?(\d{1,3}))?")
_RATE: Final = re.compile(rb"(\d{1,9})\s*/\s*(\d{1,9})\s*([smh]?)\b")
_UNITS: Final = {b"": 1, b"s": 1, b"m": 60, b"h": 3600}
_USAGE: Final = b"content-usage"
_LICENCE: Final = b"license"
# By drafts of the IETF's working group a line about use is a rule, and ends a run of names; by RFC 9309 it is none.
_ENDERS_OF_DRAFTS: Final = RULES | {_USAGE}
_ABOUT_USE: Final = frozenset(
    {
        _USAGE, b"content-signal", b"disallowaitraining", b"allowaitraining", b"tdm-reservation", b"license",
        b"noindex",
    }
)  # fmt: skip
TRAINING_BOTS: Final = frozenset(
    {
        "ai2bot", "amazonbot", "anthropic-ai", "applebot-extended", "bytespider", "ccbot", "claudebot", "cohere-ai",
        "cohere-training-data-crawler", "diffbot", "facebookbot", "google-extended", "gptbot", "img2dataset",
        "imagesiftbot", "meta-externalagent", "omgili", "pangubot", "timpibot", "webzio-extended",
    }
)  # fmt: skip
"""Names under which training data are collected, or its use is forbidden: telling, though none of them is ours."""
_MOST_USE_LINES: Final = 1_000
_MOST_USE_BYTES: Final = 64 * 1024
_LONGEST_USE_LINE: Final = 4_096
_ZIP_FROM: Final = 256
# Patterns that match every path: ``/``, and what is widely written for it.
_ALL: Final = re.compile(rb"/\**|\*+/?\**|[/*]?\*+\$")


def token_of(user_agent: str) -> str:
    """The product token of a User-Agent: what groups are chosen by (RFC 9309, section 2.2.1)."""
    found = _TOKEN.match(user_agent)
    return found[0].lower() if found else ""


@dataclass(frozen=True, slots=True)
class UseLine:
    """A line about the use of what is fetched.

    Attributes:
        name: In lower case.
        value: As it stands there.
        group: ``own``, ``*`` or ``none``: whom it speaks to.
    """

    name: str
    value: str
    group: str


@dataclass(frozen=True, slots=True)
class Robots:
    """What a robots.txt says to us.

    Attributes:
        readings: Allow and Disallow lines of our groups, packed. Two, where drafts read the file in another way.
        crawl_delay_s: Time that it asks for between two requests; 0 for none.
        use: Lines about use.
        named: Names of ``TRAINING_BOTS`` that may fetch nothing.
    """

    readings: tuple[bytes, ...] = ()
    crawl_delay_s: float = 0.0
    use: tuple[UseLine, ...] = ()
    named: tuple[str, ...] = ()

    def allows(self, url: str) -> bool:
        """Whether a URL may be fetched."""
        if not self.readings:
            return True
        path = normal_path(url)
        return path == b"/robots.txt" or all(_allows(_table(packed), path) for packed in self.readings)

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, roughly."""
        lines = sum(200 + len(line.name) + len(line.value) for line in self.use)
        return 150 + sum(50 + len(packed) for packed in self.readings) + lines


NOTHING_SAID: Final = Robots()
"""What a host says that has no robots.txt."""


def read_robots(body: bytes, token: str, charset: str = "") -> Robots:
    """Read a robots.txt for a product token.

    Args:
        body: Of any encoding and length, without content coding.
        token: In lower case.
        charset: That its host says; counts for what isn't UTF-8.
    """
    lines = list(records(body, charset))
    groups = groups_of(lines)
    own, all_others = said_to(groups, token), said_to(groups, EVERYBODY)
    readings = [_packed(own if own is not None else all_others or ())]
    if any(line.name == _USAGE for line in lines):
        other = groups_of(lines, enders=_ENDERS_OF_DRAFTS)
        heard = said_to(other, token)
        readings.append(_packed(heard if heard is not None else said_to(other, EVERYBODY) or ()))
    kept = tuple(dict.fromkeys(packed for packed in readings if packed))
    found = Robots(kept, _delay_s(own or (), all_others or ()), _use(groups, token), _named(groups))
    return NOTHING_SAID if found == NOTHING_SAID else found


def _packed(lines: Iterable[Record]) -> bytes:
    text = b"\n".join(
        (b"+" if line.name == b"allow" else b"-") + normal_pattern(line.value[:LONGEST_PATTERN])
        for line in lines
        if line.name in RULES and is_pattern(line.value) and _keeps_its_sense(line)
    )
    return b"z" + zlib.compress(text) if len(text) > _ZIP_FROM else text


def _keeps_its_sense(line: Record) -> bool:
    """Whether a rule may be cut at the longest pattern: an Allow that is cut allows more than was written."""
    return line.name == b"disallow" or len(line.value) <= LONGEST_PATTERN


@lru_cache(maxsize=256)
def _table(packed: bytes) -> PathTable[bool]:
    text = zlib.decompress(packed[1:]) if packed.startswith(b"z") else packed
    return PathTable.of((line[1:], line.startswith(b"+")) for line in text.split(b"\n"))


def _allows(table: PathTable[bool], path: bytes) -> bool:
    found = table.longest(path)
    return not found or any(found)


def _delay_s(own: Sequence[Record], everybody: Sequence[Record]) -> float:
    """The longest delay that is asked of us, or of everybody."""
    delays = [0.0]
    for line in (*own, *everybody):
        if line.name == b"crawl-delay" and (found := _DELAY.fullmatch(line.value)):
            delays.append(_number(found))
        elif line.name == b"request-rate" and (rate := _RATE.match(line.value)) and int(rate[1]):
            delays.append(int(rate[2]) * _UNITS[rate[3]] / int(rate[1]))
    return max(delays)


def _number(found: re.Match[bytes]) -> float:
    value = float(found[0])
    return value if math.isfinite(value) else 0.0


def _use(groups: Sequence[Group], token: str) -> tuple[UseLine, ...]:
    """Lines about use: those to us, and those to everybody or to nobody, for a wish about use names no crawler."""
    others = [line for group in groups for line in group.records if line.name == _LICENCE]  # of no group: RSL 1.0
    nobodys = [*groups[0].records, *others]
    places = (("own", said_to(groups, token)), (EVERYBODY, said_to(groups, EVERYBODY)), ("none", nobodys))
    found = [
        UseLine(line.name.decode(), line.value[:_LONGEST_USE_LINE].decode("utf-8", "replace"), place)
        for place, lines in places
        for line in lines or ()
        if line.name in _ABOUT_USE
    ]
    if len(found) > _MOST_USE_LINES or sum(len(line.value) for line in found) > _MOST_USE_BYTES:
        # One of those that nobody reads may forbid it: this can't be read, so it leaves it open.
        return (*found[: _MOST_USE_LINES // 20], UseLine(_USAGE.decode(), "more lines about use than are read", "none"))
    return tuple(found)


def _named(groups: Iterable[Group]) -> tuple[str, ...]:
    return tuple(
        sorted(
            {
                name
                for group in groups
                for name in group.words & TRAINING_BOTS
                if any(line.name == b"disallow" and _ALL.fullmatch(line.value) for line in group.records)
            }
        )
    )
