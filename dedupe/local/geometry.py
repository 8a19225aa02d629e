"""Which points of two pictures are the same, and by which map one picture lies in the other.

    descriptors ──nearest, mutual──▶ matches ──pairs of them──▶ a similarity ──least squares──▶ affine, homography

Without chance: pairs of matches are taken in a fixed order, so the same two pictures always get the same answer. A pair
proposes a map only if it turns and scales as its points say that they were turned and scaled (Lowe 2004, section 7.3);
among unrelated pictures hardly any does.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.local.features import Features, mirrored

# Lowe's ratio is 0.8 among thousands of points; fewer, and the second best is a worse witness.
_RATIO: Final = 0.85
_MOST_MATCHES: Final = 400
# Maps are proposed by the clearest matches alone, and judged by all.
_PROPOSING: Final = 160
_MOST_PAIRS: Final = 4000
_MOST_MAPS: Final = 400
# How much a point's own scale and angle may contradict the map: stretching by half changes them by 1.25 and 12°.
_SCALE: Final = np.log(1.7)
_ANGLE: Final = np.radians(28)
# Of the longer side: what a similarity may miss where the truth is a perspective, then what the refined map may.
_LOOSE: Final = 0.035
_TIGHT: Final = 0.012
_LEAST_SIDE: Final = 0.03
_ROUNDS: Final = 3
_SMALLEST_SCALE: Final = 0.08
_FEWEST: Final = 4
# From so many points on nobody asks whether the mirror image has more: of unrelated photographs 9 at most agree.
_SURE: Final = 40

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A map from one picture into another, and the points that it explains.

    Attributes:
        matrix: ``(3, 3)``, of homogeneous pixels of the first working picture to those of the second.
        mirrored: Whether the first has to be mirrored (left to right) before.
        inliers: How many distinct points agree, in either picture.
        first: ``(n, 2)`` those points in the first, as it is or mirrored.
        second: ``(n, 2)`` in the second.
    """

    matrix: Floats
    mirrored: bool
    inliers: int
    first: Floats
    second: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Matches:
    """Points that may be the same: places as complex numbers, and how each was scaled and turned."""

    first: NDArray[np.complex128]
    second: NDArray[np.complex128]
    scale: Floats
    angle: Floats


def align(first: Features, second: Features) -> Alignment | None:
    """Find the map that explains most points, mirrored or not; None where there is none."""
    found = _align(first, second, is_mirrored=False)
    if found is not None and found.inliers >= _SURE:
        return found
    other = _align(mirrored(first), second, is_mirrored=True)
    return max((one for one in (found, other) if one is not None), key=lambda one: one.inliers, default=None)


def _align(first: Features, second: Features, *, is_mirrored: bool) -> Alignment | None:
    matches = _match(first, second)
    if len(matches.first) < _FEWEST:
        return None
    sides = (max(first.width_px, first.height_px), max(second.width_px, second.height_px))
    start = _propose(matches, sides)
    if start is None:
        return None
    matrix, agreed = _refine(matches, start, sides)
    distinct = min(_distinct(matches.first[agreed]), _distinct(matches.second[agreed]))
    if distinct < _FEWEST or not _is_sane(matrix, matches.first[agreed]):
        return None
    return Alignment(matrix, is_mirrored, distinct, _pairs(matches.first[agreed]), _pairs(matches.second[agreed]))


def _match(first: Features, second: Features) -> _Matches:
    """Each point's nearest, where that is mutual and clearly nearer than the second nearest; the clearest first."""
    if min(len(first.points), len(second.points)) < 2:
        empty = np.empty(0, np.complex128)
        return _Matches(empty, empty, np.empty(0), np.empty(0))
    likeness = first.descriptors.astype(np.float32) @ second.descriptors.astype(np.float32).T
    rows = np.arange(len(likeness))
    best = likeness.argmax(1)
    top = likeness[rows, best]
    likeness[rows, best] = -1
    # Descriptors are of length 255: nearness in terms of angles, as RootSIFT has it.
    unit = np.float32(255 * 255)
    ratio = np.sqrt(np.maximum(1e-6, 1 - top / unit) / np.maximum(1e-6, 1 - likeness.max(1) / unit))
    likeness[rows, best] = top
    good = np.flatnonzero(ratio < _RATIO)
    # Whether it is mutual is asked of these alone: most of the time of unrelated pictures went there.
    good = good[likeness[:, best[good]].argmax(0) == good]
    good = good[np.argsort(ratio[good], kind="stable")][:_MOST_MATCHES]
    one, other = first.points[good].astype(np.float64), second.points[best[good]].astype(np.float64)
    return _Matches(
        one[:, 0] + 1j * one[:, 1],
        other[:, 0] + 1j * other[:, 1],
        np.log(other[:, 2] / one[:, 2]),
        other[:, 3] - one[:, 3],
    )


