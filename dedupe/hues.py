"""How much of the colour of a drawing is another in a second one that lies over it.

Colours say which flag, card or button it is, so that no change of them all is forgiven as it is of photographs. But
light that is weaker or stronger, or a veil of one grey, changes what parts light and dark as many times as it changes
the colours, and the ground with them: that is the same drawing in another light. Where the ground stays as it was, a
red one and a pink one differ just so. But black ground stays black in weaker light, and white ground white under a
white veil: there it is the same light if parts of different colours, which nobody would paint anew by the same measure,
are all as many times nearer to the ground and to each other.
"""

from typing import Final

import numpy as np

from synsift.dedupe.alignment import Seen
from synsift.dedupe.evidence import PICTURE_SIDE, Picture
from synsift.dedupe.faults import share_of
from synsift.dedupe.frequencies import Floats

# A level of colour for each place, below which nothing is said.
_NOISE: Final = 8.0
# By how many grey levels the ground is another, which is what lies at the edges, and what is light in the picture.
_OTHER_GROUND: Final = (8.0, 24.0)
_LEAST_CONTRAST: Final = 4.0
LIGHT: Final = 0.95
"""Which quantile of the light of a drawing is its ground, if that is light."""
# Less is no other colour anyhow, so that no more is asked.
_HARDLY_OTHER: Final = 0.05
# From which share of what differs in light and colour on, beside the one direction in which most of it does, there are
# parts of different colours; and what share of that may differ otherwise than by one light.
_DIFFERENT: Final = (0.01, 0.03)
_OTHERWISE: Final = (0.1, 0.3)
AT_EDGES: Final = np.pad(
    np.zeros((PICTURE_SIDE - 4, PICTURE_SIDE - 4), dtype=np.bool_), 2, constant_values=True
).ravel()
"""``(1024,)``: which places lie at the edges, where the ground of a drawing is."""


def hues(one: Picture, other: Picture, seen: Seen) -> float:
    """Share of all colour that is another, 0 to 1, where both show the same and where light forgives no colour.

    Args:
        one: The query, turned.
        other: The stored one.
        seen: The stored one as the query sees it; its first two other layers are its colours.
    """
    mine, theirs = one.chroma * seen.weights, seen.others[:2] * seen.weights
    floor = _NOISE * seen.counted
    as_they_are = _other_share(mine, theirs, floor)
    inside = seen.weights > 0
    contrasts = [float(luma[inside].std()) for luma in (one.luma, seen.luma)]
    if min(contrasts) < _LEAST_CONTRAST:
        return as_they_are
    moved = min(
        abs(one.mean - other.mean + float(np.quantile(one.luma[where], share) - np.quantile(seen.luma[where], share)))
        for where, share in ((inside, LIGHT), (inside & AT_EDGES, 0.5))
        if where.any()
    )
    forgiven = share_of(moved, _OTHER_GROUND)
    if forgiven < 1 and as_they_are > _HARDLY_OTHER:
        forgiven = max(forgiven, in_one_light(one, seen))
    if forgiven == 0:
        return as_they_are
    # The stronger one as weak as the other, so that its noise isn't made more.
    gain = contrasts[0] / contrasts[1]
    in_another = _other_share(mine / max(gain, 1.0), theirs * min(gain, 1.0), floor)
    return as_they_are - forgiven * max(0.0, as_they_are - in_another)


def in_one_light(one: Picture, seen: Seen) -> float:
    """How surely parts of different colours are all as many times nearer to each other in one of the two, 0 to 1.

    Of a single colour on its ground, shaded or not, nothing is said: it may be painted anew.
    """
    mine, theirs = (
        np.stack([seen.centred(layer) for layer in layers]) for layers in ((*one.chroma, one.soft_luma), seen.others)
    )
    gain = float(np.vdot(mine, theirs)) / (float(np.vdot(mine, mine)) + _NOISE)
    if gain <= 0:
        return 0.0
    beside = []
    for layers in (mine, theirs):
        least, middle, most = np.linalg.eigvalsh((layers @ layers.T).astype(np.float64)).tolist()
        beside.append(max(0.0, least + middle) / (most + _NOISE))
    differs = np.square(theirs - np.float32(gain) * mine).sum() / (np.square(theirs).sum() + _NOISE)
    different = share_of(min(beside), _DIFFERENT)
    return different * (1 - share_of(float(differs) / (min(beside) + 1e-9), _OTHERWISE))


def _other_share(mine: Floats, theirs: Floats, floor: float) -> float:
    energy = float(np.square(mine).sum() + np.square(theirs).sum()) + floor
    return min(1.0, float(np.square(mine - theirs).sum()) / energy)
