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
from PIL import Image

from synsift.dedupe.alignment import Seen, align, mean_in, toned, windows
from synsift.dedupe.drawn import Pair, shaded_share
from synsift.dedupe.elsewhere import moved, shifted
from synsift.dedupe.evidence import Picture, strength_in
from synsift.dedupe.fine import FINE_GRID, FINE_SIDE, WELL_INSIDE, Thumbnail, edges_of
from synsift.dedupe.frequencies import Floats
from synsift.dedupe.hues import hues
from synsift.dedupe.margins import in_margin
from synsift.dedupe.painted import Painted, painted
from synsift.dedupe.texture import Texture, texture

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
HUES_LEAST: Final = 0.06
"""Share of the colour that is another in copies of drawings, too."""
# Shares of plain ground and of what stands on it.
_USUAL_PLAIN: Final = 0.75
_LEAST_SUBJECT: Final = 0.04
# A map that enlarges areas by less can't be turned back.
_SINGULAR: Final = 1e-6


class Differences(NamedTuple):
    """How far thumbnails differ.

    Attributes:
        unlike: Share of what one shows that the other shows otherwise: 0 of the same.
        worst: What differs in the places where most does, in squares of their slopes: about 0.03 of copies.
    """

    unlike: float
    worst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finer(Pair):
    """How far two pictures that show little differ in their finer thumbnails, and how little they show; see ``Pair``.

    Attributes:
        differs: What is different, with the best tone curve.
        differs_surely: The same, of places that differ by more than rounding to sixteen levels makes of the same light.
        ink: How far the ink of a place is beyond all that is near it in the other picture, as a share of the contrast:
            0.02 of copies, below 0.06 of 95 in a hundred.
        moved: How far a part lies from where it lies in the other one, in pixels of the thumbnail, beyond what is usual
            in the two: 0.04 of 99 in a hundred copies at most.
        shifted: How far one had to be shifted or stretched though both have the same borders, as a share of the sides.
        beyond: Share of a picture's edges that lie where the other one ends, borders included, of the one with more.
        margins: Shares of the query's edges that lie in the stored picture's margin, and the other way round.
        hues: Share of all colour that is another.
        painted: Whether it is painted otherwise; see ``dedupe.painted``.
        colour: Of the less coloured one, as if a quarter of it weren't plain: root of the mean square, in levels.
        most_colour: The same of the other one.
        share: Of the one's places, how many the other shows.
        texture: What is as fine as pixels; see ``dedupe.texture``.
        step_share: One of the sixteen levels, as a share of ``spread``.
    """

    differs: Differences
    differs_surely: Differences
    ink: float
    moved: float
    shifted: float
    beyond: float
    margins: tuple[float, float]
    hues: float
    painted: Painted
    colour: float
    most_colour: float
    share: float
    texture: Texture
    step_share: float


