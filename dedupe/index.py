"""Hashes → those within a Hamming distance. The one place that knows FAISS."""

from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from dedupe.fingerprint import HASH_BITS, HASH_BYTES

_NONE: Final = -1


class HashIndex:
    """An exact index of 256-bit hashes, numbered in the order of adding.

    A linear scan in SIMD: 106,000 queries a second among 10,000 hashes on one core, 10,800 among 100,000. That is
    enough for the images of one synset.
    """

    def __init__(self) -> None:
        self._index = faiss.IndexBinaryFlat(HASH_BITS)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, hash256: bytes) -> int:
        """Add a hash of 32 bytes; return its number."""
        self._index.add(np.frombuffer(hash256, dtype=np.uint8).reshape(1, HASH_BYTES))
        return len(self) - 1

    def add_all(self, hashes: NDArray[np.uint8]) -> None:
        """Add hashes, ``(n, 32) uint8``, numbered in their order."""
        if len(hashes):
            self._index.add(np.ascontiguousarray(hashes))

    def nearest(self, hashes: NDArray[np.uint8], *, radius_bits: int) -> tuple[int, int, int] | None:
        """Find the nearest stored hash to any of some hashes.

        Args:
            hashes: ``(n, 32) uint8``, for example the orientations of one picture.
            radius_bits: Largest distance that counts.

        Returns:
            ``(number, distance_bits, row)`` with ``row`` the hash that was nearest, or None. Of equal distances the
            first row wins, then the hash that was added first.
        """
        if not len(self):
            return None
        # A handful of queries is not worth waking OpenMP's other threads, which then spin: with them, a stream of
        # single look-ups burns both cores. The number is the calling thread's own, so it is set here.
        faiss.omp_set_num_threads(1)
        distances, numbers = self._index.search(hashes, 1)
        row = int(np.argmin(distances[:, 0]))
        number, distance = int(numbers[row, 0]), int(distances[row, 0])
        if number == _NONE or distance > radius_bits:
            return None
        return number, distance, row
