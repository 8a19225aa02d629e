"""Matchers by synset, of which those that had nothing to do for a while rest on disk, and wake when they are asked.

    asked ──▶ awake: rows, an index, tables: some 3 kB an image
    not asked for a while, or of a snapshot ──▶ rests: its rows alone, half a kilobyte an image, in a nameless file

The file goes with the process. What can't be written stays in memory; what can't be read again is lost to this member,
which begins anew from the log.
"""

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from synsift.dedupe import Fingerprint, Matcher, Survivors
from synsift.pipelines.errors import StoreUnavailable
from synsift.pipelines.stages.spill_file import SpillFile

_WORTH_CLEANING: Final = 64 << 20
_LOOK_EVERY_S: Final = 1.0


@dataclass(slots=True, eq=False)
class _Slot:
    """Where something lies."""

    offset: int
    size: int
    checksum: int


class Bed:
    """A file in which bytes lie. Used by one thread."""

    def __init__(self, open_file: Callable[[], SpillFile] = SpillFile) -> None:
        """Make nothing yet.

        Args:
            open_file: Makes the file when it is needed.
        """
        self._open = open_file
        self._file: SpillFile | None = None
        self._slots: set[_Slot] = set()
        self._used = 0

    def put(self, data: bytes) -> _Slot:
        """Lay something down.

        Raises:
            OSError: There is no room.
        """
        if self._file is None:
            self._file = self._open()
        slot = _Slot(self._file.append(data), len(data), zlib.crc32(data))
        self._slots.add(slot)
        self._used += len(data)
        return slot

    def get(self, slot: _Slot) -> bytes:
        """What lies there.

        Raises:
            StoreUnavailable: It can't be read, or is other bytes by now.
        """
        try:
            data = self._file.read(slot.offset, slot.size) if self._file is not None else b""
        except OSError as exc:
            raise StoreUnavailable(f"synsets at rest can't be read: {exc}") from exc
        if len(data) != slot.size or zlib.crc32(data) != slot.checksum:
            raise StoreUnavailable("synsets at rest can't be read: the bytes are others than were written")
        return data

    def free(self, slot: _Slot) -> None:
        """Nobody needs it any more."""
        self._used -= slot.size
        self._slots.remove(slot)
        if self.size_bytes - self._used > max(_WORTH_CLEANING, self._used):
            self._clean()

    @property
    def size_bytes(self) -> int:
        """Of the file, what nobody needs any more included."""
        return self._file.size_bytes if self._file is not None else 0

    def _clean(self) -> None:
        """Write what is needed into another file; where that can't be, go on with this one."""
        old = self._file
        if old is None:
            return
        try:
            new = self._open()
            moved = [(slot, new.append(old.read(slot.offset, slot.size))) for slot in self._slots]
        except OSError:
            return
        for slot, offset in moved:
            slot.offset = offset
        self._file = new
        old.close()


@dataclass(slots=True)
class _Resting:
    """The rows of a synset, in the file, or where that has no room in memory; and how many images survive of it."""

    lies: _Slot | Survivors
    images: int


class Replayed:
    """Rows of a synset that are read from the log: no index is made, as nobody asks it anything yet."""

    def __init__(self, rows: Survivors | None = None) -> None:
        """Begin with some rows, or none."""
        self.rows = Survivors() if rows is None else rows
        clusters = self.rows.rows["cluster"].tolist()
        self._cluster_of = dict(zip(self.rows.sha256s(), clusters, strict=True))
        self.images = len(set(clusters))

    def restore(self, image: Fingerprint, *, replaces: str | None = None) -> None:
        """Take a picture that survived before, as ``Matcher.restore`` does.

        Raises:
            KeyError: The picture that it replaces was never restored.
        """
        cluster = self.images if replaces is None else self._cluster_of[replaces]
        self.images = max(self.images, cluster + 1)
        self.rows.append(image, cluster)
        self._cluster_of[image.sha256] = cluster

    def is_known(self, sha256: str) -> bool:
        """Whether a picture was restored."""
        return sha256 in self._cluster_of


