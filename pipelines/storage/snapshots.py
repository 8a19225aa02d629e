"""Snapshots of the state of deduplication, so that a partition need not be replayed from its first survivor.

    line 1    synsift-snapshot 3                     what it is, and the version of its form
    line 2    JSON: partition, last offset and the digest of that record, synsets and how many bytes each has, and what
              was withdrawn in them
    rows      of the synsets one after another, ``synsift.dedupe.Survivors.to_bytes``
    32 bytes  SHA-256 of everything before

The digest of the last record ties a snapshot to its log: after topics were made anew, or beside another log's
snapshots in the same store, the record at that offset is another one.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from synsift.dedupe import Survivors
from synsift.pipelines.errors import DamagedSnapshot
from synsift.pipelines.storage.base import ObjectStore

SNAPSHOTS: Final = "snapshots/dedupe/"
KEPT: Final = 3
"""Snapshots of a partition that stay: the newest may be damaged, or be written at this moment."""

_VERSION: Final = 3
_MAGIC: Final = b"synsift-snapshot "
_DIGEST_BYTES: Final = 32
_NAME: Final = re.compile(r"(\d+)-[0-9a-f]{8}\.snapshot")


class _Header(msgspec.Struct, frozen=True):
    partition: int
    last_offset: int
    last_digest: str
    synsets: list[tuple[str, int]]
    withdrawn: dict[str, dict[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The survivors of a partition up to one record.

    Attributes:
        partition: Of ``survivors``.
        last_offset: Of the last record that is in it.
        last_digest: That record's value, by ``digest_of``.
        synsets: wnid → all that survived in it, in order.
        withdrawn: wnid → SHA-256 of what went of it by local features → for the sake of which.
    """

    partition: int
    last_offset: int
    last_digest: str
    synsets: Mapping[str, Survivors]
    withdrawn: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Name of the object. Zero-padded, so that names sort as offsets do."""
        return f"{_folder(self.partition)}{self.last_offset:012d}-{self.last_digest[:8]}.snapshot"


def digest_of(value: bytes) -> str:
    """SHA-256 of a record's value, in hexadecimal."""
    return hashlib.sha256(value).hexdigest()


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Write a snapshot as it is kept."""
    rows = {wnid: survivors.to_bytes() for wnid, survivors in snapshot.synsets.items()}
    synsets = [(wnid, len(data)) for wnid, data in rows.items()]
    withdrawn = {wnid: dict(pairs) for wnid, pairs in snapshot.withdrawn.items()}
    header = _Header(snapshot.partition, snapshot.last_offset, snapshot.last_digest, synsets, withdrawn)
    parts = [_MAGIC, b"%d\n" % _VERSION, msgspec.json.encode(header), b"\n", *rows.values()]
    body = b"".join(parts)
    return body + hashlib.sha256(body).digest()


def decode_snapshot(data: bytes) -> Snapshot:
    """Read a snapshot.

    Raises:
        DamagedSnapshot: Of another version, cut off, or changed since it was written.
    """
    body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    first, _, rest = body.partition(b"\n")
    if not first.startswith(_MAGIC):
        raise DamagedSnapshot("not a snapshot")
    if first != _MAGIC + b"%d" % _VERSION:
        raise DamagedSnapshot(f"of form {first.removeprefix(_MAGIC)[:20]!r}; this program reads {_VERSION}")
    if hashlib.sha256(body).digest() != digest:
        raise DamagedSnapshot("its checksum is wrong: it was cut off or changed")
    head, _, rows = rest.partition(b"\n")
    try:
        header = msgspec.json.decode(head, type=_Header)
        synsets = dict(_split(rows, header.synsets))
    except (msgspec.MsgspecError, ValueError, RecursionError) as exc:
        raise DamagedSnapshot(str(exc)) from exc
    return Snapshot(header.partition, header.last_offset, header.last_digest, synsets, header.withdrawn)


def _split(rows: bytes, synsets: list[tuple[str, int]]) -> Iterator[tuple[str, Survivors]]:
    if any(size < 0 for _, size in synsets) or sum(size for _, size in synsets) != len(rows):
        raise ValueError(f"{len(rows)} bytes are not those of {len(synsets)} synsets")
    begin = 0
    for wnid, size in synsets:
        yield wnid, Survivors.from_bytes(rows[begin : begin + size])
        begin += size


class Snapshots:
    """The snapshots in a store. Methods raise ``StoreError`` or one of its kinds."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def write(self, snapshot: Snapshot) -> None:
        """Write a snapshot, and delete what is older than the last few."""
        self._objects.put(snapshot.path, encode_snapshot(snapshot))
        for path in self.paths(snapshot.partition)[KEPT:]:
            self._objects.delete(path)

    def paths(self, partition: int) -> list[str]:
        """Names of a partition's snapshots, the newest first."""
        found = [path for path in self._objects.list(_folder(partition)) if _NAME.fullmatch(path.rpartition("/")[2])]
        return sorted(found, reverse=True)

    def read(self, path: str) -> Snapshot:
        """Read a snapshot; one that can't be used is a ``DamagedSnapshot``."""
        return decode_snapshot(self._objects.get(path))


def _folder(partition: int) -> str:
    return f"{SNAPSHOTS}{partition:05d}/"
