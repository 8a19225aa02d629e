"""What one picture is to another, by their local features.

copy            both show the same, with edits: turned, skewed, framed, covered here and there, cropped a little
part_of         the first is a part of the second: cropped out of it, or pasted into it
contains        the second is a part of the first
shares_a_part   both have something in common, such as a logo, a frame, or one edge of a scene: never a duplicate
unrelated       nothing of the kind was found
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from synsift.dedupe.decode import DEFAULT_MAX_PIXELS
from synsift.dedupe.inputs import Source
from synsift.dedupe.local.features import Features, describe
from synsift.dedupe.local.geometry import align
from synsift.dedupe.local.overlap import Overlap, overlap


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


class Wanted(NamedTuple):
    """What is enough together.

    Attributes:
        points: Least number of points.
        agreed: Least share of cells that agree.
        met: Least share of the points that could agree.
        told: Least share of cells that aren't plain.
    """

    points: int
    agreed: float
    met: float = 0.0
    told: float = 0.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is wanted of a relation.

    Of each table one line in full is enough. Few points are, where nearly all cells agree; a large sticker is forgiven
    where points are many. Where all of either picture lies in the other, hashes have looked already, and what they left
    apart is more often alike than the same. On plain ground stand cards, receipts and icons, whose parts are alike.

    Attributes:
        whole: Where all of both lies in both. Of cards with 9 and 10 pips up to 41 points and 0.83 of the cells agree.
        part: Where one lies in the other. Of unrelated photographs 5 points at most agree.
        plain: On plain ground. Of cards with 8 and 9 hearts up to 65 points agree, a share of 0.43 of them, and 0.94 of
            the cells; of receipts a share of 0.13 of the points.
        plain_part: On plain ground, where one is a part of the other and not nearly all of it: receipts and cards lie
            wholly in each other.
        rich: From which share of cells that say something on the ground isn't plain.
        cells: Least number of such cells.
        within: From which share on a picture is said to lie within another.
        shared: Least number of points of what only shares a part.
    """

    whole: tuple[Wanted, ...] = (Wanted(60, agreed=0.6), Wanted(40, agreed=0.85), Wanted(8, agreed=0.96))
    part: tuple[Wanted, ...] = (Wanted(60, agreed=0.5), Wanted(20, agreed=0.7), Wanted(6, agreed=0.85))
    plain: tuple[Wanted, ...] = (
        Wanted(80, agreed=0.6, met=0.2),
        Wanted(60, agreed=0.6, met=0.5),
        Wanted(70, agreed=0.93, met=0.3, told=0.6),
        Wanted(20, agreed=0.965, met=0.2),
    )
    plain_part: tuple[Wanted, ...] = (Wanted(20, agreed=0.85, met=0.3), Wanted(10, agreed=0.97, met=0.28))
    rich: float = 0.85
    cells: int = 8
    within: float = 0.7
    shared: int = 16

    @property
    def fewest(self) -> int:
        """Points below which nothing is said."""
        return min(one.points for one in (*self.whole, *self.part, *self.plain, *self.plain_part))


DEFAULT_BOUNDS: Final = Bounds()
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
        OpenCVMissing: A picture has to be described, and OpenCV isn't installed.
        ImageError: A picture can't be decoded.
    """
    one = first if isinstance(first, Features) else describe(first, max_pixels=max_pixels)
    other = second if isinstance(second, Features) else describe(second, max_pixels=max_pixels)
    found = align(one, other)
    if found is None or found.inliers < bounds.fewest:
        return UNRELATED
    lies = overlap(one, other, found)
    tie = judge(found.inliers, lies, bounds)
    return Relation(tie, found.inliers, lies.agreed, lies.first, lies.second, found.mirrored)


def judge(points: int, lies: Overlap, bounds: Bounds = DEFAULT_BOUNDS) -> Tie:
    """The tie that points and overlap make."""
    first, second = lies.first >= bounds.within, lies.second >= bounds.within
    if (first or second) and lies.cells >= bounds.cells:
        is_whole = first and second
        if lies.told < bounds.rich:
            table = bounds.plain if is_whole else (*bounds.plain, *bounds.plain_part)
        else:
            table = bounds.whole if is_whole else bounds.part
        if any(_is_enough(points, lies, one) for one in table):
            return Tie.COPY if is_whole else Tie.PART_OF if first else Tie.CONTAINS
    return Tie.SHARES_A_PART if points >= bounds.shared else Tie.UNRELATED


def _is_enough(points: int, lies: Overlap, wanted: Wanted) -> bool:
    return (
        points >= wanted.points and lies.agreed >= wanted.agreed and lies.met >= wanted.met and lies.told >= wanted.told
    )
