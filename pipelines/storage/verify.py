"""Whether the store's images are those that their names say."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

from synsift.dedupe import EXTENSIONS
from synsift.pipelines.errors import NoSuchObject
from synsift.pipelines.reading import Broken, read_bytes
from synsift.pipelines.records import Survivor
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore


@dataclass(frozen=True, slots=True)
class Verified:
    """An image of the store.

    Attributes:
        path: Name of the object.
        problem: What is wrong with it; empty if nothing is.
    """

    path: str
    problem: str = ""


def verify(objects: ObjectStore, *, share: float = 1.0, seed: int | None = None) -> Iterator[Verified]:
    """Read blobs and landed images, and compare the SHA-256 of each with its name; say which landed ones are gone.

    Args:
        objects: The store.
        share: How many of them to read, as a part of one.
        seed: Of the choice.
    """
    chosen = random.Random(seed)  # noqa: S311 - a sample
    with_image: set[tuple[str, str]] = set()
    with_origin: set[tuple[str, str]] = set()
    for prefix in (layout.BLOBS, layout.CANDIDATES):
        for path in objects.list(prefix):
            if (origin := layout.provenance_of(path)) is not None:
                with_origin.add(origin)
                continue
            sha256 = layout.blob_sha256(path) or layout.candidate_sha256(path)
            if sha256 is None:
                continue
            if prefix == layout.CANDIDATES:
                with_image.add((path.split("/")[1], sha256))
            if (share >= 1 or chosen.random() < share) and (found := _look(objects, path, sha256)) is not None:
                yield found
    for wnid, sha256 in sorted(with_origin - with_image):
        found = _look_for(objects, wnid, sha256)
        if found is not None:
            yield found


def _look(objects: ObjectStore, path: str, sha256: str) -> Verified | None:
    try:
        data = objects.get(path)
    except NoSuchObject:
        return None  # gone since it was listed
    if hashlib.sha256(data).hexdigest() == sha256:
        return Verified(path)
    return Verified(path, "empty" if not data else f"its {len(data)} bytes have another SHA-256")


def _look_for(objects: ObjectStore, wnid: str, sha256: str) -> Verified | None:
    """An image of which only the provenance was listed."""
    try:
        survivor = read_bytes(Survivor, objects.get(layout.provenance(wnid, sha256)))
    except NoSuchObject:
        return None  # moved out since it was listed
    if isinstance(survivor, Broken) or survivor.candidate.image.format not in EXTENSIONS:
        return Verified(layout.provenance(wnid, sha256), "its provenance can't be read, and the image is gone")
    path = layout.candidate(wnid, survivor.candidate.image)
    return None if objects.size_bytes(path) >= 0 else Verified(path, "gone; only its provenance is there")