def _propose(matches: _Matches, sides: tuple[int, int]) -> Floats | None:
    """The similarity of two matches that most others agree with."""
    i, j = np.triu_indices(min(len(matches.first), _PROPOSING), 1)
    # The clearest first: their numbers are small.
    order = np.argsort(i + j, kind="stable")[:_MOST_PAIRS]
    i, j = i[order], j[order]
    apart = matches.first[j] - matches.first[i]
    far = (abs(apart) > _LEAST_SIDE * sides[0]) & (
        abs(matches.second[j] - matches.second[i]) > _LEAST_SIDE * sides[1] / 2
    )
    i, j, apart = i[far], j[far], apart[far]
    turn = (matches.second[j] - matches.second[i]) / apart
    fits = (abs(turn) > _SMALLEST_SCALE) & (abs(turn) < 1 / _SMALLEST_SCALE)
    for one in (i, j):
        fits &= _agrees(turn, matches.scale[one], matches.angle[one])
    i, turn = i[fits][:_MOST_MAPS], turn[fits][:_MOST_MAPS]
    if not len(turn):
        return None
    shift = matches.second[i] - turn * matches.first[i]
    miss = abs(turn[:, None] * matches.first[None] + shift[:, None] - matches.second[None])
    agreed = (miss < _LOOSE * sides[1] * np.minimum(1, abs(turn))[:, None] + 1.5) & _agrees(
        turn[:, None], matches.scale[None], matches.angle[None]
    )
    best = int(agreed.sum(1).argmax())
    if agreed[best].sum() < _FEWEST:
        return None
    z, t = turn[best], shift[best]
    return np.array([[z.real, -z.imag, t.real], [z.imag, z.real, t.imag], [0, 0, 1]])


def _agrees(turn: NDArray[np.complex128], scale: Floats, angle: Floats) -> NDArray[np.bool_]:
    wrong = (np.angle(turn) - angle + np.pi) % (2 * np.pi) - np.pi
    result: NDArray[np.bool_] = (abs(np.log(abs(turn) + 1e-9) - scale) < _SCALE) & (abs(wrong) < _ANGLE)
    return result


def _refine(matches: _Matches, matrix: Floats, sides: tuple[int, int]) -> tuple[Floats, NDArray[np.intp]]:
    """Least squares on what agrees, again and again: an affine map, then a homography where enough points carry it."""
    one, other = _pairs(matches.first), _pairs(matches.second)
    turn = matrix[0, 0] + 1j * matrix[1, 0]
    near = _agrees(np.array(turn), matches.scale, matches.angle)
    shrink = min(1.0, abs(turn))
    agreed = _agreed(matrix, one, other, _LOOSE * sides[1] * shrink + 1.5) & near
    for tolerance in (_LOOSE, *[_TIGHT] * _ROUNDS):
        limit = tolerance * sides[1] * shrink + 1.5
        for fit, least in ((_homography, 10), (_affine, _FEWEST)):
            if agreed.sum() < least:
                continue
            candidate = fit(one[agreed], other[agreed])
            now = _agreed(candidate, one, other, limit) & near
            if now.sum() >= 0.8 * agreed.sum() or (fit is _affine and now.sum() >= _FEWEST):
                matrix, agreed = candidate, now
                break
    return matrix, np.flatnonzero(agreed)


def _affine(one: Floats, other: Floats) -> Floats:
    """With little weight on being a similarity, so that few points don't bend it."""
    centre, target = one.mean(0), other.mean(0)
    x, y = one - centre, other - target
    spread = x.T @ x + 1e-6 * np.eye(2) * max(1.0, float((x * x).sum()))
    linear = np.linalg.solve(spread, x.T @ y).T
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = linear, target - linear @ centre
    return matrix


def _homography(one: Floats, other: Floats) -> Floats:
    """Direct linear transform on normalised points (Hartley 1997)."""
    (a, t), (b, u) = _normalised(one), _normalised(other)
    zero, unit = np.zeros(len(a)), np.ones(len(a))
    x, y = b[:, 0], b[:, 1]
    rows = np.concatenate(
        [
            np.stack([-a[:, 0], -a[:, 1], -unit, zero, zero, zero, x * a[:, 0], x * a[:, 1], x], 1),
            np.stack([zero, zero, zero, -a[:, 0], -a[:, 1], -unit, y * a[:, 0], y * a[:, 1], y], 1),
        ]
    )
    matrix = np.linalg.eigh(rows.T @ rows)[1][:, 0].reshape(3, 3)
    full = np.linalg.inv(u) @ matrix @ t
    result: Floats = full / (full[2, 2] if abs(full[2, 2]) > 1e-9 else 1e-9)
    return result


def _normalised(points: Floats) -> tuple[Floats, Floats]:
    centre = points.mean(0)
    scale = np.sqrt(2) / max(1e-9, float(np.sqrt(((points - centre) ** 2).sum(1)).mean()))
    matrix = np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])
    return (points - centre) * scale, matrix


def project(matrix: Floats, points: Floats) -> Floats:
    """Map ``(n, 2)`` points."""
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    depth = mapped[:, 2:]
    result: Floats = mapped[:, :2] / np.where(abs(depth) < 1e-9, 1e-9, depth)
    return result


def inverse(matrix: Floats) -> Floats:
    """The map back."""
    back: Floats = np.linalg.inv(matrix).astype(np.float64)
    return back


def _agreed(matrix: Floats, one: Floats, other: Floats, limit: float) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = ((project(matrix, one) - other) ** 2).sum(1) < limit * limit
    return result


def _is_sane(matrix: Floats, points: NDArray[np.complex128]) -> bool:
    """Whether it keeps the hand, bends little, and squeezes no axis to nothing."""
    centre = _pairs(points).mean(0)
    step = centre + np.array([[0, 0], [1, 0], [0, 1]])
    mapped = project(matrix, step)
    jacobian = (mapped[1:] - mapped[0]).T
    if not np.isfinite(jacobian).all() or np.linalg.det(jacobian) <= 0:
        return False
    large, small = np.linalg.svd(jacobian, compute_uv=False)
    return bool(large < 2.5 * small and small > _SMALLEST_SCALE and large < 1 / _SMALLEST_SCALE)


def _distinct(points: NDArray[np.complex128]) -> int:
    """How many there are that aren't one another: several descriptors can stand on one point."""
    return len(np.unique(np.round(_pairs(points) / 4), axis=0))


def _pairs(points: NDArray[np.complex128]) -> Floats:
    return np.stack([points.real, points.imag], 1)
