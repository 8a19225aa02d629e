"""Whether the store's images are those that their names say."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

from synsift.pipelines.errors import NoSuchObject
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
    """Read blobs and landed images, and compare the SHA-256 of each with its name.

    Args:
        objects: The store.
        share: How many of them to read, as a part of one.
        seed: Of the choice.
    """
    chosen = random.Random(seed)  # noqa: S311 - a sample
    for prefix in (layout.BLOBS, layout.CANDIDATES):
        for path in objects.list(prefix):
            sha256 = layout.blob_sha256(path) or layout.candidate_sha256(path)
            if sha256 is None or (share < 1 and chosen.random() >= share):
                continue
            try:
                data = objects.get(path)
            except NoSuchObject:
                continue  # gone since it was listed
            if hashlib.sha256(data).hexdigest() == sha256:
                yield Verified(path)
            else:
                yield Verified(path, "empty" if not data else f"its {len(data)} bytes have another SHA-256")
