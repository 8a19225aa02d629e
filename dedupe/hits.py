"""What is near to pictures of a batch, as rows.

A row for each hash that is near to one of a picture, ``(n, 6) int32``: the picture; the distance in bits; whether both
hashes are the flat ones; the view of the picture and its orientation, as ``Hashed.places``; the other picture; its
view. In the order of the rows they are proposed.
"""

from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.hash_batch import Hashed, Hits, Numbers

NO_HITS: Final = np.empty((0, 6), np.int32)
PICTURE: Final = 0
"""Column of a picture in rows of hits."""
NUMBER: Final = 4
"""Column of the one that it is near to."""


class Near(Protocol):
    """Hashes that are near: which queries, and by how many bits."""

    @property
    def distances(self) -> Numbers:
        """In bits, of 256."""

    @property
    def rows(self) -> Numbers:
        """Which queries."""


class Found:
    """What is near to some pictures of a batch, in order."""

    def __init__(self, parts: list[Hits], begin: int, end: int) -> None:
        """Put hits in order.

        Args:
            parts: Of pictures of the batch.
            begin: The first of these pictures.
            end: Behind the last.
        """
        self._begin = begin
        self._hits = in_order(np.concatenate(parts)) if parts else NO_HITS
        self._begins = np.searchsorted(self._hits[:, PICTURE], np.arange(begin, end + 1)).tolist() if parts else []

    def of(self, picture: int) -> Hits:
        """Of one of the pictures."""
        at = picture - self._begin
        return self._hits[self._begins[at] : self._begins[at + 1]] if self._begins else NO_HITS


def in_order(hits: Hits) -> Hits:
    """Rows in order, the nearest of each picture first."""
    return hits[np.lexsort(hits.T[::-1])] if len(hits) > 1 else hits


def hits_of(near: Near, sought: Hashed, others: NDArray[np.integer[Any]], views: NDArray[Any] | None) -> Hits:
    """Rows in no order.

    Args:
        near: Hashes that are near.
        sought: What was looked up.
        others: The other picture of each pair.
        views: Its view; None of the flat hashes.
    """
    hits = np.empty((len(others), 6), np.int32)
    hits[:, 0], hits[:, 1], hits[:, 2] = sought.pictures[near.rows], near.distances, views is None
    hits[:, 3], hits[:, 4], hits[:, 5] = sought.places[near.rows], others, 0 if views is None else views
    return hits
