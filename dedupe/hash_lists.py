"""Lists of other people's hashes: organisations share these where they can't share pictures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from synsift.dedupe.hash_kinds import KINDS, HashKind

# Of plain pictures and even gradients nearly all bits of a difference hash are alike: nothing is near to such a one.
_ALIKE_SHARE: Final = 0.125


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list.

    Attributes:
        kind: Of ``KINDS``.
        digest: The hash.
        name: What the list calls it, or where it stands.
    """

    kind: str
    digest: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a picture is the same as.

    Attributes:
        entry: The nearest one of its kind.
        distance_bits: How far; 0 for equal.
    """

    entry: Entry
    distance_bits: int


class HashLists:
    """Entries of any kinds. Immutable, so any number of threads may ask."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Take entries; of several with one hash the first counts."""
        self._by_kind: dict[str, dict[bytes, Entry]] = {}
        for entry in entries:
            kind = KINDS[entry.kind]
            if len(entry.digest) * 8 != kind.bits:
                raise ValueError(f"{entry.name}: {kind.name} has {kind.bits} bits, not {len(entry.digest) * 8}")
            self._by_kind.setdefault(entry.kind, {}).setdefault(entry.digest, entry)
        self._near = {
            kind: _Near(KINDS[kind], list(found.values()))
            for kind, found in self._by_kind.items()
            if KINDS[kind].radius_bits
        }

    def __len__(self) -> int:
        """Number of entries."""
        return sum(map(len, self._by_kind.values()))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which hashes of a picture are needed."""
        return tuple(kind for kind in KINDS if kind in self._by_kind)

    def find(self, hashes: Mapping[str, bytes]) -> Hit | None:
        """The entry that a picture is the same as, by the first kind that has one; those of bytes come first."""
        for kind in self.kinds:
            digest = hashes.get(kind)
            if digest is None:
                continue
            equal = self._by_kind[kind].get(digest)
            if equal is not None:
                return Hit(equal, 0)
            near = self._near[kind].find(digest) if kind in self._near else None
            if near is not None:
                return near
        return None


class _Near:
    """Hashes of one kind, searched exactly."""

    def __init__(self, kind: HashKind, entries: list[Entry]) -> None:
        self._radius_bits = kind.radius_bits
        self._entries = [entry for entry in entries if not _says_nothing(entry.digest)]
        import faiss

        self._index = faiss.IndexBinaryFlat(kind.bits)
        self._index.add(
            np.frombuffer(b"".join(entry.digest for entry in self._entries), np.uint8).reshape(-1, kind.bits // 8)
        )

    def find(self, digest: bytes) -> Hit | None:
        if not self._entries or _says_nothing(digest):
            return None
        distances, found = self._index.search(np.frombuffer(digest, np.uint8)[None], 1)
        distance_bits = int(distances[0, 0])
        return Hit(self._entries[int(found[0, 0])], distance_bits) if distance_bits <= self._radius_bits else None


def _says_nothing(digest: bytes) -> bool:
    ones = int.from_bytes(digest).bit_count() / (8 * len(digest))
    return min(ones, 1 - ones) < _ALIKE_SHARE
