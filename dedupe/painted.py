"""Drawings of one shape that were painted otherwise: hands of another skin, hair of another colour, a yellow heart.

The lowest frequencies of their colours differ by less than those of copies do that light was changed in: what is
painted anew is a small part, or as dark as before, or the same hue. Drawings without noise say more. No light changes
the contrast of a drawing by much and leaves its ground as it was, but where parts of different colours, which nobody
would paint anew by the same measure, all fade alike; and none gives one place a colour that nothing near it has.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.alignment import Seen, mean_in
from synsift.dedupe.evidence import Picture
from synsift.dedupe.faults import share_of
from synsift.dedupe.frequencies import Floats
from synsift.dedupe.hues import AT_EDGES, LIGHT, in_one_light
from synsift.dedupe.places import WINDOWS

# By how many grey levels a ground is the same, and from how many on another.
_SAME_GROUND: Final = (4.0, 8.0)
_LEAST_CONTRAST: Final = 4.0
# From which ratio of contrasts on it is asked whether it is the light.
_OTHER_CONTRAST: Final = 1.15
# How far a place has another colour than any near it: in levels, and as a share of the colour there, by which what
# light does to strong ones doesn't count. Both are 1 then.
_OTHER_COLOUR: Final = 8.0
_OTHER_SHARE: Final = 0.22
_LEAST_COLOUR: Final = 16.0
# Colours of all are more or less strong; more is no saturation.
_SATURATION: Final = 4.0
_SHOWN: Final = 0.5
# By which share of the sides a corner lies elsewhere: colours of a crop are made of other frequencies, which end at its
# edges, so that nothing is said of them.
_SAME_EXTENT: Final = (0.03, 0.06)
_CORNERS: Final[Floats] = np.array([[-0.5, 0.5, -0.5, 0.5], [-0.5, -0.5, 0.5, 0.5]], dtype=np.float32)


class Painted(NamedTuple):
    """How far two drawings are painted otherwise.

    Attributes:
        contrast: How many times the contrast of one is that of the other, 1 or more, where the ground is the same and
            no light explains it; else 1.
        colour: How far the colour of a place is from all that is near it in the other picture, after one change of
            saturation for all, where both show the same extent: 1 of eight levels, and of more than a fifth of the
            colour there. Of copies 0.6 at most in 95 of a hundred, but where light was blown out.
    """

    contrast: float
    colour: float


def painted(one: Picture, other: Picture, seen: Seen) -> Painted:
    """Compare what two drawings are painted with.

    Args:
        one: The query, turned.
        other: The stored one.
        seen: The stored one as the query sees it; its first two other layers are its colours.
    """
    return Painted(_contrast(one, other, seen), _colour(one, seen))


def _contrast(one: Picture, other: Picture, seen: Seen) -> float:
    inside = seen.weights > 0
    lights = one.luma + np.float32(one.mean), seen.luma + np.float32(other.mean)
    most = max(
        _contrast_before(lights, inside, inside, LIGHT), _contrast_before(lights, inside, inside & AT_EDGES, 0.5)
    )
    if most < _OTHER_CONTRAST:
        return 1.0
    return float(1 + (most - 1) * (1 - in_one_light(one, seen)))


def _contrast_before(
    lights: tuple[Floats, Floats], inside: NDArray[np.bool_], where: NDArray[np.bool_], share: float
) -> float:
    """The ratio of contrasts, if that quantile of both is the ground, and the same one."""
    if not where.any():
        return 1.0
    grounds = [float(np.quantile(light[where], share)) for light in lights]
    strengths = [
        math.sqrt(float(np.square(light[inside] - ground).mean()))
        for light, ground in zip(lights, grounds, strict=True)
    ]
    if min(strengths) < _LEAST_CONTRAST:
        return 1.0
    is_same = 1 - share_of(abs(grounds[0] - grounds[1]), _SAME_GROUND)
    return 1 + (max(strengths) / min(strengths) - 1) * is_same


def _colour(one: Picture, seen: Seen) -> float:
    there = seen.place[:, :2] @ _CORNERS + seen.place[:, 2:]
    is_same = 1 - share_of(float(np.abs(there - _CORNERS).max()), _SAME_EXTENT)
    if is_same == 0:
        return 0.0
    mine, theirs = one.chroma * seen.weights, seen.others[:2] * seen.weights
    energies = float(np.vdot(mine, mine)), float(np.vdot(theirs, theirs))
    if min(energies) == 0:
        return 0.0
    saturation = min(max(float(np.vdot(mine, theirs)) / energies[0], 1 / _SATURATION), _SATURATION)
    # The stronger ones as weak as the others, so that their noise isn't made more.
    mine, theirs = mine * np.float32(min(saturation, 1)), theirs * np.float32(min(1 / saturation, 1))
    share, *means = mean_in(WINDOWS, np.concatenate([seen.weights[None], mine, theirs]))
    both = np.array(means) / np.maximum(share, 1e-3)
    away = _beyond(both, both[[2, 3, 0, 1]])
    colours = np.hypot(both[::2], both[1::2])
    most = np.maximum(colours[0], colours[1])
    off = np.hypot(np.maximum(away[0], away[2]), np.maximum(away[1], away[3])) * (share > _SHOWN)
    found = np.minimum(off / _OTHER_COLOUR, off / (_OTHER_SHARE * (most + _LEAST_COLOUR)))
    return is_same * float(found.max())


def _beyond(values: Floats, others: Floats) -> Floats:
    """How far each of some values ``(k, n, n)`` is outside of what the others are there and beside it."""
    padded = np.pad(others, ((0, 0), (1, 1), (1, 1)), mode="edge")
    near = np.stack([padded[:, i : i + values.shape[1], j : j + values.shape[2]] for i in range(3) for j in range(3)])
    return np.asarray(np.maximum(np.maximum(values - near.max(axis=0), near.min(axis=0) - values), 0))
