"""What speaks against a copy where two pictures show little: drawings, texts, signs, a subject before a plain ground.

They are judged by their finer thumbnails, and the more strictly the less they show: there, what is alike is common, and
copies agree closely. What is said of them counts by how far both are drawings indeed.
"""

import math
from typing import Final

from synsift.dedupe.faults import Fault, over, scaled, share_of, times
from synsift.dedupe.finer_look import HUES_LEAST, Finer
from synsift.dedupe.frequencies import HASH_BITS
from synsift.dedupe.second_look import Agreement

# Of pictures that show little: a logistic regression of copies against what is alike; a logit of 40 is a score of 1.
# Pairs of numbers: of all, and more of those that are simple, whose thumbnails take few bytes.
_SIMPLE_BYTES: Final = 1250
# Stripes take few bytes, however much they say.
_STRIPES: Final = (0.3, 0.5)
_UNLIKE_LEAST: Final = 0.001
_UNLIKE: Final = (0.0397, 0.0257)
_WORST_LEAST: Final = 0.01
_WORST: Final = 0.009
_BITS: Final = 0.0458
# What other ink in one place costs from so much on, and at most; and what lies beyond the other's edge.
_INK: Final = 3.0
_INK_LEAST: Final = 0.1
_INK_LEAST_PLAIN: Final = 0.03
_PLAIN_GROUND: Final = (0.65, 0.85)
_INK_MOST: Final = 0.3
# What costs that letters, or what else is as fine as the pixels of thumbnails, are others.
_TEXTURE: Final = 1.1
_TEXTURE_LEAST: Final = (0.07, 0.09)
_ALL_TEXTURE: Final = (0.7, 0.95)
_TEXTURE_MOST: Final = 0.3
# From what one of the sixteen levels is of the contrast, and from which share of places with a texture on, what differs
# may be rounding: of windows and sheets half of what differs is.
_ROUNDED: Final = (0.4, 0.8)
_SOME_TEXTURE: Final = (0.15, 0.25)
_WRITTEN: Final = (0.45, 0.7)
_WRITTEN_ROUNDED: Final = (0.18, 0.26)
# Of what differs in all so much is forgiven where the same is written: another program, or another size, draws letters
# otherwise. By what of the texture agrees in all, and in the places that agree least.
_SAME_LETTERS_FORGIVE: Final = 0.75
_SOME_LETTERS: Final = (0.35, 0.5)
_SHEET_PX: Final = (250.0, 400.0)
_SHEET_COLOURED: Final = (10.0, 25.0)
_ALIKE_LETTERS: Final = (0.925, 0.94)
_LEAST_LETTERS: Final = (0.82, 0.86)
# What costs that a part lies elsewhere, that a picture had to be shifted though it is framed alike, and that what lies
# outside of the borders is another; see ``dedupe.elsewhere``.
_MOVED_PART: Final = 3.0
_MOVED_LEAST: Final = 0.02
_MOVED_MOST: Final = 0.3
_SHIFTED: Final = 8.0
_SHIFTED_MOST: Final = 0.3
_OUTSIDE: Final = 0.025
_OUTSIDE_LEAST: Final = 4
_OUTSIDE_MOST: Final = 0.3
_BEYOND: Final = 1.0
_BEYOND_LEAST: Final = 0.45
_BEYOND_MOST: Final = 0.3
# What costs that one shows something where the other has nothing but its margin; see ``dedupe.margins``. Of 1,902
# copies of ten kinds of drawings four have more than a hundredth, of 50 pairs of letters and arrows with one part more
# all but two have 0.05 to 0.34.
_IN_MARGIN: Final = 6.0
_IN_MARGIN_LEAST: Final = 0.015
_IN_MARGIN_MOST: Final = 0.3
_FINE_STRETCHED: Final = 1.08
_FINE_STRETCH: Final = 1.0
_FINE_STRETCH_MOST: Final = 0.3
# … of plain ground, and of simple ones; less of many colours and details, which signs don't have.
_TURNED: Final = (0.214, 0.161)
_TURNED_COLOURED: Final = 0.8
_MANY_COLOURED: Final = (12.0, 32.0)
_TURNED_DETAILED: Final = 0.5
_DETAILED_BYTES: Final = (800, 950)
# … and what is asked of them anyhow: of tones, plain ground, some colours, strong ones; below nothing it is forgiven.
_ASKED: Final = (0.0342, 0.048, -0.0375, -0.075)
_ASKED_OF_ALL: Final = -0.132
_SOME_COLOURS: Final = (0.0, 20.0)
_STRONG_COLOURS: Final = (25.0, 40.0)
# Colours are asked of drawings: by the size of thumbnails, from all to none, or what is exact, and by plain ground.
_DRAWN_BYTES: Final = (900, 1200)
_DRAWN_EXACT: Final = (0.55, 0.8)
_DRAWN_PLAIN: Final = (0.05, 0.25)
_HUES: Final = 2.5
_HUES_MOST: Final = 0.3
_HUES_OF_TINT: Final = 0.6
_NO_COLOURS: Final = 0.25
_COLOURED: Final = (3.0, 8.0)
_WELL_COLOURED: Final = (4.0, 16.0)
# Bits of tones that a sign has at most, and that a picture in strong colours has.
_TONES_OF_SIGNS: Final = (1.7, 2.7)
_MANY_TONES: Final = (2.6, 3.0)
# … and those that are painted otherwise: by what is exact, and from which contrast and which colour of a place on.
_PAINTED_EXACT: Final = (0.8, 0.92)
_PAINTED_CONTRAST: Final = (1.22, 1.32)
_PAINTED_COLOUR: Final = (0.8, 1.3)
_PAINTED_MOST: Final = 0.3
# How far it is shaded as what was photographed, which light changes otherwise.
_NOT_PAINTED: Final = (0.0, 0.25)
# What is small on plain ground can be laid over anything by moving it.
_MOVED: Final = ((0.12, 0.4, 0.25), (0.02, 0.8, 8.0))
# Of photographs, and of what is shaded as they are. Fitted on half of the photographs and judged on the other half.
_COLOURS: Final = 0.33
_ONE_TINT: Final = 0.04
# What the coarse look may speak against them before it counts, too.
_MUCH_FORGIVEN: Final = 0.25


