"""What two pictures agree in → one score, with its reasons.

A score begins at 1, and each thing that speaks against a copy takes something off it. What is left must be
``Criteria.score`` at least. So strong agreement in one thing makes up for another; and since every fault is a number
and a sentence, a person can follow how it came about.

Pictures that show little (drawings, texts, signs, a small subject before a plain ground) are judged by their finer
thumbnails, and the more strictly the less they show: there, what is alike is common, and copies agree closely.
"""

import math
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Self

from synsift.dedupe.covered import Beside, look_beside
from synsift.dedupe.drawings import bits_differ, colours_differ, of_little, stretched
from synsift.dedupe.drawn import drawn_share
from synsift.dedupe.faults import Fault, share_of, times
from synsift.dedupe.second_look import Agreement, Side, in_order, second_look


@dataclass(frozen=True, slots=True)
class Criteria:
    """What two pictures must agree in.

    Attributes:
        score: Least score of a copy, 0…1. Measured: docs/near-duplicates.md.

    Raises:
        ValueError: The score isn't between 0 and 1.
    """

    score: float = 0.85

    def __post_init__(self) -> None:
        if not 0 <= self.score <= 1:
            raise ValueError(f"a score of {self.score} is none: it is between 0 and 1")

    def with_score(self, score: float) -> Self:
        """The same with another least score.

        Raises:
            ValueError: It isn't between 0 and 1.
        """
        return replace(self, score=score)


DEFAULT_CRITERIA: Final = Criteria()


class Judgement(NamedTuple):
    """The score of a pair.

    Attributes:
        score: 0…1.
        faults: The heaviest first.
    """

    score: float
    faults: tuple[Fault, ...]


# Of pictures that show much. Fitted on half of the photographs and judged on the other half.
_DETAIL: Final = 0.23
_PLACES: Final = 0.21
_OVERLAP: Final = 0.8
_STRETCHED: Final = 1.12
_STRETCH: Final = 0.3
_STRETCH_MOST: Final = 0.12
# A picture whose light varies by no more grey levels than this is faint, and by as many it isn't.
_FAINT: Final = (8.0, 18.0)
# From how many bits on hashes of faint ones differ, and for each one more. Signs of what is weak turn easily where a
# copy lies between the pixels of the other: of copies of textures, spectra, and dark, milky and blurred photographs
# nine in ten differ in 40 bits at most, and 99 in a hundred in 57; strangers that agree best otherwise in 82 and more.
_FAINT_BITS: Final = (40, 0.01)
_FAINT_CONTRAST: Final = 0.09
# … of photographs whose finer thumbnails were looked at.
_FAINT_SEEN: Final = 0.3
# From how many bits on hashes differ where one photograph is laid over the other, and for each one more: in 66 at most
# of 99 in a hundred of 2,990 copies, and in more where something lies over them. If so much does, it doesn't count.
_APART: Final = (70, 0.01)
_HARDLY_COVERED: Final = (0.03, 0.08)
# Of pages that were photographed. Chosen on 322 pairs of others and 556 of copies that passed for copies both: 6 of the
# ones do, and 539 of the others.
_WRITTEN_ALIKE: Final = 0.7
_WRITTEN_LEAST: Final = 0.8
_WRITTEN_LEAST_COSTS: Final = 0.6
_WRITTEN_WORST: Final = 0.05
_WRITTEN_NOISE: Final = 0.01
_WRITTEN_WORST_COSTS: Final = 0.05
# Of a pair whose nearest hashes are those of a crop and of a whole: from so many bits on, and for each one more. Chosen
# by 753 pairs of copies and 47 that share the larger part of a photograph: behind 70 bits these have 0.85 to 0.90, and
# all of those but two 0.955 and more.
_FAR_CROP: Final = (60, 0.004)
# Of what is beside a part that is covered, in which copies agree nearly in everything. Fitted on the same half, on
# templates around other pictures and on strangers under the same stripes, patches and ribbons: 0.93 and 0.6 or so.
_COVERED: Final = 0.3
_COVERED_MOST: Final = 0.2
_COVERED_TOO_MUCH: Final = 5.0
_BESIDE_DETAIL: Final = 2.0
_BESIDE_PLACES: Final = 0.5
_BESIDE_COLOURS: Final = 0.5
_BESIDE_ONE_TINT: Final = 0.15
_BESIDE_OVERLAP: Final = 0.9
_BESIDE_STRETCHED: Final = 1.04
_BESIDE_SHOWN: Final = (16, 0.02)
_BESIDE_CONTRAST: Final = (15.0, 0.01)
# Drawings differ by what lies over a part of them.
_DRAWN_BESIDE: Final = 0.5


