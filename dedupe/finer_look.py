"""The finer look: how far two pictures that show little differ.

Drawings, texts and signs of one kind agree in nearly everything, and differ in a small part: another emblem, another
suit, another letter. Copies of one of them differ where there are edges, as they are laid over one another by parts of
a pixel, made smaller, or compressed. So what differs is held against the edges there, place by place, and against all
that a picture shows. What is darker or lighter than anything near it in the other picture is other ink, and where it
stands together the pictures differ, however much agrees beside it. What one shows beyond the other's edge counts, too.
"""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from synsift.dedupe.alignment import Grid, Seen, align, mean_in, toned, windows
from synsift.dedupe.elsewhere import moved, shifted
from synsift.dedupe.evidence import Picture, strength_of
from synsift.dedupe.fine import FINE_SIDE
from synsift.dedupe.frequencies import Floats
from synsift.dedupe.hues import hues
from synsift.dedupe.texture import Texture, texture

_GRID: Final = Grid(FINE_SIDE)
_STEPS: Final = 6
_ENOUGH: Final = 0.9998
_LEAST_SEEN: Final = 0.25
_PLACES: Final = 8
_WINDOWS: Final = windows(FINE_SIDE, _PLACES)
# A side of more than so much of another is as fine. That is asked of pictures in which one of the sixteen levels is so
# much of the contrast: letters are as fine as pixels there.
_AS_FINE: Final = 0.95
_FAINT_STEP: Final = 0.22
# So many places that differ most; and where hardly any of a place is seen.
_MOST: Final = 6
_HARDLY: Final = 0.3
# What noise adds, in squares of grey levels: to a picture's variance, and to the slopes of a place.
_NOISE: Final = 9.0
_SLOPE_NOISE: Final = 100.0
# Rounding to sixteen levels moves the same light by no more as a rule, in squares of a level.
_ROUNDING: Final = 0.6
# How far from its place, in pixels, ink is looked for in the other picture, and the side of a place in which it stands
# together. Nearer, what was drawn anew in another size differs in ink all along its edges.
_NEAR_PX: Final = 2
_TOGETHER_PX: Final = 3
_TONES: Final = 16
# Shares of plain ground and of what stands on it.
_USUAL_PLAIN: Final = 0.75
_LEAST_SUBJECT: Final = 0.04


def _edgeless() -> Floats:
    inside = np.zeros((FINE_SIDE, FINE_SIDE), dtype=np.float32)
    inside[2:-2, 2:-2] = 1
    return inside.reshape(1, -1)


_INSIDE: Final = _edgeless()


class Differences(NamedTuple):
    """How far thumbnails differ.

    Attributes:
        unlike: Share of what one shows that the other shows otherwise: 0 of the same.
        worst: What differs in the places where most does, in squares of their slopes: about 0.03 of copies.
    """

    unlike: float
    worst: float


@dataclass(frozen=True, slots=True)
class Finer:
    """How far two pictures that show little differ in their finer thumbnails, and how little they show.

    Attributes:
        differs: What is different, with the best tone curve.
        differs_surely: The same, of places that differ by more than rounding to sixteen levels makes of the same light.
        ink: How far the ink of a place is beyond all that is near it in the other picture, as a share of the contrast:
            0.02 of copies, below 0.06 of 95 in a hundred.
        moved: How far a part lies from where it lies in the other one, in pixels of the thumbnail, beyond what is usual
            in the two: 0.04 of 99 in a hundred copies at most.
        shifted: How far one had to be shifted or stretched though both have the same borders, as a share of the sides.
        beyond: Share of a picture's edges that lie where the other one ends, borders included, of the one with more.
        hues: Share of all colour that is another.
        colour: Of the less coloured one, as if a quarter of it weren't plain: root of the mean square, in levels.
        most_colour: The same of the other one.
        share: Of the one's places, how many the other shows.
        plain: Share of the busier one that is plain.
        exact: Of what is plain, the share without any noise: of the one with less, and of the one with more of it.
        tones_bits: Entropy of the sixteen levels of the one with fewer: 0 to 4.
        side_px: Of the one of fewer pixels, as if it were a square.
        size_bytes: What the larger thumbnail takes when packed.
        spread: Standard deviation of the one with less contrast, in grey levels.
        striped: Of the one with fewer stripes; see ``Fine``.
        texture: What is as fine as pixels; see ``dedupe.texture``.
        step_share: One of the sixteen levels, as a share of ``spread``.
    """

    differs: Differences
    differs_surely: Differences
    ink: float
    moved: float
    shifted: float
    beyond: float
    hues: float
    colour: float
    most_colour: float
    share: float
    plain: float
    exact: tuple[float, float]
    tones_bits: float
    side_px: float
    size_bytes: int
    spread: float
    striped: float
    texture: Texture
    step_share: float


