"""Local features of images in the store: made once from the blob, and kept beside it under the same name."""

import contextlib
import hashlib
import threading
from collections import OrderedDict
from typing import Final, Protocol

from synsift.dedupe import ImageError
from synsift.dedupe.local.features import VERSION, Features
from synsift.pipelines.errors import NoSuchObject
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore

# Some 80 kB each.
_KEPT: Final = 1_000


class Describer(Protocol):
    """What makes features."""

    def describe(self, data: bytes) -> bytes:
        """The features of a picture; an ``ImageError`` where it has none."""


class FeatureStore:
    """Features by SHA-256. Thread-safe. Methods raise ``StoreError`` or one of its kinds."""

    def __init__(self, objects: ObjectStore, describer: Describer) -> None:
        self._objects = objects
        self._describer = describer
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, sha256: str) -> bytes | None:
        """The features of an image, made if they aren't there; None where its bytes can't be had or described."""
        with self._lock:
            data = self._kept.get(sha256)
            if data is not None:
                self._kept.move_to_end(sha256)
                return data
        data = self._read(sha256) or self._make(sha256)
        if data is not None:
            with self._lock:
                self._kept[sha256] = data
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return data

    def _read(self, sha256: str) -> bytes | None:
        with contextlib.suppress(NoSuchObject, ValueError):  # not there, or not what was written: made anew
            data = self._objects.get(layout.features(sha256, VERSION))
            Features.from_bytes(data)
            return data
        return None

    def _make(self, sha256: str) -> bytes | None:
        with contextlib.suppress(NoSuchObject, ImageError):
            blob = self._objects.get(layout.blob(sha256))
            if hashlib.sha256(blob).hexdigest() != sha256:
                return None
            data = self._describer.describe(blob)
            self._objects.put(layout.features(sha256, VERSION), data)
            return data
        return None
