"""All that survived in a scope, as columns: what a matcher's state is made of, in a form that can be kept.

A row is 100 bytes, little-endian, so that a million of them are read and written in well under a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from dedupe.fingerprint import HASH_BYTES, Fingerprint

_SHA256_BYTES: Final = 32
_FORMAT_BYTES: Final = 8
_ROW: Final = np.dtype(
    [
        ("sha256", "u1", _SHA256_BYTES),
        ("hash256", "u1", HASH_BYTES),
        ("information", "<f8"),
        ("width_px", "<u4"),
        ("height_px", "<u4"),
        ("size_bytes", "<u8"),
        ("format", f"S{_FORMAT_BYTES}"),
        ("cluster", "<u4"),
    ]
)


@dataclass(frozen=True, slots=True)
class Survivors:
    """Pictures in the order in which they were accepted, and the cluster of each, numbered from 0 as they appeared.

    Attributes:
        rows: ``(n,)`` of the module's row type.
    """

    rows: NDArray[np.void]

    @classmethod
    def of(cls, accepted: Sequence[Fingerprint], clusters: Sequence[int]) -> Self:
        """Make the columns."""
        rows = np.empty(len(accepted), dtype=_ROW)
        if accepted:
            digests = bytes.fromhex("".join(image.sha256 for image in accepted))
            rows["sha256"] = np.frombuffer(digests, dtype=np.uint8).reshape(-1, _SHA256_BYTES)
            hashes = b"".join(image.hash256 for image in accepted)
            rows["hash256"] = np.frombuffer(hashes, dtype=np.uint8).reshape(-1, HASH_BYTES)
            for name in ("information", "width_px", "height_px", "size_bytes"):
                rows[name] = [getattr(image, name) for image in accepted]
            rows["format"] = [image.format.encode() for image in accepted]
            rows["cluster"] = clusters
        return cls(rows)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what ``to_bytes`` wrote.

        Raises:
            ValueError: Not whole rows, or their clusters aren't numbered as they appear.
        """
        if len(data) % _ROW.itemsize:
            raise ValueError(f"{len(data)} bytes are not rows of {_ROW.itemsize}")
        rows = np.frombuffer(data, dtype=_ROW)
        clusters = rows["cluster"].astype(np.int64)
        highest = np.maximum.accumulate(clusters)
        before = np.concatenate([[-1], highest[:-1]])
        if np.any(clusters > before + 1):
            raise ValueError("clusters are not numbered in the order in which they appear")
        return cls(rows)

    def to_bytes(self) -> bytes:
        """The rows as they are kept."""
        return self.rows.tobytes()

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def hashes(self) -> NDArray[np.uint8]:
        """The perceptual hashes, ``(n, 32) uint8``."""
        return np.ascontiguousarray(self.rows["hash256"])

    @property
    def clusters(self) -> NDArray[np.uint32]:
        """The cluster of each row, ``(n,) uint32``."""
        return np.asarray(self.rows["cluster"])

    def fingerprints(self) -> list[Fingerprint]:
        """The pictures, in order."""
        digests, hashes = self.rows["sha256"].tobytes().hex(), self.rows["hash256"].tobytes()
        columns = [self.rows[name].tolist() for name in ("information", "width_px", "height_px", "size_bytes")]
        formats = {name: name.decode() for name in set(self.rows["format"].tolist())}
        return [
            Fingerprint(
                sha256=digests[2 * _SHA256_BYTES * n : 2 * _SHA256_BYTES * (n + 1)],
                hash256=hashes[HASH_BYTES * n : HASH_BYTES * (n + 1)],
                information=information,
                width_px=width_px,
                height_px=height_px,
                format=formats[name],
                size_bytes=size_bytes,
            )
            for n, (information, width_px, height_px, size_bytes, name) in enumerate(
                zip(*columns, self.rows["format"].tolist(), strict=True)
            )
        ]