def look_and_judge(
    query: Side, stored: Side, *, orientation: int, distance_bits: int, criteria: Criteria
) -> tuple[Agreement, Judgement]:
    """A second look, and where it finds no copy a third one; the better judgement of the two.

    Which of them is the query doesn't matter: see ``second_look.in_order``.

    Args:
        query: The one.
        stored: The other.
        orientation: Which of the query's orientations is like the other, as a number of ``ORIENTATIONS``.
        distance_bits: Of their nearest hashes.
        criteria: What a copy must agree in.
    """
    query, stored, orientation = in_order(query, stored, orientation)
    agreement = second_look(query, stored, orientation=orientation)
    judgement = judge(agreement, distance_bits)
    if judgement.score < criteria.score and _may_be_covered(agreement):
        beside = look_beside(query, stored, orientation=orientation)
        if beside is not None:
            judgement = max(judgement, judge_beside(agreement, beside, distance_bits), key=lambda one: one.score)
    if query.view.is_crop or stored.view.is_crop:
        judgement = _of_crop(judgement, distance_bits)
    return agreement, judgement


def _of_crop(judgement: Judgement, distance_bits: int) -> Judgement:
    """What hashes of crops say counts for less the farther they are: what shares a part is alike in some crop."""
    surely_bits, per_bit = _FAR_CROP
    if distance_bits <= surely_bits:
        return judgement
    words = f"one is like a crop of the other at most, and {bits_differ(distance_bits)}"
    return _judgement([*judgement.faults, Fault(per_bit * (distance_bits - surely_bits), words)])


def judge(agreement: Agreement, distance_bits: int) -> Judgement:
    """Score a pair.

    Args:
        agreement: What a second look found.
        distance_bits: Of their nearest hashes.
    """
    much, faint = [*_much(agreement), *_of_pages(agreement)], _faint(agreement)
    apart = _apart(agreement)
    if agreement.finer is None:
        return _judgement([*much, *apart, *(times(faint, _FAINT_SEEN) if agreement.are_photographs else faint)])
    drawn = drawn_share(agreement.finer)
    little = of_little(agreement, agreement.finer, distance_bits, [*much, *faint])
    if drawn == 1:
        return _judgement(little)
    return _judgement([*times(little, drawn), *times([*much, *apart, *times(faint, _FAINT_SEEN)], 1 - drawn)])


def _may_be_covered(agreement: Agreement) -> bool:
    """Whether a pair that isn't one of copies is worth a look beside what may cover a part: drawings aren't."""
    return agreement.finer is None or drawn_share(agreement.finer) < _DRAWN_BESIDE


def judge_beside(agreement: Agreement, beside: Beside, distance_bits: int) -> Judgement:
    """Score a pair by what is beside a part that is covered.

    Args:
        agreement: What a second look found: of those that show little in part, their finer thumbnails count, too.
        beside: What the third one found.
        distance_bits: Of their nearest hashes.
    """
    apart = times(_apart(agreement), 1 - share_of(beside.covered, _HARDLY_COVERED))
    rest = [*_rest(beside), *_of_pages(agreement), *apart]
    if agreement.finer is None:
        return _judgement(rest)
    drawn = drawn_share(agreement.finer)
    little = of_little(agreement, agreement.finer, distance_bits, [])
    return _judgement([*times(little, drawn), *times(rest, 1 - drawn)])


