"""A store's manifests → the images that stand, a synset at a time, and of that a part at a time."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from synsift.crawler.ontology.base import is_identifier
from synsift.dedupe import EXTENSIONS
from synsift.pipelines.errors import DamagedPart, StoreError
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.storage.manifests import decode_part

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_HINT: Final = "`synsift storage verify --fetch-again` writes parts of manifests anew by the log"
_KEPT_BYTES: Final = 32 << 20
NEEDED: Final = ["sha256", "replaces", "format", "width_px", "height_px"]
"""Columns that parts of all versions have, and by which it is known what stands."""


class Readable(Protocol):
    """What is needed of a store to read what it holds."""

    def get(self, path: str) -> bytes:
        """Read an object."""


@dataclass(slots=True)
class Standing:
    """The images of a synset, in the order in which they survived. They are read as they are asked for, and once.

    Attributes:
        wnid: The synset.
        rows: Rows of its manifest, a part of it at a time.
        odd: How many rows of it name no image as this program writes them; known with the first row.
    """

    wnid: str
    rows: Iterator[dict[str, Any]] = field(default_factory=lambda: iter(()))
    odd: int = 0


def read_standing(objects: ObjectStore) -> Iterator[Standing]:
    """The images that stand, synset by synset, in the order of wnids.

    Memory is that of the SHA-256 of one synset, of the rows of one part, and of 32 MB of parts.

    Raises:
        StoreError: A part of a manifest can't be read.
    """
    parts = account_of(objects.list(layout.MANIFESTS))
    for wnid in sorted(parts):
        yield standing_of(objects, wnid, parts[wnid])


def account_of(paths: Iterable[str]) -> dict[str, list[str]]:
    """Names of the parts of manifests among some objects, by synset, in the order of what they tell of."""
    found: dict[str, list[layout.ManifestPart]] = defaultdict(list)
    for path in paths:
        part = layout.manifest_part(path)
        # A name that could lead out of a folder is none that this program gives.
        if part is not None and is_identifier(part.wnid):
            found[part.wnid].append(part)
    return {
        wnid: [part.path for part in sorted(parts, key=lambda part: (part.partition, part.first, part.last))]
        for wnid, parts in found.items()
    }


def standing_of(objects: Readable, wnid: str, paths: Sequence[str]) -> Standing:
    """The images of one synset that stand, by the parts of its manifest."""
    standing = Standing(wnid)
    standing.rows = _standing(objects, paths, standing)
    return standing


def _standing(objects: Readable, paths: Sequence[str], standing: Standing) -> Iterator[dict[str, Any]]:
    """What stands: each image once, with what its last row says of it, and none that another one replaced."""
    kept = _Kept(objects)
    last, standing.odd = _last_rows(kept, paths)
    wanted = {part for part, _ in last.values()}
    for part, path in enumerate(paths):
        for number, row in enumerate(_rows(kept, path) if part in wanted else ()):
            if last.get(row["sha256"]) == (part, number):
                yield row


def standing_images(objects: Readable, paths: Sequence[str]) -> set[str]:
    """SHA-256 of the images of one synset that stand, by the parts of its manifest."""
    return set(_last_rows(objects, paths)[0])


def _last_rows(objects: Readable, paths: Sequence[str]) -> tuple[dict[str, tuple[int, int]], int]:
    """Of each image that stands, the part and the row that speak of it last; and how many rows name none."""
    last: dict[str, tuple[int, int]] = {}
    gone: set[str] = set()
    odd = 0
    for part, path in enumerate(paths):
        rows = _rows(objects, path, NEEDED)
        if rows and rows[0].keys() != set(NEEDED):
            raise DamagedPart(f"{path} can't be read: it lacks a column of every manifest", hint=_HINT)
        for number, row in enumerate(rows):
            if _is_sound(row):
                last[row["sha256"]] = (part, number)
                gone.add(row["replaces"] or "")
            else:
                odd += 1
    for sha256 in gone:
        last.pop(sha256, None)
    return last, odd


class _Kept:
    """Reads parts that are read twice, and keeps the bytes of the first ones in between."""

    def __init__(self, objects: Readable) -> None:
        self._objects = objects
        self._parts: dict[str, bytes] = {}
        self._left_bytes = _KEPT_BYTES

    def get(self, path: str) -> bytes:
        """Read a part."""
        if path in self._parts:
            return self._parts.pop(path)
        data = self._objects.get(path)
        if len(data) <= self._left_bytes:
            self._parts[path] = data
            self._left_bytes -= len(data)
        return data


def _rows(objects: Readable, path: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
    try:
        return decode_part(objects.get(path), columns)
    except StoreError:
        raise
    except Exception as exc:  # Arrow and Python have many words for what can be wrong with old bytes
        raise DamagedPart(f"{path} can't be read: it is no part of a manifest", hint=_HINT) from exc


def _is_sound(row: Mapping[str, Any]) -> bool:
    sides = row.get("width_px"), row.get("height_px")
    return (
        isinstance(row.get("sha256"), str)
        and _SHA256.fullmatch(row["sha256"]) is not None
        and isinstance(row.get("replaces") or "", str)
        and row.get("format") in EXTENSIONS
        and all(isinstance(side, int) and side > 0 for side in sides)
    )