_APART: Final = Finer(
    differs=Differences(1.0, 10.0),
    differs_surely=Differences(1.0, 10.0),
    ink=1.0,
    moved=1.0,
    shifted=0.0,
    beyond=1.0,
    hues=1.0,
    colour=0.0,
    most_colour=0.0,
    share=0.0,
    plain=1.0,
    exact=(1.0, 1.0),
    tones_bits=0.0,
    side_px=0.0,
    size_bytes=0,
    spread=0.0,
    striped=0.0,
    texture=Texture(0.0, 0.0),
    step_share=0.0,
)


def finer_look(one: Picture, other: Picture, seen: Seen, *, side_px: float) -> Finer | None:
    """Compare finer thumbnails; None unless both have one.

    Args:
        one: The query, turned.
        other: The stored one.
        seen: The stored one as the query sees it, coarsely.
        side_px: Of the one of fewer pixels: finer than these nothing is compared.
    """
    if one.fine is None or other.fine is None or one.fine_luma is None or other.fine_luma is None:
        return None
    step = max(one.fine.step, other.fine.step)
    is_faint = step > _FAINT_STEP * min(float(one.fine_luma.std()), float(other.fine_luma.std()))
    scales = np.hypot(*seen.place[:, :2]) if is_faint else np.ones(2)
    mine = _coarsened(one.fine_luma, np.minimum(side_px, FINE_SIDE * scales))
    theirs = _coarsened(other.fine_luma, np.minimum(side_px, FINE_SIDE / scales))
    found = align(_GRID, (mine, _GRID.layers(theirs, _INSIDE)), seen.place, steps=_STEPS, enough=_ENOUGH)
    if found is None:
        return _APART
    beyond, covered = _beyond((one, mine), (other, theirs), found)
    share = min(found.share, covered)
    found.leave_out(_INSIDE[0] * (found.others[0] > 0.5))
    if found.share < _LEAST_SEEN:
        return _APART
    seen_as = toned(mine, found)
    spread = min(float(mine.std()), float(theirs.std()))
    differs, differs_surely = _differences(mine, seen_as, found, _ROUNDING * step**2)
    textured = texture(mine, seen_as, found.weights, step)
    chroma = seen.others[:2]
    plain = min(one.fine.plain, other.fine.plain)
    tones_bits = min(one.fine.tones_bits, other.fine.tones_bits)
    exact = [fine.exactness for fine in (one.fine, other.fine)]
    coloured = [strength_of(picture[:, seen.weights > 0]) for picture in (one.chroma, chroma)]
    return Finer(
        differs=differs,
        differs_surely=differs_surely,
        ink=_ink(mine, seen_as, found.weights),
        moved=moved(mine, seen_as, found.weights),
        shifted=shifted(one.borders, other.borders, found.place),
        beyond=beyond,
        hues=hues(one, other, seen, tones_bits),
        colour=_of_subject(plain, min(coloured)),
        most_colour=_of_subject(plain, max(coloured)),
        share=share,
        plain=plain,
        exact=(min(exact), max(exact)),
        tones_bits=tones_bits,
        side_px=side_px,
        size_bytes=max(one.fine.size_bytes, other.fine.size_bytes),
        spread=spread,
        striped=min(one.fine.striped, other.fine.striped),
        texture=textured,
        step_share=step / max(spread, 1.0),
    )


def _coarsened(luma: Floats, sides_px: Floats) -> Floats:
    """A thumbnail with no more detail than one of so many columns and rows has."""
    width, height = (FINE_SIDE if side > _AS_FINE * FINE_SIDE else max(6, int(side)) for side in sides_px.tolist())
    if min(width, height) >= FINE_SIDE:
        return luma
    picture = Image.fromarray(luma.reshape(FINE_SIDE, FINE_SIDE))
    coarse = picture.resize((width, height), Image.Resampling.BILINEAR).resize(picture.size, Image.Resampling.BICUBIC)
    return np.asarray(coarse, dtype=np.float32).ravel()


