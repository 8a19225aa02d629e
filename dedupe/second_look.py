"""The second look: do two pictures that hashes propose agree in detail and in colour?

A hash of signs can't tell a product from another one that is photographed alike, nor from the same one in another
colour. So a fingerprint has evidence: the lowest frequencies of luminance and colour, from which small pictures are
made again. They are laid over one another by an affine map, which begins with what the hashes say of orientation and
crop and is refined by Gauss-Newton steps on the difference of the pictures (Lucas and Kanade 1981; gain and offset of
the light are fitted along with it, as in Bartoli 2008). Then they must agree:

    correlation  of luminance, where they overlap
    detail       the same of the 12×12 lowest frequencies, the higher counting for more, so that a large plain ground
                 doesn't drown the subject
    everywhere   each ninth of the picture agrees, so that no part of it may be another's
    overlap      most of one of them is in the other
    gain         contrast of one to that of the other
    colour       the direction of colours, place by place. A picture without colours is a grey copy of a coloured one if
                 its light is that one's, too.
"""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.evidence import PICTURE_SIDE, PLACES, Picture
from synsift.dedupe.frequencies import Floats, dct_matrix
from synsift.dedupe.views import View

_DETAILS: Final = 12
_THIRDS: Final = (0, 11, 21)
# In a plain part, differences count against a quarter of the whole picture's contrast.
_PLAIN_SHARE: Final = 1 / 16
_STEPS: Final = 6
_MAX_STEP: Final = 0.08
_MIN_OVERLAP: Final = 0.3
_ENOUGH: Final = 0.97
_GAINED: Final = 0.001

_DETAIL: Final = dct_matrix(_DETAILS, PICTURE_SIDE)
_DETAIL_WEIGHT: Final[Floats] = np.hypot(*np.meshgrid(np.arange(_DETAILS), np.arange(_DETAILS))).astype(np.float32)
_PLACE: Final = ((np.arange(PICTURE_SIDE) + 0.5) / PICTURE_SIDE - 0.5).astype(np.float32)
_XY: Final = np.stack([np.tile(_PLACE, PICTURE_SIDE), np.repeat(_PLACE, PICTURE_SIDE)])
_DAMPING: Final = np.float32(1e-3 / 6)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What two pictures must agree in. The defaults are measured: docs/near-duplicates.md.

    Attributes:
        correlation: Least of luminance, -1…1.
        detail: Least of detail, -1…1.
        everywhere: Least agreement of each ninth of the picture, at most 1; noise counts for little in plain ones.
        overlap: Least share of one of them that the other shows, too: more than half may be a part that both have.
        gain: Most by which the contrast of one may be that of the other.
        colour: Least of the colours' directions (a cosine), where both have colours and they differ visibly.
        colour_difference: From how many levels of 255 on colours differ visibly.
        colour_balance: Most levels by which all colours together may be warmer or colder.
        grey: Below how many levels a picture counts as colourless, whatever its tint.
        grey_gain: Most by which contrast may differ where only one has colours.
        grey_shift: Most levels by which brightness may differ there.
    """

    correlation: float = 0.8
    detail: float = 0.85
    everywhere: float = 0.5
    overlap: float = 0.8
    gain: float = 1.8
    colour: float = 0.7
    colour_difference: float = 10.0
    colour_balance: float = 8.0
    grey: float = 4.0
    grey_gain: float = 1.12
    grey_shift: float = 6.0

    def with_detail(self, detail: float) -> Self:
        """The same with another least agreement in detail."""
        return replace(self, detail=detail)


DEFAULT_CRITERIA: Final = Criteria()


class Side(NamedTuple):
    """One of two pictures in a second look.

    Attributes:
        evidence: Of its fingerprint.
        view: What the hash saw of it.
    """

    evidence: bytes
    view: View


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two pictures agree; see the module.

    Attributes:
        correlation: Of luminance; -1 where they hardly overlap.
        detail: Of detail.
        everywhere: Of the ninth that agrees least.
        overlap: Share of the first that the second shows, or of the second that the first shows, the larger one.
        gain: Contrast of the first to that of the second.
        same_colours: Whether colours agree.
    """

    correlation: float
    detail: float
    everywhere: float
    overlap: float
    gain: float
    same_colours: bool

    def meets(self, criteria: Criteria) -> bool:
        """Whether these are copies of one picture."""
        return (
            self.correlation >= criteria.correlation
            and self.detail >= criteria.detail
            and self.everywhere >= criteria.everywhere
            and self.overlap >= criteria.overlap
            and 1 / criteria.gain <= self.gain <= criteria.gain
            and self.same_colours
        )