def of_little(agreement: Agreement, finer: Finer, bits: int, much: list[Fault]) -> list[Fault]:
    """Of pictures that show little, by their finer thumbnails; and what speaks very much against them otherwise."""
    simple = max(0.0, _SIMPLE_BYTES - finer.size_bytes) / 1000 * (1 - share_of(finer.striped, _STRIPES))
    of_unlike = _UNLIKE[0] + _UNLIKE[1] * simple
    moved = sum(cost * max(0.0, 1 - finer.share - low) * max(0.0, finer.plain - plain) for low, plain, cost in _MOVED)
    stretch = over(agreement.stretch, _FINE_STRETCHED, _FINE_STRETCH, _FINE_STRETCH_MOST)
    least_ink = _INK_LEAST + (_INK_LEAST_PLAIN - _INK_LEAST) * share_of(finer.plain, _PLAIN_GROUND)
    of_light = [
        Fault(
            of_unlike * _unlike(finer) * (1 - _SAME_LETTERS_FORGIVE * _same_letters(finer)),
            f"{finer.differs.unlike:.1%} of the fine details differ",
        ),
        Fault(_WORST * _worst(finer), f"they differ by {finer.differs.worst:.2f} in some places"),
        Fault(_BITS * bits / 50, bits_differ(bits)),
        Fault(moved, f"one shows {finer.share:.0%} of the other"),
        Fault(stretch * finer.plain, stretched(agreement.stretch)),
    ]
    # Of a picture of many tones that was made grey, colours are those that it had.
    grey = (1 - share_of(finer.colour, _COLOURED)) * share_of(finer.tones_bits, _MANY_TONES)
    colour = finer.colour + grey * (finer.most_colour - finer.colour)
    asked = _asked(finer, colour)
    if asked > 0:
        of_light.append(Fault(asked, "both show little, so that more is asked"))
    else:
        of_light = scaled(of_light, sum(fault.cost for fault in of_light) + asked)
    of_turned = _TURNED[0] * finer.plain + _TURNED[1] * simple
    of_turned *= 1 - _TURNED_COLOURED * share_of(colour, _MANY_COLOURED) * share_of(finer.tones_bits, _TONES_OF_SIGNS)
    of_turned *= 1 - _TURNED_DETAILED * share_of(finer.size_bytes, _DETAILED_BYTES)
    others = [
        Fault(agreement.is_turned * of_turned, "one is mirrored or turned"),
        Fault(over(finer.ink, least_ink, _INK, _INK_MOST), "in one place they differ, whatever is near it"),
        Fault(
            share_of(finer.exact[0], _DRAWN_EXACT)
            * over(finer.texture.unlike, _least_texture(finer), _TEXTURE, _TEXTURE_MOST),
            "letters, or what else is as fine, are others in some places",
        ),
        *_of_where(agreement, finer),
        *_of_hues(agreement, finer),
        *_of_paint(finer),
    ]
    beyond = sum(max(0.0, fault.cost) for fault in much) - _MUCH_FORGIVEN
    return [*of_light, *others, *scaled(much, beyond)]