def _differences(mine: Floats, theirs: Floats, seen: Seen, rounding: float) -> tuple[Differences, Differences]:
    """What differs, and what differs by more than a number of grey levels, squared."""
    different = np.square(mine - theirs)
    surely = np.maximum(0, different - rounding)
    varies = float(np.square(mine - seen.mean(mine)) @ seen.weights) + _NOISE * float(seen.weights.sum())
    slopes = sum(
        np.square(slope) for luma in (mine, theirs) for slope in np.gradient(luma.reshape(FINE_SIDE, FINE_SIDE))
    )
    energy = 0.5 * np.asarray(slopes, dtype=np.float32).ravel()
    share, energy_in, *all_of_it = mean_in(
        _WINDOWS, np.stack([np.ones_like(mine), energy, different, surely]) * seen.weights
    )
    known = energy_in + _SLOPE_NOISE * share + 1e-6
    found = []
    for differs, differs_in in zip((different, surely), all_of_it, strict=True):
        of_place = np.where(share < _HARDLY, 0, differs_in / known)
        worst = float(np.sort(of_place, axis=None)[-_MOST:].mean())
        found.append(Differences(float(differs @ seen.weights) / varies, worst))
    return found[0], found[1]


def _ink(mine: Floats, theirs: Floats, weights: Floats) -> float:
    """``Finer.ink`` of two thumbnails that lie over one another."""
    inside = weights > 0
    contrast = min(float(np.ptp(mine[inside])), float(np.ptp(theirs[inside])))
    off = [
        _off(*(picture.reshape(FINE_SIDE, FINE_SIDE) for picture in (one, _retoned(one, other, inside))))
        / max(1.0, float(np.ptp(one[inside])))
        for one, other in ((mine, theirs), (theirs, mine))
    ]
    sums = np.pad(np.maximum(*off) * weights.reshape(FINE_SIDE, FINE_SIDE), ((1, 0), (1, 0)))
    sums = sums.cumsum(0, dtype=np.float64).cumsum(1)
    side = _TOGETHER_PX
    of_place = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return float(of_place.max()) / side**2 if contrast >= 1 else 0.0


def _retoned(mine: Floats, theirs: Floats, inside: NDArray[np.bool_]) -> Floats:
    """The other picture, each of its tones as what lies there in mine as a rule: light changes hues, each by itself."""
    low, high = float(theirs[inside].min()), float(theirs[inside].max())
    places = ((theirs - low) * ((_TONES - 1) / max(1.0, high - low))).clip(0, _TONES - 1)
    whole = np.round(places[inside]).astype(np.intp)
    counts = np.bincount(whole, minlength=_TONES)
    sums = np.bincount(whole, weights=mine[inside], minlength=_TONES)
    known = np.flatnonzero(counts)
    return np.asarray(np.interp(places, known, sums[known] / counts[known]), dtype=np.float32)


def _off(picture: Floats, other: Floats) -> Floats:
    """How far each pixel is above, or below, all that is near its place in the other picture."""
    beyond: Floats = np.maximum(0, np.maximum(picture - _most(other), -_most(-other) - picture))
    return beyond


def _most(picture: Floats) -> Floats:
    """The highest of all that is near, of each pixel."""
    for _ in range(2):
        padded = np.pad(picture, ((_NEAR_PX, _NEAR_PX), (0, 0)), mode="edge")
        found = padded[: len(picture)].copy()
        for off in range(1, 2 * _NEAR_PX + 1):
            np.maximum(found, padded[off : off + len(picture)], out=found)
        picture = found.T
    return picture


def _beyond(one: tuple[Picture, Floats], other: tuple[Picture, Floats], seen: Seen) -> tuple[float, float]:
    """``Finer.beyond``, where a picture ends with its borders; and the share of the other that the one shows."""
    there = seen.place[:, :2] @ _GRID.xy + seen.place[:, 2:]
    back = np.linalg.pinv(seen.place[:, :2].astype(np.float64)) @ (_GRID.xy - seen.place[:, 2:])
    shares = []
    for (_, luma), (picture, _), places in ((one, other, there), (other, one, back)):
        edges = sum(np.square(slope).ravel() for slope in np.gradient(luma.reshape(FINE_SIDE, FINE_SIDE)))
        shares.append(float(edges @ _is_outside(picture, places)) / float(np.sum(edges) + _NOISE))
    return max(shares), 1 - float(_is_outside(one[0], back).mean())


def _is_outside(picture: Picture, places: Floats) -> NDArray[np.bool_]:
    """Which places, of what is inside of its borders, lie in none of a picture; sides are of length 1, centres at 0."""
    left, top, right, bottom = picture.borders
    inside = np.array([[1 - left - right], [1 - top - bottom]])
    first, last = np.array([[left], [top]]) / inside, np.array([[right], [bottom]]) / inside
    outside: NDArray[np.bool_] = ((places < -0.5 - first) | (places > 0.5 + last)).any(axis=0)
    return outside


def _of_subject(plain: float, strength: float) -> float:
    """Of colours: what it would be if no more than so much of the picture were plain."""
    return strength * math.sqrt((1 - _USUAL_PLAIN) / max(_LEAST_SUBJECT, 1 - plain))
