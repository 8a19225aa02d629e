"""The second look: what two pictures that hashes propose agree in.

A hash of signs can't tell a product from another one that is photographed alike, nor from the same one in another
colour. So a fingerprint has evidence: the lowest frequencies of luminance and colour, from which small pictures are
made again. They are laid over one another (``dedupe.alignment``) and compared, place by place. What that means is for
``dedupe.judgement`` to say.

    detail      of the 12×12 lowest frequencies, the higher counting for more, so that a large plain ground doesn't
                drown the subject; after the tone curve that makes the one most like the other
    places      of 8×8 overlapping parts, those that show something, each by itself: what is pasted over a part, a
                vignette, or any change of light leaves the others as they were
    colours     in the places that agree, after one change of saturation and of balance for all
    finer       where both show little: the thumbnails that such pictures carry
    stretch     how much more one axis had to be stretched than the other
"""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.alignment import MIN_OVERLAP, Seen, align, cosine, toned
from synsift.dedupe.colours import colours, has_one_tint
from synsift.dedupe.drawn import drawn_share
from synsift.dedupe.elsewhere import are_framed_alike, outside_bits
from synsift.dedupe.evidence import GRID, PICTURE_SIDE, Picture, picture_of
from synsift.dedupe.finer_look import HUES_LEAST, Finer, finer_look, thumbnails_of
from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.frequencies import (
    FREQUENCIES,
    HASH_BITS,
    HASH_BYTES,
    ORIENTATIONS,
    Floats,
    dct_matrix,
    oriented_hashes,
    taper,
    undone_by,
)
from synsift.dedupe.margins import plain_margin
from synsift.dedupe.places import places_of
from synsift.dedupe.views import View

_STEPS: Final = 6
# Less of a drawing's edges in another one's margin is what two maps differ by.
_LEAST_IN_MARGIN: Final = 0.005
_ENOUGH: Final = 0.97
_ENOUGH_FOR_FINER: Final = 0.99
# With so much of a photograph in view, its thumbnail is surely seen, too: else that would speak against a copy.
_SURELY_SEEN: Final = 0.5
# Details that agree less may have been led astray.
_DOUBTFUL: Final = 0.9
# With details that agree so far, in all places, two photographs show the same light.
_SAME_LIGHT: Final = 0.99
_DETAILS: Final = 12
_DETAIL: Final = dct_matrix(_DETAILS, PICTURE_SIDE)
_DETAIL_WEIGHT: Final[Floats] = np.hypot(*np.meshgrid(np.arange(_DETAILS), np.arange(_DETAILS))).astype(np.float32)
_TAPER: Final = taper(PICTURE_SIDE)
_TAPER_SHARE: Final = _TAPER / _TAPER.sum()
_TAPERED: Final[Floats] = dct_matrix(FREQUENCIES, PICTURE_SIDE) * _TAPER


class Side(NamedTuple):
    """One of two pictures in a second look.

    Attributes:
        evidence: Of its fingerprint.
        fine: The same; empty of a picture that shows much.
        information: Of its fingerprint.
        inside_px: Width and height of what is inside of its borders.
        view: What the hash saw of it.
        hashes: Of the whole, and of what is inside of its borders, one after the other; empty without borders.
    """

    evidence: bytes
    fine: bytes
    information: float
    inside_px: tuple[float, float]
    view: View
    hashes: bytes = b""


def side_of(image: Fingerprint, view: View) -> Side:
    """A picture for a second look, of which a hash saw a view."""
    return Side(image.evidence, image.fine, image.information, image.inside_px, view, image.framed_hashes)


def in_order(query: Side, stored: Side, orientation: int) -> tuple[Side, Side, int]:
    """The same pair, whichever of the two is the query: the smaller picture first, of equals the one of lesser bytes.

    One is laid over the other and sampled there, which isn't the same as the other over the one: near the threshold a
    pair would be one of copies, or none, by the order in which the two came.

    Args:
        query: The one.
        stored: The other.
        orientation: Which of the query's orientations is like the other, as a number of ``ORIENTATIONS``.

    Returns:
        The one that is laid out, the one that is laid over it, and which of the first one's orientations that takes.
    """
    if _rank(query) <= _rank(stored):
        return query, stored, orientation
    name = ORIENTATIONS[orientation]
    back = ORIENTATIONS.index(undone_by(name))
    return stored._replace(view=stored.view.turned(back)), query._replace(view=query.view.turned(back)), back


def _rank(side: Side) -> tuple[float, bytes, bytes]:
    return math.prod(side.inside_px), side.evidence, side.fine