def _of_where(agreement: Agreement, finer: Finer) -> list[Fault]:
    """What it costs that parts lie elsewhere, or where the other shows nothing."""
    return [
        Fault(
            over(finer.moved, _MOVED_LEAST, _MOVED_PART, _MOVED_MOST),
            f"a part lies {finer.moved:.2f} pixels of 64 from where it lies in the other",
        ),
        Fault(
            over(finer.shifted, 0.0, _SHIFTED, _SHIFTED_MOST),
            f"they agree only where one is shifted by {finer.shifted:.1%} in the same frame",
        ),
        Fault(
            over(agreement.outside_bits, _OUTSIDE_LEAST, _OUTSIDE, _OUTSIDE_MOST),
            "outside of their borders they differ",
        ),
        Fault(
            over(finer.beyond, _BEYOND_LEAST, _BEYOND, _BEYOND_MOST),
            f"{finer.beyond:.0%} of what one shows lies beyond the other's edge",
        ),
        Fault(
            over(agreement.in_margin, _IN_MARGIN_LEAST, _IN_MARGIN, _IN_MARGIN_MOST),
            f"{agreement.in_margin:.0%} of what one shows lies where the other has nothing but its margin",
        ),
    ]


def _least_texture(finer: Finer) -> float:
    """From what on another texture costs: of many places the few that agree least agree less."""
    some, many = _TEXTURE_LEAST
    return some + (many - some) * share_of(finer.texture.share, _ALL_TEXTURE)


def _unlike(finer: Finer) -> float:
    """Of what differs in all, the less of rounding the finer it is what they show."""
    as_it_is, surely = (math.log1p(one.unlike / _UNLIKE_LEAST) for one in (finer.differs, finer.differs_surely))
    return as_it_is + (surely - as_it_is) * _fineness(finer)


def _worst(finer: Finer) -> float:
    """The same of the places that differ most."""
    as_it_is, surely = (math.log1p(one.worst / _WORST_LEAST) for one in (finer.differs, finer.differs_surely))
    return as_it_is + (surely - as_it_is) * _fineness(finer)


