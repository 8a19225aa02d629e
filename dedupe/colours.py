"""How far the colours of two small pictures that lie over one another agree, where their light does.

A filter changes all colours alike, so one change of saturation and of balance is allowed for. What lies over a part of
one of them has a colour of its own. Of colours only the lowest frequencies are known, so it colours what is beside it,
too: that is reckoned out, as far as it is of one colour.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.alignment import POWERS, Seen, cosine, largest, mean_in, powers_of
from synsift.dedupe.evidence import PLACES, Picture, as_coarse_as_colours, strength_in
from synsift.dedupe.frequencies import Floats
from synsift.dedupe.places import WINDOWS, Places

# Levels of 255: from which a place has a colour; within which two colours are the same, whatever the share.
_COLOURED: Final = 5.0
_SAME_COLOUR: Final = 8.0
_SAME_SHARE: Final = 0.5
_MOST_BALANCE: Final = 14.0
# Where what is beside disagreeing places is left out, such a share must be left.
_MOST_LEFT: Final = 0.4
_SATURATION: Final = (0.25, 4.0)
# Below so many levels what is left of colours, without what follows the light, is one tint or none.
_TINT: Final = 7.0
_TINT_SHARE: Final = 0.08
_STRONG_TINT_SHARE: Final = 0.05
_FAINT: Final = 3.0
# Of several colours so many times more is left as of one tint at most.
_SEVERAL: Final = 3.0
# Cosines of the colours of all places, without their balance: from none of them agreeing to all.
_UNLIKE: Final = 0.3
_ALIKE: Final = 0.7
# What keeps colours that say nothing at nothing, as a share of the places, in squares of levels.
_DAMPING: Final = 1e-5
_EACH: Final = np.eye(POWERS)


def colours(one: Picture, seen: Seen, places: Places) -> float:
    """Share of coloured places that agree in colour, of those that agree in light."""
    agree = places.agree
    weights = seen.weights
    means = mean_in(WINDOWS, np.concatenate([one.chroma * weights, seen.others[:2] * weights]))[:, agree]
    if not means.size:
        return 0.0
    means = means[:, _known_colours(places)[agree]]
    balance = np.add.reduce(means, axis=1, keepdims=True) / np.float32(max(1, means.shape[1]))
    off = means - balance
    saturation = float(np.vdot(off[:2], off[2:])) / (float(np.vdot(off[2:], off[2:])) + 1e-6)
    saturation = min(max(saturation, _SATURATION[0]), _SATURATION[1])
    shift = np.minimum(np.maximum(balance[:2] - saturation * balance[2:], -_MOST_BALANCE), _MOST_BALANCE)
    mine, theirs = means[:2], means[2:]
    coloured = np.maximum(np.hypot(*mine), np.hypot(*theirs)) >= _COLOURED
    return _same(mine, saturation * theirs + shift, coloured)


def colours_beside(one: Picture, seen: Seen, places: Places, covered: Floats) -> tuple[float, bool]:
    """The same of what is beside a part that is covered, by what has one colour.

    Args:
        one: The query, turned.
        seen: The stored one as the query sees it, without that part.
        places: Those that agree, without that part.
        covered: 1 where it is, else 0, ``(n,)``.
    """
    if not places.agree.any():
        return 0.0, has_one_tint(one.chroma, one.soft_luma, seen)
    inside = np.minimum(1, seen.weights + covered)
    theirs = as_coarse_as_colours((1 - covered) * seen.others[:2])
    open_share, covered_share = as_coarse_as_colours(np.stack([1 - covered, covered]))
    nothing = np.zeros_like(open_share)
    # Of both colours at all places: saturation, the balance of either, and either of what lies over that part.
    parts = np.stack(
        [
            theirs,
            np.stack([open_share, nothing]),
            np.stack([nothing, open_share]),
            np.stack([covered_share, nothing]),
            np.stack([nothing, covered_share]),
        ]
    )
    found = _fitted(parts, one.chroma, inside)
    kept = np.array([np.clip(found[0], *_SATURATION), *np.clip(found[1:3], -_MOST_BALANCE, _MOST_BALANCE)])
    seen_as = np.tensordot(kept.astype(np.float32), parts[:3], 1)
    over = np.tensordot(_fitted(parts[3:], one.chroma - seen_as, inside).astype(np.float32), parts[3:], 1)
    mine = one.chroma - over
    known = np.maximum(mean_in(WINDOWS, seen.weights), 1e-3)
    ours, others = (mean_in(WINDOWS, chroma * seen.weights)[:, places.agree] for chroma in (mine, seen_as))
    ours, others = (np.asarray(part / known[places.agree], dtype=np.float32) for part in (ours, others))
    coloured = np.maximum(np.hypot(*ours), np.hypot(*others)) >= _COLOURED
    share = _same(ours, others, coloured)
    return share, share < 1 and has_one_tint(mine, one.soft_luma, seen)


def _fitted(parts: Floats, wanted: Floats, weights: Floats) -> NDArray[np.float64]:
    """How much of each part ``(k, 2, n)`` makes what is wanted ``(2, n)``: least squares."""
    flat = parts.reshape(len(parts), -1).astype(np.float64)
    weighted = flat * np.tile(weights, 2)
    normal = weighted @ flat.T + _DAMPING * PLACES * np.eye(len(parts))
    return np.asarray(np.linalg.solve(normal, weighted @ wanted.ravel()), dtype=np.float64)


def _same(mine: Floats, seen_as: Floats, coloured: NDArray[np.bool_]) -> float:
    """Share of coloured places, ``(2, n)``, whose colours are the same; 1 where none has any."""
    if not coloured.any():
        return 1.0
    away = np.hypot(*(mine - seen_as))
    same = away <= np.maximum(_SAME_COLOUR, _SAME_SHARE * np.maximum(np.hypot(*mine), np.hypot(*seen_as)))
    share = np.count_nonzero(same & coloured) / np.count_nonzero(coloured)
    if share == 1:
        return 1.0
    # Where light was changed in each channel by itself, hues drift but stay beside each other.
    a, b = (chroma - chroma.mean(axis=1, keepdims=True) for chroma in (mine, seen_as))
    alike = (cosine(a.ravel(), b.ravel()) - _UNLIKE) / (_ALIKE - _UNLIKE)
    return float(min(1.0, max(share, alike)))


def _known_colours(places: Places) -> NDArray[np.bool_]:
    """Which places have colours of their own: what was put over a place colours those beside it, as colours are coarse.

    All, where too few would be left.
    """
    covered = places.show & ~places.agree
    if not covered.any():
        return np.ones_like(covered)
    for _ in range(2):
        wider = covered.copy()
        wider[1:] |= covered[:-1]
        wider[:-1] |= covered[1:]
        covered = wider.T
    known: NDArray[np.bool_] = ~covered
    left = np.count_nonzero(places.agree & known)
    return known if left >= _MOST_LEFT * np.count_nonzero(places.agree) else np.ones_like(covered)


def has_one_tint(
    chroma: Floats, luma: Floats, seen: Seen, *, is_same_light: bool = False, is_thing: bool = False
) -> bool:
    """Whether one of the two, and not the other, has one tint or none; or both have, and one of them none.

    Args:
        chroma: Of the one, ``(2, n)``.
        luma: Of the one, as coarsely as the colours are known, ``(n,)``.
        seen: The other one as the one sees it.
        is_same_light: Whether both show much, and the same in all but colours: then two tints are those of one picture.
        is_thing: Whether both are a thing on a ground, which comes in one colour or another: of the one without a tint
            several colours are asked then, or that the other has none.
    """
    weights, theirs = seen.weights, seen.others[:2]
    is_tint = _is_tint(chroma, luma, weights)
    if is_tint != _is_tint(theirs, seen.others[2], weights):
        return not is_thing or _is_of_many(chroma, luma, seen, is_tint=is_tint)
    # Two tints are two colours; one tint, or none, may be a filter's work on all colours.
    return is_tint and (is_same_light or min(strength_in(chroma, weights), strength_in(theirs, weights)) < _FAINT)


def _is_of_many(chroma: Floats, luma: Floats, seen: Seen, *, is_tint: bool) -> bool:
    """Whether the one of two without a tint has several colours, or the other one, which has a tint, hardly any."""
    both = (chroma, luma), (seen.others[:2], seen.others[2])
    tinted, other = both if is_tint else both[::-1]
    has_none = strength_in(tinted[0], seen.weights) < _FAINT
    return has_none or not _is_tint(other[0], other[1], seen.weights, times=_SEVERAL)


def _is_tint(chroma: Floats, luma: Floats, weights: Floats, *, times: float = 1.0) -> bool:
    """Whether colours only follow the light, by a curve; as many times more may be left as of a tint."""
    left, all_of_it, count = beside_one_tint(chroma, luma, weights)
    least = max(_FAINT**2 * count, _STRONG_TINT_SHARE * all_of_it, min(_TINT**2 * count, _TINT_SHARE * all_of_it))
    return left < times * least


def beside_one_tint(chroma: Floats, luma: Floats, weights: Floats) -> tuple[float, float, float]:
    """How much of the colours of a picture doesn't follow the light by a curve: a polynomial, by least squares.

    Args:
        chroma: Of it, ``(2, n)``, in levels.
        luma: Of it, as coarsely as the colours are known, ``(n,)``.
        weights: 1 where it is seen, else 0, ``(n,)``.

    Returns:
        The sum of what is left, squared, that of all colours, and how many places are seen.
    """
    light = luma * weights
    light /= np.float32(largest(light) + 1e-6)
    both = np.empty((POWERS + 2, len(light)))
    both[:POWERS] = powers_of(light)
    both[0] = weights
    np.multiply(chroma, weights, out=both[POWERS:])
    products = both @ both.T  # of all powers and colours with one another: what is left needs no more than these
    normal, explained = products[:POWERS, :POWERS], products[:POWERS, POWERS:]
    count = float(products[0, 0])
    fitted = np.linalg.solve(normal + 1e-6 * count * _EACH, explained)
    all_of_it = float(products[POWERS, POWERS] + products[-1, -1])
    return all_of_it - float(np.vdot(fitted, 2 * explained - normal @ fitted)), all_of_it, count
