"""What may be promised of a release: exact bounds from an audit, which hold whatever the models believe.

m accepted images are drawn at random and judged by people who see no votes. So many errors among them bound the share
of errors in all (Clopper and Pearson, 1934). To choose a threshold by audits without cheating, thresholds are tried in
a fixed order, the strictest first, and the first one that fails ends it: then the bound of the last that held needs no
correction for several looks (Maurer, Hothorn and Lehmacher, 1995).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

DEFAULT_CONFIDENCE: Final = 0.95
THRESHOLDS: Final = (0.999, 0.997, 0.99, 0.98, 0.95)
"""In the order in which they are audited."""
_STEPS: Final = 100


@dataclass(frozen=True, slots=True)
class Audit:
    """What judges found in a random sample of what was accepted.

    Attributes:
        looked_at: How many images were judged.
        wrong: How many of them should not have been accepted.
    """

    looked_at: int
    wrong: int

    def __post_init__(self) -> None:
        if not 0 <= self.wrong <= self.looked_at:
            raise ValueError(f"{self.wrong} wrong of {self.looked_at} looked at")

    def precision(self, confidence: float = DEFAULT_CONFIDENCE) -> float:
        """The precision that all of it has at least, with that confidence; 0 where nothing was looked at."""
        if self.wrong == self.looked_at:
            return 0.0
        low, high = 0.0, 1.0
        for _ in range(_STEPS):
            middle = (low + high) / 2
            is_possible = at_most(self.wrong, self.looked_at, middle) > 1 - confidence
            low, high = (middle, high) if is_possible else (low, middle)
        return 1.0 - high

    def keeps(self, promised: float, confidence: float = DEFAULT_CONFIDENCE) -> bool:
        """Whether it shows that at least so much of what was accepted is right."""
        return self.looked_at > 0 and at_most(self.wrong, self.looked_at, 1 - promised) <= 1 - confidence


def at_most(errors: int, tries: int, share: float) -> float:
    """Probability of at most so many errors in some tries of which each fails with the same probability."""
    if share <= 0.0 or errors >= tries:
        return 1.0
    if share >= 1.0:
        return 0.0
    total = 0.0
    for number in range(errors + 1):
        ways = math.lgamma(tries + 1) - math.lgamma(number + 1) - math.lgamma(tries - number + 1)
        total += math.exp(ways + number * math.log(share) + (tries - number) * math.log1p(-share))
    return min(1.0, total)


def allowed_errors(looked_at: int, promised: float, confidence: float = DEFAULT_CONFIDENCE) -> int:
    """The most errors in a sample that still show what is promised; -1 if the sample is too small for any."""
    errors = -1
    while errors < looked_at and Audit(looked_at, errors + 1).keeps(promised, confidence):
        errors += 1
    return errors


def sample_size(errors: int, promised: float, confidence: float = DEFAULT_CONFIDENCE) -> int:
    """How many images must be looked at, at least, so that so many errors among them still show what is promised."""
    low, high = errors, errors + 1
    while not Audit(high, errors).keeps(promised, confidence):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if Audit(middle, errors).keeps(promised, confidence) else (middle, high)
    return high


def last_that_holds(
    audit: Callable[[float], Audit],
    promised: float,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    confidence: float = DEFAULT_CONFIDENCE,
) -> float | None:
    """The loosest threshold of which what is promised was shown; None if the strictest one fails already.

    Args:
        audit: Judges a random sample of what a threshold accepts. Not asked for any after the first that fails.
        promised: Share of accepted images that are right.
        thresholds: In the order in which they are tried, which must be fixed before anything is looked at.
        confidence: Of the promise.
    """
    held = None
    for threshold in thresholds:
        if not audit(threshold).keeps(promised, confidence):
            break
        held = threshold
    return held