class Written(NamedTuple):
    """How far what is written on two pages agrees.

    Attributes:
        share: How far both are pages and no drawings: 0 to 1.
        alike: The correlation of what is as fine as the pixels of their thumbnails, over all: 0.8 of 95 in a hundred
            copies at least, 0.53 of pages with other texts at most.
        least: The same of the three places that agree least; 1 where few have a texture.
        worst: What differs in the places where most does; see ``Finer.differs_surely``.
    """

    share: float
    alike: float
    least: float
    worst: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two pictures agree; see the module.

    Attributes:
        detail: Of detail; -1 where they hardly overlap.
        places: Share of the places that agree, of those that show something.
        overlap: Share of the first that the second shows, or of the second that the first shows, the larger one.
        stretch: How many times more one axis is stretched than the other.
        colours: Share of the coloured places whose colours agree, of those that agree in light.
        one_tint: Whether one of them, and not the other, has no colours, or one tint all over. It is asked where
            colours differ, and else False.
        bits: How many bits of their hashes differ, of 256, where one is laid over the other.
        information: Of the one that has more, in grey levels.
        contrast: Contrast of the first to that of the second.
        is_turned: Whether one is mirrored or turned.
        finer: Of the finer thumbnails; None unless both have one, and of photographs.
        are_photographs: Whether both have a finer thumbnail, by which they are photographs: these aren't compared then,
            as it would count for nothing.
        outside_bits: Of drawings with the same borders, in how many more bits hashes of the wholes differ than those
            of what is inside.
        in_margin: Share of a drawing's edges that lie where the other one has nothing but its margin.
        written: Of pages that were photographed or scanned; None of other pairs.
    """

    detail: float
    places: float
    overlap: float
    stretch: float
    colours: float
    one_tint: bool
    bits: int
    information: float
    contrast: float
    is_turned: bool
    finer: Finer | None
    are_photographs: bool = False
    outside_bits: int = 0
    in_margin: float = 0.0
    written: Written | None = None


_APART: Final = Agreement(
    detail=-1.0,
    places=0.0,
    overlap=0.0,
    stretch=1.0,
    colours=0.0,
    one_tint=False,
    bits=HASH_BITS // 2,
    information=0.0,
    contrast=0.0,
    is_turned=False,
    finer=None,
)


def second_look(query: Side, stored: Side, *, orientation: int) -> Agreement:
    """Compare two pictures.

    Args:
        query: The one.
        stored: The other.
        orientation: Which of the query's orientations is like the other, as a number of ``ORIENTATIONS``.
    """
    one, other = picture_of(query.evidence, orientation, query.fine), picture_of(stored.evidence, 0, stored.fine)
    first = first_map(one, query.view, other, stored.view)
    side_px = min(_side_px(query), _side_px(stored))
    enough = _ENOUGH if one.fine is None or other.fine is None else _ENOUGH_FOR_FINER
    seen = align(GRID, (one.luma, other.layers), first, steps=_STEPS, enough=enough)
    if seen is None:
        return _APART
    detail = _detail(one.luma, seen)
    both = thumbnails_of(one, other, seen, side_px=side_px)
    # Light that isn't the same all over, such as a vignette's, leads a map astray: dark edges are like more of a
    # picture that is dark at its edges. Details, of which light is the least part, say so. Among drawings, of which so
    # many are alike, the better of two maps would forgive too much.
    if detail < _DOUBTFUL and (both is None or drawn_share(both) == 0):
        unrefined = Seen(GRID, other.layers, first)
        if unrefined.share >= MIN_OVERLAP and (agrees := _detail(one.luma, unrefined)) > detail:
            seen, detail = unrefined, agrees
            both = thumbnails_of(one, other, seen, side_px=side_px)
    places = places_of(one.luma, seen)
    colours_agree = colours(one, seen, places)
    drawn = 1.0 if both is None else drawn_share(both)
    are_photographs = seen.share >= _SURELY_SEEN and drawn == 0
    # Of drawings, of which more is asked anyhow, it isn't reckoned.
    pages = (1 - drawn) * min(one.page_share, other.page_share) if drawn < 1 else 0.0
    finer = None
    if both is not None and (pages or not are_photographs):
        finer = finer_look(one, other, seen, both, are_pages=pages > 0)
    written = _written(pages, finer)
    finer = None if are_photographs else finer
    is_same_light = (both is None or are_photographs) and detail >= _SAME_LIGHT and places.share == 1
    is_thing = finer is not None and finer.shaded > 0
    one_tint = colours_agree < 1 or (finer is not None and finer.hues > HUES_LEAST)
    bits = _bits(one.luma, seen)
    return Agreement(
        detail=detail,
        places=places.share,
        overlap=seen.share * max(1.0, area_of(seen.place)),
        stretch=stretch_of(seen.place, query.inside_px[:: -1 if orientation >= 4 else 1], stored.inside_px),
        colours=colours_agree,
        one_tint=one_tint
        and has_one_tint(one.chroma, one.soft_luma, seen, is_same_light=is_same_light, is_thing=is_thing),
        bits=bits,
        information=max(query.information, stored.information),
        contrast=_contrast(one.luma, seen),
        is_turned=orientation != 0,
        finer=finer,
        are_photographs=are_photographs,
        outside_bits=0 if finer is None else _outside_bits((one, query), (other, stored), orientation, bits),
        in_margin=0.0 if finer is None else _in_margin((one, query), (other, stored), orientation, finer.margins),
        written=written,
    )


def _written(pages: float, finer: Finer | None) -> Written | None:
    """``Agreement.written`` of two pictures that are pages to some share; of others nothing is asked."""
    if not pages or finer is None:
        return None
    return Written(pages, finer.texture.alike, finer.texture.least, finer.differs_surely.worst)


def _outside_bits(one: tuple[Picture, Side], other: tuple[Picture, Side], orientation: int, bits: int) -> int:
    """``Agreement.outside_bits`` of the query and the stored picture, whose insides differ in so many bits."""
    (mine, query), (theirs, stored) = one, other
    if not are_framed_alike(mine.borders, theirs.borders):
        return 0
    return outside_bits(query.hashes, stored.hashes, orientation, bits)


def _in_margin(
    one: tuple[Picture, Side], other: tuple[Picture, Side], orientation: int, shares: tuple[float, float]
) -> float:
    """``Agreement.in_margin`` of the query and the stored picture, with what each shows in the other's margin."""
    found = 0.0
    for share, (picture, side), turn in ((shares[0], other, 0), (shares[1], one, orientation)):
        if share > _LEAST_IN_MARGIN and side.hashes:
            whole = np.frombuffer(side.hashes[:HASH_BYTES], np.uint8)[None]
            found = max(found, share * plain_margin(picture, oriented_hashes(whole)[0, turn].tobytes()))
    return found


