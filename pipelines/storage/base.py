"""Object storage, as the stages see it."""

from collections.abc import Iterator
from typing import Protocol


class ObjectStore(Protocol):
    """Named objects of bytes. Thread-safe. All methods raise ``StoreError`` or one of its kinds."""

    def put(self, path: str, data: bytes, *, overwrite: bool = True) -> bool:
        """Write an object whole, or not at all. False if it exists and must not be overwritten."""

    def get(self, path: str) -> bytes:
        """Read an object."""

    def size_bytes(self, path: str) -> int:
        """Size of an object; -1 if there is none."""

    def get_tagged(self, path: str) -> tuple[bytes, str]:
        """Read an object, and what marks these very bytes of it for the store (its ETag)."""

    def tag(self, path: str) -> str:
        """What marks an object's bytes as they are now."""

    def copy(self, source: str, target: str) -> None:
        """Copy an object within the store, replacing the target."""

    def copy_known(self, source: str, target: str, data: bytes) -> bool:
        """Make the target what was just read of the source. Whether it surely is; else it is to be looked at."""

    def delete(self, path: str) -> None:
        """Delete an object; one that doesn't exist is deleted already."""

    def sync(self) -> None:
        """Make what was written so far outlast a power cut."""

    def list(self, prefix: str) -> Iterator[str]:
        """Paths below a prefix that ends at a slash, in no order."""
