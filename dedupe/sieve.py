"""Which of very many pictures may be near to one of a few: a sieve before the matcher, by hashes alone, in large steps.

A matcher looks at some thousands of pictures a second; this, at hundreds of thousands. It lets pass all that a matcher
could find near, and some more, which a matcher then looks at. Where all crops are looked for, only those of the few are
known here: what a matcher finds by a further crop of one of the many alone doesn't pass.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.evidence import extra_hashes_of, flat_hashes_of
from synsift.dedupe.fingerprint import PLAIN_BELOW, RECORD, Fingerprint
from synsift.dedupe.frequencies import oriented_hashes
from synsift.dedupe.index import WIDE, HashIndex
from synsift.dedupe.verdicts import DEFAULT_OPTIONS, MatchOptions
from synsift.dedupe.views import STORED

_HASHES: Final = len(STORED) + 1
GRAIN: Final = np.dtype([("hashes", "u1", (_HASHES, 32)), ("used", "u1", (_HASHES,))])
"""What the sieve knows of a picture: the hashes of its views, and which of them say something."""
_STEP: Final = 4_096
_VIEW_BITS: Final = 1 << np.arange(len(STORED))


def grains(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Fingerprints in their binary form, ``(n,)`` of ``fingerprint.RECORD`` → what the sieve needs of them."""
    found = np.zeros(len(rows), dtype=GRAIN)
    is_used = (rows["views"][:, None] & _VIEW_BITS > 0) & (rows["information"] >= PLAIN_BELOW)[:, None]
    found["hashes"][:, :-1] = rows["hashes"]
    found["used"][:, :-1] = is_used
    shows = np.flatnonzero(is_used.any(axis=1))
    if len(shows):
        found["hashes"][shows, -1] = flat_hashes_of(rows["evidence"][shows])
        found["used"][shows, -1] = 1
    return found


class Sieve:
    """Lets pass what may be near to one of some pictures."""

    def __init__(self, images: Iterable[Fingerprint], options: MatchOptions = DEFAULT_OPTIONS) -> None:
        """Make one.

        Args:
            images: What is looked for; of plain ones only the very bytes are near, and these the sieve doesn't see.
            options: What counts as near.
        """
        self._radius_bits = options.radius_bits
        self._index = HashIndex(WIDE)
        records = [np.frombuffer(image.to_record()[: RECORD.itemsize], dtype=RECORD) for image in images]
        if not records:
            return
        rows = np.concatenate(records)
        known = grains(rows)
        numbers, views = np.nonzero(known["used"])
        hashes = known["hashes"][numbers, views]
        if options.all_crops and len(shows := np.flatnonzero(known["used"].any(axis=1))):
            extra = extra_hashes_of(rows["evidence"][shows]).reshape(-1, 32)
            hashes = np.concatenate([hashes, extra])
        if len(hashes):
            self._index.add_all(np.unique(oriented_hashes(hashes).reshape(-1, 32), axis=0))

    def passing(self, found: NDArray[np.void]) -> NDArray[np.intp]:
        """Numbers of the pictures that pass, ascending.

        Args:
            found: ``(n,)`` of ``GRAIN``.
        """
        passed: list[NDArray[np.intp]] = []
        for start in range(0, len(found), _STEP):
            step = found[start : start + _STEP]
            numbers, views = np.nonzero(step["used"])
            near = self._index.search(step["hashes"][numbers, views], radius_bits=self._radius_bits)
            rows = np.fromiter({one.row for one in near}, dtype=np.intp)
            passed.append(np.unique(numbers[rows]) + start)
        return np.concatenate(passed) if passed else np.zeros(0, dtype=np.intp)