def second_look(query: Side, stored: Side, *, orientation: int, criteria: Criteria = DEFAULT_CRITERIA) -> Agreement:
    """Compare two pictures.

    Args:
        query: The one.
        stored: The other.
        orientation: Which of the query's orientations is like the other, as a number of ``ORIENTATIONS``.
        criteria: Used for what counts as colour.
    """
    one, other = Picture(query.evidence, orientation), Picture(stored.evidence, 0)
    seen = _align(one.luma, other.layers(), _first_map(one, query.view, other, stored.view))
    if seen is None:
        return Agreement(-1.0, -1.0, -1.0, 0.0, 0.0, same_colours=False)
    mean, theirs_mean = seen.mean(one.luma), seen.mean(seen.luma)
    centred = (seen.luma - theirs_mean) * seen.weights
    gain = float(one.luma @ centred / (centred @ centred + 1e-6))
    filled = np.where(seen.weights, gain * (seen.luma - theirs_mean) + mean, one.luma)
    shift = mean + one.mean - theirs_mean - other.mean
    pictures = one.luma.reshape(PICTURE_SIDE, PICTURE_SIDE), filled.reshape(PICTURE_SIDE, PICTURE_SIDE)
    return Agreement(
        correlation=seen.correlation(one.luma),
        overlap=seen.share * max(1.0, abs(float(np.linalg.det(seen.place[:, :2])))),
        detail=_detail(*pictures),
        everywhere=_everywhere(*pictures),
        gain=gain,
        same_colours=_same_colours(one, seen, gain=gain, shift=shift, criteria=criteria),
    )


def _detail(one: Floats, other: Floats) -> float:
    mine, theirs = (((_DETAIL @ picture @ _DETAIL.T) * _DETAIL_WEIGHT).ravel() for picture in (one, other))
    return _cosine(mine, theirs)


def _everywhere(one: Floats, other: Floats) -> float:
    """Of nine parts the least share of light and dark that isn't difference; 1 where they are the same."""
    mine, theirs = one - one.mean(), other - one.mean()
    energy = np.square(mine) + np.square(theirs) + 2 * _PLAIN_SHARE * one.var()
    different, all_of_it = (
        np.add.reduceat(np.add.reduceat(values, _THIRDS, axis=0), _THIRDS, axis=1)
        for values in (np.square(mine - theirs), energy)
    )
    return float(1 - (different / (all_of_it + 1e-6)).max())


