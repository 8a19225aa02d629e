"""What one picture is to another, by their local features.

copy            both show the same, with edits: turned, skewed, framed, covered here and there, cropped a little
part_of         the first is a part of the second: cropped out of it, or pasted into it
contains        the second is a part of the first
shares_a_part   both have something in common, such as a logo, a frame, or one edge of a scene: never a duplicate
unrelated       nothing of the kind was found
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from synsift.dedupe.decode import DEFAULT_MAX_PIXELS
from synsift.dedupe.inputs import Source
from synsift.dedupe.local.bounds import DEFAULT_BOUNDS, Bounds, Wanted
from synsift.dedupe.local.cover import Cover, cover
from synsift.dedupe.local.features import Features, describe
from synsift.dedupe.local.fitting import fit
from synsift.dedupe.local.geometry import Alignment, align
from synsift.dedupe.local.inset import Edge, Side, sides_of_common
from synsift.dedupe.local.overlap import Overlap, overlap
from synsift.dedupe.local.seams import Border, Ends, ends
from synsift.dedupe.local.state import State, compare_states


class Tie(StrEnum):
    """What relates one picture to another."""

    COPY = "copy"
    PART_OF = "part_of"
    CONTAINS = "contains"
    SHARES_A_PART = "shares_a_part"
    UNRELATED = "unrelated"

    @property
    def reverse(self) -> "Tie":
        """The same, said of the other picture."""
        return _REVERSE.get(self, self)


_SAME: Final = frozenset({Tie.COPY, Tie.PART_OF, Tie.CONTAINS})
# Beyond these, how strong an edge is says nothing more.
_STRENGTHS: Final = (0.3, 5.0)
_REVERSE: Final = {Tie.PART_OF: Tie.CONTAINS, Tie.CONTAINS: Tie.PART_OF}


@dataclass(frozen=True, slots=True)
class Relation:
    """What one picture is to another, and by what it is said.

    Attributes:
        tie: See ``Tie``.
        points: How many distinct points one map explains; 0 where there is no map.
        agreed: Which share of what lies in both shows the same, cell by cell.
        first: Which share of the first picture lies within the second, plain ground not counted.
        second: Which share of the second lies within the first.
        mirrored: Whether one is the mirror image of the other.
    """

    tie: Tie
    points: int = 0
    agreed: float = 0.0
    first: float = 0.0
    second: float = 0.0
    mirrored: bool = False

    @property
    def reverse(self) -> "Relation":
        """The same, said of the other picture."""
        return Relation(self.tie.reverse, self.points, self.agreed, self.second, self.first, self.mirrored)

    @property
    def strength(self) -> float:
        """By it the nearest of several is chosen."""
        return self.points * self.agreed


UNRELATED: Final = Relation(Tie.UNRELATED)


def relate(
    first: Source | Features,
    second: Source | Features,
    *,
    bounds: Bounds = DEFAULT_BOUNDS,
    max_pixels: int = DEFAULT_MAX_PIXELS,
) -> Relation:
    """Say what one picture is to another.

        >>> relate("screenshot.png", "photo.jpg").tie
        <Tie.CONTAINS: 'contains'>

    Args:
        first: A picture, as ``describe`` takes it, or its features.
        second: The other.
        bounds: What is wanted.
        max_pixels: Limit on width × height, where a picture is decoded.

    Raises:
        OpenCVMissing: OpenCV isn't installed.
        ImageError: A picture can't be decoded.
    """
    one = first if isinstance(first, Features) else describe(first, max_pixels=max_pixels)
    other = second if isinstance(second, Features) else describe(second, max_pixels=max_pixels)
    found = align(one, other)
    if found is None or found.inliers < bounds.fewest:
        return UNRELATED
    lies = overlap(one, other, found)
    tie = judge(found.inliers, lies, bounds)
    tie = _by_edges(tie, (one, other), found, lies, bounds)
    if tie in _SAME or _may_be_one_state(found.inliers, lies, bounds):
        tie = judge_state(tie, compare_states(one, other, found), lies, bounds)
    if tie not in _SAME and (lies.of_ware or not all(features.finer.size for features in (one, other))):
        tie, lies = _by_pixels(tie, (one, other), found, lies, bounds)
    return Relation(tie, found.inliers, lies.agreed, lies.first, lies.second, found.mirrored)


def shows_another(first: Features, second: Features, *, bounds: Bounds = DEFAULT_BOUNDS) -> bool:
    """Whether two pictures that hashes take for copies are drawings of which one shows another state, or other words.

    Less is asked than of a tie, and more of what speaks against one: hashes saw them through edits that leave few
    points. Of photographs nothing is said.

    Args:
        first: The features of a picture.
        second: Those of the other.
        bounds: What is wanted.

    Raises:
        OpenCVMissing: OpenCV isn't installed.
    """
    if not (first.finer.size and second.finer.size):
        return False
    found = align(first, second)
    if found is None or found.inliers < bounds.same_points:
        return False
    state = compare_states(first, second, found)
    if state is None or not state.drawn or not _differs_in_one_place(state, bounds):
        return False
    return overlap(first, second, found).agreed >= bounds.right_map


def judge(points: int, lies: Overlap, bounds: Bounds = DEFAULT_BOUNDS) -> Tie:
    """The tie that points and overlap make."""
    first, second = lies.first >= bounds.within, lies.second >= bounds.within
    if (first or second) and any(
        _is_enough(points, lies, one) for one in _table(lies, bounds, is_whole=first and second)
    ):
        return _by_place(lies, bounds)
    return Tie.SHARES_A_PART if points >= bounds.shared else Tie.UNRELATED


def _by_edges(tie: Tie, pair: tuple[Features, Features], found: Alignment, lies: Overlap, bounds: Bounds) -> Tie:
    """The tie of two pictures of which one lies in the other in part, by where what is common ends."""
    first, second = lies.first >= bounds.within, lies.second >= bounds.within
    if tie in _SAME:
        is_doubted = lies.agreed < bounds.doubted and not (first and second)
        sides = sides_of_common(*pair, found) if is_doubted else ()
        return Tie.SHARES_A_PART if end_in_both(sides, bounds) and judge_sides(sides, bounds) is None else tie
    if not (first or second):
        is_asked = any(_is_enough(found.inliers, lies, one) for one in bounds.cut)
        return (judge_ends(ends(*pair, found), bounds) if is_asked else None) or tie
    is_asked = any(_is_enough(found.inliers, lies, one) for one in bounds.pasted)
    return (judge_sides(sides_of_common(*pair, found), bounds) if is_asked else None) or tie


def _by_pixels(
    tie: Tie, pair: tuple[Features, Features], found: Alignment, lies: Overlap, bounds: Bounds
) -> tuple[Tie, Overlap]:
    """The tie of two pictures with few points, or of which one is covered, by a map that their pixels make better.

    Not asked where both may be drawings: icons of one set would be asked by thousands, and none of them be a copy.
    """
    if max(lies.first, lies.second) < bounds.within:
        return tie, lies
    better = fit(*pair, found)
    again = lies if better is found else overlap(*pair, better)
    if not (judge_fitted(found.inliers, again, bounds) or _is_covered(pair, better, again, bounds)):
        return tie, lies
    state = compare_states(*pair, better)
    if state is not None and state.drawn and not again.of_ware:
        return tie, lies
    same = _by_place(again, bounds)
    told = judge_state(same, state, again, bounds)
    return (same, again) if told in _SAME else (tie, lies)


def judge_fitted(points: int, lies: Overlap, bounds: Bounds = DEFAULT_BOUNDS) -> bool:
    """Whether all that lies in both is so much alike that few points are enough."""
    first, second = lies.first >= bounds.within, lies.second >= bounds.within
    is_moved = first != second or (first and lies.moved >= bounds.moved)
    is_enough = any(_is_enough(points, lies, one) for one in bounds.fitted)
    return is_moved and is_enough and lies.closely >= bounds.closely


def _is_covered(pair: tuple[Features, Features], found: Alignment, lies: Overlap, bounds: Bounds) -> bool:
    if found.inliers < bounds.cover_points or max(lies.first, lies.second) < bounds.within:
        return False
    seen = cover(*pair, found)
    return seen is not None and judge_cover(seen, bounds)


def judge_cover(seen: Cover, bounds: Bounds = DEFAULT_BOUNDS) -> bool:
    """Whether what differs covers one picture alone, and the other one goes on there."""
    is_small = seen.share <= bounds.cover_share and seen.enclosed >= bounds.cover_enclosed
    is_same = seen.around >= bounds.cover_around and seen.cells >= bounds.cover_cells and seen.left <= bounds.cover_left
    return (
        is_small
        and is_same
        and any(
            goes_on.strength <= bounds.cover_goes_on and _speaks_for(covered, goes_on) >= bounds.cover_speaks
            for covered, goes_on in (seen.edges, seen.edges[::-1])
        )
    )


def end_in_both(sides: Sequence[Side], bounds: Bounds = DEFAULT_BOUNDS) -> bool:
    """Whether what is common ends, at any side, at an edge of both: another picture stands beside it in each."""
    return any(
        all(one.strength >= bounds.both_edges and one.alike <= bounds.both_unlike for one in edges)
        for side in sides
        for edges in side
    )


def judge_sides(sides: Sequence[Side], bounds: Bounds = DEFAULT_BOUNDS) -> Tie | None:
    """The tie of two pictures of which one has edges where what is common ends, and the other goes on there.

    All sides are taken together. Never a copy, whatever lies in what: around what was pasted there is something else.
    """
    first = sum(_speaks_for(*side.of_first) for side in sides)
    second = sum(_speaks_for(*side.of_second) for side in sides)
    if len(sides) < bounds.least_sides or max(first, second) < bounds.pasted_speaks:
        return None
    return Tie.CONTAINS if first >= second else Tie.PART_OF


def _speaks_for(here: Edge, there: Edge) -> float:
    """How much one side speaks for an edge here, where the other picture goes on."""
    low, high = _STRENGTHS
    strengths = (min(max(edge.strength, low), high) for edge in (here, there))
    return math.log(next(strengths)) - math.log(next(strengths)) + there.alike - here.alike


def judge_ends(found: Ends, bounds: Bounds = DEFAULT_BOUNDS) -> Tie | None:
    """The tie of two pictures that overlap, if one goes on where the other ends, which was pasted into it there."""
    if _was_cut(found.second, found.first, bounds):
        return Tie.CONTAINS
    return Tie.PART_OF if _was_cut(found.first, found.second, bounds) else None


def _was_cut(pasted: Sequence[Border], cut: Sequence[Border], bounds: Bounds) -> bool:
    """Whether a picture ends within another at edges, and that one ends within it where it goes on."""
    has_edges = all(border.inner >= bounds.cut_edges or border.alike == 0 for border in pasted)
    goes_on = all(
        border.edge <= bounds.goes_on and bounds.goes_on_alike <= border.alike < 1 and border.beyond <= bounds.beyond
        for border in cut
    )
    return (
        len(pasted) >= bounds.least_sides
        and bool(cut)
        and has_edges
        and goes_on
        and max(border.inner for border in pasted) >= bounds.cut_edge
    )


def judge_state(tie: Tie, state: State | None, lies: Overlap, bounds: Bounds = DEFAULT_BOUNDS) -> Tie:
    """The tie of two drawings that were looked at more closely; of anything else the same tie.

    Args:
        tie: What points and overlap make of them. Where it isn't one of the same, there are points enough for it.
        state: What a closer look found; None of what can't be drawings.
        lies: How they lie upon each other.
        bounds: What is wanted.
    """
    if state is None or not state.drawn:
        return tie
    in_one_place = _differs_in_one_place(state, bounds)
    if tie in _SAME:
        has_patch = lies.agreed < bounds.patch_cells or lies.covered > bounds.patch_covered
        # Of wares that differ nowhere much, ink is noise, shadows, and what lies along their edges.
        most = bounds.patch_ink if has_patch else math.inf if lies.of_ware else bounds.other_ink
        is_other = state.ink - state.usual > most or state.coloured > bounds.coloured
        return Tie.SHARES_A_PART if is_other or in_one_place else tie
    return _by_place(lies, bounds) if not in_one_place and _is_one_state(state, lies, bounds) else tie


def _is_one_state(state: State, lies: Overlap, bounds: Bounds) -> bool:
    """Whether drawings of which few points agree lack next to no ink of each other, nor tones, nor shapes."""
    is_even = lies.moved >= bounds.moved or lies.evenly >= bounds.same_evenly
    has_other_shapes = state.apart > bounds.shapes + bounds.shapes_times * state.half_apart
    return (
        state.ink <= (bounds.same_ink if is_even else bounds.uneven_ink)
        and state.ink - state.usual <= bounds.same_beyond
        and max(state.lighter, state.coloured) <= bounds.same_light
        and not (lies.met < bounds.few_met and has_other_shapes)
    )


def _differs_in_one_place(state: State, bounds: Bounds) -> bool:
    return state.apart > bounds.one_place + bounds.one_place_times * state.usually_apart


def _may_be_one_state(points: int, lies: Overlap, bounds: Bounds) -> bool:
    """Whether all of one lies in the other, and nearly agrees, so that with as much ink they are the same."""
    return (
        points >= bounds.same_points
        and lies.agreed >= bounds.same_cells
        and max(lies.first, lies.second) >= bounds.within
        and lies.cells >= bounds.same_told
    )


def _by_place(lies: Overlap, bounds: Bounds) -> Tie:
    """The tie of what is the same, by which of them lies in the other."""
    first, second = lies.first >= bounds.within, lies.second >= bounds.within
    return Tie.COPY if first and second else Tie.PART_OF if first else Tie.CONTAINS


def _table(lies: Overlap, bounds: Bounds, *, is_whole: bool) -> tuple[Wanted, ...]:
    """What is wanted where pictures lie so; of wares on even ground what is of photographs or of drawings."""
    is_rich, is_small = lies.told >= bounds.rich, lies.side_px < bounds.small_px
    if not is_whole:
        return bounds.part if is_rich else bounds.plain_part
    if lies.moved >= bounds.moved:
        of_photographs = bounds.whole if is_rich and not is_small else bounds.plain
        of_drawings = bounds.drawn_moved
    elif is_small:
        return bounds.small
    else:
        of_photographs, of_drawings = bounds.in_place, bounds.drawn
    if lies.flat < bounds.flat:
        return of_photographs
    return of_photographs + of_drawings if lies.of_ware else of_drawings


def _is_enough(points: int, lies: Overlap, wanted: Wanted) -> bool:
    return (
        points >= wanted.points
        and lies.agreed >= wanted.agreed
        and lies.met >= wanted.met
        and lies.could >= wanted.could
        and lies.held >= wanted.held
        and lies.held_cells >= wanted.held_cells
        and lies.cells >= wanted.cells
        and lies.covered <= wanted.covered
        and lies.around >= wanted.around
        and lies.around_met >= wanted.around_met
        and lies.evenly >= wanted.evenly
        and (lies.flat <= wanted.flat or lies.of_ware)
    )