class Synsets:
    """The matchers of one partition. Used by one thread, but for ``images``."""

    def __init__(self, make: Callable[[Survivors | None], Matcher], bed: Bed) -> None:
        """Begin with none.

        Args:
            make: Makes a matcher, of what survived so far if there is something.
            bed: Where those lie that rest.
        """
        self._make, self._bed = make, bed
        self._awake: dict[str, Matcher] = {}
        self._resting: dict[str, _Resting] = {}
        self._replayed: dict[str, Replayed] = {}
        # When each was asked the last time, those first that were asked longest ago.
        self._asked_s: dict[str, float] = {}
        self._looked_s = 0.0

    def __len__(self) -> int:
        """How many synsets there are."""
        return len(self._awake) + len(self._resting)

    @property
    def images(self) -> int:
        """How many images survive of all. Safe from any thread."""
        awake = sum(len(matcher) for matcher in list(self._awake.values()))
        return awake + sum(found.images for found in list(self._resting.values()))

    @property
    def awake(self) -> int:
        """How many synsets are awake."""
        return len(self._awake)

    def matcher(self, wnid: str) -> Matcher:
        """The matcher of a synset, made if there is none."""
        found = self.find(wnid)
        if found is None:
            found = self._awake[wnid] = self._make(None)
        return found

    def find(self, wnid: str) -> Matcher | None:
        """The matcher of a synset; None if there is none."""
        self._asked_s.pop(wnid, None)
        self._asked_s[wnid] = time.monotonic()
        resting = self._resting.get(wnid)
        if resting is not None:
            self._awake[wnid] = self._make(self._rows(resting))
            del self._resting[wnid]
            self._free(resting)
        return self._awake.get(wnid)

    def take(self, wnid: str, survivors: Survivors) -> None:
        """Take in a synset that wasn't there, at rest."""
        images = len(set(survivors.rows["cluster"].tolist()))
        self._resting[wnid] = _Resting(self._lay(survivors), images)

    def replay(self, wnid: str) -> Replayed:
        """A synset whose survivors are read from the log, before anybody asks; ``settle`` ends that."""
        found = self._replayed.get(wnid)
        if found is None:
            resting = self._resting.pop(wnid, None)
            found = self._replayed[wnid] = Replayed(None if resting is None else self._rows(resting))
            if resting is not None:
                self._free(resting)
        return found

    def settle(self) -> None:
        """Lay all down that were read from the log."""
        for wnid, found in self._replayed.items():
            self._resting[wnid] = _Resting(self._lay(found.rows), found.images)
        self._replayed.clear()

    def survivors(self) -> Iterator[tuple[str, Survivors]]:
        """All that survived of each synset; none is woken by that."""
        for wnid, matcher in self._awake.items():
            yield wnid, matcher.survivors()
        for wnid, resting in self._resting.items():
            yield wnid, self._rows(resting)

    def rest(self, after_s: float) -> int:
        """Lay those down that were not asked for so long; how many."""
        now_s = time.monotonic()
        if now_s < self._looked_s + _LOOK_EVERY_S:
            return 0
        self._looked_s = now_s
        tired = []
        for wnid, asked_s in self._asked_s.items():
            if asked_s > now_s - after_s:
                break
            tired.append(wnid)
        for wnid in tired:
            del self._asked_s[wnid]
            matcher = self._awake.pop(wnid, None)
            if matcher is not None:
                self._resting[wnid] = _Resting(self._lay(matcher.survivors()), len(matcher))
        return len(tired)

    def drop(self) -> None:
        """Forget all."""
        for resting in self._resting.values():
            self._free(resting)
        self._awake.clear()
        self._resting.clear()
        self._asked_s.clear()

    def _lay(self, survivors: Survivors) -> _Slot | Survivors:
        try:
            return self._bed.put(survivors.to_bytes())
        except OSError:
            return survivors

    def _rows(self, resting: _Resting) -> Survivors:
        lies = resting.lies
        return lies if isinstance(lies, Survivors) else Survivors.from_bytes(self._bed.get(lies))

    def _free(self, resting: _Resting) -> None:
        if isinstance(resting.lies, _Slot):
            self._bed.free(resting.lies)
