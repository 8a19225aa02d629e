"""Whether two drawings, windows or sheets that lie upon each other are one and the same, or one thing in two states.

A gallows with one beam more, a dialog with another page open, an account with other entries: of their points most
agree, and so do their small copies, all around what differs. A photograph that differs in one patch was covered by a
sticker; a drawing that does is another one. So drawings are compared more closely, on copies of 192 px:

    grey copies ──map──▶ upon each other ──tone curve──▶ same light ──▶ ink: what is darker or lighter than anything
                                                                        that lies within two pixels in the other one

Edits put some ink along all edges, as they blur them. Another state puts much in one place. Small letters are within
two pixels of any others: so it is asked, too, by how much pixels themselves differ. Where next to nothing does but in
one place, as of a form with another name, something else is written there.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.local.exactness import HARDLY_EXACT, exact, off_ground
from synsift.dedupe.local.features import Features
from synsift.dedupe.local.geometry import Alignment
from synsift.dedupe.local.laying import Floats, both_of, upon
from synsift.dedupe.local.opencv import load_opencv

# So exact are drawings. One may have been compressed; and a photograph made of blocks is exact, which its other isn't.
_EXACT: Final = 0.4
# Wares on a white that is blown out are exact, too, and shaded, as drawings hardly are: so much of what isn't ground
# has slopes between these, in levels a pixel.
_SLOPES: Final = (0.7, 8.0)
_SHADED: Final = 0.5
# Tones of one picture in the other: the median of so many levels together, if it is of so many pixels.
_TOGETHER_LEVELS: Final = 8
_FEWEST_PX: Final = 6
_LEAST_PX: Final = 200
# A tone is asked for from such a share of the pixels on; and so near to black or white it may have been cut off.
_MANY: Final = 0.015
_CUT_OFF: Final = 6.0
# Within so many levels of it, what is next to a pixel is of one tone with it.
_EVEN: Final = 16.0
# How far away, in pixels, the same ink may lie; and the side of a place in which ink stands together.
_NEAR_PX: Final = 2
_PLACE_PX: Final = 8
# An edge, by the mean of what a place's pixels differ from the mean of their neighbours by.
_EDGE: Final = 2.0
_LEAST_CONTRAST: Final = 20.0
_USUAL: Final = 0.9


@dataclass(frozen=True, slots=True)
class State:
    """How far two drawings differ, as shares of the contrast between their lightest and darkest tones.

    Attributes:
        ink: How much ink of one the other lacks, in the place where that is most.
        usual: How much in the places with edges, as a rule: nine of ten have less.
        drawn: Whether they are drawings: of photographs a patch may be covered.
        lighter: How many levels a tone of one is lighter or darker in the other, at most.
        coloured: The same beside the best brightness and contrast: what is left was coloured otherwise.
        apart: How much they differ pixel by pixel, in the place where that is most.
        usually_apart: The same as a rule, in the places with edges of either: nine of ten have less.
        half_apart: What half of these have less than.
    """

    ink: float
    usual: float
    drawn: bool
    lighter: float = 0.0
    coloured: float = 0.0
    apart: float = 0.0
    usually_apart: float = 0.0
    half_apart: float = 0.0


def compare_states(first: Features, second: Features, alignment: Alignment) -> State | None:
    """Look at two pictures more closely, where they lie upon each other; None where they can't be drawings.

    Args:
        first: The picture that the map leads from.
        second: The one that it leads to.
        alignment: The map.
    """
    if not (first.finer.size and second.finer.size):
        return None
    ground = both_of(first, second, alignment, finer=True).coarser_first
    one = ground.one
    sampled, within = upon(*ground)
    if within.sum() < _LEAST_PX:
        return None
    drawn = _are_drawn(first.picture, second.picture)
    laid = _Upon.of(one, _in_light_of(one, sampled, within), within)
    if laid is None:
        return State(0.0, 0.0, drawn)
    even = within & _is_even(one) & _is_even(sampled)
    lights = _other_tones(_tones(sampled[even], one[even]))
    # What light cut off in one of them can't be told from it, but of the other it can be made.
    back = _Upon.of(sampled, _in_light_of(sampled, one, within), within)
    apart = min(side.apart() for side in (laid, back) if side is not None)
    ink, usual = laid.ink()
    return State(ink, usual, drawn, *lights, *apart)


def _are_drawn(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bool:
    """Whether both of two small pictures are exact, one more than the other may be, and one isn't shaded all over."""
    less, more = sorted((exact(first), exact(second)))
    return less >= HARDLY_EXACT and more >= _EXACT and min(_shaded(first), _shaded(second)) < _SHADED


def _shaded(picture: NDArray[np.uint8]) -> float:
    """Which share of what isn't ground has a gentle slope."""
    if min(picture.shape) < 2:
        return 0.0
    slope = np.hypot(*np.gradient(picture.astype(np.float64)))[off_ground(picture)]
    return float(((slope > _SLOPES[0]) & (slope < _SLOPES[1])).mean()) if len(slope) else 0.0


def _tones(mine: Floats, theirs: Floats) -> Floats:
    """``(3, n)``: tones of one picture, those that the other has there, and of which share of the pixels they are."""
    levels = (mine / _TOGETHER_LEVELS).astype(np.intp)
    order = np.argsort(levels, kind="stable")
    begins = np.flatnonzero(np.diff(levels[order], prepend=-1))
    groups = [group for group in np.split(order, begins[1:]) if len(group) >= _FEWEST_PX]
    found = [(np.median(mine[group]), np.median(theirs[group]), len(group) / len(mine)) for group in groups]
    return np.array(found, np.float64).reshape(-1, 3).T


