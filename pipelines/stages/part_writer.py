"""Parts of manifests, named by the offsets of what they tell of: written once, and anew where a batch was cut off."""

from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore


class PartWriter:
    """Writes the parts of the partitions that a stage owns, below one folder. May be used by several threads."""

    def __init__(self, objects: ObjectStore, folder: str) -> None:
        """Begin without partitions.

        Args:
            objects: The store.
            folder: ``layout.MANIFESTS`` or another of its form.
        """
        self._objects = objects
        self._folder = folder
        self._cleaned: dict[int, set[str]] = {}

    def take_over(self, partition: int) -> None:
        """Remember that parts of an interrupted batch may lie about in this partition's manifests."""
        self._cleaned[partition] = set()

    def forget(self, partition: int) -> None:
        """Drop what is known of a partition's manifests."""
        self._cleaned.pop(partition, None)

    def write(self, part: layout.ManifestPart, data: bytes) -> bool:
        """Write a part. True if an interrupted try had written one before."""
        again = self._remove_uncommitted(part)
        self._objects.put(part.path, data)
        return again

    def _remove_uncommitted(self, new: layout.ManifestPart) -> bool:
        """Remove parts of a batch that was interrupted before its commit: its offsets are covered anew.

        True if there were any.
        """
        cleaned, found = self._cleaned[new.partition], False
        if new.wnid in cleaned:
            return False
        for path in self._objects.list(f"{self._folder}{new.wnid}/"):
            part = layout.part_in(self._folder, path)
            if part is not None and part.partition == new.partition and part.last >= new.first:
                self._objects.delete(path)
                found = True
        cleaned.add(new.wnid)
        return found