def _same_letters(finer: Finer) -> float:
    """How far the same is written in all places, though another program drew it: 0 to 1."""
    written = share_of(finer.texture.share, _SOME_LETTERS) * share_of(finer.step_share, _WRITTEN_ROUNDED)
    written *= share_of(finer.side_px, _SHEET_PX) * (1 - share_of(finer.most_colour, _SHEET_COLOURED))
    return written * share_of(finer.texture.alike, _ALIKE_LETTERS) * share_of(finer.texture.least, _LEAST_LETTERS)


def _fineness(finer: Finer) -> float:
    """How far rounding may be what differs: 0 of drawings in strong tones, 1 of faint ones and of what is written."""
    written = share_of(finer.texture.share, _WRITTEN) * share_of(finer.step_share, _WRITTEN_ROUNDED)
    faint = share_of(finer.texture.share, _SOME_TEXTURE) * share_of(finer.step_share, _ROUNDED)
    return max(faint, written)


def _asked(finer: Finer, colour: float) -> float:
    """What is taken off anyhow, as there is so little that could differ; below nothing, what is forgiven."""
    per_tone, per_plain, of_some, of_strong = _ASKED
    strong = share_of(colour, _STRONG_COLOURS) * share_of(finer.tones_bits, _MANY_TONES)
    of_colours = of_some * share_of(colour, _SOME_COLOURS) + of_strong * strong
    return per_tone * finer.tones_bits + per_plain * finer.plain + of_colours + _ASKED_OF_ALL


def _of_hues(agreement: Agreement, finer: Finer) -> list[Fault]:
    """What other colours cost, the more the more a picture is a drawing."""
    exact = share_of(finer.exact[0], _DRAWN_EXACT)
    drawn = max(exact, 1 - share_of(finer.size_bytes, _DRAWN_BYTES)) * share_of(finer.plain, _DRAWN_PLAIN)
    many = share_of(finer.tones_bits, _TONES_OF_SIGNS)
    coloured = share_of(finer.colour, _COLOURED)
    of_tint = 1 - (1 - _HUES_OF_TINT) * many * (1 - exact) * agreement.one_tint
    of_hues = min(_HUES_MOST, _HUES * max(0.0, finer.hues - HUES_LEAST)) * of_tint * coloured
    of_grey = _NO_COLOURS * (1 - many) * (1 - coloured) * share_of(finer.most_colour - finer.colour, _WELL_COLOURED)
    return [
        Fault((1 - finer.shaded) * drawn * of_hues, f"{finer.hues:.0%} of the colour is another"),
        Fault((1 - finer.shaded) * drawn * of_grey, "one has no colours"),
        *times(colours_differ(agreement), finer.shaded),
    ]


def _of_paint(finer: Finer) -> list[Fault]:
    """What it costs that drawings without noise are of one shape and painted otherwise."""
    most = _PAINTED_MOST * share_of(finer.exact[0], _PAINTED_EXACT) * (1 - share_of(finer.shaded, _NOT_PAINTED))
    coloured = share_of(finer.colour, _COLOURED)
    return [
        Fault(
            most * share_of(finer.painted.contrast, _PAINTED_CONTRAST),
            f"one has {finer.painted.contrast:.2f} times the contrast before the same ground",
        ),
        Fault(
            most * share_of(finer.painted.colour, _PAINTED_COLOUR) * coloured,
            "in one place the colour is another, whatever is near it",
        ),
    ]


def colours_differ(agreement: Agreement) -> list[Fault]:
    """What other colours cost photographs, after one change of them all."""
    if agreement.one_tint and agreement.colours < 1:
        return [Fault(_ONE_TINT, "one has no colours, or one tint")]
    return [Fault(_COLOURS * (1 - agreement.colours), f"colours agree in {agreement.colours:.0%} of the places")]


def bits_differ(bits: int) -> str:
    """In words, how far hashes are apart."""
    return f"hashes differ in {bits} of {HASH_BITS} bits"


def stretched(stretch: float) -> str:
    """In words, how much more one axis was stretched than the other."""
    return f"one is stretched {stretch:.2f} times along one axis"