def _in_light_of(base: Floats, other: Floats, within: NDArray[np.bool_]) -> Floats:
    """A picture with the tones of the one that it lies upon; those that hardly a pixel has as those next to them."""
    tones, theirs, shares = _tones(other[within], base[within])
    if len(tones) < 2:
        return other
    risen = _rising(theirs, shares)
    gain = (risen[-1] - risen[0]) / (tones[-1] - tones[0])
    beyond = other - other.clip(tones[0], tones[-1])
    toned: Floats = (np.interp(other, tones, risen) + gain * beyond).clip(0, 255)
    return toned


def _rising(tones: Floats, shares: Floats) -> Floats:
    """The nearest tones that never fall (isotonic regression): no light makes what was lighter darker than the rest."""
    pools: list[tuple[float, float, int]] = []
    for tone, share in zip(tones.tolist(), shares.tolist(), strict=True):
        pools.append((tone, share, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (one, of_one, number), (other, of_other, more) = pools[-2:]
            both = of_one + of_other
            pools[-2:] = [((one * of_one + other * of_other) / both, both, number + more)]
    return np.repeat([tone for tone, _, _ in pools], [number for _, _, number in pools])


def _is_even(picture: Floats) -> NDArray[np.bool_]:
    """Which pixels have neighbours of nearly the same tone: what lies at an edge is of any tone between two."""
    opencv, small, near = load_opencv(), picture.astype(np.float32), np.ones((3, 3), np.uint8)
    even: NDArray[np.bool_] = opencv.dilate(small, near) - opencv.erode(small, near) < _EVEN
    return even


def _other_tones(tones: Floats) -> tuple[float, float]:
    """``State.lighter`` and ``State.coloured``, of tones that are many pixels'; what light cut off isn't asked for."""
    mine, theirs, shares = tones[:, tones[2] >= _MANY]
    if not len(mine):
        return 0.0, 0.0
    is_whole = (np.minimum(mine, theirs) > _CUT_OFF) & (np.maximum(mine, theirs) < 255 - _CUT_OFF)
    is_end = (abs(mine - theirs) <= _CUT_OFF) & ~is_whole
    kept = is_whole | is_end
    lighter = float(abs(theirs - mine).max())
    if kept.sum() < 3:
        return lighter, 0.0
    gain, offset = np.polyfit(mine[kept], theirs[kept], 1, w=np.sqrt(shares[kept]))
    return lighter, float(abs(gain * mine + offset - theirs)[kept].max())


@dataclass(frozen=True, slots=True, eq=False)
class _Upon:
    """Two pictures that lie upon each other, in the same light.

    Attributes:
        base: ``(h, w)``, one of them.
        toned: ``(h, w)``, the other.
        inside: ``(h, w)``, where both are, and all that is near.
        contrast: Levels between the lightest and darkest tones.
    """

    base: NDArray[np.float32]
    toned: NDArray[np.float32]
    inside: NDArray[np.bool_]
    contrast: float

    @classmethod
    def of(cls, base: Floats, toned: Floats, within: NDArray[np.bool_]) -> "_Upon | None":
        """The same, with what is known of both; None where hardly anything lies in both."""
        contrast = max(_LEAST_CONTRAST, float(np.ptp(np.percentile(base[within], (2, 98)))))
        inside = load_opencv().erode(within.astype(np.uint8), np.ones((2 * _NEAR_PX + 3,) * 2, np.uint8)) > 0
        if not inside.any():
            return None
        return cls(base.astype(np.float32), toned.astype(np.float32), inside, contrast)

    def ink(self) -> tuple[float, ...]:
        """``State.ink`` and ``State.usual``."""
        opencv = load_opencv()
        ink = np.maximum(_beyond(opencv, self.base, self.toned), _beyond(opencv, self.toned, self.base))
        return self._most(ink, self._has_edges(self.base), (_USUAL,))

    def apart(self) -> tuple[float, ...]:
        """``State.apart``, ``State.usually_apart`` and ``State.half_apart``."""
        has_edges = self._has_edges(self.base) | self._has_edges(self.toned)
        return self._most(abs(self.base - self.toned), has_edges, (_USUAL, 0.5))

    def _most(
        self, levels: NDArray[np.float32], has_edges: NDArray[np.bool_], shares: tuple[float, ...]
    ) -> tuple[float, ...]:
        """The most of something that a place has, and what some shares of those with edges have, of the contrast."""
        in_places = self._in_places(levels * self.inside / self.contrast)
        usual = np.quantile(in_places[has_edges], shares).tolist() if has_edges.any() else [0.0] * len(shares)
        return float(in_places.max()), *usual

    def _has_edges(self, picture: NDArray[np.float32]) -> NDArray[np.bool_]:
        has_edges: NDArray[np.bool_] = self._in_places(abs(load_opencv().Laplacian(picture, -1))) > _EDGE
        return has_edges

    def _in_places(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The mean of what is around each pixel inside."""
        means: NDArray[np.float32] = load_opencv().boxFilter(values, -1, (_PLACE_PX, _PLACE_PX))[self.inside]
        return means


def _beyond(opencv: Any, one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:  # noqa: ANN401
    """How much darker or lighter each pixel of one is than all that is near it in the other."""
    near = np.ones((2 * _NEAR_PX + 1,) * 2, np.uint8)
    beyond: NDArray[np.float32] = np.maximum(opencv.erode(other, near) - one, one - opencv.dilate(other, near)).clip(0)
    return beyond