def _cosine(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    return float(one @ other / np.sqrt((one @ one) * (other @ other) + 1e-6))


def _same_colours(one: Picture, seen: "_Seen", *, gain: float, shift: float, criteria: Criteria) -> bool:
    inside = seen.weights > 0
    mine, theirs = one.chroma[:, inside], seen.chroma[:, inside]
    differences = mine - theirs
    balance = differences.mean(axis=1, keepdims=True).clip(-criteria.colour_balance, criteria.colour_balance)
    if np.sqrt(np.square(differences - balance).sum(axis=0).mean()) < criteria.colour_difference:
        return True
    spread = [float(np.sqrt(picture.var(axis=1).sum())) for picture in (mine, theirs)]
    tint = [float(np.hypot(*picture.mean(axis=1))) for picture in (mine, theirs)]
    if any(width < criteria.grey <= colour for width, colour in zip(spread, tint, strict=True)):
        return True  # one tint all over is a filter's work, such as sepia; no colour can be compared
    same_light = 1 / criteria.grey_gain <= gain <= criteria.grey_gain and abs(shift) <= criteria.grey_shift
    if min(spread) < criteria.grey and same_light:
        return True
    return _cosine(mine.ravel(), theirs.ravel()) >= criteria.colour


class _Seen:
    """What another picture has at each place of the query, interpolated linearly.

    Attributes:
        place: The affine map ``(2, 3)`` from places in the query to places in the other picture; sides are of length 1,
            centres at 0.
        weights: ``(1024,)``: 1 where that place is inside of the other picture, else 0.
        share: How many of the places are inside.
        luma: ``(1024,)``.
        slopes: ``(2, 1024)``: to the right and down.
        chroma: ``(2, 1024)``.
    """

    def __init__(self, layers: Floats, place: Floats) -> None:
        self.place = place
        x, y = place[:, :2] @ _XY + place[:, 2:]
        self.weights = ((np.abs(x) <= 0.5) & (np.abs(y) <= 0.5)).astype(np.float32)
        self.share = float(self.weights.mean())
        x = ((x + 0.5) * PICTURE_SIDE - 0.5).clip(0, PICTURE_SIDE - 1.001)
        y = ((y + 0.5) * PICTURE_SIDE - 0.5).clip(0, PICTURE_SIDE - 1.001)
        column, row = x.astype(np.int32), y.astype(np.int32)
        x = (x - column)[:, None]
        y = (y - row)[:, None]
        at = row * PICTURE_SIDE + column
        upper, lower = layers[at], layers[at + PICTURE_SIDE]
        upper += x * (layers[at + 1] - upper)
        lower += x * (layers[at + PICTURE_SIDE + 1] - lower)
        upper += y * (lower - upper)
        seen = np.ascontiguousarray(upper.T)
        self.luma, self.slopes, self.chroma = seen[0], seen[1:3], seen[3:]

    def mean(self, values: Floats) -> float:
        """Of the values at places inside."""
        return float(values @ self.weights) / max(1.0, self.share * PLACES)

    def correlation(self, luma: Floats) -> float:
        """Of a luminance and what is seen, where it is inside."""
        mine = (luma - self.mean(luma)) * self.weights
        return _cosine(mine, (self.luma - self.mean(self.luma)) * self.weights)


def _first_map(one: Picture, one_view: View, other: Picture, other_view: View) -> Floats:
    """The map that the hashes say, from one picture inside of its borders to the other inside of its own."""
    scales, shifts = [], []
    for axis in (0, 1):
        scale, shift = _to_view(one.borders, one_view, axis)
        other_scale, other_shift = _to_view(other.borders, other_view, axis)
        scales.append(scale / other_scale)
        shifts.append((shift - other_shift) / other_scale)
    return np.array([[scales[0], 0, shifts[0]], [0, scales[1], shifts[1]]], dtype=np.float32)


def _to_view(borders: NDArray[np.float64], view: View, axis: int) -> tuple[float, float]:
    """Scale and shift from places inside of the borders to places in what a hash saw."""
    length, centre = view.axis(axis)
    if view.is_inside:
        return 1 / length, -centre / length
    before, behind = borders[axis], borders[axis + 2]
    return (1 - before - behind) / length, ((before - behind) / 2 - centre) / length


def _align(mine: Floats, other: Floats, first: Floats) -> _Seen | None:
    """Refine a map: what is seen by the one with the best correlation. None if they hardly overlap."""
    best, best_seen = -1.0, None
    seen = _Seen(other, first)
    for step in range(_STEPS + 1):
        if seen.share < _MIN_OVERLAP:
            break
        correlation = seen.correlation(mine)
        gained = correlation - best
        if gained > 0:
            best, best_seen = correlation, seen
        if step == _STEPS or best >= _ENOUGH or (step > 1 and gained < _GAINED):
            break
        place = _step(mine, seen)
        if place is None:
            break
        seen = _Seen(other, place)
    return best_seen


def _step(mine: Floats, seen: _Seen) -> Floats | None:
    """One Gauss-Newton step: least squares of ``mine - gain · other(map + change) - offset``, where it is inside."""
    matrix = np.empty((8, PLACES), dtype=np.float32)
    np.multiply(_XY, seen.slopes[0], out=matrix[0:2])
    matrix[2] = seen.slopes[0]
    np.multiply(_XY, seen.slopes[1], out=matrix[3:5])
    matrix[5], matrix[6], matrix[7] = seen.slopes[1], seen.luma, 1
    weighted = matrix * seen.weights
    normal = (weighted @ matrix.T).astype(np.float64)
    normal[range(6), range(6)] += _DAMPING * normal[range(6), range(6)].sum()
    normal[range(8), range(8)] += 1e-6
    solution = np.linalg.solve(normal, weighted @ mine)
    gain = solution[6]
    if gain < 0.05:  # turning the light inside out is no way to a match
        return None
    change = np.clip(solution[:6] / gain, -_MAX_STEP, _MAX_STEP).reshape(2, 3)
    return np.asarray(seen.place + change, dtype=np.float32)
