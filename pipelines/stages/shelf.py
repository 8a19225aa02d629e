"""Bytes by their digest, as many as the world has: the first ones in memory, more in a file without a name.

    young   a dict: digest ──▶ bytes, or place in the file
    old     two arrays, sorted: 8 bytes of the digest ──▶ place in the file          16 bytes an entry

The young ones join the old ones when there are enough of them. Two digests may begin alike, in one of some hundred
thousand shelves of ten million: who reads must look whether it is what was meant. The file goes with the shelf.
"""

import logging
import struct
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.pipelines.stages.spill_file import SpillFile

_log: Final = logging.getLogger(__name__)

IN_MEMORY: Final = 2_000
"""So many stay in memory: a file costs more than they do."""
_YOUNG: Final = 10_000
_YOUNG_SHARE: Final = 64
_LENGTH: Final = struct.Struct("<I")
_GONE: Final = -1
"""Place of what was taken away since it became old."""


class Shelf:
    """A mapping from digests of 16 bytes. Used by one thread at a time."""

    def __init__(self, open_file: Callable[[], SpillFile] = SpillFile, *, in_memory: int = IN_MEMORY) -> None:
        """Make an empty one.

        Args:
            open_file: Makes the file when it is needed.
            in_memory: How many entries need none.
        """
        self._open, self._in_memory = open_file, in_memory
        self._young: dict[bytes, bytes | int] = {}
        self._keys: NDArray[np.uint64] = np.zeros(0, dtype=np.uint64)
        self._places: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._file: SpillFile | None = None
        self._is_full = False

    def __len__(self) -> int:
        """How many entries there are; some that were written twice, or taken away, are counted, too."""
        return len(self._young) + len(self._keys)

    def __setitem__(self, digest: bytes, value: bytes) -> None:
        """Keep some bytes."""
        spills = self._file is not None or len(self._young) >= self._in_memory
        self._young[digest] = self._write(value) if spills else value
        if spills and len(self._young) >= self._in_memory + max(_YOUNG, len(self._keys) // _YOUNG_SHARE):
            self._grow_old()

    def get(self, digest: bytes) -> bytes | None:
        """What is kept; None for nothing."""
        found = self._young.get(digest)
        if found is None:
            found = self._old(digest)
        return self._read(found) if isinstance(found, int) else found

    def pop(self, digest: bytes) -> None:
        """Keep it no more."""
        self._young.pop(digest, None)
        at = self._index(digest)
        if at is not None:
            self._places[at] = _GONE

    def _index(self, digest: bytes) -> int | None:
        if not len(self._keys):
            return None
        key = _key(digest)
        at = int(self._keys.searchsorted(key))
        return at if at < len(self._keys) and self._keys[at] == key else None

    def _old(self, digest: bytes) -> int:
        at = self._index(digest)
        return _GONE if at is None else int(self._places[at])

    def _write(self, value: bytes) -> bytes | int:
        """Its place in the file; itself, where that has no room."""
        if self._is_full:
            return value
        try:
            if self._file is None:
                self._file = self._open()
            return self._file.append(_LENGTH.pack(len(value)) + value)
        except OSError as exc:
            _log.warning("what is known of URLs goes on in memory: %s", exc)
            self._is_full = True
            return value

    def _read(self, place: int) -> bytes | None:
        """What stands there; nothing, if it can't be read: then the URL is asked again."""
        if place == _GONE or self._file is None:
            return None
        try:
            (length,) = _LENGTH.unpack(self._file.read(place, _LENGTH.size))
            data = self._file.read(place + _LENGTH.size, min(length, self._file.size_bytes - place))
        except (OSError, struct.error) as exc:
            _log.warning("what is known of a URL can't be read: %s", exc)
            return None
        return data if len(data) == length else None

    def _grow_old(self) -> None:
        """Join the young ones to the old ones; of equal keys the later one holds."""
        stays = {digest: found for digest, found in self._young.items() if isinstance(found, bytes)}
        moves = {digest: place for digest, found in stays.items() if isinstance(place := self._write(found), int)}
        moves |= {digest: found for digest, found in self._young.items() if isinstance(found, int)}
        if self._is_full and not moves:
            self._in_memory = 2 * len(self._young)
            return
        self._young = {digest: found for digest, found in stays.items() if digest not in moves}
        keys = np.concatenate([self._keys, np.array([_key(digest) for digest in moves], dtype=np.uint64)])
        places = np.concatenate([self._places, np.array(list(moves.values()), dtype=np.int64)])
        order = np.argsort(keys, kind="stable")
        keys, places = keys[order], places[order]
        is_last = np.append(keys[1:] != keys[:-1], np.ones(min(1, len(keys)), dtype=bool))
        is_kept = is_last & (places != _GONE)
        self._keys, self._places = keys[is_kept], places[is_kept]


def _key(digest: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(digest[:8], "little"))
