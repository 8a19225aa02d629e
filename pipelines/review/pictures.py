"""Pictures for the page: small ones, made once and kept, and the originals."""

import hashlib
import io
import os
import re
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final

from PIL import Image

from synsift.dedupe.decode import readable_formats
from synsift.pipelines.errors import NoSuchObject
from synsift.pipelines.folders.cache import cache_home
from synsift.pipelines.pages.thumbnails import thumbnail
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore

SIDE_PX: Final = 224
_LARGE_PX: Final = 2_000
_KEPT: Final = 4_000
"""Small pictures in memory: some 40 MB."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SHOWN_AS_IT_IS: Final = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "AVIF": "image/avif",
}
"""What browsers show; of other formats they get a large WebP."""


class Pictures:
    """Makes pictures. Thread-safe."""

    def __init__(self, objects: ObjectStore, folder: Path | None, *, max_pixels: int) -> None:
        """Make one.

        Args:
            objects: Has the originals.
            folder: Small ones are kept here, too; None for in memory alone.
            max_pixels: Of an original: larger ones aren't shown.
        """
        self._objects = objects
        self._folder = folder
        self._max_pixels = max_pixels
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def small(self, sha256: str) -> bytes | None:
        """A WebP of at most 224 pixels; None where there is no picture.

        Raises:
            StoreError: The store can't be read.
        """
        if (known := self.kept(sha256)) is not None:
            return known
        data = self._from_folder(sha256) or self._make(sha256)
        if data is not None:
            with self._lock:
                self._kept[sha256] = data
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return data

    def kept(self, sha256: str) -> bytes | None:
        """A small picture that is in memory; None if it isn't."""
        with self._lock:
            known = self._kept.get(sha256)
            if known is not None:
                self._kept.move_to_end(sha256)
            return known

    def original(self, sha256: str) -> tuple[bytes, str] | None:
        """The original, or a large picture of it where browsers can't show that, and its media type.

        Raises:
            StoreError: The store can't be read.
        """
        data = self._bytes(sha256)
        if data is None:
            return None
        with suppress(Exception), Image.open(io.BytesIO(data), formats=readable_formats()) as image:
            if image.format in _SHOWN_AS_IT_IS:
                return data, _SHOWN_AS_IT_IS[image.format]
        large = thumbnail(data, side_px=_LARGE_PX, max_pixels=self._max_pixels)
        return None if large is None else (large.data, "image/webp")

    def _make(self, sha256: str) -> bytes | None:
        data = self._bytes(sha256)
        if data is None:
            return None
        small = thumbnail(data, side_px=SIDE_PX, max_pixels=self._max_pixels)
        if small is None:
            return None
        if self._folder is not None:
            self._keep(self._file(self._folder, sha256), small.data)
        return small.data

    def _bytes(self, sha256: str) -> bytes | None:
        if not _SHA256.fullmatch(sha256):
            return None
        try:
            data = self._objects.get(layout.blob(sha256))
        except NoSuchObject:
            return None
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    def _from_folder(self, sha256: str) -> bytes | None:
        if self._folder is None or not _SHA256.fullmatch(sha256):
            return None
        try:
            data = self._file(self._folder, sha256).read_bytes()
        except OSError:
            return None
        return data if data[:4] == b"RIFF" and int.from_bytes(data[4:8], "little") + 8 == len(data) else None

    @staticmethod
    def _file(folder: Path, sha256: str) -> Path:
        return folder / sha256[:2] / f"{sha256}-{SIDE_PX}.webp"

    @staticmethod
    def _keep(file: Path, data: bytes) -> None:
        """Keep it, if that can be done: a full disk is no reason to show nothing."""
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f"{file.name}.{os.getpid()}.part")
            part.write_bytes(data)
            part.replace(file)


def thumbnails_folder() -> Path:
    """Where small pictures are kept."""
    return cache_home() / "thumbnails"
