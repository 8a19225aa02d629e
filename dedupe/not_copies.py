"""Pairs of pictures that a person judged: they are no copies of one another, whatever they look like."""

import re
from collections.abc import Iterable
from typing import Final, Self

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class NotCopies:
    """Pairs, by the SHA-256 of their files."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._partners: dict[str, set[str]] = {}
        for one, other in pairs:
            self._partners.setdefault(one, set()).add(other)
            self._partners.setdefault(other, set()).add(one)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read lines of two SHA-256 each, with a space or a comma between; what follows ``#`` is a remark.

        Raises:
            ValueError: Another line; the message says which.
        """
        pairs = []
        for number, line in enumerate(text.splitlines(), 1):
            words = line.partition("#")[0].replace(",", " ").lower().split()
            if not words:
                continue
            if len(words) != 2 or not all(_SHA256.fullmatch(word) for word in words):
                raise ValueError(f"line {number}: two SHA-256 stand in a line, not `{line.strip()[:80]}`")
            pairs.append((words[0], words[1]))
        return cls(pairs)

    def __eq__(self, other: object) -> bool:
        """Whether another one is of the same pairs."""
        return self._partners == other._partners if isinstance(other, NotCopies) else NotImplemented

    def __hash__(self) -> int:
        """The same for the same pairs."""
        return hash(frozenset((one, frozenset(others)) for one, others in self._partners.items()))

    def __len__(self) -> int:
        """How many pairs there are."""
        return sum(len(others) + (one in others) for one, others in self._partners.items()) // 2

    def __repr__(self) -> str:
        """How many pairs there are."""
        return f"<NotCopies: {len(self)} pairs>"

    def and_pairs(self, pairs: Iterable[tuple[str, str]]) -> "NotCopies":
        """These and more."""
        known = ((one, other) for one, others in self._partners.items() for other in others)
        return NotCopies([*known, *pairs])

    def of(self, sha256: str) -> frozenset[str]:
        """The pictures that one is no copy of."""
        return frozenset(self._partners.get(sha256, ()))