def _rest(beside: Beside) -> list[Fault]:
    covered = _COVERED * beside.covered + _COVERED_TOO_MUCH * max(0.0, beside.covered - _COVERED_MOST)
    per_colour = _BESIDE_ONE_TINT if beside.one_tint else _BESIDE_COLOURS
    (enough, per_place), (strong, per_level) = _BESIDE_SHOWN, _BESIDE_CONTRAST
    missing = per_place * max(0, enough - beside.shown) + per_level * max(0.0, strong - beside.contrast)
    return [
        Fault(covered, f"{beside.covered:.0%} is covered"),
        Fault(_BESIDE_DETAIL * (1 - beside.detail), f"beside it details agree to {beside.detail:.2f}"),
        Fault(_BESIDE_PLACES * (1 - beside.places), f"beside it {beside.places:.0%} of the places agree"),
        Fault(per_colour * (1 - beside.colours), f"beside it colours agree in {beside.colours:.0%} of the places"),
        Fault(
            max(0.0, _BESIDE_OVERLAP - beside.overlap), f"one shows {max(0.0, beside.overlap):.0%} of the other at most"
        ),
        Fault(max(0.0, beside.stretch - _BESIDE_STRETCHED), stretched(beside.stretch)),
        Fault(missing, "beside it there is little to see"),
    ]


def _judgement(found: list[Fault]) -> Judgement:
    costs: dict[str, float] = {}
    for cost, words in found:
        costs[words] = costs.get(words, 0.0) + max(0.0, cost)
    faults = tuple(sorted((Fault(cost, words) for words, cost in costs.items() if cost), reverse=True))
    return Judgement(max(0.0, 1 - sum(costs.values())), faults)


def _much(agreement: Agreement) -> list[Fault]:
    faults = [
        Fault(_DETAIL * (1 - agreement.detail), f"details agree to {agreement.detail:.2f}"),
        Fault(_PLACES * (1 - agreement.places), f"{agreement.places:.0%} of the places agree"),
        Fault(
            max(0.0, _OVERLAP - agreement.overlap),
            f"one shows {max(0.0, agreement.overlap):.0%} of the other at most",
        ),
        Fault(min(_STRETCH_MOST, _STRETCH * max(0.0, agreement.stretch - _STRETCHED)), stretched(agreement.stretch)),
    ]
    return [*faults, *colours_differ(agreement)]


def _apart(agreement: Agreement) -> list[Fault]:
    """Of photographs that agree in all that is large: textures, spectra, and pages of one book do, too."""
    surely, per_bit = _APART
    return [
        Fault(
            per_bit * max(0, agreement.bits - surely), f"one laid over the other, their {bits_differ(agreement.bits)}"
        )
    ]


def _of_pages(agreement: Agreement) -> list[Fault]:
    """Of pages that were photographed, what is written on them."""
    if agreement.written is None:
        return []
    share, alike, least, worst = agreement.written
    differs = math.log(max(1.0, (worst + _WRITTEN_NOISE) / (_WRITTEN_WORST + _WRITTEN_NOISE)))
    return [
        Fault(share * max(0.0, _WRITTEN_ALIKE - alike), f"what is written on both agrees to {alike:.2f}"),
        Fault(share * _WRITTEN_LEAST_COSTS * max(0.0, _WRITTEN_LEAST - least), "letters are others in some places"),
        Fault(share * _WRITTEN_WORST_COSTS * differs, f"pages differ by {worst:.2f} in some places"),
    ]


def _faint(agreement: Agreement) -> list[Fault]:
    """Of pictures whose light hardly varies: all of them agree in that."""
    faint = 1 - share_of(agreement.information, _FAINT)
    if not faint:
        return []
    contrast = abs(math.log2(min(8.0, max(1 / 8, agreement.contrast))))
    surely, per_bit = _FAINT_BITS
    return [
        Fault(per_bit * faint * max(0, agreement.bits - surely), f"both are faint, and {bits_differ(agreement.bits)}"),
        Fault(_FAINT_CONTRAST * faint * contrast, "both are faint, and one has more contrast"),
    ]
