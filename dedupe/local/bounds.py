"""What is wanted of a relation of two pictures: the numbers, and what was measured on either side of them."""

from dataclasses import dataclass
from typing import Final, NamedTuple


class Wanted(NamedTuple):
    """What is enough together.

    Attributes:
        points: Least number of points.
        agreed: Least share of cells that agree.
        met: Least share of the points that could agree.
        could: Least number of points that could: drawings have few.
        held: Least share of cells that agree between the points.
        held_cells: Least number of cells there.
        cells: Least number of cells that say something.
        covered: Largest share of what lies in both that one patch may take that differs.
        around: Least share of cells that agree around that patch.
        around_met: Least share of the points around it that could agree.
        evenly: Least share of the places around it where as many points agree as elsewhere.
        flat: Largest share of cells of one tone exactly, in both: drawings have many.
    """

    points: int
    agreed: float
    met: float = 0.0
    could: int = 0
    held: float = 0.0
    held_cells: int = 0
    cells: int = 8
    covered: float = 1.0
    around: float = 0.0
    around_met: float = 0.0
    evenly: float = 0.0
    flat: float = 1.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is wanted of a relation.

    Of each table one line in full is enough. Few points are, where nearly all cells agree; a large sticker is forgiven
    where points are many. Templates, cards, receipts and windows of one program with other content lie upon each other
    to the pixel, and so do few copies: what was covered, or drawn upon. There much is wanted, of what photographs have:
    many points, a third of which agree. On plain ground stand cards and icons, whose parts are alike.

    Attributes:
        in_place: Where one lies upon the other with nothing moved. Of two pictures of which one half is the same up to
            0.62 of the cells agree; of photographs with a sticker on them 0.54 and more, but nearly all around the
            sticker. Of slides upon one photograph, and pages with one banner, up to 0.25 of the points around what
            differs most agree, and where texts stand hardly any (``evenly``, up to 0.86); of blurred photographs with a
            sticker on them 0.13, and everywhere.
        drawn: The same of drawings, windows, and wares on white. Of one window with other entries 242 points agree,
            0.44 of them, and 0.77 of the cells; of dials and rings of parts 49 points; of forms with other entries 0.34
            of the points and all cells, of chess boards with one piece elsewhere 0.38.
        small: The same of small pictures. Of faces with another mouth 105 points agree, of 139, and 0.94 of the cells;
            of gauges 85, 0.37, and 0.97.
        whole: Where all of both lies in both, turned, sized or skewed. Of unrelated photographs 9 points at most agree;
            of keyboards and pianos with other keys 31, of which there are 190.
        plain: The same on plain ground, and of small pictures: of two icons on one sheet 67 points agree, of 143, and
            0.71 of the cells.
        drawn_moved: As ``plain``, of drawings and windows: of one window of two sizes with other entries 156 points
            agree, and 0.65 of the cells; of two panels of one program 77 and 0.90.
        part: Where one lies in the other.
        plain_part: The same on plain ground.
        pasted: Where all agrees between the points, whatever is around: what was cropped and then pasted. So do pages,
            collages and frames with one photograph; so it is asked, too, where the common part ends.
        cut: Where neither lies in the other, and all agrees where they overlap. So do two crops of one scene, and
            collages; so it is asked, too, where each of them ends.
        fitted: By a map that pixels made better, where something moved, or one lies in the other: few points, where all
            is the same, and much alike (``closely``).
        closely: Which share of the cells is so. Of 15 pairs of pages with other letters, of which as many cells agree,
            0.33 at most are, of two that show most of one photograph 0.71; of 30 copies 0.59 and more.
        cover_points: Least number of points where what covers one picture is told from what the other one shows.
        cover_share: Largest share that it takes. Of halves that are the same, and windows before one photograph, more.
        cover_around: Least share of cells around it that show the same …
        cover_cells: … of so many at least.
        cover_left: By so many levels pixels may differ there: of pages with other letters by 9 and more.
        cover_enclosed: Least share of its outline that lies within both: of a half, and of what stands beside, less.
        cover_goes_on: How strong an edge the picture that isn't covered may have along that outline …
        cover_speaks: … and from which sum on, as ``pasted_speaks``, the other one was covered.
        doubted: Below which share of cells that agree it is asked of what lies in the other, too, where that ends.
        both_edges: From which edge of both pictures on, at one side, each shows the same part in its own way: another
            page, or collage. Of 225 such pairs 54 have one, of seven copies that were covered none.
        both_unlike: … if rows on either side are no more alike than that.
        pasted_speaks: From which sum on, of what each side says, common parts were pasted: how many times stronger the
            edge is in the one picture (its logarithm), and how much more alike rows are in the other. Of 370 pairs of
            pages, collages, frames and desktops with one photograph five have 3.4, of 51 crops that were pasted 42.
        least_sides: … of so many sides at least: a half that is the same has one.
        goes_on: Up to which edge a picture goes on where another one ends that it overlaps …
        goes_on_alike: … if rows are so much alike.
        cut_edge: From which edge on the other one was pasted: at the side where it is strongest, …
        cut_edges: … and at each one.
        beyond: Up to which edge a picture goes on farther out: there another picture of a collage begins.
        moved: From which share of the sides on corners are said to be elsewhere.
        flat: From which share of cells of one tone exactly, in both, on they are drawings: photographs have noise.
        small_px: Pictures whose longer side is below it are as icons are: half of their points agree, whatever sign
            they bear. Smaller ones than 256 px were enlarged to that.
        rich: From which share of cells that say something on the ground isn't plain.
        within: From which share on a picture is said to lie within another.
        shared: Least number of points of what only shares a part.
        other_ink: From how much other ink on, beyond what is usual, two drawings are one thing in two states. Of 300
            edits of windows, sheets and icons that neither cover them nor write on them six have more.
        patch_ink: The same where a patch differs: of one account with other entries ink is everywhere.
        patch_cells: Below which share of cells that agree a patch differs: of such accounts 0.6 to 0.85 do.
        patch_covered: … and above which share that the largest such patch takes.
        coloured: From how many levels on, by which a tone is another beside the best brightness and contrast, one was
            coloured otherwise: two players' pieces differ by 47 and more.
        same_ink: Up to how much ink that one lacks two drawings are the same, whatever share of the points agrees: of
            300 pairs of boards, pages and tables in two states the least has 0.2, of edits the most 0.09.
        same_beyond: … and up to how much beyond what is usual.
        same_light: … and no tone by so many levels lighter or darker: hearts of two colours differ in nothing else.
        same_points: … where so many points agree.
        same_cells: … and such a share of cells.
        same_told: … and so many cells say something.
        same_evenly: … where something moved, or as many points agree in such a share of places.
        uneven_ink: The same where not: small letters are next to no ink, of 14 other rows 0.08.
        one_place: From how much on, beyond so many times what is usual, drawings differ in one place, and hardly
            elsewhere. Of forms with another name in letters of 10 to 20 px the least has 0.066 where 0.001 is usual; of
            3,251 edits of drawings that hashes find three have more, but for maps that aren't right (``right_map``).
        one_place_times: See there.
        few_met: Below which share of the points that agree shapes are asked for, too: of clubs and spades, whose ink
            lies within two pixels of each other, up to 0.19 agree, as the numbers beside them do.
        shapes: … and from how much on, beyond so many times what half of the places with edges have, they are others:
            of clubs and spades 0.22 where half have 0.03; of 543 edits of which few points agree five have more.
        shapes_times: See there.
        right_map: From which share of cells that agree on a map is right, of what hashes take for copies.
    """

    in_place: tuple[Wanted, ...] = (
        Wanted(130, agreed=0.65, met=0.3, could=300, evenly=0.9),
        Wanted(60, agreed=0.85, met=0.5, evenly=0.9),
        Wanted(60, agreed=0.95, met=0.2, evenly=0.9),
        Wanted(20, agreed=0.99, met=0.2, evenly=0.9),
        Wanted(60, agreed=0.5, covered=0.45, around=0.93, around_met=0.35, evenly=0.9),
        Wanted(45, agreed=0.78, covered=0.4, around=0.99, around_met=0.12, evenly=0.9),
    )
    drawn: tuple[Wanted, ...] = (
        Wanted(250, agreed=0.7, met=0.48, evenly=0.95),
        Wanted(150, agreed=0.85, met=0.5, evenly=0.95),
        Wanted(60, agreed=0.85, met=0.5, evenly=0.95),
        Wanted(60, agreed=0.97, met=0.45, evenly=0.95),
        Wanted(80, agreed=0.99, met=0.4, evenly=0.95),
        Wanted(200, agreed=0.995, met=0.42),
        Wanted(50, agreed=0.65, could=100, covered=0.42, around=0.97, around_met=0.5, evenly=0.95),
    )
    small: tuple[Wanted, ...] = (
        Wanted(200, agreed=0.72, met=0.52, could=480),
        Wanted(60, agreed=0.97, met=0.4, could=200),
        Wanted(35, agreed=0.99, met=0.44),
        Wanted(60, agreed=0.97, met=0.2, could=200, flat=0.02),
        Wanted(30, agreed=0.99, met=0.25, flat=0.02),
        Wanted(150, agreed=0.8, could=300, covered=0.3, around=0.99, around_met=0.65, evenly=0.95),
    )
    whole: tuple[Wanted, ...] = (
        Wanted(40, agreed=0.6, met=0.1),
        Wanted(32, agreed=0.75),
        Wanted(14, agreed=0.75, met=0.2, evenly=0.8),
        Wanted(8, agreed=0.96, met=0.2, evenly=0.8),
    )
    plain: tuple[Wanted, ...] = (
        Wanted(80, agreed=0.6, met=0.2),
        Wanted(50, agreed=0.8, could=400),
        Wanted(50, agreed=0.9),
        Wanted(30, agreed=0.85, met=0.18, held=0.98, held_cells=50),
        Wanted(20, agreed=0.92, met=0.2, could=60),
        Wanted(14, agreed=0.95, met=0.18, could=60),
        Wanted(14, agreed=0.97, met=0.13, could=80, evenly=0.8),
    )
    drawn_moved: tuple[Wanted, ...] = (
        Wanted(80, agreed=0.85, met=0.4),
        Wanted(50, agreed=0.93),
        Wanted(20, agreed=0.95, met=0.2, could=60),
        Wanted(14, agreed=0.96, met=0.18, could=60),
    )
    part: tuple[Wanted, ...] = (
        Wanted(30, agreed=0.5),
        Wanted(20, agreed=0.6),
        Wanted(12, agreed=0.8),
        Wanted(10, agreed=0.85),
        Wanted(7, agreed=0.95),
        Wanted(6, agreed=0.98),
        Wanted(10, agreed=0.9, cells=1),
        Wanted(9, agreed=0.95, cells=4),
    )
    plain_part: tuple[Wanted, ...] = (
        Wanted(80, agreed=0.5, met=0.25, evenly=0.8),
        Wanted(20, agreed=0.83, met=0.35),
        Wanted(20, agreed=0.89, met=0.15),
        Wanted(12, agreed=0.9, met=0.2),
        Wanted(10, agreed=0.97, met=0.15),
    )
    pasted: tuple[Wanted, ...] = (Wanted(18, agreed=0.3, could=200, held=0.95, held_cells=18),)
    cut: tuple[Wanted, ...] = (Wanted(8, agreed=0.95, cells=10),)
    fitted: tuple[Wanted, ...] = (Wanted(5, agreed=0.9, cells=18, flat=0.05),)
    closely: float = 0.6
    cover_points: int = 10
    cover_share: float = 0.28
    cover_around: float = 0.97
    cover_cells: int = 30
    cover_left: float = 6.5
    cover_enclosed: float = 0.6
    cover_goes_on: float = 1.6
    cover_speaks: float = 0.5
    doubted: float = 0.85
    both_edges: float = 2.0
    both_unlike: float = 0.5
    pasted_speaks: float = 3.7
    least_sides: int = 2
    goes_on: float = 1.2
    goes_on_alike: float = 0.35
    cut_edge: float = 4.0
    cut_edges: float = 2.0
    beyond: float = 2.2
    moved: float = 0.06
    flat: float = 0.02
    small_px: int = 288
    rich: float = 0.85
    within: float = 0.7
    shared: int = 16
    other_ink: float = 0.115
    patch_ink: float = 0.045
    patch_cells: float = 0.85
    patch_covered: float = 0.16
    coloured: float = 42.0
    same_ink: float = 0.09
    same_beyond: float = 0.06
    same_light: float = 15.0
    same_points: int = 16
    same_cells: float = 0.94
    same_told: int = 40
    same_evenly: float = 0.9
    uneven_ink: float = 0.06
    one_place: float = 0.04
    one_place_times: float = 5.0
    few_met: float = 0.2
    shapes: float = 0.12
    shapes_times: float = 2.5
    right_map: float = 0.8

    @property
    def fewest(self) -> int:
        """Points below which nothing is said."""
        tables = (self.in_place, self.drawn, self.small, self.whole, self.plain, self.drawn_moved)
        parts = (self.part, self.plain_part, self.pasted, self.cut, self.fitted)
        return min(one.points for table in (*tables, *parts) for one in table)


DEFAULT_BOUNDS: Final = Bounds()
