"""What two pictures agree in → one score, with its reasons.

A score begins at 1, and each thing that speaks against a copy takes something off it. What is left must be
``Criteria.score`` at least. So strong agreement in one thing makes up for another; and since every fault is a number
and a sentence, a person can follow how it came about.

Pictures that show little (drawings, texts, signs, a small subject before a plain ground) are judged by their finer
thumbnails, and the more strictly the fewer tones they have: there, what is alike is common, and copies agree closely.
"""

import math
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Self

from synsift.dedupe.frequencies import HASH_BITS
from synsift.dedupe.second_look import Agreement, Finer


@dataclass(frozen=True, slots=True)
class Criteria:
    """What two pictures must agree in.

    Attributes:
        score: Least score of a copy, 0…1. Measured: docs/near-duplicates.md.
    """

    score: float = 0.85

    def with_score(self, score: float) -> Self:
        """The same with another least score."""
        return replace(self, score=score)


DEFAULT_CRITERIA: Final = Criteria()


class Fault(NamedTuple):
    """Something that speaks against a copy.

    Attributes:
        cost: What it takes off the score.
        words: A short sentence for people, without what it costs.
    """

    cost: float
    words: str


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
_COLOURS: Final = 0.33
_ONE_TINT: Final = 0.04
_OVERLAP: Final = 0.8
_STRETCHED: Final = 1.12
_STRETCH: Final = 0.3
_STRETCH_MOST: Final = 0.12
# … of which some is smooth, so that they have finer thumbnails, too.
_SOME_LEAST: Final = 0.15
_SOME_BITS: Final = 0.12
_SOME_COLOURS: Final = 0.1
# A picture whose light varies by no more grey levels than this is faint, and by as many it isn't.
_FAINT: Final = (8.0, 18.0)
_FAINT_BITS: Final = 1.0
_FAINT_CONTRAST: Final = 0.3
# Of pictures that show little: weights of a logistic regression of copies against what is alike, rounded.
_FINE: Final = 0.9
_FINE_LEAST: Final = 0.18
_FINE_BITS: Final = 0.75
_FINE_COLOURS: Final = 0.45
_FINE_STRETCH: Final = 0.28
_FINE_TURNED: Final = 0.35
# From a share of smooth places on, and fully from another on, a picture counts as one that shows little.
_SMOOTH: Final = (0.5, 0.72)
# With as many tones or more, a drawing is as rich as a picture; with as few or fewer, it is a sign.
_TONES: Final = (2.4, 3.9)
_TONES_OF_SIGNS: Final = (4.6, 5.4)


def judge(agreement: Agreement, distance_bits: int) -> Judgement:
    """Score a pair.

    Args:
        agreement: What a second look found.
        distance_bits: Of their nearest hashes.
    """
    bits = min(agreement.bits, distance_bits)
    much = _much(agreement)
    found = much
    if agreement.finer is not None:
        low, high = _SMOOTH
        share = min(1.0, max(0.0, (agreement.finer.smooth - low) / (high - low)))
        little = _little(agreement, agreement.finer, distance_bits)
        found = [*_scaled([*much, *_some(agreement, agreement.finer, bits)], 1 - share), *_scaled(little, share)]
    costs: dict[str, float] = {}
    for cost, words in found:
        costs[words] = costs.get(words, 0.0) + max(0.0, cost)
    faults = tuple(sorted((Fault(cost, words) for words, cost in costs.items() if cost), reverse=True))
    return Judgement(max(0.0, 1 - sum(costs.values())), faults)


def _scaled(faults: list[Fault], share: float) -> list[Fault]:
    return [fault._replace(cost=share * fault.cost) for fault in faults]


def _much(agreement: Agreement) -> list[Fault]:
    faults = [
        Fault(_DETAIL * (1 - agreement.detail), f"details agree to {agreement.detail:.2f}"),
        Fault(_PLACES * (1 - agreement.places), f"{agreement.places:.0%} of the places agree"),
        Fault(
            max(0.0, _OVERLAP - agreement.overlap),
            f"one shows {max(0.0, agreement.overlap):.0%} of the other at most",
        ),
        Fault(min(_STRETCH_MOST, _STRETCH * max(0.0, agreement.stretch - _STRETCHED)), _stretched(agreement)),
    ]
    faint = min(1.0, max(0.0, (_FAINT[1] - agreement.information) / (_FAINT[1] - _FAINT[0])))
    if faint:
        contrast = abs(math.log2(min(8.0, max(1 / 8, agreement.contrast))))
        faults.append(Fault(_FAINT_BITS * faint * agreement.bits / 100, f"both are faint, and {_bits(agreement.bits)}"))
        faults.append(Fault(_FAINT_CONTRAST * faint * contrast, "both are faint, and one has more contrast"))
    if agreement.one_tint and agreement.colours < 1:
        faults.append(Fault(_ONE_TINT, "one has no colours, or one tint"))
    else:
        faults.append(
            Fault(_COLOURS * (1 - agreement.colours), f"colours agree in {agreement.colours:.0%} of the places")
        )
    return faults


def _some(agreement: Agreement, finer: Finer, bits: int) -> list[Fault]:
    colours = 0.0 if agreement.one_tint else _SOME_COLOURS * (1 - finer.colours)
    return [
        Fault(colours, f"colours agree to {finer.colours:.2f}"),
        Fault(_SOME_LEAST * (1 - finer.least), f"the places that agree least, to {finer.least:.2f}"),
        Fault(_SOME_BITS * bits / 100, _bits(bits)),
    ]


def _little(agreement: Agreement, finer: Finer, bits: int) -> list[Fault]:
    low, high = _TONES
    few = min(1.0, max(0.0, (high - finer.tones) / (high - low)))
    sign = few * few
    low, high = _TONES_OF_SIGNS
    meaning = min(1.0, max(0.0, (high - finer.tones) / (high - low)))
    same = min(finer.colours, agreement.colours)
    colours = _ONE_TINT + (_FINE_COLOURS - _ONE_TINT) * sign if agreement.one_tint else _FINE_COLOURS
    return [
        Fault(_FINE * (1 - finer.agreement), f"fine details agree to {finer.agreement:.2f}"),
        Fault(
            _FINE_LEAST * (0.5 + 0.5 * few) * (1 - finer.least), f"the places that agree least, to {finer.least:.2f}"
        ),
        Fault(_FINE_BITS * (0.3 + 0.7 * few) * bits / 100, _bits(bits)),
        Fault(colours * (1 - same), f"colours agree to {same:.2f}"),
        Fault(_FINE_STRETCH * (agreement.stretch - 1), _stretched(agreement)),
        Fault(
            _FINE_TURNED * meaning * agreement.is_turned,
            "one is mirrored or turned, which gives a sign another meaning",
        ),
        Fault(
            max(0.0, _OVERLAP - agreement.overlap), f"one shows {max(0.0, agreement.overlap):.0%} of the other at most"
        ),
    ]


def _bits(bits: int) -> str:
    return f"hashes differ in {bits} of {HASH_BITS} bits"


def _stretched(agreement: Agreement) -> str:
    return f"one is stretched {agreement.stretch:.2f} times along one axis"
