"""Whether a wiki's answers still bring anything: a continuation may lead in a circle, or on and on to nothing. Pure."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

MOST_STALE: Final = 5
"""So many answers in a row may bring nothing new: a wiki may leave out all that it found on a page."""
_REMEMBERED: Final = 12
_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Trail:
    """What the last answers were.

    Attributes:
        marks: Short names of what they brought.
        stale: How many in a row brought nothing new.
    """

    marks: tuple[str, ...] = ()
    stale: int = 0

    def after(self, entries: Iterable[Any]) -> "Trail":
        """The trail with one answer more."""
        names = sorted(json.dumps(_name(entry), sort_keys=True) for entry in entries)
        mark = hashlib.sha256("\n".join(names).encode()).hexdigest()[:_DIGITS]
        if not names or mark in self.marks:
            return Trail(self.marks, self.stale + 1)
        return Trail((*self.marks, mark)[-_REMEMBERED:])

    @property
    def leads_nowhere(self) -> bool:
        """Whether nothing more is to be expected."""
        return self.stale >= MOST_STALE


NO_TRAIL: Final = Trail()


def _name(entry: object) -> object:
    return entry.get("pageid", entry.get("title")) if isinstance(entry, dict) else entry