def _side_px(side: Side) -> float:
    """Of a square with as many pixels as what is inside of the borders."""
    return math.sqrt(side.inside_px[0] * side.inside_px[1])


def stretch_of(place: Floats, size_px: tuple[float, ...], other_px: tuple[float, ...]) -> float:
    """How many times more a map stretches one axis than the other, on the pictures as they are."""
    (a, b), (c, d) = (
        (across * other / max(size_px[0], 1e-6), down * other / max(size_px[1], 1e-6))
        for (across, down, _), other in zip(place.tolist(), other_px, strict=True)
    )
    # Singular values of a 2×2 matrix are the sum and the difference of these two.
    one, two = math.hypot(a + d, b - c), math.hypot(a - d, b + c)
    return (one + two) / max(abs(one - two), 2e-6)


def area_of(place: Floats) -> float:
    """How many times a map enlarges areas."""
    (a, b, _), (c, d, _) = place.tolist()
    return float(abs(a * d - b * c))


def _contrast(mine: Floats, seen: Seen) -> float:
    centred = seen.centred(seen.luma)
    return float(mine @ centred / (centred @ centred + 1e-6))


def _detail(mine: Floats, seen: Seen) -> float:
    return detail_of(mine, np.where(seen.weights, toned(mine, seen), mine))


def detail_of(mine: Floats, other: Floats) -> float:
    """``Agreement.detail`` of two pictures ``(n,)`` that lie over one another."""
    found = _DETAIL @ _squares(mine, other) @ _DETAIL.T
    found *= _DETAIL_WEIGHT
    one, two = found.reshape(2, -1)
    return cosine(one, two)


def _squares(mine: Floats, other: Floats) -> Floats:
    """Both pictures as ``(2, 32, 32)``, so that what is done to each is done at once."""
    both = np.empty((2, PICTURE_SIDE, PICTURE_SIDE), dtype=np.float32)
    both[0], both[1] = mine.reshape(both[0].shape), other.reshape(both[1].shape)
    return both


def _bits(mine: Floats, seen: Seen) -> int:
    """How many signs of frequencies differ, the middle counting most, as in the hashes."""
    mine = mine - np.float32(seen.mean(mine))
    one, other = (_signs(picture) for picture in (mine, np.where(seen.weights, seen.luma - seen.mean(seen.luma), mine)))
    return int(np.count_nonzero(one ^ other))


def _signs(picture: Floats) -> NDArray[np.bool_]:
    square = picture.reshape(PICTURE_SIDE, PICTURE_SIDE)
    mean = float(_TAPER_SHARE @ square @ _TAPER_SHARE)
    signs: NDArray[np.bool_] = _TAPERED @ (square - mean) @ _TAPERED.T > 0
    return signs


def first_map(one: Picture, one_view: View, other: Picture, other_view: View) -> Floats:
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
