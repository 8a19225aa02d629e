"""Where two small pictures that lie over one another agree: place by place, of 8×8 that overlap."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.alignment import Seen, mean_in, windows
from synsift.dedupe.evidence import PICTURE_SIDE
from synsift.dedupe.frequencies import Floats

# Share of the whole's variance below which a place shows nothing, and the correlation from which it agrees.
_EMPTY: Final = 0.01
_AGREES: Final = 0.6

WINDOWS: Final = windows(PICTURE_SIDE, 8)
"""What makes means in places, see ``alignment.mean_in``."""


class Places(NamedTuple):
    """Which places agree, and which show something: ``(8, 8)`` both."""

    agree: NDArray[np.bool_]
    show: NDArray[np.bool_]

    @property
    def share(self) -> float:
        """Of those that show something, how many agree."""
        return int(np.count_nonzero(self.agree)) / max(1, int(np.count_nonzero(self.show)))


def places_of(mine: Floats, seen: Seen) -> Places:
    """Compare the places of a picture ``(n,)`` with what is seen there of the other one."""
    theirs, weights = seen.luma, seen.weights
    moments = np.empty((6, len(mine)), dtype=np.float32)
    moments[0] = weights
    np.multiply(mine, weights, out=moments[1])
    np.multiply(theirs, weights, out=moments[2])
    np.multiply(moments[1], mine, out=moments[3])
    np.multiply(moments[2], theirs, out=moments[4])
    np.multiply(moments[1], theirs, out=moments[5])
    share, a, b, aa, bb, ab = mean_in(WINDOWS, moments)
    share = np.maximum(share, 1e-6)
    a, b = a / share, b / share
    mine_varies, theirs_varies = (np.maximum(both / share - one * one, 0) for one, both in ((a, aa), (b, bb)))
    empty = [_EMPTY * (_variance(picture) + 1e-6) for picture in moments[1:3]]
    show = ((mine_varies > empty[0]) | (theirs_varies > empty[1])) & (share > 0.5)
    noise = (mine_varies + 0.3 * empty[0]) * (theirs_varies + 0.3 * empty[1])
    return Places((ab / share - a * b >= _AGREES * np.sqrt(noise)) & show, show)


def _variance(values: Floats) -> float:
    off = values - np.add.reduce(values) / np.float32(len(values))
    return float(off @ off) / len(values)
