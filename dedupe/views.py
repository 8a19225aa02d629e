"""The parts of a picture that its hashes see, so that a copy that was cropped is near to one of them.

A fingerprint has hashes of the whole, of its centre, and of what is inside of its borders; more are made of its
evidence: those of crops at one side or corner. Either of two pictures may be the one that was cropped. So the whole and
what is inside of the one are compared with all views of the other, whichever of them is asked for.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.frequencies import Floats, TaperedCrops, hashes_of, turned_sides


class View(NamedTuple):
    """A part of a picture.

    Attributes:
        left: Share of the width that is cut off there.
        top: Share of the height that is cut off there.
        right: As ``left``.
        bottom: As ``top``.
        is_inside: Whether of what is inside of the borders, not of the whole.
    """

    left: float
    top: float
    right: float
    bottom: float
    is_inside: bool = False

    @property
    def is_crop(self) -> bool:
        """Whether it leaves out more than borders."""
        return any(self[:4])

    def axis(self, number: int) -> tuple[float, float]:
        """Length, and place of the centre, on the horizontal (0) or vertical (1) axis; sides are 1, centres at 0."""
        before, behind = self[number], self[number + 2]
        return 1 - before - behind, (before - behind) / 2

    def turned(self, orientation: int) -> "View":
        """The same part of the picture in one of its orientations, as a number of ``ORIENTATIONS``."""
        return View(*turned_sides(self[:4], orientation), is_inside=self.is_inside)


WHOLE: Final = View(0, 0, 0, 0)
INSIDE: Final = View(0, 0, 0, 0, is_inside=True)
CENTRE_CROPS: Final = (1.0, 0.9, 0.8)
"""Shares of the sides that are left in the first views."""
STORED: Final = (WHOLE, View(0.05, 0.05, 0.05, 0.05), View(0.1, 0.1, 0.1, 0.1), INSIDE)
"""The views of a fingerprint's hashes, in their order."""
EXTRA: Final = tuple(
    INSIDE._replace(left=left, top=top, right=right, bottom=bottom)
    for left, top, right, bottom in (
        (0.12, 0, 0, 0),
        (0, 0, 0.12, 0),
        (0, 0.12, 0, 0),
        (0, 0, 0, 0.12),
        (0.1, 0.1, 0, 0),
        (0, 0.1, 0.1, 0),
        (0.1, 0, 0, 0.1),
        (0, 0, 0.1, 0.1),
        (0.12, 0, 0.12, 0),
        (0, 0.12, 0, 0.12),
        (0.15, 0.15, 0.15, 0.15),
    )
)
"""Further views for an index: crops at one side, at a corner, of two sides, and of the centre."""

VIEWS: Final = STORED + EXTRA
"""All views; their numbers are their places here."""
UNCROPPED: Final = (VIEWS.index(WHOLE), VIEWS.index(INSIDE))
"""Numbers of those that crop nothing, which are compared with all views of another picture."""


def crops(*, all_crops: bool) -> tuple[int, ...]:
    """Numbers of the views that are compared with the uncropped ones of another picture only.

    Args:
        all_crops: Whether the further ones, too.
    """
    return tuple(view for view in range(len(VIEWS if all_crops else STORED)) if view not in UNCROPPED)


_EXTRA_CROPS: Final = TaperedCrops([(view.axis(0), view.axis(1)) for view in EXTRA])


def extra_hashes(inside: Floats) -> NDArray[np.uint8]:
    """Hashes of the extra views ``(n, 11, 32)``, from frequencies ``(n, 16, 16)`` of what is inside of the borders."""
    return hashes_of(_EXTRA_CROPS.of(inside))
