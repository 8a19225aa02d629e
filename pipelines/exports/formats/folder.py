"""Folders of images, a folder a class, as Hugging Face's ``imagefolder`` and most others take them.

train/n02091134/<sha256>.jpg
train/metadata.jsonl             a line an image: its reader leaves out what isn't listed, so all are
"""

import os
import stat
from pathlib import Path
from typing import Final

from synsift.pipelines.exports.rows import Placed
from synsift.pipelines.storage.durable import sync_folder

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class ImageFolder:
    """The format. A unit is a block of files, which has no name of its own in the folder."""

    needs_bytes = True

    def __init__(self, most_images: int = 1_000) -> None:
        self.most_images = most_images
        self._made: set[str] = set()

    def name(self, side: str, number: int) -> str:
        """What the nth block of a side is called."""
        return f"{side}/{number:06d}"

    def begin(self, folder: Path, unit: str, side: str) -> "Block":
        """Begin a block."""
        return Block(folder, side, self._made)

    def holds(self, folder: Path, placed: Placed) -> bool:
        """Whether the file of an image is there, and as long as it was; of a scaled one, whether it holds anything."""
        try:
            found = os.stat(f"{folder}/{placed.side}/{placed.file_name}", follow_symlinks=False)
        except OSError:
            return False
        is_whole = found.st_size > 0 if placed.is_scaled else found.st_size == placed.row.size_bytes
        return stat.S_ISREG(found.st_mode) and is_whole


class Block:
    """Files that are being written."""

    def __init__(self, folder: Path, side: str, made: set[str]) -> None:
        self._folder = folder
        self._side = side
        self._made = made
        self._size_bytes = 0

    def add(self, placed: Placed, data: bytes) -> None:
        """Write a file."""
        place = f"{self._folder}/{self._side}/{placed.row.wnid}"
        if place not in self._made:
            Path(place).mkdir(parents=True, exist_ok=True)
            self._made.add(place)
        handle = os.open(f"{self._folder}/{self._side}/{placed.file_name}", _FLAGS, 0o644)
        with os.fdopen(handle, "wb", 0) as file:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
        self._size_bytes += len(data)

    def finish(self) -> tuple[int, str]:
        """All files of it are there, and outlast a power cut."""
        sync_folder(self._folder)
        return self._size_bytes, ""

    def abandon(self) -> None:
        """Nothing to do: the same block is written again, over what is there."""