_APART: Final = Finer(
    differs=Differences(1.0, 10.0),
    differs_surely=Differences(1.0, 10.0),
    ink=1.0,
    moved=1.0,
    shifted=0.0,
    beyond=1.0,
    margins=(0.0, 0.0),
    hues=1.0,
    painted=Painted(1.0, 0.0),
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
    shaded=0.0,
    texture=Texture(share=0.0, unlike=0.0, alike=0.0, least=1.0),
    step_share=0.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnails(Pair):
    """The finer thumbnails of two pictures, each as coarse as the other.

    Attributes:
        mine: The query's.
        theirs: The stored picture's.
        step: From one of their levels to the next, in grey levels, of the one with larger steps.
    """

    mine: Thumbnail
    theirs: Thumbnail
    step: float


def thumbnails_of(one: Picture, other: Picture, seen: Seen, *, side_px: float) -> Thumbnails | None:
    """Both finer thumbnails; None unless both pictures have one.

    Args:
        one: The query, turned.
        other: The stored one.
        seen: The stored one as the query sees it, coarsely.
        side_px: Of the one of fewer pixels: finer than these nothing is compared.
    """
    if one.fine is None or other.fine is None or one.thumbnail is None or other.thumbnail is None:
        return None
    step = max(one.fine.step, other.fine.step)
    is_faint = step > _FAINT_STEP * min(one.thumbnail.spread, other.thumbnail.spread)
    scales = np.hypot(*seen.place[:, :2]).tolist() if is_faint else [1.0, 1.0]
    mine = _coarsened(one.thumbnail, [min(side_px, FINE_SIDE * scale) for scale in scales])
    theirs = _coarsened(other.thumbnail, [min(side_px, FINE_SIDE / max(scale, 1e-6)) for scale in scales])
    exact = one.fine.exactness, other.fine.exactness
    return Thumbnails(
        mine=mine,
        theirs=theirs,
        step=step,
        plain=min(one.fine.plain, other.fine.plain),
        exact=(min(exact), max(exact)),
        tones_bits=min(one.fine.tones_bits, other.fine.tones_bits),
        side_px=side_px,
        size_bytes=max(one.fine.size_bytes, other.fine.size_bytes),
        spread=min(mine.spread, theirs.spread),
        striped=min(one.fine.striped, other.fine.striped),
        shaded=min(shaded_share(picture.subject, side_px) for picture in (one, other)),
    )


def finer_look(one: Picture, other: Picture, seen: Seen, both: Thumbnails, *, are_pages: bool = False) -> Finer:
    """Compare finer thumbnails.

    Args:
        one: The query, turned.
        other: The stored one.
        seen: The stored one as the query sees it, coarsely.
        both: Their thumbnails.
        are_pages: Whether both are photographed pages. Of drawings, that interpolation softens what the one has between
            its pixels may not be forgiven: many-pointed stars differ in nothing else.
    """
    mine, step = both.mine.luma, both.step
    found = align(FINE_GRID, (mine, both.theirs.layers), seen.place, steps=_STEPS, enough=_ENOUGH)
    if found is None:
        return _APART
    beyond, covered, margins = _beyond((one, both.mine), (other, both.theirs), found)
    share = min(found.share, covered)
    found.leave_out(WELL_INSIDE[0] * (found.others[0] > 0.5))
    if found.share < _LEAST_SEEN:
        return _APART
    seen_as = toned(mine, found)
    as_soft = found.softened(mine)
    looked_at = Thumbnail(as_soft) if are_pages else both.mine
    differs, differs_surely = _differences(looked_at, seen_as, found, _ROUNDING * step**2)
    chroma = seen.others[:2]
    coloured = [_of_subject(both.plain, strength_in(picture, seen.weights)) for picture in (one.chroma, chroma)]
    return Finer(
        differs=differs,
        differs_surely=differs_surely,
        ink=_ink(mine, seen_as, found.weights),
        moved=moved(mine, seen_as, found.weights),
        shifted=shifted(one.borders, other.borders, found.place),
        beyond=beyond,
        margins=margins,
        hues=hues(one, other, seen),
        painted=painted(one, other, seen),
        colour=min(coloured),
        most_colour=max(coloured),
        share=share,
        plain=both.plain,
        exact=both.exact,
        tones_bits=both.tones_bits,
        side_px=both.side_px,
        size_bytes=both.size_bytes,
        spread=both.spread,
        striped=both.striped,
        shaded=both.shaded,
        texture=texture(as_soft, seen_as, found.weights, step),
        step_share=step / max(both.spread, 1.0),
    )


def _coarsened(thumbnail: Thumbnail, sides_px: list[float]) -> Thumbnail:
    """A thumbnail with no more detail than one of so many columns and rows has."""
    width, height = (FINE_SIDE if side > _AS_FINE * FINE_SIDE else max(6, int(side)) for side in sides_px)
    if min(width, height) >= FINE_SIDE:
        return thumbnail
    picture = Image.fromarray(thumbnail.luma.reshape(FINE_SIDE, FINE_SIDE))
    coarse = picture.resize((width, height), Image.Resampling.BILINEAR).resize(picture.size, Image.Resampling.BICUBIC)
    return Thumbnail(np.asarray(coarse, dtype=np.float32).ravel())


def _differences(mine: Thumbnail, theirs: Floats, seen: Seen, rounding: float) -> tuple[Differences, Differences]:
    """What differs, and what differs by more than a number of grey levels, squared."""
    weights, off = seen.weights, mine.luma - theirs
    values = np.empty((4, FINE_GRID.places), dtype=np.float32)
    values[0] = 1
    np.multiply(np.float32(0.5), mine.edges + edges_of(theirs), out=values[1])
    np.multiply(off, off, out=values[2])
    np.maximum(values[2] - np.float32(rounding), 0, out=values[3])
    values *= weights
    centred = seen.centred(mine.luma)
    varies = float(centred @ centred) + _NOISE * seen.counted
    share, energy_in, *all_of_it = mean_in(_WINDOWS, values)
    known = energy_in + _SLOPE_NOISE * share + 1e-6
    found = []
    for differs, differs_in in zip(values[2:], all_of_it, strict=True):
        of_place = np.where(share < _HARDLY, 0, differs_in / known).ravel()
        of_place.sort()
        worst = float(np.add.reduce(of_place[-_MOST:])) / _MOST
        found.append(Differences(float(np.add.reduce(differs)) / varies, worst))
    return found[0], found[1]


def _ink(mine: Floats, theirs: Floats, weights: Floats) -> float:
    """``Finer.ink`` of two thumbnails that lie over one another."""
    inside = weights > 0
    one, other = mine[inside], theirs[inside]
    ranges = _range(one), _range(other)
    if min(ranges) < 1:
        return 0.0
    both = np.concatenate([mine, theirs]).reshape(2, FINE_SIDE, FINE_SIDE)
    highest, lowest = _extremes(_retoned(theirs, one, other), _retoned(mine, other, one))
    off = np.maximum(np.maximum(both - highest, lowest - both), 0)
    off /= np.array(ranges, dtype=np.float32)[:, None, None]
    ink = np.maximum(*off) * weights.reshape(FINE_SIDE, FINE_SIDE)
    rows = ink[:-2] + ink[1:-1] + ink[2:]
    of_place = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return float(of_place.max()) / _TOGETHER_PX**2


def _range(values: Floats) -> float:
    return float(np.maximum.reduce(values) - np.minimum.reduce(values))


def _retoned(theirs: Floats, of_mine: Floats, of_theirs: Floats) -> Floats:
    """The other picture, each of its tones as what lies there in mine as a rule: light changes hues, each by itself.

    Args:
        theirs: The other picture, ``(4096,)``.
        of_mine: What both show of mine, ``(n,)``.
        of_theirs: … and of the other picture, in the same order.
    """
    low, high = float(np.minimum.reduce(of_theirs)), float(np.maximum.reduce(of_theirs))
    scale = np.float32((_TONES - 1) / max(1.0, high - low))
    whole = np.rint((of_theirs - np.float32(low)) * scale).astype(np.intp)
    counts = np.bincount(whole, minlength=_TONES)
    sums = np.bincount(whole, weights=of_mine, minlength=_TONES)
    known = np.flatnonzero(counts)
    tones = np.interp(np.arange(_TONES + 1), known, sums[known] / counts[known]).astype(np.float32)
    places = (theirs - np.float32(low)) * scale
    np.minimum(np.maximum(places, 0, out=places), _TONES - 1, out=places)
    below = places.astype(np.intp)
    places -= below.astype(np.float32)
    places *= (tones[1:] - tones[:-1]).take(below)
    places += tones.take(below)
    return places


def _extremes(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """The highest, and the lowest, of all that is near, of each pixel of two thumbnails: ``(2, 64, 64)`` both."""
    side = FINE_SIDE + 2 * _NEAR_PX
    inside = slice(_NEAR_PX, -_NEAR_PX)
    padded = np.full((4, side, side), -np.inf, dtype=np.float32)
    for number, picture in enumerate((one, other)):
        padded[number, inside, inside] = picture.reshape(FINE_SIDE, FINE_SIDE)
        np.negative(padded[number, inside, inside], out=padded[number + 2, inside, inside])
    # Of five in a row: of two, of two such pairs, and the fifth.
    two = np.maximum(padded[:, 1:], padded[:, :-1])
    rows = np.maximum(np.maximum(two[:, 2:], two[:, :-2])[:, :-1], padded[:, 2 * _NEAR_PX :])
    two = np.maximum(rows[..., 1:], rows[..., :-1])
    found = np.maximum(np.maximum(two[..., 2:], two[..., :-2])[..., :-1], rows[..., 2 * _NEAR_PX :])
    return found[:2], -found[2:]


def _beyond(
    one: tuple[Picture, Thumbnail], other: tuple[Picture, Thumbnail], seen: Seen
) -> tuple[float, float, tuple[float, float]]:
    """``Finer.beyond``, where a picture ends with its borders; of the other, what the one shows; ``margins``."""
    there = seen.place[:, :2] @ FINE_GRID.xy + seen.place[:, 2:]
    back = _inverse(seen.place[:, :2]) @ (FINE_GRID.xy - seen.place[:, 2:])
    outside = _is_outside(other[0], there), _is_outside(one[0], back)
    shares = [
        float(thumbnail.edges @ is_outside) / float(np.add.reduce(thumbnail.edges) + _NOISE)
        for (_, thumbnail), is_outside in zip((one, other), outside, strict=True)
    ]
    margins = in_margin(one, other[0], there), in_margin(other, one[0], back)
    return max(shares), 1 - float(np.add.reduce(outside[1])) / FINE_GRID.places, margins


def _inverse(matrix: Floats) -> Floats:
    """Of a matrix ``(2, 2)``; where it has none, what comes nearest."""
    (a, b), (c, d) = matrix.tolist()
    determinant = a * d - b * c
    if abs(determinant) < _SINGULAR:
        return np.linalg.pinv(matrix.astype(np.float64)).astype(np.float32)
    return np.array([[d, -b], [-c, a]], dtype=np.float32) / np.float32(determinant)


def _is_outside(picture: Picture, places: Floats) -> Floats:
    """1 at places, of what is inside of its borders, that lie in none of a picture, else 0; sides are of length 1."""
    left, top, right, bottom = picture.borders.tolist()
    across, down = 1 - left - right, 1 - top - bottom
    first = np.array([[-0.5 - left / across], [-0.5 - top / down]], dtype=np.float32)
    last = np.array([[0.5 + right / across], [0.5 + bottom / down]], dtype=np.float32)
    outside = (places < first) | (places > last)
    return np.asarray(outside[0] | outside[1], dtype=np.float32)


def _of_subject(plain: float, strength: float) -> float:
    """Of colours: what it would be if no more than so much of the picture were plain."""
    return strength * math.sqrt((1 - _USUAL_PLAIN) / max(_LEAST_SUBJECT, 1 - plain))
