"""How much of the colour of a drawing is another in a second one that lies over it.

Colours say which flag, card or button it is, so that no change of them all is forgiven as it is of photographs: with
two exceptions. Light that is weaker or stronger, or a veil of one grey, changes what parts light and dark as many times
as it changes the colours, and the ground with them: that is the same drawing in another light. Where the ground stays
as it was, red and pink differ just so, and only a picture of many tones, such as a product before a white wall, can't
be another by chance that has become paler everywhere.
"""

from typing import Final

import numpy as np

from synsift.dedupe.alignment import Seen
from synsift.dedupe.evidence import Picture
from synsift.dedupe.faults import share_of
from synsift.dedupe.frequencies import Floats

# A level of colour for each place, below which nothing is said.
_NOISE: Final = 8.0
# By how many grey levels the ground is another, and how many bits of tones both have.
_OTHER_GROUND: Final = (8.0, 24.0)
_MANY_TONES: Final = (3.0, 3.3)
_LEAST_CONTRAST: Final = 4.0


def hues(one: Picture, other: Picture, seen: Seen, tones_bits: float) -> float:
    """Share of all colour that is another, 0 to 1, where both show the same and where light forgives no colour.

    Args:
        one: The query, turned.
        other: The stored one.
        seen: The stored one as the query sees it; its first two other layers are its colours.
        tones_bits: Of the tones of the one with fewer.
    """
    mine, theirs = one.chroma * seen.weights, seen.others[:2] * seen.weights
    floor = _NOISE * float(seen.weights.sum())
    as_they_are = _other_share(mine, theirs, floor)
    inside = seen.weights > 0
    lights = [one.luma[inside], seen.luma[inside]]
    contrasts = [float(luma.std()) for luma in lights]
    if min(contrasts) < _LEAST_CONTRAST:
        return as_they_are
    grounds = [mean + float(np.median(luma)) for mean, luma in zip((one.mean, other.mean), lights, strict=True)]
    forgiven = max(share_of(abs(grounds[0] - grounds[1]), _OTHER_GROUND), share_of(tones_bits, _MANY_TONES))
    if forgiven == 0:
        return as_they_are
    # The stronger one as weak as the other, so that its noise isn't made more.
    gain = contrasts[0] / contrasts[1]
    in_one_light = _other_share(mine / max(gain, 1.0), theirs * min(gain, 1.0), floor)
    return as_they_are - forgiven * max(0.0, as_they_are - in_one_light)


def _other_share(mine: Floats, theirs: Floats, floor: float) -> float:
    energy = float(np.square(mine).sum() + np.square(theirs).sum()) + floor
    return min(1.0, float(np.square(mine - theirs).sum()) / energy)
