"""Groups of a robots.txt (RFC 9309, section 2.2.1): which of its records speak to whom.

A run of ``User-agent`` lines heads a group, and a rule ends the run. Nothing else does: no blank line, no line that
nobody knows. What belongs to no group is kept apart: no rule holds there, but a wish about use may stand there.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from synsift.crawler.robots.text import Record

EVERYBODY: Final = "*"
RULES: Final = frozenset({b"allow", b"disallow"})
_WORD: Final = re.compile(r"[\s/]")
_TOKEN: Final = re.compile(rb"[A-Za-z_-]+")


@dataclass(slots=True)
class Group:
    """Some names, and what is said to them, in order.

    Attributes:
        names: Product tokens, in lower case.
        words: The same as they are written, for some have digits, which no product token has.
        records: What is said.
    """

    names: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    records: list[Record] = field(default_factory=list)


def groups_of(records: Iterable[Record], *, enders: Collection[bytes] = RULES) -> list[Group]:
    """The groups of a file; the first of them has no names, and holds what stands before all others.

    Args:
        records: Of the file, in order.
        enders: Names of the lines that end a run of ``User-agent`` lines.
    """
    groups = [Group()]
    is_open = False
    for record in records:
        if record.name == b"user-agent":
            if not is_open:
                groups.append(Group())
                is_open = True
            groups[-1].names.add(_name(record.value))
            groups[-1].words.add(_WORD.split(record.value.decode("latin-1").lower(), maxsplit=1)[0])
            continue
        groups[-1].records.append(record)
        if record.name in enders:
            is_open = False
    return groups


def _name(value: bytes) -> str:
    """The product token at the beginning of a ``User-agent`` line, or everybody's."""
    if value.startswith(b"*") and not value[1:2].strip():
        return EVERYBODY
    found = _TOKEN.match(value)
    return found[0].decode().lower() if found else ""


def said_to(groups: Iterable[Group], name: str) -> list[Record] | None:
    """All that is said to a name, by all groups that it heads; None if there is none."""
    found = [group.records for group in groups if name in group.names]
    return [record for records in found for record in records] if found else None
