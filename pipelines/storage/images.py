"""Bytes of survivors, many of them fast, and each compared with its name.

From a folder a file is read as it is: by way of the adapter of all kinds of stores that takes some times as long.
"""

import hashlib
import os
import stat
from typing import Final

from synsift.pipelines.errors import DamagedBlob, NoSuchObject
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.objects import Objects

_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


class ImageReader:
    """Reads survivors of a store. Thread-safe."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        folder = objects.address.folder
        self.folder: Final = None if folder is None else str(folder.expanduser().resolve())

    def read(self, wnid: str, sha256: str, extension: str) -> bytes:
        """The bytes of an image: of the survivor, or of its blob where that is gone or damaged.

        Raises:
            NoSuchObject: Neither is there.
            DamagedBlob: Neither has the bytes that its name names.
            StoreError: The store can't be read.
        """
        is_damaged = False
        for path in (layout.named_candidate(wnid, sha256, extension), layout.blob(sha256)):
            try:
                data = self._get(path)
            except NoSuchObject:
                continue
            if hashlib.sha256(data).hexdigest() == sha256:
                return data
            is_damaged = True
        if is_damaged:
            raise DamagedBlob(f"the bytes of {sha256} are others than those that it names")
        raise NoSuchObject(f"{sha256} is not in the store")

    def _get(self, path: str) -> bytes:
        if self.folder is None:
            return self._objects.get(path)
        try:
            handle = os.open(f"{self.folder}/{path}", _FLAGS)
        except OSError:
            return self._objects.get(path)  # says what is wrong, and how to mend it
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return self._objects.get(path)
            pieces = []
            # As much as there should be, and a byte: a larger buffer that is cut down leaves holes in memory.
            while piece := os.read(handle, status.st_size + 1):
                pieces.append(piece)
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        except OSError:
            return self._objects.get(path)
        finally:
            os.close(handle)
